"""Dates as FHIR has them, partial or to the millisecond, as half-open intervals of instants.

A date without a time means whole local days of the site's zone (R4, datatypes, date and dateTime). All
instants are integer milliseconds since 1970-01-01T00:00:00Z; a naive datetime is never made.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from fhirscreen.exceptions import DataError
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()
_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_REMEMBERED = 1 << 16

_FORM = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
_FORMS = {20: (19, 1000), 25: (19, 1000), 24: (23, 1), 29: (23, 1)}
"""Where the offset stands and how many milliseconds are meant, by the length of `2024-01-01T10:20:30Z`,
`…30+01:00`, `…30.123Z` and `…30.123+01:00`.
"""
_EXPECTED = "YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone"


class Moment(NamedTuple):
    """When something was, as far as is known: from `start` up to, and without, `end` (ms since the epoch)."""

    start: int
    end: int


EVER = Moment((1 - _EPOCH - 1) * _DAY, (date.max.toordinal() - _EPOCH + 2) * _DAY)
"""Longer than any date that FHIR can write, in any zone."""


def parse_moment(text: object, zone: ZoneInfo) -> Moment:
    """A FHIR date, dateTime or instant of any precision, as the instants that it may mean.

    A time to the second spans that second; one without an offset, which R4 forbids and servers send, is
    local to `zone` (and spans both readings of the hour that the end of summer time repeats).
    Raises DataError, without the text, for anything else (`2024-13`, `2023-02-29`, `yesterday`).
    """
    if not isinstance(text, str):
        raise _unreadable()
    return _parse_moment(text, zone)


def _read_moment(text: str, zone: ZoneInfo) -> Moment:
    return _read_instant(text) or _read_any(text, zone)


def _read_instant(text: str) -> Moment | None:
    """What nearly all servers send, to the second or millisecond with an offset, faster.

    None for all else, also where datetime is more lenient than FHIR.
    """
    form = _FORMS.get(len(text))
    if form is None or not (text[10] == "T" and text[7] == "-" and text[13] == text[16] == ":"):
        return None
    offset, width = form
    # Python 3.13 reads 24:00 as the next midnight; FHIR forbids it.
    if text[19] not in "Z+-." or text[offset] not in "Z+-" or text[11:13] == "24":
        return None
    if not (text[-1] == "Z" or (text[-3] == ":" and text[-5:-3] <= "14" and text[-2:] <= "59")):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    if instant.tzinfo is None:
        return None
    start = round(instant.timestamp() * 1000)
    return Moment(start, start + width)


def _read_any(text: str, zone: ZoneInfo) -> Moment:
    match = _FORM.fullmatch(text)
    if match is None:
        raise _unreadable()
    hour = match[4]
    if hour is None:
        first, last = date_range(text)
        return Moment(start_of_day(first, zone), end_of_day(last, zone))
    minute, second, fraction, offset = int(match[5]), match[6], match[7] or "", match[8]
    seconds = int(second or 0)
    # A leap second (60) is allowed by FHIR's pattern, and is the instant that follows it here.
    if int(hour) > 23 or minute > 59 or seconds > 60:
        raise _unreadable()
    day = _day(int(match[1]), int(match[2]), int(match[3]))
    time = (int(hour) * 3600 + minute * 60 + seconds) * 1000 + int(f"{fraction:0<3.3}")
    width = 60_000 if second is None else 10 ** (3 - min(len(fraction), 3))
    start = (day.toordinal() - _EPOCH) * _DAY + time
    if offset is None:
        early, late = _local_offsets(day, time, zone)
        return Moment(start - early, start - late + width)
    start -= _offset(offset)
    return Moment(start, start + width)


_parse_moment = lru_cache(maxsize=_REMEMBERED)(_read_moment)


def _unreadable() -> DataError:
    return DataError("a date cannot be read", expected=_EXPECTED)


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise _unreadable() from None


def _offset(text: str) -> int:
    if text == "Z":
        return 0
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 14 or minutes > 59:
        raise _unreadable()
    milliseconds = (hours * 60 + minutes) * 60_000
    return -milliseconds if text[0] == "-" else milliseconds


def _local_offsets(day: date, time: int, zone: ZoneInfo) -> tuple[int, int]:
    """The zone's offsets (ms) at a local time: the greater first; they differ where clocks change."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(milliseconds=time)
    offsets = [_milliseconds(local.replace(fold=fold).utcoffset()) for fold in (0, 1)]
    return max(offsets), min(offsets)


def _milliseconds(delta: timedelta | None) -> int:
    if delta is None:  # pragma: no cover - every ZoneInfo knows its offset
        raise TypeError("a datetime without a zone")
    return delta // timedelta(milliseconds=1)


def date_range(text: object) -> tuple[date, date]:
    """The first and last calendar day of a FHIR date (`1960`, `1960-02`, `1960-02-29`).

    The time of a dateTime is left aside. Raises DataError for what is no date.
    """
    if not isinstance(text, str):
        raise _unreadable()
    return _date_range(text)


def _read_date_range(text: str) -> tuple[date, date]:
    match = _FORM.fullmatch(text)
    if match is None:
        raise _unreadable()
    year, month, day = int(match[1]), match[2], match[3]
    first = _day(year, int(month or 1), int(day or 1))
    if day is not None:
        return first, first
    last_month = 12 if month is None else first.month
    return first, date(year, last_month, monthrange(year, last_month)[1])


_date_range = lru_cache(maxsize=_REMEMBERED)(_read_date_range)


def start_of_day(day: date, zone: ZoneInfo) -> int:
    """The first instant of a local day. Where clocks skip or repeat midnight, the first of that day."""
    return _start_of_day(day, zone)


def _compute_start_of_day(day: date, zone: ZoneInfo) -> int:
    offset = datetime(day.year, day.month, day.day, tzinfo=zone).utcoffset()
    return (day.toordinal() - _EPOCH) * _DAY - _milliseconds(offset)


_start_of_day = lru_cache(maxsize=_REMEMBERED)(_compute_start_of_day)


def end_of_day(day: date, zone: ZoneInfo) -> int:
    """The first instant after a local day."""
    if day == date.max:  # the sentinel 9999-12-31 has no next day
        return _start_of_day(day, zone) + _DAY
    return _start_of_day(date.fromordinal(day.toordinal() + 1), zone)


def local_date(instant: int, zone: ZoneInfo) -> date:
    """The calendar day of an instant (ms) in a zone; the first or last day of the calendar beyond it."""
    return _local_date(instant, zone)


def _compute_local_date(instant: int, zone: ZoneInfo) -> date:
    try:
        return (_ORIGIN + timedelta(milliseconds=instant)).astimezone(zone).date()
    except OverflowError:
        return date.min if instant < 0 else date.max


_local_date = lru_cache(maxsize=_REMEMBERED)(_compute_local_date)


def local_dates(moment: Moment, zone: ZoneInfo) -> tuple[date, date]:
    """The first and last calendar day that a moment may fall on."""
    return local_date(moment.start, zone), local_date(moment.end - 1, zone)


@lru_cache(maxsize=_REMEMBERED)
def moment_text(moment: Moment, zone: ZoneInfo) -> str:
    """The moment as FHIR writes it, as coarse as it is: a year, a month, a day, else its start with offset.

    What `parse_moment` read is written as the same moment again, but for minutes and for times without an
    offset, which become their first instant.
    """
    first, last = local_dates(moment, zone)
    if start_of_day(first, zone) == moment.start and end_of_day(last, zone) == moment.end:
        text = first.isoformat()
        if first == last:
            return text
        if (first, last) == date_range(text[:7]):
            return text[:7]
        if (first, last) == date_range(text[:4]):
            return text[:4]
    instant = (_ORIGIN + timedelta(milliseconds=moment.start)).astimezone(zone)
    return instant.isoformat(timespec="milliseconds" if moment.start % 1000 else "seconds")


def relation(moment: Moment, window: Moment) -> Truth:
    """TRUE where the moment is wholly inside the window, FALSE where wholly outside, else UNKNOWN."""
    if moment.start >= window.start and moment.end <= window.end:
        return TRUE
    if moment.end <= window.start or moment.start >= window.end:
        return FALSE
    return UNKNOWN


def before(left: Moment, right: Moment) -> Truth:
    """Whether `left` was earlier than `right`: FALSE for the same millisecond, UNKNOWN where they overlap."""
    if left.end <= right.start:
        return TRUE
    return FALSE if left.start >= right.end - 1 else UNKNOWN


def after(left: Moment, right: Moment) -> Truth:
    """Whether `left` was later than `right`."""
    return before(right, left)


def completed_years(birth: object, first: date, last: date | None = None) -> tuple[int, int]:
    """The least and greatest age, in completed calendar years, of one born on a FHIR date.

    `first` is the day at which age is asked, or, with `last`, a range of such days. One born on 29
    February completes a year on 1 March of other than leap years. Below zero before the birth.
    """
    earliest, latest = date_range(birth)
    return _years(latest, first), _years(earliest, last or first)


def _years(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def whole_days_between(left: Moment, right: Moment, zone: ZoneInfo) -> tuple[int, int]:
    """The least and greatest number of calendar days from `left` to `right`, negative where it is earlier."""
    left_first, left_last = local_dates(left, zone)
    right_first, right_last = local_dates(right, zone)
    return (right_first - left_last).days, (right_last - left_first).days
