"""Facets of prior treatment: given, ordered, planned, refused; for this cancer, another one, or no cancer."""

from __future__ import annotations

from typing import Any

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import (
    ATC,
    ICD10CM,
    PROGRESSION,
    RXNORM,
    SNOMED,
    STABLE,
    WORSENED,
    concept,
)
from fhirscreen.synthetic.facets.registry import facet

PRIOR = "prior-treatment"
AFTER_PD1 = "progression-after-pd-1"
CISPLATIN = (ATC, "L01XA01")
PACLITAXEL = (RXNORM, "56946")
CAPECITABINE = (ATC, "L01BC06")
NIVOLUMAB = (ATC, "L01FF01")
DURVALUMAB = (ATC, "L01FF03")
FLUOROURACIL = (ATC, "L01BC02")
METHOTREXATE = (RXNORM, "6851")
CHEMOTHERAPY = (SNOMED, "367336001")
CHEMOIMMUNOTHERAPY = (SNOMED, "897713009")
CHEMORADIATION = (SNOMED, "703423002")
RADIOTHERAPY = (SNOMED, "1217123003")
TOPICAL = (SNOMED, "6064005")
GIVEN = 45  # days ago: within 90 days of a diagnosis that these facets date back to 75 days
TREATED = ("cancer", "t")
ADMINISTRATION, STATEMENT = "MedicationAdministration", "MedicationStatement"
ORDER, DISPENSE = "MedicationRequest", "MedicationDispense"


def settle_untreated(chart: Chart) -> None:
    """No record of treatment means no, unless the cancer is old enough to have been treated elsewhere."""
    for criterion in (PRIOR, AFTER_PD1):
        if (chart.as_of - chart.diagnosed).days > 90:
            chart.open(criterion, "no-record", node="received")
            for probe, node in (("pd-1", "received"), ("radiotherapy-washout", "elapsed")):
                chart.open(probe, "no-record", node=node)
        else:
            chart.presume(criterion, "received")


def _diagnose_earlier(chart: Chart) -> None:
    """Dates the diagnosis before the treatment, and still within 90 days."""
    chart.diagnosed = chart.day(75)
    for resource in chart.resources:
        if chart.cancer.endswith(f"/{resource['id']}"):
            resource["onsetDateTime"] = chart.diagnosed.isoformat()


def _treated(chart: Chart, *evidence: str, ago: int = GIVEN) -> None:
    chart.treated = chart.day(ago)
    chart.true(PRIOR, *evidence, node="received")


def _drug(chart: Chart, kind: str, drug: tuple[str, str], **options: Any) -> str:
    """A drug against the index cancer (a dispense cannot say so)."""
    _diagnose_earlier(chart)
    if kind != DISPENSE:
        options.setdefault("reason", chart.cancer)
    return chart.medicate("treatment", kind, drug, GIVEN, **options)


@facet("treatment", also=TREATED)
def cisplatin_administered(chart: Chart) -> None:
    _treated(chart, _drug(chart, ADMINISTRATION, CISPLATIN))


@facet("treatment", also=TREATED)
def capecitabine_dispensed(chart: Chart) -> None:
    _treated(chart, _drug(chart, DISPENSE, CAPECITABINE))


@facet("treatment", also=TREATED)
def paclitaxel_stopped(chart: Chart) -> None:
    """A stopped therapy was received."""
    end = chart.at(30, 10)
    _treated(chart, _drug(chart, STATEMENT, PACLITAXEL, status="stopped", end=end))


@facet("treatment", also=TREATED)
def chemotherapy_in_a_contained_medication(chart: Chart) -> None:
    inner = {"resourceType": "Medication", "id": "drug", "code": concept(PACLITAXEL)}
    _diagnose_earlier(chart)
    found = chart.medicate(
        "treatment", ADMINISTRATION, {"reference": "#drug"}, GIVEN, reason=chart.cancer, contained=inner
    )
    _treated(chart, found)


@facet("treatment", also=TREATED)
def chemotherapy_in_a_shared_medication(chart: Chart) -> None:
    _diagnose_earlier(chart)
    drug = {"reference": "Medication/carboplatin"}
    _treated(chart, chart.medicate("treatment", ADMINISTRATION, drug, GIVEN, reason=chart.cancer))


@facet("treatment", also=TREATED)
def chemotherapy_procedure(chart: Chart) -> None:
    _diagnose_earlier(chart)
    _treated(chart, chart.perform("treatment", CHEMOTHERAPY, ago=GIVEN, reason=chart.cancer))


@facet("treatment", also=TREATED)
def chemoradiation(chart: Chart) -> None:
    _diagnose_earlier(chart)
    _treated(chart, chart.perform("treatment", CHEMORADIATION, ago=GIVEN, reason=chart.cancer))


@facet("treatment", also=TREATED)
def radiotherapy_course(chart: Chart) -> None:
    _diagnose_earlier(chart)
    period = (chart.day(GIVEN).isoformat(), chart.day(24).isoformat())
    found = chart.perform("treatment", RADIOTHERAPY, period=period, reason=chart.cancer)
    _treated(chart, found)
    chart.plant("radiotherapy-for-index", "true", found, basis="recorded", node="received")
    chart.plant("radiotherapy-washout", "false", node="elapsed", stated=False)


@facet("treatment")
def radiotherapy_in_preparation(chart: Chart) -> None:
    """A plan is no treatment."""
    chart.perform("treatment", RADIOTHERAPY, ago=2, status="preparation", reason=chart.cancer)
    settle_untreated(chart)


@facet("treatment")
def chemotherapy_not_done(chart: Chart) -> None:
    chart.perform("treatment", CHEMOTHERAPY, ago=8, status="not-done", reason=chart.cancer)
    settle_untreated(chart)


@facet("treatment")
def chemotherapy_ordered_only(chart: Chart) -> None:
    """Ordered and not yet given: urgent, and no failure."""
    found = chart.medicate("treatment", ORDER, CISPLATIN, 3, reason=chart.cancer)
    chart.open(PRIOR, "order-only", found, node="received")
    chart.presume(AFTER_PD1, "received")


@facet("treatment")
def checkpoint_inhibitor_ordered_only(chart: Chart) -> None:
    found = chart.medicate("treatment", ORDER, NIVOLUMAB, 3, reason=chart.cancer)
    chart.open(PRIOR, "order-only", found, node="received")
    chart.open(AFTER_PD1, None)


@facet("treatment")
def chemotherapy_planned(chart: Chart) -> None:
    chart.medicate("treatment", ORDER, CISPLATIN, 3, intent="plan", reason=chart.cancer)
    settle_untreated(chart)


@facet("treatment")
def chemotherapy_order_cancelled(chart: Chart) -> None:
    chart.medicate("treatment", ORDER, CISPLATIN, 12, status="cancelled", reason=chart.cancer)
    settle_untreated(chart)


@facet("treatment")
def chemotherapy_not_taken(chart: Chart) -> None:
    chart.medicate("treatment", STATEMENT, CAPECITABINE, 14, status="not-taken", reason=chart.cancer)
    settle_untreated(chart)


@facet("treatment")
def infusion_not_done(chart: Chart) -> None:
    chart.medicate("treatment", ADMINISTRATION, CISPLATIN, 5, status="not-done", reason=chart.cancer)
    settle_untreated(chart)


@facet("treatment", sex="female", age=(60, 79), also=("cancer",))
def chemotherapy_for_breast_cancer(chart: Chart) -> None:
    """Another cancer, long in remission: a question to the investigator."""
    breast = chart.diagnose("breast", (ICD10CM, "C50.9"), ago=4400, clinical="resolved")
    found = chart.medicate("treatment", ADMINISTRATION, PACLITAXEL, 4300, reason=breast)
    chart.open(PRIOR, "bound-in-question", found, node="question")
    chart.presume(AFTER_PD1, "received")


@facet("treatment", sex="male", age=(60, 79), also=("cancer",))
def radiotherapy_for_prostate_cancer(chart: Chart) -> None:
    prostate = chart.diagnose("prostate", (ICD10CM, "C61"), ago=3300, clinical="resolved")
    found = chart.perform("treatment", RADIOTHERAPY, ago=3200, reason=prostate)
    chart.open(PRIOR, "bound-in-question", found, node="question")
    chart.presume(AFTER_PD1, "received")


@facet("treatment")
def topical_fluorouracil(chart: Chart) -> None:
    chart.medicate("treatment", STATEMENT, FLUOROURACIL, 300, route=concept(TOPICAL), end=chart.at(280))
    settle_untreated(chart)


@facet("treatment", also=("autoimmune", "steroids"))
def methotrexate_without_reason(chart: Chart) -> None:
    """A drug with several uses and no stated reason."""
    found = chart.medicate("treatment", STATEMENT, METHOTREXATE, 1900, end=chart.at(1700))
    chart.open(PRIOR, None, found, node="received")
    chart.presume(AFTER_PD1, "received")


@facet("treatment", also=("autoimmune", "steroids"))
def methotrexate_for_arthritis_long_ago(chart: Chart) -> None:
    """Ended more than two years ago, and for arthritis: neither chemotherapy nor a present treatment."""
    arthritis = chart.diagnose("arthritis", (ICD10CM, "M06.9"), ago=2500)
    chart.medicate("treatment", STATEMENT, METHOTREXATE, 1900, end=chart.at(1700), reason=arthritis)
    settle_untreated(chart)
    chart.false("autoimmune-disease", basis=None, reason=None, stated=False, node="all")


def _checkpoint_inhibitor(chart: Chart, drug: tuple[str, str]) -> str:
    found = _drug(chart, ADMINISTRATION, drug)
    _treated(chart, found)
    return found


def _response(chart: Chart, code: tuple[str, str], ago: int) -> str:
    value = {"valueCodeableConcept": concept(code)}
    return chart.observe(
        "response", concept(PROGRESSION), chart.at(ago), category="exam", value=value, focus=chart.cancer
    )


@facet("treatment", also=TREATED)
def nivolumab_without_response(chart: Chart) -> None:
    _checkpoint_inhibitor(chart, NIVOLUMAB)
    chart.open(AFTER_PD1, None, node="sequence")
    chart.open("progressed-after-pd-1", "no-record", node="sequence", stated=False)


@facet("treatment", linked=True, also=TREATED)
def nivolumab_then_progression(chart: Chart) -> None:
    given = _checkpoint_inhibitor(chart, NIVOLUMAB)
    worse = _response(chart, WORSENED, 21)
    chart.true(AFTER_PD1, given, worse, basis=None, reason=None, node="sequence", stated=False)
    chart.plant("progressed-after-pd-1", "true", node="sequence", stated=False)
    chart.plant("pd-1", "true", given, basis="recorded", node="received")


@facet("treatment", linked=True, also=TREATED)
def nivolumab_then_stable(chart: Chart) -> None:
    _checkpoint_inhibitor(chart, NIVOLUMAB)
    _response(chart, STABLE, 21)
    chart.plant(AFTER_PD1, "false", basis=None, reason=None, node="sequence", stated=False)
    chart.plant("progressed-after-pd-1", "false", node="sequence", stated=False)


@facet("treatment", also=TREATED)
def durvalumab(chart: Chart) -> None:
    """An antibody against PD-L1: whether it counts is open."""
    _checkpoint_inhibitor(chart, DURVALUMAB)
    chart.open(AFTER_PD1, None, node="sequence")


@facet("treatment", also=TREATED)
def chemoimmunotherapy_procedure(chart: Chart) -> None:
    """Which antibody it was, the procedure does not say."""
    _diagnose_earlier(chart)
    found = chart.perform("treatment", CHEMOIMMUNOTHERAPY, ago=GIVEN, reason=chart.cancer)
    _treated(chart, found)
    chart.open("pd-1", "coarser-code", found, node="received")
    chart.open(AFTER_PD1, None, node="sequence")
