"""The R4 resources of a run: identity, what is open, and who falls off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire import read_expression
from fhirscreen.engines.base import Gated, Screened
from fhirscreen.fhir.subjects import FILES_BASE, STATUS_EXTENSION, group_uuid, study_uuid, subject_uuid
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs.resources import vocabulary
from fhirscreen.outputs.resources.definitions import definitions, definitions_folder, file_name
from fhirscreen.outputs.resources.lists import screening_list
from fhirscreen.outputs.resources.studies import criteria_group, research_study
from fhirscreen.outputs.resources.subjects import research_subjects
from fhirscreen.plan.nodes import Plan
from fhirscreen.verdicts.standings import Gate
from tests.unit.outputs.conftest import Make


def made(screened: Screened, plan: Plan, existing: list[Any] | None = None) -> dict[str, Any]:
    """ResearchSubjects by the patient's id."""
    (subjects,) = research_subjects(screened, plan, FILES_BASE, existing or []).values()
    return {each["individual"]["reference"].removeprefix("Patient/"): each for each in subjects}


def parts(extension: Mapping[str, Any]) -> dict[str, Any]:
    return {
        each["url"]: next(value for key, value in each.items() if key.startswith("value"))
        for each in extension["extension"]
    }


def standings(resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    url = vocabulary.STANDING_EXTENSION
    return [parts(each) for each in resource["extension"] if each["url"] == url]


def test_listed_subjects_alone_are_written_in_the_lists_order(screened: Screened, plan: Plan) -> None:
    assert list(made(screened, plan)) == ["a-candidate", "b-stale", "d-sensitive", "c-no-stage"]


def test_identity_and_status(screened: Screened, plan: Plan, study: Study) -> None:
    subject = made(screened, plan)["b-stale"]
    id = subject_uuid(study.id, FILES_BASE, "b-stale")
    assert subject["id"] == id
    assert subject["identifier"] == [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{id}"}]
    assert subject["study"] == {"reference": f"ResearchStudy/{study_uuid(study.id)}"}
    assert subject["status"] == "potential-candidate"
    assert {"url": STATUS_EXTENSION, "valueCode": "potential-candidate"} in subject["extension"]


def test_notes_are_said_and_a_place_on_the_list_is_not(screened: Screened, plan: Plan, study: Study) -> None:
    """Whoever comes to stand above a patient changes nothing that the patient's own resource says."""
    noted = [
        s._replace(notes=("transferred out",)) if s.patient == "b-stale" else s for s in screened.subjects
    ]
    before = made(replace(screened, subjects=noted), plan)["b-stale"]
    assert {"url": vocabulary.NOTE_EXTENSION, "valueString": "transferred out"} in before["extension"]
    first = next(s for s in screened.subjects if s.status is not None and s.patient < "b-stale")
    after = made(replace(screened, subjects=[s for s in noted if s != first]), plan)["b-stale"]
    assert after == before


def test_what_is_open_with_reason_action_and_evidence(screened: Screened, plan: Plan) -> None:
    stale, asked = standings(made(screened, plan)["b-stale"])
    assert stale == {
        "criterion": "platelets",
        "standing": "open",
        "reason": "stale",
        "nextAction": "Order a blood count",
        "evidence": {"reference": "Observation/s"},
    }
    assert (asked["criterion"], asked["reason"]) == ("consent", "ask-in-person")


def test_sensitive_reasons_are_neither_named_nor_evidenced(screened: Screened, plan: Plan) -> None:
    subject = made(screened, plan)["d-sensitive"]
    assert {"criterion": "further-review-needed", "standing": "open"} in standings(subject)
    text = orjson.dumps(subject).decode()
    assert "hiv" not in text
    assert "Condition/h" not in text


def earlier(
    study: Study, patient: str, status: str = "candidate", written: str = "candidate"
) -> dict[str, Any]:
    return {
        "resourceType": "ResearchSubject",
        "id": subject_uuid(study.id, FILES_BASE, patient),
        "meta": {"versionId": "3"},
        "extension": [
            {"url": "https://elsewhere.example/note", "valueString": "kept"},
            {"url": STATUS_EXTENSION, "valueCode": written},
            {"url": vocabulary.NOTE_EXTENSION, "valueString": "transferred out"},
        ],
        "status": status,
        "study": {"reference": f"ResearchStudy/{study_uuid(study.id)}"},
        "individual": {"reference": f"Patient/{patient}"},
    }


def test_an_earlier_one_that_failed_since_becomes_ineligible_with_the_reason(
    screened: Screened, plan: Plan, study: Study
) -> None:
    subject = made(screened, plan, [earlier(study, "e-near-miss")])["e-near-miss"]
    assert subject["status"] == "ineligible"
    assert "meta" not in subject
    assert standings(subject) == [
        {"criterion": "platelets", "standing": "failed", "evidence": {"reference": "Observation/p"}}
    ]
    urls = [each["url"] for each in subject["extension"]]
    assert vocabulary.NOTE_EXTENSION not in urls
    assert subject["extension"][0]["valueString"] == "kept"
    assert {"url": STATUS_EXTENSION, "valueCode": "ineligible"} in subject["extension"]


@pytest.mark.parametrize(("patient", "gate"), [("h-dead", "deceased"), ("nobody-now", "not-in-population")])
def test_gates_and_the_population_make_ineligible_too(
    screened: Screened, plan: Plan, study: Study, patient: str, gate: str
) -> None:
    subject = made(screened, plan, [earlier(study, patient)])[patient]
    assert subject["status"] == "ineligible"
    assert {"url": vocabulary.GATE_EXTENSION, "valueCode": gate} in subject["extension"]


def test_who_is_missing_from_an_incomplete_run_is_left_alone(
    screened: Screened, plan: Plan, study: Study
) -> None:
    screened.gaps.append("a search was cut short")
    assert "nobody-now" not in made(screened, plan, [earlier(study, "nobody-now")])


def test_a_patient_whose_data_is_not_whole_is_never_demoted(make: Make, plan: Plan, study: Study) -> None:
    screened = Screened([make("a", age="fail", complete=False)], patients=1)
    subject = made(screened, plan, [earlier(study, "a")])["a"]
    assert subject["status"] == "candidate"
    assert [each["standing"] for each in standings(subject)] == ["failed"]


@pytest.mark.parametrize("patient", ["a-candidate", "e-near-miss", "h-dead"])
def test_what_a_person_set_is_left_alone(screened: Screened, plan: Plan, study: Study, patient: str) -> None:
    assert patient not in made(screened, plan, [earlier(study, patient, status="eligible")])


def test_one_that_fell_off_can_return(screened: Screened, plan: Plan, study: Study) -> None:
    before = earlier(study, "a-candidate", status="ineligible", written="ineligible")
    assert made(screened, plan, [before])["a-candidate"]["status"] == "candidate"


def test_another_studys_subjects_are_left_alone(screened: Screened, plan: Plan, study: Study) -> None:
    foreign = earlier(study, "e-near-miss") | {"study": {"reference": "ResearchStudy/other"}}
    assert "e-near-miss" not in made(screened, plan, [foreign])


def test_the_group_says_each_criterion(study: Study, catalogue: Catalogue) -> None:
    group = criteria_group(study, catalogue)
    assert (group["type"], group["actual"], group["id"]) == ("person", False, group_uuid(study.id))
    by_id = {each["code"]["coding"][-1]["code"]: each for each in group["characteristic"]}
    assert list(by_id) == [f"{study.id}.{criterion.id}" for criterion in study.criteria]
    age, platelets = by_id[f"{study.id}.age"], by_id[f"{study.id}.platelets"]
    unit = {"system": "http://unitsofmeasure.org"}
    assert age["valueQuantity"] == {"value": 18, "comparator": ">=", "unit": "a", "code": "a", **unit}
    assert platelets["valueQuantity"]["code"] == "10*9/L"
    assert platelets["code"]["coding"][0] == {"system": vocabulary.CONCEPTS, "code": "platelet-count"}
    assert platelets["code"]["text"] == "Platelets at least 100 × 10⁹/L"
    for id in ("alt", "t-stage", "haemoglobin", "hiv", "consent"):
        assert by_id[f"{study.id}.{id}"]["valueBoolean"] is True, id
    assert [by_id[f"{study.id}.{id}"]["exclude"] for id in ("age", "hiv")] == [False, True]
    for criterion, each in zip(study.criteria, group["characteristic"], strict=True):
        wire = orjson.loads(each["extension"][0]["valueString"])
        assert read_expression(wire) == criterion.expression


@pytest.mark.parametrize(
    ("bounds", "value"),
    [
        ({"at_least": "1 cm", "at_most": "5 cm"}, "valueRange"),
        ({"above": "1 cm", "at_most": "5 cm"}, "valueBoolean"),
        ({"above": "1 cm"}, "valueQuantity"),
        ({"at_most": "5 cm", "within": "10 d"}, "valueBoolean"),
        ({"at_most": "5 cm", "which": "maximum"}, "valueBoolean"),
    ],
)
def test_a_range_only_where_it_is_exact(
    study: Study, catalogue: Catalogue, bounds: dict[str, str], value: str
) -> None:
    expression = read_expression({"measured": {"concept": "tumour-size", **bounds}})
    criterion = replace(study.criteria[0], expression=expression)
    group = criteria_group(replace(study, criteria=(criterion,)), catalogue)
    assert value in group["characteristic"][0]


def test_the_list_is_ordered_dated_and_says_why_it_is_empty(
    screened: Screened, plan: Plan, study: Study
) -> None:
    subjects = list(made(screened, plan, [earlier(study, "e-near-miss")]).values())
    day = date(2026, 11, 1)
    made_list = screening_list(study, FILES_BASE, day, subjects, ["All read."], complete=True)
    assert made_list["date"] == "2026-11-01"
    assert made_list["orderedBy"]["coding"][0]["code"] == "priority"
    listed = [entry["item"]["reference"] for entry in made_list["entry"]]
    assert listed == [f"ResearchSubject/{each['id']}" for each in subjects[:4]], (
        "ineligible ones are left out"
    )
    empty = screening_list(study, FILES_BASE, day, [], [], complete=True)
    assert empty["emptyReason"]["coding"][0]["code"] == "nilknown"
    assert "entry" not in empty
    unknown = screening_list(study, FILES_BASE, day, [], [], complete=False)
    assert unknown["emptyReason"]["coding"][0]["code"] == "unavailable"


def test_every_resource_is_one_by_the_models_too(
    screened: Screened, plan: Plan, study: Study, catalogue: Catalogue
) -> None:
    screened.gated.append(Gated(study.id, "z", Gate.MERGED))
    subjects = list(made(screened, plan, [earlier(study, "h-dead"), earlier(study, "e-near-miss")]).values())
    day = date(2026, 11, 1)
    made_list = screening_list(study, FILES_BASE, day, subjects, ["All read."], complete=True)
    for resource in [*subjects, made_list, research_study(study), criteria_group(study, catalogue)]:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_the_shipped_definitions_are_those_of_the_enumerations() -> None:
    shipped = {path.name: orjson.loads(path.read_bytes()) for path in definitions_folder().glob("*.json")}
    assert shipped == {file_name(each): each for each in definitions()}, "write_definitions was not run"
