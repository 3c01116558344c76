"""Events in time: how long ago, what came after what, how many."""

from __future__ import annotations

from tests.lib.records import Code, condition, given, observation, ordered, taken
from tests.spec.codes import (
    BLOOD_COUNT,
    CISPLATIN,
    DISEASE_STATUS,
    INFARCTION,
    LIVER_METASTASIS,
    LUNG_METASTASIS,
    MILD,
    PEMBROLIZUMAB,
    PLATELETS,
    PROGRESSING,
    SEVERE,
    STROKE,
    STROKE_HISTORY,
    icd,
    snomed,
)
from tests.spec.tables import Chapter, Expected, Table, Topic, case, false, presumed, true, unknown

COMPLETE = {"complete": {"Condition": "lifelong", "Procedure": "lifelong", "medications": "lifelong"}}
WASHOUT = "elapsed: {since: {received: {concept: systemic-chemotherapy}}, at_least: 28 d}"
NEVER = Expected("true", "presumed", "absence-presumed")

DIAGNOSES = Topic(
    "diagnoses",
    "Diagnoses: ever, at present, in a window, by severity",
    "A diagnosis holds from its onset. In a window, its onset must lie; at present, it must not have ended; "
    "by severity, the recorded severity counts, and none is `no-value`.",
    (
        Table(
            "diagnosis-within",
            "Within 6 months",
            "condition: {concept: myocardial-infarction, within: 6 mo}",
            [
                case("on 1 May", true("c1"), condition(INFARCTION, on="2026-05-01")),
                case("on 30 April", presumed(), condition(INFARCTION, on="2026-04-30")),
                case(
                    "some time that year", unknown("imprecise-date", "c1"), condition(INFARCTION, on="2026")
                ),
                case("no date", unknown("imprecise-date", "c1"), condition(INFARCTION, on=None)),
                case(
                    "only the date of recording",
                    true("c1", date="2026-09-01"),
                    condition(INFARCTION, on=None, recordedDate="2026-09-01"),
                ),
                case(
                    "a period: its start",
                    presumed(),
                    condition(INFARCTION, on=None, onsetPeriod={"start": "2026-04-01", "end": "2026-06-01"}),
                ),
            ],
            site=COMPLETE,
        ),
        Table(
            "history-codes",
            "A history code satisfies *ever*",
            "condition: {concept: stroke}",
            [case("a history of stroke", true("c1"), condition(STROKE_HISTORY, on=None))],
        ),
        Table(
            "history-codes-now",
            "Not *at present*",
            "condition: {concept: stroke, active: true}",
            [case("a history of stroke", false("c1"), condition(STROKE_HISTORY, on=None))],
        ),
        Table(
            "severity",
            "Severe",
            "condition: {concept: stroke, severity: [severe]}",
            [
                case("severe", true("c1"), condition(STROKE, severity=SEVERE)),
                case("mild", false("c1"), condition(STROKE, severity=MILD)),
                case("nothing said", unknown("no-value", "c1"), condition(STROKE)),
            ],
        ),
    ),
)

ELAPSED = Topic(
    "elapsed",
    "Time since an event",
    "Counted in whole days from the last (or first) occurrence to the index date, ends included as the bound "
    "says. What never was is infinitely long ago.",
    (
        Table(
            "washout",
            "At least 28 days since the last dose",
            WASHOUT,
            [
                case("28 days", true("g1", date="2026-10-04"), given(CISPLATIN, on="2026-10-04")),
                case("27 days", false("g1"), given(CISPLATIN, on="2026-10-05")),
                case(
                    "the last one counts",
                    false("g2"),
                    given(CISPLATIN, on="2026-09-01"),
                    given(CISPLATIN, on="2026-10-20"),
                ),
                case("some time that month", unknown("imprecise-date", "g1"), given(CISPLATIN, on="2026-10")),
                case("some time the month before", true("g1"), given(CISPLATIN, on="2026-09")),
                case("only ordered", unknown("order-only", "r1"), ordered(CISPLATIN)),
                case(
                    "given long ago, and ordered lately",
                    unknown("order-only", "g1", "r1"),
                    given(CISPLATIN, on="2026-08-01"),
                    ordered(CISPLATIN),
                ),
                case("never", NEVER),
                case(
                    "given lately, and ordered again: too short either way",
                    false("g1", "r1"),
                    given(CISPLATIN, on="2026-10-20"),
                    ordered(CISPLATIN, on="2026-10-25", status="completed"),
                ),
            ],
            site=COMPLETE,
        ),
        Table(
            "washout-unknown",
            "At a site that declares nothing",
            WASHOUT,
            [case("no record", unknown("no-record"))],
        ),
        Table(
            "washout-above",
            "More than 28 days",
            "elapsed: {since: {received: {concept: systemic-chemotherapy}}, above: 28 d}",
            [
                case("28 days", false("g1"), given(CISPLATIN, on="2026-10-04")),
                case("29 days", true("g1"), given(CISPLATIN, on="2026-10-03")),
            ],
        ),
        Table(
            "elapsed-at-most",
            "At most 6 months since the first",
            "elapsed: {since: {received: {concept: systemic-chemotherapy}}, which: first, at_most: 6 mo}",
            [
                case(
                    "the first was earlier",
                    false("g1"),
                    given(CISPLATIN, on="2026-04-30"),
                    given(CISPLATIN, on="2026-10-20"),
                ),
                case(
                    "the first was then",
                    true("g1"),
                    given(CISPLATIN, on="2026-05-01"),
                    given(CISPLATIN, on="2026-10-20"),
                ),
                case("never: infinitely long ago", presumed()),
            ],
            site=COMPLETE,
        ),
        Table(
            "elapsed-between",
            "From 2 to 4 weeks",
            "elapsed: {since: {condition: {concept: stroke}}, at_least: 2 wk, at_most: 4 wk}",
            [
                case("14 days", true("c1"), condition(STROKE, on="2026-10-18")),
                case("13 days", false("c1"), condition(STROKE, on="2026-10-19")),
                case("28 days", true("c1"), condition(STROKE, on="2026-10-04")),
                case("29 days", false("c1"), condition(STROKE, on="2026-10-03")),
            ],
        ),
        Table(
            "elapsed-finding",
            "Since a finding",
            "elapsed: {since: {finding: {concept: tumour-response, in: [progressing]}}, at_most: 6 mo}",
            [
                case("progression last month", true("o1"), observation(DISEASE_STATUS, coded=PROGRESSING)),
                case(
                    "progression last year",
                    false("o1"),
                    observation(DISEASE_STATUS, coded=PROGRESSING, on="2025-10-20"),
                ),
                case("no record", unknown("no-record")),
            ],
        ),
    ),
)

PROGRESSION = """\
sequence:
  first: {received: {concept: pd-1-inhibitor}}
  then: {finding: {concept: tumour-response, in: [progressing]}}
"""
STABLE = Code("snomed", "359746009", "stable")

SEQUENCES = Topic(
    "sequences",
    "One after the other",
    "True with one certain pair in that order. What says otherwise after the first event answers too; "
    "silence does not.",
    (
        Table(
            "sequence",
            "Progression after a PD-1 inhibitor",
            PROGRESSION,
            [
                case(
                    "progression after it",
                    true("g1", "o1"),
                    given(PEMBROLIZUMAB, on="2026-03-01"),
                    observation(DISEASE_STATUS, coded=PROGRESSING),
                ),
                case(
                    "progression before it: nothing since",
                    unknown("no-record", "g1", basis="missing"),
                    given(PEMBROLIZUMAB, on="2026-03-01"),
                    observation(DISEASE_STATUS, coded=PROGRESSING, on="2026-01-01"),
                ),
                case(
                    "stable after it",
                    false("g1", "o1"),
                    given(PEMBROLIZUMAB, on="2026-03-01"),
                    observation(DISEASE_STATUS, coded=STABLE),
                ),
                case(
                    "on that very day",
                    unknown("imprecise-date", "g1", "o1"),
                    given(PEMBROLIZUMAB, on="2026-03-01"),
                    observation(DISEASE_STATUS, coded=PROGRESSING, on="2026-03-01"),
                ),
                case(
                    "under a course of it that goes on",
                    true("o1", "s1"),
                    taken(PEMBROLIZUMAB, on="2026-03-01", until="", status="active"),
                    observation(DISEASE_STATUS, coded=PROGRESSING),
                ),
                case(
                    "before a course of it began",
                    unknown("no-record", "s1", basis="missing"),
                    taken(PEMBROLIZUMAB, on="2026-03-01", until="2026-09-01"),
                    observation(DISEASE_STATUS, coded=PROGRESSING, on="2026-02-01"),
                ),
                case("never exposed", presumed(), observation(DISEASE_STATUS, coded=PROGRESSING)),
                case(
                    "exposure only ordered",
                    unknown("order-only", "o1", "r1"),
                    ordered(PEMBROLIZUMAB, on="2026-03-01"),
                    observation(DISEASE_STATUS, coded=PROGRESSING),
                ),
            ],
            site=COMPLETE,
        ),
        Table(
            "sequence-within",
            "Within 3 months",
            PROGRESSION + "  within: 3 mo\n",
            [
                case(
                    "3 months after",
                    true("g1", "o1"),
                    given(PEMBROLIZUMAB, on="2026-03-01"),
                    observation(DISEASE_STATUS, coded=PROGRESSING, on="2026-06-01"),
                ),
                case(
                    "3 months after the end of a course",
                    true("o1", "s1"),
                    taken(PEMBROLIZUMAB, on="2026-01-01", until="2026-03-01"),
                    observation(DISEASE_STATUS, coded=PROGRESSING, on="2026-06-01"),
                ),
                case(
                    "a day later",
                    unknown("no-record", "g1", basis="missing"),
                    given(PEMBROLIZUMAB, on="2026-03-01"),
                    observation(DISEASE_STATUS, coded=PROGRESSING, on="2026-06-02"),
                ),
                case(
                    "the second dose is near enough",
                    true("g2", "o1"),
                    given(PEMBROLIZUMAB, on="2026-03-01"),
                    given(PEMBROLIZUMAB, on="2026-05-01"),
                    observation(DISEASE_STATUS, coded=PROGRESSING, on="2026-06-02"),
                ),
                case(
                    "some time about the end of the 3 months",
                    unknown("imprecise-date", "g1", "o1"),
                    given(PEMBROLIZUMAB, on="2026-03-01"),
                    observation(DISEASE_STATUS, coded=PROGRESSING, on="2026-06"),
                ),
            ],
            site=COMPLETE,
        ),
    ),
)

COUNTS = Topic(
    "counts",
    "How many",
    "Distinct occurrences are counted: by record, by day, or by value. Uncertain ones make it an interval. "
    "Where no site says that its records are complete, or the criterion says they are not, records are a "
    "lower bound: then only a number that is too high decides.",
    (
        Table(
            "count-records",
            "At most 1 infarction",
            "count: {of: {condition: {concept: myocardial-infarction}}, at_most: 1}",
            [
                case(
                    "one",
                    true("c1", basis="presumed", reason="absence-presumed", value="1"),
                    condition(INFARCTION),
                ),
                case(
                    "two",
                    false("c1", "c2", value="2"),
                    condition(INFARCTION),
                    condition(INFARCTION, on="2026-02-01"),
                ),
                case(
                    "one, and one unconfirmed",
                    unknown("unconfirmed", "c1", "c2", value="1"),
                    condition(INFARCTION),
                    condition(INFARCTION, on="2026-02-01", verification="provisional"),
                ),
                case("none", Expected("true", "presumed", "absence-presumed")),
            ],
            site=COMPLETE,
        ),
        Table(
            "count-records-open",
            "At a site that declares nothing",
            "count: {of: {condition: {concept: myocardial-infarction}}, at_most: 1}",
            [
                case("one, perhaps more", unknown("censored-value", "c1", value="1"), condition(INFARCTION)),
                case(
                    "two: too many already",
                    false("c1", "c2"),
                    condition(INFARCTION),
                    condition(INFARCTION, on="2026-02-01"),
                ),
                case("none", unknown("no-record")),
            ],
        ),
        Table(
            "count-at-least",
            "At least 2",
            "count: {of: {condition: {concept: myocardial-infarction}}, at_least: 2}",
            [
                case("two", true("c1", "c2"), condition(INFARCTION), condition(INFARCTION, on="2026-02-01")),
                case("one, perhaps more", unknown("censored-value", "c1"), condition(INFARCTION)),
            ],
        ),
        Table(
            "count-days",
            "Different days with a dose",
            "count: {of: {received: {concept: systemic-chemotherapy}}, distinct: day, at_least: 2}",
            [
                case(
                    "two doses on one day",
                    unknown("censored-value", "g1", "g2", value="1"),
                    given(CISPLATIN),
                    given(CISPLATIN),
                ),
                case(
                    "on two days",
                    true("g1", "g2", value="2"),
                    given(CISPLATIN),
                    given(CISPLATIN, on="2026-10-27"),
                ),
            ],
        ),
        Table(
            "count-imprecise-days",
            "On one day at most",
            "count: {of: {condition: {concept: myocardial-infarction}}, distinct: day, at_most: 1}",
            [
                case(
                    "twice on one day",
                    Expected("true", "presumed", "absence-presumed", ("c1", "c2"), value="1"),
                    condition(INFARCTION, on="2026-10-20"),
                    condition(INFARCTION, on="2026-10-20"),
                ),
                case(
                    "on a day, and some time in that month: perhaps on that day",
                    unknown("imprecise-date", "c1", "c2", value="1"),
                    condition(INFARCTION, on="2026-10-20"),
                    condition(INFARCTION, on="2026-10"),
                ),
                case(
                    "on a day, and some time in another month",
                    false("c1", "c2", value="2"),
                    condition(INFARCTION, on="2026-10-20"),
                    condition(INFARCTION, on="2026-09"),
                ),
                case(
                    "on two days, and some time in their month",
                    false("c1", "c2", "c3", value="2"),
                    condition(INFARCTION, on="2026-10-20"),
                    condition(INFARCTION, on="2026-10-21"),
                    condition(INFARCTION, on="2026-10"),
                ),
                case(
                    "on a day, and one without a date",
                    unknown("imprecise-date", "c1", "c2", value="1"),
                    condition(INFARCTION, on="2026-10-20"),
                    condition(INFARCTION, on=None),
                ),
            ],
            site=COMPLETE,
            text="Where a date is partial, it may be that of another one.",
        ),
        Table(
            "count-days-of-courses",
            "On 2 days at least",
            "count: {of: {received: {concept: systemic-chemotherapy}}, distinct: day, at_least: 2}",
            [
                case(
                    "a course of which only the beginning is known, and a dose",
                    true("s1", "g1", value="2"),
                    taken(CISPLATIN, on=None, effectivePeriod={"start": "2026-09-01"}),
                    given(CISPLATIN),
                ),
                case(
                    "two doses in one month",
                    unknown("imprecise-date", "g1", "g2", value="1"),
                    given(CISPLATIN, on="2026-10"),
                    given(CISPLATIN, on="2026-10"),
                ),
                case(
                    "three doses, two of them in one month",
                    true("g1", "g2", "g3", value="2"),
                    given(CISPLATIN, on="2026-10"),
                    given(CISPLATIN, on="2026-10"),
                    given(CISPLATIN, on="2026-09-20"),
                ),
            ],
            site=COMPLETE,
        ),
        Table(
            "count-values",
            "Different sites of metastasis",
            """\
count:
  of: {finding: {concept: metastasis-site, in: [liver, lung, bone]}}
  distinct: value
  at_least: 2
""",
            [
                case(
                    "liver twice",
                    unknown("censored-value", "c1", "c2", value="1"),
                    condition(LIVER_METASTASIS),
                    condition(LIVER_METASTASIS, on="2026-10-01"),
                ),
                case(
                    "liver twice, once with its body site",
                    unknown("censored-value", "c1", "c2", value="1"),
                    condition(LIVER_METASTASIS),
                    condition(LIVER_METASTASIS, on="2026-10-01", site=snomed("10200004", "liver")),
                ),
                case(
                    "liver and lung",
                    true("c1", "c2", value="2"),
                    condition(LIVER_METASTASIS),
                    condition(LUNG_METASTASIS),
                ),
            ],
        ),
        Table(
            "count-organs",
            "Metastases in at most 4 organs",
            """\
count:
  of:
    finding:
      concept: metastasis-site
      in: [liver, lung, bone, adrenal, small-intestine, central-nervous-system]
  distinct: value
  complete: false
  at_most: 4
""",
            [
                case(
                    "five, by their codes",
                    false("c1", "c2", "c3", "c4", "c5", value="5"),
                    *(condition(icd(code)) for code in ("C78.7", "C78.0", "C78.4", "C79.3", "C79.7")),
                ),
                case(
                    "four, the brain by two codes",
                    unknown("censored-value", "c1", "c2", "c3", "c4", "c5", value="4"),
                    *(condition(icd(code)) for code in ("C78.7", "C78.0", "C78.4", "C79.3")),
                    condition(snomed("94225005", "metastasis of the brain")),
                ),
                case(
                    "four, and one of a digestive organ that is not named",
                    unknown("censored-value", "c1", "c2", "c3", "c4", value="4"),
                    *(condition(icd(code)) for code in ("C78.7", "C78.0", "C78.4", "C79.3", "C78.8")),
                ),
            ],
            text="A code that may mean an organ of another code is no organ of its own.",
        ),
        Table(
            "count-incomplete",
            "At most 4 metastases, of which not all may be coded",
            "count: {of: {condition: {concept: distant-metastasis}}, complete: false, at_most: 1}",
            [
                case(
                    "one on record", unknown("censored-value", "c1", value="1"), condition(LIVER_METASTASIS)
                ),
                case(
                    "two on record",
                    false("c1", "c2"),
                    condition(LIVER_METASTASIS),
                    condition(LUNG_METASTASIS),
                ),
                case("none on record: not zero", unknown("no-record")),
            ],
            site=COMPLETE,
        ),
        Table(
            "count-within",
            "In a window",
            "count: {of: {received: {concept: systemic-corticosteroid}}, within: 28 d, at_least: 1}",
            [case("none in the window", presumed())],
            site=COMPLETE,
        ),
        Table(
            "count-none",
            "Where there may be none, what there is stands beside it",
            "count: {of: {measured: {concept: platelet-count, below: 100 10*9/L}}, within: 90 d, at_most: 0}",
            [
                case(
                    "two low, and the lower one is shown",
                    false("o1", "o2", value="50", unit="10*9/L", date="2026-10-20"),
                    observation(PLATELETS, "50 10*9/L"),
                    observation(PLATELETS, "60 10*9/L", on="2026-10-25"),
                ),
                case("none low", true("o1", value="0"), observation(PLATELETS, "200 10*9/L")),
            ],
        ),
        Table(
            "count-measured",
            "Measurements are counted as they are recorded",
            "count: {of: {measured: {concept: platelet-count, below: 100 10*9/L}}, within: 90 d, at_most: 1}",
            [
                case(
                    "one low",
                    true("o1", value="1"),
                    observation(PLATELETS, "50 10*9/L"),
                    observation(PLATELETS, "200 10*9/L", on="2026-10-25"),
                ),
                case(
                    "two low",
                    false("o1", "o2"),
                    observation(PLATELETS, "50 10*9/L"),
                    observation(PLATELETS, "60 10*9/L", on="2026-10-25"),
                ),
                case(
                    "two low in one panel are two results",
                    false("o1", value="2"),
                    observation(BLOOD_COUNT, parts=[(PLATELETS, "50 10*9/L"), (PLATELETS, "60 10*9/L")]),
                ),
                case(
                    "one low, one without a unit",
                    unknown("no-unit", "o1", "o2"),
                    observation(PLATELETS, "50 10*9/L"),
                    observation(PLATELETS, "60", on="2026-10-25"),
                ),
                case(
                    "one low in the window, one before",
                    true("o1"),
                    observation(PLATELETS, "50 10*9/L"),
                    observation(PLATELETS, "60 10*9/L", on="2026-07-01"),
                ),
                case(
                    "none low",
                    true("o1", value="0"),
                    observation(PLATELETS, "200 10*9/L"),
                ),
                case("none at all", unknown("no-record")),
                case(
                    "none in the window",
                    unknown("no-record"),
                    observation(PLATELETS, "200 10*9/L", on="2026-07-01"),
                ),
            ],
        ),
    ),
)

CHAPTER = Chapter(
    "events",
    "Events in time",
    "Diagnoses and therapies as events: when, in which order, how often.",
    (DIAGNOSES, ELAPSED, SEQUENCES, COUNTS),
)
