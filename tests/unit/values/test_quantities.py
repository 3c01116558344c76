from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirscreen.exceptions import DataError, MappingError
from fhirscreen.values.intervals import Interval, exactly, from_comparator
from fhirscreen.values.quantities import Affine, UnitTable

DATA: dict[str, Any] = {
    "dimensions": {
        "mass-concentration": {
            "base": "g/L", "substance": "substance-concentration", "by": "mass",
            "units": {"g/L": 1, "g/dL": 10, "mg/dL": 0.01},
        },
        "substance-concentration": {"base": "mol/L", "units": {"mol/L": 1, "mmol/L": "1e-3",
        "umol/L": 1e-06}},
        "equivalent-concentration": {
            "base": "eq/L", "substance": "substance-concentration", "by": "valence",
            "units": {"eq/L": 1, "meq/L": 0.001},
        },
        "mass": {"base": "g", "substance": "amount", "by": "mass", "units": {"g": 1, "mg": 0.001}},
        "amount": {"base": "mol", "units": {"mol": 1, "mmol": 0.001}},
        "rate": {"base": "mL/min", "units": {"mL/min": 1, "mL/h": "1/60"}},
        "rate-per-surface": {"base": "mL/min/{1.73_m2}", "units": {"mL/min/{1.73_m2}": 1}},
        "number": {"base": "1", "same_as": ["inr", "score"], "units": {"1": 1}},
        "inr": {"base": "{INR}", "units": {"{INR}": 1}},
        "score": {"base": "{score}", "units": {"{score}": 1}},
        "activity": {"base": "U/L", "same_as": ["arbitrary"], "units": {"U/L": 1, "kU/L": 1000}},
        "arbitrary": {"base": "[IU]/L", "units": {"[IU]/L": 1, "m[IU]/L": 0.001}},
        "temperature": {
            "base": "K",
            "units": {
                "K": 1,
                "Cel": {"factor": 1, "offset": 273.15},
                "[degF]": {"factor": "5/9", "offset": "45967/180"},
                "plain": {"factor": 2},
            },
        },
    },
    "parts": {"gm": "g"},
    "powers": {},
    "synonyms": {"°C": "Cel"},
}  # fmt: skip
CREATININE = 113.12
HAEMOGLOBIN = 16114.5


@pytest.fixture
def table() -> UnitTable:
    return UnitTable.from_data(DATA)


def changed(dimension: str, **entry: object) -> dict[str, Any]:
    return {
        "dimensions": {**DATA["dimensions"], dimension: {**DATA["dimensions"].get(dimension, {}), **entry}}
    }


def test_what_is_known_of_a_code(table: UnitTable) -> None:
    assert table.dimension("mg/dL") == "mass-concentration"
    assert table.factor("mg/dL") == 0.01
    assert table.factor("mL/h") == 1 / 60
    assert table.factor("Cel") == 1.0
    assert table.dimension("stone") is None
    assert table.factor("stone") is None
    assert "mg/dL" in table
    assert "stone" not in table
    assert table.codes()[:2] == ("1", "Cel")
    assert len(table.codes()) == 26


def test_spellings_are_read(table: UnitTable) -> None:
    assert table.normalise("gm/dl") == "g/dL"
    assert table.normalise("°C") == "Cel"
    assert table.normalise("furlong") is None
    bare = UnitTable.from_data({"dimensions": DATA["dimensions"]})
    assert bare.normalise("gm/dl") is None
    assert bare.normalise("g/dl") == "g/dL"


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("g/dL", "g/L", 10.0), ("mg/dL", "g/L", 0.01), ("g/L", "mg/dL", 100.0), ("mg/dL", "mg/dL", 1.0),
        ("mL/h", "mL/min", 1 / 60), ("mL/min", "mL/h", 60.0), ("1", "{INR}", 1.0), ("{INR}", "1", 1.0),
        ("1", "{score}", 1.0), ("{score}", "{INR}", None), ("mL/min", "mL/min/{1.73_m2}", None),
        ("kU/L", "[IU]/L", 1000.0), ("m[IU]/L", "U/L", 0.001), ("g", "g/L", None), ("K", "plain", 0.5),
        ("Cel", "K", None), ("K", "[degF]", None), ("Cel", "Cel", 1.0), ("x", "g/L", None),
        ("g/L", "x", None),
        ("mg/dL", "umol/L", None), ("umol/L", "mmol/L", 0.001), ("meq/L", "mmol/L", None),
    ],
)  # fmt: skip
def test_multiplier(table: UnitTable, source: str, target: str, expected: float | None) -> None:
    assert table.multiplier(source, target) == expected
    assert table.multiplier(source, target) == expected  # and remembered


@pytest.mark.parametrize(
    ("source", "target", "molar_mass", "expected"),
    [
        ("mg/dL", "umol/L", CREATININE, 88.402),
        ("umol/L", "mg/dL", CREATININE, 1 / 88.402),
        ("mg/dL", "umol/L", 584.66, 17.104),
        ("mg/dL", "mmol/L", 180.156, 0.0555074),
        ("g/dL", "mmol/L", HAEMOGLOBIN, 0.62056),
        ("mmol/L", "g/dL", HAEMOGLOBIN, 1 / 0.62056),
        ("mg", "mmol", 40.078, 1 / 40.078),
    ],
)
def test_mass_to_moles(
    table: UnitTable, source: str, target: str, molar_mass: float, expected: float
) -> None:
    multiplier = table.multiplier(source, target, molar_mass=molar_mass)
    assert multiplier == pytest.approx(expected, rel=2e-5)


def test_moles_do_not_cross_dimensions(table: UnitTable) -> None:
    assert table.multiplier("mg/dL", "mmol", molar_mass=1.0) is None
    assert table.multiplier("g", "mol/L", molar_mass=1.0) is None
    assert table.multiplier("mg/dL", "mmol/L", valence=2) is None
    assert table.multiplier("mmol/L", "mg/dL", valence=2) is None
    assert table.multiplier("meq/L", "mmol/L", molar_mass=2.0) is None


def test_equivalents_to_moles_and_mass(table: UnitTable) -> None:
    assert table.multiplier("meq/L", "mmol/L", valence=1) == 1.0
    assert table.multiplier("meq/L", "mmol/L", valence=2) == 0.5
    assert table.multiplier("mmol/L", "meq/L", valence=2) == 2.0
    # calcium: 4.5 meq/L are 2.25 mmol/L are 9.02 mg/dL
    multiplier = table.multiplier("meq/L", "mg/dL", molar_mass=40.078, valence=2)
    assert multiplier == pytest.approx(40.078 / 2 / 10)
    assert table.multiplier("meq/L", "mg/dL", molar_mass=40.078) is None
    assert table.multiplier("meq/L", "mg/dL", valence=2) is None


def test_the_multiplier_is_rounded_once(table: UnitTable) -> None:
    exact = Fraction(1, 100) / Fraction("113.12") / Fraction(1, 1_000_000)
    assert table.multiplier("mg/dL", "umol/L", molar_mass=CREATININE) == float(exact)
    assert table.multiplier("mg/dL", "g/dL") == 0.001


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (37.0, "Cel", "[degF]", 98.6), (98.6, "[degF]", "Cel", 37.0), (0.0, "Cel", "K", 273.15),
        (212.0, "[degF]", "Cel", 100.0), (0.0, "K", "Cel", -273.15), (-40.0, "Cel", "[degF]", -40.0),
        (36.6, "Cel", "Cel", 36.6), (32.0, "[degF]", "K", 273.15),
    ],
)  # fmt: skip
def test_temperatures(table: UnitTable, value: float, source: str, target: str, expected: float) -> None:
    converted = table.convert(value, source, target)
    assert converted is not None
    assert converted.low == pytest.approx(expected, rel=1e-12)
    assert converted.low == converted.high


def test_affine(table: UnitTable) -> None:
    assert table.affine("[degF]", "Cel") == Affine(5 / 9, float(Fraction(-160, 9)))
    assert table.affine("g/dL", "g/L") == Affine(10.0, 0.0)
    assert table.affine("g/dL", "K") is None
    assert Affine(2.0).apply(Interval(1, None, True)) == Interval(2, None, True)
    assert Affine(2.0, 1.0).apply(Interval(1, 2, True, False)) == Interval(3, 5, True, False)


def test_convert_numbers_and_intervals(table: UnitTable) -> None:
    assert table.convert(12, "g/dL", "g/L") == exactly(120)
    assert table.convert(from_comparator(0.5, "<", nonnegative=True), "g/dL", "g/L") == Interval(
        0.0, 5.0, high_open=True
    )
    assert table.convert(1, "mg/dL", "umol/L", molar_mass=CREATININE) == exactly(1 * 88.4016973125884)
    assert table.convert(4, "meq/L", "mmol/L", valence=2) == exactly(2)
    assert table.convert(4, "meq/L", "mmol/L") is None
    with pytest.raises(DataError):
        table.convert(math.nan, "g/dL", "g/L")


@given(st.floats(0, 1e6), st.sampled_from(["g/L", "g/dL", "mg/dL"]), st.sampled_from(["mmol/L", "mg/dL"]))
def test_conversion_is_one_multiplication(value: float, source: str, target: str) -> None:
    table = UnitTable.from_data(DATA)
    multiplier = table.multiplier(source, target, molar_mass=CREATININE)
    assert multiplier is not None
    assert table.convert(value, source, target, molar_mass=CREATININE) == exactly(value * multiplier)
    back = table.multiplier(target, source, molar_mass=CREATININE)
    assert back == pytest.approx(1 / multiplier, rel=1e-15)


@pytest.mark.parametrize("factor", [0, -1, "x", None, True, "1/0", {"factor": 0}, {"factor": "y"}, math.inf])
def test_a_factor_is_a_positive_number(factor: object) -> None:
    with pytest.raises(MappingError) as caught:
        UnitTable.from_data(changed("mass", units={"g": 1, "mg": factor}))
    assert str(caught.value) == ('the factor of mg is no positive number\n  expected: a number, or "5/9"')


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"base": "kg"}, "the base of mass, kg, is not among its units as 1"),
        ({"base": "mol"}, "the base of mass, mol, is not among its units as 1"),
        ({"base": "mg"}, "the base of mass, mg, is not among its units as 1"),
        ({"units": {"g": {"factor": 1, "offset": 1}}}, "the base of mass, g, is not among its units as 1"),
        ({"substance": "moles"}, "the dimension mass names 'moles', which is not known"),
        ({"same_as": ["weight"]}, "the dimension mass names 'weight', which is not known"),
        ({"units": {"g": 1, "mol": 1}}, "the unit mol is in two dimensions, mass and amount"),
    ],
)
def test_a_dimension_must_hold_together(entry: dict[str, object], message: str) -> None:
    with pytest.raises(MappingError) as caught:
        UnitTable.from_data(changed("mass", **entry))
    assert caught.value.what == message


@pytest.mark.parametrize("entry", [{"by": None}, {"substance": None}, {"by": "volume"}])
def test_a_dimension_leads_to_moles_by_something(entry: dict[str, object]) -> None:
    with pytest.raises(MappingError) as caught:
        UnitTable.from_data(changed("mass", **entry))
    by = entry.get("by", "mass")
    assert str(caught.value) == (
        f"the dimension mass leads to moles by '{by}'\n"
        "  expected: both `substance` and `by: mass` or `by: valence`, or neither"
    )


def test_a_synonym_must_name_a_unit() -> None:
    with pytest.raises(MappingError) as caught:
        UnitTable.from_data({**DATA, "synonyms": {"stone": "[stone_av]"}})
    assert caught.value.what == "the spelling 'stone' stands for [stone_av], which is no known unit"


@pytest.mark.parametrize("data", [None, [], {}, {"dimensions": []}, {"dimensions": {"mass": None}},
                                  {"dimensions": {"mass": {"units": {"g": 1}}}},
                                  {"dimensions": {"mass": {"base": "g", "units": ["g"]}}}])  # fmt: skip
def test_data_of_another_shape(data: Any) -> None:
    with pytest.raises(MappingError) as caught:
        UnitTable.from_data(data)
    assert caught.value.what == "the table of units has another shape"
    assert caught.value.expected is not None
    assert caught.value.expected.startswith("dimensions: {name: {base: code, units: {code: factor}}}")
