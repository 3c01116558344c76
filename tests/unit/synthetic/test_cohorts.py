"""The cohort: reproducible, well-formed, complete in its truths, and varied as the demo needs it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhirscreen.exceptions import UsageError
from fhirscreen.synthetic import AS_OF, NEOADJUVANT, OLIGOMETASTATIC, PROBE, Cohort, generate
from fhirscreen.synthetic.truths import CONFIRMS, EXCLUSION, INCLUSION, REASONS


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return generate()


def test_same_seed_same_bytes(cohort: Cohort) -> None:
    again = generate()
    assert orjson.dumps(again.resources) == orjson.dumps(cohort.resources)
    assert again.truths == cohort.truths


def test_another_seed_is_another_cohort(cohort: Cohort) -> None:
    assert orjson.dumps(generate(seed=8).resources) != orjson.dumps(cohort.resources)


def test_ids_are_fhir_ids_and_unique(cohort: Cohort) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    for resource in [*cohort.others, *(each for record in cohort.resources.values() for each in record)]:
        identity = resource["id"]
        assert 0 < len(identity) <= 64
        assert all(letter.isalnum() or letter in "-." for letter in identity)
        seen[resource["resourceType"], identity] += 1
    assert max(seen.values()) == 1


def test_every_resource_is_valid(cohort: Cohort) -> None:
    for resource in [*cohort.others, *(each for record in cohort.resources.values() for each in record)]:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_every_reference_leads_somewhere(cohort: Cohort) -> None:
    known = {
        f"{each['resourceType']}/{each['id']}"
        for each in [*cohort.others, *(each for record in cohort.resources.values() for each in record)]
    }

    def walk(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["reference"]] if isinstance(node.get("reference"), str) else []
            return own + [found for value in node.values() for found in walk(value)]
        if isinstance(node, list):
            return [found for value in node for found in walk(value)]
        return []

    for record in cohort.resources.values():
        assert {each for each in walk(record) if not each.startswith("#")} <= known


@pytest.mark.parametrize("study", [NEOADJUVANT, OLIGOMETASTATIC])
def test_every_member_whom_no_gate_stops_has_every_truth(cohort: Cohort, study: str) -> None:
    wanted = set(INCLUSION[study]) | set(EXCLUSION[study])
    stated: dict[str, list[str]] = {}
    for planted in cohort.truths:
        if planted.study == study:
            stated.setdefault(planted.patient, []).append(planted.criterion)
    assert set(stated) == cohort.members - set(cohort.gates[study])
    for criteria in stated.values():
        assert sorted(criteria) == sorted(wanted)


def test_truths_use_the_words_of_verdicts(cohort: Cohort) -> None:
    known = {
        f"{each['resourceType']}/{each['id']}" for record in cohort.resources.values() for each in record
    }
    for planted in cohort.truths:
        assert planted.truth in ("true", "false", "unknown")
        assert planted.reason is None or planted.reason == "" or planted.reason in REASONS
        assert planted.basis in (None, "recorded", "derived", "presumed", "missing", "confirm")
        if planted.truth == "unknown":
            assert planted.reason != ""
        if planted.reason == "absence-presumed":
            assert planted.basis == "presumed"
        assert set(planted.evidence or ()) <= known


def test_statuses_are_spread_as_the_demo_needs(cohort: Cohort) -> None:
    spread = Counter(status for (study, _), status in cohort.statuses.items() if study == NEOADJUVANT)
    members = len(cohort.members)
    assert 0.15 <= spread["candidate"] / members <= 0.30
    assert spread["potential-candidate"] >= 60
    assert spread["near-miss"] >= 15
    assert spread["none"] >= 60
    other = Counter(status for (study, _), status in cohort.statuses.items() if study == OLIGOMETASTATIC)
    assert other["candidate"] == 0
    assert other["potential-candidate"] >= 20


def test_a_status_follows_from_its_truths(cohort: Cohort) -> None:
    unmet = {
        (each.study, each.patient)
        for each in cohort.truths
        if each.study != PROBE
        and each.criterion not in CONFIRMS
        and each.truth != ("true" if each.criterion in INCLUSION[each.study] else "false")
    }
    for key, status in cohort.statuses.items():
        assert (key in unmet) == (status != "candidate")


def test_gates_and_outsiders(cohort: Cohort) -> None:
    gates = cohort.gates[NEOADJUVANT]
    assert set(gates.values()) == {"merged", "inactive", "deceased", "objected", "on-study", "declined"}
    assert "on-study" not in cohort.gates[OLIGOMETASTATIC].values()
    outsiders = set(cohort.resources) - cohort.members - set(cohort.merged)
    assert len(outsiders) >= 10
    assert not outsiders & {planted.patient for planted in cohort.truths}


def test_records_of_a_merged_patient_lie_under_the_old_id(cohort: Cohort) -> None:
    for duplicate, survivor in cohort.merged.items():
        record = cohort.resources[duplicate]
        assert record[0]["link"] == [{"other": {"reference": f"Patient/{survivor}"}, "type": "replaced-by"}]
        assert all(each["subject"]["reference"] == f"Patient/{duplicate}" for each in record[1:])
        assert len(record) > 5


def test_probe_truths_are_of_members(cohort: Cohort) -> None:
    assert {each.patient for each in cohort.truths if each.study == PROBE} <= cohort.members


def test_patient_comes_first_and_sizes_are_kept() -> None:
    for patients in (40, 120, 500):
        cohort = generate(patients=patients)
        assert abs(len(cohort.resources) - patients) <= 2
        assert all(record[0]["resourceType"] == "Patient" for record in cohort.resources.values())
        ids = list(cohort.resources)
        assert all(first < second for first, second in pairwise(sorted(ids)))


def test_another_index_date_must_be_the_first_of_a_month() -> None:
    assert generate(patients=60, as_of=date(2027, 3, 1)).as_of == date(2027, 3, 1)
    with pytest.raises(UsageError):
        generate(as_of=AS_OF.replace(day=15))
