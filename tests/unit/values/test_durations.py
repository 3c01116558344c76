from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirscreen.exceptions import BadInput
from fhirscreen.values.dates import EVER, Moment
from fhirscreen.values.durations import (
    AsOf,
    Duration,
    day_window,
    days_after,
    days_before,
    duration_text,
    parse_duration,
)

BERLIN = ZoneInfo("Europe/Berlin")


def instant(*parts: int) -> int:
    year, month, day, hour, minute, second = (*parts, 0, 0, 0)[:6]
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("28 d", Duration(days=28)), ("28d", Duration(days=28)), (" 28 d ", Duration(days=28)),
        ("4 wk", Duration(days=28)), ("4 weeks", Duration(days=28)), ("1 week", Duration(days=7)),
        ("6 mo", Duration(months=6)), ("1 month", Duration(months=1)), ("6 Months", Duration(months=6)),
        ("2 a", Duration(months=24)), ("18 years", Duration(months=216)), ("1 year", Duration(months=12)),
        ("0.5 a", Duration(months=6)), ("1.5 a", Duration(months=18)), ("0.25 a", Duration(months=3)),
        ("12 h", Duration(seconds=43_200)), ("1 hour", Duration(seconds=3600)),
        ("2 hours", Duration(seconds=7200)),
        ("36 h", Duration(seconds=129_600)), ("1.5 h", Duration(seconds=5400)),
        ("30 min", Duration(seconds=1800)), ("1 minute", Duration(seconds=60)),
        ("5 minutes", Duration(seconds=300)),
        ("45 s", Duration(seconds=45)), ("1 second", Duration(seconds=1)),
        ("2 seconds", Duration(seconds=2)),
        ("1 day", Duration(days=1)), ("3 days", Duration(days=3)), ("0.5 d", Duration(seconds=43_200)),
        ("1.5 d", Duration(days=1, seconds=43_200)), ("0.5 wk", Duration(days=3, seconds=43_200)),
        ("0 d", Duration()),
        ("P28D", Duration(days=28)), ("P4W", Duration(days=28)),
        ("P1Y2M3W4D", Duration(months=14, days=25)),
        ("PT12H", Duration(seconds=43_200)), ("P1DT2H3M4S", Duration(days=1, seconds=7384)),
        ("PT5M", Duration(seconds=300)), ("P5M", Duration(months=5)), ("PT7S", Duration(seconds=7)),
        ("P0D", Duration()), ("P2Y", Duration(months=24)), ("PT1H30M", Duration(seconds=5400)),
    ],
)  # fmt: skip
def test_parse_duration(text: str, expected: Duration) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "28", "d", "28 dd", "-3 d", "0.5 mo", "0.3 a", "0.001 s", "P", "PT", "P1DT", "P1H", "PT1D",
        "28 m", "1,5 a",
        "P1.5Y", "3 d 4 h", "2 µs", "P-1D", "lifetime", "1. d", "٣ d",
    ],
)  # fmt: skip
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_duration(text)
    assert str(caught.value) == (
        f"'{text}' is not a duration\n  expected: like 28 d, 4 wk, 6 mo, 2 a, 12 h, P28D or PT12H"
    )


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (Duration(), "P0D"),
        (Duration(days=28), "P28D"),
        (Duration(months=24), "P2Y"),
        (Duration(months=14, days=3), "P1Y2M3D"),
        (Duration(seconds=43_200), "PT12H"),
        (Duration(seconds=129_600), "PT36H"),
        (Duration(months=1, seconds=61), "P1MT1M1S"),
        (Duration(seconds=3601), "PT1H1S"),
    ],
)
def test_duration_text(duration: Duration, expected: str) -> None:
    assert duration_text(duration) == expected


@given(st.builds(Duration, st.integers(0, 500), st.integers(0, 5000), st.integers(0, 10**6)))
def test_duration_text_reads_back(duration: Duration) -> None:
    assert parse_duration(duration_text(duration)) == duration


@pytest.mark.parametrize(
    ("day", "duration", "earlier", "later"),
    [
        (date(2024, 3, 31), "1 mo", date(2024, 2, 29), date(2024, 4, 30)),
        (date(2023, 3, 31), "1 mo", date(2023, 2, 28), date(2023, 4, 30)),
        (date(2024, 2, 29), "1 a", date(2023, 2, 28), date(2025, 2, 28)),
        (date(2024, 2, 29), "4 a", date(2020, 2, 29), date(2028, 2, 29)),
        (date(2024, 1, 15), "28 d", date(2023, 12, 18), date(2024, 2, 12)),
        (date(2024, 1, 15), "1 mo", date(2023, 12, 15), date(2024, 2, 15)),
        (date(2023, 12, 15), "1 mo", date(2023, 11, 15), date(2024, 1, 15)),
        (date(2024, 3, 31), "P1M1D", date(2024, 2, 28), date(2024, 5, 1)),  # months first, then days
        (date(2024, 1, 15), "12 h", date(2024, 1, 15), date(2024, 1, 15)),
        (date(2024, 12, 31), "12 mo", date(2023, 12, 31), date(2025, 12, 31)),
    ],
)
def test_days_before_and_after(day: date, duration: str, earlier: date, later: date) -> None:
    assert days_before(day, parse_duration(duration)) == earlier
    assert days_after(day, parse_duration(duration)) == later


@pytest.mark.parametrize(
    "duration", [Duration(months=100_000), Duration(days=4_000_000), Duration(days=10**30)]
)
def test_durations_beyond_the_calendar(duration: Duration) -> None:
    for shift in (days_before, days_after):
        with pytest.raises(BadInput) as caught:
            shift(date(2024, 1, 1), duration)
        assert str(caught.value) == "a duration reaches beyond the calendar\n  expected: years 1 to 9999"


def test_the_ends_of_the_calendar_are_reached() -> None:
    assert days_before(date(2, 1, 1), parse_duration("1 a")) == date.min
    assert days_after(date(9998, 12, 31), parse_duration("1 a")) == date.max


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 300), st.integers(0, 900))
def test_shifting_there_and_back_loses_only_clamped_days(day: date, months: int, days: int) -> None:
    assert days_before(days_after(day, Duration(days=days)), Duration(days=days)) == day
    back = days_before(days_after(day, Duration(months=months)), Duration(months=months))
    assert back.replace(day=1) == day.replace(day=1)
    assert back == day or back.day in {28, 29, 30}


def test_day_window_includes_both_ends() -> None:
    window = day_window(date(2024, 4, 15), parse_duration("28 d"), BERLIN)
    assert window == Moment(instant(2024, 3, 17, 23), instant(2024, 4, 15, 22))


def test_day_window_of_a_lifetime() -> None:
    assert day_window(date(2024, 4, 15), None, BERLIN) == Moment(EVER.start, instant(2024, 4, 15, 22))


def test_day_window_with_hours_ends_with_the_day() -> None:
    assert day_window(date(2024, 4, 15), parse_duration("12 h"), BERLIN) == Moment(
        instant(2024, 4, 15, 10), instant(2024, 4, 15, 22)
    )
    assert day_window(date(2024, 4, 15), parse_duration("P1DT12H"), BERLIN) == Moment(
        instant(2024, 4, 14, 10), instant(2024, 4, 15, 22)
    )


def test_as_of() -> None:
    as_of = AsOf(date(2024, 4, 15), BERLIN)
    assert as_of.end == instant(2024, 4, 15, 22)
    assert as_of.window(None) == Moment(EVER.start, as_of.end)
    assert as_of.window(Duration(days=0)) == Moment(instant(2024, 4, 14, 22), as_of.end)
