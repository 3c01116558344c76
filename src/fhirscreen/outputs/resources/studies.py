"""A Study as R4 ResearchStudy, its criteria as a definitional Group."""

from __future__ import annotations

import re
from typing import Any

import orjson

from fhirscreen.criteria.bounds import Bound, Bounds, Which
from fhirscreen.criteria.nodes import Age, Expression, Measured
from fhirscreen.criteria.studies import Criterion, Kind, Study
from fhirscreen.criteria.wire import write_expression
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import NCT_SYSTEM, group_uuid, study_uuid
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs.resources.vocabulary import (
    CONCEPTS,
    CRITERIA,
    EXPRESSION_EXTENSION,
    UCUM,
    coded,
    identifier_of,
)

_PHASES = "http://terminology.hl7.org/CodeSystem/research-study-phase"
_NCT = re.compile(r"NCT\d{8}", re.ASCII)


def research_study(study: Study, status: str | None = None) -> Resource:
    """The ResearchStudy, with the Group of its criteria as enrollment; `status`: another than the study's."""
    id = study_uuid(study.id)
    registered = [{"system": NCT_SYSTEM, "value": study.id}] if _NCT.fullmatch(study.id) else []
    own = identifier_of(id) if registered else [*identifier_of(id), {"value": study.id}]
    resource: Resource = {
        "resourceType": "ResearchStudy",
        "id": id,
        "identifier": [*registered, *own],
        "title": study.title,
        "status": status or study.status,
    }
    if study.phase:
        resource["phase"] = coded(_PHASES, study.phase)
    if study.condition:
        resource["condition"] = [{"text": study.condition}]
    if study.url:
        resource["relatedArtifact"] = [{"type": "documentation", "url": study.url}]
    resource["enrollment"] = [{"reference": f"Group/{group_uuid(study.id)}"}]
    if study.sponsor:
        resource["sponsor"] = {"display": study.sponsor}
    if study.banner:
        resource["note"] = [{"text": study.banner}]
    return resource


def criteria_group(study: Study, catalogue: Catalogue) -> Resource:
    """The definitional Group (`actual: false`): one characteristic a criterion, in the study's order."""
    id = group_uuid(study.id)
    resource: Resource = {
        "resourceType": "Group",
        "id": id,
        "identifier": identifier_of(id),
        "active": True,
        "type": "person",
        "actual": False,
        "name": f"Criteria of {study.id}",
    }
    if study.criteria:
        resource["characteristic"] = [_characteristic(study, c, catalogue) for c in study.criteria]
    return resource


def _characteristic(study: Study, criterion: Criterion, catalogue: Catalogue) -> dict[str, Any]:
    expression = orjson.dumps(write_expression(criterion.expression)).decode()
    code, value = _exact(criterion.expression, catalogue)
    own = {"system": CRITERIA, "code": f"{study.id}.{criterion.id}"}
    return {
        "extension": [{"url": EXPRESSION_EXTENSION, "valueString": expression}],
        "code": {"coding": [*code, own], "text": criterion.says},
        **value,
        "exclude": criterion.kind is Kind.EXCLUSION,
    }


def _exact(expression: Expression, catalogue: Catalogue) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The concept and its Quantity or Range where these alone say what the expression says.

    Otherwise nothing more than our own code, and that it holds: limits relative to a reference range,
    windows, choices among records and compounds are in the expression only.
    """
    quantity: dict[str, Any] | None = None
    concept = ""
    match expression:
        case Age(bounds):
            quantity, concept = _quantity(bounds, "a"), "age"
        case Measured(concept, bounds, Which.LATEST, None) if catalogue.has(concept):
            quantity = _quantity(bounds, catalogue.concepts[concept].unit)
        case _:
            pass
    if quantity is None:
        return [], {"valueBoolean": True}
    return [{"system": CONCEPTS, "code": concept}], quantity


def _quantity(bounds: Bounds, unit: str | None) -> dict[str, Any] | None:
    """One bound as a Quantity with comparator, two as a Range; None where FHIR has no such value.

    A Range includes its ends; bounds in different units make none.
    """
    low, high = bounds.low, bounds.high
    if any(bound is not None and bound.limit is not None for bound in (low, high)):
        return None
    if low is not None and high is not None:
        if not (low.inclusive and high.inclusive) or low.unit != high.unit:
            return None
        return {"valueRange": {"low": _amount(low, unit), "high": _amount(high, unit)}}
    if low is not None:
        return {"valueQuantity": _amount(low, unit, ">=" if low.inclusive else ">")}
    if high is not None:
        return {"valueQuantity": _amount(high, unit, "<=" if high.inclusive else "<")}
    return None


def _amount(bound: Bound, unit: str | None, comparator: str | None = None) -> dict[str, Any]:
    """A number without a unit of its own is in the concept's; both are UCUM."""
    code = bound.unit or unit or "1"
    value = int(bound.value) if bound.value.is_integer() else bound.value
    compared = {"comparator": comparator} if comparator else {}
    return {"value": value, **compared, "unit": code, "system": UCUM, "code": code}
