"""Facets of M: what the records say of distant spread, with or without its sites, in both studies."""

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
    MCODE,
    SNOMED,
    concept,
)
from fhirscreen.synthetic.facets.registry import facet
from fhirscreen.synthetic.facets.stages import coded, stage

M_CRITERIA = ("m-stage", "m1")
LIVER = (ICD10CM, "C78.7")
LYMPH_NODE = (SNOMED, "94392001")
CERVICAL = (SNOMED, "81105003")
SUPRACLAVICULAR = (SNOMED, "76838003")
NECK_NODE = (ICD10CM, "C77.0")
ABDOMINAL_NODE = (ICD10, "C77.2")


def spread(
    chart: Chart, *sites: tuple[str, str], ago: int = 21, linked: bool = True, **options: Any
) -> list[str]:
    """Conditions of metastases, related to the primary as mCODE does it unless told otherwise."""
    made = []
    for site in sites:
        related = {"url": MCODE + "mcode-condition-related", "valueReference": {"reference": chart.cancer}}
        extensions = [related] if linked else None
        made.append(chart.diagnose("metastasis", site, ago=ago, extensions=extensions, **options))
    return made


def settle_m(
    chart: Chart, allowed: bool, *evidence: str, basis: str = "recorded", stated: bool = True
) -> None:
    """Plants M for the inclusion and its mirror, unless the staging may be of another cancer.

    Where the sites decide as well, no evidence is claimed (`stated=False`).
    """
    if chart.ambiguous:
        _open(chart, "ambiguous-focus", *evidence)
        return
    for criterion, truth in (("m-stage", allowed), ("m1", not allowed)):
        chart.plant(criterion, "true" if truth else "false", *evidence, basis=basis, stated=stated)


def _open(chart: Chart, reason: str, *evidence: str, **claims: Any) -> None:
    for criterion in M_CRITERIA:
        chart.open(criterion, reason, *evidence, **claims)


def _local(chart: Chart, *evidence: str) -> None:
    """M0: no metastasis to count; what asks for a history of spread stays open."""
    if not chart.ambiguous:
        for criterion in ("metastasis-count", "metastases-per-organ", "metastasis-size"):
            chart.false(criterion, *evidence, basis=None, stated=False, node="all")
    settle_unknown(chart)


def settle_unknown(chart: Chart, course: str = "judgement") -> None:
    """Whatever has not been planted of the second study: records are silent, or only a lower bound.

    The course of the disease is for the investigator, unless `course` says what comes before that.
    """
    chart.open("oligometastatic", course)
    for criterion in ("metastasis-count", "metastases-per-organ", "metastasis-size"):
        chart.open(criterion, None)
    chart.open("metastasis-proven", "no-record", stated=False)
    chart.open("disseminated-or-induced", course)


@facet("m", fits=True)
def cm0_by_snomed(chart: Chart) -> None:
    found = stage(chart, "m", CM_CATEGORY, coded(CM0))
    settle_m(chart, True, found)
    _local(chart, found)


@facet("m", fits=True)
def cm0_by_ajcc_code(chart: Chart) -> None:
    found = stage(chart, "m", LOINC_CM, coded((AJCC, "cM0")))
    settle_m(chart, True, found)
    _local(chart, found)


@facet("m", fits=True)
def m0_by_text(chart: Chart) -> None:
    found = stage(chart, "m", LOINC_CM, coded(text="M0"))
    settle_m(chart, True, found, basis="derived")
    _local(chart, found)


@facet("m")
def m0_with_regional_nodes(chart: Chart) -> None:
    """A node code alone is not M1."""
    spread(chart, (ICD10CM, "C77.1"))
    cm0_by_snomed(chart)


@facet("m")
def m1_liver(chart: Chart) -> None:
    found = stage(chart, "m", CM_CATEGORY, coded((AJCC, "cM1")))
    spread(chart, LIVER)
    settle_m(chart, False, found, stated=False)
    settle_unknown(chart)


@facet("m")
def m1_without_site(chart: Chart) -> None:
    _open(chart, "coarser-code", stage(chart, "m", CM_CATEGORY, coded((AJCC, "cM1"))))
    settle_unknown(chart)


@facet("m")
def m1_neck_nodes_only(chart: Chart) -> None:
    found = stage(chart, "m", LOINC_CM, coded((AJCC, "cM1")))
    spread(chart, LYMPH_NODE, body_site=concept(CERVICAL))
    settle_m(chart, True, found, stated=False)
    settle_unknown(chart)


@facet("m")
def m1a_supraclavicular_nodes(chart: Chart) -> None:
    found = stage(chart, "m", LOINC_CM, coded(text="cM1a"), method=concept(AJCC6))
    spread(chart, LYMPH_NODE, body_site=concept(SUPRACLAVICULAR))
    settle_m(chart, True, found, stated=False, basis="derived")
    settle_unknown(chart)


@facet("m")
def m1_nodes_of_head_or_neck(chart: Chart) -> None:
    """ICD-10 C77.0 is nodes of the head, the face or the neck: coarser than what is allowed."""
    found = stage(chart, "m", LOINC_CM, coded((AJCC, "cM1")))
    spread(chart, NECK_NODE)
    _open(chart, "coarser-code", found, stated=False)
    settle_unknown(chart)


@facet("m")
def m1a_coeliac_nodes(chart: Chart) -> None:
    found = stage(chart, "m", LOINC_CM, coded(text="cM1a"), method=concept(AJCC6))
    spread(chart, ABDOMINAL_NODE)
    settle_m(chart, False, found, stated=False, basis="derived")
    settle_unknown(chart)


@facet("m")
def m1a_without_site(chart: Chart) -> None:
    _open(chart, "coarser-code", stage(chart, "m", LOINC_CM, coded(text="cM1a"), method=concept(AJCC6)))
    settle_unknown(chart)


@facet("m")
def liver_metastasis_without_m(chart: Chart) -> None:
    found = spread(chart, LIVER)
    settle_m(chart, False, *found, basis="derived")
    settle_unknown(chart)


@facet("m")
def unconfirmed_metastasis_without_m(chart: Chart) -> None:
    _open(chart, "unconfirmed", *spread(chart, LIVER, verification="provisional"))
    settle_unknown(chart, course="unconfirmed")


@facet("m")
def node_code_without_m(chart: Chart) -> None:
    spread(chart, NECK_NODE)
    _open(chart, "no-record")
    settle_unknown(chart)


@facet("m")
def cmx(chart: Chart) -> None:
    _open(chart, "no-value", stage(chart, "m", CM_CATEGORY, coded((AJCC, "cMX"))))
    settle_unknown(chart)


@facet("m")
def no_m_category(chart: Chart) -> None:
    _open(chart, "no-record")
    settle_unknown(chart)


@facet("m")
def stale_m(chart: Chart) -> None:
    _open(chart, "stale", stage(chart, "m", CM_CATEGORY, coded(CM0), 75))
    settle_unknown(chart)
