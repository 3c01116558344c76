"""A record of the manual in words: what a reader needs to see why the verdict is what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import yaml

from tests.lib.records import Resource

NAMES = {
    "Observation": "observation",
    "Condition": "diagnosis",
    "Procedure": "procedure",
    "MedicationAdministration": "administration",
    "MedicationDispense": "dispense",
    "MedicationStatement": "statement",
    "MedicationRequest": "order",
    "AllergyIntolerance": "allergy",
    "ResearchSubject": "enrolment",
    "ResearchStudy": "study",
    "Encounter": "stay",
}
_USUAL = {
    "Observation": "final",
    "Procedure": "completed",
    "MedicationAdministration": "completed",
    "MedicationDispense": "completed",
    "MedicationStatement": "completed",
    "MedicationRequest": "active",
    "Encounter": "finished",
}
_SYSTEMS = (
    ("loinc", "LOINC"),
    ("snomed", "SNOMED CT"),
    ("icd-10-cm", "ICD-10-CM"),
    ("icd-10-gm", "ICD-10-GM"),
    ("bfarm/icd", "ICD-10-GM"),
    ("icd-10", "ICD-10"),
    ("icd-o-3", "ICD-O-3"),
    ("whocc", "ATC"),
    ("cancerstaging", "AJCC"),
)


def describe(record: Resource) -> str:
    """One line of Markdown; a Patient shows what is unusual about it."""
    kind = record["resourceType"]
    if kind == "Patient":
        parts = [f"{name}: {_plain(value)}" for name, value in record.items() if name != "resourceType"]
        return f"patient, {', '.join(parts)}"
    elements = sorted(record.items(), key=lambda element: _is_time(element[0]))
    said = [part for name, value in elements for part in _said(kind, name, value)]
    if kind in _USUAL and "status" not in record:
        said.append("no status")
    return (
        f"`{record['id']}` {NAMES.get(kind, kind)}: {', '.join(said)}" if said else f"`{record['id']}` {kind}"
    )


def _is_time(name: str) -> bool:
    """Times stand last."""
    return name.endswith(
        ("DateTime", "Period", "period", "Instant", "Date", "issued", "HandedOver", "authoredOn")
    )


def _said(kind: str, name: str, value: Any) -> Iterator[str]:
    if name in ("resourceType", "id"):
        return
    if name == "status":
        if value != _USUAL.get(kind):
            yield f"status {value}"
    elif name in ("clinicalStatus", "verificationStatus"):
        code = value["coding"][0]["code"]
        if code not in ("active", "confirmed"):
            yield code
    elif name == "intent":
        if value != "order":
            yield f"intent {value}"
    elif name in _ELEMENTS:
        yield _ELEMENTS[name](value)
    else:
        yield f"{name} {_plain(value)}"


def _code(value: Any) -> str:
    """`platelet count (LOINC 777-3)`; the text in quotes where there is no coding."""
    if not isinstance(value, dict):
        return f"code {_plain(value)}"
    found = [_coding(coding) for coding in value.get("coding", ())]
    if "text" in value:
        found.append(f"“{value['text']}”")
    return " + ".join(found) or "no code"


def _coding(coding: Resource) -> str:
    system = str(coding.get("system", ""))
    short = next((label for mark, label in _SYSTEMS if mark in system), system)
    code = f"{short} {coding['code']}".strip()
    display = coding.get("display")
    return f"{display} ({code})" if display else code


def _quantity(value: Resource) -> str:
    unit = value.get("code") or value.get("unit") or ""
    return f"{value.get('comparator', '')}{value.get('value', '')} {unit}".strip()


def _value(value: Any) -> str:
    """A Quantity; what is none as it stands."""
    sound = isinstance(value, dict) and not isinstance(value.get("value"), str)
    return _quantity(value) if sound else f"value {_plain(value)}"


def _part(component: Resource) -> str:
    rest = {name: value for name, value in component.items() if name != "code"}
    return " ".join((_code(component["code"]), *(p for n, v in rest.items() for p in _said("", n, v))))


def _parts(value: Any) -> str:
    return "; ".join(map(_part, value)) if isinstance(value, list) else f"component {_plain(value)}"


def _limits(ranges: list[Resource]) -> str:
    return "reference " + " and ".join(_limit(each) for each in ranges)


def _limit(each: Resource) -> str:
    ends = [f"{name} {_quantity(each[name])}" for name in ("low", "high") if name in each]
    rest = {name: value for name, value in each.items() if name not in ("low", "high")}
    said = [*ends]
    for name, value in rest.items():
        if name == "text":
            said.append(f"“{value}”")
        elif name == "appliesTo":
            said.append("for " + ", ".join(_code(code) for code in value))
        elif name == "type":
            said.append(_code(value))
        else:
            said.append(f"{name} {_plain(value)}")
    return " ".join(said)


def _period(value: Resource) -> str:
    return f"from {value.get('start', '?')} to {value.get('end', 'now on')}"


def _reference(value: Any) -> str:
    listed = value if isinstance(value, list) else [value]
    return ", ".join(f"`{_target(each)}`" for each in listed)


def _target(reference: Resource) -> str:
    if "identifier" in reference:
        return f"{reference.get('type', '')} number {reference['identifier']['value']}".strip()
    return str(reference.get("reference") or reference.get("display"))


def _extension(value: list[Resource]) -> str:
    said = []
    for each in value:
        if "valueReference" in each:
            said.append(f"related to {_reference(each['valueReference'])}")
        elif "valueCodeableConcept" in each:
            said.append(f"morphology {_code(each['valueCodeableConcept'])}")
        else:
            said.append(f"{each['url'].rsplit('/', 1)[-1]} {each.get('valueCode', '')}".strip())
    return ", ".join(said)


def _stage(value: Resource) -> str:
    said = ["stage", *(_code(value[name]) for name in ("summary", "type") if name in value)]
    if "assessment" in value:
        said.append(f"assessed by {_reference(value['assessment'])}")
    return " ".join(said)


def _dosage(value: Any) -> str:
    listed = value if isinstance(value, list) else [value]
    return ", ".join(f"route {_code(each['route'])}" for each in listed)


def _concepts(word: str) -> Callable[[Any], str]:
    def say(value: Any) -> str:
        listed = value if isinstance(value, list) else [value]
        return f"{word} {', '.join(_code(each) for each in listed)}".strip()

    return say


_ELEMENTS: dict[str, Callable[[Any], str]] = {
    "code": _code,
    "medicationCodeableConcept": _code,
    "valueQuantity": _value,
    "valueCodeableConcept": lambda value: f"value {_code(value)}",
    "valueString": lambda value: f"text “{value}”",
    "valueInteger": str,
    "valueBoolean": lambda value: str(value).lower(),
    "valueRange": lambda value: f"range {_limit(value)}",
    "effectiveDateTime": str,
    "effectiveInstant": str,
    "effectivePeriod": _period,
    "performedDateTime": str,
    "performedPeriod": _period,
    "onsetDateTime": lambda value: f"since {value}",
    "onsetPeriod": lambda value: f"onset {_period(value)}",
    "abatementDateTime": lambda value: f"until {value}",
    "recordedDate": lambda value: f"recorded {value}",
    "issued": lambda value: f"issued {value}",
    "whenHandedOver": str,
    "authoredOn": str,
    "referenceRange": _limits,
    "component": _parts,
    "focus": lambda value: f"focus {_reference(value)}",
    "hasMember": lambda value: f"members {_reference(value)}",
    "specimen": lambda value: f"specimen {_reference(value)}",
    "study": lambda value: f"study {_reference(value)}",
    "medicationReference": lambda value: f"drug {_reference(value)}",
    "reasonReference": lambda value: f"for {_reference(value)}",
    "reasonCode": _concepts("for"),
    "severity": _concepts("severity"),
    "method": _concepts("by"),
    "bodySite": _concepts("site"),
    "interpretation": _concepts("interpretation"),
    "scope": _concepts("scope"),
    "category": _concepts(""),
    "policyRule": _concepts(""),
    "stage": lambda value: ", ".join(_stage(each) for each in value),
    "extension": _extension,
    "dosage": _dosage,
    "reaction": lambda value: f"reaction to {_code(value[0]['substance'])}",
    "identifier": lambda value: f"number {value[0]['value']}",
    "class": lambda value: str(value["display"]),
    "period": _period,
    "hospitalization": lambda value: f"discharged to {_code(value['dischargeDisposition'])}",
    "contained": lambda value: f"contains {_code(value[0]['code'])}",
}


def _plain(value: Any) -> str:
    """Plain data on one line, as YAML."""
    if isinstance(value, str) or value is None:
        return "none" if value is None else value
    return (
        yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False)
        .strip()
        .removesuffix("\n...")
    )
