"""The next action fits the reason and what is there: it asks for what is missing, by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fhirscreen.criteria.studies import Study
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs.actions import next_action
from fhirscreen.outputs.wording import say_reason
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason

OF_ITS_OWN = {
    Reason.ASK_IN_PERSON, Reason.UNREAD, Reason.BOUND_IN_QUESTION, Reason.NOT_FETCHED, Reason.CONFLICTING,
    Reason.AMBIGUOUS_FOCUS, Reason.NO_UNIT, Reason.INCOMPARABLE_UNIT, Reason.IMPLAUSIBLE_VALUE,
    Reason.NO_REFERENCE_RANGE, Reason.IMPRECISE_DATE,
}  # fmt: skip


def open_for(reason: Reason, because: str = "", *evidence: str, value: str = "") -> Proof:
    atom = Proof(Truth.UNKNOWN, Basis.RECORDED, reason, evidence, value, because=because)
    return atom.under(Truth.UNKNOWN, "all of it", (atom,))


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.ABSENCE_PRESUMED}))
def test_every_reason_has_an_action(study: Study, catalogue: Catalogue, reason: Reason) -> None:
    criterion = replace(study.criterion("platelets"), next_action="Order a blood count")
    said = next_action(open_for(reason), criterion, study, catalogue)
    assert said
    assert (said != "Order a blood count") == (reason in OF_ITS_OWN)


@pytest.mark.parametrize(
    ("because", "action"),
    [
        ("missing: sex", "Complete the record: sex"),
        ("missing: sex, date of birth", "Complete the record: sex, date of birth"),
        (
            "missing: newer serum creatinine; the last one is of 2026-08-02",
            "Complete the record: newer serum creatinine",
        ),
    ],
)
def test_what_is_missing_is_asked_for_by_name(
    study: Study, catalogue: Catalogue, because: str, action: str
) -> None:
    criterion = replace(study.criterion("platelets"), next_action="Order everything")
    assert next_action(open_for(Reason.NOT_COMPUTABLE, because), criterion, study, catalogue) == action


@pytest.mark.parametrize(
    ("id", "reason", "action"),
    [
        ("platelets", Reason.NO_RECORD, "Get a result of platelet count"),
        ("platelets", Reason.STALE, "Get a newer result of platelet count"),
        ("t-stage", Reason.NO_VALUE, "Get a result of T category"),
        ("hiv", Reason.NO_RECORD, "Ask about HIV infection"),
        ("hiv", Reason.UNCONFIRMED, "Find out whether it is confirmed"),
        ("hiv", Reason.JUDGEMENT, "Ask the investigator to judge it"),
        ("hiv", Reason.ORDER_ONLY, "Find out whether it was given"),
        ("age", Reason.NO_RECORD, "Look into the patient's record"),
    ],
)
def test_where_the_study_names_no_action(
    study: Study, catalogue: Catalogue, id: str, reason: Reason, action: str
) -> None:
    criterion = replace(study.criterion(id), next_action=None)
    assert next_action(open_for(reason), criterion, study, catalogue) == action


def test_a_drug_is_asked_for_what_it_was_given_for(study: Study, catalogue: Catalogue) -> None:
    criterion = study.criterion("platelets")
    drug = open_for(Reason.AMBIGUOUS_FOCUS, "", "MedicationStatement/a")
    assert next_action(drug, criterion, study, catalogue) == "Find out what it was given for"
    assert say_reason(drug, criterion, catalogue) == "not clear what it was given for"
    finding = open_for(Reason.AMBIGUOUS_FOCUS, "", "Observation/a")
    assert next_action(finding, criterion, study, catalogue) == "Find out which disease the record is about"


def test_two_ways_to_compute_it_are_for_the_investigator(study: Study, catalogue: Catalogue) -> None:
    criterion = study.criterion("platelets")
    because = "57.93141 mL/min with the actual weight, 45.21 mL/min with the adjusted one"
    proof = open_for(Reason.CONFLICTING, because, "Observation/a", value="57.93141 / 45.21")
    said = "two ways to compute it give opposite answers"
    assert say_reason(proof, criterion, catalogue) == f"{said} ({because.replace('57.93141', '57.93')})"
    action = "Ask the investigator which of the computed values counts"
    assert next_action(proof, criterion, study, catalogue) == action
