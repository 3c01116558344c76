"""Terse constructors of R4 resources for tests: what a row of the manual needs to say, and nothing else.

A record has a short id of its own (`o1`, `c1`) and refers to others by theirs; `chart` makes them resources
of one patient, with ids that are unique among all patients. Names of codes are displays, which nothing
may ever match on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhirscreen.mapping.data import read_yaml
from fhirscreen.mapping.loading import mappings_folder

Resource = dict[str, Any]

ON = "2026-10-20"
"""The date of a record that says no other: twelve days before the index date of the manual."""

LETTERS = {
    "Observation": "o",
    "Condition": "c",
    "Procedure": "p",
    "MedicationAdministration": "g",
    "MedicationDispense": "d",
    "MedicationStatement": "s",
    "MedicationRequest": "r",
    "AllergyIntolerance": "a",
    "Medication": "m",
    "Specimen": "x",
    "Consent": "k",
    "Flag": "f",
    "ResearchSubject": "e",
    "ResearchStudy": "t",
}
_QUANTITY = re.compile(r"(<=|>=|<|>)?\s*(-?\d+(?:\.\d+)?)(?:\s+(\S.*))?")
_SHARED = frozenset(("ResearchStudy", "Medication"))


@dataclass(frozen=True)
class Code:
    """A code with its display; `system` is a short name of mappings/systems.yaml, or a URL."""

    system: str
    code: str
    name: str = ""


@cache
def _systems() -> Mapping[str, Any]:
    data: Mapping[str, Any] = read_yaml(mappings_folder() / "systems.yaml")
    return data


def url(system: str) -> str:
    """The canonical URL of a short name; a URL is itself."""
    known = _systems().get(system)
    return str(known["url"]) if known else system


def coding(code: Code) -> dict[str, str]:
    """A Coding; the display is for readers."""
    found = {"system": url(code.system), "code": code.code}
    return {**found, "display": code.name} if code.name else found


def concept(*codes: Code, text: str | None = None) -> Resource:
    """A CodeableConcept."""
    found: Resource = {"coding": [coding(code) for code in codes]} if codes else {}
    return {**found, "text": text} if text else found


def quantity(text: str) -> Resource:
    """`<0.5 mg/dL`, `100 10*9/L`, or a bare number; the unit stands as code."""
    match = _QUANTITY.fullmatch(text)
    assert match is not None, f"no quantity: {text}"
    comparator, number, unit = match.groups()
    found: Resource = {"value": float(number) if "." in number else int(number)}
    if comparator:
        found["comparator"] = comparator
    if unit:
        found |= {"unit": unit, "system": url("ucum"), "code": unit}
    return found


def reference(id: str) -> Resource:
    """A Reference to another record by its short id; `chart` writes it out."""
    return {"reference": id}


def _codes(what: Code | tuple[Code, ...]) -> tuple[Code, ...]:
    return (what,) if isinstance(what, Code) else what


def _plain(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if value is not None}


def observation(
    what: Code | tuple[Code, ...],
    value: str | None = None,
    *,
    on: str | None = ON,
    id: str | None = None,
    status: str = "final",
    coded: Code | tuple[Code, ...] | None = None,
    text: str | None = None,
    integer: int | None = None,
    boolean: bool | None = None,
    low: str | None = None,
    high: str | None = None,
    parts: Iterable[tuple[Code, str]] = (),
    focus: str | None = None,
    specimen: str | None = None,
    **more: Any,
) -> Resource:
    """An Observation; `low` and `high` are its reference range, `parts` its components."""
    limits = {end: quantity(limit) for end, limit in (("low", low), ("high", high)) if limit is not None}
    components = [{"code": concept(code), "valueQuantity": quantity(part)} for code, part in parts]
    return _plain(
        {
            "resourceType": "Observation",
            "id": id,
            "status": status,
            "code": concept(*_codes(what)),
            "effectiveDateTime": on,
            "valueQuantity": quantity(value) if value is not None else None,
            "valueCodeableConcept": concept(*_codes(coded)) if coded is not None else None,
            "valueString": text,
            "valueInteger": integer,
            "valueBoolean": boolean,
            "referenceRange": [limits] if limits else None,
            "component": components or None,
            "focus": [reference(focus)] if focus else None,
            "specimen": reference(specimen) if specimen else None,
            **more,
        }
    )


def condition(
    what: Code | tuple[Code, ...],
    *,
    on: str | None = "2026-09-01",
    until: str | None = None,
    id: str | None = None,
    clinical: str | None = "active",
    verification: str | None = "confirmed",
    severity: Code | None = None,
    site: Code | None = None,
    morphology: Code | None = None,
    assessed_by: Iterable[str] = (),
    **more: Any,
) -> Resource:
    """A Condition from its onset; `morphology` stands in mCODE's extension, `assessed_by` in its stage."""
    stages = [{"assessment": [reference(id)]} for id in assessed_by]
    extension = {
        "url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior",
        "valueCodeableConcept": concept(morphology) if morphology else None,
    }
    return _plain(
        {
            "resourceType": "Condition",
            "id": id,
            "clinicalStatus": concept(Code("condition-clinical", clinical)) if clinical else None,
            "verificationStatus": concept(Code("condition-verification", verification))
            if verification
            else None,
            "code": concept(*_codes(what)),
            "onsetDateTime": on,
            "abatementDateTime": until,
            "severity": concept(severity) if severity else None,
            "bodySite": [concept(site)] if site else None,
            "extension": [extension] if morphology else None,
            "stage": stages or None,
            **more,
        }
    )


def _when(instant: str, period: str, on: str | None, until: str | None) -> Resource:
    if on is None and until is None:
        return {}
    if until is None:
        return {instant: on}
    return {period: _plain({"start": on, "end": until or None})}


def _reason(reason: Code | str | None) -> Resource:
    if reason is None:
        return {}
    if isinstance(reason, Code):
        return {"reasonCode": [concept(reason)]}
    return {"reasonReference": [reference(reason)]}


def procedure(
    what: Code | tuple[Code, ...],
    *,
    on: str | None = ON,
    until: str | None = None,
    status: str = "completed",
    reason: Code | str | None = None,
    id: str | None = None,
    **more: Any,
) -> Resource:
    """A Procedure on a day, or from `on` `until`; an empty `until` leaves the period open."""
    when = _when("performedDateTime", "performedPeriod", on, until)
    body = {
        "resourceType": "Procedure",
        "id": id,
        "status": status,
        "code": concept(*_codes(what)),
        **when,
        **_reason(reason),
        **more,
    }
    return _plain(body)


def _drug(
    kind: str, what: Code | tuple[Code, ...] | None, status: str, id: str | None, more: Mapping[str, Any]
) -> Resource:
    named = {} if what is None else {"medicationCodeableConcept": concept(*_codes(what))}
    return _plain({"resourceType": kind, "id": id, "status": status, **named, **more})


def given(
    what: Code | tuple[Code, ...] | None,
    *,
    on: str | None = ON,
    until: str | None = None,
    status: str = "completed",
    route: Code | None = None,
    reason: Code | str | None = None,
    id: str | None = None,
    **more: Any,
) -> Resource:
    """A MedicationAdministration; R4 demands a time, so `on=None` is for what breaks the rule."""
    when = _when("effectiveDateTime", "effectivePeriod", on, until)
    dosage = {"dosage": {"route": concept(route)}} if route else {}
    return _drug("MedicationAdministration", what, status, id, {**when, **dosage, **_reason(reason), **more})


def dispensed(
    what: Code | tuple[Code, ...] | None,
    *,
    on: str | None = ON,
    status: str = "completed",
    id: str | None = None,
    **more: Any,
) -> Resource:
    """A MedicationDispense that was handed over."""
    return _drug("MedicationDispense", what, status, id, {"whenHandedOver": on, **more})


def taken(
    what: Code | tuple[Code, ...] | None,
    *,
    on: str | None = ON,
    until: str | None = None,
    status: str = "completed",
    reason: Code | str | None = None,
    route: Code | None = None,
    id: str | None = None,
    **more: Any,
) -> Resource:
    """A MedicationStatement."""
    when = _when("effectiveDateTime", "effectivePeriod", on, until)
    dosage = {"dosage": [{"route": concept(route)}]} if route else {}
    return _drug("MedicationStatement", what, status, id, {**when, **dosage, **_reason(reason), **more})


def ordered(
    what: Code | tuple[Code, ...] | None,
    *,
    on: str | None = ON,
    status: str = "active",
    intent: str = "order",
    id: str | None = None,
    **more: Any,
) -> Resource:
    """A MedicationRequest."""
    return _drug("MedicationRequest", what, status, id, {"intent": intent, "authoredOn": on, **more})


def allergy(
    what: Code | None,
    *,
    on: str | None = ON,
    clinical: str | None = "active",
    verification: str | None = "confirmed",
    substance: Code | None = None,
    id: str | None = None,
) -> Resource:
    """An AllergyIntolerance; `substance` is that of a reaction."""
    manifestation = [concept(Code("snomed", "271807003", "eruption of skin"))]
    reaction = [{"substance": concept(substance), "manifestation": manifestation}] if substance else None
    return _plain(
        {
            "resourceType": "AllergyIntolerance",
            "id": id,
            "clinicalStatus": concept(Code("allergy-clinical", clinical)) if clinical else None,
            "verificationStatus": concept(Code("allergy-verification", verification))
            if verification
            else None,
            "code": concept(what) if what else None,
            "recordedDate": on,
            "reaction": reaction,
        }
    )


def other(kind: str, *, id: str | None = None, **elements: Any) -> Resource:
    """Any other resource of the patient, element by element."""
    return _plain({"resourceType": kind, "id": id, **elements})


def patient(**elements: Any) -> Resource:
    """What the Patient of a row has instead of the usual: a man born on 20 May 1960. None leaves out."""
    return {"resourceType": "Patient", **elements}


# ---- from records to resources


def chart(id: str, records: Iterable[Resource], names: Mapping[str, str] | None = None) -> list[Resource]:
    """The resources of one patient: short ids become unique, references are written out.

    `names` leads from the short names of other patients to their ids.
    """
    named = number(records)
    person: Resource = {"resourceType": "Patient", "id": id, "gender": "male", "birthDate": "1960-05-20"}
    for record in named:
        if record["resourceType"] == "Patient":
            person |= {name: value for name, value in record.items() if name != "resourceType"}
    known = {
        record["id"]: f"{record['resourceType']}/{id}-{record['id']}" for record in named if "id" in record
    }
    known |= {f"Patient/{name}": f"Patient/{other}" for name, other in (names or {}).items()}
    person = _plain(_written(person, known))
    found = [person]
    for record in named:
        kind = record["resourceType"]
        if kind == "Patient":
            continue
        owner = "patient" if kind in ("AllergyIntolerance", "Consent", "RelatedPerson") else "subject"
        owner = "individual" if kind == "ResearchSubject" else owner
        own = {} if kind in _SHARED else {owner: {"reference": f"Patient/{id}"}}
        found.append({**_written(record, known), "id": f"{id}-{record['id']}", **own})
    return found


def number(records: Iterable[Resource]) -> list[Resource]:
    """The records with a short id each: the letter of their type and a number, where they have none."""
    counts: Counter[str] = Counter()
    found = []
    for record in records:
        kind = record["resourceType"]
        if kind == "Patient":
            found.append(record)
            continue
        id = record.get("id")
        if id is None:
            letter = LETTERS.get(kind, kind[0].lower())
            counts[letter] += 1
            id = f"{letter}{counts[letter]}"
        found.append({**record, "id": id})
    return found


def _written(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            name: known.get(item, item)
            if name == "reference" and isinstance(item, str)
            else _written(item, known)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_written(item, known) for item in value]
    return value


def short(reference: str, patient: str) -> str:
    """The short id that stands in a row for a reference of evidence; `patient` for the Patient itself."""
    if reference == f"Patient/{patient}":
        return "patient"
    return reference.split("/", 1)[1].removeprefix(f"{patient}-")


def references(resource: Any) -> Iterator[str]:
    """Every literal reference in a resource."""
    if isinstance(resource, dict):
        for name, item in resource.items():
            if name == "reference" and isinstance(item, str):
                yield item
            else:
                yield from references(item)
    elif isinstance(resource, list):
        for item in resource:
            yield from references(item)
