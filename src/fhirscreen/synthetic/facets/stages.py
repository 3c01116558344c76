"""Facets of clinical T and N: mCODE and LOINC styles, coded, written, missing, stale, tied."""

from __future__ import annotations

from typing import Any

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import (
    AJCC,
    AJCC8,
    CN0,
    CN3,
    CN_CATEGORY,
    CT3,
    CT_CATEGORY,
    LOINC,
    LOINC_CN,
    LOINC_CT,
    LOINC_PT,
    Json,
    concept,
)
from fhirscreen.synthetic.facets.registry import facet

T_CRITERIA = ("t-stage", "t1-t2")
LOINC_T = {"T2": "LA3628-0", "T3": "LA3624-9", "T4": "LA3620-7", "T4a": "LA3619-9"}


def coded(*codes: tuple[str, str], text: str | None = None) -> Json:
    """A coded value."""
    return {"valueCodeableConcept": concept(*codes, text=text)}


def stage(
    chart: Chart, name: str, code: tuple[str, str], value: Json | None, ago: int = 20, **options: Any
) -> str:
    """A staging Observation, linked to the cancer where the record does that."""
    when = str(options.pop("when", "") or chart.at(ago, 14))
    found = chart.observe(
        name, concept(code), when, category="exam", value=value, focus=chart.focus(), **options
    )
    if "stage-assessment" in chart.traits:
        cancer = next(each for each in chart.resources if chart.cancer.endswith(f"/{each['id']}"))
        cancer.setdefault("stage", []).append({"assessment": [{"reference": found}]})
    return found


def settle(chart: Chart, category: str, *evidence: str, basis: str | None = "recorded") -> None:
    """Plants what a clinical T category means for the inclusion and for the exclusion that mirrors it.

    Treatment that began before the staging leaves a clinical T open; so does a cancer that it may not be of.
    """
    if chart.ambiguous or chart.treated:
        reason = "ambiguous-focus" if chart.ambiguous else "unconfirmed"
        for criterion in T_CRITERIA:
            chart.open(criterion, reason, *evidence)
        return
    early = category[:2] in ("T1", "T2")
    claim: dict[str, Any] = {"basis": basis, "value": category}
    chart.plant("t1-t2", "true" if early else "false", *evidence, **claim)
    if category == "T4":
        chart.open("t-stage", "coarser-code", *evidence)
    else:
        truth = "true" if category in ("T3", "T4a") else "false"
        chart.plant("t-stage", truth, *evidence, **claim)


def _open(chart: Chart, reason: str, *evidence: str) -> None:
    for criterion in T_CRITERIA:
        chart.open(criterion, reason, *evidence)


@facet("t", fits=True)
def ct3_by_snomed(chart: Chart) -> None:
    settle(chart, "T3", stage(chart, "t", CT_CATEGORY, coded(CT3), method=concept(AJCC8)))


@facet("t", fits=True)
def ct3_by_loinc_answer(chart: Chart) -> None:
    settle(chart, "T3", stage(chart, "t", LOINC_CT, coded((LOINC, LOINC_T["T3"]))))


@facet("t", fits=True)
def ct4a_by_text(chart: Chart) -> None:
    settle(chart, "T4a", stage(chart, "t", LOINC_CT, coded(text="cT4a")), basis="derived")


@facet("t", fits=True)
def ct3_by_string(chart: Chart) -> None:
    settle(chart, "T3", stage(chart, "t", LOINC_CT, {"valueString": "T3"}), basis="derived")


@facet("t", fits=True)
def ct4a_by_ajcc_code(chart: Chart) -> None:
    settle(chart, "T4a", stage(chart, "t", CT_CATEGORY, coded((AJCC, "cT4a")), method=concept(AJCC8)))


@facet("t")
def ct2(chart: Chart) -> None:
    settle(chart, "T2", stage(chart, "t", LOINC_CT, coded((LOINC, LOINC_T["T2"]))))


@facet("t")
def ct1b_by_string(chart: Chart) -> None:
    settle(chart, "T1b", stage(chart, "t", CT_CATEGORY, {"valueString": "cT1b"}), basis="derived")


@facet("t")
def ct4b(chart: Chart) -> None:
    settle(chart, "T4b", stage(chart, "t", CT_CATEGORY, coded((AJCC, "cT4b"))))


@facet("t")
def t4_without_a_letter(chart: Chart) -> None:
    settle(chart, "T4", stage(chart, "t", LOINC_CT, coded((LOINC, LOINC_T["T4"]))))


@facet("t")
def ctx(chart: Chart) -> None:
    _open(chart, "no-value", stage(chart, "t", CT_CATEGORY, coded((AJCC, "cTX"))))


@facet("t")
def no_t_category(chart: Chart) -> None:
    _open(chart, "no-record")


@facet("t")
def pathological_t_only(chart: Chart) -> None:
    stage(chart, "t", LOINC_PT, coded((LOINC, LOINC_T["T2"])))
    _open(chart, "no-record")


@facet("t")
def t_on_the_last_deciding_day(chart: Chart) -> None:
    settle(chart, "T3", stage(chart, "t", CT_CATEGORY, coded(CT3), 42))


@facet("t")
def stale_t(chart: Chart) -> None:
    _open(chart, "stale", stage(chart, "t", CT_CATEGORY, coded(CT3), 60))


@facet("t")
def t_beyond_both_windows(chart: Chart) -> None:
    stage(chart, "t", CT_CATEGORY, coded(CT3), 120)
    _open(chart, "no-record")


@facet("t")
def modalities_disagree(chart: Chart) -> None:
    day = chart.day(15).isoformat()
    two = stage(chart, "t", CT_CATEGORY, coded((AJCC, "cT2")), when=day)
    three = stage(chart, "t", CT_CATEGORY, coded(CT3), when=day)
    _open(chart, "conflicting", two, three)


@facet("t")
def modalities_differ_with_one_answer(chart: Chart) -> None:
    day = chart.day(15).isoformat()
    three = stage(chart, "t", CT_CATEGORY, coded(CT3), when=day)
    four = stage(chart, "t", CT_CATEGORY, coded((AJCC, "cT4a")), when=day)
    both = (three, four)
    chart.true("t-stage", *both)
    chart.false("t1-t2", *both)


@facet("t")
def month_of_an_earlier_t(chart: Chart) -> None:
    """A T2 of some day of October may be later than the T3 of the twelfth: both are tried, and differ."""
    month = chart.day(20).isoformat()[:7]
    two = stage(chart, "t", CT_CATEGORY, coded((AJCC, "cT2")), when=month)
    three = stage(chart, "t", CT_CATEGORY, coded(CT3), 20)
    _open(chart, "imprecise-date", two, three)


@facet("t")
def preliminary_t_ignored(chart: Chart) -> None:
    stage(chart, "t", CT_CATEGORY, coded((AJCC, "cT2")), 5, status="preliminary")
    settle(chart, "T3", stage(chart, "t", CT_CATEGORY, coded(CT3)))


@facet("t")
def t_not_assessed_falls_back(chart: Chart) -> None:
    stage(chart, "t", CT_CATEGORY, None, 5, absent="not-performed")
    settle(chart, "T3", stage(chart, "t", CT_CATEGORY, coded(CT3)))


@facet("t")
def t_of_the_future_ignored(chart: Chart) -> None:
    stage(chart, "t", CT_CATEGORY, coded((AJCC, "cT2")), -3)
    settle(chart, "T3", stage(chart, "t", CT_CATEGORY, coded(CT3)))


def _n(chart: Chart, category: str, *evidence: str, basis: str = "recorded") -> None:
    if chart.ambiguous:
        chart.open("n-stage", "ambiguous-focus", *evidence)
    else:
        chart.true("n-stage", *evidence, basis=basis, value=category)


@facet("n", fits=True)
def cn0_by_snomed(chart: Chart) -> None:
    _n(chart, "N0", stage(chart, "n", CN_CATEGORY, coded(CN0)))


@facet("n", fits=True)
def cn3_by_snomed(chart: Chart) -> None:
    _n(chart, "N3", stage(chart, "n", CN_CATEGORY, coded(CN3)))


@facet("n", fits=True)
def cn1_by_text(chart: Chart) -> None:
    _n(chart, "N1", stage(chart, "n", LOINC_CN, coded(text="cN1")), basis="derived")


@facet("n", fits=True)
def cn2_by_ajcc_code(chart: Chart) -> None:
    _n(chart, "N2", stage(chart, "n", CN_CATEGORY, coded((AJCC, "cN2"))))


@facet("n")
def cnx(chart: Chart) -> None:
    chart.open("n-stage", "no-value", stage(chart, "n", CN_CATEGORY, coded((AJCC, "cNX"))))


@facet("n")
def no_n_category(chart: Chart) -> None:
    chart.open("n-stage", "no-record")
