"""Facets of creatinine clearance by Cockcroft and Gault (Nephron 1976;16:31), by the plain formula.

clearance [mL/min] = (140 - age) × weight [kg] / (72 × creatinine [mg/dL]), × 0.85 for women.
"""

from __future__ import annotations

from typing import Any

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import (
    CLEARANCE_REPORTED,
    CREATININE,
    CREATININE_MOLAR,
    EGFR,
    HEIGHT,
    WEIGHT,
    concept,
)
from fhirscreen.synthetic.facets.registry import facet

CRITERION = "creatinine-clearance"
LIMIT = 50  # mL/min
_MICROMOLES = 88.402  # µmol/L in 1 mg/dL of creatinine


def clearance(age: int, sex: str, weight: float, creatinine: float) -> float:
    """mL/min from completed years, kilograms and mg/dL."""
    return (140 - age) * weight / (72 * creatinine) * (0.85 if sex == "female" else 1)


def _height(chart: Chart, centimetres: float, unit: str = "cm") -> None:
    value = round(centimetres / 2.54, 1) if unit == "[in_i]" else centimetres
    chart.measure("height", HEIGHT, value, unit, 25, ucum=unit, category="vital-signs")


def _weight(chart: Chart, kilograms: float, ago: int = 6, unit: str = "kg") -> str:
    value = round(kilograms / 0.45359237, 1) if unit == "[lb_av]" else kilograms
    return chart.measure("weight", WEIGHT, value, unit, ago, ucum=unit, category="vital-signs")


def _creatinine(chart: Chart, milligrams: float, ago: int = 6, *, molar: bool = False, **more: Any) -> str:
    if molar:
        value = round(milligrams * _MICROMOLES, 0)
        return chart.measure("creatinine", CREATININE_MOLAR, value, "umol/L", ago, ucum="umol/L", **more)
    return chart.measure("creatinine", CREATININE, milligrams, "mg/dL", ago, ucum="mg/dL", **more)


def _for(chart: Chart, target: float, weight: float) -> float:
    """The creatinine in mg/dL, to two digits, at which this person's clearance is about `target`."""
    return round(clearance(chart.age, chart.sex or "male", weight, 1) / target, 2)


def _body(chart: Chart) -> tuple[float, float]:
    """Height in cm and a weight in kg of a body mass index between 19 and 26."""
    height = chart.random.randint(156, 186)
    return height, round(chart.random.uniform(19, 26) * (height / 100) ** 2, 1)


def _settle(chart: Chart, truth: str) -> None:
    """Plants a computed clearance, unless the chart lacks the sex or the birth date that it needs."""
    if chart.sex is None or "no-birth" in chart.traits:
        reason = "not-computable" if chart.sex is None else None
        chart.open(CRITERION, reason, stated=False)
    else:
        chart.plant(CRITERION, truth, basis="derived", stated=False)


def _usual(chart: Chart, target: float, *, molar: bool = False) -> None:
    height, weight = _body(chart)
    _height(chart, height)
    _weight(chart, weight)
    creatinine = _for(chart, target, weight)
    _creatinine(chart, creatinine, molar=molar)
    age = chart.age_on(chart.day(6))
    _settle(chart, "true" if clearance(age, chart.sex or "male", weight, creatinine) >= LIMIT else "false")


@facet("clearance", fits=True)
def clearance_from_milligrams(chart: Chart) -> None:
    _usual(chart, chart.random.randint(64, 105))


@facet("clearance", fits=True)
def clearance_from_micromoles(chart: Chart) -> None:
    _usual(chart, chart.random.randint(64, 105), molar=True)


@facet("clearance")
def clearance_from_pounds_and_inches(chart: Chart) -> None:
    height, weight = _body(chart)
    _height(chart, height, "[in_i]")
    _weight(chart, weight, unit="[lb_av]")
    _creatinine(chart, _for(chart, 78, weight))
    _settle(chart, "true")


@facet("clearance", sex="male", age=(60, 60))
def clearance_at_the_bound(chart: Chart) -> None:
    """(140 - 60) × 54 / (72 × 1.2) = 50 mL/min exactly."""
    _weight(chart, 54)
    _height(chart, 168)
    _creatinine(chart, 1.2, ago=3)
    _settle(chart, "true")


@facet("clearance", sex="female", age=(60, 60))
def clearance_of_a_woman_at_a_mans_bound(chart: Chart) -> None:
    """The same figures with 0.85: 42.5 mL/min."""
    _weight(chart, 54)
    _height(chart, 168)
    _creatinine(chart, 1.2, ago=3)
    _settle(chart, "false")


@facet("clearance")
def low_clearance(chart: Chart) -> None:
    _usual(chart, 38)


@facet("clearance")
def clearance_without_height(chart: Chart) -> None:
    _weight(chart, 66)
    _creatinine(chart, _for(chart, 81, 66))
    _settle(chart, "true")


@facet("clearance", sex="male", age=(58, 72))
def heavy_patient_with_one_answer(chart: Chart) -> None:
    """104 kg at 170 cm: index 36, ideal 66.0 kg, adjusted 81.2 kg. Both weights give more than 50."""
    _height(chart, 170)
    _weight(chart, 104)
    _creatinine(chart, _for(chart, 95, 104))
    _settle(chart, "true")


@facet("clearance", sex="male", age=(58, 72))
def heavy_patient_with_two_answers(chart: Chart) -> None:
    """Actual weight 58 mL/min, adjusted 58 × 81.2 / 104 = 45 mL/min."""
    _height(chart, 170)
    _weight(chart, 104)
    _creatinine(chart, _for(chart, 58, 104))
    chart.open(CRITERION, "conflicting", stated=False)


@facet("clearance")
def weight_too_far_from_creatinine(chart: Chart) -> None:
    _height(chart, 172)
    _weight(chart, 70, ago=23)
    _creatinine(chart, _for(chart, 84, 70), ago=5)
    chart.open(CRITERION, "stale", stated=False)


@facet("clearance")
def weight_a_fortnight_from_creatinine(chart: Chart) -> None:
    _height(chart, 172)
    _weight(chart, 70, ago=19)
    _creatinine(chart, _for(chart, 84, 70), ago=5)
    _settle(chart, "true")


@facet("clearance", traits=("year-only",))
def clearance_straddles_within_a_year_of_birth(chart: Chart) -> None:
    """Of a birth year alone there are two ages; the creatinine lies where only the younger one suffices."""
    _height(chart, 172)
    _weight(chart, 70)
    older = chart.as_of.year - chart.birth.year
    factor = 0.85 if chart.sex == "female" else 1
    _creatinine(chart, round((140.5 - older) * 70 * factor / (72 * LIMIT), 2))
    chart.open(CRITERION, "imprecise-date", stated=False)


@facet("clearance")
def no_weight(chart: Chart) -> None:
    _creatinine(chart, 0.9)
    chart.open(CRITERION, None, stated=False)


@facet("clearance")
def no_creatinine(chart: Chart) -> None:
    _weight(chart, 70)
    chart.open(CRITERION, "no-record", stated=False)


@facet("clearance")
def stale_creatinine(chart: Chart) -> None:
    _height(chart, 172)
    _weight(chart, 70, ago=40)
    _creatinine(chart, _for(chart, 90, 70), ago=40)
    chart.open(CRITERION, "stale", stated=False)


@facet("clearance")
def filtration_rate_is_no_substitute(chart: Chart) -> None:
    chart.measure("egfr", EGFR, 83, "mL/min/{1.73_m2}", ucum="mL/min/{1.73_m2}")
    _weight(chart, 70)
    chart.open(CRITERION, "no-record", stated=False)


@facet("clearance")
def reported_clearance_only(chart: Chart) -> None:
    """A reported clearance counts where none can be computed."""
    found = chart.measure("clearance", CLEARANCE_REPORTED, 72, "mL/min", ucum="mL/min")
    chart.true(CRITERION, found, reason=None, value="72")


@facet("clearance")
def creatinine_without_unit(chart: Chart) -> None:
    _height(chart, 172)
    _weight(chart, 70)
    chart.measure("creatinine", CREATININE, 0.9, None)
    chart.open(CRITERION, "no-unit", stated=False)


@facet("clearance")
def creatinine_not_measured(chart: Chart) -> None:
    _height(chart, 172)
    _weight(chart, 70)
    chart.observe("creatinine", concept(CREATININE), chart.at(6), absent="error")
    chart.open(CRITERION, "no-value", stated=False)


@facet("clearance")
def creatinine_in_a_foreign_unit(chart: Chart) -> None:
    _height(chart, 172)
    _weight(chart, 70)
    chart.measure("creatinine", CREATININE, 0.9, "U/L", ucum="U/L")
    chart.open(CRITERION, "incomparable-unit", stated=False)


@facet("clearance")
def implausible_creatinine(chart: Chart) -> None:
    _height(chart, 172)
    _weight(chart, 70)
    _creatinine(chart, 90)
    chart.open(CRITERION, "implausible-value", stated=False)


@facet("clearance", sex="male", age=(55, 75))
def creatinine_below_detection(chart: Chart) -> None:
    """Below 0.4 mg/dL the clearance is above 140 mL/min."""
    _height(chart, 172)
    _weight(chart, 70)
    _creatinine(chart, 0.4, comparator="<")
    _settle(chart, "true")


@facet("clearance", sex="male", age=(60, 70))
def creatinine_below_a_high_limit(chart: Chart) -> None:
    """Below 2 mg/dL means more than 34 to 39 mL/min: on either side of the bound."""
    _height(chart, 172)
    _weight(chart, 70)
    _creatinine(chart, 2.0, comparator="<")
    chart.open(CRITERION, "censored-value", stated=False)
