"""Lengths of time as eligibility texts write them."""

from __future__ import annotations

from fhirscreen.reading.tokens import fold

_UNITS = {
    "year": "a", "yr": "a", "yr.": "a", "y": "a", "yo": "a", "y.o": "a", "month": "mo", "mo": "mo",
    "mos": "mo", "week": "wk", "wk": "wk", "wk.": "wk", "day": "d", "d": "d", "hour": "h", "hr": "h",
    "hr.": "h", "h": "h", "minute": "min", "min": "min", "second": "s", "sec": "s", "s": "s", "yrs.": "a",
    "wks.": "wk", "yrs": "a", "wks": "wk", "hrs": "h", "mins": "min", "secs": "s", "mos.": "mo",
}  # fmt: skip
_ISO = {"a": "P{}Y", "mo": "P{}M", "wk": "P{}W", "d": "P{}D", "h": "PT{}H", "min": "PT{}M", "s": "PT{}S"}
CALENDAR = ("a", "mo", "wk", "d", "h")


def time_unit(text: str) -> str | None:
    """The UCUM code of a unit of time in English (`wks` is `wk`); None for anything else."""
    return _UNITS.get(text.lower()) or _UNITS.get(fold(text)) if text else None


def whole(value: float, unit: str) -> tuple[int, str] | None:
    """A length of time in whole units: 1.5 years are 18 months; None where there are none."""
    if value == int(value):
        return int(value), unit
    if unit == "a" and value * 12 == int(value * 12):
        return int(value * 12), "mo"
    if unit == "wk" and value * 7 == int(value * 7):
        return int(value * 7), "d"
    if unit == "d" and value * 24 == int(value * 24):
        return int(value * 24), "h"
    return None


def iso(amount: int, unit: str) -> str:
    """`P4W`."""
    return _ISO[unit].format(amount)
