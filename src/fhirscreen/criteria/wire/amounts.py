"""Bounds as text: `100 10*9/L`, `2 ULN`, `18 a`, or a plain number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fhirscreen.criteria.bounds import Bound, Bounds, Limit
from fhirscreen.criteria.wire.fields import Fields, name_kind
from fhirscreen.exceptions import StudyError

if TYPE_CHECKING:
    from fhirscreen.criteria.wire.places import Place

BOUND_KEYS = ("at_least", "above", "at_most", "below")
EXPECTED = "a number, a number with its UCUM unit, or a multiple of ULN or LLN"
REMEDY = "write for instance `100 10*9/L`, `2 ULN`, `18 a` or `1`"

_BOUND = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?:\s+(?:[×x]\s*)?(\S+))?")
_LIMITS = {"ULN": Limit.ULN, "LLN": Limit.LLN}


def parse_bound(value: object, *, inclusive: bool = True) -> Bound:
    """A bound from a text or a number. Raises StudyError, without a place, for anything else."""
    match value:
        case bool():
            raise StudyError("true or false instead of a bound", expected=EXPECTED, remedy=REMEDY)
        case int() | float():
            return Bound(_number(value), inclusive=inclusive)
        case str():
            found = _BOUND.fullmatch(value.strip())
            if found is None:
                remedy = f"the key says the comparison: {REMEDY}" if value.strip()[:1] in "<>=≤≥" else REMEDY
                raise StudyError(f"`{value}` is not a bound", expected=EXPECTED, remedy=remedy)
            number, unit = found.groups()
            limit = _LIMITS.get(unit.upper()) if unit else None
            return Bound(_number(number), None if limit else unit, limit, inclusive)
        case _:
            raise StudyError(f"{name_kind(value)} instead of a bound", expected=EXPECTED, remedy=REMEDY)


def _number(value: str | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")  # which Bound refuses, saying why


def format_number(value: float) -> str:
    """The shortest decimal that reads back as the same number."""
    return repr(value).removesuffix(".0")


def write_bound(bound: Bound) -> str | int | float:
    """The inverse of `parse_bound`, but for `inclusive`, which is in the key."""
    suffix = bound.limit.value if bound.limit else bound.unit
    if suffix is not None:
        return f"{format_number(bound.value)} {suffix}"
    return int(bound.value) if bound.value.is_integer() and abs(bound.value) < 1e15 else bound.value


def _read_end(fields: Fields, closed: str, open_: str) -> Bound | None:
    if closed in fields and open_ in fields:
        raise fields.at(open_).error(
            f"both `{closed}` and `{open_}`",
            expected="one of them",
            remedy="remove the one that is not meant",
        )
    for key in (closed, open_):
        if key in fields:
            place: Place = fields.at(key)
            with place.named():
                return parse_bound(fields.data[key], inclusive=key == closed)
    return None


def read_bounds(fields: Fields) -> Bounds:
    """The range of an atom from its keys `at_least`, `above`, `at_most`, `below`."""
    low, high = _read_end(fields, "at_least", "above"), _read_end(fields, "at_most", "below")
    with fields.place.named():
        return Bounds(low, high)


def write_bounds(bounds: Bounds) -> dict[str, object]:
    """The keys of a range."""
    written: dict[str, object] = {}
    if bounds.low is not None:
        written["at_least" if bounds.low.inclusive else "above"] = write_bound(bounds.low)
    if bounds.high is not None:
        written["at_most" if bounds.high.inclusive else "below"] = write_bound(bounds.high)
    return written
