"""Time: the index date, the site's zone, partial dates."""

from __future__ import annotations

from typing import Any

from tests.lib.records import Resource, condition, observation
from tests.spec.codes import PLATELETS, STROKE
from tests.spec.tables import Chapter, Table, Topic, case, true, unknown

COUNT = "measured: {concept: platelet-count, at_least: 100 10*9/L}"


def count(on: str, **more: Any) -> Resource:
    """A platelet count at a time."""
    return observation(PLATELETS, "200 10*9/L", on=on, **more)


INDEX_DATE = Topic(
    "index-date",
    "The index date",
    "A run is evaluated at an index date, which means the end of that day in the site’s zone; the clock "
    "plays no part. Dates without a time are local days.",
    (
        Table(
            "as-of",
            "The end of 1 November 2026 in Berlin (UTC+1)",
            COUNT,
            [
                case("23:59:59 in Berlin", true("o1"), count("2026-11-01T23:59:59+01:00")),
                case("midnight after it", unknown("no-record"), count("2026-11-02T00:00:00+01:00")),
                case("22:59:59 UTC: still that day", true("o1"), count("2026-11-01T22:59:59Z")),
                case("23:00 UTC: the next day", unknown("no-record"), count("2026-11-01T23:00:00Z")),
                case("some time in November: as far as it can be", true("o1"), count("2026-11")),
            ],
        ),
        Table(
            "as-of-elsewhere",
            "The same in Honolulu (UTC−10)",
            COUNT,
            [
                case("9:59:59 UTC of the next day", true("o1"), count("2026-11-02T09:59:59Z")),
                case("10:00 UTC of the next day", unknown("no-record"), count("2026-11-02T10:00:00Z")),
                case("2 November, a local day", unknown("no-record"), count("2026-11-02")),
            ],
            site={"time_zone": "Pacific/Honolulu"},
        ),
        Table(
            "as-of-window",
            "The window begins with a local day: 4 October, in Berlin",
            COUNT,
            [
                case("0:00 in Berlin (UTC+2)", true("o1"), count("2026-10-04T00:00:00+02:00")),
                case("23:59:59 the day before", unknown("stale", "o1"), count("2026-10-03T23:59:59+02:00")),
                case("22:00 UTC the day before", true("o1"), count("2026-10-03T22:00:00Z")),
            ],
        ),
        Table(
            "as-of-past",
            "A past index date looks at clinical time, not at the time of recording",
            COUNT,
            [
                case(
                    "measured by then, recorded years later",
                    true("o1"),
                    count("2020-05-20", issued="2024-01-01T00:00:00Z"),
                ),
                case("measured later", unknown("no-record"), count("2020-07-01")),
            ],
            as_of="2020-06-01",
        ),
        Table(
            "as-of-past-diagnosis",
            "So do diagnoses",
            "condition: {concept: stroke}",
            [
                case(
                    "onset by then", true("c1"), condition(STROKE, on="2019-01-01", recordedDate="2024-01-01")
                ),
                case("onset later", unknown("no-record"), condition(STROKE, on="2021-01-01")),
            ],
            as_of="2020-06-01",
        ),
    ),
)

FORMS = Topic(
    "forms",
    "Forms of a date",
    "A year or a month is an interval; a period counts by its end, an instant as it is.",
    (
        Table(
            "forms",
            "A count within 28 days",
            COUNT,
            [
                case("a day", true("o1", date="2026-10-20"), count("2026-10-20")),
                case("a day and a time", true("o1"), count("2026-10-20T08:30:00+02:00")),
                case(
                    "an instant",
                    true("o1"),
                    observation(
                        PLATELETS, "200 10*9/L", on=None, effectiveInstant="2026-10-20T08:30:00.000Z"
                    ),
                ),
                case(
                    "a period: its end",
                    true("o1"),
                    observation(
                        PLATELETS,
                        "200 10*9/L",
                        on=None,
                        effectivePeriod={"start": "2026-09-01", "end": "2026-10-20"},
                    ),
                ),
                case("a month inside the window", true("o1", date="2026-11"), count("2026-11")),
                case(
                    "a month that reaches out of it",
                    unknown("imprecise-date", "o1", date="2026-10"),
                    count("2026-10"),
                ),
                case("a year", unknown("imprecise-date", "o1", date="2026"), count("2026")),
                case(
                    "no date",
                    unknown("imprecise-date", "o1", date=""),
                    observation(PLATELETS, "200 10*9/L", on=None),
                ),
            ],
        ),
    ),
)

CHAPTER = Chapter("time", "Time", "When things are, seen from the index date.", (INDEX_DATE, FORMS))
