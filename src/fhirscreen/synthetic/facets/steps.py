"""Steps that put one thing into a chart and plant nothing: the probe facets are rows of them."""

from __future__ import annotations

from collections.abc import Callable

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import ANTI_HBS, ATC, ICD10CM, LOINC

LDH = (LOINC, "2532-0")
MAGNESIUM = (LOINC, "19123-9")
ENOXAPARIN = (ATC, "B01AB05")
FILGRASTIM = (ATC, "L03AA02")
GIVEN, ORDERED = "MedicationAdministration", "MedicationRequest"

Step = Callable[[Chart], None]


def ldh(value: float, ago: int = 6) -> Step:
    """An LDH in U/L."""
    return lambda chart: _ignore(chart.measure("ldh", LDH, value, "U/L", ago, ucum="U/L"))


def magnesium(value: float) -> Step:
    """A magnesium in mmol/L."""
    return lambda chart: _ignore(chart.measure("magnesium", MAGNESIUM, value, "mmol/L", ucum="mmol/L"))


def ascites(verification: str) -> Step:
    """Ascites, confirmed or not."""
    clinical = "inactive" if verification == "refuted" else "active"
    return lambda chart: _ignore(
        chart.diagnose("ascites", (ICD10CM, "R18.8"), ago=40, verification=verification, clinical=clinical)
    )


def disease(
    name: str, code: tuple[str, str], ago: int, *, month: bool = False, status: str = "confirmed"
) -> Step:
    """A Condition with its onset on a day, or in the month of that day."""

    def step(chart: Chart) -> None:
        onset = chart.day(ago).isoformat()
        chart.diagnose(
            name,
            code,
            onset=onset[:7] if month else onset,
            verification=status,
            clinical="inactive" if status == "refuted" else "active",
        )

    return step


def obstruction(ago: int, *, month: bool = False) -> Step:
    """An oesophageal obstruction."""
    return disease("obstruction", (ICD10CM, "K22.2"), ago, month=month)


def drug(code: tuple[str, str], ago: int, kind: str = GIVEN, *, month: bool = False) -> Step:
    """A dose (or an order) on a day, or in the month of that day."""

    def step(chart: Chart) -> None:
        when = chart.day(ago).isoformat()[:7] if month else chart.at(ago, 10)
        chart.medicate("probe-drug", kind, code, ago, when=when)

    return step


def anti_hbs(value: float, unit: str | None, comparator: str | None = None) -> Step:
    """An antibody to the surface antigen as a number; above 10 mIU/mL it is detected."""
    return lambda chart: _ignore(
        chart.measure("anti-hbs", ANTI_HBS, value, unit, ucum=unit, comparator=comparator)
    )


def _ignore(_: str) -> None:
    """Drops a reference that a probe does not claim as evidence."""
