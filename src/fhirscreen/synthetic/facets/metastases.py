"""Facets of M and of metastases: what both studies make of distant spread, its sites, number and size."""

from __future__ import annotations

from typing import Any

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import (
    AJCC,
    AJCC6,
    CM0,
    CM_CATEGORY,
    ICD10,
    ICD10CM,
    LOINC_CM,
    LONGEST,
    MCODE,
    SNOMED,
    TUMOUR_SIZE,
    concept,
    quantity,
)
from fhirscreen.synthetic.facets.registry import facet
from fhirscreen.synthetic.facets.stages import coded, stage

M_CRITERIA = ("m-stage", "m1")
LIVER = (ICD10CM, "C78.7")
LUNG = (SNOMED, "94391008")
BONE = (ICD10CM, "C79.51")
BRAIN = (SNOMED, "94225005")
ADRENAL = (SNOMED, "94161006")
NECK_NODE = (ICD10CM, "C77.0")
ABDOMINAL_NODE = (ICD10, "C77.2")


def _spread(
    chart: Chart, *sites: tuple[str, str], ago: int = 21, linked: bool = True, **options: Any
) -> list[str]:
    """Conditions of metastases, related to the primary as mCODE does it unless told otherwise."""
    made = []
    for site in sites:
        related = {"url": MCODE + "mcode-condition-related", "valueReference": {"reference": chart.cancer}}
        extensions = [related] if linked else None
        made.append(chart.diagnose("metastasis", site, ago=ago, extensions=extensions, **options))
    return made


def _m(chart: Chart, allowed: bool, *evidence: str, basis: str | None = "recorded") -> None:
    """Plants M for the inclusion and its mirror, unless the staging may be of another cancer."""
    if chart.ambiguous:
        _open(chart, "ambiguous-focus", *evidence)
        return
    chart.plant("m-stage", "true" if allowed else "false", *evidence, basis=basis, reason=None)
    chart.plant("m1", "false" if allowed else "true", *evidence, basis=basis, reason=None)


def _open(chart: Chart, reason: str, *evidence: str) -> None:
    for criterion in M_CRITERIA:
        chart.open(criterion, reason, *evidence)


def _local(chart: Chart, *evidence: str) -> None:
    """M0: no metastasis to count; what asks for a history of spread stays open."""
    if not chart.ambiguous:
        for criterion in ("metastasis-count", "metastases-per-organ", "metastasis-size"):
            chart.false(criterion, *evidence, basis=None, reason=None, stated=False, node="all")
    _unknown_spread(chart)


def _unknown_spread(chart: Chart) -> None:
    """Whatever has not been planted of the second study: records are silent, or only a lower bound."""
    for criterion in ("oligometastatic", "metastasis-count", "metastases-per-organ", "metastasis-size"):
        chart.open(criterion, None)
    chart.open("metastasis-proven", None)
    chart.open("disseminated-or-induced", None)


@facet("m", fits=True)
def cm0_by_snomed(chart: Chart) -> None:
    found = stage(chart, "m", CM_CATEGORY, coded(CM0))
    _m(chart, True, found)
    _local(chart, found)


@facet("m", fits=True)
def cm0_by_ajcc_code(chart: Chart) -> None:
    found = stage(chart, "m", LOINC_CM, coded((AJCC, "cM0")))
    _m(chart, True, found)
    _local(chart, found)


@facet("m", fits=True)
def m0_by_text(chart: Chart) -> None:
    found = stage(chart, "m", LOINC_CM, coded(text="M0"))
    _m(chart, True, found, basis="derived")
    _local(chart, found)


@facet("m")
def m0_with_regional_nodes(chart: Chart) -> None:
    """A node code alone is not M1."""
    _spread(chart, (ICD10CM, "C77.1"))
    cm0_by_snomed(chart)


@facet("m")
def m1_liver(chart: Chart) -> None:
    found = stage(chart, "m", CM_CATEGORY, coded((AJCC, "cM1")))
    _spread(chart, LIVER)
    _m(chart, False, found)
    _unknown_spread(chart)


@facet("m")
def m1_without_site(chart: Chart) -> None:
    _open(chart, "coarser-code", stage(chart, "m", CM_CATEGORY, coded((AJCC, "cM1"))))
    _unknown_spread(chart)


@facet("m")
def m1_neck_nodes_only(chart: Chart) -> None:
    found = stage(chart, "m", LOINC_CM, coded((AJCC, "cM1")))
    _spread(chart, NECK_NODE)
    _m(chart, True, found)
    _unknown_spread(chart)


@facet("m")
def m1a_neck_nodes(chart: Chart) -> None:
    found = stage(chart, "m", LOINC_CM, coded(text="cM1a"), method=concept(AJCC6))
    _spread(chart, NECK_NODE)
    _m(chart, True, found, basis="derived")
    _unknown_spread(chart)


@facet("m")
def m1a_coeliac_nodes(chart: Chart) -> None:
    found = stage(chart, "m", LOINC_CM, coded(text="cM1a"), method=concept(AJCC6))
    _spread(chart, ABDOMINAL_NODE)
    _m(chart, False, found, basis="derived")
    _unknown_spread(chart)


@facet("m")
def m1a_without_site(chart: Chart) -> None:
    _open(chart, "coarser-code", stage(chart, "m", LOINC_CM, coded(text="cM1a"), method=concept(AJCC6)))
    _unknown_spread(chart)


@facet("m")
def liver_metastasis_without_m(chart: Chart) -> None:
    found = _spread(chart, LIVER)
    _m(chart, False, *found, basis="derived")
    _unknown_spread(chart)


@facet("m")
def unconfirmed_metastasis_without_m(chart: Chart) -> None:
    _open(chart, "unconfirmed", *_spread(chart, LIVER, verification="provisional"))
    _unknown_spread(chart)


@facet("m")
def node_code_without_m(chart: Chart) -> None:
    _spread(chart, NECK_NODE)
    _open(chart, "no-record")
    _unknown_spread(chart)


@facet("m")
def cmx(chart: Chart) -> None:
    _open(chart, "no-value", stage(chart, "m", CM_CATEGORY, coded((AJCC, "cMX"))))
    _unknown_spread(chart)


@facet("m")
def no_m_category(chart: Chart) -> None:
    _open(chart, "no-record")
    _unknown_spread(chart)


@facet("m")
def stale_m(chart: Chart) -> None:
    _open(chart, "stale", stage(chart, "m", CM_CATEGORY, coded(CM0), 75))
    _unknown_spread(chart)


# ---- the oligometastatic group: fits NCT06190782 as far as records can tell


def _distant(chart: Chart, *sites: tuple[str, str], **options: Any) -> list[str]:
    found = stage(chart, "m", CM_CATEGORY, coded((AJCC, "cM1")))
    _m(chart, False, found)
    return _spread(chart, *sites, **options)


def _measured_lesion(chart: Chart, lesion: str, millimetres: float) -> str:
    component = {"code": concept(LONGEST), "valueQuantity": quantity(millimetres, "mm", code="mm")}
    return chart.observe(
        "lesion", concept(TUMOUR_SIZE), chart.at(18), category="imaging", components=[component], focus=lesion
    )


@facet("m")
def two_metastases_in_two_organs(chart: Chart) -> None:
    _distant(chart, LIVER, LUNG)
    _unknown_spread(chart)


@facet("m")
def single_bone_metastasis(chart: Chart) -> None:
    found = _distant(chart, BONE)
    _measured_lesion(chart, found[0], 23)
    _unknown_spread(chart)


@facet("m")
def five_organs(chart: Chart) -> None:
    found = _distant(chart, LIVER, LUNG, BONE, BRAIN, ADRENAL)
    chart.false("metastasis-count", *found, basis=None, reason=None, node="count", stated=False)
    _unknown_spread(chart)


@facet("m")
def four_in_the_liver(chart: Chart) -> None:
    """Four distinct lesions of one organ: too many there, not too many in all."""
    found = _distant(chart, LIVER, LIVER, LIVER, LIVER)
    for segment, reference in enumerate(found, start=2):
        lesion = next(each for each in chart.resources if reference.endswith(f"/{each['id']}"))
        lesion["bodySite"] = [concept(text=f"liver segment {segment}")]
    chart.false("metastases-per-organ", *found, basis=None, reason=None, node="count", stated=False)
    _unknown_spread(chart)


@facet("m")
def large_lung_metastasis(chart: Chart) -> None:
    lung = _distant(chart, LUNG)
    chart.false("metastasis-size", _measured_lesion(chart, lung[0], 62), basis=None, reason=None)
    _unknown_spread(chart)


@facet("m")
def pleural_metastasis(chart: Chart) -> None:
    _distant(chart, (ICD10CM, "C78.2"))
    _unknown_spread(chart)


@facet("m")
def disseminated_disease(chart: Chart) -> None:
    found = _distant(chart, LIVER)
    spread = chart.diagnose("disseminated", (ICD10CM, "C80.0"), ago=400, clinical="inactive")
    chart.false("oligometastatic", spread, basis=None, reason=None, stated=False)
    chart.true("disseminated-or-induced", spread, *found, basis=None, reason=None, stated=False)
    _unknown_spread(chart)
