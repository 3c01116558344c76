from __future__ import annotations

import httpx
import pytest

from fhirscreen.exceptions import NotFhir, OutcomeError
from fhirscreen.fhir_client import Flaw, Found, Issue
from tests.lib.transport import BASE, Server, bundle, ids, observations, outcome, reply

NEXT = f"{BASE}?_getpages=1&_getpagesoffset=2"


def gather(server: Server, **options: bool) -> Found:
    with server.client() as client:
        return client.gather("Observation", {"code": "777-3"}, **options)


def test_next_links_are_followed_as_given() -> None:
    link = f"{BASE}?_getpages=a%2Cb&x=%7c"
    server = Server(
        [reply(bundle(observations("a"), total=2, onward=link)), reply(bundle(observations("b")))]
    )
    found = gather(server)
    assert ids(found.matches) == ["a", "b"]
    assert found.whole
    assert not found.flaws
    assert (server.requests[1].method, str(server.requests[1].url)) == ("GET", link)


@pytest.mark.parametrize("link", ["Observation?page=2", "/r4/Observation?page=2"])
def test_a_relative_next_link_is_relative_to_the_base(link: str) -> None:
    server = Server(
        [reply(bundle(observations("a"), total=2, onward=link)), reply(bundle(observations("b")))]
    )
    assert gather(server).whole
    assert str(server.requests[1].url) == f"{BASE}/Observation?page=2"


def test_pages_come_as_they_are_fetched() -> None:
    server = Server(
        [reply(bundle(observations("a"), total=2, onward=NEXT)), reply(bundle(observations("b")))]
    )
    with server.client() as client:
        pages = iter(client.search("Observation"))
        assert ids(next(pages).matches) == ["a"]
        assert len(server.requests) == 1


def test_included_and_outcome_entries_are_told_apart() -> None:
    made = bundle(observations("a"), total=1)
    made["entry"] += [
        {"resource": {"resourceType": "Patient", "id": "p"}, "search": {"mode": "include"}},
        {"resource": {"resourceType": "Patient", "id": "p"}, "search": {"mode": "include"}},
        {
            "resource": {
                "resourceType": "OperationOutcome",
                "issue": [{"severity": "warning", "code": "not-supported"}],
            },
            "search": {"mode": "outcome"},
        },
    ]
    found = gather(Server([reply(made)]))
    assert (ids(found.matches), ids(found.included)) == (["a"], ["p"])
    assert found.issues == (Issue("warning", "not-supported"),)
    assert found.whole


def test_without_modes_the_type_decides() -> None:
    mixed = [*observations("a"), {"resourceType": "Patient", "id": "p"}]
    found = gather(Server([reply(bundle(mixed, total=1, mode=None))]))
    assert (ids(found.matches), ids(found.included)) == (["a"], ["p"])


def test_an_entry_without_its_resource_is_withheld() -> None:
    made = bundle(observations("a"), total=1)
    made["entry"].append({"fullUrl": "https://ehr.example/Observation/b", "search": {"mode": "match"}})
    found = gather(Server([reply(made)]))
    assert found.flaws == frozenset({Flaw.WITHHELD})
    assert not found.whole


@pytest.mark.parametrize(
    "broken",
    [
        {"resourceType": "Obsrvation", "id": "b"},
        {"resourceType": "Observation"},
        {"resourceType": "Observation", "id": 7},
        {"id": "b"},
        "cut off",
        None,
    ],
)
def test_an_entry_with_what_is_no_resource_is_withheld(broken: object) -> None:
    made = bundle(observations("a"))
    made["entry"].append({"resource": broken})
    found = gather(Server([reply(made), reply(bundle(total=1))]))
    assert ids(found.matches) == ["a"]
    assert Flaw.WITHHELD in found.flaws
    assert not found.whole


@pytest.mark.parametrize(
    "issue",
    [
        {"severity": "error", "code": "timeout"},
        {"severity": "warning", "code": "incomplete"},
        {"severity": "warning", "code": "suppressed"},
        {"severity": "warning", "code": "too-costly"},
        {"severity": "information", "code": "incomplete"},
    ],
)
def test_an_outcome_that_reports_a_missing_part_is_a_flaw(issue: dict[str, str]) -> None:
    made = bundle(
        [*observations("a"), {"resourceType": "OperationOutcome", "issue": [issue]}], total=1, mode=None
    )
    found = gather(Server([reply(made)]))
    assert found.flaws == frozenset({Flaw.WARNED})
    assert not found.whole


def test_fewer_than_the_first_page_counts_is_short_though_the_last_page_agrees() -> None:
    # as HAPI with a fetch limit does
    server = Server(
        [
            reply(bundle(observations("a", "b"), total=5, onward=NEXT)),
            reply(bundle(observations("c"), total=3)),
        ]
    )
    found = gather(server)
    assert (len(found.matches), found.count, found.flaws) == (3, 5, frozenset({Flaw.SHORT}))


def test_a_total_that_comes_late_is_not_believed() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if b"_summary=count" in request.content:
            return reply(bundle(total=5))
        return reply(
            bundle(observations("c"), total=3)
            if request.method == "GET"
            else bundle(observations("a", "b"), onward=NEXT)
        )

    found = gather(Server(answer))
    assert (len(found.matches), found.count, found.flaws) == (3, 5, frozenset({Flaw.SHORT}))


def test_a_resource_that_comes_twice_counts_once() -> None:
    server = Server(
        [reply(bundle(observations("a", "b"), total=3, onward=NEXT)), reply(bundle(observations("b")))]
    )
    found = gather(server)
    assert (ids(found.matches), found.flaws) == (["a", "b"], frozenset({Flaw.SHORT}))


@pytest.mark.parametrize("uncounted", [reply(bundle()), outcome(400, "not-supported")])
def test_a_server_that_does_not_count_leaves_it_open(uncounted: httpx.Response) -> None:
    found = gather(
        Server(lambda r: uncounted if b"_summary=count" in r.content else reply(bundle(observations("a"))))
    )
    assert (found.count, found.flaws) == (None, frozenset({Flaw.UNCOUNTED}))
    assert found.whole


def test_without_verification_nothing_is_counted() -> None:
    server = Server([reply(bundle(observations("a")))])
    assert not gather(server, verify=False).flaws
    assert server.forms == [{"code": "777-3"}]


@pytest.mark.parametrize("status", [404, 410])
def test_expired_paging_starts_again_once(status: int) -> None:
    pages = [
        reply(bundle(observations("a"), total=2, onward=NEXT)),
        outcome(status, "not-found"),
        reply(bundle(observations("a"), total=2, onward=NEXT)),
        reply(bundle(observations("b"))),
    ]
    server = Server(pages)
    found = gather(server)
    assert (ids(found.matches), found.whole) == (["a", "b"], True)
    assert [request.method for request in server.requests] == ["POST", "GET", "POST", "GET"]


def test_paging_that_expires_twice_is_incomplete() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return (
            outcome(410)
            if request.method == "GET"
            else reply(bundle(observations("a"), total=2, onward=NEXT))
        )

    server = Server(answer)
    found = gather(server)
    assert found.flaws == frozenset({Flaw.EXPIRED, Flaw.SHORT})
    assert len(server.requests) == 4


def test_pages_that_come_round_again_end() -> None:
    server = Server([reply(bundle(observations("a"), total=1, onward=NEXT))])
    assert gather(server).flaws == frozenset({Flaw.LOOPING})
    assert len(server.requests) == 2


@pytest.mark.parametrize("link", ["?subject=1", "?code:text=777-3"])
def test_an_ignored_parameter_is_an_error_or_a_flaw(link: str) -> None:
    server = Server([reply(bundle(observations("a"), total=1, itself=f"{BASE}/Observation{link}"))])
    with pytest.raises(OutcomeError, match=r"ignored search parameters \(code\)"):
        gather(server)
    found = gather(server, strict=False)
    assert (found.dropped, found.flaws, found.echoed) == (("code",), frozenset({Flaw.DROPPED}), True)


def test_a_self_link_without_parameters_after_post_says_nothing() -> None:
    # as HAPI does
    found = gather(Server([reply(bundle(observations("a"), total=1, itself=f"{BASE}/Observation/_search"))]))
    assert (found.dropped, found.echoed, found.flaws) == ((), False, frozenset())


def test_a_server_that_minds_the_accurate_total_is_asked_without() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if b"_total" in request.content:
            return outcome(400, "not-supported")
        return reply(bundle(observations("a"), total=1))

    server = Server(answer)
    with server.client() as client:
        assert [client.gather("Observation").whole for _ in range(2)] == [True, True]
    assert [form.get("_total") for form in server.forms] == ["accurate", None, None]


@pytest.mark.parametrize("entry", [{"a": 1}, ["b"], "c"])
def test_a_bundle_whose_entries_are_none(entry: object) -> None:
    with pytest.raises(NotFhir, match=r"Bundle\.entry"):
        gather(Server([reply({"resourceType": "Bundle", "entry": entry})]))
