"""The attrition adds up, counts mirrored pairs once, and gives no small number away."""

from __future__ import annotations

from fhirscreen.engines.base import Screened
from fhirscreen.outputs.attrition import Attrition, attrition, near_miss
from fhirscreen.plan.nodes import Plan
from fhirscreen.verdicts.standings import Gate
from tests.lib.demo import demo_plan, demo_screened
from tests.unit.outputs.conftest import OPEN, Make


def counted(screened: Screened, plan: Plan, below: int = 0) -> Attrition:
    return attrition(screened, plan, suppress_below=below)[plan.studies[0].study.id]


def row(counts: Attrition, id: str) -> tuple[int | None, ...]:
    loss = next(each for each in counts.criteria if each.criterion.id == id)
    return loss.met, loss.failed, loss.failed_alone, loss.open, loss.undecided, loss.mirrored


def test_everybody_is_counted_where_they_left(screened: Screened, plan: Plan) -> None:
    counts = counted(screened, plan)
    assert (counts.patients, counts.outside, counts.members, counts.screened) == (12, 3, 9, 7)
    assert dict(counts.gates) == dict.fromkeys(Gate, 0) | {Gate.DECEASED: 1, Gate.DECLINED: 1}
    assert [gate for gate, _ in counts.gates] == list(Gate)
    assert (counts.candidates, counts.potential, counts.failed, counts.near_misses) == (1, 3, 3, 1)


def test_each_criterion(screened: Screened, plan: Plan) -> None:
    counts = counted(screened, plan)
    assert row(counts, "platelets") == (4, 2, 1, 1, 0, 0)
    assert row(counts, "age") == (6, 1, 0, 0, 0, 0)
    assert row(counts, "alt") == (6, 0, 0, 1, 0, 0)
    assert row(counts, "hiv") == (6, 0, 0, 1, 0, 0)


def test_a_mirrored_pair_counts_once_with_the_inclusion(screened: Screened, plan: Plan) -> None:
    counts = counted(screened, plan)
    assert row(counts, "t-stage") == (5, 1, 1, 1, 0, 0)
    assert row(counts, "t1-t2") == (0, 0, 0, 0, 0, 7)


def test_an_exclusion_that_fails_where_its_inclusion_does_not_counts_itself(make: Make, plan: Plan) -> None:
    screened = Screened([make("a", t1_t2="fail", t_stage=OPEN)], patients=1)
    assert row(counted(screened, plan), "t1-t2")[1:3] == (1, 1)


def test_what_was_not_decided_is_neither_a_near_miss_nor_a_lone_failure(make: Make, plan: Plan) -> None:
    cut = make("a", upto="platelets", platelets="fail")
    screened = Screened([cut, make("b")], patients=2)
    counts = counted(screened, plan)
    assert cut.near_miss is not None
    assert near_miss(cut, plan.studies[0].study) is None
    assert row(counts, "platelets") == (1, 1, None, 0, 0, 0)
    assert row(counts, "alt") == (1, 0, None, 0, 1, 0)
    assert counts.near_misses is None


def test_counts_of_the_demo_add_up() -> None:
    screened, plan = demo_screened(), demo_plan()
    for counts in attrition(screened, plan).values():
        assert counts.patients == screened.patients
        assert counts.members == sum(cell or 0 for _, cell in counts.gates) + (counts.screened or 0)
        assert counts.screened == (counts.candidates or 0) + (counts.potential or 0) + (counts.failed or 0)
        for loss in counts.criteria:
            parts = (loss.met, loss.failed, loss.open, loss.undecided, loss.mirrored)
            assert sum(part or 0 for part in parts) == counts.screened, loss.criterion.id
            assert (loss.failed_alone or 0) <= (loss.failed or 0)


def test_suppression_withholds_small_cells_and_what_gives_them_back(screened: Screened, plan: Plan) -> None:
    counts = counted(screened, plan, 5)
    assert counts.patients == 12
    # 3 outside of 12 is small; the 9 members alone would give it back.
    assert (counts.outside, counts.members) == (None, None)
    assert (counts.candidates, counts.potential, counts.failed) == (None, None, None)
    assert row(counts, "platelets")[:4] == (None, None, None, None)
    assert row(counts, "age")[:2] == (None, None), "one small cell takes the next smallest with it"
    assert all(cell in (None, 0) for _, cell in counts.gates)
    shown = [cell for loss in counts.criteria for cell in loss[1:]]
    assert not [cell for cell in shown if cell is not None and 0 < cell < 5]


def test_nothing_is_withheld_unless_asked(screened: Screened, plan: Plan) -> None:
    assert counted(screened, plan, 1) == counted(screened, plan)
