"""How many different days: by trying every choice."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirscreen.values.days import Days, fewest_days, most_days

RANGES = st.lists(
    st.tuples(st.integers(1, 7), st.integers(0, 4)).map(lambda each: (each[0], each[0] + each[1])), max_size=5
)


@given(RANGES)
def test_fewest_and_most_are_those_of_every_choice(ranges: list[Days]) -> None:
    choices = product(*(range(first, last + 1) for first, last in ranges))
    numbers = {len(set(choice)) for choice in choices}
    assert (fewest_days(ranges), most_days(ranges)) == (min(numbers), max(numbers))


@pytest.mark.parametrize(
    ("ranges", "fewest", "most"),
    [
        ([], 0, 0),
        ([(5, 5), (5, 5)], 1, 1),
        ([(1, 31), (20, 20)], 1, 2),
        ([(1, 31), (40, 40)], 2, 2),
        ([(1, 3), (1, 1), (1, 2)], 1, 3),
        ([(1, 2), (1, 2), (1, 2)], 1, 2),
        ([(1, 739_000)] * 1000, 1, 1000),
    ],
)
def test_counts_days(ranges: list[Days], fewest: int, most: int) -> None:
    assert (fewest_days(ranges), most_days(ranges)) == (fewest, most)
