from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirscreen.exceptions import DataError
from fhirscreen.values.dates import (
    EVER,
    Moment,
    _read_any,
    _read_instant,
    after,
    before,
    completed_years,
    date_range,
    end_of_day,
    local_date,
    local_dates,
    moment_text,
    parse_moment,
    relation,
    start_of_day,
    whole_days_between,
)
from fhirscreen.values.truth import Truth

F, U, T = Truth.FALSE, Truth.UNKNOWN, Truth.TRUE
ZULU = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")  # midnight was skipped where summer time began
KIRITIMATI = ZoneInfo("Pacific/Kiritimati")  # +14:00
HAVANA = ZoneInfo("America/Havana")  # midnight is repeated where summer time ends
DAY = 86_400_000
zones = st.sampled_from([ZULU, BERLIN, NEW_YORK, SAO_PAULO, KIRITIMATI, HAVANA])


def instant(*parts: int) -> int:
    """Milliseconds of a UTC date and time."""
    year, month, day, hour, minute, second = (*parts, 0, 0, 0)[:6]
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("text", "zone", "start", "end"),
    [
        ("2024", ZULU, instant(2024, 1, 1), instant(2025, 1, 1)),
        ("2024-02", ZULU, instant(2024, 2, 1), instant(2024, 3, 1)),
        ("2024-12", ZULU, instant(2024, 12, 1), instant(2025, 1, 1)),
        ("2024-02-29", ZULU, instant(2024, 2, 29), instant(2024, 3, 1)),
        ("2024-02-29", BERLIN, instant(2024, 2, 28, 23), instant(2024, 2, 29, 23)),
        ("2024-02-29", KIRITIMATI, instant(2024, 2, 28, 10), instant(2024, 2, 29, 10)),
        ("2024-03-31", BERLIN, instant(2024, 3, 30, 23), instant(2024, 3, 31, 22)),  # 23 hours
        ("2024-10-27", BERLIN, instant(2024, 10, 26, 22), instant(2024, 10, 27, 23)),  # 25 hours
        ("2018-11-04", SAO_PAULO, instant(2018, 11, 4, 3), instant(2018, 11, 5, 2)),  # begins at 01:00
        ("2018-11-03", SAO_PAULO, instant(2018, 11, 3, 3), instant(2018, 11, 4, 3)),
        ("2024-01-01T10:20:30Z", BERLIN, instant(2024, 1, 1, 10, 20, 30), instant(2024, 1, 1, 10, 20, 31)),
        ("2024-01-01T10:20:30+02:30", ZULU, instant(2024, 1, 1, 7, 50, 30), instant(2024, 1, 1, 7, 50, 31)),
        ("2024-01-01T10:20:30-05:00", ZULU, instant(2024, 1, 1, 15, 20, 30), instant(2024, 1, 1, 15, 20, 31)),
        ("2024-01-01T00:00:00+14:00", ZULU, instant(2023, 12, 31, 10), instant(2023, 12, 31, 10, 0, 1)),
        ("2024-01-01T23:59:59Z", ZULU, instant(2024, 1, 1, 23, 59, 59), instant(2024, 1, 2)),
        ("2024-01-01T23:59:00", BERLIN, instant(2024, 1, 1, 22, 59), instant(2024, 1, 1, 22, 59, 1)),
        ("2024-01-01T23:59:60Z", ZULU, instant(2024, 1, 2), instant(2024, 1, 2, 0, 0, 1)),
        ("2024-01-01T10:20Z", ZULU, instant(2024, 1, 1, 10, 20), instant(2024, 1, 1, 10, 21)),
        ("2024-01-01T10:20", BERLIN, instant(2024, 1, 1, 9, 20), instant(2024, 1, 1, 9, 21)),
        ("2024-01-01T10:20:30", BERLIN, instant(2024, 1, 1, 9, 20, 30), instant(2024, 1, 1, 9, 20, 31)),
        ("2024-07-01T10:20:30", BERLIN, instant(2024, 7, 1, 8, 20, 30), instant(2024, 7, 1, 8, 20, 31)),
        ("2024-10-27T02:30:00", BERLIN, instant(2024, 10, 27, 0, 30), instant(2024, 10, 27, 1, 30, 1)),
        ("1969-12-31T23:59:59Z", ZULU, -1000, 0),
        ("9999-12-31", ZULU, instant(9999, 12, 31), instant(9999, 12, 31) + DAY),
        ("9999", ZULU, instant(9999, 1, 1), instant(9999, 12, 31) + DAY),
        ("0001-01-01", ZULU, instant(1, 1, 1), instant(1, 1, 2)),
    ],
)
def test_parse_moment(text: str, zone: ZoneInfo, start: int, end: int) -> None:
    assert parse_moment(text, zone) == Moment(start, end)


@pytest.mark.parametrize(
    ("fraction", "start", "width"),
    [
        ("5", 500, 100), ("05", 50, 10), ("123", 123, 1), ("1239", 123, 1), ("000000001", 0, 1),
        ("999", 999, 1),
        ("0", 0, 100),
    ],
)  # fmt: skip
def test_a_fraction_is_as_wide_as_its_last_digit(fraction: str, start: int, width: int) -> None:
    second = instant(2024, 1, 1, 10)
    expected = Moment(second + start, second + start + width)
    assert parse_moment(f"2024-01-01T10:00:00.{fraction}Z", ZULU) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2024-13", "2024-00", "2023-02-29", "2024-04-31", "0000", "24", "2024-1-1", "20240101",
        "yesterday", "",
        " 2024", "2024\n", "2024-01-01T24:00:00Z", "2024-01-01T10:60:00Z", "2024-01-01T10:00:61Z",
        "2024-01-01T10Z", "2024-01-01T10:00:00.Z", "2024-01-01T10:00:00+15:00", "2024-01-01T10:00:00+01:60",
        "2024-01-01T10:00:00+0100", "2024-01-01 10:00:00Z", "2024-01T10:00:00Z", "2024-02-30T10:00:00Z",
        "２０２４", "2024-01-01T10:00:00z", None, 2024, ["2024"], {},
    ],
)  # fmt: skip
def test_what_is_no_date_is_an_error_that_does_not_repeat_it(text: object) -> None:
    with pytest.raises(DataError) as caught:
        parse_moment(text, ZULU)
    assert str(caught.value) == (
        "a date cannot be read\n  expected: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone"
    )
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("text", ["2024-13", "x", "2024-01-01T", None, [], "2023-02-29T10:00:00Z"])
def test_date_range_refuses_likewise(text: object) -> None:
    with pytest.raises(DataError, match=r"^a date cannot be read\n"):
        date_range(text)


def test_offsets_reach_fourteen_hours_and_the_last_minute() -> None:
    assert parse_moment("2024-01-01T00:00:00-14:59", ZULU).start == instant(2024, 1, 1, 14, 59)
    assert parse_moment("2024-01-01T00:00-14:59", ZULU).start == instant(2024, 1, 1, 14, 59)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("1960", date(1960, 1, 1), date(1960, 12, 31)),
        ("1960-02", date(1960, 2, 1), date(1960, 2, 29)),
        ("1961-02", date(1961, 2, 1), date(1961, 2, 28)),
        ("1960-02-11", date(1960, 2, 11), date(1960, 2, 11)),
        ("1960-02-11T23:00:00Z", date(1960, 2, 11), date(1960, 2, 11)),
    ],
)
def test_date_range(text: str, first: date, last: date) -> None:
    assert date_range(text) == (first, last)


def test_ever_is_longer_than_any_date() -> None:
    for zone in (KIRITIMATI, ZoneInfo("Pacific/Pago_Pago"), BERLIN):
        for text in ("0001", "9999", "9999-12-31T23:59:60-14:00", "0001-01-01T00:00:00+14:00"):
            moment = parse_moment(text, zone)
            assert relation(moment, EVER) is T
            assert EVER.start < moment.start
            assert moment.end < EVER.end
    assert instant(1, 1, 1) - DAY == EVER.start
    assert instant(9999, 12, 31) + 2 * DAY == EVER.end


def test_start_and_end_of_day() -> None:
    assert start_of_day(date(2024, 3, 31), BERLIN) == instant(2024, 3, 30, 23)
    assert end_of_day(date(2024, 3, 31), BERLIN) == instant(2024, 3, 31, 22)
    assert start_of_day(date(2018, 11, 4), SAO_PAULO) == instant(2018, 11, 4, 3)
    # 00:30 comes twice on 3 November 2024 in Havana: the day begins with the first
    assert start_of_day(date(2024, 11, 3), HAVANA) == instant(2024, 11, 3, 4)
    assert end_of_day(date(2024, 11, 3), HAVANA) == instant(2024, 11, 4, 5)
    assert end_of_day(date.max, ZULU) == instant(9999, 12, 31) + DAY


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), zones)
def test_days_tile_time(day: date, zone: ZoneInfo) -> None:
    start, end = start_of_day(day, zone), end_of_day(day, zone)
    assert end == start_of_day(day + timedelta(days=1), zone)
    assert local_date(start, zone) == local_date(end - 1, zone) == day
    assert local_date(start - 1, zone) < day < local_date(end, zone)
    assert local_dates(Moment(start, end), zone) == (day, day)


def test_local_date_beyond_the_calendar_is_its_first_or_last_day() -> None:
    assert local_date(EVER.start, ZULU) == date.min
    assert local_date(EVER.end, ZULU) == date.max
    assert local_date(0, NEW_YORK) == date(1969, 12, 31)
    assert local_dates(Moment(0, DAY), ZULU) == (date(1970, 1, 1), date(1970, 1, 1))
    assert local_dates(Moment(0, DAY + 1), ZULU) == (date(1970, 1, 1), date(1970, 1, 2))
    assert local_dates(Moment(0, DAY), BERLIN) == (date(1970, 1, 1), date(1970, 1, 2))


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2024", BERLIN), ("2024-02", BERLIN), ("2024-12", BERLIN), ("2024-02-29", BERLIN),
        ("2018-11-04", SAO_PAULO),
        ("2024-07-01T10:20:30+02:00", BERLIN), ("2024-01-01T10:20:30.120-05:00", NEW_YORK), ("9999", ZULU),
        ("2024-01-01T10:20:30+00:00", ZULU), ("2024-01-01T10:20:30.001+00:00", ZULU),
    ],
)  # fmt: skip
def test_moment_text_is_as_coarse_as_the_moment(text: str, zone: ZoneInfo) -> None:
    assert moment_text(parse_moment(text, zone), zone) == text


def test_moment_text_of_other_lengths_is_the_start() -> None:
    two_days = Moment(instant(2024, 1, 1), instant(2024, 1, 3))
    assert moment_text(two_days, ZULU) == "2024-01-01T00:00:00+00:00"
    morning = Moment(instant(2024, 1, 1), instant(2024, 1, 1, 12))
    assert moment_text(morning, ZULU) == "2024-01-01T00:00:00+00:00"
    evening = Moment(instant(2024, 1, 1, 12), instant(2024, 1, 2))
    assert moment_text(evening, ZULU) == "2024-01-01T12:00:00+00:00"
    assert moment_text(parse_moment("2024-01-01T10:20Z", ZULU), BERLIN) == "2024-01-01T11:20:00+01:00"
    assert moment_text(Moment(-1, 0), ZULU) == "1969-12-31T23:59:59.999+00:00"


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), zones, zones)  # noqa: DTZ001 - made aware below
def test_moment_text_reads_back(local: datetime, sent: ZoneInfo, zone: ZoneInfo) -> None:
    text = local.replace(tzinfo=sent, microsecond=0).isoformat()
    if len(text) != 25:  # an offset with seconds, of local mean time, which FHIR cannot write
        return
    moment = parse_moment(text, zone)
    if len(again := moment_text(moment, zone)) == 25:
        assert parse_moment(again, ZULU) == moment


almost = st.from_regex(
    r"\A(19|20)\d\d-?(0\d|1[0-3]|W\d\d)-?[0-3]?\d[T t]([01]\d|2[0-5])[:.]?[0-6]\d"
    r"[:+]?([0-6]\d)?([.,]\d{1,6})?(Z|z|[+-]([01]\d|2[0-4]):?[0-6]\d(:\d\d)?)?\Z"
)


@given(almost)
def test_the_fast_way_reads_what_the_whole_grammar_does_and_no_more(text: str) -> None:
    fast = _read_instant(text)
    try:
        whole = _read_any(text, BERLIN)
    except DataError:
        assert fast is None
    else:
        assert fast in {None, whole}


@pytest.mark.parametrize(
    ("text", "fast"),
    [
        ("2024-01-01T10:20:30Z", True), ("2024-01-01T10:20:30+14:00", True),
        ("2024-01-01T10:20:30.123Z", True),
        ("1924-01-01T10:20:30.123-05:00", True), ("2024-01-01T10:20:30-15:00", False),
        ("2024-01-01T24:00:00Z", False), ("2024-01-01T10:20:60Z", False),
        ("2024-01-01T10:20:30.12Z", False),
        ("2024-01-01 10:20:30Z", False), ("2024-W01-1T10:20:30Z", False), ("2024-01-01T10:20:30z", False),
        ("2024-01-01T10:20+01:00:30", False), ("20240101T102030.000+01:00", False),
        ("2024-01-01T10:20:30.1234", False), ("2024-01-01T10:20:30.12345", False),
        ("2024-01-01T102030.5+01:00", False),
        ("2024-01-01T10:20:30.123+0100", False), ("2024-01-01", False),
        ("2024-01-01T10:20:30+01+00", False),
        ("2024-01-01T10:20:30.1+0100", False), ("2024-01-01T10.20:30Z", False),
        ("2024-01-01T10:20.30Z", False),
    ],
)  # fmt: skip
def test_what_is_read_the_fast_way(text: str, fast: bool) -> None:
    assert (_read_instant(text) is not None) is fast
    if fast:
        assert _read_instant(text) == _read_any(text, BERLIN)


WINDOW = Moment(100, 200)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (Moment(100, 200), T), (Moment(100, 101), T), (Moment(199, 200), T), (Moment(120, 150), T),
        (Moment(99, 100), F), (Moment(200, 201), F), (Moment(0, 50), F), (Moment(300, 400), F),
        (Moment(99, 101), U), (Moment(199, 201), U), (Moment(50, 300), U), (Moment(99, 200), U),
        (Moment(100, 201), U),
    ],
)  # fmt: skip
def test_relation(moment: Moment, expected: Truth) -> None:
    assert relation(moment, WINDOW) is expected


@pytest.mark.parametrize(
    ("left", "right", "earlier", "later"),
    [
        (Moment(0, 10), Moment(10, 20), T, F),
        (Moment(0, 10), Moment(9, 20), U, F),
        (Moment(0, 10), Moment(8, 20), U, U),
        (Moment(0, 10), Moment(0, 10), U, U),
        (Moment(5, 6), Moment(5, 6), F, F),
        (Moment(5, 6), Moment(0, 6), F, U),
        (Moment(4, 6), Moment(0, 6), U, U),
        (Moment(10, 20), Moment(0, 10), F, T),
    ],
)
def test_before_and_after(left: Moment, right: Moment, earlier: Truth, later: Truth) -> None:
    assert before(left, right) is earlier
    assert after(left, right) is later


small = st.integers(0, 8)


@st.composite
def moments(draw: st.DrawFn) -> Moment:
    start = draw(small)
    return Moment(start, start + 1 + draw(small))


@given(moments(), moments())
def test_before_and_relation_say_what_holds_of_every_millisecond(left: Moment, right: Moment) -> None:
    pairs = {a < b for a in range(*left) for b in range(*right)}
    assert before(left, right) is (U if len(pairs) > 1 else T if pairs == {True} else F)
    inside = {a in range(*right) for a in range(*left)}
    assert relation(left, right) is (U if len(inside) > 1 else T if inside == {True} else F)


@pytest.mark.parametrize(
    ("birth", "on", "expected"),
    [
        ("1960-06-15", date(2024, 6, 14), (63, 63)),
        ("1960-06-15", date(2024, 6, 15), (64, 64)),
        ("1960-06-15", date(2024, 7, 1), (64, 64)),
        ("1960-06-15", date(2024, 5, 30), (63, 63)),
        ("1960-06", date(2024, 6, 15), (63, 64)),
        ("1960-06", date(2024, 6, 30), (64, 64)),
        ("1960", date(2024, 6, 15), (63, 64)),
        ("1960", date(2024, 12, 31), (64, 64)),
        ("1960-02-29", date(2023, 2, 28), (62, 62)),
        ("1960-02-29", date(2023, 3, 1), (63, 63)),
        ("1960-02-29", date(2024, 2, 29), (64, 64)),
        ("2024-06-15", date(2024, 6, 14), (-1, -1)),
        ("2024-06-15", date(2024, 6, 15), (0, 0)),
    ],
)
def test_completed_years(birth: str, on: date, expected: tuple[int, int]) -> None:
    assert completed_years(birth, on) == expected
    assert completed_years(birth, on, on) == expected


def test_completed_years_over_a_range_of_days() -> None:
    assert completed_years("1960-06-15", date(2024, 1, 1), date(2024, 12, 31)) == (63, 64)
    assert completed_years("1960", date(2023, 1, 1), date(2024, 12, 31)) == (62, 64)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("2024-01-01", "2024-01-15", (14, 14)),
        ("2024-01-15", "2024-01-01", (-14, -14)),
        ("2024-01-01T23:00:00+01:00", "2024-01-02T01:00:00+01:00", (1, 1)),
        ("2024-01", "2024-02-10", (10, 40)),
        ("2024-01-10", "2024-02", (22, 50)),
        ("2024-03-30", "2024-04-01", (2, 2)),
    ],
)
def test_whole_days_between(left: str, right: str, expected: tuple[int, int]) -> None:
    moments = (parse_moment(left, BERLIN), parse_moment(right, BERLIN))
    assert whole_days_between(*moments, BERLIN) == expected
