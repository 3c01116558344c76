"""Numbers, units and lengths of time in English: `10*9/L` is said "× 10⁹/L", `28 d` "28 days"."""

from __future__ import annotations

import re

from fhirscreen.criteria.bounds import Bound, Bounds, Limit
from fhirscreen.values.durations import Duration, parse_duration

_LIMITS = {Limit.ULN: "the upper limit of normal", Limit.LLN: "the lower limit of normal"}
_TIMES = {"a": "year", "mo": "month", "wk": "week", "d": "day", "h": "hour", "min": "minute"}
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_POWER = re.compile(r"10[*^]([+-]?\d+)")
_MICRO = re.compile(r"(?<![A-Za-z])u(?=[A-Z]?[a-z]*[A-Za-z])")


def count_noun(number: str, noun: str) -> str:
    """`1 day`, `28 days`."""
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"


def say_number(value: float) -> str:
    """The shortest decimal that reads back."""
    return repr(value).removesuffix(".0")


def say_unit(unit: str) -> str:
    """A UCUM code as it is printed: powers raised, µ, no brackets; nothing for `1`."""
    if unit == "1":
        return ""
    said = _POWER.sub(lambda power: "10" + power[1].removeprefix("+").translate(_SUPERSCRIPTS), unit)
    said = "× " + said if said.startswith("10") else said
    said = re.sub(r"[\[\]{}]", "", said)
    return _MICRO.sub("µ", said).replace("m2", "m²").replace("m3", "m³").replace("_", " ")


def say_bound(bound: Bound) -> str:
    """The number with its unit: "100 × 10⁹/L", "2 × the upper limit of normal", "18 years"."""
    number = say_number(bound.value)
    if bound.limit is not None:
        return f"{number} × {_LIMITS[bound.limit]}"
    if bound.unit is None:
        return number
    if bound.unit in _TIMES:
        return count_noun(number, _TIMES[bound.unit])
    return f"{number}%" if bound.unit == "%" else f"{number} {say_unit(bound.unit)}".rstrip()


def say_bounds(bounds: Bounds) -> str:
    """The range: "at least 18 years", "from 1 to 4", "above 1 and below 4"."""
    low, high = bounds.low, bounds.high
    if low is not None and high is not None and low.inclusive and high.inclusive:
        if (low.unit, low.limit) == (high.unit, high.limit) and low.value == high.value:
            return f"exactly {say_bound(low)}"
        return f"from {say_bound(low)} to {say_bound(high)}"
    said = []
    if low is not None:
        said.append(f"{'at least' if low.inclusive else 'above'} {say_bound(low)}")
    if high is not None:
        said.append(f"{'at most' if high.inclusive else 'below'} {say_bound(high)}")
    return " and ".join(said)


def say_duration(text: str) -> str:
    """A duration in words: `28 d` is "28 days", `18 mo` "18 months", `2 a` "2 years"."""
    return say_length(parse_duration(text))


def say_length(duration: Duration) -> str:
    """The same of a duration that was read."""
    years, months = (duration.months // 12, 0) if duration.months % 12 == 0 else (0, duration.months)
    hours, rest = divmod(duration.seconds, 3600)
    parts = ((years, "year"), (months, "month"), (duration.days, "day"), (hours, "hour"), (rest, "second"))
    return " ".join(count_noun(str(n), noun) for n, noun in parts if n) or "0 days"


def say_window(within: str | None) -> str:
    """`in the last 28 days`; nothing where no window is asked."""
    return f"in the last {say_duration(within)}" if within else ""
