"""Age and sex."""

from __future__ import annotations

from tests.lib.records import patient
from tests.spec.tables import Chapter, Table, Topic, case, false, true, unknown

AGE = Topic(
    "age",
    "Age",
    "Age is completed calendar years at the index date. A year or month of birth is an interval.",
    (
        Table(
            "age",
            "At least 18 years on 1 November 2026",
            "age: {at_least: 18 a}",
            [
                case(
                    "18 that day",
                    true("patient", value="18", unit="a", date="2008-11-01"),
                    patient(birthDate="2008-11-01"),
                ),
                case("18 the day after", false("patient", value="17"), patient(birthDate="2008-11-02")),
                case(
                    "born that month",
                    unknown("imprecise-date", "patient", value="17-18"),
                    patient(birthDate="2008-11"),
                ),
                case("born the month before", true("patient", value="18"), patient(birthDate="2008-10")),
                case("born that year", unknown("imprecise-date", "patient"), patient(birthDate="2008")),
                case("born the year before", true("patient", value="18-19"), patient(birthDate="2007")),
                case("no date of birth", unknown("no-record"), patient(birthDate=None)),
            ],
        ),
        Table(
            "age-leap-day",
            "Born on 29 February, on 28 February",
            "age: {at_least: 18 a}",
            [case("18 tomorrow", false("patient"), patient(birthDate="2008-02-29"))],
            as_of="2026-02-28",
        ),
        Table(
            "age-leap-day-after",
            "Born on 29 February, on 1 March",
            "age: {at_least: 18 a}",
            [case("18 today", true("patient"), patient(birthDate="2008-02-29"))],
            as_of="2026-03-01",
        ),
        Table(
            "age-between",
            "From 18 to 75",
            "age: {at_least: 18 a, at_most: 75 a}",
            [
                case(
                    "75 and 364 days: still 75", true("patient", value="75"), patient(birthDate="1950-11-02")
                ),
                case("76", false("patient", value="76"), patient(birthDate="1950-11-01")),
            ],
        ),
        Table(
            "age-below",
            "Below 75",
            "age: {below: 75 a}",
            [
                case("74", true("patient"), patient(birthDate="1951-11-02")),
                case("75", false("patient"), patient(birthDate="1951-11-01")),
            ],
        ),
    ),
)

SEX = Topic(
    "sex",
    "Sex",
    "Sex is `Patient.gender`; `other` and `unknown` do not tell.",
    (
        Table(
            "sex",
            "Female",
            "sex: female",
            [
                case("female", true("patient", value="female"), patient(gender="female")),
                case("male", false("patient", value="male"), patient(gender="male")),
                case("other", unknown("no-value", "patient"), patient(gender="other")),
                case("unknown", unknown("no-value", "patient"), patient(gender="unknown")),
                case("nothing", unknown("no-record"), patient(gender=None)),
            ],
        ),
    ),
)

CHAPTER = Chapter("persons", "Age and sex", "What the Patient resource says.", (AGE, SEX))
