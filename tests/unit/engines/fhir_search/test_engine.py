"""The search engine against a server that does what it is told, held against the engine in memory."""

from __future__ import annotations

from collections import Counter
from functools import cache
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from fhirscreen import synthetic
from fhirscreen.engines.base import Depth, Screened
from fhirscreen.engines.fhir_search import FhirSearch
from fhirscreen.engines.in_memory import InMemory, gather
from fhirscreen.exceptions import DataError, ServerError
from fhirscreen.fhir.folders import Line
from fhirscreen.verdicts.reasons import Reason
from fhirscreen.verdicts.standings import Gate, Standing, Verdict
from tests.lib.demo import demo_as_of, demo_plan
from tests.lib.searchable import Resource, Searchable

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
NEOADJUVANT = "NCT06907602"
Key = tuple[str, str, str]


@cache
def cohort() -> synthetic.Cohort:
    return synthetic.generate(patients=70)


@cache
def resources() -> tuple[Resource, ...]:
    found = cohort()
    return (*found.others, *(each for record in found.resources.values() for each in record))


@cache
def memory() -> Screened:
    lines = [Line("test", resource) for resource in resources()]
    return InMemory(gather(lines)).screen(demo_plan(), demo_as_of())


def search(server: Searchable, depth: Depth = Depth.FULL, **options: Any) -> Screened:
    with server.client(concurrency=options.pop("concurrency", 3)) as client:
        return FhirSearch(client).screen(demo_plan(), demo_as_of(), depth=depth, **options)


def rows(screened: Screened) -> dict[Key, Any]:
    return {
        (subject.study, subject.patient, verdict.criterion.id): verdict.proof[:7]
        for subject in screened.subjects
        for verdict in subject.verdicts
    }


def heads(screened: Screened) -> list[Any]:
    return [(s.study, s.patient, s.status, s.complete, *s[4:]) for s in screened.subjects]


def verdicts(screened: Screened, patient: str) -> list[Verdict]:
    return [v for s in screened.subjects if s.patient == patient for v in s.verdicts]


def test_full_depth_gives_the_rows_of_memory() -> None:
    found = search(Searchable(resources()))
    assert rows(found) == rows(memory())
    assert heads(found) == heads(memory())
    assert (found.gated, found.outside, found.patients) == (
        memory().gated,
        memory().outside,
        memory().patients,
    )
    assert (found.gaps, found.set_aside, found.complete) == ([], [], True)


@pytest.mark.parametrize("depth", Depth)
def test_who_is_outside_is_told_the_same_as_in_memory(depth: Depth) -> None:
    outside = [id for id in cohort().resources if id not in cohort().members]
    lines = [Line("test", resource) for resource in resources()]
    reference = InMemory(gather(lines)).screen(demo_plan(), demo_as_of(), patients=outside)
    found = search(Searchable(resources()), depth, patients=outside)
    assert found.outsiders == reference.outsiders
    assert len(found.outsiders) == sum(found.outside.values()) > 0
    assert memory().outsiders == [], "nobody was asked for by name"


def test_depth_candidates_drops_only_whom_the_reference_fails() -> None:
    found, reference = search(Searchable(resources()), Depth.CANDIDATES), rows(memory())
    decided = rows(found)
    assert 0 < len(decided) < len(reference)
    assert all(reference[key] == row for key, row in decided.items())
    assert heads(found) == heads(memory())
    for subject in found.subjects:
        failed = [v for v in subject.verdicts if v.standing is Standing.FAILED]
        assert len(failed) <= 1
        whole = sum(1 for study, patient, _ in reference if (study, patient) == subject[:2])
        assert failed or len(subject.verdicts) == whole


LOCAL = {"coding": [{"system": "http://hospital.example/problems", "code": "P-17"}]}


@pytest.mark.parametrize(
    "code", [{"text": "trouble of the lungs"}, LOCAL, None], ids=["text", "local", "none"]
)
@pytest.mark.parametrize("depth", Depth)
def test_a_diagnosis_that_no_code_tells_of_keeps_silence_from_being_no_as_in_memory(
    depth: Depth, code: Resource | None
) -> None:
    patient = min(subject.patient for subject in memory().subjects if subject.status is not None)
    diagnosis: Resource = {
        "resourceType": "Condition",
        "id": "untold",
        "subject": {"reference": f"Patient/{patient}"},
        "onsetDateTime": "2025-05-01",
        **({"code": code} if code else {}),
    }
    everything = (*resources(), diagnosis)
    lines = [Line("test", resource) for resource in everything]
    reference = rows(InMemory(gather(lines)).screen(demo_plan(), demo_as_of()))
    opened = {key for key, row in reference.items() if "Condition/untold" in row[3]}
    found = rows(search(Searchable(everything), depth))
    assert {key: found[key] for key in opened} == {key: reference[key] for key in opened} != {}


def test_depth_candidates_costs_less() -> None:
    received = []
    for depth in Depth:
        server = Searchable(resources())
        with server.client() as client:
            found = FhirSearch(client).screen(demo_plan(), demo_as_of(), depth=depth)
        received.append(sum(each["received"] for each in found.counts["searches"].values()))
    assert received[1] < received[0]


@pytest.mark.parametrize("depth", Depth)
def test_neither_order_nor_threads_show(depth: Depth) -> None:
    one = search(Searchable(resources()), depth, concurrency=1)
    other = search(Searchable(resources(), backwards=True), depth, concurrency=4)
    assert one == other


@pytest.mark.parametrize("depth", Depth)
def test_a_server_that_ends_early_is_asked_until_all_is_there(depth: Depth) -> None:
    most = Counter(each["resourceType"] for each in resources())
    limit = 40
    assert most["Patient"] > limit
    found = search(Searchable(resources(), limit=limit), depth)
    assert found.gaps == []
    assert rows(found) == rows(search(Searchable(resources()), depth))


def test_what_cannot_be_made_whole_is_not_fetched() -> None:
    """A patient with more records of one code than the server gives."""
    patient = next(s.patient for s in memory().subjects if s.status is not None)
    platelets = next(r for r in resources() if r["id"] == f"{patient}-platelets-1")
    more = [platelets | {"id": f"{patient}-more-{number}"} for number in range(50)]
    found = search(Searchable([*resources(), *more], limit=40))
    assert found.gaps == [
        "Observation was not fetched whole (1 patients or references): the server counts more than it gives"
    ]
    others = {key: row for key, row in rows(memory()).items() if key[1] != patient}
    assert {key: row for key, row in rows(found).items() if key[1] != patient} == others
    reasons = {v.criterion.id: v.proof.reason for v in verdicts(found, patient)}
    assert reasons["platelets"] is Reason.NOT_FETCHED
    assert reasons["age"] is None
    assert not any(s.complete for s in found.subjects if s.patient == patient)
    assert patient not in str(found.gaps) + str(found.counts)


def test_a_record_that_does_not_say_of_whom_it_is_is_open_for_whom_it_was_found() -> None:
    patient = next(s.patient for s in memory().subjects if s.status is not None)
    nameless = next(r for r in resources() if r["id"] == f"{patient}-platelets-1")
    nameless = nameless | {"id": "nameless", "subject": {"identifier": {"value": patient}}}
    found = search(Searchable([*resources(), nameless]))
    others = {key: row for key, row in rows(memory()).items() if key[1] != patient}
    assert {key: row for key, row in rows(found).items() if key[1] != patient} == others
    reasons = {v.criterion.id: v.proof.reason for v in verdicts(found, patient)}
    assert reasons["platelets"] is Reason.NOT_FETCHED
    assert [(each.where, each.reason) for each in found.set_aside] == [
        ("Observation/nameless", "about no patient that can be told")
    ]
    assert any("a record does not say of which patient it is" in gap for gap in found.gaps)


def _panel(resource: Resource) -> Resource:
    """A measurement as the only component of a panel that no mapping knows."""
    if resource["resourceType"] != "Observation" or "valueQuantity" not in resource:
        return resource
    own = ("code", "valueQuantity", "referenceRange", "interpretation")
    part = {name: resource[name] for name in own if name in resource}
    whole = {name: value for name, value in resource.items() if name not in own}
    code = {"coding": [{"system": "http://hospital.example/labs", "code": "PANEL"}]}
    return {**whole, "code": code, "component": [part]}


def test_results_in_components_are_found_as_in_memory() -> None:
    """By `combo-code`; a server that does not have it is asked for all Observations."""
    panels = [_panel(each) for each in resources()]
    lines = [Line("test", resource) for resource in panels]
    reference = InMemory(gather(lines)).screen(demo_plan(), demo_as_of())
    assert any("component" in each for each in panels)
    count = (NEOADJUVANT, "platelets")
    read = {k[1]: v for k, v in rows(reference).items() if (k[0], k[2]) == count}
    assert {k: v[0] for k, v in read.items()} == {
        k[1]: v[0] for k, v in rows(memory()).items() if (k[0], k[2]) == count
    }
    for lacking in ((), ("combo-code",)):
        server = Searchable(panels, lacks=lacking)
        assert rows(search(server)) == rows(reference)
        asked = [form for type, form in server.searches if type == "Observation"]
        assert any("combo-code" in form for form in asked) is not bool(lacking)
        assert not any("code" in form for form in asked)


def _asked_without(server: Searchable) -> bool:
    """Whether patients' diagnoses were asked for but for those of the population."""
    return any(
        type == "Condition" and {"patient", "code:not"} <= form.keys() for type, form in server.searches
    )


@pytest.mark.parametrize("depth", Depth)
def test_diagnoses_of_the_population_come_once(depth: Depth) -> None:
    server = Searchable(resources())
    found = rows(search(server, depth))
    assert {key: rows(memory())[key] for key in found} == found
    assert _asked_without(server)
    named = {
        form["code"]
        for type, form in server.searches
        if type == "Condition" and "_count" in form and "code" in form
    }
    again = [form["_id"] for type, form in server.searches if type == "Condition" and "_id" in form]
    assert len(named) == 1
    ids = {id for listed in again for id in listed.split(",")}
    coded = {
        each["id"]
        for each in resources()
        if each["resourceType"] == "Condition" and _codes(each) & _set(named)
    }
    assert ids
    assert not ids & coded


def _codes(resource: Resource) -> set[str]:
    return {coding["code"] for coding in resource["code"]["coding"]}


def _of_population(condition: Resource) -> bool:
    return any(code.startswith("C15") for code in _codes(condition))


def _set(joined: set[str]) -> set[str]:
    return {code for each in joined for code in each.split(",")}


def _uncoded(patient: str, number: int) -> Resource:
    return {
        "resourceType": "Condition",
        "id": f"uncoded-{number}",
        "subject": {"reference": f"Patient/{patient}"},
        "onsetDateTime": "2025-05-01",
        "code": {"text": "trouble of the lungs"},
    }


def test_a_server_that_reads_not_in_its_own_way_is_asked_for_all_diagnoses() -> None:
    """Its counts with the codes and without them add up, for it leaves out as many as it counts twice."""
    local = {"system": "http://hospital.example/problems", "code": "P-17"}
    several = [
        each | {"code": {"coding": [*each["code"]["coding"], local]}}
        for each in resources()
        if each["resourceType"] == "Condition" and _of_population(each)
    ]
    patient = min(subject.patient for subject in memory().subjects if subject.status is not None)
    instead = {each["id"]: each for each in several}
    everything = [instead.get(each["id"], each) for each in resources()]
    everything += [_uncoded(patient, number) for number, _ in enumerate(several)]
    lines = [Line("test", resource) for resource in everything]
    reference = rows(InMemory(gather(lines)).screen(demo_plan(), demo_as_of()))
    assert several
    for server in (
        Searchable(everything, mixed=True),
        Searchable(everything, refuse=lambda _, form: "code:not" in form),
        Searchable(everything, lacks=["code"]),
    ):
        found = search(server)
        assert rows(found) == reference
        assert found.gaps == []
        assert not _asked_without(server)


def test_a_diagnosis_of_somebody_who_is_not_on_the_server_makes_no_candidate() -> None:
    diagnosis = next(
        each for each in resources() if each["resourceType"] == "Condition" and _of_population(each)
    )
    stray = diagnosis | {"id": "stray", "subject": {"reference": "Patient/nobody"}}
    found = search(Searchable([*resources(), stray]))
    assert found.gaps == []
    assert rows(found) == rows(memory())


def test_a_diagnosis_of_the_population_that_does_not_say_of_whom_it_is_is_open_for_its_patient() -> None:
    patient = next(s.patient for s in memory().subjects if s.status is not None)
    diagnosis = next(
        each for each in resources() if each["resourceType"] == "Condition" and _of_population(each)
    )
    server = Searchable(
        [*resources(), diagnosis | {"id": "of-whom", "subject": {"identifier": {"value": patient}}}]
    )
    found = search(server)
    assert not _asked_without(server)
    assert any("a record does not say of which patient it is" in gap for gap in found.gaps)
    assert not any(s.complete for s in found.subjects if s.patient == patient)


def test_a_type_that_is_refused_leaves_nobody_out() -> None:
    found = search(Searchable(resources(), refuse=lambda type, _: type == "Procedure"))
    assert {key[:2] for key in rows(found)} == {key[:2] for key in rows(memory())}
    assert len(found.gaps) == 1
    assert found.gaps[0].startswith("Procedure was not fetched whole")
    reference = rows(memory())
    for subject in found.subjects:
        assert not subject.complete
        for verdict in subject.verdicts:
            key = (subject.study, subject.patient, verdict.criterion.id)
            assert verdict.proof.reason is Reason.NOT_FETCHED or verdict.proof[:7] == reference[key]
    assert found.counts["searches"]["Procedure"]["not_fetched"] > 0


def test_who_may_be_a_member_is_shown_where_that_cannot_be_told() -> None:
    """The search for members fails for one slice, and the fetch for its patients too."""
    patient = next(s.patient for s in memory().subjects)

    def refuse(type: str, form: dict[str, str]) -> bool:
        return type == "Condition" and f"Patient/{patient}" in form.get("patient", "").split(",")

    found = search(Searchable(resources(), refuse=refuse), patients=[patient])
    assert {s.patient for s in found.subjects} == {patient}
    assert {v.proof.reason for v in verdicts(found, patient)} >= {Reason.NOT_FETCHED}
    assert found.gaps


def test_a_population_that_cannot_be_searched_is_an_error() -> None:
    with pytest.raises(ServerError, match="403"):
        search(Searchable(resources(), refuse=lambda type, _: type == "Condition"))


def test_a_type_that_the_server_lacks_is_not_known() -> None:
    found = search(Searchable(resources(), lacks=["MedicationDispense"]))
    assert found.gaps == ["the server has no MedicationDispense: what only it records is not known"]
    assert {key[:2] for key in rows(found)} == {key[:2] for key in rows(memory())}


def test_a_server_that_counts_too_much_is_not_believed_to_be_whole() -> None:
    patient = next(s.patient for s in memory().subjects)
    found = search(Searchable(resources(), overcount=1), patients=[patient])
    assert {v.proof.reason for v in verdicts(found, patient)} == {
        Reason.NOT_FETCHED,
        *(v.proof.reason for v in verdicts(found, patient) if v.criterion.asks or v.criterion.unread),
    }


def test_only_the_patients_asked_for() -> None:
    wanted = [s.patient for s in memory().subjects][:2]
    found = search(Searchable(resources()), patients=wanted)
    assert rows(found) == {key: row for key, row in rows(memory()).items() if key[1] in wanted}
    assert found.patients == len(set(wanted))
    more = search(Searchable(resources()), patients=[*wanted, "somebody-else"])
    assert rows(more) == rows(found), "the others are screened all the same"
    assert (more.patients, more.outside) == (found.patients, found.outside)
    assert more.complete == found.complete
    with pytest.raises(DataError, match="the patient asked for is not on the server") as caught:
        more.unknown.check()
    assert "somebody-else" not in str(caught.value)


def test_records_follow_the_survivor_of_a_merge() -> None:
    merged, survivor = next(iter(cohort().merged.items()))
    found = search(Searchable(resources()), patients=[survivor])
    assert verdicts(found, survivor) == verdicts(memory(), survivor)
    evidence = {reference for v in verdicts(found, survivor) for reference in v.proof.evidence}
    of_the_merged = {f"{r['resourceType']}/{r['id']}" for r in cohort().resources[merged]}
    assert evidence & of_the_merged


def test_no_patient_stands_in_a_url() -> None:
    server = Searchable(resources())
    search(server)
    first = [request for request in server.requests if "start" not in request.url.params]
    assert not [request for request in first if request.url.query and b"_elements" not in request.url.query]
    assert any("patient" in form for _, form in server.searches)


def test_progress_ends_with_all_candidates() -> None:
    seen: list[tuple[int, int | None]] = []
    found = search(Searchable(resources()), progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, found.counts["candidates"]), "of how many is told before the first is fetched"
    assert seen[-1] == (found.counts["candidates"], found.counts["candidates"])
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_what_a_later_record_links_to_the_cancer_is_put_off() -> None:
    """Two active cancers: only the specimen of a creatinine, fetched last, tells which one T is about."""
    patient = next(
        s.patient
        for s in memory().subjects
        if s.status is not None and f"{s.patient}-t-1" in {r["id"] for r in resources()}
    )
    cancer = next(r for r in cohort().resources[patient] if r["id"] == f"{patient}-cancer-1")
    other = cancer | {"id": f"{patient}-other", "code": {"coding": [{"system": ICD10CM, "code": "C34.1"}]}}
    specimen = {"reference": f"Specimen/{patient}-s"}
    records = []
    for each in cohort().resources[patient]:
        each = {name: value for name, value in each.items() if name not in ("focus", "stage")}
        if each["id"].startswith((f"{patient}-t-", f"{patient}-creatinine-")):
            each["specimen"] = specimen
        if each["id"].startswith(f"{patient}-creatinine-"):
            each["focus"] = [{"reference": f"Condition/{patient}-cancer-1"}]
        records.append(each)
    data = [*cohort().others, *records, {n: v for n, v in other.items() if n != "stage"}]
    reference = InMemory(gather(Line("test", r) for r in data)).screen(demo_plan(), demo_as_of())
    ambiguous = {
        v.criterion.id for v in verdicts(reference, patient) if v.proof.reason is Reason.AMBIGUOUS_FOCUS
    }
    assert "t-stage" not in ambiguous
    assert "n-stage" in ambiguous
    found = search(Searchable(data), Depth.CANDIDATES)
    assert rows(found).items() <= rows(reference).items()
    assert (NEOADJUVANT, patient, "t-stage") in rows(found)


def shown() -> set[str]:
    """Whoever a list shows: Encounters are asked of them alone."""
    return {s.patient for s in memory().subjects if s.status is not None or s.near_miss is not None}


def encounter_searches(server: Searchable) -> list[dict[str, str]]:
    return [form for type, form in server.searches if type == "Encounter"]


@pytest.mark.parametrize("depth", Depth)
def test_encounters_are_asked_of_whoever_a_list_shows_and_no_more_of_them_than_is_read(depth: Depth) -> None:
    assert ("transferred out",) in {s.notes for s in memory().subjects}
    server = Searchable(resources())
    search(server, depth)
    forms = encounter_searches(server)
    asked = {each.removeprefix("Patient/") for form in forms for each in form["patient"].split(",")}
    merged = {g.patient for g in memory().gated if g.gate is Gate.MERGED}
    assert forms
    assert asked - merged <= shown()
    read = {"hospitalization,implicitRules,modifierExtension,period,status,subject"}
    assert {form["_elements"] for form in forms} == read


def test_encounters_that_do_not_come_are_a_gap_and_make_no_verdict_less_sure() -> None:
    found = search(Searchable(resources(), refuse=lambda type, _: type == "Encounter"))
    assert len(found.gaps) == 1
    assert found.gaps[0].startswith("Encounter was not fetched whole")
    assert rows(found) == rows(memory())
    assert [s.complete for s in found.subjects] == [s.complete for s in memory().subjects]
    assert not any("transferred out" in s.notes for s in found.subjects)


def test_a_server_without_encounters_is_asked_for_none() -> None:
    server = Searchable(resources(), lacks=["Encounter"])
    assert search(server).gaps == []
    assert encounter_searches(server) == []


def test_a_malformed_encounter_is_set_aside_as_in_memory() -> None:
    patient = next(s.patient for s in memory().subjects if s.status is not None)
    stay = {"resourceType": "Encounter", "id": "stay", "status": "finished", "period": {"end": "2026-13"}}
    spoilt = [*resources(), stay | {"subject": {"reference": f"Patient/{patient}"}}]
    reference = InMemory(gather(Line("test", each) for each in spoilt)).screen(demo_plan(), demo_as_of())
    found = search(Searchable(spoilt))
    assert [(each.where, each.reason) for each in found.set_aside] == [
        ("Encounter/stay", "period.end is not a FHIR date or dateTime")
    ]
    assert [each[:2] for each in reference.set_aside] == [each[:2] for each in found.set_aside]
    assert heads(found) == heads(reference)
    assert rows(found) == rows(reference)


def test_the_searches_of_a_step_are_sent_at_once() -> None:
    both = Barrier(2)

    def wait(type: str, form: dict[str, str]) -> bool:
        if type in ("Consent", "ResearchSubject") and "patient" in form:
            try:
                both.wait(60)
            except BrokenBarrierError:  # one was sent only when the other had been answered
                return True
        return False

    one = sorted(cohort().resources)[:1]
    found = search(Searchable(resources(), refuse=wait), patients=one)
    assert (found.gaps, both.broken) == ([], False)
