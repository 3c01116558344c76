"""Facets of the index cancer: how its histology is written, where it lies, which other cancers there are."""

from __future__ import annotations

from typing import Any

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import (
    ADENOCARCINOMA,
    ESCC,
    HISTOLOGY,
    ICD10,
    ICD10CM,
    ICD10GM,
    ICDO3,
    KERATINISING,
    MCODE,
    OESOPHAGEAL_CANCER,
    SNOMED,
    SQUAMOUS,
    Json,
    concept,
)
from fhirscreen.synthetic.facets.registry import facet

MIDDLE_THIRD = (SNOMED, "187726001")
UPPER_THIRD = (SNOMED, "187725002")
STAGING = ("t", "n", "m", "size")
PROSTATE = (SNOMED, "399068003")


def _morphology(code: tuple[str, str]) -> Json:
    return {"url": MCODE + "mcode-histology-morphology-behavior", "valueCodeableConcept": concept(code)}


def _cancer(chart: Chart, *codes: tuple[str, str], ago: int | None = None, **options: Any) -> str:
    """The Condition of the index cancer, diagnosed a few weeks ago."""
    days = chart.random.randint(24, 60) if ago is None else ago
    chart.diagnosed = chart.day(days)
    chart.cancer = chart.diagnose("cancer", *codes, ago=days, **options)
    return chart.cancer


def _squamous(chart: Chart, *evidence: str) -> None:
    chart.true("histology", *(evidence or (chart.cancer,)))


def _free_of_the_line(chart: Chart) -> None:
    """An upper or middle third tumour leaves the line at the junction alone: derived from the site."""
    chart.true("dentate-line", chart.cancer, basis="derived")


def _squamous_by_two_codes(chart: Chart) -> None:
    _cancer(chart, ESCC, (ICD10CM, "C15.4"))
    _squamous(chart)
    _free_of_the_line(chart)


@facet("cancer", fits=True)
def histology_by_snomed_and_icd(chart: Chart) -> None:
    _squamous_by_two_codes(chart)


@facet("cancer", fits=True)
def histology_by_mcode_extension(chart: Chart) -> None:
    _cancer(chart, (ICD10GM, "C15.4"), extensions=[_morphology(SQUAMOUS)])
    _squamous(chart)
    _free_of_the_line(chart)


@facet("cancer", fits=True)
def histology_by_pathology_observation(chart: Chart) -> None:
    cancer = _cancer(chart, UPPER_THIRD, (ICD10, "C15.3"))
    value = {"valueCodeableConcept": concept(SQUAMOUS)}
    found = chart.observe("histology", concept(HISTOLOGY), chart.at(22), value=value, focus=cancer)
    _squamous(chart, found)
    _free_of_the_line(chart)


@facet("cancer", fits=True)
def histology_by_further_coding(chart: Chart) -> None:
    _cancer(chart, (ICD10, "C15.3"), KERATINISING)
    _squamous(chart)
    _free_of_the_line(chart)


@facet("cancer")
def histology_beside_a_coarser_record(chart: Chart) -> None:
    chart.diagnose("problem", (ICD10CM, "C15.9"), ago=40)
    _squamous_by_two_codes(chart)


@facet("cancer")
def histology_without_clinical_status(chart: Chart) -> None:
    _cancer(chart, ESCC, (ICD10CM, "C15.4"), clinical=None)
    _squamous(chart)
    _free_of_the_line(chart)


@facet("cancer")
def refuted_adenocarcinoma(chart: Chart) -> None:
    chart.diagnose("refuted", ADENOCARCINOMA, ago=50, verification="refuted", clinical="inactive")
    _squamous_by_two_codes(chart)


@facet("cancer")
def site_code_alone(chart: Chart) -> None:
    _cancer(chart, (ICD10CM, "C15.4"))
    chart.open("histology", "coarser-code", chart.cancer)
    _free_of_the_line(chart)


@facet("cancer")
def malignancy_of_oesophagus_alone(chart: Chart) -> None:
    _cancer(chart, OESOPHAGEAL_CANCER)
    chart.open("histology", "coarser-code", chart.cancer)
    chart.open("dentate-line", None)


@facet("cancer")
def adenocarcinoma(chart: Chart) -> None:
    _cancer(chart, ADENOCARCINOMA, (ICD10CM, "C15.5"))
    chart.false("histology", chart.cancer)
    chart.open("dentate-line", None)


@facet("cancer")
def adenocarcinoma_by_pathology(chart: Chart) -> None:
    cancer = _cancer(chart, (ICD10CM, "C15.4"))
    value = {"valueCodeableConcept": concept((ICDO3, "8140/3"))}
    found = chart.observe("histology", concept(HISTOLOGY), chart.at(22), value=value, focus=cancer)
    chart.false("histology", found)
    _free_of_the_line(chart)


@facet("cancer")
def provisional_diagnosis(chart: Chart) -> None:
    _cancer(chart, ESCC, verification="provisional")
    chart.open("histology", "unconfirmed", chart.cancer)
    chart.open("dentate-line", None)


@facet("cancer")
def differential_diagnosis(chart: Chart) -> None:
    _cancer(chart, ESCC, verification="differential")
    chart.open("histology", "unconfirmed", chart.cancer)
    chart.open("dentate-line", None)


@facet("cancer")
def basaloid_variant(chart: Chart) -> None:
    _cancer(chart, (ICD10CM, "C15.4"), extensions=[_morphology((ICDO3, "8083/3"))])
    chart.open("histology", None)
    _free_of_the_line(chart)


@facet("cancer")
def lower_third(chart: Chart) -> None:
    _cancer(chart, ESCC, (ICD10CM, "C15.5"))
    _squamous(chart)
    chart.open("dentate-line", None)


@facet("cancer")
def overlapping_sites(chart: Chart) -> None:
    _cancer(chart, ESCC, (ICD10CM, "C15.8"))
    _squamous(chart)
    chart.open("dentate-line", None)


@facet("cancer")
def site_not_recorded(chart: Chart) -> None:
    _cancer(chart, ESCC)
    _squamous(chart)
    chart.open("dentate-line", None)


@facet("cancer")
def diagnosed_long_ago(chart: Chart) -> None:
    """More than 90 days without treatment here: treated elsewhere, perhaps."""
    _cancer(chart, ESCC, (ICD10CM, "C15.4"), ago=200)
    _squamous(chart)
    _free_of_the_line(chart)


@facet("cancer")
def diagnosed_ninety_days_ago(chart: Chart) -> None:
    _cancer(chart, ESCC, (ICD10CM, "C15.4"), ago=90)
    _squamous(chart)
    _free_of_the_line(chart)


@facet("cancer")
def past_cancer_in_remission(chart: Chart) -> None:
    """A cancer that is no longer active leaves exactly one: unlinked staging counts."""
    chart.diagnose("prostate", PROSTATE, ago=3000, clinical="resolved", abatement=chart.day(2400).isoformat())
    _squamous_by_two_codes(chart)


@facet("cancer", sex="male")
def second_cancer_by_mistake(chart: Chart) -> None:
    chart.diagnose("mistake", PROSTATE, ago=300, clinical=None, verification="entered-in-error")
    _squamous_by_two_codes(chart)


@facet("cancer", sex="male", traits=("unlinked",), also=(*STAGING, "treatment", "blood"))
def second_cancer_unlinked(chart: Chart) -> None:
    chart.ambiguous = True
    chart.diagnose("prostate", PROSTATE, ago=500)
    _squamous_by_two_codes(chart)


@facet("cancer", sex="male", traits=("unlinked",), also=(*STAGING, "treatment", "blood", "probe"))
def second_cancer_with_unlinked_spread(chart: Chart) -> None:
    """Bone metastases and radiotherapy that may belong to either cancer."""
    chart.ambiguous = True
    chart.diagnose("prostate", PROSTATE, ago=500)
    _squamous_by_two_codes(chart)
    chart.diagnose("metastasis", (SNOMED, "94222008"), ago=21)
    given = chart.perform("treatment", (SNOMED, "1217123003"), ago=300)
    chart.open("prior-treatment", "bound-in-question", given, node="question")
    chart.open("bone-metastasis", "ambiguous-focus", node="condition", stated=False)
    chart.open("no-bone-metastasis-counted", "ambiguous-focus", node="count", stated=False)
    chart.open("oligometastatic", "ambiguous-focus", stated=False)
    chart.open("disseminated-or-induced", "ambiguous-focus", stated=False)
    chart.open("radiotherapy-for-index", "ambiguous-focus", given, node="received")


@facet("cancer", sex="male", linked=True, also=("treatment", "m"))
def second_cancer_linked(chart: Chart) -> None:
    chart.diagnose("prostate", (ICD10CM, "C61"), ago=500)
    _squamous_by_two_codes(chart)


@facet("cancer", sex="male", traits=("stage-assessment",), also=(*STAGING, "treatment", "blood"))
def second_cancer_linked_by_assessment(chart: Chart) -> None:
    """The Condition's own `stage.assessment` names its staging; nothing else does."""
    chart.diagnose("prostate", (ICD10CM, "C61"), ago=500)
    _squamous_by_two_codes(chart)
