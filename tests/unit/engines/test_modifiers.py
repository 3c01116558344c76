"""What R4 forbids to process unless it is understood, and records that say two things at once."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from fhirscreen.criteria.wire import parse_yaml, read_study
from fhirscreen.engines.base import Screened
from fhirscreen.engines.evaluator.cohorts import gather
from fhirscreen.engines.in_memory import InMemory
from fhirscreen.fhir.folders import Line
from fhirscreen.fhir.shapes import UNKNOWN_MODIFIER
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.plan.nodes import Plan
from fhirscreen.plan.resolve import resolve
from fhirscreen.values.durations import AsOf
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.reasons import Reason
from fhirscreen.verdicts.standings import Gate
from tests.lib.records import (
    Resource,
    chart,
    concept,
    condition,
    given,
    observation,
    other,
    patient,
    quantity,
)
from tests.spec.chapters.gates import SITE, consent, flag, provision
from tests.spec.codes import BLOOD_COUNT, CISPLATIN, CLINICAL_T, OESOPHAGEAL_CANCER, PLATELETS, T3
from tests.spec.tables import Table, case, true

MODIFIER = [{"url": "http://vendor.example/not", "valueBoolean": True}]
SEVERAL = "it has several values, of which R4 allows one"
STUDY = """\
study: S1
title: A study
population: {cancer: oesophageal-cancer}
inclusion:
  - {id: age, says: Adult, age: {at_least: 18 a}}
  - {id: count, says: Platelets, measured: {concept: platelet-count, at_least: 100 10*9/L}}
  - {id: t, says: T3, finding: {concept: t-category, staging: clinical, in: [T3]}}
exclusion:
  - {id: treated, says: Treated, received: {concept: systemic-chemotherapy}}
"""
CANCER = condition(OESOPHAGEAL_CANCER, id="cancer")
COUNT = observation(PLATELETS, "200 10*9/L", id="count", on="2026-10-10")


@cache
def plan() -> Plan:
    return resolve([read_study(parse_yaml(STUDY, "test"))], load_catalogue())


def screen(*records: Resource) -> Screened:
    lines = [Line("test", each) for each in chart("p1", [CANCER, *records])]
    return InMemory(gather(lines)).screen(plan(), AsOf(date(2026, 11, 1), plan().catalogue.site.zone))


def reasons(*records: Resource) -> dict[str, tuple[Truth, Reason | None]]:
    (subject,) = screen(*records).subjects
    return {v.criterion.id: (v.proof.truth, v.proof.reason) for v in subject.verdicts}


@pytest.mark.parametrize(
    ("told", "gate"),
    [
        ({"deceasedBoolean": True}, Gate.DECEASED),
        ({"deceasedDateTime": "2026-10-25"}, Gate.DECEASED),
        ({"active": False}, Gate.INACTIVE),
    ],
)
@pytest.mark.parametrize("modifier", ["modifierExtension", "implicitRules"])
def test_a_patient_with_a_modifier_is_gated_all_the_same(told: Resource, gate: Gate, modifier: str) -> None:
    screened = screen(patient(**{modifier: MODIFIER}, **told))
    assert [each.gate for each in screened.gated] == [gate]
    assert [each.reason for each in screened.set_aside] == [UNKNOWN_MODIFIER]


@pytest.mark.parametrize("value", ["01.03.2024", "2024-13", 2024])
def test_a_date_of_death_that_cannot_be_read_is_one(value: object) -> None:
    screened = screen(patient(deceasedDateTime=value))
    assert [each.gate for each in screened.gated] == [Gate.DECEASED]
    assert [each.where for each in screened.set_aside] == ["Patient/p1"]


@pytest.mark.parametrize(
    ("told", "gate"),
    [
        ({"deceasedBoolean": "true"}, Gate.DECEASED),
        ({"active": "false"}, Gate.INACTIVE),
        ({"active": "true", "deceasedBoolean": "false"}, None),
    ],
)
def test_truths_in_words_close_a_gate(told: Resource, gate: Gate | None) -> None:
    screened = screen(patient(**told))
    assert [each.gate for each in screened.gated] == ([gate] if gate else [])
    assert [each.where for each in screened.set_aside] == ["Patient/p1"]


def test_a_patient_with_a_modifier_keeps_its_identity_alone() -> None:
    screened = screen(patient(modifierExtension=MODIFIER))
    (subject,) = screened.subjects
    assert subject.verdicts[0].proof.truth is Truth.UNKNOWN
    assert not subject.complete
    assert [(each.where, each.reason) for each in screened.set_aside] == [("Patient/p1", UNKNOWN_MODIFIER)]


@pytest.mark.parametrize(
    "more",
    [
        {"modifierExtension": MODIFIER},
        {"implicitRules": "http://vendor.example/rules"},
        {"provision": {"type": "deny", "modifierExtension": MODIFIER}},
        {"provision": {"type": "permit", "provision": [{"type": "deny", "modifierExtension": MODIFIER}]}},
        {"status": "rejected", "modifierExtension": MODIFIER},
    ],
)
def test_a_consent_with_a_modifier_objects_and_is_set_aside(more: Resource) -> None:
    screened = screen(consent(**more))
    assert [each.gate for each in screened.gated] == [Gate.OBJECTED]
    assert [each.reason for each in screened.set_aside] == [UNKNOWN_MODIFIER]


def test_a_consent_with_a_modifier_permits_nothing() -> None:
    permits = consent(provision={"type": "permit"}, dateTime="2026-03-01")
    refused = consent(status="rejected", provision=None, dateTime="2024-03-01")
    assert screen(refused, permits).gated == []
    modified = screen(refused, {**permits, "modifierExtension": MODIFIER})
    assert [each.gate for each in modified.gated] == [Gate.OBJECTED]
    alone = screen({**permits, "modifierExtension": MODIFIER})
    assert alone.gated == []
    assert not alone.subjects[0].complete


def test_a_flag_with_a_modifier_closes_the_gate() -> None:
    table = Table("flagged", "says", "constant: true", [case("one", true())], "oesophageal-cancer", site=SITE)
    told = [CANCER, flag() | {"modifierExtension": MODIFIER}]
    lines = [Line("test", each) for each in chart("p1", told)]
    screened = InMemory(gather(lines)).screen(table.plan(), table.index_date())
    assert [each.gate for each in screened.gated] == [Gate.OBJECTED]


@pytest.mark.parametrize("code", ["no-research", {"coding": {"code": "x"}}, 5])
def test_a_malformed_flag_costs_itself_and_not_the_patient(code: object) -> None:
    screened = screen(other("Flag", status="active", code=code))
    assert [each.where for each in screened.set_aside] == ["Flag/p1-f1"]
    assert len(screened.subjects) == 1


def test_an_enrolment_with_a_modifier_closes_the_gate() -> None:
    enrolment = other(
        "ResearchSubject",
        status="on-study",
        study={"identifier": {"value": "S1"}},
        modifierExtension=MODIFIER,
    )
    screened = screen(enrolment)
    assert [each.gate for each in screened.gated] == [Gate.ON_STUDY]
    assert [each.reason for each in screened.set_aside] == [UNKNOWN_MODIFIER]


BAD: Resource = {"period": {"start": "x"}}


def nested(exception: Resource) -> Resource:
    return provision("permit", provision=[exception])


@pytest.mark.parametrize(
    ("more", "objects"),
    [
        ({"status": "rejected", "dateTime": "01.03.2024"}, True),
        ({"provision": {"type": "permit"}, "dateTime": "01.03.2024"}, False),
        ({"provision": nested(provision("deny", code="x"))}, True),
        ({"provision": nested(provision("permit", code="x"))}, False),
        ({"provision": nested(provision("deny", code=[{"coding": {"code": "x"}}]))}, True),
        ({"provision": nested(nested(provision("deny", **BAD)))}, True),
        ({"provision": nested(nested(provision("permit", **BAD)))}, False),
        ({"provision": provision("permit", provision=provision("deny"))}, True),
        ({"provision": [provision("permit")]}, False),
        ({"provision": [provision("deny")]}, True),
        ({"provision": "deny"}, False),
        ({"provision": {"type": ["deny"]}}, True),
        ({"status": ["active"]}, True),
        ({"scope": {"coding": {"code": "research"}}}, True),
        ({"scope": "research"}, False),
    ],
)
def test_a_malformed_consent_costs_itself_and_not_the_patient(more: Resource, objects: bool) -> None:
    screened = screen(consent(**more))
    assert [each.where for each in screened.set_aside] == ["Consent/p1-k1"]
    assert [each.gate for each in screened.gated] == ([Gate.OBJECTED] if objects else [])
    assert [each.complete for each in screened.subjects] == ([] if objects else [False])


def twice(one: Resource, **more: object) -> Screened:
    """A record that stands twice: as it is, and with something more."""
    records = chart("p1", [CANCER, one])
    last = next(each for each in records if each["resourceType"] == one["resourceType"])
    both = [*records, {**last, **more}]
    as_of = AsOf(date(2026, 11, 1), plan().catalogue.site.zone)
    first, second = (
        InMemory(gather(Line("test", each) for each in order)).screen(plan(), as_of)
        for order in (both, both[::-1])
    )
    assert first.gated == second.gated
    return first


@pytest.mark.parametrize(
    ("one", "more", "gate"),
    [
        (consent(), {"dateTime": "2026-01-01"}, Gate.OBJECTED),
        (consent(), {"provision": {"type": "permit"}}, Gate.OBJECTED),
        (consent(status="inactive"), {"status": "rejected"}, Gate.OBJECTED),
        (consent(provision={"type": "permit"}), {"dateTime": "2026-01-01"}, None),
        (patient(), {"deceasedDateTime": "2026-10-25"}, Gate.DECEASED),
        (patient(deceasedDateTime="2026-10-25"), {"deceasedDateTime": "2027-10-25"}, Gate.DECEASED),
        (patient(), {"deceasedBoolean": True}, Gate.DECEASED),
        (patient(), {"active": False}, Gate.INACTIVE),
        (patient(), {"birthDate": "1961"}, None),
        (
            other("ResearchSubject", status="candidate", study={"identifier": {"value": "S1"}}),
            {"status": "on-study"},
            Gate.ON_STUDY,
        ),
    ],
)
def test_of_a_record_that_stands_twice_either_closes_the_gate(
    one: Resource, more: Resource, gate: Gate | None
) -> None:
    screened = twice(one, **more)
    assert [each.gate for each in screened.gated] == ([gate] if gate else [])
    assert [each.complete for each in screened.subjects] == ([] if gate else [False])


def test_a_component_with_a_modifier_leaves_its_result_open_and_no_other() -> None:
    panel = observation(BLOOD_COUNT, parts=[(PLATELETS, "200 10*9/L")])
    assert reasons(panel)["count"] == (Truth.TRUE, None)
    panel["component"][0]["modifierExtension"] = MODIFIER
    assert reasons(COUNT, panel)["count"] == (Truth.UNKNOWN, Reason.UNCONFIRMED)


def test_a_drug_with_a_modifier_is_no_drug_that_is_known() -> None:
    drug = other("Medication", id="drug", code=concept(CISPLATIN))
    dose = given(None, medicationReference={"reference": "drug"})
    assert reasons(drug, dose)["treated"][0] is Truth.TRUE
    assert reasons({**drug, "modifierExtension": MODIFIER}, dose)["treated"] == (
        Truth.UNKNOWN,
        Reason.NOT_FETCHED,
    )


def test_why_it_is_open_is_said_and_the_run_names_it() -> None:
    screened = screen(COUNT | {"modifierExtension": MODIFIER})
    proof = screened.subjects[0].verdicts[1].proof
    assert (proof.reason, proof.because) == (Reason.UNCONFIRMED, UNKNOWN_MODIFIER)
    (remark,) = screened.remarks
    assert remark.what.startswith("Observation has a modifierExtension")


@pytest.mark.parametrize(
    ("criterion", "record"),
    [
        ("count", observation(PLATELETS, "200 10*9/L", text="20")),
        ("count", observation(PLATELETS, "200 10*9/L", integer=20)),
        ("count", observation(BLOOD_COUNT, component=[
            {"code": concept(PLATELETS), "valueQuantity": quantity("200 10*9/L"), "valueString": "20"},
        ])),
        ("t", observation(CLINICAL_T, coded=T3, text="cT1")),
        ("t", observation(CLINICAL_T, coded=T3, boolean=False)),
    ],
)  # fmt: skip
def test_of_several_values_none_is_picked(criterion: str, record: Resource) -> None:
    before = observation(CLINICAL_T, coded=T3, on="2026-10-10", id="before")
    screened = screen(COUNT, before, record)
    found = {v.criterion.id: (v.proof.truth, v.proof.reason) for v in screened.subjects[0].verdicts}
    assert found[criterion] == (Truth.UNKNOWN, Reason.NOT_FETCHED)
    assert [each.reason for each in screened.set_aside] == [SEVERAL]


@pytest.mark.parametrize(
    ("focus", "contained", "found"),
    [
        ({"reference": "Patient/p1"}, [], (Truth.FALSE, None)),
        ({"reference": "Patient/p2"}, [], (Truth.TRUE, None)),
        ({"reference": "#donor"}, [{"resourceType": "RelatedPerson", "id": "donor"}], (Truth.TRUE, None)),
        ({"reference": "Group/g"}, [], (Truth.TRUE, None)),
        ({"reference": "Procedure/x"}, [], (Truth.FALSE, None)),
        ({"reference": "Device/d"}, [], (Truth.UNKNOWN, Reason.AMBIGUOUS_FOCUS)),
        ({"reference": "urn:uuid:0"}, [], (Truth.UNKNOWN, Reason.AMBIGUOUS_FOCUS)),
        ("donor", [], (Truth.UNKNOWN, Reason.NOT_FETCHED)),
    ],
)
def test_whom_an_observation_is_about(focus: object, contained: list[Resource], found: object) -> None:
    low = observation(PLATELETS, "20 10*9/L", on="2026-10-25") | {"focus": [focus], "contained": contained}
    assert reasons(COUNT, low)["count"] == found
