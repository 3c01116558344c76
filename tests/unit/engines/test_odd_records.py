"""Records that are odd and legal: read for what they say, and never for more."""

from __future__ import annotations

from typing import Any

import pytest

from fhirscreen.engines.base import Screened
from fhirscreen.engines.evaluator.cohorts import gather
from fhirscreen.engines.in_memory import InMemory
from fhirscreen.fhir.folders import Line
from fhirscreen.values.intervals import number_text
from tests.lib.records import (
    Code,
    Resource,
    chart,
    concept,
    condition,
    given,
    observation,
    other,
    quantity,
    taken,
)
from tests.spec.codes import ALT, CISPLATIN, PLATELETS, icd, loinc, snomed
from tests.spec.tables import Table, case, true
from tests.unit.engines.test_malformed import screen as screen_study

CANCER = condition(icd("C15.4"), id="cancer")
EVERYTHING = ("Condition", "Procedure", "MedicationAdministration", "MedicationDispense")
COMPLETE = {"complete": dict.fromkeys((*EVERYTHING, "MedicationStatement", "MedicationRequest"), "lifelong")}


def screen(table: Table, *resources: Resource) -> Screened:
    lines = [Line("test", resource) for resource in resources or table.resources(0)]
    return InMemory(gather(lines)).screen(table.plan(), table.index_date())


def verdict(
    criteria: str, *records: Resource, population: str | None = None, **more: Any
) -> tuple[str, str, str]:
    """Truth, reason and date of one criterion."""
    table = Table("odd", "says", criteria, [case("odd", true(), *records)], population, **more)
    (subject,) = screen(table).subjects
    proof = subject.verdicts[0].proof
    return proof.truth.value, proof.reason.value if proof.reason is not None else "", proof.date


CHEMOTHERAPY = "received: {concept: systemic-chemotherapy}"


@pytest.mark.parametrize(
    "record",
    [
        given(CISPLATIN, on=None, effectivePeriod={"end": "2026-03-01"}),
        taken(CISPLATIN, on=None, dateAsserted="2026-03-01"),
        taken(CISPLATIN, on="0001-01-01", until="2026-03-01"),
    ],
)
def test_a_course_without_a_beginning_is_dated_by_its_last_day(record: Resource) -> None:
    assert verdict(CHEMOTHERAPY, record) == ("true", "", "2026-03-01")


@pytest.mark.parametrize("onset", [{"onsetAge": quantity("40 a")}, {"onsetString": "in his forties"}])
def test_what_began_at_an_age_did_not_begin_when_it_was_recorded(onset: dict[str, Any]) -> None:
    record = condition(icd("I21.9"), on=None, recordedDate="2026-09-01", **onset)
    recent = "condition: {concept: myocardial-infarction, within: 6 mo}"
    assert verdict(recent, record)[:2] == ("unknown", "imprecise-date")
    assert verdict("condition: {concept: myocardial-infarction}", record)[0] == "true"


def status(system: str, code: str) -> dict[str, Any]:
    local = {"system": "http://hospital.example/status", "code": "X"}
    return {"coding": [local, {"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def test_a_local_coding_before_it_does_not_hide_a_status() -> None:
    refuted = {**condition(icd("I63.9")), "verificationStatus": status("condition-ver-status", "refuted")}
    assert verdict("condition: {concept: stroke}", refuted)[0] == "false"
    active = {**condition(icd("I63.9")), "clinicalStatus": status("condition-clinical", "active")}
    assert verdict("condition: {concept: stroke, active: true}", active)[0] == "true"


def ingredients(*, active: bool = True) -> dict[str, Any]:
    return {"ingredient": [{"itemCodeableConcept": concept(CISPLATIN), "isActive": active}]}


def test_a_medication_is_what_it_contains() -> None:
    refers = given(None, medicationReference={"reference": "m1"})
    assert verdict(CHEMOTHERAPY, refers, other("Medication", id="m1", **ingredients()))[0] == "true"
    inside = {"resourceType": "Medication", "id": "m", **ingredients()}
    contains = given(None, medicationReference={"reference": "#m"}, contained=[inside])
    assert verdict(CHEMOTHERAPY, contains)[0] == "true"


def test_a_medication_of_nothing_known_is_not_taken_as_absent() -> None:
    refers = given(None, medicationReference={"reference": "m1"})
    nameless = other("Medication", id="m1", **ingredients(active=False))
    found = verdict(CHEMOTHERAPY, refers, nameless, CANCER, population="oesophageal-cancer", site=COMPLETE)
    assert found[:2] == ("unknown", "not-fetched")


HBSAG = loinc("5196-1", "HBsAg")
POSITIVE = "finding: {concept: hepatitis-b-surface-antigen, in: [positive]}"
EARLIER = observation(HBSAG, coded=snomed("260385009", "negative"), on="2026-08-01")


def reading(code: str) -> list[Any]:
    return [concept(Code("interpretation", code))]


@pytest.mark.parametrize(
    "record",
    [
        observation(HBSAG, "250 [IU]/mL", interpretation=reading("POS")),
        observation(HBSAG, text="see comment", interpretation=reading("POS")),
        observation(HBSAG, text="Reactive"),
        observation(HBSAG, text="DETECTED."),
    ],
)
def test_a_newer_positive_result_is_not_hidden_by_an_older_negative_one(record: Resource) -> None:
    assert verdict(POSITIVE, EARLIER, record)[0] == "true"


@pytest.mark.parametrize("said", ["non-reactive", "Nonreactive", "Not detected", "neg."])
def test_a_negative_result_in_words_is_none_of_a_positive_one(said: str) -> None:
    assert verdict(POSITIVE, observation(HBSAG, text=said))[0] == "false"


def test_a_number_that_says_nothing_to_us_decides_nothing_and_hides_what_came_before() -> None:
    assert verdict(POSITIVE, EARLIER, observation(HBSAG, "250 [IU]/mL"))[:2] == ("unknown", "coarser-code")


@pytest.mark.parametrize(
    ("unit", "bound", "truth"),
    [("mo", 720, "true"), ("a", 60, "true"), ("a", 70, "false"), ("d", 90, "true")],
)
def test_ages_of_reference_ranges_have_units(unit: str, bound: float, truth: str) -> None:
    """The patient is 66: where the younger range applies, ALT is above twice its limit of 40."""
    age = quantity(f"{number_text(bound)} {unit}")
    ranges = [
        {"high": quantity("40 U/L"), "age": {"high": age}},
        {"high": quantity("60 U/L"), "age": {"low": age}},
    ]
    record = observation(ALT, "100 U/L", referenceRange=ranges)
    assert verdict("measured: {concept: alanine-aminotransferase, at_most: 2 ULN}", record)[0] == truth


@pytest.mark.parametrize(("low", "high"), [("200 10*9/L", "50 10*9/L"), ("150 10*9/L", "250000 /uL")])
def test_a_range_whose_ends_do_not_fit_is_set_aside(low: str, high: str) -> None:
    record = observation(PLATELETS, valueRange={"low": quantity(low), "high": quantity(high)})
    count = "measured: {concept: platelet-count, at_least: 100 10*9/L}"
    assert verdict(count, record)[:2] == ("unknown", "not-fetched")


M_CATEGORY = loinc("21907-1", "clinical M")
M0 = observation(M_CATEGORY, coded=snomed("30893008", "M0"), on="2026-10-10")


@pytest.mark.parametrize(
    ("on", "truth", "reason"),
    [
        ("2026-10-25", "unknown", "conflicting"),
        ("2026-10-10", "unknown", "conflicting"),
        ("2026-10", "unknown", "conflicting"),
        (None, "unknown", "conflicting"),
        ("2026-10-01", "true", ""),
    ],
)
def test_a_metastasis_found_after_m0_speaks_against_it(on: str | None, truth: str, reason: str) -> None:
    liver = condition(icd("C78.7"), on=on)
    asked = "finding: {concept: m-category, staging: clinical, in: [M0]}"
    found = verdict(asked, CANCER, M0, liver, population="oesophageal-cancer")
    assert found[:2] == (truth, reason)


CANCERS = "oesophageal-cancer"
ADULT = Table("odd", "says", "age: {at_least: 18 a}", [case("odd", true(), CANCER)], CANCERS)


def test_one_whose_cancer_has_a_wrong_date_does_not_disappear() -> None:
    (subject,) = screen(ADULT, *chart("p", [{**CANCER, "onsetDateTime": "2026-13"}])).subjects
    assert not subject.complete


def test_somebody_survives_a_circle_of_merges() -> None:
    people = [*chart("a", [CANCER]), *chart("b", [CANCER]), *chart("c", [CANCER])]
    for one, into in (("a", "b"), ("b", "a"), ("c", "c")):
        person = next(r for r in people if r["id"] == one)
        person["link"] = [{"type": "replaced-by", "other": {"reference": f"Patient/{into}"}}]
    found = screen(ADULT, *people)
    assert [s.patient for s in found.subjects] == ["a", "c"]
    assert [g.patient for g in found.gated] == ["b"]


def test_a_study_with_malformed_identifiers_ends_no_run() -> None:
    study = other("ResearchStudy", id="s1", identifier=5)
    subject = other("ResearchSubject", status="on-study", study={"reference": "s1"})
    assert len(screen(ADULT, *chart("p", [CANCER, study, subject])).subjects) == 1


def test_one_whose_cancer_has_a_malformed_stage_does_not_disappear() -> None:
    linked = observation(PLATELETS, "120 10*9/L", focus="cancer")
    spoilt = {**CANCER, "stage": 5}
    table = Table("odd", "says", "finding: {concept: t-category, in: [T3]}", [case("odd", true())], CANCERS)
    (subject,) = screen(table, *chart("p", [spoilt, linked])).subjects
    assert not subject.complete


@pytest.mark.parametrize(
    ("on", "found"), [("2026-10-01", "unknown"), ("2015-01-01", "false"), (None, "unknown")]
)
def test_an_old_infarct_is_none_of_the_day_on_which_it_was_noted(on: str | None, found: str) -> None:
    record = condition(icd("I25.2"), on=None, recordedDate=on)
    recent = "condition: {concept: myocardial-infarction, within: 6 mo}"
    assert verdict(recent, record, CANCER, population=CANCERS, site=COMPLETE)[0] == found


def test_a_stage_does_not_decide_where_a_treatment_before_it_cannot_be_read() -> None:
    stage = observation(loinc("21905-5", "clinical T"), coded=loinc("LA3624-9", "T3"), on="2026-10-20")
    asked = "finding: {concept: t-category, staging: clinical, in: [T3]}"
    found = [
        verdict(asked, CANCER, stage, *treated, population=CANCERS)[:2]
        for treated in ((), (given(CISPLATIN, on="2026-10-01"),), (given(CISPLATIN, on="soon"),))
    ]
    assert found == [("true", ""), ("unknown", "unconfirmed"), ("unknown", "not-fetched")]


def test_a_metastasis_that_pathology_proves_stands_against_a_clinical_m0() -> None:
    proven = observation(
        loinc("21901-4", "pathological M"),
        coded=snomed("14926007", "pM1"),
        on="2026-10-25",
        bodySite=concept(snomed("10200004", "liver")),
    )
    for records, truth in (((proven,), "false"), ((M0, proven), "unknown"), ((M0,), "true")):
        (subject,) = screen_study(chart("p", [CANCER, *records])).subjects
        found = {v.criterion.id: v.proof.truth.value for v in subject.verdicts}
        assert (found["m-stage"], found["m1"]) == (
            truth,
            {"true": "false", "false": "true"}.get(truth, truth),
        )
