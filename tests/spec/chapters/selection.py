"""Which value decides: windows, fallbacks, blocks, ties, partial dates, and the whole of a window."""

from __future__ import annotations

from typing import Any

from tests.lib.records import Resource, condition, given, observation, ordered, procedure
from tests.spec.codes import (
    BREAST_CANCER,
    CISPLATIN,
    DISEASE_STATUS,
    ECOG,
    ECOG_0,
    ECOG_1,
    ECOG_2,
    HBSAG,
    HIV_SCREEN,
    INDETERMINATE,
    NEGATIVE,
    NOT_DONE,
    NYHA,
    OESOPHAGEAL_CANCER,
    PLATELETS,
    POSITIVE,
    PROGRESSING,
    RADIOTHERAPY,
    T3,
    TUMOUR_SIZE,
)
from tests.spec.tables import Chapter, Table, Topic, case, false, presumed, true, unknown

HEPATITIS = "finding: {concept: hepatitis-b-surface-antigen, in: [positive]}"
COUNT = "measured: {concept: platelet-count, at_least: 100 10*9/L}"


def count(value: str, on: str | None = "2026-10-20", **more: Any) -> Resource:
    """A platelet count; a bare number has the unit 10*9/L."""
    return observation(PLATELETS, value if " " in value else f"{value} 10*9/L", on=on, **more)


def _nyha(words: str) -> Resource:
    """A class of heart failure in words."""
    return observation(NYHA, text=words)


def _said(words: str) -> Resource:
    """A surface antigen in words."""
    return observation(HBSAG, text=words)


WINDOWS = Topic(
    "windows",
    "Two windows",
    "Each concept has a window in which a record decides and one in which it is still shown; both ends of "
    "both are included. Beyond the first a record is `stale`, its value still shown; beyond both it is "
    "`no-record`. A platelet count decides for 28 days and is shown for 90. A criterion may name a window "
    "of its own.",
    (
        Table(
            "window",
            "The ends of both windows; the index date is 1 November",
            COUNT,
            [
                case("on the index date", true("o1"), count("200", "2026-11-01")),
                case("28 days before", true("o1", value="200"), count("200", "2026-10-04")),
                case(
                    "29 days before: stale, and shown",
                    unknown("stale", "o1", value="200", unit="10*9/L", date="2026-10-03"),
                    count("200", "2026-10-03"),
                ),
                case("90 days before", unknown("stale", "o1"), count("200", "2026-08-03")),
                case("91 days before", unknown("no-record"), count("200", "2026-08-02")),
                case("the day after the index date", unknown("no-record"), count("200", "2026-11-02")),
                case(
                    "two stale ones: the later is shown",
                    unknown("stale", "o2"),
                    count("200", "2026-09-01"),
                    count("150", "2026-09-15"),
                ),
            ],
        ),
        Table(
            "window-of-criterion",
            "A window that the criterion names",
            "measured: {concept: platelet-count, at_least: 100 10*9/L, within: 7 d}",
            [
                case("7 days before", true("o1"), count("200", "2026-10-25")),
                case("8 days before", unknown("stale", "o1"), count("200", "2026-10-24")),
            ],
        ),
        Table(
            "window-months",
            "Months are those of the calendar",
            "measured: {concept: platelet-count, at_least: 100 10*9/L, within: 2 mo}",
            [
                case("1 September", true("o1"), count("200", "2026-09-01")),
                case("31 August", unknown("stale", "o1"), count("200", "2026-08-31")),
            ],
        ),
        Table(
            "window-site",
            "A window that the site names",
            COUNT,
            [
                case("14 days before", true("o1"), count("200", "2026-10-18")),
                case("15 days before", unknown("stale", "o1"), count("200", "2026-10-17")),
                case("31 days before", unknown("no-record"), count("200", "2026-10-01")),
            ],
            site={"windows": {"platelet-count": {"decides_within": "14 d", "shows_within": "30 d"}}},
        ),
    ),
)

LATEST = Topic(
    "latest",
    "The latest usable value",
    "The latest usable item in the window decides. One without a value falls back to the one before; one "
    "that is implausible, has no unit, or a unit that cannot be compared, blocks: it is not passed over.",
    (
        Table(
            "latest",
            "Later and earlier",
            COUNT,
            [
                case(
                    "the later one decides",
                    false("o2", value="50"),
                    count("200", "2026-10-10"),
                    count("50", "2026-10-20"),
                ),
                case(
                    "whatever the order of the records",
                    true("o2"),
                    count("50", "2026-10-10", id="o1"),
                    count("200", "2026-10-20", id="o2"),
                ),
                case(
                    "later by the hour",
                    false("o2"),
                    count("200", "2026-10-20T08:00:00Z"),
                    count("50", "2026-10-20T09:00:00Z"),
                ),
                case(
                    "later by the zone",
                    false("o1"),
                    count("50", "2026-10-20T08:00:00-02:00"),
                    count("200", "2026-10-20T09:00:00Z"),
                ),
                case(
                    "without a value: the one before",
                    true("o1"),
                    count("200", "2026-10-10"),
                    observation(PLATELETS),
                ),
                case("only one without a value", unknown("no-value", "o1"), observation(PLATELETS)),
                case(
                    "implausible: blocks",
                    unknown("implausible-value", "o2"),
                    count("200", "2026-10-10"),
                    count("200000"),
                ),
                case(
                    "no unit: blocks",
                    unknown("no-unit", "o2", value="200"),
                    count("200", "2026-10-10"),
                    observation(PLATELETS, "200"),
                ),
                case(
                    "a unit of another kind: blocks",
                    unknown("incomparable-unit", "o2"),
                    count("200", "2026-10-10"),
                    count("200 g/L"),
                ),
                case(
                    "a later good value wins over a block",
                    true("o2"),
                    count("200000", "2026-10-10"),
                    count("200"),
                ),
                case(
                    "no date at all: it may be the latest",
                    unknown("imprecise-date", "o1", "o2"),
                    count("200"),
                    count("50", None),
                ),
            ],
        ),
        Table(
            "latest-category",
            "What says nothing falls back too; what says neither does not",
            HEPATITIS,
            [
                case(
                    "not done, after negative",
                    false("o1"),
                    observation(HBSAG, coded=NEGATIVE, on="2026-10-10"),
                    observation(HBSAG, coded=NOT_DONE),
                ),
                case("only not done", unknown("no-value", "o1"), observation(HBSAG, coded=NOT_DONE)),
                case(
                    "indeterminate after negative: another test has to tell",
                    unknown("unconfirmed", "o2"),
                    observation(HBSAG, coded=NEGATIVE, on="2026-10-10"),
                    observation(HBSAG, coded=INDETERMINATE),
                ),
                case(
                    "negative after indeterminate",
                    false("o2"),
                    observation(HBSAG, coded=INDETERMINATE, on="2026-10-10"),
                    observation(HBSAG, coded=NEGATIVE),
                ),
                case(
                    "only indeterminate",
                    unknown("unconfirmed", "o1"),
                    observation(HBSAG, coded=INDETERMINATE),
                ),
                case(
                    "positive before: it persists",
                    true("o1"),
                    observation(HBSAG, coded=POSITIVE, on="2026-10-10"),
                    observation(HBSAG, coded=INDETERMINATE),
                ),
            ],
        ),
    ),
)

WORDS = Topic(
    "words",
    "Words that nobody can read",
    "A newer record that holds words, or a code, that no mapping can read is there, and may say anything: "
    "it is not passed over for an older one, but blocks (`coarser-code`), with its words as value. Words "
    "that only say that there is no result (not done, pending, haemolysed, a dash) are no value, and the "
    "record before decides.",
    (
        Table(
            "unread-category",
            "HBsAg, negative on 10 October",
            HEPATITIS,
            [
                case(
                    "“see the report”",
                    unknown("coarser-code", "o1", value="see the report"),
                    observation(HBSAG, text="see the report"),
                ),
                case(
                    "in the text of a coded value",
                    unknown("coarser-code", "o1", value="Titre rising"),
                    observation(HBSAG, valueCodeableConcept={"text": "Titre rising"}),
                ),
                case(
                    "a code that nobody knows",
                    unknown("coarser-code", "o1"),
                    observation(HBSAG, coded=T3),
                ),
                case(
                    "a number of which nobody says what it means",
                    unknown("coarser-code", "o1"),
                    observation(HBSAG, "250 [IU]/mL"),
                ),
                case("“not done”", false("negative"), observation(HBSAG, text="not done")),
                case("“Probe hämolytisch”", false("negative"), observation(HBSAG, text="Probe hämolytisch")),
                case("“-”", false("negative"), observation(HBSAG, text="-")),
                case(
                    "an older one that nobody can read",
                    false("negative"),
                    observation(HBSAG, text="see the report", on="2026-10-01"),
                ),
            ],
            background=(observation(HBSAG, coded=NEGATIVE, on="2026-10-10", id="negative"),),
        ),
        Table(
            "unread-recorded",
            "Nor is it silence where a study takes silence as no",
            f"recorded: {{{HEPATITIS}}}",
            [
                case(
                    "“see the report”",
                    unknown("coarser-code", "o1"),
                    observation(HBSAG, text="see the report"),
                ),
                case("indeterminate", unknown("unconfirmed", "o1"), observation(HBSAG, coded=INDETERMINATE)),
                case("“not done”", presumed(), observation(HBSAG, text="not done")),
            ],
        ),
        Table(
            "unread-measurement",
            "A platelet count, 200 on 10 October",
            COUNT,
            [
                case(
                    "“clumped, below 50”",
                    unknown("coarser-code", "o1", value="clumped, below 50"),
                    observation(PLATELETS, text="clumped, below 50"),
                ),
                case("“haemolysed”", true("before"), observation(PLATELETS, text="haemolysed")),
                case("“pending”", true("before"), observation(PLATELETS, text="pending")),
            ],
            background=(count("200", "2026-10-10", id="before"),),
        ),
        Table(
            "nyha-words",
            "A class in words",
            "finding: {concept: nyha-class, in: [III, IV]}",
            [
                case("“NYHA III”", true("o1", basis="derived", value="III"), _nyha("NYHA III")),
                case("“Klasse II”", false("o1", basis="derived", value="II"), _nyha("NYHA-Klasse II")),
                *(
                    case(f"“{words}”: not read", unknown("coarser-code", "o1"), _nyha(words))
                    for words in (
                        "NYHA I, jetzt IV",
                        "NYHA II, zuletzt III",
                        "NYHA II, worsening",
                        "NYHA I before decompensation",
                        "NYHA mind. II",
                        "NYHA II (anamnestisch)",
                        "kein NYHA III",
                    )
                ),
            ],
        ),
        Table(
            "serology-words",
            "Results in English and German words",
            HEPATITIS,
            [
                *(
                    case(f"“{words}”", true("o1", basis="derived", value="positive"), _said(words))
                    for words in (
                        "POSITIVE",
                        "pos.",
                        "positiv",
                        "Reaktiv",
                        "REACTIVE (repeat)",
                        "nachweisbar",
                        "+",
                    )
                ),
                *(
                    case(f"“{words}”", false("o1", basis="derived", value="negative"), _said(words))
                    for words in ("neg", "Negativ", "non-reactive", "nicht nachweisbar", "negative (0.12)")
                ),
                *(
                    case(f"“{words}”: neither", unknown("unconfirmed", "o1", basis="derived"), _said(words))
                    for words in ("weakly positive", "schwach positiv", "(+)", "borderline", "grenzwertig")
                ),
                *(
                    case(f"“{words}”: not read", unknown("coarser-code", "o1"), _said(words))
                    for words in (
                        "Positive (false positive)",
                        "negative (previously positive)",
                        "HBV?",
                        "negative (pending confirmation)",
                        "negativ, Kontrolle in 4 Wochen",
                        "negative - specimen insufficient",
                        "NEGATIVE (wrong sample)",
                        "non reactive, repeat positive",
                        "positiv, Impfung",
                        "positive after vaccination",
                        "positiv, nicht bestätigt",
                        "nicht negativ",
                    )
                ),
            ],
        ),
    ),
)

TIES = Topic(
    "ties",
    "Equal times and partial dates",
    "Where dates are partial, every item that may be the latest is tried: the same truth decides; else "
    "`imprecise-date`, or `conflicting` where the times, or dates without a time, are equal.",
    (
        Table(
            "ties",
            "Two records",
            COUNT,
            [
                case("same day, same truth", true("o1", "o2"), count("200"), count("150")),
                case(
                    "same day, opposite truths", unknown("conflicting", "o1", "o2"), count("200"), count("50")
                ),
                case(
                    "same instant, opposite truths",
                    unknown("conflicting", "o1", "o2"),
                    count("200", "2026-10-20T08:00:00Z"),
                    count("50", "2026-10-20T10:00:00+02:00"),
                ),
                case(
                    "a day, and an hour of that day",
                    unknown("imprecise-date", "o1", "o2"),
                    count("200"),
                    count("50", "2026-10-20T08:00:00Z"),
                ),
                case(
                    "a day, and an hour of the next",
                    false("o2"),
                    count("200"),
                    count("50", "2026-10-21T08:00:00Z"),
                ),
                case(
                    "a month, and a day of it: same truth",
                    true("o1", "o2"),
                    count("200", "2026-10"),
                    count("150"),
                ),
                case(
                    "a month, and a day of it: opposite truths",
                    unknown("imprecise-date", "o1", "o2"),
                    count("50", "2026-10"),
                    count("200"),
                ),
                case(
                    "a month, and a day after it",
                    true("o2"),
                    count("50", "2026-10"),
                    count("200", "2026-11-01"),
                ),
                case(
                    "a year that may lie in the window", unknown("imprecise-date", "o1"), count("200", "2026")
                ),
                case(
                    "two months that may lie in the window",
                    unknown("imprecise-date", "o1", "o2"),
                    count("200", "2026-10"),
                    count("150", "2026-10"),
                ),
            ],
        ),
    ),
)

WHICH = Topic(
    "which",
    "First, any, every, minimum, maximum",
    "Besides the latest, a criterion may ask for the first value of a window, for any or every one, or for "
    "the lowest or highest.",
    (
        Table(
            "first",
            "First",
            "measured: {concept: platelet-count, at_least: 100 10*9/L, which: first}",
            [
                case("the first is high", true("o1", value="200"), count("200", "2026-10-10"), count("50")),
                case(
                    "the first in the window: an older one does not count",
                    false("o2"),
                    count("200", "2026-09-10"),
                    count("50"),
                ),
                case(
                    "opposite truths on the first day",
                    unknown("conflicting", "o1", "o2"),
                    count("200"),
                    count("50"),
                ),
                case(
                    "one that may lie before the window",
                    unknown("imprecise-date", "o1"),
                    count("200", "2026-10"),
                ),
                case(
                    "a month of the window, and a later day",
                    true("o1"),
                    count("200", "2026-10-10"),
                    count("50", "2026-11"),
                ),
            ],
        ),
        Table(
            "any",
            "Any",
            "measured: {concept: platelet-count, at_least: 100 10*9/L, which: any}",
            [
                case("one of two", true("o1", value="200"), count("200", "2026-10-10"), count("50")),
                case("both", true("o1", "o2"), count("200", "2026-10-10"), count("150")),
                case("none", false("o1", "o2"), count("50", "2026-10-10"), count("60")),
                case(
                    "one, that may lie before the window",
                    unknown("imprecise-date", "o1"),
                    count("200", "2026-10"),
                    count("50"),
                ),
                case(
                    "one has no unit",
                    unknown("no-unit", "o1"),
                    observation(PLATELETS, "200", on="2026-10-10"),
                    count("50"),
                ),
                case(
                    "one has no unit, another suffices",
                    true("o2"),
                    observation(PLATELETS, "200", on="2026-10-10"),
                    count("200"),
                ),
                case(
                    "all that there are may lie before the window",
                    unknown("imprecise-date", "o1"),
                    count("50", "2026-10"),
                ),
                case(
                    "recorded beside derived: the stronger counts",
                    true("o1", "o2"),
                    count("200"),
                    observation(PLATELETS, text="150 10*9/L"),
                ),
            ],
        ),
        Table(
            "every",
            "Every",
            "measured: {concept: platelet-count, at_least: 100 10*9/L, which: every}",
            [
                case("both", true("o1", "o2"), count("200", "2026-10-10"), count("150")),
                case("one of two", false("o2"), count("200", "2026-10-10"), count("50")),
                case(
                    "one is unknown",
                    unknown("no-unit", "o1"),
                    observation(PLATELETS, "200", on="2026-10-10"),
                    count("150"),
                ),
                case("no record", unknown("no-record")),
            ],
        ),
        Table(
            "minimum",
            "Minimum",
            "measured: {concept: platelet-count, at_least: 100 10*9/L, at_most: 300 10*9/L, which: minimum}",
            [
                case("the lowest lies between", true("o1", "o2"), count("150", "2026-10-10"), count("400")),
                case("the lowest is too low", false("o2"), count("400", "2026-10-10"), count("50")),
                case("all are too high", false("o1", "o2"), count("400", "2026-10-10"), count("350")),
            ],
        ),
        Table(
            "maximum",
            "Maximum",
            "measured: {concept: platelet-count, at_most: 300 10*9/L, which: maximum}",
            [
                case("all are low enough", true("o1", "o2"), count("150", "2026-10-10"), count("300")),
                case("one is too high", false("o2"), count("150", "2026-10-10"), count("301")),
            ],
        ),
    ),
)

LASTING = Topic(
    "lasting",
    "What lasts, and what an event ends",
    "A positive serology persists, a negative one expires. A named event (treatment, progression) can end "
    "the use of what came before it: such a record is then only shown. A reactive screen of HIV waits for "
    "another test to confirm it.",
    (
        Table(
            "persists",
            "Serology",
            "finding: {concept: hepatitis-b-surface-antigen, in: [positive]}",
            [
                case("positive, years ago", true("o1"), observation(HBSAG, coded=POSITIVE, on="2015-03-01")),
                case(
                    "positive years ago, negative now",
                    true("o1"),
                    observation(HBSAG, coded=POSITIVE, on="2015-03-01"),
                    observation(HBSAG, coded=NEGATIVE),
                ),
                case(
                    "negative, 180 days ago", false("o1"), observation(HBSAG, coded=NEGATIVE, on="2026-05-05")
                ),
                case(
                    "negative, 181 days ago",
                    unknown("stale", "o1"),
                    observation(HBSAG, coded=NEGATIVE, on="2026-05-04"),
                ),
                case(
                    "negative, two years ago",
                    unknown("no-record"),
                    observation(HBSAG, coded=NEGATIVE, on="2024-10-20"),
                ),
            ],
        ),
        Table(
            "needs-confirmation",
            "A screen that waits for another test",
            "finding: {concept: hiv-serology, in: [positive]}",
            [
                case("reactive", unknown("unconfirmed", "o1"), observation(HIV_SCREEN, coded=POSITIVE)),
                case("negative", false("o1"), observation(HIV_SCREEN, coded=NEGATIVE)),
            ],
        ),
        Table(
            "invalidated",
            "The size of a tumour, and treatment",
            "measured: {concept: tumour-size, at_most: 10 cm}",
            [
                case("no treatment", true("o1"), observation(TUMOUR_SIZE, "4 cm")),
                case(
                    "treatment before",
                    true("o1"),
                    observation(TUMOUR_SIZE, "4 cm"),
                    given(CISPLATIN, on="2026-10-01"),
                ),
                case(
                    "treatment since",
                    unknown("stale", "o1", value="4"),
                    observation(TUMOUR_SIZE, "4 cm"),
                    given(CISPLATIN, on="2026-10-25"),
                ),
                case(
                    "progression since",
                    unknown("stale", "o1"),
                    observation(TUMOUR_SIZE, "4 cm"),
                    observation(DISEASE_STATUS, coded=PROGRESSING, on="2026-10-25"),
                ),
                case(
                    "measured again after it",
                    true("o2", value="3"),
                    observation(TUMOUR_SIZE, "4 cm"),
                    given(CISPLATIN, on="2026-10-22"),
                    observation(TUMOUR_SIZE, "3 cm", on="2026-10-28"),
                ),
                case(
                    "treatment some time that month",
                    unknown("imprecise-date", "o1"),
                    observation(TUMOUR_SIZE, "4 cm"),
                    procedure(RADIOTHERAPY, on="2026-10"),
                ),
                case(
                    "only ordered",
                    true("o1"),
                    observation(TUMOUR_SIZE, "4 cm"),
                    ordered(CISPLATIN, on="2026-10-25"),
                ),
                case(
                    "treatment of another cancer",
                    true("o1"),
                    observation(TUMOUR_SIZE, "4 cm", focus="cancer"),
                    condition(BREAST_CANCER, id="breast"),
                    given(CISPLATIN, on="2026-10-25", reason="breast"),
                ),
            ],
            population="oesophageal-cancer",
            background=(condition(OESOPHAGEAL_CANCER, id="cancer"),),
        ),
    ),
)

SCORES = Topic(
    "scores",
    "Scores",
    "The same rules hold for scores and other categories.",
    (
        Table(
            "ecog",
            "ECOG 0 or 1",
            'finding: {concept: ecog-performance-status, in: ["0", "1"]}',
            [
                case(
                    "the later one decides",
                    false("o2"),
                    observation(ECOG, coded=ECOG_1, on="2026-10-10"),
                    observation(ECOG, coded=ECOG_2),
                ),
                case(
                    "29 days old",
                    unknown("stale", "o1", value="1"),
                    observation(ECOG, coded=ECOG_1, on="2026-10-03"),
                ),
                case(
                    "same day, same truth",
                    true("o1", "o2"),
                    observation(ECOG, coded=ECOG_0),
                    observation(ECOG, coded=ECOG_1),
                ),
                case(
                    "same day, opposite truths",
                    unknown("conflicting", "o1", "o2"),
                    observation(ECOG, coded=ECOG_2),
                    observation(ECOG, coded=ECOG_1),
                ),
                case("as an integer", true("o1", value="1"), observation(ECOG, integer=1)),
                case("as a number without unit", true("o1"), observation(ECOG, "1")),
                case("a code that nobody knows", unknown("coarser-code", "o1"), observation(ECOG, coded=T3)),
            ],
        ),
    ),
)

CHAPTER = Chapter(
    "selection",
    "Which value",
    "Of several records of a concept, which one decides.",
    (WINDOWS, LATEST, WORDS, TIES, WHICH, LASTING, SCORES),
)
