"""Therapies: what for, by which route, for how long, and whether they go on."""

from __future__ import annotations

from tests.lib.records import (
    Code,
    Resource,
    condition,
    dispensed,
    given,
    other,
    procedure,
    quantity,
    reference,
    taken,
)
from tests.spec.codes import (
    BREAST_CANCER,
    CHEMOTHERAPY,
    CISPLATIN,
    FLUOROURACIL,
    INTRAVENOUS,
    METHOTREXATE,
    OESOPHAGEAL_CANCER,
    ORAL,
    PER_OS,
    PREDNISOLONE,
    RADIOTHERAPY,
    RHEUMATOID_ARTHRITIS,
    TOPICAL,
    icd,
)
from tests.spec.tables import Chapter, Table, Topic, case, presumed, true, unknown

CANCER = condition(OESOPHAGEAL_CANCER, id="cancer", on="2026-10-01")
COMPLETE = {"complete": {"Condition": "lifelong", "Procedure": "lifelong", "medications": "lifelong"}}
LONG_TERM_STEROID = Code("icd-10-cm", "Z79.52", "long-term use of systemic steroids")


def days(number: int, unit: str = "d") -> Resource:
    """How long a supply lasts."""
    return quantity(f"{number} {unit}")


DRUG = other(
    "Medication",
    id="drug",
    code={"coding": [{"system": "http://www.whocc.no/atc", "code": "L01XA01", "display": "cisplatin"}]},
)

EVIDENCE = Topic(
    "evidence",
    "What is evidence of a therapy",
    "Administrations, dispenses, performed procedures and taken statements, of any drug of the class, "
    "whether named by a code or by a Medication.",
    (
        Table(
            "therapy-evidence",
            "Chemotherapy ever",
            "received: {concept: systemic-chemotherapy}",
            [
                case("administered", true("g1", value="L01XA01", date="2026-10-20"), given(CISPLATIN)),
                case("dispensed", true("d1"), dispensed(CISPLATIN)),
                case("stated to be taken", true("s1"), taken(CISPLATIN)),
                case("a procedure", true("p1"), procedure(CHEMOTHERAPY)),
                case(
                    "by a Medication of its own",
                    true("g1"),
                    DRUG,
                    given(None, medicationReference=reference("drug")),
                ),
                case(
                    "by a contained Medication",
                    true("g1"),
                    given(
                        None,
                        contained=[
                            {
                                "resourceType": "Medication",
                                "id": "in",
                                "code": {
                                    "coding": [{"system": "http://www.whocc.no/atc", "code": "L01XA01"}]
                                },
                            }
                        ],
                        medicationReference={"reference": "#in"},
                    ),
                ),
                case(
                    "a history code",
                    true("c1"),
                    condition(Code("icd-10-cm", "Z92.21", "history of chemotherapy")),
                ),
                case("a history code of the WHO", true("c1"), condition(icd("Z92.6"))),
                case("convalescence after it", true("c1"), condition(icd("Z54.2"))),
                case("a visit for it", true("c1"), condition(icd("Z51.1"), on="2026-10-02")),
                case("a visit for both", true("c1"), condition(Code("icd-10-gm", "Z51.82"))),
                case("a visit for immunotherapy", presumed(), condition(Code("icd-10-cm", "Z51.12"))),
                case(
                    "a visit for one or the other",
                    unknown("coarser-code", "c1"),
                    condition(Code("icd-10-cm", "Z51.1")),
                ),
                case(
                    "a follow-up after a combined treatment",
                    unknown("coarser-code", "c1"),
                    condition(icd("Z08.7")),
                ),
                case(
                    "long-term use of such a drug, which has other uses",
                    unknown("judgement", "c1"),
                    condition(Code("icd-10-cm", "Z79.631")),
                ),
                case(
                    "a history code that was refuted",
                    presumed(),
                    condition(icd("Z92.6"), verification="refuted"),
                ),
                case("after the index date", presumed(), given(CISPLATIN, on="2026-11-02")),
                case("without a date: it took place", true("s1"), taken(CISPLATIN, on=None)),
            ],
            site=COMPLETE,
            text="A diagnosis can say it too: `visits` of a mapping give a visit for a therapy, and so a "
            "dose of that day; `history` says that it was given, and not when, nor for which tumour.",
        ),
        Table(
            "therapy-evidence-radiation",
            "Radiotherapy ever",
            "received: {concept: radiotherapy}",
            [
                case("a session", true("c1"), condition(icd("Z51.0"))),
                case(
                    "a harm by it that was refuted: nothing is said of the therapy",
                    presumed(),
                    condition(icd("J70.0"), verification="refuted"),
                ),
                case(
                    "a session, and a harm that was refuted later",
                    true("p1"),
                    procedure(RADIOTHERAPY, on="2026-06-01"),
                    condition(icd("J70.0"), verification="refuted", on="2026-10-01"),
                ),
                case("a history of it", true("c1"), condition(icd("Z92.3"))),
                case("convalescence after it", true("c1"), condition(icd("Z54.1"))),
                case("harm by radiation", unknown("judgement", "c1"), condition(icd("J70.1"))),
                case("a history of chemotherapy", presumed(), condition(icd("Z92.6"))),
            ],
            site=COMPLETE,
        ),
        Table(
            "therapy-evidence-platinum",
            "A platinum drug ever",
            "received: {concept: platinum-chemotherapy}",
            [
                case("a visit for chemotherapy", unknown("coarser-code", "c1"), condition(icd("Z51.1"))),
                case("a history of chemotherapy", unknown("coarser-code", "c1"), condition(icd("Z92.6"))),
                case("a history of radiotherapy", presumed(), condition(icd("Z92.3"))),
            ],
            site=COMPLETE,
        ),
    ),
)

PURPOSE = Topic(
    "purpose",
    "What it was for",
    "A therapy criterion can ask what for: the index cancer, or a diagnosis. A stated reason decides; "
    "without one, a treatment of cancer was for the only cancer on record, else `ambiguous-focus`. A drug "
    "with several uses and no stated reason is unknown.",
    (
        Table(
            "purpose-index-cancer",
            "Chemotherapy for the index cancer",
            "received: {concept: systemic-chemotherapy, for: index-cancer}",
            [
                case(
                    "the reason is the cancer’s own record",
                    true("g1"),
                    CANCER,
                    given(CISPLATIN, reason="cancer"),
                ),
                case(
                    "the reason is a code of the cancer",
                    true("g1"),
                    CANCER,
                    given(CISPLATIN, reason=icd("C15.9")),
                ),
                case("no reason, and the only cancer", true("g1"), CANCER, given(CISPLATIN)),
                case(
                    "no reason, and long before this cancer: perhaps for another one",
                    unknown("ambiguous-focus", "g1"),
                    CANCER,
                    given(CISPLATIN, on="2015-06-01"),
                ),
                case(
                    "no reason, and another cancer",
                    unknown("ambiguous-focus", "g1"),
                    CANCER,
                    condition(BREAST_CANCER),
                    given(CISPLATIN),
                ),
                case(
                    "no reason, and another cancer, resolved",
                    unknown("ambiguous-focus", "g1"),
                    CANCER,
                    condition(BREAST_CANCER, clinical="resolved"),
                    given(CISPLATIN),
                ),
                case(
                    "no reason, and a history of another cancer",
                    unknown("ambiguous-focus", "g1"),
                    CANCER,
                    condition(icd("Z85.3", "history of breast cancer")),
                    given(CISPLATIN),
                ),
                case(
                    "the reason is another cancer",
                    presumed(),
                    CANCER,
                    condition(BREAST_CANCER, id="breast"),
                    given(CISPLATIN, reason="breast"),
                ),
                case(
                    "a reason in words alone",
                    unknown("ambiguous-focus", "g1"),
                    CANCER,
                    given(CISPLATIN, reasonCode=[{"text": "palliative"}]),
                ),
                case(
                    "a history code, which names no cancer",
                    unknown("ambiguous-focus", "c1"),
                    CANCER,
                    condition(Code("icd-10-cm", "Z92.21")),
                ),
                case(
                    "a visit, since the only cancer was known",
                    true("c1"),
                    CANCER,
                    condition(icd("Z51.1"), on="2026-10-02"),
                ),
                case(
                    "a visit, before it was known",
                    unknown("ambiguous-focus", "c1"),
                    CANCER,
                    condition(icd("Z51.1"), on="2020-10-02"),
                ),
                case(
                    "a visit, and another cancer",
                    unknown("ambiguous-focus", "c1"),
                    CANCER,
                    condition(BREAST_CANCER, id="breast"),
                    condition(icd("Z51.1"), on="2026-10-02"),
                ),
            ],
            population="oesophageal-cancer",
            site=COMPLETE,
        ),
        Table(
            "purpose-diagnosis",
            "A steroid for rheumatoid arthritis",
            "received: {concept: systemic-corticosteroid, for: autoimmune-disease}",
            [
                case("for arthritis", true("g1"), given(PREDNISOLONE, reason=RHEUMATOID_ARTHRITIS)),
                case("for another thing", presumed(), given(PREDNISOLONE, reason=icd("J44.9", "COPD"))),
                case("no reason", unknown("ambiguous-focus", "g1"), given(PREDNISOLONE)),
            ],
            site=COMPLETE,
        ),
        Table(
            "shared-use",
            "A drug with several uses",
            "received: {concept: systemic-chemotherapy}",
            [
                case("methotrexate, no reason", unknown("ambiguous-focus", "g1"), given(METHOTREXATE)),
                case(
                    "methotrexate for a cancer",
                    true("g1"),
                    given(METHOTREXATE, reason=icd("C85.9", "lymphoma")),
                ),
                case(
                    "methotrexate for arthritis", presumed(), given(METHOTREXATE, reason=RHEUMATOID_ARTHRITIS)
                ),
                case(
                    "for arthritis, by its record",
                    presumed(),
                    condition(RHEUMATOID_ARTHRITIS, id="ra"),
                    given(METHOTREXATE, reason="ra"),
                ),
                case(
                    "for something nobody codes",
                    unknown("ambiguous-focus", "g1"),
                    given(METHOTREXATE, reasonCode=[{"text": "pain"}]),
                ),
                case("cisplatin has one use", true("g1"), given(CISPLATIN)),
                case("methotrexate, and cisplatin", true("g2"), given(METHOTREXATE), given(CISPLATIN)),
            ],
            site=COMPLETE,
        ),
        Table(
            "not-for",
            "A purpose that does not count",
            "received: {concept: systemic-corticosteroid}",
            [
                case("no reason", true("g1"), given(PREDNISOLONE)),
                case("against nausea", presumed(), given(PREDNISOLONE, reason=icd("R11", "nausea"))),
                case("for arthritis", true("g1"), given(PREDNISOLONE, reason=RHEUMATOID_ARTHRITIS)),
            ],
            site=COMPLETE,
        ),
    ),
)

ROUTES = Topic(
    "routes",
    "Routes",
    "A criterion can name routes; a therapy without a route is then unknown. A mapping may name routes that "
    "never count (on the skin, for a systemic drug).",
    (
        Table(
            "routes",
            "By mouth or into a vein",
            "received: {concept: systemic-corticosteroid, routes: [oral, intravenous]}",
            [
                case("by mouth", true("g1"), given(PREDNISOLONE, route=ORAL)),
                case("into a vein", true("s1"), taken(PREDNISOLONE, route=INTRAVENOUS)),
                case("on the skin", presumed(), given(PREDNISOLONE, route=TOPICAL)),
                case("nothing said", unknown("no-value", "g1"), given(PREDNISOLONE)),
                case("by mouth, in the site's own words", true("g1"), given(PREDNISOLONE, route=PER_OS)),
            ],
            site={**COMPLETE, "local_routes": {"oral": {"http://ward.example": ["PO"]}}},
        ),
        Table(
            "routes-not",
            "A topical drug is no systemic one",
            "received: {concept: systemic-chemotherapy}",
            [
                case("on the skin", presumed(), given(FLUOROURACIL, route=TOPICAL)),
                case("into a vein", true("g1"), given(FLUOROURACIL, route=INTRAVENOUS)),
                case("nothing said", true("g1"), given(FLUOROURACIL)),
            ],
            site=COMPLETE,
        ),
    ),
)

TIME = Topic(
    "time",
    "When, how long, and whether it goes on",
    "A therapy takes place from its start to its end. Within a window counts when it was last given; a "
    "minimum duration needs both ends, or that it goes on; `current` is what has not ended at the index "
    "date.",
    (
        Table(
            "therapy-within",
            "Within the last 28 days",
            "received: {concept: systemic-corticosteroid, within: 28 d}",
            [
                case("28 days ago", true("g1"), given(PREDNISOLONE, on="2026-10-04")),
                case("29 days ago", presumed(), given(PREDNISOLONE, on="2026-10-03")),
                case(
                    "a course that ended 28 days ago",
                    true("s1"),
                    taken(PREDNISOLONE, on="2026-01-01", until="2026-10-04"),
                ),
                case(
                    "a course that ended before",
                    presumed(),
                    taken(PREDNISOLONE, on="2026-01-01", until="2026-10-03"),
                ),
                case(
                    "one that goes on",
                    true("s1"),
                    taken(PREDNISOLONE, on="2026-01-01", until="", status="active"),
                ),
                case(
                    "some time that month", unknown("imprecise-date", "g1"), given(PREDNISOLONE, on="2026-10")
                ),
                case("no date", unknown("imprecise-date", "s1"), taken(PREDNISOLONE, on=None)),
                case(
                    "long-term use that has ended, nobody says when",
                    unknown("imprecise-date", "c1"),
                    condition(LONG_TERM_STEROID, on="2025-01-01", clinical="resolved"),
                ),
                case(
                    "long-term use that was refuted long ago",
                    presumed(),
                    condition(LONG_TERM_STEROID, on="2015-01-01", verification="refuted"),
                ),
            ],
            site=COMPLETE,
        ),
        Table(
            "therapy-duration",
            "For at least 28 days",
            "received: {concept: systemic-corticosteroid, minimum_duration: 28 d}",
            [
                case("28 days", true("s1"), taken(PREDNISOLONE, on="2026-09-01", until="2026-09-29")),
                case("27 days", presumed(), taken(PREDNISOLONE, on="2026-09-01", until="2026-09-28")),
                case(
                    "goes on for 28 days",
                    true("s1"),
                    taken(PREDNISOLONE, on="2026-10-04", until="", status="active"),
                ),
                case(
                    "goes on for 27 days",
                    presumed(),
                    taken(PREDNISOLONE, on="2026-10-05", until="", status="active"),
                ),
                case("a dose: its end is not known", unknown("imprecise-date", "g1"), given(PREDNISOLONE)),
                case(
                    "from some time in August to 5 September",
                    unknown("imprecise-date", "s1"),
                    taken(PREDNISOLONE, on="2026-08", until="2026-09-05"),
                ),
                case(
                    "only its end is known",
                    unknown("imprecise-date", "s1"),
                    taken(PREDNISOLONE, on=None, until="2026-10-01"),
                ),
                case("a supply of 28 days", true("d1"), dispensed(PREDNISOLONE, daysSupply=days(28))),
                case("a supply of 27 days", presumed(), dispensed(PREDNISOLONE, daysSupply=days(27))),
                case("a supply of 4 weeks", true("d1"), dispensed(PREDNISOLONE, daysSupply=days(4, "wk"))),
                case(
                    "two supplies of 14 days, one after the other",
                    true("d1", "d2"),
                    dispensed(PREDNISOLONE, on="2026-09-01", daysSupply=days(14)),
                    dispensed(PREDNISOLONE, on="2026-09-17", daysSupply=days(14)),
                ),
                case(
                    "two supplies of 14 days, a month between them",
                    presumed(),
                    dispensed(PREDNISOLONE, on="2026-08-01", daysSupply=days(14)),
                    dispensed(PREDNISOLONE, on="2026-09-17", daysSupply=days(14)),
                ),
                case(
                    "doses every third day for 30 days",
                    true(*(f"g{n}" for n in range(1, 12))),
                    *(given(PREDNISOLONE, on=f"2026-09-{day:02}") for day in range(1, 31, 3)),
                    given(PREDNISOLONE, on="2026-10-01"),
                ),
                case(
                    "doses every fourth day: each stands alone",
                    unknown("imprecise-date", "g1", "g2", "g3", "g4", "g5", "g6", "g7", "g8"),
                    *(given(PREDNISOLONE, on=f"2026-09-{day:02}") for day in range(1, 30, 4)),
                ),
                case(
                    "two doses on the skin make no course with others",
                    presumed(),
                    given(PREDNISOLONE, on="2026-09-01", route=TOPICAL),
                    given(PREDNISOLONE, on="2026-09-03", route=TOPICAL),
                ),
                case(
                    "noted as long-term use",
                    true("c1"),
                    condition(LONG_TERM_STEROID, on="2026-01-01"),
                ),
                case(
                    "long-term use, noted a week ago: since when is not known",
                    unknown("imprecise-date", "c1"),
                    condition(LONG_TERM_STEROID, on=None, recordedDate="2026-10-25"),
                ),
            ],
            site=COMPLETE,
            text="Doses and supplies that lie no further apart than the mapping says (`doses_apart`) are one "
            "course; a supply lasts for its days. Where the mapping says nothing, each dose stands alone.",
        ),
        Table(
            "therapy-current",
            "At present",
            "received: {concept: systemic-corticosteroid, current: true}",
            [
                case("goes on", true("s1"), taken(PREDNISOLONE, on="2026-10-01", until="", status="active")),
                case("in progress", true("g1"), given(PREDNISOLONE, status="in-progress")),
                case("ended before", presumed(), taken(PREDNISOLONE, on="2026-10-01", until="2026-10-31")),
                case(
                    "ends after the index date",
                    true("s1"),
                    taken(PREDNISOLONE, on="2026-10-01", until="2026-11-20"),
                ),
                case("a single dose is over", presumed(), given(PREDNISOLONE)),
                case(
                    "doses up to three days ago: the course goes on",
                    true("g1", "g2"),
                    given(PREDNISOLONE, on="2026-10-27"),
                    given(PREDNISOLONE, on="2026-10-29"),
                ),
                case(
                    "doses up to four days ago: it is over",
                    presumed(),
                    given(PREDNISOLONE, on="2026-10-26"),
                    given(PREDNISOLONE, on="2026-10-28"),
                ),
                case(
                    "a supply that lasts",
                    true("d1"),
                    dispensed(PREDNISOLONE, on="2026-09-20", daysSupply=days(90)),
                ),
                case(
                    "a supply that was used up",
                    presumed(),
                    dispensed(PREDNISOLONE, on="2026-09-20", daysSupply=days(30)),
                ),
                case(
                    "a supply of days in words",
                    true("d1"),
                    dispensed(PREDNISOLONE, on="2026-09-20", daysSupply={"value": 90, "unit": "Tage"}),
                ),
                case(
                    "a supply of at most so many days",
                    unknown("imprecise-date", "d1"),
                    dispensed(PREDNISOLONE, on="2026-09-20", daysSupply=days(90) | {"comparator": "<="}),
                ),
                case(
                    "a supply that was stopped",
                    unknown("imprecise-date", "d1"),
                    dispensed(PREDNISOLONE, on="2026-09-20", status="stopped", daysSupply=days(90)),
                ),
                case("noted as long-term use", true("c1"), condition(LONG_TERM_STEROID)),
                case(
                    "long-term use that has ended",
                    presumed(),
                    condition(LONG_TERM_STEROID, clinical="resolved"),
                ),
                case(
                    "stopped",
                    presumed(),
                    taken(PREDNISOLONE, on="2026-10-01", until="2026-10-10", status="stopped"),
                ),
            ],
            site=COMPLETE,
        ),
    ),
)

CHAPTER = Chapter("therapies", "Therapies", "What was received.", (EVIDENCE, PURPOSE, ROUTES, TIME))
