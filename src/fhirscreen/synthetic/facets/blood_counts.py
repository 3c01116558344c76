"""Facets of neutrophils, platelets and haemoglobin: the ways in which laboratories write or spoil a count."""

from __future__ import annotations

from typing import Any

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import (
    HAEMOGLOBIN,
    HAEMOGLOBIN_MOLAR,
    LAB,
    LEUKOCYTES,
    NEUTROPHIL_PERCENT,
    NEUTROPHILS,
    PLATELETS,
    concept,
)
from fhirscreen.synthetic.facets.registry import facet

GIGA = "10*9/L"


def _platelets(chart: Chart, value: float, unit: str | None = GIGA, ago: int = 6, **options: Any) -> str:
    options.setdefault("ucum", GIGA if unit == GIGA else None)
    code = options.pop("code", PLATELETS)
    return chart.measure("platelets", code, value, unit, ago, **options)


@facet("platelets", fits=True)
def platelets_in_giga_per_litre(chart: Chart) -> None:
    value = chart.random.randint(140, 420)
    chart.true("platelets", _platelets(chart, value), value=str(value))


@facet("platelets", fits=True)
def platelets_in_thousands(chart: Chart) -> None:
    value = chart.random.randint(140, 420)
    chart.true("platelets", _platelets(chart, value, "K/uL"), value=str(value))


@facet("platelets", fits=True)
def platelets_in_ucum_thousands(chart: Chart) -> None:
    value = chart.random.randint(140, 420)
    found = _platelets(chart, value, "10*3/uL", ucum="10*3/uL")
    chart.true("platelets", found, value=str(value))


@facet("platelets", fits=True)
def platelets_per_cubic_millimetre(chart: Chart) -> None:
    value = chart.random.randint(140, 420) * 1000
    chart.true("platelets", _platelets(chart, value, "/mm3"), value=str(value))


@facet("platelets")
def platelets_as_x10e3(chart: Chart) -> None:
    chart.true("platelets", _platelets(chart, 188, "x10E3/uL"), value="188")


@facet("platelets")
def platelets_by_local_code(chart: Chart) -> None:
    chart.true("platelets", _platelets(chart, 231, code=(LAB, "PLT1")), value="231")


@facet("platelets")
def platelets_at_the_bound(chart: Chart) -> None:
    chart.true("platelets", _platelets(chart, 100_000, "/uL", ucum="/uL"), value="100000")


@facet("platelets")
def platelets_on_the_last_deciding_day(chart: Chart) -> None:
    chart.true("platelets", _platelets(chart, 155, ago=28), value="155")


@facet("platelets")
def low_platelets(chart: Chart) -> None:
    chart.false("platelets", _platelets(chart, 84), value="84")


@facet("platelets")
def platelets_just_below(chart: Chart) -> None:
    chart.false("platelets", _platelets(chart, 99.9), value="99.9")


@facet("platelets")
def low_platelets_after_normal(chart: Chart) -> None:
    _platelets(chart, 210, ago=20)
    chart.false("platelets", _platelets(chart, 71, "K/uL", 3), value="71")


@facet("platelets")
def stale_platelets(chart: Chart) -> None:
    chart.open("platelets", "stale", _platelets(chart, 160, ago=29), value="160")


@facet("platelets")
def no_platelets(chart: Chart) -> None:
    chart.open("platelets", "no-record")


@facet("platelets")
def platelets_beyond_both_windows(chart: Chart) -> None:
    _platelets(chart, 160, ago=91)
    chart.open("platelets", "no-record")


@facet("platelets")
def platelets_without_unit(chart: Chart) -> None:
    chart.open("platelets", "no-unit", _platelets(chart, 180, None))


@facet("platelets")
def platelets_in_a_foreign_unit(chart: Chart) -> None:
    chart.open("platelets", "incomparable-unit", _platelets(chart, 180, "mg/dL", ucum="mg/dL"))


@facet("platelets")
def implausible_platelets_block(chart: Chart) -> None:
    _platelets(chart, 240, ago=12)
    chart.open("platelets", "implausible-value", _platelets(chart, 240_000, ago=4))


@facet("platelets")
def platelets_below_a_high_limit(chart: Chart) -> None:
    chart.open("platelets", "censored-value", _platelets(chart, 150, comparator="<"), value="<150")


@facet("platelets")
def platelets_below_a_low_limit(chart: Chart) -> None:
    chart.false("platelets", _platelets(chart, 20, comparator="<"), value="<20")


@facet("platelets")
def platelets_above_the_bound(chart: Chart) -> None:
    chart.true("platelets", _platelets(chart, 100, comparator=">"), value=">100")


@facet("platelets")
def platelets_clotted_falls_back(chart: Chart) -> None:
    chart.observe("platelets", concept(PLATELETS), chart.at(3), absent="error")
    chart.true("platelets", _platelets(chart, 176, ago=8), value="176")


@facet("platelets")
def platelets_clotted(chart: Chart) -> None:
    found = chart.observe("platelets", concept(PLATELETS), chart.at(3), absent="error")
    chart.open("platelets", "no-value", found)


@facet("platelets")
def platelets_tied(chart: Chart) -> None:
    low, high = _platelets(chart, 88), _platelets(chart, 131)
    chart.open("platelets", "conflicting", low, high)


@facet("platelets")
def platelets_tied_with_one_answer(chart: Chart) -> None:
    chart.true("platelets", _platelets(chart, 128), _platelets(chart, 131))


@facet("platelets")
def platelets_of_some_day_of_the_month(chart: Chart) -> None:
    low = _platelets(chart, 77, when=chart.day(20).isoformat()[:7])
    high = _platelets(chart, 190, ago=16)
    chart.open("platelets", "imprecise-date", low, high)


@facet("platelets")
def platelets_entered_in_error(chart: Chart) -> None:
    _platelets(chart, 9, ago=2, status="entered-in-error")
    chart.true("platelets", _platelets(chart, 205), value="205")


@facet("platelets")
def platelets_cancelled_only(chart: Chart) -> None:
    _platelets(chart, 300, ago=2, status="cancelled")
    chart.open("platelets", "no-record")


@facet("platelets")
def platelets_corrected(chart: Chart) -> None:
    chart.true("platelets", _platelets(chart, 205, status="corrected"), value="205")


@facet("platelets")
def platelets_of_the_future_ignored(chart: Chart) -> None:
    _platelets(chart, 40, ago=-2)
    chart.true("platelets", _platelets(chart, 222), value="222")


def _neutrophils(chart: Chart, value: float, unit: str = GIGA, ago: int = 6, **options: Any) -> str:
    options.setdefault("ucum", GIGA if unit == GIGA else None)
    return chart.measure("neutrophils", NEUTROPHILS, value, unit, ago, **options)


@facet("neutrophils", fits=True)
def neutrophils_in_giga_per_litre(chart: Chart) -> None:
    value = chart.random.randint(20, 70) / 10
    chart.true("neutrophils", _neutrophils(chart, value), value=str(value))


@facet("neutrophils", fits=True)
def neutrophils_per_microlitre(chart: Chart) -> None:
    value = chart.random.randint(20, 70) * 100
    chart.true("neutrophils", _neutrophils(chart, value, "/uL", ucum="/uL"), value=str(value))


@facet("neutrophils")
def neutrophils_at_the_bound(chart: Chart) -> None:
    chart.true("neutrophils", _neutrophils(chart, 1500, "/mm3"), value="1500")


@facet("neutrophils")
def low_neutrophils(chart: Chart) -> None:
    chart.false("neutrophils", _neutrophils(chart, 1.1, "10^9/L"), value="1.1")


@facet("neutrophils")
def stale_neutrophils(chart: Chart) -> None:
    chart.open("neutrophils", "stale", _neutrophils(chart, 3.4, ago=47), value="3.4")


@facet("neutrophils")
def no_neutrophils(chart: Chart) -> None:
    chart.open("neutrophils", None)


def _differential(chart: Chart, leukocytes: float, percent: float) -> None:
    chart.measure("leukocytes", LEUKOCYTES, leukocytes, GIGA, ucum=GIGA)
    chart.measure("differential", NEUTROPHIL_PERCENT, percent, "%", ucum="%")


@facet("neutrophils")
def neutrophils_from_percent(chart: Chart) -> None:
    """6.2 × 0.61 = 3.8 × 10⁹/L."""
    _differential(chart, 6.2, 61)
    chart.true("neutrophils", basis="derived", stated=False, reason=None, node="any")


@facet("neutrophils")
def low_neutrophils_from_percent(chart: Chart) -> None:
    """3.0 × 0.40 = 1.2 × 10⁹/L."""
    _differential(chart, 3.0, 40)
    chart.false("neutrophils", basis="derived", stated=False, reason=None, node="any")


def _haemoglobin(chart: Chart, value: float, unit: str | None, ago: int = 6, **options: Any) -> str:
    code = options.pop("code", HAEMOGLOBIN)
    return chart.measure("haemoglobin", code, value, unit, ago, ucum=unit, **options)


@facet("haemoglobin", fits=True)
def haemoglobin_in_grams_per_decilitre(chart: Chart) -> None:
    value = chart.random.randint(115, 158) / 10
    chart.true("haemoglobin", _haemoglobin(chart, value, "g/dL"))


@facet("haemoglobin", fits=True)
def haemoglobin_in_grams_per_litre(chart: Chart) -> None:
    value = chart.random.randint(115, 158)
    chart.true("haemoglobin", _haemoglobin(chart, value, "g/L"))


@facet("haemoglobin", fits=True)
def haemoglobin_in_millimoles(chart: Chart) -> None:
    """From 7.2 mmol/L, which is 116 g/L."""
    value = chart.random.randint(72, 95) / 10
    found = _haemoglobin(chart, value, "mmol/L", code=HAEMOGLOBIN_MOLAR)
    chart.true("haemoglobin", found)


@facet("haemoglobin")
def haemoglobin_in_the_sites_unit(chart: Chart) -> None:
    chart.true("haemoglobin", _haemoglobin(chart, 13.1, None))


@facet("haemoglobin")
def haemoglobin_at_the_bound(chart: Chart) -> None:
    chart.true("haemoglobin", _haemoglobin(chart, 110, "g/L"))


@facet("haemoglobin")
def haemoglobin_in_the_disputed_range(chart: Chart) -> None:
    found = _haemoglobin(chart, 9.8, "g/dL")
    chart.open("haemoglobin", "bound-in-question", found, node="question")


@facet("haemoglobin")
def molar_haemoglobin_in_the_disputed_range(chart: Chart) -> None:
    found = _haemoglobin(chart, 6.0, "mmol/L", code=HAEMOGLOBIN_MOLAR)
    chart.open("haemoglobin", "bound-in-question", found, node="question")


@facet("haemoglobin")
def no_haemoglobin(chart: Chart) -> None:
    chart.open("haemoglobin", None)
