"""Charts: what was fetched and read, what was set aside, and what a malformed record leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from fhirscreen.engines.base import Screened, SetAside
from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.charts import Chart, _medication, _reason, read_chart
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.engines.evaluator.judgements import finished, judge
from fhirscreen.engines.evaluator.repairs import repaired
from fhirscreen.exceptions import DataError
from fhirscreen.verdicts.standings import Gate, Subject
from tests.lib.records import Resource, chart, concept, condition, given, observation, other, patient
from tests.spec.codes import CISPLATIN, LEUKOCYTES, PLATELETS, STROKE
from tests.spec.tables import Table, true
from tests.spec.tables import case as row

ASKED = """
all:
  - received: {concept: systemic-chemotherapy}
  - measured: {concept: platelet-count, at_least: 100 10*9/L}
  - condition: {concept: stroke}
"""
TABLE = Table("chart", "says", ASKED, [row("the patient", true())])
PLAN = TABLE.plan()
EVALUATOR = Evaluator(PLAN)
COUNT = observation(PLATELETS, "200 10*9/L", id="count")


def read(*records: Resource, **more: Any) -> Chart:
    person, *others = chart("p", records)
    return read_chart(person, others, EVALUATOR.index, TABLE.index_date(), **more)


def found(of: Chart, concept: str) -> set[str]:
    numbers = EVALUATOR.index.numbers_of(concept)
    return {entry.reference for number in numbers for entry in of.entries.get(number, ())}


def test_only_what_the_plan_asks_for_is_read() -> None:
    whole = read(COUNT, observation(LEUKOCYTES, "5", on="2024-13"), other("Basic"), given(CISPLATIN))
    assert whole.present >= {"platelet-count", "systemic-chemotherapy"}
    assert found(whole, "platelet-count") == {"Observation/p-count"}
    assert whole.set_aside == ()
    assert whole.complete
    assert (whole.id, whole.end) == ("p", TABLE.index_date().end)


def test_a_record_that_cannot_be_read_is_set_aside_with_its_reason() -> None:
    spoilt = read(observation(PLATELETS, "200 10*9/L", on="2024-13", id="o"))
    (aside,) = spoilt.set_aside
    assert aside == SetAside(
        "Observation/p-o",
        "effectiveDateTime is not a FHIR date or dateTime",
        orjson.dumps(spoilt.resources[0]).decode(),
    )
    assert spoilt.touched == spoilt.named != frozenset()
    assert not spoilt.complete
    assert found(spoilt, "platelet-count") == set()
    platelets = next(f.concept for f in PLAN.features if f.concept.id == "platelet-count")
    stroke = next(f.concept for f in PLAN.features if f.concept.id == "stroke")
    assert not spoilt.whole(platelets)
    assert spoilt.whole(stroke)


def test_one_whose_code_cannot_be_read_touches_all_of_its_type() -> None:
    spoilt = read({**COUNT, "code": {"coding": 5}})
    assert spoilt.named == frozenset()
    numbers = {n for n, s in enumerate(EVALUATOR.index.sources) if s.resource == "Observation"}
    assert spoilt.touched == numbers


def test_what_was_not_fetched_is_not_whole() -> None:
    partial = read(unfetched=("Observation",))
    platelets = next(f.concept for f in PLAN.features if f.concept.id == "platelet-count")
    stroke = next(f.concept for f in PLAN.features if f.concept.id == "stroke")
    assert not partial.whole(platelets)
    assert partial.whole(stroke)
    assert not partial.complete


MEDICATION: dict[str, Any] = {"resourceType": "Medication", "id": "m", "code": concept(CISPLATIN)}


@pytest.mark.parametrize(
    ("reference", "more"),
    [
        ("Medication/m", {"shared": {"Medication/m": MEDICATION}}),
        ("urn:uuid:m", {"shared": {"Medication/m": MEDICATION}, "aliases": {"urn:uuid:m": "Medication/m"}}),
    ],
)
def test_a_medication_is_found_by_its_reference(reference: str, more: Mapping[str, Any]) -> None:
    record = given(None, medicationReference={"reference": reference}, id="g")
    whole = read(record, **more)
    assert found(whole, "systemic-chemotherapy") == {"MedicationAdministration/p-g"}
    entry = next(entry for each in whole.entries.values() for entry in each)
    assert [coding.code for coding in entry.codings] == ["L01XA01"]


@pytest.mark.parametrize(
    ("shared", "what", "expected"),
    [
        ({}, "a referenced Medication is not in the data", "the Medication, or a code"),
        ({"Medication/m": {**MEDICATION, "code": None}}, "a referenced Medication has no code",
         "a code, or ingredients"),
    ],
)  # fmt: skip
def test_a_medication_that_is_nothing(shared: dict[str, Any], what: str, expected: str) -> None:
    record = given(None, medicationReference={"reference": "Medication/m"})
    whole = read(record, shared=shared)
    assert [each.reason for each in whole.set_aside] == [what]
    with pytest.raises(DataError) as caught:
        _medication(whole, record)
    assert (caught.value.what, caught.value.expected) == (what, expected)


def test_a_sound_chart_needs_no_repair() -> None:
    assert repaired(read(COUNT)) is None


def test_a_malformed_record_is_taken_out_and_what_its_code_names_not_whole() -> None:
    spoilt = {**COUNT, "valueQuantity": {"value": "many"}}
    before = read(condition(STROKE, id="c"), spoilt)
    after = repaired(before)
    assert after is not None
    assert [e.reference for e in (next(iter(after.entries.values())))] == ["Condition/p-c"]
    (aside,) = after.set_aside
    assert (aside.where, orjson.loads(aside.verbatim)) == ("Observation/p-count", before.resources[1])
    assert "valueQuantity" in aside.reason or "Quantity" in aside.reason
    assert after.unfetched == frozenset()
    assert after.named == after.touched
    assert after.named.issuperset(EVALUATOR.index.numbers_of("platelet-count"))
    panel = repaired(read({**spoilt, "component": []}))
    assert panel is not None
    assert panel.unfetched == frozenset({"Observation"})  # what its components are of cannot be told
    assert after.patient == before.patient


def test_a_repair_names_what_could_not_be_read_before_and_after() -> None:
    """A time that no clock shows is found only by reading it; a value in words, by looking at its form."""
    late = condition(STROKE, on="2023-02-01T25:00:00Z", id="c")
    after = repaired(read(late, {**COUNT, "valueQuantity": {"value": "many"}}))
    assert after is not None
    assert [each.where for each in after.set_aside] == ["Condition/p-c", "Observation/p-count"]
    for concept_id in ("stroke", "platelet-count"):
        assert after.named.intersection(EVALUATOR.index.numbers_of(concept_id))


def test_a_malformed_patient_keeps_what_identifies_it() -> None:
    before = read(patient(birthDate=1960), COUNT, unfetched=("Procedure",))
    after = repaired(before)
    assert after is not None
    assert after.patient == {"resourceType": "Patient", "id": "p"}
    assert after.set_aside == (
        SetAside(
            "Patient/p", "birthDate is not a FHIR date or dateTime", orjson.dumps(before.patient).decode()
        ),
    )
    assert after.unfetched == frozenset({"Patient", "Procedure"})
    assert found(after, "platelet-count") == {"Observation/p-count"}


def test_what_is_repaired_still_finds_what_it_shares() -> None:
    record = given(None, medicationReference={"reference": "urn:uuid:m"}, id="g")
    more = {"shared": {"Medication/m": MEDICATION}, "aliases": {"urn:uuid:m": "Medication/m"}}
    after = repaired(read(record, {**COUNT, "valueQuantity": {"value": "many"}}, **more))
    assert after is not None
    assert found(after, "systemic-chemotherapy") == {"MedicationAdministration/p-g"}
    assert [each.where for each in after.set_aside] == ["Observation/p-count"]
    assert after.resolve({"reference": "urn:uuid:m"}) == MEDICATION
    assert after.resolve({"reference": "#m"}) is None
    assert after.resolve({"display": "somebody"}) is None


def test_the_code_of_a_drug_stands_before_its_reference() -> None:
    """R4 allows one of them; where a server sends both, the code says what it is by itself."""
    record = given(CISPLATIN, medicationReference={"reference": "Medication/gone"}, id="g")
    whole = read(record)
    assert whole.set_aside == ()
    assert found(whole, "systemic-chemotherapy") == {"MedicationAdministration/p-g"}


def test_what_has_no_form_of_r4_is_said_to_have_none() -> None:
    assert _reason(TypeError("what Python says"), COUNT) == "an element has not the form of R4"
    assert _reason(DataError("what was wrong"), COUNT) == "what was wrong"
    assert _reason(TypeError("what Python says"), {**COUNT, "effectiveDateTime": "2024-13"}) == (
        "effectiveDateTime is not a FHIR date or dateTime"
    )


class Failing(Evaluator):
    """Stands for an evaluator that meets what nobody thought of."""

    def subject(self, number: int, case: Case, *, complete: bool = True) -> Subject:
        raise KeyError("what nobody thought of")


def test_one_who_cannot_be_evaluated_is_a_gap_and_ends_no_run() -> None:
    screened = Screened()
    judge(PLAN, Failing(PLAN), read(COUNT), screened)
    (aside,) = screened.set_aside
    assert (aside[0], aside[1]) == ("Patient", "the record could not be evaluated")
    assert orjson.loads(aside[2]) == read(COUNT).patient
    assert screened.gaps == ["a patient's record could not be evaluated; it is among what was set aside"]
    assert (screened.subjects, screened.gated) == ([], [])


def test_what_is_set_aside_and_gated_is_screened_in_order() -> None:
    screened = Screened()
    spoilt = observation(PLATELETS, "200 10*9/L", on="2024-13", id="o")
    for merged in (True, False):
        judge(PLAN, EVALUATOR, read(COUNT, spoilt), screened, merged=merged)
    id = PLAN.studies[0].study.id
    assert [(g.study, g.patient, g.gate) for g in screened.gated] == [(id, "p", Gate.MERGED)]
    assert [(s.study, s.patient) for s in screened.subjects] == [(id, "p")]
    assert {(a[0], a[1]) for a in screened.set_aside} == {
        ("Observation/p-o", "effectiveDateTime is not a FHIR date or dateTime")
    }
    screened.gaps = ["b", "a", "b"]
    assert finished(screened, PLAN).gaps == ["a", "b"]
