"""Any or every of several records: what may lie outside the window, and on what the verdict rests."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.bounds import Which
from fhirscreen.engines.evaluator.absence import NO_RECORD
from fhirscreen.engines.evaluator.items import Item
from fhirscreen.engines.evaluator.selection import Placed, decide
from fhirscreen.values.dates import Moment
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
RECORDED, DERIVED = Basis.RECORDED, Basis.DERIVED


def item(name: str, truth: Truth, basis: Basis = RECORDED, day: int = 1) -> Item:
    """A record whose value is the truth that it says."""
    return Item(Moment(day, day + 1), name, basis=basis, value=truth.value)


def chosen(which: Which, certain: list[Item], possible: list[Item]) -> Proof:
    def judge(each: Item) -> tuple[Truth, Reason | None]:
        truth = Truth(each.value)
        return truth, Reason.NO_UNIT if truth is U else None

    return decide(Placed(certain, possible, [], []), which, judge, "says", NO_RECORD)


@pytest.mark.parametrize(
    ("which", "certain", "possible", "truth", "reason"),
    [
        (Which.ANY, F, T, U, Reason.IMPRECISE_DATE), (Which.EVERY, T, F, U, Reason.IMPRECISE_DATE),
        (Which.ANY, T, F, T, None), (Which.EVERY, F, T, F, None),
        (Which.ANY, F, F, F, None), (Which.EVERY, T, T, T, None),
        (Which.ANY, T, U, T, None), (Which.EVERY, F, U, F, None),
        (Which.ANY, F, U, U, Reason.NO_UNIT), (Which.EVERY, T, U, U, Reason.NO_UNIT),
    ],
)  # fmt: skip
def test_what_may_lie_outside_cannot_decide_by_itself(
    which: Which, certain: Truth, possible: Truth, truth: Truth, reason: Reason | None
) -> None:
    found = chosen(which, [item("a", certain)], [item("b", possible)])
    assert (found.truth, found.reason) == (truth, reason)


@pytest.mark.parametrize("which", [Which.ANY, Which.EVERY])
@pytest.mark.parametrize("truth", [T, F])
def test_what_may_all_lie_outside_decides_nothing(which: Which, truth: Truth) -> None:
    found = chosen(which, [], [item("a", truth), item("b", truth)])
    assert (found.truth, found.reason) == (U, Reason.IMPRECISE_DATE)
    assert found.evidence == ("a", "b")


@pytest.mark.parametrize(
    ("which", "truth", "basis"),
    [
        # One suffices for a TRUE any and a FALSE every; all are needed for the reverse, and where it is open.
        (Which.ANY, T, RECORDED), (Which.EVERY, F, RECORDED),
        (Which.ANY, F, DERIVED), (Which.EVERY, T, DERIVED),
        (Which.ANY, U, DERIVED), (Which.EVERY, U, DERIVED),
    ],
)  # fmt: skip
@pytest.mark.parametrize("names", ["ab", "ba"])
@pytest.mark.parametrize("days", [(1, 2), (2, 1)])
def test_where_one_suffices_the_strongest_basis_stands(
    which: Which, truth: Truth, basis: Basis, names: str, days: tuple[int, int]
) -> None:
    of = [
        item(name, truth, each, day) for name, each, day in zip(names, (DERIVED, RECORDED), days, strict=True)
    ]
    for certain in (of, of[::-1]):
        found = chosen(which, certain, [])
        assert (found.truth, found.basis, found.evidence) == (truth, basis, ("a", "b"))
