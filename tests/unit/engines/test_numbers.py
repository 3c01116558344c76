"""Numbers as resources write them: quantities, ranges, integers and words."""

from __future__ import annotations

from typing import Any

import pytest

from fhirscreen.engines.evaluator.items import read_number
from fhirscreen.exceptions import DataError
from fhirscreen.values.intervals import Interval
from fhirscreen.verdicts.reasons import Basis

RECORDED, DERIVED = Basis.RECORDED, Basis.DERIVED


def both(low: dict[str, Any] | None = None, high: dict[str, Any] | None = None) -> dict[str, Any]:
    ends = {"low": low, "high": high}
    return {"valueRange": {name: end for name, end in ends.items() if end is not None}}


def quantity(value: Any, **more: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, **more}}


@pytest.mark.parametrize(
    ("holder", "interval", "text", "unit", "basis"),
    [
        (quantity(5, code="g/L", unit="gram"), Interval(5, 5), "5", "g/L", RECORDED),
        (quantity(0.5, unit="gram"), Interval(0.5, 0.5), "0.5", "gram", RECORDED),
        (quantity(5), Interval(5, 5), "5", "", RECORDED),
        (quantity(5, comparator="<"), Interval(0, 5, high_open=True), "<5", "", RECORDED),
        (quantity(5, comparator=">"), Interval(5, None, low_open=True), ">5", "", RECORDED),
        ({"valueInteger": 0}, Interval(0, 0), "0", "", RECORDED),
        ({"valueInteger": 7}, Interval(7, 7), "7", "", RECORDED),
        ({"valueString": "7"}, Interval(7, 7), "7", "", DERIVED),
        ({"valueString": " ≥ 7.5  g/L "}, Interval(7.5, None), ">=7.5", "g/L", DERIVED),
        ({"valueString": "≤7"}, Interval(0, 7), "<=7", "", DERIVED),
        ({"valueString": "<7 %"}, Interval(0, 7, high_open=True), "<7", "%", DERIVED),
    ],
)
def test_numbers(holder: dict[str, Any], interval: Interval, text: str, unit: str, basis: Basis) -> None:
    assert read_number(holder) == (interval, text, unit, basis)


@pytest.mark.parametrize(
    ("holder", "interval"),
    [
        (quantity(5, comparator="<"), Interval(None, 5, high_open=True)),
        (quantity(-3), Interval(-3, -3)),
        ({"valueString": "<7 mmol/L"}, Interval(None, 7, high_open=True)),
    ],
)
def test_what_may_be_negative_has_no_floor(holder: dict[str, Any], interval: Interval) -> None:
    found = read_number(holder, signed=True)
    assert found is not None
    assert found[0] == interval


@pytest.mark.parametrize(
    ("low", "high", "interval", "text", "unit"),
    [
        ({"value": 1, "code": "g/L"}, {"value": 2, "code": "g/L"}, Interval(1, 2), "1-2", "g/L"),
        ({"value": 1, "unit": "gram"}, {"value": 2, "unit": "gram"}, Interval(1, 2), "1-2", "gram"),
        ({"value": 1, "code": "g/L", "unit": "a"}, {"value": 2, "code": "g/L", "unit": "b"}, Interval(1, 2),
         "1-2", "g/L"),
        ({"value": 1}, {"value": 2.5, "unit": "gram"}, Interval(1, 2.5), "1-2.5", "gram"),
        ({"value": 1, "code": "g/L"}, {"value": 2}, Interval(1, 2), "1-2", "g/L"),
        ({"value": 1}, {"value": 2}, Interval(1, 2), "1-2", ""),
        ({"value": 2}, {"value": 2}, Interval(2, 2), "2-2", ""),
        ({"value": 0}, {"value": 0}, Interval(0, 0), "0-0", ""),
        ({"value": 1, "code": "g/L"}, None, Interval(1, None), "1-", "g/L"),
        (None, {"value": 2, "code": "g/L"}, Interval(None, 2), "-2", "g/L"),
        ({"value": 1}, {"code": "g/L"}, Interval(1, None), "1-", "g/L"),
    ],
)  # fmt: skip
def test_ranges(
    low: dict[str, Any] | None, high: dict[str, Any] | None, interval: Interval, text: str, unit: str
) -> None:
    assert read_number(both(low, high)) == (interval, text, unit, RECORDED)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ({"value": 2}, {"value": 1}),
        ({"value": 1, "code": "g/L"}, {"value": 2, "code": "mg/L"}),
        ({"value": 1, "unit": "gram"}, {"value": 2, "unit": "kilogram"}),
        ({"value": 1, "unit": "g"}, {"value": 2, "code": "mg"}),
    ],
)
def test_ends_that_do_not_belong_together(low: dict[str, Any], high: dict[str, Any]) -> None:
    with pytest.raises(DataError) as caught:
        read_number(both(low, high))
    assert caught.value.what == "the ends of a Range do not belong together"
    assert caught.value.expected == "low before high, in one unit"


@pytest.mark.parametrize(
    ("holder", "what"),
    [
        ({"valueQuantity": "9.1 g/dL"}, "valueQuantity is not an object"),
        ({"valueQuantity": [{"value": 5}]}, "valueQuantity is not an object"),
        ({"valueInteger": True}, "valueInteger is not a whole number"),
        ({"valueInteger": "7"}, "valueInteger is not a whole number"),
        ({"valueString": 7}, "valueString is not a string"),
        ({"valueRange": [1]}, "valueRange is not an object"),
    ],
)
def test_a_value_of_another_form_is_not_taken_for_none(holder: dict[str, Any], what: str) -> None:
    with pytest.raises(DataError) as caught:
        read_number(holder)
    assert caught.value.what == what


@pytest.mark.parametrize("value", ["5", True, [5]])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(DataError) as caught:
        read_number(quantity(value))
    assert caught.value.what == "Quantity.value is not a number"
    assert caught.value.expected == "a JSON number"


@pytest.mark.parametrize(
    "holder",
    [
        {},
        quantity(None),
        both(),
        both({"code": "g/L"}, {"code": "g/L"}),
        {"valueString": "high"},
        {"valueString": "-7"},
    ],
)
def test_none_where_there_is_no_number(holder: dict[str, Any]) -> None:
    assert read_number(holder) is None
