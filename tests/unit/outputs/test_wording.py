"""Every reason and gate has words; numbers and dates read as a person writes them."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.studies import Study
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs import wording
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Gate, Status


def test_every_reason_gate_and_status_has_words() -> None:
    assert set(wording.REASONS) == set(Reason)
    assert set(wording.GATES) == set(Gate)
    assert set(wording.STATUSES) == set(Status)


@pytest.mark.parametrize(
    ("iso", "said"),
    [
        ("2026-10-02T14:15:00+02:00", "2 Oct 2026"),
        ("2026-10-12", "12 Oct 2026"),
        ("2008-11", "Nov 2008"),
        ("1970", "1970"),
        ("", ""),
    ],
)
def test_dates(iso: str, said: str) -> None:
    assert wording.say_date(iso) == said


@pytest.mark.parametrize(
    ("criterion", "value", "unit", "said"),
    [
        ("platelets", "90", "10*9/L", "90 × 10⁹/L"),
        ("platelets", "<0.5", "10*9/L", "<0.5 × 10⁹/L"),
        ("platelets", "38.0364806867", "mL/min", "38.04 mL/min"),
        ("platelets", ">=49.7812345 <=50.561234", "mL/min", "49.78 to 50.56 mL/min"),
        ("age", "17-18", "a", "17-18 years"),
        ("t-stage", "T4a", "", "T4a"),
        ("hiv", "86406008", "", "Human immunodeficiency virus infection, 86406008"),
        ("hiv", "LOCAL-1", "", "code LOCAL-1"),
        ("hiv", "male", "", "male"),
        ("platelets", "", "", ""),
    ],
)
def test_values(study: Study, catalogue: Catalogue, criterion: str, value: str, unit: str, said: str) -> None:
    proof = Proof(Truth.TRUE, Basis.RECORDED, value=value, unit=unit)
    assert wording.say_value(proof, study.criterion(criterion), catalogue) == said


def test_a_judgement_without_evidence_claims_no_record(study: Study, catalogue: Catalogue) -> None:
    proof = Proof(Truth.UNKNOWN, Basis.RECORDED, Reason.JUDGEMENT)
    said = wording.say_reason(proof, study.criterion("hiv"), catalogue)
    assert said == "for the investigator to judge"
    seen = wording.say_reason(proof._replace(evidence=("Condition/a",)), study.criterion("hiv"), catalogue)
    assert seen == "recorded, and for the investigator to judge"


@pytest.mark.parametrize(
    ("places", "said"),
    [((0,), "A"), ((0, 1), "A, B"), ((0, 1, 2, 4), "A to C, E"), ((25, 26, 27), "Z to B2"), ((), "")],
)
def test_letters(places: tuple[int, ...], said: str) -> None:
    assert wording.say_places(places) == said


def test_a_unit_that_cannot_be_compared_says_with_what(study: Study, catalogue: Catalogue) -> None:
    proof = Proof(Truth.UNKNOWN, Basis.RECORDED, Reason.INCOMPARABLE_UNIT, value="200", unit="g/L")
    said = wording.say_reason(proof, study.criterion("platelets"), catalogue)
    assert said == "recorded in a unit that cannot be compared with 10⁹/L (200 g/L)"
