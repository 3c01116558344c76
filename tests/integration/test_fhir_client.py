"""The client against a real HAPI. Counts are compared, never status codes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhirscreen.access.audits import Access
from fhirscreen.bootstrap.telling import make_audit_poster
from fhirscreen.exceptions import Conflict, OutcomeError
from fhirscreen.fhir_client import Client, Flaw, Request
from tests.lib.hapi import Hapi
from tests.lib.service import client_of, service_for
from tests.lib.transport import ids

pytestmark = pytest.mark.hapi

PATIENTS = 60
EACH = 60
LOINC = "http://loinc.org"
ALL = [f"Patient/p{number}" for number in range(PATIENTS)]


def cohort() -> Iterator[dict[str, Any]]:
    for patient in range(PATIENTS):
        yield {"resourceType": "Patient", "id": f"p{patient}"}
        for number in range(EACH):
            yield {
                "resourceType": "Observation",
                "id": f"o{patient}-{number}",
                "status": "final",
                "code": {"coding": [{"system": LOINC, "code": "777-3" if number % 2 else "718-7"}]},
                "subject": {"reference": f"Patient/p{patient}"},
            }


@pytest.fixture(scope="module")
def client(hapi: Hapi) -> Iterator[Client]:
    hapi.load(cohort())
    with Client(hapi.base) as client:
        yield client


@pytest.fixture(scope="module")
def short(hapi_short: Hapi) -> Iterator[Client]:
    hapi_short.load(cohort())
    with Client(hapi_short.base) as client:
        yield client


def test_capabilities(client: Client) -> None:
    found = client.capabilities
    assert (found.fhir_version, found.software) == ("4.0.1", "HAPI FHIR Server")
    assert found.searches("Observation", "code")
    assert not found.searches("Observation", "nonsense")
    assert found.types["ResearchSubject"].conditional_create
    assert client.smart is None


def test_a_search_is_paged_to_its_end(client: Client) -> None:
    search = client.search("Observation", {"code": f"{LOINC}|777-3", "_count": "500"})
    pages = list(search)
    assert len(pages) == 4
    assert (search.found, search.count, search.whole) == (PATIENTS * EACH // 2, PATIENTS * EACH // 2, True)
    assert not search.flaws


def test_included_resources_are_apart(client: Client) -> None:
    found = client.gather("Patient", {"_id": "p1,p2", "_revinclude": "Observation:subject"})
    assert (ids(found.matches), len(found.included), found.count) == (["p1", "p2"], 2 * EACH, 2)


def test_many_patients_in_parts(client: Client) -> None:
    before = client.traffic
    parts = list(
        client.search_each("Observation", {"_elements": "code", "_count": "1000"}, "subject", ALL, most=25)
    )
    spent = client.traffic - before
    assert [len(part.matches) for part in parts] == [25 * EACH, 25 * EACH, 10 * EACH]
    assert all(part.whole for part in parts)
    assert {len(set(ids(part.matches))) for part in parts} == {25 * EACH, 10 * EACH}
    assert spent.requests == 5
    assert 0 < spent.received < spent.decoded / 5, "HAPI compresses what it sends"


def test_counting(client: Client) -> None:
    assert client.count("Observation", {"code": f"{LOINC}|718-7"}) == PATIENTS * EACH // 2
    assert client.count("Observation", {"code": f"{LOINC}|0-0"}) == 0


def test_a_fetch_limit_is_noticed(short: Client) -> None:
    found = short.gather("Observation", {"_count": "500"})
    assert found.flaws == frozenset({Flaw.SHORT})
    assert found.count == PATIENTS * EACH
    assert len(found.matches) < found.count


def test_a_fetch_limit_is_overcome_by_splitting(short: Client) -> None:
    parts = list(short.search_each("Observation", {"_count": "500"}, "subject", ALL))
    assert len(parts) == 1
    assert (len(parts[0].matches), parts[0].count, parts[0].whole) == (PATIENTS * EACH, PATIENTS * EACH, True)


def test_what_was_just_written_is_found(client: Client) -> None:
    wanted = {"code": "urn:x|fresh"}
    assert client.count("Basic", wanted) == 0
    assert not client.gather("Basic", wanted).matches
    client.create({"resourceType": "Basic", "code": {"coding": [{"system": "urn:x", "code": "fresh"}]}})
    assert (client.count("Basic", wanted), len(client.gather("Basic", wanted).matches)) == (1, 1)


def test_an_unknown_parameter_is_refused_without_its_value(client: Client) -> None:
    with pytest.raises(OutcomeError, match="400, processing, HAPI-0524") as caught:
        client.gather("Observation", {"nonsense": "Smith"})
    assert "Smith" not in str(caught.value)
    assert caught.value.where == f"{client.base}/Observation/_search (nonsense)"


def test_reading(client: Client) -> None:
    patient, observation = client.read("Patient", "p1"), client.read("Observation", "o1-1")
    assert patient is not None
    assert observation is not None
    assert (patient["id"], observation["subject"]["reference"]) == ("p1", "Patient/p1")
    assert client.read("Patient", "nobody") is None
    assert client.read("Observation", "nothing") is None


def subject(id: str, status: str = "candidate") -> dict[str, Any]:
    return {
        "resourceType": "ResearchSubject",
        "id": id,
        "identifier": [{"system": "urn:x", "value": id}],
        "status": status,
        "study": {"display": "a study"},
        "individual": {"reference": "Patient/p1"},
    }


def test_creating_twice_makes_one(client: Client) -> None:
    condition = {"identifier": "urn:x|once"}
    first = client.create(subject("once"), if_none_exist=condition)
    second = client.create(subject("once"), if_none_exist=condition)
    assert first.id is not None
    assert (first.id, first.created, second.created) == (second.id, True, False)
    assert client.update_where({**subject("once", "screening"), "id": first.id}, condition).etag == 'W/"2"'
    assert client.count("ResearchSubject", condition) == 1


def test_a_stale_version_is_a_conflict(client: Client) -> None:
    assert client.update(subject("stale")).created
    assert client.update(subject("stale", "screening"), if_match='W/"1"').etag == 'W/"2"'
    with pytest.raises(Conflict, match="409"):
        client.update(subject("stale", "on-study"), if_match='W/"1"')


def test_all_changes_of_many_writers_arrive(client: Client) -> None:
    client.update({"resourceType": "List", "id": "shared", "status": "current", "mode": "working"})

    def add(writer: int) -> None:
        def change(current: dict[str, Any] | None) -> dict[str, Any]:
            assert current is not None
            return {**current, "entry": [*current.get("entry", []), {"item": {"display": str(writer)}}]}

        client.revise("List", "shared", change)

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(add, range(4)))
    found = client.read("List", "shared")
    assert found is not None
    assert {entry["item"]["display"] for entry in found["entry"]} == set("0123")


def test_two_who_publish_at_once_leave_one(client: Client) -> None:
    def publish(_: int) -> None:
        client.revise("ResearchSubject", "both", lambda current: None if current else subject("both"))

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(publish, range(4)))
    assert client.count("ResearchSubject", {"identifier": "urn:x|both"}) == 1


def test_a_batch_answers_each_for_itself(client: Client) -> None:
    replies = client.batch(
        [
            Request("GET", "Observation?code=777-3&_summary=count"),
            Request("GET", "Observation/nothing"),
            Request("PUT", "ResearchSubject/batched", subject("batched")),
        ]
    )
    assert [(each.status, each.fine) for each in replies] == [(200, True), (404, False), (201, True)]
    assert replies[0].resource is not None
    assert replies[0].resource["total"] == PATIENTS * EACH // 2
    assert str(replies[1].issues[0]) == "exception, HAPI-2001"


def test_a_transaction_is_all_or_nothing(client: Client) -> None:
    good = Request("PUT", "ResearchSubject/whole", subject("whole"))
    dangling = {**subject("broken"), "individual": {"reference": "Patient/nobody"}}
    with pytest.raises(OutcomeError, match="HAPI-1094"):
        client.transaction([good, Request("PUT", "ResearchSubject/broken", dangling)])
    assert client.read("ResearchSubject", "whole") is None
    assert [each.status for each in client.transaction([good])] == [201]
    assert client.read("ResearchSubject", "whole") is not None


def value_set(id: str, size: int) -> dict[str, Any]:
    codes = [{"code": f"c{number}", "display": f"name{number}"} for number in range(size)]
    return {
        "resourceType": "ValueSet",
        "id": id,
        "url": f"http://example.org/fhirscreen/{id}",
        "status": "active",
        "compose": {"include": [{"system": "http://example.org/fhirscreen/cs", "concept": codes}]},
    }


def test_expansion(client: Client) -> None:
    client.update(value_set("many", 900))
    for found in (
        client.expand(id="many"),
        client.expand(url="http://example.org/fhirscreen/many"),
        client.expand(value_set=value_set("sent", 900)),
    ):
        assert ([code.code for code in found.codes], found.whole) == ([f"c{n}" for n in range(900)], True)


def test_what_hapi_does_not_expand_is_an_error(client: Client) -> None:
    client.update(value_set("too-many", 1200))
    with pytest.raises(OutcomeError, match="HAPI-0831"):
        client.expand(id="too-many")
    with pytest.raises(OutcomeError, match="404"):
        client.expand(url="http://example.org/fhirscreen/unknown")


class Losing(httpx.HTTPTransport):
    """The network to a server that is away at first, and then loses an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.away, self.losing, self.puts = True, False, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("away")
        self.puts += request.method == "PUT"
        response = super().handle_request(request)
        if self.losing:
            response.read()
            response.close()
            self.losing = False
            raise httpx.ReadError("lost")
        return response


def test_audits_are_posted_whatever_the_network_does_and_stand_there_once(
    client: Client, hapi: Hapi, tmp_path: Path
) -> None:
    now, network = datetime(2026, 11, 2, 8, tzinfo=UTC), Losing()
    settings: dict[str, Any] = {"server": hapi.base, "audit_server": "default", "site_name": "Mitte"}
    with service_for(tmp_path, clock=lambda: now, transport=lambda _: network, **settings) as service:
        poster = make_audit_poster(service, "default")
        service.audits.tell("ito", "R", "page of a subject", [Access("p1", hapi.base, "NCT06907602")])
        service.audits.tell("mori", "E", "GET /fhir/ResearchSubject", [Access("p1", hapi.base)])
        service.audits.tell("mori", "R", "page of a subject", [Access("gone", hapi.base)])
        assert not poster.post_once()
        assert hapi.count("AuditEvent") == 0
        now += timedelta(minutes=1)
        network.away, network.losing = False, True
        assert poster.post_once()
        assert network.puts >= 4, "one was sent again, its answer lost"
        assert hapi.count("AuditEvent") == 2, "she who is not there is refused"
        assert hapi.count("AuditEvent", patient="Patient/p1") == 2
        (ours,) = client.gather("AuditEvent", {"agent-name": "ito"}).matches
        assert ours["meta"]["versionId"] == "1"
        with client_of(service) as asked:
            bundle = asked.get("/fhir/AuditEvent?agent-name=ito").json()
            assert ours | {"meta": None} == bundle["entry"][0]["resource"] | {"meta": None}
            hapi.load([{"resourceType": "Patient", "id": "gone"}])
            now += timedelta(hours=2)
            assert make_audit_poster(service, "default").post_once()
        assert hapi.count("AuditEvent") == 4, "that somebody searched the trail is in it"
        assert hapi.count("AuditEvent", patient="Patient/gone") == 1
