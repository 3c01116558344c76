"""Numbers in words: read where they can be one number only."""

from __future__ import annotations

import re

import pytest

from fhirscreen.values.numbers import NUMBER, read_decimal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("95", 95), ("13.5", 13.5), ("13,5", 13.5), ("0,75", 0.75), ("0.123", 0.123), ("0,123", 0.123),
        ("220 000", 220000), ("220\u00a0000", 220000), ("220\u2019000", 220000), ("1 234,5", 1234.5),
        ("1.234,5", 1234.5), ("1,234.5", 1234.5), ("1.234.567", 1234567), ("1,234,567", 1234567),
        ("1234.567", 1234.567), ("1234,567", 1234.567), ("1 234.567", 1234.567), ("13,50", 13.5),
        ("4.1234", 4.1234), ("1.234.567,8", 1234567.8),
    ],
)  # fmt: skip
def test_what_can_be_one_number_only_is_read(text: str, number: float) -> None:
    assert re.fullmatch(NUMBER, text)
    assert read_decimal(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "1.234",
        "220,000",
        "220.000",
        "13,500",
        "12.10.2026",
        "1.2.3",
        "1,2,3",
        "1.23,456",
        "1,234.567,8",
        "x",
        "",
    ],
)
def test_what_may_be_two_numbers_or_is_none_is_not_read(text: str) -> None:
    assert read_decimal(text) is None


def test_a_power_of_ten_after_a_space_is_no_thousand() -> None:
    found = re.match(NUMBER, "60 10*9/L")
    assert found is not None
    assert found[0] == "60"
