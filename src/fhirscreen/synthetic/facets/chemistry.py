"""Facets of ALT and bilirubin: multiples of the result's own upper limit, in units of both worlds."""

from __future__ import annotations

from typing import Any

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import ALT, BILIRUBIN, BILIRUBIN_MOLAR, FEMALE, LAB, MALE, Json, concept
from fhirscreen.synthetic.facets.registry import facet
from fhirscreen.synthetic.resources import reference_range


def _alt(
    chart: Chart,
    value: float,
    unit: str = "U/L",
    *,
    high: float | None = 40,
    ranges: list[Json] | None = None,
    ago: int = 6,
    **options: Any,
) -> str:
    own = [reference_range(0, high, unit, code=unit)] if high is not None else None
    code = options.pop("code", ALT)
    return chart.measure("alt", code, value, unit, ago, ucum=unit, ranges=ranges or own, **options)


@facet("alt", fits=True)
def alt_in_units_per_litre(chart: Chart) -> None:
    value = chart.random.randint(12, 62)
    chart.true("alt", _alt(chart, value), value=str(value))


@facet("alt", fits=True)
def alt_in_microkatal(chart: Chart) -> None:
    """A limit of 0.75 µkat/L is 45 U/L."""
    value = chart.random.randint(20, 120) / 100
    chart.true("alt", _alt(chart, value, "ukat/L", high=0.75), value=str(value))


@facet("alt")
def alt_by_local_code(chart: Chart) -> None:
    chart.true("alt", _alt(chart, 33, code=(LAB, "GPT")), value="33")


@facet("alt")
def alt_at_twice_the_limit(chart: Chart) -> None:
    chart.true("alt", _alt(chart, 80), value="80")


@facet("alt")
def alt_just_over_twice_the_limit(chart: Chart) -> None:
    chart.false("alt", _alt(chart, 80.5), value="80.5")


@facet("alt")
def high_alt(chart: Chart) -> None:
    chart.false("alt", _alt(chart, 134), value="134")


@facet("alt")
def high_alt_in_microkatal(chart: Chart) -> None:
    """Limit in U/L, value in µkat/L: 1.9 µkat/L is 114 U/L, 40 U/L the limit."""
    own = [reference_range(0, 40, "U/L", code="U/L")]
    chart.false("alt", _alt(chart, 1.9, "ukat/L", ranges=own), value="1.9")


@facet("alt")
def alt_range_without_unit(chart: Chart) -> None:
    """A range without a unit is in the value's own."""
    chart.true("alt", _alt(chart, 55, ranges=[reference_range(0, 35)]), value="55")


@facet("alt")
def alt_without_range(chart: Chart) -> None:
    chart.open("alt", "no-reference-range", _alt(chart, 36, high=None))


@facet("alt")
def alt_with_two_ranges(chart: Chart) -> None:
    two = [reference_range(0, 35, "U/L", code="U/L"), reference_range(0, 50, "U/L", code="U/L")]
    chart.open("alt", "no-reference-range", _alt(chart, 88, ranges=two))


@facet("alt")
def alt_with_a_range_in_words(chart: Chart) -> None:
    chart.open("alt", "no-reference-range", _alt(chart, 36, ranges=[reference_range(text="below 40")]))


def _by_sex() -> list[Json]:
    return [
        reference_range(0, 35, "U/L", code="U/L", applies_to=concept(FEMALE)),
        reference_range(0, 50, "U/L", code="U/L", applies_to=concept(MALE)),
    ]


@facet("alt", sex="male")
def alt_range_of_men(chart: Chart) -> None:
    chart.true("alt", _alt(chart, 88, ranges=_by_sex()), value="88")


@facet("alt", sex="female", age=(58, 79))
def alt_range_of_women(chart: Chart) -> None:
    chart.false("alt", _alt(chart, 88, ranges=_by_sex()), value="88")


@facet("alt")
def stale_alt(chart: Chart) -> None:
    chart.open("alt", "stale", _alt(chart, 25, ago=50))


@facet("alt")
def no_alt(chart: Chart) -> None:
    chart.open("alt", "no-record")


@facet("alt")
def alt_below_detection(chart: Chart) -> None:
    chart.true("alt", _alt(chart, 5, comparator="<"), value="<5")


@facet("alt")
def alt_above_measuring_range(chart: Chart) -> None:
    chart.open("alt", "censored-value", _alt(chart, 60, comparator=">"), value=">60")


def _bilirubin(
    chart: Chart, value: float, unit: str, *, high: float | None = None, ago: int = 6, **options: Any
) -> str:
    code = BILIRUBIN_MOLAR if "mol" in unit else BILIRUBIN
    own = [reference_range(None, high, unit, code=unit)] if high is not None else None
    return chart.measure("bilirubin", code, value, unit, ago, ucum=unit, ranges=own, **options)


@facet("bilirubin", fits=True)
def bilirubin_in_milligrams(chart: Chart) -> None:
    value = chart.random.randint(3, 14) / 10
    chart.true("bilirubin", _bilirubin(chart, value, "mg/dL", high=1.2), value=str(value))


@facet("bilirubin", fits=True)
def bilirubin_in_micromoles(chart: Chart) -> None:
    value = chart.random.randint(5, 28)
    chart.true("bilirubin", _bilirubin(chart, value, "umol/L", high=21), value=str(value))


@facet("bilirubin")
def bilirubin_in_printed_micromoles(chart: Chart) -> None:
    """The unit as it is printed, with no code for it."""
    own = [reference_range(None, 21, "µmol/L")]
    found = chart.measure("bilirubin", BILIRUBIN_MOLAR, 12, "µmol/L", ranges=own)
    chart.true("bilirubin", found, value="12")


@facet("bilirubin")
def bilirubin_by_the_sites_range(chart: Chart) -> None:
    """No range of its own; the site's is 1.2 mg/dL."""
    chart.true("bilirubin", _bilirubin(chart, 0.9, "mg/dL"), value="0.9")


@facet("bilirubin")
def high_bilirubin_by_the_sites_range(chart: Chart) -> None:
    """41 µmol/L is 2.4 mg/dL, twice the site's limit."""
    chart.false("bilirubin", _bilirubin(chart, 41, "umol/L"), value="41")


@facet("bilirubin")
def bilirubin_below_detection(chart: Chart) -> None:
    chart.true("bilirubin", _bilirubin(chart, 0.2, "mg/dL", high=1.2, comparator="<"), value="<0.2")


@facet("bilirubin")
def high_bilirubin(chart: Chart) -> None:
    chart.false("bilirubin", _bilirubin(chart, 2.6, "mg/dL", high=1.2), value="2.6")


@facet("bilirubin")
def stale_bilirubin(chart: Chart) -> None:
    chart.open("bilirubin", "stale", _bilirubin(chart, 0.7, "mg/dL", high=1.2, ago=33))


@facet("bilirubin")
def no_bilirubin(chart: Chart) -> None:
    chart.open("bilirubin", "no-record")
