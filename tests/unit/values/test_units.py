"""The shipped table of units: every factor against another implementation of UCUM, every spelling read."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from ucumvert import PintUcumRegistry

from fhirscreen.values.quantities import UnitTable
from fhirscreen.values.spellings import Spellings

PATH = Path(__file__).parents[3] / "mappings" / "units.yaml"
DATA: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
DIMENSIONS: dict[str, Any] = DATA["dimensions"]

# What the other implementation leaves out of a unit, so that it can say nothing of it.
ANNOTATED = re.compile(r"\{[^}]*\}(?:/\{[^}]*\})?")
# Per square metre of body surface, to per 1.73 of them: the annotation is dropped there.
PER_SURFACE = {"mL/min/m2": 1.73, "mL/s/m2": 103.8, "L/min/m2": 1730}
NOT_PARSED = {"[pH]"}
# UCUM fixes the millimetre of mercury at 133.322 Pa; pint has the conventional 133.322387415 Pa.
TOLERANCES = {"mm[Hg]": 4e-6, "m[Hg]": 4e-6}


@pytest.fixture
def table() -> UnitTable:
    return UnitTable.from_data(DATA)


@pytest.fixture(scope="module")
def registry() -> Any:
    return PintUcumRegistry()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", DIMENSIONS)
def test_every_factor_is_that_of_ucum(name: str, registry: Any) -> None:
    base = DIMENSIONS[name]["base"]
    for code, factor in DIMENSIONS[name]["units"].items():
        if ANNOTATED.fullmatch(code) or code in NOT_PARSED or "/100{" in code or isinstance(factor, dict):
            continue
        if code in PER_SURFACE:
            assert factor == PER_SURFACE[code]
            continue
        ratio = (1 * registry.from_ucum(code)).to(registry.from_ucum(base)).magnitude
        tolerance = TOLERANCES.get(code, 1e-9)
        assert float(Fraction(str(factor))) == pytest.approx(float(ratio), rel=tolerance), code


def test_temperatures_are_those_of_ucum(table: UnitTable) -> None:
    assert table.factor("K") == 1
    body = table.convert(98.6, "[degF]", "Cel")
    assert body is not None
    assert body.low == pytest.approx(37.0, rel=1e-14)
    freezing = table.convert(0, "Cel", "K")
    assert freezing is not None
    assert freezing.low == 273.15


def test_a_plain_annotation_is_a_unit_of_one() -> None:
    for name, dimension in DIMENSIONS.items():
        for code, factor in dimension["units"].items():
            if ANNOTATED.fullmatch(code) and name != "fraction":
                assert factor == 1, code


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        # as design and labs have them
        ("K/uL", "10*3/uL"), ("x10E3/uL", "10*3/uL"), ("10^9/L", "10*9/L"), ("10*3/uL", "10*3/uL"),
        ("1000/mm3", "10*3/mm3"), ("mEq/L", "meq/L"), ("IU/L", "[IU]/L"), ("g/100mL", "g/dL"),
        ("cells/mm3", "{cells}/mm3"), ("mL/min/1.73m2", "mL/min/{1.73_m2}"), ("µmol/L", "umol/L"),
        ("μmol/L", "umol/L"), ("umol/l", "umol/L"),
        # powers of ten
        ("10⁹/L", "10*9/L"), ("x 10⁹/L", "10*9/L"), ("10 9/L", "10*9/L"), ("10(9)/L", "10*9/L"),
        ("x10(9)/L", "10*9/L"),
        ("10e9/L", "10*9/L"), ("10E+09/L", "10*9/L"), ("10**3/uL", "10*3/uL"), ("X10*3/µL", "10*3/uL"),
        ("*10^9/l", "10*9/L"), ("10'3/uL", "10*3/uL"), ("109/L", "10*9/L"), ("x10^12/L", "10*12/L"),
        ("10^3 cells/uL", "10*3/uL"), ("10*3{cells}/uL", "10*3/uL"), ("x10e3 cell/mcL", "10*3/uL"),
        ("10^6/ul", "10*6/uL"), ("10^4/ul", "10*4/uL"), ("10^5/uL", "10*5/uL"), ("10^6 /mL", "10*6/mL"),
        ("10×9/L", "10*9/L"), ("10*3.cells/uL", "10*3/uL"), ("10^3#/uL", "10*3/uL"),
        ("k/mm^3", "10*3/mm3"), ("K/mcL", "10*3/uL"), ("Thou/uL", "10*3/uL"), ("thousand/µL", "10*3/uL"),
        ("THOUS/MCL", "10*3/uL"), ("Tsd/µl", "10*3/uL"), ("M/uL", "10*6/uL"), ("Mill/mcL", "10*6/uL"),
        ("Million/uL", "10*6/uL"), ("Mio./µl", "10*6/uL"), ("G/L", "10*9/L"), ("G/l", "10*9/L"),
        ("T/L", "10*12/L"),
        ("Gpt/l", "10*9/L"), ("bil/L", "10*9/L"), ("1,000/uL", "10*3/uL"), ("K/cu mm", "10*3/mm3"),
        ("/cumm", "/mm3"), ("/mmc", "/mm3"), ("cells/µL", "{cells}/uL"),
        ("cells per microliter", "{cells}/uL"),
        # volumes, masses, capitals
        ("g/dl", "g/dL"), ("G/DL", "g/dL"), ("gm/dL", "g/dL"), ("g/l", "g/L"), ("g/L", "g/L"),
        ("mg/100 ml", "mg/dL"),
        ("mg%", "mg/dL"), ("g%", "g/dL"), ("MG/DL", "mg/dL"), ("mcg/dL", "ug/dL"), ("µg/L", "ug/L"),
        ("NG/ML", "ng/mL"),
        ("pg/ml", "pg/mL"), ("mcmol/L", "umol/L"), ("MMOL/L", "mmol/L"), ("mmol/litre", "mmol/L"),
        ("mval/l", "meq/L"),
        # activity
        ("U/l", "U/L"), ("u/L", "U/L"), ("Units/L", "U/L"), ("E/L", "U/L"), ("µkat/L", "ukat/L"),
        ("IU/l", "[IU]/L"),
        ("UI/L", "[IU]/L"), ("IE/l", "[IU]/L"), ("mIU/L", "m[IU]/L"), ("mIU/mL", "m[IU]/mL"),
        ("uIU/mL", "u[IU]/mL"),
        ("µIU/mL", "u[IU]/mL"), ("mcIU/mL", "u[IU]/mL"), ("kIU/L", "k[IU]/L"), ("[iU]/mL", "[IU]/mL"),
        ("m[iU]/mL", "m[IU]/mL"), ("mU/L", "mU/L"), ("µU/mL", "uU/mL"), ("AU/mL", "[arb'U]/mL"),
        ("kU/l", "kU/L"),
        # clearance
        ("mL/min/1.73 m²", "mL/min/{1.73_m2}"), ("ml/min/1.73 m^2", "mL/min/{1.73_m2}"),
        ("mL/min per 1.73 m2", "mL/min/{1.73_m2}"), ("mL/min/1.73sq m", "mL/min/{1.73_m2}"),
        ("mL/min/1.73.m2", "mL/min/{1.73_m2}"), ("mL/min/(1.73 m2)", "mL/min/{1.73_m2}"),
        ("mL/min/1,73m²", "mL/min/{1.73_m2}"), ("ML/MIN/1.73M2", "mL/min/{1.73_m2}"), ("mL/min", "mL/min"),
        ("ml/minute", "mL/min"), ("mL/min*1.73 m2", "mL/min/{1.73_m2}"), ("mL/min/m2", "mL/min/m2"),
        # shares, scores
        ("%", "%"), ("percent", "%"), ("％", "%"), ("INR", "{INR}"), ("ratio", "{ratio}"),
        ("{score}", "{score}"),
        ("Score", "{score}"), ("1", "1"), ("L/L", "L/L"), ("l/l", "L/L"), ("pH", "[pH]"), ("{Ph}", "[pH]"),
        # excretion
        ("mg/24h", "mg/d"), ("mg/24 hr", "mg/d"), ("g/day", "g/d"), ("mg/(24.h)", "mg/d"),
        ("mg/g creat", "mg/g{creat}"),
        ("mg/gCr", "mg/g{creat}"), ("mg/mmol creatinine", "mg/mmol{creat}"), ("ug/mg", "ug/mg"),
        # virus
        ("copies/mL", "{copies}/mL"), ("cp/ml", "{copies}/mL"), ("log IU/mL", "{Log_IU}/mL"),
        ("IU/mL", "[IU]/mL"),
        ("log10 copies/mL", "{Log_copies}/mL"), ("Log10 IU/ml", "{Log_IU}/mL"),
        # body
        ("kgs", "kg"), ("KG", "kg"), ("lbs", "[lb_av]"), ("[lb_av]", "[lb_av]"), ("in", "[in_i]"),
        ("inches", "[in_i]"),
        ("cms", "cm"), ("kg/m²", "kg/m2"), ("kg/m^2", "kg/m2"), ("kg/sq m", "kg/m2"),
        ("kg/m**2", "kg/m2"), ("m²", "m2"),
        ("°C", "Cel"), ("ºC", "Cel"), ("deg C", "Cel"), ("C", "Cel"), ("°F", "[degF]"), ("mmHg", "mm[Hg]"),
        ("mm Hg", "mm[Hg]"), ("MMHG", "mm[Hg]"), ("bpm", "{beats}/min"), ("beats/min", "{beats}/min"),
        ("/min", "/min"),
        ("breaths/minute", "{breaths}/min"), ("msec", "ms"), ("MS", "ms"), ("sec", "s"), ("years", "a"),
        ("yrs", "a"),
        ("weeks", "wk"), ("days", "d"), ("hours", "h"), ("months", "mo"), ("mg/m²", "mg/m2"),
        ("mg/kg/day", "mg/kg/d"),
        ("AUC", "mg/mL.min"), ("cGy", "cGy"), ("mut/Mb", "{mutations}/{Mb}"),
        ("muts/megabase", "{mutations}/{Mb}"), ("1/1000000{Base}", "{mutations}/{Mb}"),
        ("/HPF", "/[HPF]"), ("mOsm/kg", "mosm/kg"), ("FL", "fL"), ("units/kg", "[IU]/kg"),
    ],
)  # fmt: skip
def test_spellings_as_really_sent(table: UnitTable, sent: str, code: str) -> None:
    assert table.normalise(sent) == code


@pytest.mark.parametrize(
    "sent", ["", " ", "foo", "mg/foo", "/", "//", "10*3", "10*7/L", "100/L", "{foo}", "x10", "dL/mg"]
)
def test_what_is_no_known_unit(table: UnitTable, sent: str) -> None:
    assert table.normalise(sent) is None


def test_every_code_stands_for_itself(table: UnitTable) -> None:
    for code in table.codes():
        assert table.normalise(code) == code


def test_every_spelling_of_the_table_is_reached(table: UnitTable) -> None:
    for spelling, code in DATA["synonyms"].items():
        assert table.normalise(spelling) == code, spelling
    for spelling in DATA["powers"]:
        milliard = DATA["powers"][spelling] == 9  # of it a microlitre has none, a litre has
        code = table.normalise(f"{spelling}/{'L' if milliard else 'uL'}")
        assert code in ({"10*9/L"} if milliard else {"10*3/uL", "10*6/uL"}), spelling


def test_every_part_is_a_part_of_a_unit(table: UnitTable) -> None:
    parts = {part for code in table.codes() for part in code.split("/")}
    for spelling, part in DATA["parts"].items():
        assert part in parts, spelling


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("K/uL", "10*9/L", 1.0), ("/uL", "10*9/L", 0.001), ("10*4/uL", "10*9/L", 10.0),
        ("g/L", "g/dL", 0.1),
        ("ukat/L", "U/L", 60.0), ("IU/L", "U/L", 1.0), ("cm", "mm", 10.0), ("[lb_av]", "kg", 0.45359237),
        ("[in_i]", "cm", 2.54), ("s", "ms", 1000.0), ("{INR}", "1", 1.0), ("L/L", "%", 100.0),
        ("wk", "d", 7.0),
        ("mL/min/m2", "mL/min/{1.73_m2}", 1.73), ("cGy", "Gy", 0.01), ("mL/s", "mL/min", 60.0),
        ("mo", "a", 1 / 12),
        ("mU/L", "m[IU]/L", 1.0), ("uIU/mL", "mU/L", 1.0), ("{copies}/mL", "[IU]/mL", None),
        ("%", "1", None),
        ("{score}", "{INR}", None), ("mL/min", "mL/min/{1.73_m2}", None), ("mg/dL", "mmol/L", None),
        ("{Log_IU}/mL", "[IU]/mL", None), ("mg/g", "%", None), ("{score}", "1", 1.0),
    ],
)  # fmt: skip
def test_conversions_that_labs_need(
    table: UnitTable, source: str, target: str, expected: float | None
) -> None:
    codes = table.normalise(source), table.normalise(target)
    assert None not in codes
    assert table.multiplier(*codes) == expected  # type: ignore[arg-type]


def test_capitals_that_would_tell_two_units_apart_count() -> None:
    spellings = Spellings(["mL", "ML", "kL"], parts={}, powers={}, synonyms={"millions": "ML"})
    assert spellings.code("mL") == "mL"
    assert spellings.code("ML") == "ML"
    assert spellings.code("ml") == "mL"
    assert spellings.code("Ml") == "ML"
    assert spellings.code("KL") == "kL"
    assert spellings.code("MILLIONS") == "ML"
    ambiguous = Spellings(["mg", "MG"], parts={}, powers={}, synonyms={})
    assert ambiguous.code("Mg") is None


def test_spellings_remember_what_is_unknown_too() -> None:
    spellings = Spellings(["g"], parts={"gm": "g"}, powers={"k": 3}, synonyms={})
    for _ in range(2):
        assert spellings.code("x") is None
        assert spellings.code("gm") == "g"
        assert spellings.code("k") is None
