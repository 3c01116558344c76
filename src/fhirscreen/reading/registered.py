"""What a registry's own fields ask for: sex and ages, beside what the text says of them."""

from __future__ import annotations

from dataclasses import replace

from fhirscreen.criteria.bounds import Bound, Bounds
from fhirscreen.criteria.nodes import Age, Expression, Sex, Unread
from fhirscreen.criteria.records import Record, RegisteredAge
from fhirscreen.criteria.studies import Kind
from fhirscreen.exceptions import StudyError
from fhirscreen.reading.fragments import Atom
from fhirscreen.reading.readings import Reading, Status

_MONTHS_A_YEAR = 12


def merge(record: Record, readings: list[Reading]) -> list[Reading]:
    """The readings after those of the record's fields; a text that says otherwise carries a warning.

    What the text asks for too is not asked twice: who fails it would fail two criteria.
    """
    found: list[Reading] = []
    if record.sex is not None:
        atom = Atom("sex", "sex", 0, 0, values=(record.sex,))
        found.append(_reading(f"Sex: {record.sex}", Sex(record.sex), (atom,), "registered sex"))
    if record.minimum_age is not None or record.maximum_age is not None:
        found.append(_ages(record.minimum_age, record.maximum_age))
        readings = [_compare(reading, record) for reading in readings]
    said = [each.understood for each in readings if each.kind is Kind.INCLUSION]
    return [*(each for each in found if each.understood not in said), *readings]


def _reading(
    text: str, expression: Expression, atoms: tuple[Atom, ...], rule: str, *warnings: str
) -> Reading:
    status = Status.PARTIAL if isinstance(expression, Unread) else Status.COMPUTED
    return Reading(text, None, None, status, Kind.INCLUSION, None, expression, atoms, (), warnings, (rule,))


def _ages(low: RegisteredAge | None, high: RegisteredAge | None) -> Reading:
    said = [
        f"{name} age: {age.value:g} {age.unit}" for name, age in (("Minimum", low), ("Maximum", high)) if age
    ]
    unit = (low or high or RegisteredAge(0, "a")).unit
    atoms = tuple(
        Atom("age", "age", 0, 0, age.value if age is low else None, True if age is low else None,
             age.value if age is high else None, True if age is high else None, age.unit)
        for age in (low, high) if age is not None
    )  # fmt: skip
    if low and high and low.unit == high.unit:
        atoms = (Atom("age", "age", 0, 0, low.value, True, high.value, True, unit),)
    text = ", ".join(said)
    ends = [None if age is None else _years(age) for age in (low, high)]
    if any(age is not None and end is None for age, end in zip((low, high), ends, strict=True)):
        return _reading(
            text,
            Unread(text),
            atoms,
            "registered age",
            "an age in parts of a year: the criteria language counts whole years",
        )
    first, last = (None if end is None else Bound(end, "a") for end in ends)
    try:
        return _reading(text, Age(Bounds(first, last)), atoms, "registered age")
    except StudyError as error:
        return _reading(text, Unread(text), atoms, "registered age", error.what)


def _years(age: RegisteredAge) -> float | None:
    if age.unit == "a":
        return age.value
    return age.value / _MONTHS_A_YEAR if age.unit == "mo" and age.value % _MONTHS_A_YEAR == 0 else None


def _compare(reading: Reading, record: Record) -> Reading:
    """An age in the text that is not the registered one is warned of; the registered one stands."""
    if reading.kind is not Kind.INCLUSION:
        return reading
    for atom in reading.atoms:
        if atom.concept != "age":
            continue
        for value, age, name in (
            (atom.low, record.minimum_age, "minimum"),
            (atom.high, record.maximum_age, "maximum"),
        ):
            if value is not None and age is not None and (value, atom.unit) != (age.value, age.unit):
                note = f"the registered {name} age, {age.value:g} {age.unit}, stands: the text disagrees"
                return replace(reading, warnings=(*reading.warnings, note))
    return reading
