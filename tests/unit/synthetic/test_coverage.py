"""Which node × truth × reason the cohort reaches: every cell is covered or says why it cannot exist."""

from __future__ import annotations

import pytest

from fhirscreen.synthetic import Cohort, generate
from fhirscreen.synthetic.coverage import UNSETTLED, cells, covers, impossible, possible


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return generate()


def test_no_possible_cell_is_empty(cohort: Cohort) -> None:
    assert sorted(possible() - covers(cohort.truths)) == []


def test_no_impossible_cell_is_covered(cohort: Cohort) -> None:
    assert sorted(covers(cohort.truths) & set(impossible())) == []


def test_every_cell_is_possible_or_says_why_not() -> None:
    assert possible() <= set(cells())
    assert set(cells()) == possible() | set(impossible())
    assert all(impossible().values())


def test_what_is_unsettled_is_not_claimed(cohort: Cohort) -> None:
    assert not covers(cohort.truths) & set(UNSETTLED)
