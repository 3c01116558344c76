from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import httpx
import orjson
import pytest

from fhirscreen.exceptions import Conflict, NotFhir, OutcomeError, Unreachable, UsageError
from fhirscreen.fhir_client import Request
from tests.lib.transport import BASE, Server, outcome, reply

SUBJECT: dict[str, Any] = {"resourceType": "ResearchSubject", "id": "s", "status": "candidate"}


class Store:
    """One resource with versions, If-Match and conflicts; `between` runs after each read, once each."""

    def __init__(self, resource: dict[str, Any] | None, *between: Callable[[Store], None]) -> None:
        self.resource = resource
        self.version = 1 if resource else 0
        self.between = list(between)

    def put(self, resource: dict[str, Any]) -> None:
        self.resource = resource
        self.version += 1

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            found = self.resource
            answer = reply(found, etag=f'W/"{self.version}"') if found else outcome(404, "not-found")
            if self.between:
                self.between.pop(0)(self)
            return answer
        wanted = request.headers.get("if-match")
        if wanted is not None and wanted != f'W/"{self.version}"':
            return outcome(409, "conflict")
        status = 200 if self.resource else 201
        self.put(orjson.loads(request.content))
        return httpx.Response(status, headers={"etag": f'W/"{self.version}"'})


def fit(current: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a publisher does: keep what a person set."""
    if current is None:
        return SUBJECT
    return None if current["status"] == "on-study" else {**current, "status": "ineligible"}


def revise(store: Store) -> tuple[Any, Server]:
    server = Server(store)
    with server.client() as client:
        return client.revise("ResearchSubject", "s", fit), server


def test_a_new_resource_is_created() -> None:
    store = Store(None)
    written, server = revise(store)
    assert (written.created, written.etag, store.resource) == (True, 'W/"1"', SUBJECT)
    assert server.requests[1].headers["prefer"] == "return=minimal"


def test_a_change_goes_over_the_version_that_was_read() -> None:
    store = Store(SUBJECT)
    written, server = revise(store)
    assert not written.created
    assert server.requests[1].headers["if-match"] == 'W/"1"'
    assert store.resource == SUBJECT | {"status": "ineligible"}


def test_nothing_is_written_where_nothing_changes() -> None:
    written, server = revise(Store(SUBJECT | {"status": "ineligible"}))
    assert written is None
    assert len(server.requests) == 1


def test_what_someone_sets_in_between_is_kept() -> None:
    store = Store(SUBJECT, lambda s: s.put(SUBJECT | {"status": "on-study"}))
    written, _ = revise(store)
    assert written is None
    assert store.resource == SUBJECT | {"status": "on-study"}


def test_two_who_create_at_once_look_again() -> None:
    store = Store(None, lambda s: s.put(SUBJECT))
    written, server = revise(store)
    assert [request.method for request in server.requests] == ["GET", "PUT", "GET", "PUT"]
    assert store.resource == SUBJECT | {"status": "ineligible"}
    assert not written.created


def test_a_resource_that_never_rests_is_a_conflict() -> None:
    def meddle(store: Store) -> None:
        store.put({**SUBJECT, "note": str(store.version)})

    with pytest.raises(Conflict):
        revise(Store(SUBJECT, *[meddle] * 20))


def test_the_version_of_the_body_serves_where_there_is_no_etag() -> None:
    server = Server([reply(SUBJECT | {"meta": {"versionId": "5"}}), httpx.Response(200)])
    with server.client() as client:
        client.revise("ResearchSubject", "s", fit)
    assert server.requests[1].headers["if-match"] == 'W/"5"'


@pytest.mark.parametrize(("status", "found"), [(404, None), (410, None), (200, SUBJECT)])
def test_reading(status: int, found: object) -> None:
    answer = reply(SUBJECT) if status == 200 else outcome(status)
    with Server([answer]).client() as client:
        assert client.read("ResearchSubject", "s") == found


@pytest.mark.parametrize("answer", [httpx.Response(404), reply({"message": "no upstream"}, 404)])
def test_what_a_proxy_says_is_no_resource_that_is_missing(answer: httpx.Response) -> None:
    with Server([answer]).client() as client, pytest.raises(NotFhir):
        client.read("ResearchSubject", "s")


def test_creating_once() -> None:
    server = Server([httpx.Response(201, headers={"location": f"{BASE}/ResearchSubject/42/_history/1"})])
    with server.client() as client:
        written = client.create(SUBJECT, if_none_exist={"identifier": "urn:x|1"})
    assert (written.id, written.created) == ("42", True)
    assert server.requests[0].headers["if-none-exist"] == "identifier=urn%3Ax%7C1"
    assert "id" not in orjson.loads(server.requests[0].content)


def test_conditional_update_and_its_conflict() -> None:
    server = Server([reply(SUBJECT), outcome(412, "multiple-matches")])
    with server.client() as client:
        assert not client.update_where(SUBJECT, {"identifier": "urn:x|1"}).created
        with pytest.raises(Conflict, match="412, multiple-matches") as caught:
            client.update_where(SUBJECT, {"identifier": "urn:x|1"})
    assert str(server.requests[0].url) == f"{BASE}/ResearchSubject?identifier=urn%3Ax%7C1"
    assert caught.value.where == f"{BASE}/ResearchSubject (identifier)"


def test_what_cannot_be_written() -> None:
    with Server([reply({})]).client() as client:
        with pytest.raises(UsageError, match="without id"):
            client.update({"resourceType": "List"})
        with pytest.raises(UsageError, match="resourceType"):
            client.create({"id": "x"})


def test_a_batch_answers_in_its_order() -> None:
    answer = {
        "resourceType": "Bundle",
        "type": "batch-response",
        "entry": [
            {"response": {"status": "200 OK", "etag": 'W/"3"'}, "resource": SUBJECT},
            {
                "response": {
                    "status": "404 Not Found",
                    "outcome": {
                        "resourceType": "OperationOutcome",
                        "issue": [{"severity": "error", "code": "not-found"}],
                    },
                }
            },
            {"response": {"status": "201 Created", "location": "ResearchSubject/s/_history/1"}},
        ],
    }
    server = Server([reply(answer)])
    with server.client() as client:
        replies = client.batch(
            [
                Request("GET", "A/1"),
                Request("GET", "A/2"),
                Request("PUT", "ResearchSubject/s", SUBJECT, if_match='W/"2"'),
            ]
        )
    assert [(each.status, each.fine) for each in replies] == [(200, True), (404, False), (201, True)]
    assert replies[0].resource == SUBJECT
    assert replies[1].issues[0].code == "not-found"
    sent = orjson.loads(server.requests[0].content)
    assert (sent["type"], str(server.requests[0].url)) == ("batch", BASE)
    assert sent["entry"][2]["request"] == {"method": "PUT", "url": "ResearchSubject/s", "ifMatch": 'W/"2"'}


def test_a_batch_that_is_answered_in_part_is_no_answer() -> None:
    with Server([reply({"resourceType": "Bundle", "entry": []})]).client() as client:
        assert client.batch([]) == []
        with pytest.raises(NotFhir, match="0 entries of a batch of 1"):
            client.batch([Request("GET", "A/1")])


@pytest.mark.parametrize(("status", "error"), [(409, Conflict), (412, Conflict), (400, OutcomeError)])
def test_a_transaction_that_is_refused(status: int, error: type[Exception]) -> None:
    with Server([outcome(status)]).client() as client, pytest.raises(error):
        client.transaction([Request("PUT", "List/1", {"resourceType": "List", "id": "1"})])


@pytest.mark.parametrize(
    ("request_", "tries"),
    [
        (Request("POST", "List", {"resourceType": "List"}), 1),
        (Request("POST", "List", {"resourceType": "List"}, if_none_exist="identifier=1"), 2),
        (Request("PUT", "List/1", {"resourceType": "List", "id": "1"}), 2),
    ],
)
def test_a_transaction_is_sent_again_only_where_that_is_safe(request_: Request, tries: int) -> None:
    done = reply({"resourceType": "Bundle", "entry": [{"response": {"status": "201"}}]})
    server = Server([httpx.ReadError("cut"), done])
    with server.client() as client, nullcontext() if tries > 1 else pytest.raises(Unreachable):
        client.transaction([request_])
    assert len(server.requests) == tries
