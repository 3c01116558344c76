"""Lengths of time by the calendar, and the windows that they make before an index date."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from fhirscreen.exceptions import BadInput
from fhirscreen.values.dates import EVER, Moment, end_of_day, start_of_day

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_MONTHS = {"a": 12, "mo": 1}
_SECONDS = {"wk": 604_800, "d": 86_400, "h": 3_600, "min": 60, "s": 1}
_WORDS = {
    "year": "a", "years": "a", "month": "mo", "months": "mo", "week": "wk", "weeks": "wk",
    "day": "d", "days": "d", "hour": "h", "hours": "h", "minute": "min", "minutes": "min",
    "second": "s", "seconds": "s",
}  # fmt: skip
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.ASCII)
_ISO = re.compile(
    r"P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?",
    re.ASCII,
)
_EXPECTED = "like 28 d, 4 wk, 6 mo, 2 a, 12 h, P28D or PT12H"


class Duration(NamedTuple):
    """Calendar months, days and seconds, each counted apart: a month is not thirty days."""

    months: int = 0
    days: int = 0
    seconds: int = 0


def parse_duration(text: str) -> Duration:
    """A duration in UCUM (`28 d`), in English (`4 weeks`) or in ISO 8601 (`P28D`).

    Raises BadInput for anything else, and for parts of a month (`0.5 mo`).
    """
    return _parse_duration(text)


def _read_duration(text: str) -> Duration:
    text = text.strip()
    if iso := _ISO.fullmatch(text):
        years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in iso.groups())
        return Duration(years * 12 + months, weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)
    match = _QUANTITY.fullmatch(text.lower())
    if match is not None:
        amount, unit = Fraction(match[1]), _WORDS.get(match[2], match[2])
        whole = amount * (_MONTHS.get(unit) or _SECONDS.get(unit, 0))
        if unit in _MONTHS and whole.denominator == 1:
            return Duration(months=int(whole))
        if unit in _SECONDS and whole.denominator == 1:
            days, seconds = divmod(int(whole), 86_400) if unit in {"wk", "d"} else (0, int(whole))
            return Duration(days=days, seconds=seconds)
    raise BadInput(f"'{text}' is not a duration", expected=_EXPECTED)


_parse_duration = lru_cache(maxsize=1024)(_read_duration)


def duration_text(duration: Duration) -> str:
    """The duration in ISO 8601; `parse_duration` reads it back."""
    years, months = divmod(duration.months, 12)
    hours, rest = divmod(duration.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    days = "".join(f"{n}{unit}" for n, unit in ((years, "Y"), (months, "M"), (duration.days, "D")) if n)
    time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    if time:
        return f"P{days}T{time}"
    return f"P{days or '0D'}"


def days_before(day: date, duration: Duration) -> date:
    """The day that long before: months first, to the month's last day if need be (31 March - 1 mo = 28
    February), then days. Seconds are left aside. Raises BadInput where the calendar ends.
    """
    return _shift(day, -duration.months, -duration.days)


def days_after(day: date, duration: Duration) -> date:
    """The day that long after, likewise."""
    return _shift(day, duration.months, duration.days)


def _shift(day: date, months: int, days: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    try:
        shifted = date(year, month, min(day.day, monthrange(year, month)[1]))
        return date.fromordinal(shifted.toordinal() + days)
    except (ValueError, OverflowError):
        raise BadInput("a duration reaches beyond the calendar", expected="years 1 to 9999") from None


@lru_cache(maxsize=4096)
def day_window(as_of: date, duration: Duration | None, zone: ZoneInfo) -> Moment:
    """From the start of the local day `as_of` - `duration` to the end of `as_of`, both ends included.

    None is a lifetime. A duration with hours is counted back to the second from the end of `as_of`.
    """
    end = end_of_day(as_of, zone)
    if duration is None:
        return Moment(EVER.start, end)
    first = days_before(as_of, duration)
    if duration.seconds:
        return Moment(end_of_day(first, zone) - duration.seconds * 1000, end)
    return Moment(start_of_day(first, zone), end)


class AsOf(NamedTuple):
    """The index date of a run in the site's zone: it means the end of that day."""

    day: date
    zone: ZoneInfo

    @property
    def end(self) -> int:
        """The first instant after the index date (ms)."""
        return end_of_day(self.day, self.zone)

    def window(self, duration: Duration | None) -> Moment:
        """The days up to the index date; None is a lifetime."""
        return day_window(self.day, duration, self.zone)
