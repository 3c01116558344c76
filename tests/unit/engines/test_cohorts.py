"""Gathering: versions, aliases, merges, what is about nobody; and what the engine says of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import permutations
from typing import Any

import pytest

from fhirscreen.criteria.wire import parse_yaml, read_study
from fhirscreen.engines.base import SetAside
from fhirscreen.engines.evaluator.cohorts import Cohort, gather, last_survivor, survivors_of
from fhirscreen.engines.in_memory import InMemory
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import CLINICAL_TYPES
from fhirscreen.fhir.folders import Line
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.plan.nodes import Plan
from fhirscreen.plan.resolve import resolve
from fhirscreen.values.durations import AsOf
from fhirscreen.verdicts.reasons import Reason

STUDY = """\
study: S1
title: A study
population: {cancer: oesophageal-cancer}
inclusion:
  - {id: count, says: Platelets, measured: {concept: platelet-count, at_least: 100 10*9/L}}
"""
CANCER = {"coding": [{"system": "http://snomed.info/sct", "code": "363402007"}]}


@cache
def plan() -> Plan:
    return resolve([read_study(parse_yaml(STUDY, "test"))], load_catalogue())


def as_of() -> AsOf:
    return AsOf(date(2026, 11, 1), plan().catalogue.site.zone)


def patient(id: str, *replaced_by: str) -> dict[str, Any]:
    links = [{"type": "replaced-by", "other": {"reference": other}} for other in replaced_by]
    return {"resourceType": "Patient", "id": id, **({"link": links} if links else {})}


def about(id: str, whom: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": id, "subject": {"reference": whom}, "code": CANCER, **more}


def lines(*resources: dict[str, Any]) -> list[Line]:
    return [Line(f"line {number}", resource) for number, resource in enumerate(resources)]


def versions_of(*metas: Any) -> list[Any]:
    """Versions of one Condition, each with its `meta` and a day of its own."""
    return [
        about("c1", "Patient/p1", meta=meta, recordedDate=f"2026-01-0{day}")
        for day, meta in enumerate(metas, start=1)
    ]


def gathered_in_every_order(versions: list[Any]) -> Iterator[Cohort]:
    return (gather(lines(patient("p1"), *order)) for order in permutations(versions))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"versionId": "9"}, {"versionId": "10"}),
        ({"versionId": "1", "lastUpdated": "2026-01-02"}, {"versionId": "2", "lastUpdated": "2026-01-01"}),
        ({"lastUpdated": "2026-01-01T00:00:00Z"}, {"lastUpdated": "2026-01-02T00:00:00Z"}),
        ({"lastUpdated": "2026-01-01T10:00:00+02:00"}, {"lastUpdated": "2026-01-01T09:00:00Z"}),
        ({"lastUpdated": "2026-01-01T10:00:00"}, {"lastUpdated": "2026-01-03T10:00:00"}),
        ({"versionId": "1"}, {"versionId": "2", "lastUpdated": "2026-01-02T00:00:00Z"}),
        (
            {"versionId": "2", "lastUpdated": "2026-01-01T00:00:00Z"},
            {"versionId": "2", "lastUpdated": "2026-01-02T00:00:00Z"},
        ),
    ],
)
def test_the_latest_version_wins_whatever_the_order(older: Any, newer: Any) -> None:
    versions = versions_of(older, newer)
    for found in gathered_in_every_order(versions):
        assert (found.resources, found.set_aside) == ({"p1": [versions[1]]}, [])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"lastUpdated": "2026-01-02T00:00:00Z"}),
        ({}, {"versionId": "1"}),
        ({"versionId": "abc"}, {"versionId": "1"}),
        ({"versionId": "2"}, {"lastUpdated": "2026-01-02T00:00:00Z"}),
        ({"lastUpdated": "2026-01-01T10:00:00+02:00"}, {"lastUpdated": "2026-01-01T08:00:00Z"}),
        ({"lastUpdated": "2026-01-01T10:00:00"}, {"lastUpdated": "2026-01-01T20:00:00Z"}),
        ({"lastUpdated": "yesterday"}, {"lastUpdated": "2026-01-01T20:00:00Z"}),
    ],
)
def test_what_only_one_version_tells_makes_it_no_later_one(one: Any, other: Any) -> None:
    versions = versions_of(one, other)
    for found in gathered_in_every_order(versions):
        assert (found.resources, len(found.set_aside)) == ({}, 2)


def test_versions_that_go_in_a_circle_are_all_rivals() -> None:
    metas = (
        {"versionId": "1", "lastUpdated": "2026-01-03T00:00:00Z"},
        {"versionId": "2", "lastUpdated": "2026-01-01T00:00:00Z"},
        {"lastUpdated": "2026-01-02T00:00:00Z"},
    )
    versions = [
        about("c1", "Patient/p1", meta=meta, recordedDate=f"2026-01-0{day}")
        for day, meta in enumerate(metas, start=1)
    ]
    for order in permutations(versions):
        found = gather(lines(patient("p1"), *order))
        assert (found.resources, len(found.set_aside)) == ({}, 3)


def test_that_a_patient_was_replaced_may_be_told_by_one_version_alone() -> None:
    both = [patient("old"), patient("old", "Patient/new")]
    for order in permutations(both):
        found = gather(lines(patient("new"), *order))
        assert found.survivors == {"old": "new"}


TWICE = "its id stands twice, with different content, and no version says which is the later one"


def test_the_order_of_elements_makes_no_version() -> None:
    one = about("c1", "Patient/p1", recordedDate="2026-01-01")
    other = dict(reversed(one.items()))
    for both in permutations((one, other)):
        found = gather(lines(patient("p1"), *both))
        assert found.resources == {"p1": [one]}
        assert found.set_aside == []


def test_how_a_record_is_stored_or_shown_makes_no_other_one() -> None:
    one = about("c1", "Patient/p1")
    other = {**one, "meta": {"source": "urn:x"}, "text": {"status": "generated", "div": "<div/>"}}
    for both in permutations((one, other)):
        found = gather(lines(patient("p1"), *both))
        assert len(found.resources["p1"]) == 1
        assert found.set_aside == []


def test_of_two_contents_under_one_id_neither_is_taken() -> None:
    ours = [about("c1", "Patient/p1", recordedDate=f"2026-01-0{day}") for day in (1, 2, 3)]
    for order in permutations(ours):
        found = gather(lines(patient("p1"), *order, order[0]))
        assert found.resources == {}
        assert sorted(each.reason for each in found.set_aside) == [TWICE] * 3
        assert [resource for _, resource in found.doubled["p1"]] == ours


def test_a_later_version_settles_which_of_several_holds() -> None:
    rivals = [
        about("c1", "Patient/p1", recordedDate=f"2026-01-0{day}", meta={"versionId": "1"}) for day in (1, 2)
    ]
    later = about("c1", "Patient/p1", meta={"versionId": "2"})
    for order in permutations((*rivals, later)):
        found = gather(lines(patient("p1"), *order))
        assert (found.resources, found.set_aside, found.doubled) == ({"p1": [later]}, [], {})


def test_one_id_for_the_records_of_two_patients_is_open_for_both() -> None:
    both = [about("c1", "Patient/p1"), about("c1", "Patient/p2")]
    found = gather(lines(patient("p1"), patient("p2"), *both))
    assert {id: [each for _, each in kept] for id, kept in found.doubled.items()} == {
        "p1": both[:1],
        "p2": both[1:],
    }


def test_of_a_patient_who_stands_twice_what_both_say_is_kept() -> None:
    one: dict[str, Any] = {"resourceType": "Patient", "id": "p", "birthDate": "1960", "gender": "male"}
    for both in permutations((one, {**one, "birthDate": "1961"})):
        found = gather(lines(*both))
        assert found.patients == {"p": {"resourceType": "Patient", "id": "p", "gender": "male"}}
        assert found.unfetched("p") == {"Patient"}


def test_types_that_decide_nothing_may_stand_twice() -> None:
    one = {"resourceType": "Organization", "id": "o", "name": "A"}
    found = gather(lines(one, {**one, "name": "B"}))
    assert found.shared["Organization/o"]["name"] == "B"
    assert found.set_aside == []


def test_what_stands_twice_leaves_open_what_it_may_say() -> None:
    count = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
        "effectiveDateTime": "2026-10-25",
    }
    both = [{**count, "valueQuantity": {"value": value, "code": "10*9/L"}} for value in (20, 200)]
    own = {**both[1], "id": "o2", "effectiveDateTime": "2026-10-20"}
    cohort = gather(lines(patient("p1"), about("c1", "Patient/p1"), own, *both))
    (subject,) = InMemory(cohort).screen(plan(), as_of()).subjects
    (verdict,) = subject.verdicts
    assert verdict.proof.reason is Reason.NOT_FETCHED
    assert verdict.proof.because == f"Observation/o1: {TWICE}"
    assert not subject.complete


def test_what_is_set_aside_is_found_by_its_line() -> None:
    broken = about("c1", "Patient/p1", onsetDateTime="soon")
    places = ("Patient.ndjson:1", "Condition.ndjson:7")
    cohort = gather(map(Line, places, (patient("p1"), broken)))
    screened = InMemory(cohort).screen(plan(), as_of())
    assert [each.where for each in screened.set_aside] == ["Condition.ndjson:7"]


def test_urns_lead_to_patients() -> None:
    cohort = gather(
        [
            Line("b", about("c1", "urn:uuid:1")),
            Line("b", patient("p1"), full_url="urn:uuid:1"),
            Line("b", patient("p2"), full_url="https://server.example/Patient/p2"),
        ]
    )
    assert cohort.aliases == {"urn:uuid:1": "Patient/p1"}
    assert list(cohort.resources) == ["p1"]


def test_what_is_about_nobody_is_set_aside_or_shared() -> None:
    stray, drug = about("c1", "Group/g1"), {"resourceType": "Medication", "id": "m1"}
    cohort = gather(lines(stray, drug, {"resourceType": "Organization", "id": "o1"}))
    assert [(aside.where, aside.reason) for aside in cohort.set_aside] == [
        ("line 0", "about no patient that can be told")
    ]
    assert '"c1"' in cohort.set_aside[0].verbatim
    assert set(cohort.shared) == {"Condition/c1", "Medication/m1", "Organization/o1"}


def test_lines_that_could_not_be_read_are_kept() -> None:
    cohort = gather([Line("f:1", None, "no id", "{}")])
    assert cohort.set_aside == [SetAside("f:1", "no id", "{}")]


def lost(*types: str, **more: Any) -> Line:
    return Line("here", None, "cut off", "{", types=types, **more)


def test_what_is_lost_is_lost_for_one_or_where_nobody_is_named_for_everybody() -> None:
    cohort = gather([
        lost("Observation", rest=True), lost("Procedure", patient="p"), lost("AllergyIntolerance"),
        lost("MedicationRequest", patient="p"), lost("Organization"), lost("Organization", patient="p"),
        lost("Patient"),
        lost("Condition", patient="urn:uuid:1"), lost("MedicationStatement", patient="urn:uuid:2"),
        Line("b", patient("q"), full_url="urn:uuid:1"),
    ])  # fmt: skip
    everybody = {"Observation", "AllergyIntolerance", "MedicationStatement"}
    assert cohort.missing == everybody
    assert cohort.unfetched("p") == everybody | {"Procedure", "MedicationRequest"}
    assert cohort.unfetched("q") == everybody | {"Condition"}
    assert len(cohort.set_aside) == 9


def test_what_may_have_been_anything_is_all_lost() -> None:
    assert gather([lost()]).missing == set(CLINICAL_TYPES)
    assert gather([lost(rest=True)]).missing == set(CLINICAL_TYPES)
    assert gather([lost("Patient", rest=True)]).missing == set(CLINICAL_TYPES)
    assert gather([lost(patient="p")]).unfetched("p") == set(CLINICAL_TYPES)
    assert gather([lost("Consent", patient="p")]).unfetched("p") == {*CLINICAL_TYPES, "Consent"}
    assert gather([lost("Consent")]).missing == {"Consent"}


def test_what_is_lost_of_a_merged_patient_is_lost_of_the_survivor() -> None:
    cohort = gather([*lines(patient("a", "Patient/b"), patient("b")), lost("Procedure", patient="a")])
    assert cohort.unfetched("b") == {"Procedure"}


@pytest.mark.parametrize(
    ("subject", "anybodys"),
    [
        ({"reference": "Group/g1"}, True),
        ({"reference": "#p"}, True),
        ({"identifier": {"value": "7"}}, True),
        ({"reference": "urn:uuid:7"}, True),
        ("Patient/p1", True),
        (None, True),
        ({"reference": "Device/d1"}, False),
        ({"reference": "https://ehr.example/Location/1"}, False),
    ],
)
def test_what_may_be_of_anybody(subject: object, anybodys: bool) -> None:
    cohort = gather(lines(patient("p1"), {**about("c1", ""), "subject": subject}))
    assert [resource["id"] for _, resource in cohort.unattributed] == (["c1"] if anybodys else [])
    assert len(cohort.set_aside) == 1


def test_merges_into_patients_who_are_not_in_the_data_are_counted() -> None:
    cohort = gather(
        lines(patient("a", "Patient/b"), patient("b"), patient("c", "Patient/x"), patient("d", "Patient/y"))
    )
    assert cohort.survivors == {"a": "b"}
    assert cohort.lost == 2


def test_records_follow_the_last_survivor() -> None:
    cohort = gather(
        lines(
            patient("a", "Patient/b"), patient("b", "Patient/c"), patient("c"), about("1", "Patient/a"),
            about("2", "Patient/b"), about("3", "Patient/c"), patient("d"),
        )
    )  # fmt: skip
    assert [r["id"] for r in cohort.chart_resources("c")] == ["3", "1", "2"]
    assert cohort.merged_into("c") == ["a", "b"]
    assert cohort.merged_into("d") == []
    assert last_survivor("a", cohort.survivors) == "c"


def test_a_circle_of_merges_has_one_survivor() -> None:
    found = survivors_of([patient("b", "Patient/a"), patient("a", "Patient/b")])
    assert found == {"b": "a"}
    other = {
        "resourceType": "Patient",
        "id": "x",
        "link": [{"type": "seealso", "other": {"reference": "Patient/y"}}],
    }
    assert survivors_of([other, {"resourceType": "Patient", "id": "z", "link": "stray"}]) == {}


def test_a_merge_may_be_told_by_the_survivor_alone() -> None:
    def replacing(id: str, *others: str) -> dict[str, Any]:
        links = [{"type": "replaces", "other": {"reference": f"Patient/{each}"}} for each in others]
        return {"resourceType": "Patient", "id": id, "link": links}

    assert survivors_of([replacing("new", "old", "older")]) == {"old": "new", "older": "new"}
    assert survivors_of([replacing("b", "old"), replacing("a", "old")]) == {"old": "a"}
    own_word = [replacing("new", "old"), patient("old", "Patient/other")]
    for people in (own_word, own_word[::-1]):
        assert survivors_of(people) == {"old": "other"}
    assert survivors_of([replacing("b", "a"), replacing("a", "b")]) == {"b": "a"}
    cohort = gather(lines(replacing("new", "old"), about("1", "Patient/old"), patient("old")))
    assert [r["id"] for r in cohort.chart_resources("new")] == ["1"]
    assert cohort.survivors == {"old": "new"}


def test_somebody_who_is_not_there_cannot_be_asked_for() -> None:
    engine = InMemory(gather(lines(patient("p1"))))
    found = engine.screen(plan(), as_of(), patients=["p1", "p2", "p3"])
    assert (found.patients, found.unknown.patients) == (1, frozenset({"p2", "p3"}))
    with pytest.raises(DataError) as caught:
        found.unknown.check()
    assert caught.value.what == "2 of the patients asked for are not in the data"
    assert caught.value.expected == "the id of a Patient resource, as it stands in Patient.id"


def test_counts_gaps_and_progress() -> None:
    seen: list[tuple[int, int | None]] = []
    resources = [patient("p1"), patient("p2"), about("1", "Patient/p1"), about("2", "Patient/gone")]
    engine = InMemory(gather(lines(*resources)))
    found = engine.screen(plan(), as_of(), progress=lambda done, total: seen.append((done, total)))
    assert (found.patients, found.outside) == (2, {"S1": 1})
    assert [subject.patient for subject in found.subjects] == ["p1"]
    assert [(aside.where, aside.reason) for aside in found.set_aside] == [
        ("Condition/2", "about a patient who is not in the data")
    ]
    assert not found.complete
    assert seen == [(1, 2), (2, 2)]
    one = engine.screen(plan(), as_of(), patients=["p2"])
    assert (one.patients, one.subjects) == (1, [])
