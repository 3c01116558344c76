"""An EHR as it calls CDS Hooks: resolves prefetch templates over a patient's resources, and makes calls."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from fhirscreen import synthetic

Resource = dict[str, Any]


def noon() -> datetime:
    """Midday of the demo's index date."""
    day = synthetic.AS_OF
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@cache
def charts() -> dict[str, list[Resource]]:
    """The resources of each patient of a small synthetic cohort; what they share under `shared`."""
    bundles = synthetic.bundles(synthetic.generate(patients=60))
    return {id: [entry["resource"] for entry in bundle["entry"]] for id, bundle in bundles.items()}


def chart(patient: str) -> list[Resource]:
    """A copy of one patient's resources."""
    return copy.deepcopy(charts()[patient])


def resolve(templates: Mapping[str, str], resources: Iterable[Resource]) -> dict[str, Any]:
    """The prefetch of those templates: reads and searches by type and code, as an EHR would answer them."""
    listed = list(resources)
    found: dict[str, Any] = {}
    for key, template in templates.items():
        path, _, query = template.partition("?")
        of_type = [each for each in listed if each["resourceType"] == path.partition("/")[0]]
        if not query:
            found[key] = of_type[0]
            continue
        codes = parse_qs(query).get("code")
        if codes is not None:
            of_type = [each for each in of_type if _codes(each) & set(codes[0].split(","))]
        found[key] = bundle(of_type)
    return found


def bundle(resources: Iterable[Resource]) -> Resource:
    """A search result that holds everything."""
    entries = [{"resource": each, "search": {"mode": "match"}} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def _codes(resource: Resource) -> set[str]:
    # `code` is the code of the whole (R4, Observation search parameters): no EHR looks into components by it.
    return {coding.get("code") for coding in resource.get("code", {}).get("coding", ())}


def make_call(patient: str, prefetch: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A call of patient-view; `more` takes the place of its elements, an Ellipsis takes one out."""
    call = {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid4()),
        "context": {"patientId": patient, "userId": "Practitioner/1"},
        "prefetch": prefetch,
    } | more
    return {key: value for key, value in call.items() if value is not ...}
