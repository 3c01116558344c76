"""Whether a bound makes sense for what it bounds: units that fit, numbers that a patient can have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fhirscreen.criteria.bounds import Bound, Bounds, Limit
from fhirscreen.criteria.checks.catalogue import convert_bound, is_pure
from fhirscreen.exceptions import StudyError
from fhirscreen.mapping.concepts import Concept
from fhirscreen.reading.items import Range
from fhirscreen.values.quantities import UnitTable

_COUNTED_ABOVE = 500.0
_PER_MICROLITRE = 1e-3
"""10⁹/L in one cell per microlitre."""
_LIMITS = {"uln": Limit.ULN, "lln": Limit.LLN}
_CLEARANCES = ("mL/min", "mL/min/{1.73_m2}")
"""Units of clearances and filtration rates, which criteria write for one another."""
_VOLUMES = ("mm3", "uL")
"""Volumes that criteria write for a count in them: platelets ≥ 75,000 mm3."""
_LIKELY = ("g/dL", "g/L", "mg/dL", "umol/L", "mmol/L", "10*9/L", "/uL", "10*3/uL", "cm", "mm", "%")


_MERCURY = re.compile(r"mm\s*/?\s*hg\.?", re.IGNORECASE)
_PER = re.compile(r"(?:^|\s)per\s+", re.IGNORECASE)
_CUBIC = re.compile(r"cubic\s+milli-?met(?:er|re)s?|cu\.?\s?mm", re.IGNORECASE)
_SQUARE = re.compile(r"(?:square\s+met(?:er|re)s?|met(?:er|re)s?\s+squared|sq\.?\s?m)\b", re.IGNORECASE)


def read_unit(text: str, units: UnitTable) -> str | None:
    """The UCUM code of a unit as criteria write it (`per cubic millimetre`); None for an unknown one."""
    if not text:
        return None
    known = units.normalise("mm[Hg]" if _MERCURY.fullmatch(text.strip()) else text)
    if known is not None:
        return known
    return units.normalise(_PER.sub("/", _SQUARE.sub("m2", _CUBIC.sub("mm3", text))).strip(" .("))


def make_bounds(numbers: Range, concept: Concept, units: UnitTable) -> tuple[Bounds | None, list[str]]:
    """The bounds that a text's numbers mean for a concept, and what is odd about them.

    No bounds where the unit is missing or does not fit, or the number is implausible: what they mean is then
    for a person to say.
    """
    unit = numbers.code
    if numbers.limit:
        return _bounds(numbers, None)
    if not numbers.unit and concept.unit is not None and not is_pure(concept.unit):
        unit = _unwritten(numbers, concept, units)
        if unit is None:
            return None, [
                f"the unit of {_say(numbers)} is missing: {concept.label} is measured in {concept.unit}"
            ]
        bounds, warnings = _bounds(numbers, unit)
        return bounds, [*warnings, f"the unit of {_say(numbers)} is not written: read as {unit}"]
    if numbers.unit and unit is None:
        return None, [f"the unit `{numbers.unit}` is not known"]
    if unit in _VOLUMES and concept.unit == "10*9/L" and _unwritten(numbers, concept, units) == "/uL":
        bounds, warnings = _bounds(numbers, "/uL")
        return bounds, [*warnings, f"the unit {unit} is read as one per {unit}"]
    if unit in _CLEARANCES and concept.unit in _CLEARANCES and unit != concept.unit:
        bounds, warnings = _bounds(numbers, concept.unit)
        return bounds, [*warnings, f"{unit} is read as {concept.unit}, in which {concept.label} is given"]
    if unit is not None and concept.unit is not None and not _fits(unit, concept, units):
        return None, [f"the unit {unit} does not fit {concept.label}, which is measured in {concept.unit}"]
    bounds, warnings = _bounds(numbers, unit)
    if bounds is None:
        return None, warnings
    odd = _implausible(bounds, concept, units)
    return (None, [*warnings, odd]) if odd else (bounds, warnings)


def _bounds(numbers: Range, unit: str | None) -> tuple[Bounds | None, list[str]]:
    limit = _LIMITS.get(numbers.limit)
    try:
        low = None if numbers.low is None else Bound(numbers.low, unit, limit, numbers.low_inclusive)
        high = None if numbers.high is None else Bound(numbers.high, unit, limit, numbers.high_inclusive)
        return Bounds(low, high), []
    except StudyError as error:
        return None, [error.what]


def _say(numbers: Range) -> str:
    return " and ".join(f"{value:g}" for value in (numbers.low, numbers.high) if value is not None)


def _fits(unit: str, concept: Concept, units: UnitTable) -> bool:
    if concept.unit is None:
        return False
    affine = units.affine(unit, concept.unit, molar_mass=concept.molar_mass, valence=concept.valence)
    return affine is not None


def _unwritten(numbers: Range, concept: Concept, units: UnitTable) -> str | None:
    """The unit that goes without saying: a cell count in hundreds is one per microlitre, a share is in %."""
    values = [value for value in (numbers.low, numbers.high) if value is not None]
    if concept.unit == "%" and all(0 <= value <= 100 for value in values):
        return "%"
    if concept.unit == "10*9/L" and values and min(values) >= _COUNTED_ABOVE and "/uL" in units:
        return "/uL"
    if concept.unit == "10*9/L" and values and max(values) < _COUNTED_ABOVE:  # nobody has 1.5 in a microlitre
        return "10*9/L"
    if concept.unit in ("kg/m2", "mm[Hg]", "ms", "/min"):
        return concept.unit
    return None


def readings_of(
    numbers: Range, concept: Concept, units: UnitTable
) -> tuple[tuple[str, Bounds], tuple[str, Bounds]] | None:
    """What implausible numbers may mean: as written, and in the unit that was probably meant, by that unit.

    None where they are plausible, or no unit makes them so.
    """
    if numbers.limit or numbers.code is None or not _fits(numbers.code, concept, units):
        return None
    written, _ = _bounds(numbers, numbers.code)
    likely = None if written is None else _likely_unit(written, concept, units)
    if written is None or likely is None:
        return None
    meant, _ = _bounds(numbers, likely)
    if meant is None or _implausible(meant, concept, units) is not None:
        return None
    return (numbers.code, written), (likely, meant)


def _slipped(bound: Bound, value: float | None, concept: Concept) -> bool:
    """Whether a count of blood cells is one per microlitre under another name: neutrophils of 1500 /mL."""
    counted = concept.unit == "10*9/L" and bound.value >= _COUNTED_ABOVE
    return counted and value is not None and value < 1 and value / bound.value < _PER_MICROLITRE / 2


def _odd_bounds(bounds: Bounds, concept: Concept, units: UnitTable) -> Iterator[Bound]:
    """The bounds that no patient is likely to have."""
    for bound in (bounds.low, bounds.high):
        if bound is None or bound.limit is not None or bound.value == 0:
            continue
        value = convert_bound(bound, concept, units)
        if not (value is None or _is_plausible(value, concept)) or _slipped(bound, value, concept):
            yield bound


def _is_plausible(value: float, concept: Concept) -> bool:
    low, high = concept.plausible
    return (low is None or value >= low) and (high is None or value <= high)


def _likely_unit(bounds: Bounds, concept: Concept, units: UnitTable) -> str | None:
    for bound in _odd_bounds(bounds, concept, units):
        for other in _LIKELY:
            if other == bound.unit or other not in units:
                continue
            likely = convert_bound(Bound(bound.value, other), concept, units)
            if likely is not None and _is_plausible(likely, concept):
                return other
    return None


def _implausible(bounds: Bounds, concept: Concept, units: UnitTable) -> str | None:
    for bound in _odd_bounds(bounds, concept, units):
        other = _likely_unit(Bounds(bound), concept, units)
        if other is not None:
            return f"{concept.label} of {bound} is implausible: probably {bound.value:g} {other} is meant"
        return f"{concept.label} of {bound} is implausible"
    return None
