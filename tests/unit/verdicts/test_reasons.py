"""The first reason, the strongest and the weakest basis: by the declared orders, not by the alphabet."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest

from fhirscreen.verdicts.reasons import Basis, Reason, first_reason, strongest, weakest

BASES = ["recorded", "derived", "presumed", "confirm", "missing"]


@pytest.mark.parametrize(("strong", "weak"), list(combinations_with_replacement(BASES, 2)))
def test_the_strongest_and_the_weakest_of_two(strong: str, weak: str) -> None:
    both = [Basis(strong), Basis(weak)]
    for bases in (both, both[::-1]):
        assert (strongest(bases).value, weakest(bases).value) == (strong, weak)


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ("unread", "not-fetched"), ("bound-in-question", "conflicting"), ("stale", "no-value"),
        ("coarser-code", "absence-presumed"), ("no-record", "absence-presumed"),
        ("judgement", "censored-value"),
    ],
)  # fmt: skip
def test_the_first_of_two_reasons(first: str, later: str) -> None:
    both = [Reason(first), Reason(later)]
    assert first_reason(both) == first_reason(both[::-1]) == first


def test_no_reason_is_the_first_of_none() -> None:
    assert first_reason([]) is None
