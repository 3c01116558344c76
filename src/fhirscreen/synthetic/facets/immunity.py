"""Facets of immunity: autoimmune disease and its treatment, steroids, immunodeficiency, infection."""

from __future__ import annotations

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import ATC, ICD10CM, RXNORM, SNOMED, concept
from fhirscreen.synthetic.facets.registry import facet

AUTOIMMUNE, STEROIDS, INFECTION = "autoimmune-disease", "systemic-steroids", "acute-infection"
ARTHRITIS = ((SNOMED, "69896004"), (ICD10CM, "M06.9"))
METHOTREXATE_LOW = (ATC, "L04AX03")
LEFLUNOMIDE = (ATC, "L04AK01")
INFLIXIMAB = (ATC, "L04AB02")
PREDNISOLONE = (ATC, "H02AB06")
DEXAMETHASONE = (RXNORM, "3264")
THYROXINE = (ATC, "H03AA01")
CEFTRIAXONE = (ATC, "J01DD04")
NAUSEA = concept((SNOMED, "422587007"), (ICD10CM, "R11.0"))
STATEMENT = "MedicationStatement"


@facet("autoimmune", also=("steroids",))
def arthritis_with_leflunomide(chart: Chart) -> None:
    arthritis = chart.diagnose("arthritis", *ARTHRITIS, ago=2000)
    drug = chart.medicate("drug", STATEMENT, LEFLUNOMIDE, 500, status="active", reason=arthritis)
    chart.true(AUTOIMMUNE, arthritis, drug, stated=False, node="all")


@facet("autoimmune", also=("steroids",))
def colitis_with_infliximab(chart: Chart) -> None:
    colitis = chart.diagnose("colitis", (SNOMED, "64766004"), ago=2600)
    chart.medicate("drug", "MedicationAdministration", INFLIXIMAB, 200, reason=colitis)
    chart.true(AUTOIMMUNE, stated=False, node="all")


@facet("autoimmune", also=("steroids",))
def arthritis_with_a_drug_years_ago(chart: Chart) -> None:
    arthritis = chart.diagnose("arthritis", *ARTHRITIS, ago=4000)
    chart.medicate(
        "drug", STATEMENT, LEFLUNOMIDE, 2900, status="completed", end=chart.at(1900), reason=arthritis
    )
    chart.false(AUTOIMMUNE, basis=None, reason=None, stated=False, node="all")


@facet("autoimmune", also=("steroids",))
def arthritis_untreated(chart: Chart) -> None:
    chart.diagnose("arthritis", *ARTHRITIS, ago=900)
    chart.false(AUTOIMMUNE, basis=None, reason=None, stated=False, node="all")


@facet("autoimmune", also=("steroids",))
def arthritis_with_prednisolone(chart: Chart) -> None:
    """A steroid whose reason is the disease; it ended a year ago, so that none is taken now."""
    arthritis = chart.diagnose("arthritis", *ARTHRITIS, ago=2000)
    chart.medicate("drug", STATEMENT, PREDNISOLONE, 500, end=chart.at(400), reason=arthritis)
    chart.true(AUTOIMMUNE, stated=False, node="all")
    chart.false(STEROIDS, basis=None, reason=None, stated=False)


@facet("autoimmune", also=("steroids",))
def arthritis_with_prednisolone_of_unknown_reason(chart: Chart) -> None:
    chart.diagnose("arthritis", *ARTHRITIS, ago=2000)
    chart.medicate("drug", STATEMENT, PREDNISOLONE, 500, end=chart.at(400))
    chart.open(AUTOIMMUNE, None, node="all")
    chart.false(STEROIDS, basis=None, reason=None, stated=False)


@facet("autoimmune", also=("steroids",))
def thyroiditis_with_thyroxine(chart: Chart) -> None:
    """Replacement of a hormone is no treatment of the immune system."""
    chart.diagnose("thyroiditis", (ICD10CM, "E06.3"), ago=3000)
    chart.medicate("drug", STATEMENT, THYROXINE, 900, status="active")
    chart.false(AUTOIMMUNE, basis=None, reason=None, stated=False, node="all")


@facet("autoimmune", also=("steroids",))
def arthritis_with_leflunomide_ordered(chart: Chart) -> None:
    arthritis = chart.diagnose("arthritis", *ARTHRITIS, ago=2000)
    chart.medicate("drug", "MedicationRequest", LEFLUNOMIDE, 9, reason=arthritis)
    chart.open(AUTOIMMUNE, "order-only", node="all")


@facet("steroids")
def long_current_prednisolone(chart: Chart) -> None:
    asthma = concept((ICD10CM, "J45.50"))
    chart.medicate("steroid", STATEMENT, PREDNISOLONE, 240, status="active", reason_code=asthma)
    chart.true(STEROIDS, basis=None, reason=None, stated=False)


@facet("steroids")
def prednisolone_since_last_week(chart: Chart) -> None:
    chart.medicate("steroid", STATEMENT, PREDNISOLONE, 6, status="active")
    chart.open(STEROIDS, None)


@facet("steroids")
def dexamethasone_against_nausea(chart: Chart) -> None:
    chart.medicate("steroid", "MedicationAdministration", DEXAMETHASONE, 4, reason_code=NAUSEA)
    chart.false(STEROIDS, basis=None, reason=None, stated=False)


@facet("immunodeficiency")
def common_variable_immunodeficiency(chart: Chart) -> None:
    found = chart.diagnose("immunodeficiency", (ICD10CM, "D83.9"), ago=3000)
    chart.true("immunodeficiency", found, node="condition")


@facet("immunodeficiency")
def unconfirmed_immunodeficiency(chart: Chart) -> None:
    found = chart.diagnose("immunodeficiency", (SNOMED, "234532001"), ago=60, verification="unconfirmed")
    chart.open("immunodeficiency", "unconfirmed", found, node="condition")


@facet("infection")
def pneumonia_under_treatment(chart: Chart) -> None:
    pneumonia = chart.diagnose("pneumonia", (ICD10CM, "J18.9"), ago=6)
    drug = chart.medicate("antibiotic", "MedicationAdministration", CEFTRIAXONE, 5, reason=pneumonia)
    chart.true(INFECTION, pneumonia, drug, stated=False)


@facet("infection")
def antibiotic_alone(chart: Chart) -> None:
    chart.medicate("antibiotic", "MedicationAdministration", CEFTRIAXONE, 4)
    chart.open(INFECTION, None)


@facet("infection")
def antibiotic_as_prophylaxis(chart: Chart) -> None:
    reason = concept((SNOMED, "360271000"))
    chart.medicate("antibiotic", "MedicationAdministration", CEFTRIAXONE, 4, reason_code=reason)
    chart.false(INFECTION, basis=None, reason=None, stated=False)


@facet("infection")
def pneumonia_of_the_spring(chart: Chart) -> None:
    ended = chart.day(190).isoformat()
    pneumonia = chart.diagnose("pneumonia", (ICD10CM, "J18.9"), ago=205, clinical="resolved", abatement=ended)
    chart.medicate("antibiotic", "MedicationAdministration", CEFTRIAXONE, 203, reason=pneumonia)
    chart.false(INFECTION, basis=None, reason=None, stated=False)
