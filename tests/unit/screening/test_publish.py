"""Publishing to a server that gives ids itself: nothing may be made twice, and references must follow."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx
import orjson
import pytest

from fhirscreen.engines.base import Gated
from fhirscreen.exceptions import UsageError
from fhirscreen.fhir_client import Client
from fhirscreen.screening.publishing.merges import Fate
from fhirscreen.screening.publishing.publish import Published, publish
from fhirscreen.screening.publishing.releases import Release, read_release
from fhirscreen.verdicts.standings import Gate
from tests.lib.demo import demo_plan, demo_screened, write_demo
from tests.lib.transport import BASE, Server, bundle, outcome, reply

Json = dict[str, Any]


class Store:
    """Resources by type and id; new ids only by POST, and only once for an identifier (If-None-Exist)."""

    def __init__(self) -> None:
        self.resources: dict[tuple[str, str], Json] = {}
        self.posts = 0
        self._lock = Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:  # a server answers several at once as if one after the other
            return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        kind, _, id = request.url.path.removeprefix("/r4/").partition("/")
        if request.method == "GET":
            found = self.resources.get((kind, unquote(id)))
            return (
                reply(found, etag=f'W/"{found["meta"]["versionId"]}"') if found else outcome(404, "not-found")
            )
        if id == "_search":
            form = dict(parse_qsl(request.content.decode()))
            matches = [r for (type, _), r in self.resources.items() if type == kind and _fits(r, form)]
            return reply(bundle(matches, total=len(matches)))
        sent = orjson.loads(request.content)
        if request.method == "PUT":
            if (kind, id) not in self.resources:
                return outcome(405, "not-supported")
            return self._store(kind, id, sent, 200)
        condition = dict(parse_qsl(request.headers["if-none-exist"]))
        for (type, known), resource in self.resources.items():
            if type == kind and _fits(resource, condition):
                return httpx.Response(200, headers={"location": f"{BASE}/{kind}/{known}/_history/1"})
        self.posts += 1
        return self._store(kind, f"{kind.lower()}-{self.posts}", sent, 201)

    def _store(self, kind: str, id: str, sent: Json, status: int) -> httpx.Response:
        before = self.resources.get((kind, id), {}).get("meta", {}).get("versionId", "0")
        version = str(int(before) + 1)
        self.resources[kind, id] = {**sent, "id": id, "meta": {"versionId": version}}
        return httpx.Response(status, headers={"location": f"{BASE}/{kind}/{id}/_history/{version}"})

    def of(self, kind: str) -> list[Json]:
        return [resource for (type, _), resource in self.resources.items() if type == kind]


def _fits(resource: Json, form: dict[str, str]) -> bool:
    if wanted := form.get("identifier"):
        tokens = {f"{i['system']}|{i['value']}" for i in resource.get("identifier", ()) if "system" in i}
        return not tokens.isdisjoint(wanted.split(","))
    if study := form.get("study"):
        return bool(resource["study"]["reference"] == study)
    return False


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    out = tmp_path_factory.mktemp("release") / "run"
    write_demo(out, demo_screened(), base=BASE)
    return read_release(out)


def published(release: Release, client: Client) -> Published:
    return publish(release, client, demo_plan().catalogue)


def test_a_server_that_gives_ids_gets_each_resource_once(release: Release) -> None:
    store = Store()
    with Server(store).client() as client:
        first = published(release, client)
        second = published(release, client)
    wanted = len(release.resources["ResearchSubject"])
    assert first.fates["ResearchSubject"] == {Fate.CREATED: wanted}
    assert second.fates["ResearchSubject"] == {Fate.UNCHANGED: wanted}
    assert second.fates["List"] == {Fate.UNCHANGED: 2}
    assert len(store.of("ResearchSubject")) == wanted


def test_references_follow_to_the_ids_that_the_server_gave(release: Release) -> None:
    store = Store()
    with Server(store).client() as client:
        published(release, client)
    there = {f"{kind}/{id}" for kind, id in store.resources}
    for subject in store.of("ResearchSubject"):
        assert subject["study"]["reference"] in there
    for study in store.of("ResearchStudy"):
        assert study["enrollment"][0]["reference"] in there
    for listing in store.of("List"):
        assert listing["subject"]["reference"] in there
        assert all(entry["item"]["reference"] in there for entry in listing.get("entry", ()))


def test_another_base_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    write_demo(tmp_path / "run", demo_screened(), base="https://elsewhere.example/fhir")
    store = Store()
    server = Server(store)
    with server.client() as client, pytest.raises(UsageError) as refused:
        published(read_release(tmp_path / "run"), client)
    assert "--patient-map" in str(refused.value)
    assert not server.requests


def dated(release: Release, day: str) -> Release:
    lists = tuple({**each, "date": day} for each in release.resources["List"])
    return replace(release, as_of=day, resources={**release.resources, "List": lists})


def test_an_older_run_never_takes_the_place_of_a_newer_one(release: Release) -> None:
    store = Store()
    server = Server(store)
    with server.client() as client:
        published(dated(release, "2026-11-02"), client)
        before = copy.deepcopy(store.resources)
        with pytest.raises(UsageError, match="a later run") as refused:
            published(dated(release, "2026-11-01"), client)
        assert "of 2026-11-02" in str(refused.value)
        assert "--replace-newer" in str(refused.value)
        assert store.resources == before
        assert published(dated(release, "2026-11-02"), client).fates["List"] == {Fate.UNCHANGED: 2}
        assert published(dated(release, "2026-11-03"), client).fates["List"] == {Fate.UPDATED: 2}
        back = publish(dated(release, "2026-11-01"), client, demo_plan().catalogue, replace_newer=True)
    assert back.fates["List"] == {Fate.UPDATED: 2}
    assert {each["date"] for each in store.of("List")} == {"2026-11-01"}


def test_a_run_of_one_patient_touches_nobody_else_and_no_list(release: Release, tmp_path: Path) -> None:
    store = Store()
    with Server(store).client() as client:
        published(release, client)
        before = copy.deepcopy(store.resources)
        one = next(s.patient for s in demo_screened().subjects if s.status is not None)
        screened = demo_screened()
        out = [Gated(s.study, one, Gate.DECEASED) for s in screened.subjects if s.patient == one and s.status]
        gone = replace(screened, subjects=[], gated=out)
        write_demo(
            tmp_path / "one",
            gone,
            base=BASE,
            existing=release.resources["ResearchSubject"],
            looked_at=frozenset({one}),
        )
        some = read_release(tmp_path / "one")
        assert {r["individual"]["reference"] for r in some.resources["ResearchSubject"]} == {f"Patient/{one}"}
        published(some, client)
        after = store.resources
        changed = {key for key in after if after[key] != before.get(key)}
        assert {after[key]["individual"]["reference"] for key in changed} == {f"Patient/{one}"}
        assert {after[key]["status"] for key in changed} == {"ineligible"}
        with pytest.raises(UsageError, match="a later run"):
            published(replace(some, as_of="2020-01-01"), client)


def test_the_criteria_are_read_back_from_the_run(release: Release) -> None:
    studies = release.criteria()
    for planned in demo_plan().studies:
        read = studies[planned.study.id]
        assert [(c.id, c.kind, c.expression) for c in read.criteria] == [
            (c.id, c.kind, c.expression) for c in planned.study.criteria
        ]


def test_gates_and_failures_are_read_back_from_the_run(release: Release) -> None:
    screened = demo_screened()
    assert release.gates() == {(g.study, g.patient): g.gate.value for g in screened.gated}
    failing = [s for s in screened.subjects if s.failed][:20]
    found = release.failures({(s.study, s.patient) for s in failing})
    for subject in failing:
        failures = found[subject.study, subject.patient]
        assert failures.complete is subject.complete
        assert {v.criterion.id for v in failures.verdicts} == {v.criterion.id for v in subject.failed}
        by_id = {v.criterion.id: v.proof for v in failures.verdicts}
        for verdict in subject.failed:
            assert by_id[verdict.criterion.id].evidence == verdict.proof.evidence
