"""Every reason and gate has words; numbers and dates read as a person writes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fhirscreen.criteria.english import say
from fhirscreen.criteria.nodes import Count
from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.walk import walk
from fhirscreen.criteria.wire import load_study
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.loading import mappings_folder
from fhirscreen.outputs import wording
from fhirscreen.outputs.actions import next_action
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof, threshold
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


def test_what_several_decide_together_is_said_of_each(study: Study, catalogue: Catalogue) -> None:
    first = Proof(Truth.TRUE, Basis.RECORDED, None, ("Observation/a",), "11.2", "g/dL", "2026-11-03")
    readings = threshold(2, [first._replace(says="as it stands"), first._replace(says="in g/L")])
    assert readings.value == ""
    criterion = study.criterion("platelets")
    assert wording.say_reason(readings, criterion, catalogue) == "11.2 g/dL, 3 Nov 2026"
    other = first._replace(evidence=("Observation/b",), value="3", unit="mg", date="2026-11-02")
    both = threshold(2, [first, other])
    assert wording.say_reason(both, criterion, catalogue) == "platelet count 11.2 g/dL, platelet count 3 mg"


@pytest.mark.parametrize(
    ("reason", "because", "said", "action"),
    [
        (
            Reason.NOT_FETCHED,
            "Observation/a: a date cannot be read",
            "a record could not be read (Observation/a: a date cannot be read)",
            "Have the record mended where it comes from, then screen again",
        ),
        (
            Reason.COARSER_CODE,
            "Procedure/a is in words alone",
            "a record that no known code names may be one (Procedure/a is in words alone)",
            "Find out what the record is about, and have its code named",
        ),
        (
            Reason.NO_RECORD,
            "the last one is of 2021-03-04, too long ago",
            "no record that counts (the last one is of 4 Mar 2021, too long ago)",
            "Order a blood count",
        ),
    ],
)
def test_an_open_criterion_says_of_which_record(
    study: Study, catalogue: Catalogue, reason: Reason, because: str, said: str, action: str
) -> None:
    atom = Proof(Truth.UNKNOWN, Basis.MISSING, reason, because=because)
    proof = atom.under(Truth.UNKNOWN, "all of it", (atom,))
    criterion = replace(study.criterion("platelets"), next_action="Order a blood count")
    assert wording.say_reason(proof, criterion, catalogue) == said
    assert next_action(proof, criterion, study, catalogue) == action


def test_a_count_is_no_size(catalogue: Catalogue) -> None:
    study = load_study(mappings_folder() / "studies/NCT06190782.yaml")
    criterion = study.criterion("metastasis-size")
    counted = next(node for node in walk(criterion.expression) if isinstance(node, Count))
    says = say(counted, lambda id: catalogue.concepts[id].label)
    proof = Proof(
        Truth.UNKNOWN, Basis.RECORDED, Reason.CENSORED_VALUE, ("Observation/a",), "0", "", "2026-10-14", says
    )
    said = wording.say_reason(proof, criterion, catalogue)
    assert said == "what is on record need not be all (none on record, 14 Oct 2026)"


@pytest.mark.parametrize(
    ("value", "how", "said"),
    [
        ("M0", "", "M0"),
        ("M0", "read from text", "M0 (read from text)"),
        ("M1", "", "M1 (cervical lymph node or supraclavicular lymph node only)"),
        (
            "M1",
            "from distant metastasis on record",
            "M1 (from distant metastasis on record, cervical lymph node or supraclavicular lymph node only)",
        ),
    ],
)
@pytest.mark.parametrize("id", ["m-stage", "m1"])
def test_a_category_says_where_it_is_from_and_m1_why_it_is_met(
    catalogue: Catalogue, id: str, value: str, how: str, said: str
) -> None:
    criterion = load_study(mappings_folder() / "studies/NCT06907602.yaml").criterion(id)
    basis = Basis.DERIVED if how else Basis.RECORDED
    leaf = Proof(Truth.TRUE, basis, value=value, because=how)
    truth = Truth.TRUE if id == "m-stage" else Truth.FALSE
    assert wording.say_value(leaf.under(truth, "", (leaf,)), criterion, catalogue) == said
    assert wording.brief("T3 (read from text)") == "T3"


@pytest.mark.parametrize(
    ("evidence", "value"),
    [(("Condition/a",), "M1 (from metastases on record)"), (("Condition/a", "Observation/m"), "M1")],
)
def test_a_category_that_words_say_is_not_from_metastases(
    catalogue: Catalogue, evidence: tuple[str, ...], value: str
) -> None:
    criterion = load_study(mappings_folder() / "studies/NCT06907602.yaml").criterion("m-stage")
    proof = Proof(
        Truth.UNKNOWN, Basis.DERIVED, Reason.COARSER_CODE, evidence, "M1", because="less precise: a or b"
    )
    assert wording.say_value(proof, criterion, catalogue) == value
    assert wording.say_reason(proof, criterion, catalogue) == f"less precise: a or b ({value})"


def test_a_value_of_another_category_is_named_by_it(catalogue: Catalogue) -> None:
    criterion = load_study(mappings_folder() / "studies/NCT06907602.yaml").criterion("ecog")
    proof = Proof(Truth.UNKNOWN, Basis.DERIVED, Reason.CENSORED_VALUE, ("Observation/a",), "70")
    assert wording.say_value(proof, criterion, catalogue) == "Karnofsky performance status 70"


@pytest.mark.parametrize(
    ("study", "id", "says", "value", "unit", "said"),
    [
        ("NCT06907602", "alt", "ALT at most 2 × ULN", "47", "U/L", "ALT 47 U/L"),
        ("NCT06907602", "t-stage", "T category T3 or T4a", "T3", "", "T3"),
        ("NCT06907602", "ecog", "ECOG performance status 0 or 1", "1", "", "ECOG performance status 1"),
        (
            "NCT06190782",
            "metastases-per-organ",
            "largest number of metastases in one organ at most 3",
            "2",
            "",
            "largest number of metastases in one organ 2",
        ),
        (
            "NCT06190782",
            "metastasis-count",
            "number of metastases from 1 to 4",
            "3",
            "",
            "number of metastases 3",
        ),
        ("NCT06190782", "metastasis-count", "M category M0 is on record", "M1", "", "M1"),
    ],
)
def test_a_value_is_named_by_what_it_is_of(
    catalogue: Catalogue, study: str, id: str, says: str, value: str, unit: str, said: str
) -> None:
    criterion = load_study(mappings_folder() / f"studies/{study}.yaml").criterion(id)
    leaf = Proof(Truth.TRUE, Basis.RECORDED, None, ("Observation/a",), value, unit, "2026-10-12", says)
    assert wording.name_value(leaf.under(Truth.TRUE, "all of it", (leaf,)), criterion, catalogue) == said


def test_on_record_is_said_without_a_bound_that_asks_nothing(catalogue: Catalogue) -> None:
    criterion = load_study(mappings_folder() / "studies/NCT06190782.yaml").criterion("metastasis-size")
    says = "not (size of the largest metastasis at least 0 cm is on record)"
    assert (
        wording.say_statement(says, criterion, catalogue)
        == "not (size of the largest metastasis is on record)"
    )
    other = "neutrophil count at least 1.5 × 10⁹/L"
    assert wording.say_statement(other, criterion, catalogue) == other
