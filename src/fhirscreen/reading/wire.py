"""Readings as plain data: one object for each criterion, as `fhirscreen read --json` prints them."""

from __future__ import annotations

from dataclasses import fields

from fhirscreen.criteria.wire import write_expression
from fhirscreen.criteria.wire.suggestions import write_suggestion
from fhirscreen.reading.fragments import Atom
from fhirscreen.reading.readings import Reading, Status

_ATOM = (
    "concept", "name", "low", "low_inclusive", "high", "high_inclusive", "unit", "limit", "values", "negated",
    "window", "start", "end",
)  # fmt: skip


def write_reading(source: str, reading: Reading) -> dict[str, object]:
    """The reading with its source; a heading has its text and place alone."""
    place: dict[str, object] = {"text": reading.text, "start": reading.start, "end": reading.end}
    if reading.status is Status.HEADING:
        return {"source": source, **place, "status": reading.status.value}
    return {
        "source": source,
        "kind": reading.kind.value if reading.kind else None,
        **place,
        "group": reading.group,
        "status": reading.status.value,
        "expression": None if reading.expression is None else write_expression(reading.expression),
        "atoms": [write_atom(atom) for atom in reading.atoms],
        "unread": [list(span) for span in reading.unread],
        "warnings": list(reading.warnings),
        "suggestions": [write_suggestion(each) for each in reading.suggestions],
    }


def write_atom(atom: Atom) -> dict[str, object]:
    """The atom with every key; values that are whole numbers as such."""
    data = {name: getattr(atom, name) for name in _ATOM}
    for key in ("low", "high"):
        value = data[key]
        if isinstance(value, float) and value.is_integer():
            data[key] = int(value)
    data["values"] = None if atom.values is None else list(atom.values)
    return data


if {field.name for field in fields(Atom)} != set(_ATOM):
    raise AssertionError("an atom has a field that is not written")
