from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from fhirscreen.exceptions import OutcomeError, Unauthorised
from fhirscreen.fhir_client import Flaw, Limits, TooLong
from tests.lib.transport import BASE, Server, bundle, form_of, html, ids, observations, outcome, reply

PATIENTS = [f"Patient/{number:03}" for number in range(100)]


def one_each(request: httpx.Request) -> httpx.Response:
    """One observation a patient."""
    subjects = form_of(request)["subject"].split(",")
    return reply(bundle(observations(*(subject[-3:] for subject in subjects)), total=len(subjects)))


def at_most(limit: int) -> Any:
    """As HAPI with a fetch limit: counts all, gives `limit`."""

    def answer(request: httpx.Request) -> httpx.Response:
        subjects = form_of(request)["subject"].split(",")
        return reply(bundle(observations(*(s[-3:] for s in subjects[:limit])), total=len(subjects)))

    return answer


def test_many_values_are_split_by_length_and_come_in_order() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        time.sleep(0.02 if "000" in request.content.decode() else 0)  # the first comes last
        return one_each(request)

    server = Server(answer)
    with server.client(limits=Limits(body=300)) as client:
        found = list(client.search_each("Observation", {"code": "x"}, "subject", PATIENTS))
    assert [id for part in found for id in ids(part.matches)] == [patient[-3:] for patient in PATIENTS]
    assert [value for part in found for value in part.values] == PATIENTS
    assert all(len(request.content) <= 300 for request in server.requests)
    assert 5 < len(server.requests) < 20


def test_at_most_so_many_values_a_request() -> None:
    server = Server(one_each)
    with server.client() as client:
        assert [
            len(p.values) for p in client.search_each("Observation", {}, "subject", PATIENTS, most=40)
        ] == [40, 40, 20]
        assert list(client.search_each("Observation", {}, "subject", [])) == []


def test_what_comes_short_is_split_until_it_is_whole() -> None:
    server = Server(at_most(30))
    with server.client() as client:
        found = next(client.search_each("Observation", {}, "subject", PATIENTS))
    assert (len(found.matches), found.count, found.whole) == (100, 100, True)
    assert found.values == tuple(PATIENTS)
    assert len(server.requests) == 7


def test_splitting_ends_where_it_finds_no_more() -> None:
    # a server whose count is wrong for good, such as one that hides what we may not see
    def answer(request: httpx.Request) -> httpx.Response:
        subjects = form_of(request)["subject"].split(",")
        return reply(bundle(observations(*(s[-3:] for s in subjects)), total=len(subjects) + 1))

    server = Server(answer)
    with server.client() as client:
        found = next(client.search_each("Observation", {}, "subject", PATIENTS))
    assert (len(found.matches), found.flaws) == (100, frozenset({Flaw.SHORT}))
    assert len(server.requests) == 3


def test_one_patient_who_is_short_stays_short() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        hidden = int("Patient/007" in form_of(request)["subject"])
        subjects = form_of(request)["subject"].split(",")
        given = observations(*(s[-3:] for s in subjects))[: 50 if len(subjects) > 50 else None]
        return reply(bundle(given, total=len(subjects) + hidden))

    with Server(answer).client() as client:
        found = next(client.search_each("Observation", {}, "subject", PATIENTS))
    assert len(found.matches) == 100
    assert found.flaws == frozenset({Flaw.SHORT})


def test_a_resource_that_two_parts_find_comes_once() -> None:
    server = Server([reply(bundle(observations("same"), total=1))])
    with server.client() as client:
        parts = list(client.search_each("Observation", {}, "code", ["a", "b"], most=1))
    assert [ids(part.matches) for part in parts] == [["same"], []]


def test_a_failing_part_is_raised_and_the_rest_is_left() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return outcome(400) if "Patient/010" in form_of(request)["subject"] else one_each(request)

    server = Server(answer)
    with server.client(concurrency=2) as client, pytest.raises(OutcomeError):
        list(client.search_each("Observation", {}, "subject", PATIENTS, most=1))
    assert len(server.requests) < 40


@pytest.mark.parametrize("failure", [outcome(500), httpx.ReadTimeout("slow")])
def test_a_failing_part_may_leave_the_others(failure: httpx.Response | Exception) -> None:
    def answer(request: httpx.Request) -> httpx.Response | Exception:
        return failure if "Patient/010" in form_of(request)["subject"] else one_each(request)

    with Server(answer).client() as client:
        parts = list(client.search_each("Observation", {}, "subject", PATIENTS, most=20, keep_going=True))
    assert [part.flaws for part in parts] == [frozenset({Flaw.FAILED}), *[frozenset()] * 4]
    assert [len(part.matches) for part in parts] == [0, 20, 20, 20, 20]
    assert (parts[0].values, parts[0].whole) == (tuple(PATIENTS[:20]), False)
    assert parts[0].error is not None


def test_who_may_not_ask_does_not_go_on() -> None:
    with Server([outcome(403)]).client() as client, pytest.raises(Unauthorised):
        list(client.search_each("Observation", {}, "subject", PATIENTS, most=20, keep_going=True))


@pytest.mark.parametrize("refusal", [html(405), outcome(501), outcome(404), reply({}, 415)])
def test_where_post_is_refused_impersonal_searches_go_by_get(refusal: httpx.Response) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return refusal if request.method == "POST" else reply(bundle(observations("a"), total=1))

    server = Server(answer)
    with server.client() as client:
        assert [ids(client.gather("Observation", {"code": "s|c"}).matches) for _ in range(2)] == [
            ["a"],
            ["a"],
        ]
    assert [request.method for request in server.requests] == ["POST", "GET", "GET"]
    assert str(server.requests[1].url) == f"{BASE}/Observation?code=s%7Cc&_total=accurate"


@pytest.mark.parametrize("refusal", [html(405), outcome(404)])
def test_a_search_about_patients_never_goes_by_get(refusal: httpx.Response) -> None:
    server = Server([refusal])
    with server.client() as client, pytest.raises(OutcomeError) as caught:
        client.gather("Observation", {"code": "c", "subject": "Patient/77"})
    assert {request.method for request in server.requests} == {"POST"}
    assert "77" not in str(caught.value)


def test_urls_are_kept_short_where_only_get_works() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return html(405)
        return reply(
            bundle(
                observations(*form_of(request)["code"].split(",")),
                total=len(form_of(request)["code"].split(",")),
            )
        )

    codes = [f"code-{number}" for number in range(200)]
    server = Server(answer)
    with server.client(limits=Limits(url=500)) as client:
        found = list(client.search_each("Observation", {}, "code", codes))
    assert [id for part in found for id in ids(part.matches)] == codes
    assert max(len(str(request.url)) for request in server.requests) <= 500


def test_a_server_that_finds_it_too_long_gets_halves() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return html(413) if len(request.content) > 700 else one_each(request)

    with Server(answer).client() as client:
        found = next(client.search_each("Observation", {}, "subject", PATIENTS))
    assert (len(found.matches), found.whole) == (100, True)


def test_one_value_that_is_too_long_is_an_error() -> None:
    server = Server([reply(bundle())])
    with server.client(limits=Limits(body=100)) as client, pytest.raises(TooLong):
        list(client.search_each("Observation", {}, "code", ["x" * 200]))
    assert not server.requests


def test_counting() -> None:
    server = Server([reply(bundle(total=7))])
    with server.client() as client:
        assert client.count("Observation", {"code": "x", "_count": "9", "_elements": "code"}) == 7
    assert server.forms == [{"code": "x", "_summary": "count"}]


def test_a_patient_is_read_without_the_id_in_a_url() -> None:
    server = Server(
        [reply(bundle([{"resourceType": "Patient", "id": "77"}], total=1)), reply(bundle(total=0))]
    )
    with server.client() as client:
        assert client.read("Patient", "77") == {"resourceType": "Patient", "id": "77"}
        assert client.read("Patient", "77") is None
    assert all("77" not in str(request.url) for request in server.requests)


def test_work_is_spread_and_comes_in_order() -> None:
    with Server([reply({})]).client(concurrency=3) as client:
        assert list(client.spread(lambda number: number * number, range(50))) == [n * n for n in range(50)]
