"""A worklist says what is open, why and what to do; it names nothing sensitive."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from fhirscreen.engines.base import Screened
from fhirscreen.outputs.worklists import Item, Worklist, worklists
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Status
from tests.unit.outputs.conftest import OPEN, Make


@pytest.fixture
def worklist(screened: Screened, plan: Plan, as_of: AsOf) -> Worklist:
    return worklists(screened, plan, as_of.day)[0]


def test_order_and_status(worklist: Worklist) -> None:
    assert [(e.rank, e.patient, e.status.value) for e in worklist.entries] == [
        (1, "a-candidate", "candidate"),
        (2, "b-stale", "potential-candidate"),
        (3, "d-sensitive", "potential-candidate"),
        (4, "c-no-stage", "potential-candidate"),
    ]
    assert worklist.number(Status.CANDIDATE) == 1


def test_what_is_open_why_and_the_next_action(worklist: Worklist) -> None:
    stale = worklist.entries[1]
    why = "the last record is too old (140 × 10⁹/L, 1 Sep 2026)"
    assert stale.items == (Item("platelets", "Platelets at least 100 × 10⁹/L", why, "Order a blood count"),)
    assert stale.action == "Order a blood count"
    assert worklist.entries[0].action == "Approach the patient"
    assert worklist.to_ask == ("Does the patient consent?",)


def test_a_mirrored_open_exclusion_is_not_said_twice(worklist: Worklist) -> None:
    assert [item.criterion for item in worklist.entries[3].items] == ["t-stage"]


def test_sensitive_reasons_are_not_named(worklist: Worklist, make: Make, plan: Plan, as_of: AsOf) -> None:
    (item,) = worklist.entries[2].items
    assert (item.criterion, item.says, item.why) == ("further-review-needed", "Further review needed", "")
    screened = Screened([make("a", hiv="fail")], patients=1)
    (near,) = worklists(screened, plan, as_of.day)[0].near_misses
    assert (near.item.criterion, near.item.why) == ("further-review-needed", "")
    assert near.look_again == date(2026, 12, 1)


def test_whoever_may_read_the_record_reads_what_is_sensitive(
    screened: Screened, plan: Plan, as_of: AsOf, make: Make
) -> None:
    entry = worklists(screened, plan, as_of.day, full=True)[0].entries[2]
    assert (entry.patient, entry.items[0].says) == ("d-sensitive", "HIV infection")
    assert entry.items[0].why.startswith("recorded, and not confirmed (Human immunodeficiency")
    failed = Screened([make("a", hiv="fail")], patients=1)
    (near,) = worklists(failed, plan, as_of.day, full=True)[0].near_misses
    assert near.item.criterion == "hiv"


def test_near_misses_come_with_a_date_to_look_again(worklist: Worklist) -> None:
    (near,) = worklist.near_misses
    assert (near.patient, near.look_again, near.open) == ("e-near-miss", date(2026, 11, 8), 1)
    assert near.item.why == "<90 × 10⁹/L, 26 Oct 2026"


def test_gates_first_then_what_costs_rank(make: Make, plan: Plan, as_of: AsOf) -> None:
    screened = Screened([make("a", alt=OPEN, t_stage=OPEN, hiv=OPEN)], patients=1)
    (entry,) = worklists(screened, plan, as_of.day)[0].entries
    assert [item.criterion for item in entry.items] == ["t-stage", "alt", "further-review-needed"]
    assert entry.action == "Ask for endosonography"


def test_what_is_open_for_everybody_is_said_once(make: Make, plan: Plan, as_of: AsOf) -> None:
    screened = Screened([make("a", alt=OPEN), make("b", alt=OPEN, t_stage=OPEN), make("c")], patients=3)
    worklist = worklists(screened, plan, as_of.day)[0]
    assert [(s.letter, s.item.criterion, s.number) for s in worklist.shared] == [("A", "alt", 2)]
    assert worklist.whom == "everybody"
    ready, first, second = worklist.entries
    assert [[i.criterion for i in e.items] for e in (first, second)] == [[], ["t-stage"]]
    assert [i.criterion for i in second.open] == ["t-stage", "alt"]
    assert worklist.refer(ready) == ""
    assert worklist.refer(first) == "only A of what is open for everybody"
    assert worklist.refer(second) == "also A of what is open for everybody"
    assert first.action == worklist.shared[0].item.action != ""
    assert (worklist.act(first), worklist.act(second)) == ("Begin with A", "Ask for endosonography")


def test_what_is_open_for_most_is_said_once_and_counted(make: Make, plan: Plan, as_of: AsOf) -> None:
    another = Proof(Truth.UNKNOWN, Basis.RECORDED, Reason.NO_UNIT)
    made = [
        make("a", alt=OPEN, platelets=OPEN),
        make("b", alt=OPEN, platelets=another),
        make("c", alt=OPEN, platelets=OPEN, t_stage=OPEN),
        make("d", platelets=another),
    ]
    worklist = worklists(Screened(made, patients=4), plan, as_of.day)[0]
    assert [(s.item.criterion, s.number) for s in worklist.shared] == [("alt", 3)], "half is not most"
    assert worklist.whom == "most patients"
    said = {entry.patient: worklist.refer(entry) for entry in worklist.entries}
    assert said == dict.fromkeys("abc", "also A of what is open for most patients") | {"d": ""}


def test_what_one_alone_has_open_stands_in_the_row(make: Make, plan: Plan, as_of: AsOf) -> None:
    worklist = worklists(Screened([make("a", alt=OPEN), make("b")], patients=2), plan, as_of.day)[0]
    assert worklist.shared == ()


def test_what_is_open_for_one_reason_is_drawn_together(make: Make, plan: Plan, as_of: AsOf) -> None:
    screened = Screened([make("a", alt=OPEN, platelets=OPEN, hiv=OPEN)], patients=1)
    (entry,) = worklists(screened, plan, as_of.day)[0].entries
    assert [(item.says, item.why) for item in entry.grouped] == [
        ("Platelets at least 100 × 10⁹/L; ALT", "no record that counts"),
        ("Further review needed", ""),
    ]


def test_a_row_counts_what_is_met_on_silence_alone(make: Make, plan: Plan, as_of: AsOf) -> None:
    silent = Proof(Truth.FALSE, Basis.PRESUMED, Reason.ABSENCE_PRESUMED)
    (entry,) = worklists(Screened([make("a", hiv=silent)], patients=1), plan, as_of.day)[0].entries
    assert (entry.status, entry.presumed) == (Status.CANDIDATE, 1)


@pytest.mark.parametrize(
    ("reason", "action"),
    [
        (Reason.NO_UNIT, "Find out the unit where the result comes from"),
        (Reason.NO_RECORD, "Order a blood count"),
        (Reason.CONFLICTING, "Find out which of the records holds"),
    ],
)
def test_the_reason_may_have_a_remedy_of_its_own(
    make: Make, plan: Plan, as_of: AsOf, reason: Reason, action: str
) -> None:
    proof = Proof(Truth.UNKNOWN, Basis.RECORDED, reason)
    screened = Screened([make("a", platelets=proof)], patients=1)
    assert worklists(screened, plan, as_of.day)[0].entries[0].action == action


def test_a_bound_in_question_asks_the_open_question(make: Make, plan: Plan, as_of: AsOf) -> None:
    proof = Proof(Truth.UNKNOWN, Basis.RECORDED, Reason.BOUND_IN_QUESTION)
    screened = Screened([make("a", haemoglobin=proof)], patients=1)
    entry = worklists(screened, plan, as_of.day)[0].entries[0]
    assert entry.action == "Ask the investigator: Is 11 g/dL meant?"


def test_the_findings_that_place_a_patient_stand_beside_the_name(make: Make, plan: Plan, as_of: AsOf) -> None:
    staged = Proof(
        Truth.TRUE, Basis.RECORDED, None, ("Observation/t",), "T3", "", "2026-10-12T14:15:00+02:00"
    )
    screened = Screened([make("a", t_stage=staged)], patients=1)
    assert worklists(screened, plan, as_of.day)[0].entries[0].evidence == ("T3 (12 Oct 2026)",)


def test_a_planned_start_goes_first(make: Make, plan: Plan, as_of: AsOf) -> None:
    later = make("z", alt=OPEN)._replace(planned_start="2026-11-05")
    screened = Screened([make("a"), later], patients=2)
    entries = worklists(screened, plan, as_of.day)[0].entries
    assert [entry.patient for entry in entries] == ["z", "a"]
    assert replace(entries[0], rank=1).planned_start == "2026-11-05"
