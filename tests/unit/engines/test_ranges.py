"""Reference limits of a result: by sex, age and unit, else the site's own."""

from __future__ import annotations

from typing import Any

import pytest

from fhirscreen.criteria.bounds import Limit
from fhirscreen.engines.evaluator.items import measurement_items
from fhirscreen.engines.evaluator.ranges import limit_of
from fhirscreen.exceptions import DataError
from fhirscreen.plan.nodes import ValueWithin
from tests.lib.proofs import opened, proof, said
from tests.lib.records import Code, concept, observation, patient
from tests.spec.codes import ALT, BILIRUBIN, PLATELETS

ALT_ASKED = "measured: {concept: alanine-aminotransferase, at_most: 2 ULN}"
NORMAL = concept(Code("http://terminology.hl7.org/CodeSystem/referencerange-meaning", "normal"))
THERAPEUTIC = concept(Code("http://terminology.hl7.org/CodeSystem/referencerange-meaning", "therapeutic"))


def limit(
    *ranges: dict[str, Any],
    asked: str = ALT_ASKED,
    code: Code = ALT,
    value: str = "50 U/L",
    which: Limit = Limit.ULN,
    on: str = "2026-10-20",
    site: dict[str, Any] | None = None,
    **person: Any,
) -> float | None:
    """The limit of normal of the only result."""
    record = observation(code, value, on=on, referenceRange=list(ranges) or None)
    found, node, _ = opened(asked, patient(**person), record, site=site)
    assert isinstance(node, ValueWithin)
    (item,) = measurement_items(found, node.feature.concept)
    return limit_of(found, node.feature.concept, item, which)


def high(value: Any, code: str | None = "U/L", **more: Any) -> dict[str, Any]:
    return {"high": {"value": value, **({} if code is None else {"code": code})}, **more}


def aged(low: dict[str, Any] | None = None, high: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"age": {name: end for name, end in (("low", low), ("high", high)) if end is not None}}


def test_the_end_that_is_asked() -> None:
    both = {"low": {"value": 10, "code": "U/L"}, "high": {"value": 40, "code": "U/L"}}
    assert limit(both) == 40
    assert limit(both, which=Limit.LLN) == 10
    assert limit({"low": both["low"]}) is None
    assert limit({"high": both["high"]}, which=Limit.LLN) is None


def test_the_unit_of_a_limit_is_its_own_or_that_of_the_value() -> None:
    asked = "measured: {concept: total-bilirubin, at_most: 2 ULN}"
    own = limit(high(1, "mg/dL"), asked=asked, code=BILIRUBIN, value="20 umol/L")
    assert own is not None
    assert limit(high(1, None), asked=asked, code=BILIRUBIN, value="1 mg/dL") == own
    named = {"high": {"value": 1, "unit": "mg/dL"}}
    assert limit(named, asked=asked, code=BILIRUBIN, value="20 umol/L") == own
    first = {"high": {"value": 1, "code": "mg/dL", "unit": "umol/L"}}
    assert limit(first, asked=asked, code=BILIRUBIN, value="20 umol/L") == own
    assert limit(high(1, "furlong"), asked=asked, code=BILIRUBIN, value="20 umol/L") is None
    assert limit(high(1, "kg"), asked=asked, code=BILIRUBIN, value="20 umol/L") is None


def test_a_limit_without_a_value_is_none() -> None:
    assert limit(high(None)) is None


@pytest.mark.parametrize(
    "broken",
    [
        *({"high": {"value": value, "unit": "U/L"}} for value in (True, "40", [40])),
        {"high": 40},
        {"high": {"value": 40, "unit": "U/L"}, "age": "adults"},
        "0 - 40 U/L",
    ],
)
def test_a_range_that_is_none_of_r4_decides_nothing_and_neither_does_one_beside_it(broken: Any) -> None:
    with pytest.raises(DataError):
        limit(broken)
    with pytest.raises(DataError):
        limit(high(40), broken)


def test_equal_limits_are_one() -> None:
    assert limit(high(40), high(40)) == 40
    assert limit(high(40), high(40 + 1e-13)) == 40
    assert limit(high(40), high(41)) is None
    assert limit(high(40), {"text": "up to 60"}) == 40


def test_only_ranges_of_normal_count() -> None:
    assert limit(high(40), high(60, type=THERAPEUTIC)) == 40
    assert limit(high(40, type=NORMAL), high(60, type=THERAPEUTIC)) == 40
    assert limit(high(60, type=THERAPEUTIC)) is None


@pytest.mark.parametrize(
    ("gender", "codes", "found"),
    [
        ("male", ("male", "female"), 40), ("female", ("male", "female"), 60), ("male", ("M", "F"), 40),
        ("female", ("M", "F"), 60), ("male", ("248153007", "248152002"), 40),
        ("female", ("248153007", "248152002"), 60), ("other", ("male", "female"), None),
    ],
)  # fmt: skip
def test_ranges_by_sex(gender: str, codes: tuple[str, str], found: float | None) -> None:
    male, female = (concept(Code("http://sexes.example", code)) for code in codes)
    assert limit(high(40, appliesTo=[male]), high(60, appliesTo=[female]), gender=gender) == found


def test_a_range_for_another_group_is_left_out() -> None:
    pregnant = concept(Code("snomed", "77386006"))
    assert limit(high(40), high(60, appliesTo=[pregnant])) == 40
    assert limit(high(60, appliesTo=[pregnant])) is None
    assert limit(high(40, appliesTo=[pregnant, concept(Code("x", "M"))])) == 40


@pytest.mark.parametrize(
    ("age", "applies"),
    [
        ({"low": {"value": 66, "code": "a"}}, True),
        ({"low": {"value": 67, "code": "a"}}, False),
        ({"high": {"value": 66, "code": "a"}}, True),
        ({"high": {"value": 65, "code": "a"}}, False),
        ({"low": {"value": 60}, "high": {"value": 70}}, True),
        ({"low": {"value": 60}, "high": {"value": 65}}, False),
        ({"low": {"value": 67}, "high": {"value": 70}}, False),
        ({"low": {"value": 720, "code": "mo"}}, True),
        ({"low": {"value": 900, "code": "mo"}}, False),
        ({"low": {"value": 720, "unit": "mo"}}, True),
        ({"high": {"value": 720, "unit": "mo"}}, False),
        ({"low": {"value": 60, "code": "a", "unit": "furlong"}}, True),
        ({"high": {"value": 60, "code": "d", "unit": "a"}}, False),
        ({"high": {"value": 900, "code": "furlong"}}, False),
        ({"high": {"value": 900, "code": "kg"}}, False),
        ({"low": {"code": "a"}, "high": {"value": 70}}, True),
        ({"low": {"code": "a"}, "high": {"value": 60}}, False),
        ({"low": None, "high": {"value": 60}}, False),
        ({}, True),
    ],
)
def test_ranges_by_age(age: Any, applies: bool) -> None:
    """Somebody of 66 years."""
    assert limit(high(40, age=age)) == (40 if applies else None)


def test_age_is_that_at_the_measurement_by_local_days() -> None:
    """Born on 20 May 1960, measured a minute before and a minute after midnight in Berlin (UTC+2)."""
    for on, found in (("2026-05-19T21:59:00Z", None), ("2026-05-19T22:01:00Z", 40)):
        assert limit(high(40, **aged(low={"value": 66})), on=on) == found
    assert limit(high(40, **aged(low={"value": 66})), on="2025-10-20") is None


@pytest.mark.parametrize(("birth", "found"), [("1960", 40), ("1959", None), ("1961", None), (None, None)])
def test_a_range_applies_only_where_the_age_is_certain(birth: str | None, found: float | None) -> None:
    """On 20 October 2026, one born in 1960 is 65 or 66 years old."""
    age = aged(low={"value": 65}, high={"value": 66})
    born = {"1959": "1959-01", "1961": "1961-12"}.get(birth or "", birth)
    assert limit(high(40, **age), birthDate=born) == found


def test_without_a_range_the_site_says_it() -> None:
    def site(*ranges: dict[str, Any]) -> dict[str, Any]:
        return {"reference_ranges": {"alanine-aminotransferase": list(ranges)}}

    anybody = {"low": 5, "high": 40, "unit": "U/L"}
    male, female = {**anybody, "sex": "male", "high": 50}, {**anybody, "sex": "female", "high": 30}
    assert limit() is None
    assert limit(site=site(anybody)) == 40
    assert limit(site=site(anybody), which=Limit.LLN) == 5
    assert limit(site=site(male, female)) == 50
    assert limit(site=site(male, female), gender="female") == 30
    assert limit(site=site(male, female), gender="other") is None
    assert limit(high(60), site=site(anybody)) == 60


@pytest.mark.parametrize("which", ["minimum", "maximum"])
def test_an_extreme_is_held_against_each_records_own_limit(which: str) -> None:
    asked = f"measured: {{concept: platelet-count, at_least: 1 LLN, at_most: 1 ULN, which: {which}}}"
    inside = observation(PLATELETS, "200 10*9/L", low="150 10*9/L", high="400 10*9/L")
    below = observation(PLATELETS, "200 10*9/L", low="250 10*9/L", high="400 10*9/L")
    above = observation(PLATELETS, "200 10*9/L", low="150 10*9/L", high="180 10*9/L")
    assert said(proof(asked, inside)) == ("true", "")
    assert said(proof(asked, inside, below))[0] == ("false" if which == "minimum" else "true")
    assert said(proof(asked, inside, above))[0] == ("true" if which == "minimum" else "false")
    found = proof(asked, inside, below)
    assert found.children == ()


@pytest.mark.parametrize(
    ("asked", "found"),
    [("at_most: 1 ULN", ("true", "")), ("at_least: 1 LLN", ("unknown", "no-reference-range"))],
)
def test_a_site_that_names_one_end_of_a_range_names_no_other(asked: str, found: tuple[str, str]) -> None:
    site = {"reference_ranges": {"platelet-count": {"high": 400, "unit": "10*9/L"}}}
    criteria = f"measured: {{concept: platelet-count, {asked}}}"
    assert said(proof(criteria, observation(PLATELETS, "200 10*9/L"), site=site)) == found
