"""Facets of other diseases: blood, liver, kidney, heart, lung, nerves, mind, transplants, allergies."""

from __future__ import annotations

from typing import Any

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import ICD10, ICD10CM, NYHA, NYHA_CLASSES, RXNORM, SNOMED, concept
from fhirscreen.synthetic.facets.registry import facet

Code = tuple[str, str]


def _present(chart: Chart, criterion: str, *codes: Code, ago: int = 400, **options: Any) -> None:
    """A disease that decides: it makes the criterion of its absence FALSE, that of its presence TRUE."""
    found = chart.diagnose(criterion, *codes, ago=ago, **options)
    truth = "false" if criterion in POSITIVELY else "true"
    chart.plant(criterion, truth, found, basis="recorded", node="condition", stated=False)


POSITIVELY = ("haematological-disease", "liver-dysfunction", "kidney-dysfunction")


def _for_judgement(chart: Chart, criterion: str, *codes: Code, **options: Any) -> None:
    found = chart.diagnose(criterion, *codes, **options)
    chart.open(criterion, "judgement", found, node="condition", stated=False)


def _harmless(chart: Chart, criterion: str, *codes: Code, **options: Any) -> None:
    """On record, and not what the criterion asks for: nothing that counts is, and sources are complete."""
    chart.diagnose(criterion, *codes, **options)
    chart.presume(criterion, "condition")


@facet("blood", linked=True)
def leukaemia(chart: Chart) -> None:
    _present(chart, "haematological-disease", (ICD10CM, "C91.10"))


@facet("blood", linked=True)
def myelodysplasia(chart: Chart) -> None:
    _present(chart, "haematological-disease", (ICD10CM, "D46.9"))


@facet("blood")
def haemophilia(chart: Chart) -> None:
    _present(chart, "haematological-disease", (ICD10, "D66"), ago=9000)


@facet("blood")
def iron_deficiency(chart: Chart) -> None:
    _harmless(chart, "haematological-disease", (ICD10CM, "D50.9"), ago=50)


@facet("blood")
def thrombocytopenia(chart: Chart) -> None:
    _for_judgement(chart, "haematological-disease", (ICD10CM, "D69.6"), ago=300)


@facet("blood")
def provisional_leukaemia_refuted(chart: Chart) -> None:
    """Refuted: no disease, and no second cancer."""
    chart.diagnose("haematological", (ICD10CM, "D46.9"), ago=90, verification="refuted", clinical="inactive")
    chart.true("haematological-disease", basis=None, reason=None, stated=False, node="condition")


@facet("liver")
def decompensated_cirrhosis(chart: Chart) -> None:
    _present(chart, "liver-dysfunction", (ICD10CM, "K70.31"))


@facet("liver")
def fatty_liver(chart: Chart) -> None:
    _harmless(chart, "liver-dysfunction", (ICD10CM, "K76.0"))


@facet("liver")
def compensated_cirrhosis(chart: Chart) -> None:
    _for_judgement(chart, "liver-dysfunction", (ICD10, "K74.6"))


@facet("kidney")
def kidney_disease_stage_four(chart: Chart) -> None:
    _present(chart, "kidney-dysfunction", (ICD10CM, "N18.4"))


@facet("kidney")
def kidney_disease_stage_two(chart: Chart) -> None:
    _for_judgement(chart, "kidney-dysfunction", (ICD10CM, "N18.2"))


@facet("kidney")
def kidney_failure_not_confirmed(chart: Chart) -> None:
    found = chart.diagnose("kidney", (SNOMED, "433146000"), ago=30, verification="provisional")
    chart.open("kidney-dysfunction", "unconfirmed", found, node="condition")


def _heart_failure(chart: Chart, nyha: str | None) -> list[str]:
    found = [chart.diagnose("heart-failure", (SNOMED, "84114007"), (ICD10CM, "I50.9"), ago=700)]
    if nyha:
        value = {"valueCodeableConcept": concept((SNOMED, NYHA_CLASSES[nyha]))}
        found.append(chart.observe("nyha", concept(NYHA), chart.at(40), category="exam", value=value))
    return found


@facet("heart")
def heart_failure_nyha_three(chart: Chart) -> None:
    found = _heart_failure(chart, "III")
    chart.true("heart-disease", *found, stated=False, node="all")


@facet("heart")
def heart_failure_nyha_two(chart: Chart) -> None:
    _heart_failure(chart, "II")
    chart.false("heart-disease", basis=None, reason=None, stated=False, node="all")


@facet("heart")
def heart_failure_without_class(chart: Chart) -> None:
    found = _heart_failure(chart, None)
    chart.open("heart-disease", None, *found, stated=False, node="all")


@facet("heart")
def unstable_angina(chart: Chart) -> None:
    _present(chart, "heart-disease", (ICD10CM, "I20.0"), ago=80)


@facet("heart", also=("probe",))
def unstable_angina_last_winter(chart: Chart) -> None:
    """Beyond six months: coronary disease like any other, though it was unstable once."""
    _for_judgement(chart, "heart-disease", (ICD10CM, "I20.0"), ago=270)
    chart.plant("unstable-angina", "true", node="condition", stated=False)


@facet("heart")
def infarct_two_months_ago(chart: Chart) -> None:
    _present(chart, "heart-disease", (ICD10CM, "I21.9"), ago=61)


@facet("heart")
def coronary_disease(chart: Chart) -> None:
    _for_judgement(chart, "heart-disease", (ICD10CM, "I25.10"))


@facet("heart")
def infarct_years_ago(chart: Chart) -> None:
    """Beyond six months an infarct is coronary disease like any other."""
    _for_judgement(chart, "heart-disease", (SNOMED, "22298006"), ago=1500)


@facet("heart")
def heart_failure_refuted(chart: Chart) -> None:
    chart.diagnose("heart-failure", (ICD10CM, "I50.9"), ago=100, verification="refuted", clinical="inactive")
    chart.false("heart-disease", basis=None, reason=None, stated=False, node="condition")


@facet("lung")
def pulmonary_fibrosis(chart: Chart) -> None:
    _present(chart, "lung-disease", (SNOMED, "700250006"), ago=900)


@facet("lung")
def pulmonary_fibrosis_resolved(chart: Chart) -> None:
    """Asked for *ever*: resolved counts."""
    _present(chart, "lung-disease", (ICD10CM, "J84.10"), ago=3000, clinical="resolved")


@facet("lung")
def obstructive_lung_disease(chart: Chart) -> None:
    _for_judgement(chart, "lung-disease", (ICD10CM, "J44.9"))


@facet("neuropathy")
def polyneuropathy(chart: Chart) -> None:
    _for_judgement(chart, "neuropathy", (ICD10CM, "G62.9"))


@facet("neuropathy")
def stroke_is_no_neuropathy(chart: Chart) -> None:
    _harmless(chart, "neuropathy", (ICD10CM, "I63.9"), ago=2000, clinical="resolved")


@facet("mental")
def schizophrenia(chart: Chart) -> None:
    _present(chart, "mental-illness", (SNOMED, "58214004"), ago=6000)


@facet("mental")
def bipolar_disorder(chart: Chart) -> None:
    _present(chart, "mental-illness", (ICD10CM, "F31.9"), ago=4000)


@facet("mental")
def anxiety_disorder(chart: Chart) -> None:
    _for_judgement(chart, "mental-illness", (ICD10CM, "F41.1"))


@facet("mental")
def nicotine_dependence(chart: Chart) -> None:
    _harmless(chart, "mental-illness", (ICD10CM, "F17.210"))


@facet("mental")
def insomnia(chart: Chart) -> None:
    _harmless(chart, "mental-illness", (ICD10CM, "F51.01"))


@facet("transplant")
def kidney_transplant(chart: Chart) -> None:
    done = chart.perform("transplant", (SNOMED, "70536003"), ago=5000)
    chart.true("transplant", done, stated=False, node="condition")


@facet("transplant")
def stem_cell_transplant(chart: Chart) -> None:
    done = chart.perform("transplant", (SNOMED, "234336002"), ago=3800)
    chart.true("transplant", done, stated=False, node="condition")


@facet("transplant")
def liver_transplant_status(chart: Chart) -> None:
    _present(chart, "transplant", (ICD10CM, "Z94.4"), ago=2500)


@facet("transplant")
def corneal_transplant(chart: Chart) -> None:
    _harmless(chart, "transplant", (ICD10CM, "Z94.7"), ago=2500)


@facet("allergy")
def allergy_to_cisplatin(chart: Chart) -> None:
    found = chart.react("allergy", (RXNORM, "2555"))
    chart.open("drug-allergy", "judgement", found, node="condition", stated=False)


@facet("allergy")
def allergy_to_paclitaxel_refuted(chart: Chart) -> None:
    chart.react("allergy", (RXNORM, "56946"), verification="refuted")
    chart.false("drug-allergy", basis=None, reason=None, stated=False, node="condition")


@facet("allergy")
def allergy_to_penicillin(chart: Chart) -> None:
    chart.react("allergy", (RXNORM, "7980"))
    chart.presume("drug-allergy", "condition")


@facet("perforation")
def oesophageal_perforation(chart: Chart) -> None:
    _present(chart, "perforation", (ICD10CM, "K22.3"), ago=30)


@facet("perforation")
def oesophageal_fistula(chart: Chart) -> None:
    _present(chart, "perforation", (SNOMED, "95435007"), ago=16)


@facet("haemorrhage")
def recent_bleeding(chart: Chart) -> None:
    _present(chart, "haemorrhage", (ICD10CM, "K92.0"), ago=20)


@facet("haemorrhage")
def bleeding_a_year_ago(chart: Chart) -> None:
    found = chart.diagnose("haemorrhage", (ICD10CM, "K92.2"), ago=380, clinical="resolved")
    chart.open("haemorrhage", None, found, node="condition", stated=False)
