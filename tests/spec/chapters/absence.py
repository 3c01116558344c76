"""Absence: no record is not no."""

from __future__ import annotations

from typing import Any

from tests.lib.records import (
    Code,
    Resource,
    concept,
    condition,
    given,
    observation,
    ordered,
    other,
    procedure,
    quantity,
    reference,
    taken,
    url,
)
from tests.spec.codes import (
    CISPLATIN,
    HAEMOGLOBIN,
    HBSAG,
    LACTATION,
    NEGATIVE,
    OESOPHAGEAL_CANCER,
    PARACETAMOL,
    PREDNISOLONE,
    STROKE,
    TOPICAL,
    atc,
    icd,
    loinc,
    snomed,
)
from tests.spec.tables import Chapter, Expected, Table, Topic, case, false, presumed, true, unknown

YES, NO = snomed("373066001", "yes"), snomed("373067005", "no")
FEEDING = loinc("63895-7", "breast-feeding status")
FEEDS = loinc("LA29252-6", "currently breast-feeding")
FEEDS_NOT = loinc("LA29253-4", "not currently breast-feeding")

EVER = "condition: {concept: stroke}"
SIX_MONTHS = "condition: {concept: stroke, within: 6 mo}"
NOW = "condition: {concept: stroke, active: true}"
LIFELONG = {"complete": {"Condition": "lifelong"}}
NOTHING = case("no record", unknown("no-record"))
PRESUMED = case("no record", presumed())


def _untold(*evidence: str) -> Expected:
    """Open because of records that do not say what they are of."""
    return unknown("coarser-code", *evidence, basis="missing")


SITES = Topic(
    "sites",
    "When silence is no",
    "“No record” is not “no”. Absence is taken as no only if, for each source of the concept, the site "
    "declares that it holds every record of that kind from a date on, and the window asked about begins on "
    "or after that date; or declares it lifelong, which alone settles *ever*. The verdict is then "
    "`presumed`.",
    (
        Table("absent-undeclared", "Nothing declared", EVER, [NOTHING]),
        Table("absent-lifelong", "Lifelong settles ever", EVER, [PRESUMED], site=LIFELONG),
        Table(
            "absent-since-ever",
            "Complete since a date does not settle ever",
            EVER,
            [NOTHING],
            site={"complete": {"Condition": "1900-01-01"}},
        ),
        Table(
            "absent-window-inside",
            "A window that begins later",
            SIX_MONTHS,
            [PRESUMED],
            site={"complete": {"Condition": "2026-03-01"}},
        ),
        Table(
            "absent-window-same-day",
            "A window that begins that day",
            SIX_MONTHS,
            [PRESUMED],
            site={"complete": {"Condition": "2026-05-01"}},
        ),
        Table(
            "absent-window-before",
            "A window that begins the day before",
            SIX_MONTHS,
            [NOTHING],
            site={"complete": {"Condition": "2026-05-02"}},
        ),
        Table(
            "absent-window-lifelong", "Lifelong settles every window", SIX_MONTHS, [PRESUMED], site=LIFELONG
        ),
        Table(
            "absent-now",
            "Now is settled by what is complete today",
            NOW,
            [PRESUMED],
            site={"complete": {"Condition": "2026-11-01"}},
        ),
        Table(
            "absent-now-not",
            "Not by what will be complete tomorrow",
            NOW,
            [NOTHING],
            site={"complete": {"Condition": "2026-11-02"}},
        ),
        Table(
            "absent-narrower",
            "A narrower declaration for one concept goes first",
            EVER,
            [NOTHING],
            site={**LIFELONG, "complete_concepts": {"stroke": {"Condition": "2020-01-01"}}},
        ),
        Table(
            "absent-wider-for-one",
            "It may also be the wider one",
            EVER,
            [PRESUMED],
            site={
                "complete": {"Condition": "2020-01-01"},
                "complete_concepts": {"stroke": {"Condition": "lifelong"}},
            },
        ),
    ),
)

SOURCES = Topic(
    "sources",
    "Every source must be complete",
    "A concept may be recorded in several resource types. One that is not complete leaves the question "
    "open. That goes for the sources of what would only leave it open too: a matter of judgement, a less "
    "specific code.",
    (
        Table(
            "absent-one-source",
            "Lactation is a Condition or an Observation",
            "condition: {concept: lactation}",
            [NOTHING],
            site=LIFELONG,
        ),
        Table(
            "absent-both-sources",
            "Both complete",
            "condition: {concept: lactation}",
            [
                PRESUMED,
                case("observed", true("o1"), observation(LACTATION, boolean=True)),
                case("observed not to be: a denial", false("o1"), observation(LACTATION, boolean=False)),
            ],
            site={"complete": {"Condition": "lifelong", "Observation": "lifelong"}},
        ),
        Table(
            "absent-medications",
            "`medications` are four resource types",
            "received: {concept: growth-factor}",
            [NOTHING],
            site={"complete": {"MedicationAdministration": "lifelong", "MedicationRequest": "lifelong"}},
        ),
        Table(
            "absent-all-medications",
            "All four declared at once",
            "received: {concept: growth-factor}",
            [PRESUMED],
            site={"complete": {"medications": "lifelong"}},
        ),
        Table(
            "absent-judgement-source",
            "A concept that only judgement can find",
            "condition: {concept: peripheral-neuropathy}",
            [NOTHING],
        ),
        Table(
            "absent-judgement-source-complete",
            "And its source is complete",
            "condition: {concept: peripheral-neuropathy}",
            [PRESUMED],
            site=LIFELONG,
        ),
    ),
)

NEVER = Topic(
    "never",
    "What is never taken as absent",
    "Measurements, scores, stages, serology, and treatment that may have been given elsewhere.",
    (
        Table(
            "absent-measurement",
            "A measurement",
            "measured: {concept: platelet-count, at_least: 100 10*9/L}",
            [NOTHING],
            site={"complete": {"Observation": "lifelong"}},
        ),
        Table(
            "absent-score",
            "A score",
            'finding: {concept: ecog-performance-status, in: ["0"]}',
            [NOTHING],
            site={"complete": {"Observation": "lifelong"}},
        ),
        Table(
            "absent-stage",
            "A stage",
            "finding: {concept: t-category, in: [T3]}",
            [NOTHING],
            site={"complete": {"Observation": "lifelong"}},
        ),
        Table(
            "absent-serology",
            "Serology, and the diagnosis that stands beside it",
            """\
any:
  - finding: {concept: hepatitis-b-surface-antigen, in: [positive]}
  - condition: {concept: hiv-infection}
""",
            [
                NOTHING,
                case(
                    "a negative result is a denial", unknown("no-record"), observation(HBSAG, coded=NEGATIVE)
                ),
            ],
            site={"complete": {"Observation": "lifelong", "Condition": "lifelong"}},
        ),
        Table(
            "absent-elsewhere",
            "Treatment of the cancer, which may have been given elsewhere",
            "received: {concept: systemic-chemotherapy}",
            [
                case("diagnosed within 90 days", presumed(), condition(OESOPHAGEAL_CANCER, on="2026-08-03")),
                case(
                    "diagnosed 91 days ago",
                    unknown("no-record"),
                    condition(OESOPHAGEAL_CANCER, on="2026-08-02"),
                ),
                case(
                    "diagnosed nobody knows when",
                    unknown("no-record"),
                    condition(OESOPHAGEAL_CANCER, on=None),
                ),
                case(
                    "one of its records has no date",
                    unknown("no-record"),
                    condition(OESOPHAGEAL_CANCER, on="2026-10-01"),
                    condition(OESOPHAGEAL_CANCER, on=None),
                ),
                case(
                    "given here", true("g1"), condition(OESOPHAGEAL_CANCER, on="2020-01-01"), given(CISPLATIN)
                ),
            ],
            population="oesophageal-cancer",
            site={"complete": {"medications": "lifelong", "Procedure": "lifelong", "Condition": "lifelong"}},
        ),
    ),
)

DENIALS = Topic(
    "denials",
    "Denials on record",
    "What is refuted, negative, or `false` on record is a recorded no. A positive record beats an older "
    "denial; a denial that is newer than every positive record conflicts with *ever*, and settles *now*. "
    "One of the same day conflicts with both; one of another disease with neither.",
    (
        Table(
            "denied",
            "Ever",
            EVER,
            [
                case("refuted", false("c1"), condition(STROKE, verification="refuted")),
                case(
                    "refuted, and later confirmed",
                    true("c2"),
                    condition(STROKE, verification="refuted", on="2025-01-01"),
                    condition(STROKE, on="2026-01-01"),
                ),
                case(
                    "confirmed, and later refuted",
                    unknown("conflicting", "c1", "c2"),
                    condition(STROKE, on="2025-01-01"),
                    condition(STROKE, verification="refuted", on="2026-01-01"),
                ),
                case(
                    "refuted without a date, and confirmed",
                    true("c2"),
                    condition(STROKE, verification="refuted", on=None),
                    condition(STROKE),
                ),
                case(
                    "confirmed and refuted on one day",
                    unknown("conflicting", "c1", "c2"),
                    condition(STROKE),
                    condition(STROKE, verification="refuted"),
                ),
                case(
                    "an infarct, and later a bleeding that was refuted: another disease",
                    true("c1"),
                    condition(icd("I63.9"), on="2026-01-01"),
                    condition(icd("I61.9"), verification="refuted", on="2026-02-01"),
                ),
            ],
        ),
        Table(
            "denied-one-of-several",
            "Distant metastases at present",
            "condition: {concept: distant-metastasis, active: true}",
            [
                case(
                    "one that was refuted later",
                    false("c2"),
                    condition(icd("C78.7")),
                    condition(icd("C78.7"), verification="refuted", on="2026-10-01"),
                ),
                case(
                    "one, and another that was refuted later",
                    true("c1"),
                    condition(icd("C78.7")),
                    condition(icd("C78.0"), verification="refuted", on="2026-10-01"),
                ),
                case(
                    "one that was refuted on its day",
                    unknown("conflicting", "c1", "c2"),
                    condition(icd("C78.7")),
                    condition(icd("C78.7"), verification="refuted"),
                ),
                case(
                    "one, and all of the kind refuted later",
                    false("c2"),
                    condition(icd("C78.7")),
                    condition(icd("C78"), verification="refuted", on="2026-10-01"),
                ),
                case(
                    "one, and another system’s code that was refuted later: perhaps of another",
                    unknown("conflicting", "c1", "c2"),
                    condition(icd("C78.7")),
                    condition(
                        snomed("94391008", "metastasis in lung"), verification="refuted", on="2026-10-01"
                    ),
                ),
            ],
        ),
        Table(
            "denied-now",
            "Now",
            NOW,
            [
                case("refuted", false("c1"), condition(STROKE, verification="refuted")),
                case(
                    "confirmed, and later refuted",
                    false("c2"),
                    condition(STROKE, on="2025-01-01"),
                    condition(STROKE, verification="refuted", on="2026-01-01"),
                ),
            ],
        ),
        Table(
            "denied-negative",
            "A negative result",
            "finding: {concept: hepatitis-b-surface-antigen, in: [positive]}",
            [case("negative", false("o1"), observation(HBSAG, coded=NEGATIVE))],
        ),
        Table(
            "denied-boolean",
            "`valueBoolean` = false",
            "condition: {concept: lactation}",
            [
                case("false", false("o1"), observation(LACTATION, boolean=False)),
                case("true", true("o1"), observation(LACTATION, boolean=True)),
                case(
                    "false, and later true",
                    true("o2"),
                    observation(LACTATION, boolean=False, on="2026-09-20"),
                    observation(LACTATION, boolean=True, on="2026-10-20"),
                ),
            ],
        ),
        Table(
            "denied-within",
            "In a window",
            "condition: {concept: stroke, within: 180 d}",
            [
                case("refuted in it", false("c1"), condition(STROKE, verification="refuted")),
                case(
                    "refuted before: nothing is said of it",
                    unknown("no-record"),
                    condition(STROKE, verification="refuted", on="2015-01-01"),
                ),
                case(
                    "refuted at a time that may lie in it",
                    unknown("imprecise-date", "c1"),
                    condition(STROKE, verification="refuted", on="2026"),
                ),
            ],
        ),
        Table(
            "denied-answer",
            "An Observation that asks: breast-feeding at present",
            "condition: {concept: lactation, active: true}",
            [
                case("yes", true("o1"), observation(LACTATION, boolean=True)),
                case("no", false("o1"), observation(LACTATION, boolean=False)),
                case("yes, by a code", true("o1"), observation(LACTATION, coded=YES)),
                case("no, by a code", false("o1"), observation(LACTATION, coded=NO)),
                case("no, in words", false("o1"), observation(LACTATION, text="nein")),
                case("the status: breast-feeding", true("o1"), observation(FEEDING, coded=FEEDS)),
                case("the status: not breast-feeding", false("o1"), observation(FEEDING, coded=FEEDS_NOT)),
                case(
                    "the status: unknown",
                    unknown("no-record"),
                    observation(FEEDING, coded=loinc("LA4489-6", "unknown")),
                ),
                case("a question without an answer", unknown("no-record"), observation(FEEDING)),
                case("yes, in words", true("o1"), observation(FEEDING, text="ja")),
                case("the finding as the answer", true("o1"), observation(FEEDING, coded=LACTATION)),
                case(
                    "words that nobody can read",
                    unknown("no-value", "o1"),
                    observation(FEEDING, text="abgestillt"),
                ),
                case(
                    "more words than no",
                    unknown("no-value", "o1"),
                    observation(FEEDING, text="No, stopped in May"),
                ),
                case(
                    "an answer that nobody knows",
                    unknown("coarser-code", "o1"),
                    observation(FEEDING, coded=Code("http://ward", "NEIN")),
                ),
                case(
                    "no, in the words beside a code that nobody knows",
                    false("o1"),
                    observation(FEEDING, valueCodeableConcept=concept(Code("http://ward", "0"), text="No")),
                ),
                case(
                    "a code that says yes, and words that say no",
                    unknown("conflicting", "o1"),
                    observation(FEEDING, valueCodeableConcept=concept(YES, text="No")),
                ),
                case("a number", unknown("coarser-code", "o1"), observation(FEEDING, integer=0)),
                case("two values", unknown("not-fetched"), observation(FEEDING, coded=YES, text="No")),
                case("a quantity", unknown("coarser-code", "o1"), observation(FEEDING, "0")),
                case(
                    "a value that is `null`",
                    unknown("no-record"),
                    {**observation(FEEDING), "valueCodeableConcept": None},
                ),
                case(
                    "no, of a device",
                    unknown("ambiguous-focus", "o1"),
                    {
                        **observation(LACTATION, boolean=False),
                        "focus": [{"type": "Device", "display": "pump"}],
                    },
                ),
                case("the finding itself, without a value", true("o1"), observation(LACTATION)),
                case(
                    "a diagnosis, and a newer no",
                    false("o1"),
                    condition(LACTATION, on="2026-06-01"),
                    observation(FEEDING, coded=FEEDS_NOT, on="2026-10-20"),
                ),
                case(
                    "yes, more than a year ago",
                    unknown("stale", "o1"),
                    observation(LACTATION, boolean=True, on="2025-10-01"),
                ),
                case(
                    "no, more than a year ago",
                    unknown("no-record"),
                    observation(LACTATION, boolean=False, on="2025-10-01"),
                ),
            ],
            text="What was observed holds as long as the mapping’s window. The values that say yes, no, or "
            "nothing, are the `answers` of the vocabulary; any other value is neither yes nor no.",
        ),
    ),
)

OLDER = observation(HAEMOGLOBIN, "12 g/dL", on="2026-10-10")


def result(**elements: Any) -> Resource:
    """A newer haemoglobin, with elements in a form that R4 does not have."""
    return {**observation(HAEMOGLOBIN), **elements}


UNREADABLE = Topic(
    "unread-records",
    "What could not be read makes nothing absent",
    "A record that cannot be read, has an element in another form than R4 gives it, two values where R4 has "
    "one, or its id with another that differs and is no later version, is set aside; what it might have said "
    "is not absent, and nothing older decides in its place: `not-fetched`. What names no "
    "patient (a line that is cut off, an entry without an id, a record whose subject is missing, contained, "
    "a group or an identifier alone) may be of anybody. It settles nothing for anybody: what can be "
    "read of it opens the questions that its codes may be of, what cannot opens those of its type, and where "
    "not even the type can be told, all of them.",
    (
        Table(
            "unreadable",
            "A record that cannot be read",
            EVER,
            [
                case("its date is no date", unknown("not-fetched"), condition(STROKE, on="soon")),
                case("another record says it", true("c2"), condition(STROKE, on="soon"), condition(STROKE)),
                case("a record of something else", presumed(), condition(OESOPHAGEAL_CANCER, on="soon")),
            ],
            site=LIFELONG,
        ),
        Table(
            "unreadable-value",
            "A value that is none of R4, after one that is",
            "measured: {concept: haemoglobin, at_least: 10 g/dL}",
            [
                case(f"`{name}` is {written}", unknown("not-fetched", shown), OLDER, result(**{name: value}))
                for name, written, value, shown in (
                    ("valueQuantity", "a text", "9.1 g/dL", "o2"),
                    ("valueQuantity", "a list", [quantity("9.1 g/dL")], "o2"),
                    (
                        "valueQuantity",
                        "an object whose value is a text",
                        {"value": "9.1"},
                        "o2",
                    ),
                    ("valueInteger", "a text", "9", "o2"),
                    ("effectiveDateTime", "a text that is no date", "26.10.2026", "o1"),
                    ("code", "a text", "haemoglobin", "o1"),
                    ("component", "an object", {"code": concept(HAEMOGLOBIN)}, "o1"),
                )
            ],
        ),
        Table(
            "unreadable-medication",
            "A drug that is named by a Medication that is not there",
            "received: {concept: systemic-corticosteroid}",
            [
                case(
                    "the reference leads nowhere",
                    unknown("not-fetched"),
                    given(None, medicationReference={"reference": "Medication/nowhere"}),
                ),
            ],
            site={"complete": {"medications": "lifelong"}},
        ),
    ),
)

COMPLETE = {"complete": {"Condition": "lifelong", "Procedure": "lifelong", "medications": "lifelong"}}
STEROID = "received: {concept: systemic-corticosteroid}"
LOCAL = "http://hospital.example/drugs"
IN_WORDS: dict[str, Any] = {"medicationCodeableConcept": {"text": "a drug in words"}}
IN_HOUSE = Code(LOCAL, "4711")
CISPLATIN_PRODUCT = Code("rxnorm", "1000001", "cisplatin 1 MG/ML Injectable Solution")
METFORMIN_PRODUCT = Code("rxnorm", "1000005", "metformin hydrochloride 500 MG Oral Tablet")

UNTOLD = Topic(
    "untold",
    "A record that does not say what it is of",
    "Where silence would be taken as no, a drug, a procedure, a diagnosis or an allergy without a code is no "
    "silence: it may be what is asked. So is one whose codes are all of systems by which the mappings find "
    "no such records. The question is open, `coarser-code`, and the records are named, the latest three at "
    "most. The words of such a record are not read. A drug in a code of RxNorm or SNOMED CT that no "
    "concept lists may be a product of any substance: there, and only there, words are read, and nothing is "
    "found by them. A display or a text that names a drug of the concept leaves the question open; one that "
    "names none does not; where there is no word, it is open. A class of ATC leaves open what it may hold. "
    "A site settles its own codes: by `local_codes`, or by "
    "`unrelated_codes` where they mean nothing that a study asks for.",
    (
        Table(
            "untold-drug",
            "A drug",
            STEROID,
            [
                case("in words alone", _untold("g1"), given(None, **IN_WORDS)),
                case("in a code of the hospital's own", _untold("g1"), given(IN_HOUSE)),
                case("of which nothing at all is said", _untold("g1"), given(Code("null-flavor", "UNK"))),
                case("ordered, in words alone", _untold("r1"), ordered(None, **IN_WORDS)),
                case(
                    "with a code that is known beside the hospital's own",
                    presumed(),
                    given((IN_HOUSE, PARACETAMOL)),
                ),
                case("never taken", presumed(), taken(None, status="not-taken", **IN_WORDS)),
                case("of a later day", presumed(), given(None, on="2026-11-02", **IN_WORDS)),
                case(
                    "beside one that is asked for", true("g2"), given(None, **IN_WORDS), given(PREDNISOLONE)
                ),
                case(
                    "four of them",
                    _untold("g2", "g3", "g4"),
                    *(given(None, on=f"2026-10-0{day}", **IN_WORDS) for day in range(1, 5)),
                ),
            ],
            site=COMPLETE,
        ),
        Table(
            "untold-product",
            "A drug in a code that no concept lists",
            "received: {concept: systemic-chemotherapy}",
            [
                case("called as one that is asked for", _untold("g1"), given(CISPLATIN_PRODUCT)),
                case("by its trade name", _untold("g1"), given(Code("rxnorm", "1000002", "Taxol 6 MG/ML"))),
                case(
                    "in a text beside the code",
                    _untold("g1"),
                    given(
                        None,
                        medicationCodeableConcept={
                            "coding": [{"system": url("rxnorm"), "code": "1000001"}],
                            "text": "Cisplatin 50 mg i.v.",
                        },
                    ),
                ),
                case(
                    "as a Medication that is referred to",
                    _untold("g1"),
                    given(None, medicationReference=reference("drug")),
                    other("Medication", id="drug", code=concept(CISPLATIN_PRODUCT)),
                ),
                case("called as another one", presumed(), given(METFORMIN_PRODUCT)),
                case("not called anything", _untold("g1"), given(Code("rxnorm", "1000001"))),
                case(
                    "a product of SNOMED CT", _untold("g1"), given(snomed("1000003", "carboplatin infusion"))
                ),
                case("a class of ATC that may hold it", _untold("g1"), given(atc("L01"))),
                case("a class that does not", presumed(), given(atc("N02"))),
                case("a substance of ATC", presumed(), given(atc("N02BA01"))),
                case(
                    "by a route that does not count",
                    presumed(),
                    given(Code("rxnorm", "1000004", "fluorouracil 50 MG/ML Topical Cream"), route=TOPICAL),
                ),
                case("beside a code that tells", presumed(), given((CISPLATIN_PRODUCT, PARACETAMOL))),
                case(
                    "called as one that is asked for, in a code that says another thing",
                    presumed(),
                    given(atc("N02BE01", "cisplatin")),
                ),
            ],
            site=COMPLETE,
        ),
        Table(
            "untold-product-settled",
            "What the site says of such codes",
            "received: {concept: systemic-chemotherapy}",
            [
                case("one that it maps", true("g1"), given(CISPLATIN_PRODUCT)),
                case("any other: it says that none matters", presumed(), given(Code("rxnorm", "1000002"))),
            ],
            site={
                **COMPLETE,
                "local_codes": {"systemic-chemotherapy": {"rxnorm": ["1000001"]}},
                "unrelated_codes": {"rxnorm": "all"},
            },
        ),
        Table(
            "untold-window",
            "Only in the window that is asked about",
            "received: {concept: systemic-corticosteroid, within: 14 d}",
            [
                case("inside", _untold("g1"), given(None, on="2026-10-18", **IN_WORDS)),
                case("before it", presumed(), given(None, on="2026-10-17", **IN_WORDS)),
            ],
            site=COMPLETE,
        ),
        Table(
            "untold-now",
            "Only what goes on, where that is asked",
            NOW,
            [
                case("a diagnosis in words", _untold("c1"), condition((), code={"text": "a disease"})),
                case("resolved", presumed(), condition((), code={"text": "a disease"}, clinical="resolved")),
            ],
            site=LIFELONG,
        ),
        Table(
            "untold-kinds",
            "Records of the kind that the answer would be of",
            """\
any:
  - received: {concept: systemic-corticosteroid}
  - condition: {concept: stroke}
""",
            [
                case(
                    "a procedure in words is no drug, and no diagnosis",
                    presumed(),
                    procedure((), code={"text": "a procedure"}),
                ),
                case("a diagnosis in words", _untold("c1"), condition((), code={"text": "a disease"})),
                case("an observation in words", presumed(), observation((), code={"text": "seen"})),
                case("refuted", presumed(), condition((), code={"text": "a"}, verification="refuted")),
            ],
            site=COMPLETE,
        ),
        Table(
            "untold-settled",
            "What the site says of its codes",
            STEROID,
            [
                case("one that it maps to something else", presumed(), given(Code(LOCAL, "PLT"))),
                case("one that is unrelated", presumed(), given(Code(LOCAL, "1000"))),
                case("any of a system that is", presumed(), given(Code("http://hospital.example/food", "1"))),
                case("one that it says nothing of", _untold("g1"), given(IN_HOUSE)),
                case("one that it maps to a steroid", true("g1"), given(Code(LOCAL, "PRED"))),
            ],
            site={
                **COMPLETE,
                "local_codes": {
                    "platelet-count": {LOCAL: ["PLT"]},
                    "systemic-corticosteroid": {LOCAL: ["PRED"]},
                },
                "unrelated_codes": {LOCAL: ["1000"], "http://hospital.example/food": "all"},
            },
        ),
        Table(
            "untold-incomplete",
            "Where silence is not no anyway, nothing changes",
            STEROID,
            [case("a drug in words", unknown("no-record"), given(None, **IN_WORDS))],
        ),
        Table(
            "untold-on-record",
            "`recorded` takes it for silence",
            "recorded: {condition: {concept: stroke}}",
            [case("a diagnosis in words", presumed(), condition((), code={"text": "a disease"}))],
            site=LIFELONG,
        ),
        Table(
            "untold-settled-otherwise",
            "A recorded no needs no silence",
            EVER,
            [
                case(
                    "a denial",
                    false("c2"),
                    condition((), code={"text": "a disease"}),
                    condition(STROKE, verification="refuted"),
                )
            ],
            site=LIFELONG,
        ),
    ),
)

CHAPTER = Chapter(
    "absence",
    "Absence",
    "What it means that nothing is on record.",
    (SITES, SOURCES, NEVER, DENIALS, UNREADABLE, UNTOLD),
)
