"""Reference limits of a result: its own range by sex and age, else the site's default."""

from __future__ import annotations

from collections.abc import Iterator

from fhirscreen.criteria.bounds import Limit
from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.items import Item
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Resource, codings
from fhirscreen.mapping.concepts import Concept
from fhirscreen.values.dates import completed_years, local_dates
from fhirscreen.values.intervals import compare, exactly, is_at_least, is_at_most
from fhirscreen.values.truth import TRUE

_SEXES = {
    "male": {"male", "M", "248153007"},
    "female": {"female", "F", "248152002"},
}
"""Codes for sex in `appliesTo`: administrative-gender, v3-AdministrativeGender, SNOMED CT."""


def limit_of(case: Case, concept: Concept, item: Item, limit: Limit) -> float | None:
    """The upper or lower limit of normal for one result, in the concept's canonical unit.

    None where the result has several ranges that its sex and age do not tell apart, text alone, or none
    while the site has no default (design: units).
    """
    key = ("limit", limit, concept.id, item.reference, id(item.holder))
    if key not in case.memory:
        case.memory[key] = _limit_of(case, concept, item, limit)
    known: float | None = case.memory[key]
    return known


def _limit_of(case: Case, concept: Concept, item: Item, limit: Limit) -> float | None:
    ranges = (item.holder or {}).get("referenceRange") or []
    if not ranges:
        return _site_limit(case, concept, limit)
    if not isinstance(ranges, list) or not all(isinstance(each, dict) for each in ranges):
        raise DataError("referenceRange is not a list of objects", expected="a list of ranges")
    found = {
        value
        for each in ranges
        if _applies(case, item, each)
        for value in _ends(case, concept, item, each, limit)
    }
    if None in found:
        return None
    distinct: list[float] = []
    for value in sorted(value for value in found if value is not None):
        if not distinct or compare(value, distinct[-1]) != 0:
            distinct.append(value)
    return distinct[0] if len(distinct) == 1 else None


def _ends(case: Case, concept: Concept, item: Item, each: Resource, limit: Limit) -> Iterator[float | None]:
    """The limit that a range gives, if any; None where it is no range, with a low end that is not below the
    high one (0 to 0, 50 to 10), so that nothing can be held against it.
    """
    low, high = _end(case, concept, item, each, "low"), _end(case, concept, item, each, "high")
    if high is not None and (high <= 0 if low is None else compare(low, high) >= 0) and not concept.signed:
        yield None
    elif (found := high if limit is Limit.ULN else low) is not None:
        yield found


def _end(case: Case, concept: Concept, item: Item, each: Resource, name: str) -> float | None:
    quantity = each.get(name)
    if quantity is None:
        return None
    if not isinstance(quantity, dict):
        raise DataError("a limit of a referenceRange is not an object", expected="a Quantity")
    value = quantity.get("value")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError("Quantity.value is not a number", expected="a JSON number")
    # The range's unit is converted; where it has none, it is the value's own.
    text = str(quantity.get("code") or quantity.get("unit") or item.unit)
    return _convert(case, concept, float(value), text)


def _convert(case: Case, concept: Concept, value: float, text: str) -> float | None:
    if concept.unit is None:
        return value
    unit = text or case.site.default_units.get(concept.id, "")
    _, affine = case.chart.index.conversion(concept, unit, concept.unit)
    return None if affine is None else affine.apply(exactly(value)).low


def _applies(case: Case, item: Item, each: Resource) -> bool:
    """Whether a range is one of normal, for the patient's sex and age at the measurement.

    A range for another group (a trimester, an ethnicity) is not known to apply and is left out.
    """
    if "type" in each:
        kinds = codings(each["type"], str)
        if kinds and all(coding.code != "normal" for coding in kinds):
            return False
    groups = each.get("appliesTo") or []
    if groups:
        wanted = _SEXES.get(str(case.chart.patient.get("gender")), set())
        if not any(coding.code in wanted for group in groups for coding in codings(group, str)):
            return False
    return "age" not in each or _in_age(case, item, each["age"])


def _in_age(case: Case, item: Item, age: object) -> bool:
    if not isinstance(age, dict):
        raise DataError("referenceRange.age is not an object", expected="a Range")
    birth = case.chart.patient.get("birthDate")
    if not isinstance(birth, str):
        return False
    young, old = completed_years(birth, *local_dates(item.when, case.site.zone))
    units = case.chart.index.units
    for end in ("low", "high"):
        limit = age.get(end) or {}
        if limit.get("value") is None:
            continue
        # Ranges of the newborn are in days, of children in months.
        code = units.normalise(str(limit.get("code") or limit.get("unit") or "a"))
        affine = None if code is None else units.affine(code, "a")
        if affine is None:
            return False
        years = affine.apply(exactly(limit["value"]))
        inside = is_at_least(years, old) if end == "high" else is_at_most(years, young)
        if inside is not TRUE:
            return False
    return True


def _site_limit(case: Case, concept: Concept, limit: Limit) -> float | None:
    sex = case.chart.patient.get("gender")
    ranges = case.site.reference_ranges.get(concept.id, ())
    fitting = [r for r in ranges if r.sex == sex] or [r for r in ranges if r.sex is None]
    if len(fitting) != 1:
        return None
    value = fitting[0].high if limit is Limit.ULN else fitting[0].low
    return None if value is None else _convert(case, concept, value, fitting[0].unit)
