"""Status fields mean something: what each resource type's status makes of a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.lib.records import (
    Code,
    Resource,
    allergy,
    condition,
    dispensed,
    given,
    observation,
    ordered,
    procedure,
    taken,
)
from tests.spec.codes import CISPLATIN, PLATELETS, PREDNISOLONE, PREGNANCY, RADIOTHERAPY, STROKE
from tests.spec.tables import Case, Chapter, Expected, Table, Topic, case, false, presumed, true, unknown

COUNT = "measured: {concept: platelet-count, at_least: 100 10*9/L}"
CHEMOTHERAPY = "received: {concept: systemic-chemotherapy}"
CONTRAST = Code("snomed", "293637006", "allergy to contrast media")


def _embolism(on: str, **more: Any) -> Resource:
    """A pulmonary embolism of a day."""
    return condition(Code("icd-10", "I26.9", "Pulmonary embolism"), on=on, **more)


def each(make: Callable[..., Resource], of: Any, wanted: dict[str, Expected], **more: Any) -> list[Case]:
    """One row a status."""
    return [
        case(f"`{status}`", expected, make(of, status=status, **more)) for status, expected in wanted.items()
    ]


NOTHING = unknown("no-record")


def without_status(record: Resource) -> Resource:
    """A record that lacks what R4 requires."""
    return {name: value for name, value in record.items() if name != "status"}


NEGATED = [{"url": "http://vendor.example/not-this-patient", "valueBoolean": True}]
"""An extension that turns what a record says into its opposite, for whoever knows it."""

MODIFIED = Topic(
    "modified",
    "Modifiers",
    "R4 forbids to process a resource whose `modifierExtension` or `implicitRules` one does not know: it may "
    "say the opposite of its elements. None is known here. Such a record settles nothing (`unconfirmed`), "
    "and nothing older decides beside it.",
    (
        Table(
            "modified-observation",
            "An Observation",
            COUNT,
            [
                case(
                    "with a modifierExtension",
                    unknown("unconfirmed", "o1"),
                    observation(PLATELETS, "200 10*9/L", modifierExtension=NEGATED),
                ),
                case(
                    "the one before does not decide",
                    unknown("unconfirmed", "o2"),
                    observation(PLATELETS, "200 10*9/L", on="2026-10-20"),
                    observation(PLATELETS, "20 10*9/L", on="2026-10-25", modifierExtension=NEGATED),
                ),
                case(
                    "the one after it does",
                    true("o1"),
                    observation(PLATELETS, "200 10*9/L", on="2026-10-25"),
                    observation(PLATELETS, "20 10*9/L", on="2026-10-20", modifierExtension=NEGATED),
                ),
                case(
                    "with implicitRules",
                    unknown("unconfirmed", "o1"),
                    observation(PLATELETS, "200 10*9/L", implicitRules="http://vendor.example/rules"),
                ),
                case(
                    "an extension that modifies nothing",
                    true("o1"),
                    observation(PLATELETS, "200 10*9/L", extension=NEGATED),
                ),
            ],
        ),
        Table(
            "modified-condition",
            "A Condition, a dose",
            "any: [{condition: {concept: stroke}}, {received: {concept: radiotherapy}}]",
            [
                case(
                    "a diagnosis",
                    unknown("unconfirmed", "c1"),
                    condition(STROKE, modifierExtension=NEGATED),
                ),
                case(
                    "a denial denies nothing",
                    unknown("unconfirmed", "c1"),
                    condition(STROKE, verification="refuted", modifierExtension=NEGATED),
                ),
                case(
                    "a procedure",
                    unknown("unconfirmed", "p1"),
                    procedure(RADIOTHERAPY, modifierExtension=NEGATED),
                ),
                case(
                    "beside one that is sound",
                    true("c1"),
                    condition(STROKE),
                    condition(STROKE, modifierExtension=NEGATED),
                ),
            ],
            site={"complete": {"Condition": "lifelong", "Procedure": "lifelong"}},
        ),
    ),
)

RESULTS = Topic(
    "results",
    "Results",
    "`registered`, `preliminary`, `cancelled` and `entered-in-error` results are no evidence; `final`, "
    "`amended` and `corrected` ones are. Where it cannot be told, for the status is `unknown`, missing or "
    "none of R4's, the record settles nothing (`unconfirmed`), and nothing older decides beside it. So it is "
    "with the status elements of every type; a run over files names how many such records there are.",
    (
        Table(
            "status-observation",
            "Observation.status",
            COUNT,
            [
                *each(
                    lambda what, status: observation(what, "200 10*9/L", status=status),
                    PLATELETS,
                    {
                        "final": true("o1"),
                        "amended": true("o1"),
                        "corrected": true("o1"),
                        "registered": NOTHING,
                        "preliminary": NOTHING,
                        "cancelled": NOTHING,
                        "entered-in-error": NOTHING,
                    },
                ),
                case(
                    "a preliminary result after a final one changes nothing",
                    true("o1", value="200"),
                    observation(PLATELETS, "200 10*9/L", on="2026-10-10"),
                    observation(PLATELETS, "50 10*9/L", on="2026-10-20", status="preliminary"),
                ),
                case(
                    "`unknown`",
                    unknown("unconfirmed", "o1"),
                    observation(PLATELETS, "200 10*9/L", status="unknown"),
                ),
                case(
                    "none", unknown("unconfirmed", "o1"), without_status(observation(PLATELETS, "200 10*9/L"))
                ),
                case(
                    "`finale`, which is none of R4",
                    unknown("unconfirmed", "o1"),
                    observation(PLATELETS, "200 10*9/L", status="finale"),
                ),
                case(
                    "none, and a final one before",
                    unknown("unconfirmed", "o2"),
                    observation(PLATELETS, "200 10*9/L", on="2026-10-10"),
                    without_status(observation(PLATELETS, "50 10*9/L")),
                ),
                case(
                    "none, and a final one after",
                    true("o2"),
                    without_status(observation(PLATELETS, "50 10*9/L", on="2026-10-10")),
                    observation(PLATELETS, "200 10*9/L"),
                ),
            ],
        ),
    ),
)

DIAGNOSES = Topic(
    "diagnoses",
    "Diagnoses",
    "`unconfirmed`, `provisional` and `differential` diagnoses are unknown (`unconfirmed`), `refuted` ones "
    "denials, and those entered in error nothing. Resolved and inactive ones satisfy *ever*, not *active*.",
    (
        Table(
            "status-verification",
            "Condition.verificationStatus",
            "condition: {concept: stroke}",
            [
                case("`confirmed`", true("c1"), condition(STROKE)),
                case("none", true("c1"), condition(STROKE, verification=None)),
                case(
                    "`unconfirmed`",
                    unknown("unconfirmed", "c1"),
                    condition(STROKE, verification="unconfirmed"),
                ),
                case(
                    "`provisional`",
                    unknown("unconfirmed", "c1"),
                    condition(STROKE, verification="provisional"),
                ),
                case(
                    "`differential`",
                    unknown("unconfirmed", "c1"),
                    condition(STROKE, verification="differential"),
                ),
                case("`refuted`", false("c1"), condition(STROKE, verification="refuted")),
                case(
                    "`entered-in-error`",
                    presumed(),
                    condition(STROKE, clinical=None, verification="entered-in-error"),
                ),
                case(
                    "`certain`, which is none of R4",
                    unknown("unconfirmed", "c1"),
                    condition(STROKE, verification="certain"),
                ),
                case(
                    "a confirmed one beside an unconfirmed one",
                    true("c2"),
                    condition(STROKE, verification="provisional"),
                    condition(STROKE),
                ),
                case(
                    "a refuted one beside an unconfirmed one",
                    unknown("unconfirmed", "c2"),
                    condition(STROKE, verification="refuted"),
                    condition(STROKE, verification="provisional"),
                ),
            ],
            site={"complete": {"Condition": "lifelong"}},
        ),
        Table(
            "status-clinical-ever",
            "Condition.clinicalStatus, asked ever",
            "condition: {concept: stroke}",
            [
                case(f"`{status}`", true("c1"), condition(STROKE, clinical=status))
                for status in ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
            ],
        ),
        Table(
            "status-clinical-active",
            "Condition.clinicalStatus, asked active",
            "condition: {concept: stroke, active: true}",
            [
                *(
                    case(f"`{status}`", true("c1"), condition(STROKE, clinical=status))
                    for status in ("active", "recurrence", "relapse")
                ),
                *(
                    case(f"`{status}`", false("c1"), condition(STROKE, clinical=status))
                    for status in ("inactive", "remission", "resolved")
                ),
                case(
                    "`present`, which is none of R4",
                    unknown("unconfirmed", "c1"),
                    condition(STROKE, clinical="present"),
                ),
                case("none, and no end", true("c1"), condition(STROKE, clinical=None)),
                case("none, and an end", false("c1"), condition(STROKE, clinical=None, until="2026-10-01")),
                case(
                    "none, and an end after the index date",
                    true("c1"),
                    condition(STROKE, clinical=None, until="2026-11-05"),
                ),
                case(
                    "one resolved, one active",
                    true("c2"),
                    condition(STROKE, clinical="resolved"),
                    condition(STROKE),
                ),
            ],
        ),
        Table(
            "status-recurring",
            "What may come again: a pregnancy, asked active",
            "condition: {concept: pregnancy, active: true}",
            [
                case("active", true("c1"), condition(PREGNANCY, on="2026-06-01")),
                case("one that has ended", unknown("no-record"), condition(PREGNANCY, clinical="resolved")),
                case(
                    "one that has ended, by its end",
                    unknown("no-record"),
                    condition(PREGNANCY, clinical=None, on="2015-01-01", until="2015-09-01"),
                ),
                case(
                    "one that has ended, and an active one",
                    true("c2"),
                    condition(PREGNANCY, clinical="resolved", on="2015-01-01"),
                    condition(PREGNANCY, on="2026-06-01"),
                ),
                case(
                    "refuted this summer",
                    false("c1"),
                    condition(PREGNANCY, on="2026-06-01", verification="refuted"),
                ),
                case(
                    "refuted years ago",
                    unknown("no-record"),
                    condition(PREGNANCY, on="2015-01-01", verification="refuted"),
                ),
            ],
            text="An episode that has ended says nothing of now where there may be another: the mapping "
            "names such concepts (`episodes: recurring`: pregnancy, lactation, acute diseases).",
        ),
        Table(
            "status-recurring-old",
            "A pulmonary embolism, asked active: it has a window too",
            "condition: {concept: pulmonary-embolism, active: true}",
            [
                case(
                    "this summer, without a clinicalStatus",
                    true("c1"),
                    _embolism("2026-08-01", clinical=None),
                ),
                case(
                    "years ago, without a clinicalStatus",
                    unknown("stale", "c1"),
                    _embolism("2015-01-01", clinical=None),
                ),
                case("refuted this summer", false("c1"), _embolism("2026-08-01", verification="refuted")),
                case(
                    "refuted years ago", unknown("no-record"), _embolism("2015-01-01", verification="refuted")
                ),
            ],
        ),
        Table(
            "status-recurring-complete",
            "The same, where conditions are complete",
            "condition: {concept: pregnancy, active: true}",
            [
                case("one that has ended", presumed("c1"), condition(PREGNANCY, clinical="resolved")),
                case("active", true("c1"), condition(PREGNANCY, on="2026-06-01")),
            ],
            site={"complete": {"Condition": "2020-01-01"}},
        ),
        Table(
            "status-allergy",
            "AllergyIntolerance",
            "condition: {concept: contrast-media-allergy}",
            [
                case("`confirmed`", true("a1"), allergy(CONTRAST)),
                case("the substance of a reaction", true("a1"), allergy(None, substance=CONTRAST)),
                case(
                    "`unconfirmed`",
                    unknown("unconfirmed", "a1"),
                    allergy(CONTRAST, verification="unconfirmed"),
                ),
                case("`refuted`", false("a1"), allergy(CONTRAST, clinical=None, verification="refuted")),
                case("`resolved`: it was there", true("a1"), allergy(CONTRAST, clinical="resolved")),
                case(
                    "`entered-in-error`",
                    presumed(),
                    allergy(CONTRAST, clinical=None, verification="entered-in-error"),
                ),
            ],
            site={"complete": {"Condition": "lifelong", "AllergyIntolerance": "lifelong"}},
        ),
    ),
)

THERAPIES = Topic(
    "therapies",
    "Therapies",
    "An order is not a dose: administrations, dispenses, performed procedures and taken statements are "
    "recorded; an order alone is unknown, `order-only`, unless the site counts it as given (then "
    "`presumed`). Plans and what was not taken are nothing. A stopped therapy was received.",
    (
        Table(
            "status-administration",
            "MedicationAdministration.status",
            CHEMOTHERAPY,
            [
                *each(
                    given,
                    CISPLATIN,
                    {
                        "completed": true("g1"),
                        "in-progress": true("g1"),
                        "stopped": true("g1"),
                        "on-hold": true("g1"),
                        "not-done": NOTHING,
                        "entered-in-error": NOTHING,
                        "unknown": unknown("unconfirmed", "g1"),
                    },
                ),
                case("none", unknown("unconfirmed", "g1"), without_status(given(CISPLATIN))),
                case(
                    "`done`, which is none of R4",
                    unknown("unconfirmed", "g1"),
                    given(CISPLATIN, status="done"),
                ),
            ],
        ),
        Table(
            "status-dispense",
            "MedicationDispense.status",
            CHEMOTHERAPY,
            each(
                dispensed,
                CISPLATIN,
                {
                    "completed": true("d1"),
                    "stopped": true("d1"),
                    "preparation": NOTHING,
                    "declined": NOTHING,
                    "cancelled": NOTHING,
                    "entered-in-error": NOTHING,
                },
            ),
        ),
        Table(
            "status-statement",
            "MedicationStatement.status",
            CHEMOTHERAPY,
            each(
                taken,
                CISPLATIN,
                {
                    "active": true("s1"),
                    "completed": true("s1"),
                    "stopped": true("s1"),
                    "on-hold": true("s1"),
                    "intended": NOTHING,
                    "not-taken": NOTHING,
                    "entered-in-error": NOTHING,
                    "unknown": unknown("unconfirmed", "s1"),
                },
            ),
        ),
        Table(
            "status-procedure",
            "Procedure.status",
            "received: {concept: radiotherapy}",
            each(
                procedure,
                RADIOTHERAPY,
                {
                    "completed": true("p1"),
                    "in-progress": true("p1"),
                    "stopped": true("p1"),
                    "on-hold": true("p1"),
                    "preparation": NOTHING,
                    "not-done": NOTHING,
                    "entered-in-error": NOTHING,
                    "unknown": unknown("unconfirmed", "p1"),
                },
            ),
        ),
        Table(
            "status-order",
            "MedicationRequest",
            CHEMOTHERAPY,
            [
                *each(
                    ordered,
                    CISPLATIN,
                    {
                        "active": unknown("order-only", "r1"),
                        "completed": unknown("order-only", "r1"),
                        "stopped": unknown("order-only", "r1"),
                        "on-hold": unknown("order-only", "r1"),
                        "cancelled": NOTHING,
                        "draft": NOTHING,
                        "entered-in-error": NOTHING,
                    },
                ),
                case("none", unknown("unconfirmed", "r1"), without_status(ordered(CISPLATIN))),
                case("a plan", NOTHING, ordered(CISPLATIN, intent="plan")),
                case("a proposal", NOTHING, ordered(CISPLATIN, intent="proposal")),
                case("an option", NOTHING, ordered(CISPLATIN, intent="option")),
                case("an order not to give it", NOTHING, ordered(CISPLATIN, doNotPerform=True)),
                case("an order, and a dose", true("g1"), ordered(CISPLATIN), given(CISPLATIN)),
            ],
        ),
        Table(
            "order-counts",
            "A site where an order is as good as a dose",
            "received: {concept: systemic-corticosteroid}",
            [
                case(
                    "an order alone",
                    Expected("true", "presumed", "order-only", ("r1",)),
                    ordered(PREDNISOLONE),
                ),
                case("an order and a dose", true("g1", "r1"), ordered(PREDNISOLONE), given(PREDNISOLONE)),
                case("a plan still does not count", NOTHING, ordered(PREDNISOLONE, intent="plan")),
            ],
            site={"order_counts_as_given": ["systemic-corticosteroid"]},
        ),
    ),
)

CHAPTER = Chapter(
    "statuses",
    "Status fields",
    "The status elements of a resource decide what it is evidence of, if anything.",
    (RESULTS, DIAGNOSES, THERAPIES, MODIFIED),
)
