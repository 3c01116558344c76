"""Facets of metastases: the oligometastatic group, which fits NCT06190782 as far as records can tell."""

from __future__ import annotations

from typing import Any

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import (
    AJCC,
    CM_CATEGORY,
    HISTOLOGY,
    ICD10CM,
    LONGEST,
    RADIOLOGY,
    SITES,
    SNOMED,
    SQUAMOUS,
    TUMOUR_SIZE,
    concept,
    quantity,
)
from fhirscreen.synthetic.facets.metastases import LIVER, settle_m, settle_unknown, spread
from fhirscreen.synthetic.facets.registry import facet
from fhirscreen.synthetic.facets.stages import coded, stage

LUNG = (SNOMED, "94391008")
BONE = (ICD10CM, "C79.51")
BRAIN = (SNOMED, "94225005")
ADRENAL = (SNOMED, "94161006")


def _distant(chart: Chart, *sites: tuple[str, str], **options: Any) -> list[str]:
    found = stage(chart, "m", CM_CATEGORY, coded((AJCC, "cM1")))
    settle_m(chart, False, found, stated=False)
    return spread(chart, *sites, **options)


def _measured_lesion(chart: Chart, lesion: str, millimetres: float) -> str:
    component = {"code": concept(LONGEST), "valueQuantity": quantity(millimetres, "mm", code="mm")}
    return chart.observe(
        "lesion", concept(TUMOUR_SIZE), chart.at(18), category="imaging", components=[component], focus=lesion
    )


@facet("m")
def two_metastases_in_two_organs(chart: Chart) -> None:
    _distant(chart, LIVER, LUNG)
    settle_unknown(chart)


@facet("m")
def single_bone_metastasis(chart: Chart) -> None:
    found = _distant(chart, BONE)
    _measured_lesion(chart, found[0], 23)
    settle_unknown(chart)


@facet("m")
def five_organs(chart: Chart) -> None:
    found = _distant(chart, LIVER, LUNG, BONE, BRAIN, ADRENAL)
    chart.false("metastasis-count", *found, basis=None, reason=None, node="count", stated=False)
    settle_unknown(chart)


@facet("m")
def four_in_the_liver(chart: Chart) -> None:
    """Four distinct lesions of one organ: too many there, not too many in all."""
    found = _distant(chart, LIVER, LIVER, LIVER, LIVER)
    for segment, reference in enumerate(found, start=2):
        lesion = next(each for each in chart.resources if reference.endswith(f"/{each['id']}"))
        lesion["bodySite"] = [concept((SITES, f"liver-{segment}"), text=f"liver segment {segment}")]
    chart.false("metastases-per-organ", *found, basis=None, reason=None, node="count", stated=False)
    settle_unknown(chart)


@facet("m")
def large_lung_metastasis(chart: Chart) -> None:
    lung = _distant(chart, LUNG)
    chart.false("metastasis-size", _measured_lesion(chart, lung[0], 62), basis=None, reason=None)
    settle_unknown(chart)


def _inventory(chart: Chart, lesions: int, in_one_organ: int, largest: float) -> None:
    """The radiologist's dated inventory, in the hospital's own codes: it alone can settle number and size."""
    _distant(chart, LIVER, LUNG)
    options = {"category": "imaging", "focus": chart.focus()}
    for code, number in (("LESIONS", lesions), ("LESIONS-ORGAN", in_one_organ)):
        value = {"valueInteger": number}
        chart.observe("inventory", concept((RADIOLOGY, code)), chart.at(12), value=value, **options)
    chart.measure("inventory", (RADIOLOGY, "LESION-MAX"), largest, "mm", 12, ucum="mm", **options)
    for criterion, truth in (
        ("metastasis-count", 1 <= lesions <= 4),
        ("metastases-per-organ", in_one_organ <= 3),
        ("metastasis-size", largest <= 50),
    ):
        answer = "true" if truth else "false"
        chart.plant(criterion, answer, reason=None, stated=False, node="measured")
    settle_unknown(chart)


@facet("m")
def inventory_of_three(chart: Chart) -> None:
    _inventory(chart, 3, 2, 31)


@facet("m")
def inventory_of_six(chart: Chart) -> None:
    _inventory(chart, 6, 4, 55)


@facet("m")
def proven_liver_metastasis(chart: Chart) -> None:
    liver = _distant(chart, LIVER)
    value = {"valueCodeableConcept": concept(SQUAMOUS)}
    found = chart.observe("histology", concept(HISTOLOGY), chart.at(17), value=value, focus=liver[0])
    chart.true("metastasis-proven", found, reason=None, basis=None)
    settle_unknown(chart)


@facet("m")
def pleural_metastasis(chart: Chart) -> None:
    _distant(chart, (ICD10CM, "C78.2"))
    settle_unknown(chart)


@facet("m")
def disseminated_disease(chart: Chart) -> None:
    found = _distant(chart, LIVER)
    spread = chart.diagnose("disseminated", (ICD10CM, "C80.0"), ago=400, clinical="inactive")
    chart.false("oligometastatic", spread, basis=None, reason=None, stated=False)
    chart.true("disseminated-or-induced", spread, *found, basis=None, reason=None, stated=False)
    settle_unknown(chart)
