"""Facets of HIV, hepatitis B and hepatitis C: a positive stays, a negative expires, silence is neither."""

from __future__ import annotations

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import (
    ANTI_HBC,
    ANTI_HBS,
    ANTI_HCV,
    DETECTED,
    HBSAG,
    HBV_DNA,
    HCV_RNA,
    HIV_SCREEN,
    ICD10CM,
    LOINC,
    NEGATIVE,
    NEGATIVE_ANSWER,
    NOT_DETECTED,
    POSITIVE,
    REACTIVE,
    SNOMED,
    concept,
)
from fhirscreen.synthetic.facets.registry import facet

HIV_RNA = (LOINC, "25836-8")


def _result(chart: Chart, test: tuple[str, str], answer: tuple[str, str], ago: int = 14) -> str:
    value = {"valueCodeableConcept": concept(answer)}
    return chart.observe("serology", concept(test), chart.at(ago), value=value)


def _no(chart: Chart, criterion: str) -> None:
    """Tested and negative; that no such diagnosis is on record stands beside it."""
    chart.false(criterion, basis="presumed", reason="absence-presumed", stated=False, node="any")


def _yes(chart: Chart, criterion: str, *evidence: str, node: str = "finding") -> None:
    chart.true(criterion, *evidence, stated=False, node=node)


@facet("hiv", fits=True)
def hiv_screen_negative(chart: Chart) -> None:
    _result(chart, HIV_SCREEN, NEGATIVE)
    _no(chart, "hiv")


@facet("hiv", fits=True)
def hiv_screen_negative_by_answer(chart: Chart) -> None:
    _result(chart, HIV_SCREEN, NEGATIVE_ANSWER, 100)
    _no(chart, "hiv")


@facet("hiv")
def hiv_screen_stale(chart: Chart) -> None:
    chart.open("hiv", "stale", _result(chart, HIV_SCREEN, NEGATIVE, 220), stated=False)


@facet("hiv")
def hiv_not_tested(chart: Chart) -> None:
    chart.open("hiv", "no-record", stated=False)


@facet("hiv")
def hiv_screen_reactive(chart: Chart) -> None:
    chart.open("hiv", None, _result(chart, HIV_SCREEN, REACTIVE), stated=False)


def _probe_hiv(chart: Chart, truth: str, evidence: str) -> None:
    chart.plant("hiv-condition", truth, evidence, basis="recorded", node="condition")
    chart.plant("hiv-on-record", truth, evidence, basis="recorded", node="recorded", stated=False)


@facet("hiv", also=("probe",))
def hiv_diagnosed(chart: Chart) -> None:
    found = chart.diagnose("hiv", (SNOMED, "86406008"), (ICD10CM, "B20"), ago=4000)
    _yes(chart, "hiv", found, node="condition")
    _probe_hiv(chart, "true", found)


@facet("hiv", also=("probe",))
def hiv_diagnosis_refuted(chart: Chart) -> None:
    found = chart.diagnose("hiv", (ICD10CM, "B20"), ago=60, verification="refuted", clinical="inactive")
    hiv_screen_negative(chart)
    _probe_hiv(chart, "false", found)


@facet("hiv")
def hiv_rna_detected(chart: Chart) -> None:
    _yes(chart, "hiv", _result(chart, HIV_RNA, DETECTED, 30))


@facet("hepatitis-b", fits=True)
def hepatitis_b_negative(chart: Chart) -> None:
    _result(chart, HBSAG, NEGATIVE)
    _result(chart, ANTI_HBC, NEGATIVE)
    _no(chart, "hepatitis-b")


@facet("hepatitis-b", also=("probe",))
def hepatitis_b_vaccinated(chart: Chart) -> None:
    hepatitis_b_negative(chart)
    _result(chart, ANTI_HBS, POSITIVE)


@facet("hepatitis-b")
def hepatitis_b_carrier(chart: Chart) -> None:
    _yes(chart, "hepatitis-b", _result(chart, HBSAG, POSITIVE))


@facet("hepatitis-b")
def hepatitis_b_positive_years_ago(chart: Chart) -> None:
    """A positive persists, whatever came later."""
    old = _result(chart, HBSAG, POSITIVE, 2000)
    _result(chart, HBSAG, NEGATIVE)
    _result(chart, ANTI_HBC, NEGATIVE)
    _yes(chart, "hepatitis-b", old)


@facet("hepatitis-b")
def hepatitis_b_dna_detected(chart: Chart) -> None:
    _yes(chart, "hepatitis-b", _result(chart, HBV_DNA, DETECTED))


@facet("hepatitis-b")
def hepatitis_b_diagnosed(chart: Chart) -> None:
    _yes(chart, "hepatitis-b", chart.diagnose("hepatitis", (ICD10CM, "B18.1"), ago=3000), node="condition")


@facet("hepatitis-b")
def hepatitis_b_past_infection(chart: Chart) -> None:
    _result(chart, HBSAG, NEGATIVE)
    _result(chart, ANTI_HBC, POSITIVE)
    chart.open("hepatitis-b", "bound-in-question", stated=False, node="question")


@facet("hepatitis-b")
def hepatitis_b_stale(chart: Chart) -> None:
    _result(chart, HBSAG, NEGATIVE, 210)
    _result(chart, ANTI_HBC, NEGATIVE, 210)
    chart.open("hepatitis-b", "stale", stated=False)


@facet("hepatitis-b")
def hepatitis_b_not_tested(chart: Chart) -> None:
    chart.open("hepatitis-b", "no-record", stated=False)


@facet("hepatitis-c", fits=True)
def hepatitis_c_negative(chart: Chart) -> None:
    _result(chart, ANTI_HCV, NEGATIVE)
    _no(chart, "hepatitis-c")


@facet("hepatitis-c")
def hepatitis_c_rna_detected(chart: Chart) -> None:
    _result(chart, ANTI_HCV, POSITIVE)
    _yes(chart, "hepatitis-c", _result(chart, HCV_RNA, DETECTED))


@facet("hepatitis-c")
def hepatitis_c_cured(chart: Chart) -> None:
    _result(chart, ANTI_HCV, POSITIVE)
    _result(chart, HCV_RNA, NOT_DETECTED)
    chart.open("hepatitis-c", "bound-in-question", stated=False, node="question")


@facet("hepatitis-c")
def hepatitis_c_antibody_alone(chart: Chart) -> None:
    _result(chart, ANTI_HCV, POSITIVE)
    chart.open("hepatitis-c", None)


@facet("hepatitis-c")
def hepatitis_c_diagnosed(chart: Chart) -> None:
    _yes(chart, "hepatitis-c", chart.diagnose("hepatitis", (ICD10CM, "B18.2"), ago=3000), node="condition")


@facet("hepatitis-c")
def hepatitis_c_not_tested(chart: Chart) -> None:
    chart.open("hepatitis-c", "no-record", stated=False)
