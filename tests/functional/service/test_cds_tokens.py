"""Who may call CDS Hooks, over HTTP: JWTs of EHRs with keys on a server or in a file; who may not."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, event
from starlette.testclient import TestClient

from fhirscreen.bootstrap.logs import set_up_logs
from fhirscreen.bootstrap.services import utc_now
from tests.functional.service.test_cds_hooks import FITS, SITE, VIEW
from tests.lib import signing
from tests.lib.demo import STUDIES
from tests.lib.ehr import chart, make_call, noon, resolve
from tests.lib.loopback import Canned, json_of
from tests.lib.loopback import serve as serve_pages
from tests.lib.service import client_of, service_for, serving
from tests.lib.signing import Hands, confused, ec, rsa, sign, unsigned

EHR = "https://ehr.example.org"
US = "https://fhirscreen.example.org"
CALLED = f"{US}{VIEW}"
SECRETS = ("sub-nobody-may-see", "jti-nobody-may-see")
NOW = noon()


@pytest.fixture
def clock() -> Hands:
    return Hands(NOW)


@pytest.fixture
def published() -> dict[str, Canned]:
    """What the EHR publishes; a test may change it while it is served."""
    return {"/jwks.json": json_of(signing.key_set(ec(), rsa()))}


@pytest.fixture
def keys_url(published: dict[str, Canned]) -> Iterator[str]:
    with serve_pages(published, Canned(404)) as base:
        yield f"{base}/jwks.json"


@pytest.fixture
def logged() -> StringIO:
    stream = StringIO()
    set_up_logs("debug", json=True, stream=stream)
    return stream


@pytest.fixture
def ehr(tmp_path: Path, clock: Hands, keys_url: str) -> Iterator[TestClient]:
    issuers = [{"issuer": EHR, "keys_url": keys_url}]
    with serving_calls(tmp_path, clock, issuers) as client:
        yield client


@contextmanager
def serving_calls(folder: Path, clock: Hands, issuers: list[dict[str, Any]]) -> Iterator[TestClient]:
    given: dict[str, Any] = {"studies": list(STUDIES), "site": SITE, "public_url": US}
    given["access"] = {"mode": "token"}
    cds = {"issuers": issuers}
    with service_for(folder, clock=clock, cds=cds, **given) as service, client_of(service) as client:
        yield client


def said(**given: Any) -> dict[str, Any]:
    claims = {"iss": EHR, "aud": CALLED, "sub": SECRETS[0], "jti": f"{SECRETS[1]}-{uuid.uuid4()}"} | given
    return signing.claims(NOW, **claims)


def at(seconds: int) -> int:
    return int(NOW.timestamp()) + seconds


def calling(ehr: TestClient, token: str | None) -> httpx.Response:
    templates = ehr.get("/cds-services").json()["services"][0]["prefetch"]
    body = make_call(FITS, resolve(templates, chart(FITS)))
    answer: httpx.Response = ehr.post(VIEW, json=body, headers=bearing(token))
    return answer


def bearing(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def refused(answer: httpx.Response) -> None:
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"].startswith("application/fhir+json")
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert [issue["code"] for issue in outcome["issue"]] == ["login"]
    assert not [each for each in (*SECRETS, "eyJ", FITS) if each in answer.text]


@pytest.mark.parametrize(("key", "algorithm"), [(ec(), "ES384"), (rsa(), "RS384")])
@pytest.mark.parametrize("by", ["url", "file"])
def test_a_signed_call_is_answered(
    tmp_path: Path, clock: Hands, keys_url: str, key: signing.Key, algorithm: str, by: str
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(signing.key_set(ec(), rsa())), "utf-8")
    whence = {"keys_url": keys_url} if by == "url" else {"keys_file": str(file)}
    with serving_calls(tmp_path, clock, [{"issuer": EHR} | whence]) as ehr:
        answer = calling(ehr, sign(key, said(), algorithm))
        assert answer.status_code == 200
        assert answer.json()["cards"]
        assert ehr.get("/cds-services").status_code == 200, "the discovery is for everybody"


BAD: dict[str, Callable[[], str | None]] = {
    "no token": lambda: None,
    "no JWT": lambda: "not-a-token",
    "none": lambda: unsigned(said()),
    "HS256 with the public key as its secret": lambda: confused(rsa(), said()),
    "HS384 with the public key as its secret": lambda: confused(ec(), said(), "HS384"),
    "RS256": lambda: sign(rsa(), said(), "RS256"),
    "the address of the discovery": lambda: sign(ec(), said(aud=f"{US}/cds-services")),
    "another service": lambda: sign(ec(), said(aud=f"{US}/cds-services/trials-order-select")),
    "another host": lambda: sign(ec(), said(aud=f"https://other.example{VIEW}")),
    "no audience": lambda: sign(ec(), said(aud=None)),
    "expired": lambda: sign(ec(), said(iat=at(-400), exp=at(-100))),
    "no end": lambda: sign(ec(), said(exp=None)),
    "from the future": lambda: sign(ec(), said(iat=at(200), exp=at(400))),
    "a life of a day": lambda: sign(ec(), said(exp=at(86400))),
    "no jti": lambda: sign(ec(), said(jti=None)),
    "an issuer that nobody knows": lambda: sign(ec(), said(iss="https://evil.example")),
    "a key that nobody knows": lambda: sign(ec("own"), said()),
    "a key of its own under a known name": lambda: sign(ec("own"), said(), kid="ec-1"),
    "keys of its own": lambda: sign(ec("own"), said(), jku="https://evil.example/jwks.json"),
}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One service for all that is refused."""
    pages = {"/jwks.json": json_of(signing.key_set(ec(), rsa()))}
    with (
        serve_pages(pages, Canned(404)) as base,
        serving_calls(
            tmp_path_factory.mktemp("door"), Hands(NOW), [{"issuer": EHR, "keys_url": f"{base}/jwks.json"}]
        ) as client,
    ):
        yield client


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("path", [VIEW, f"{VIEW}/feedback"])
def test_a_call_that_is_not_believed(door: TestClient, logged: StringIO, name: str, path: str) -> None:
    token = BAD[name]()
    if path == VIEW:
        refused(calling(door, token))
    else:
        refused(door.post(path, json={}, headers=bearing(token)))
    told = logged.getvalue()
    assert '"status":401' in told
    if token is not None:
        assert not [part for part in (*SECRETS, *token.split(".")) if part and part in told]


def test_a_token_is_good_once(ehr: TestClient) -> None:
    token = sign(ec(), said())
    assert calling(ehr, token).status_code == 200
    refused(calling(ehr, token))
    same = said(jti="the-same")
    assert calling(ehr, sign(ec(), same)).status_code == 200
    refused(calling(ehr, sign(rsa(), same, "RS384")))  # signed anew: it is the jti that counts


def test_a_token_is_used_up_by_an_answer_that_is_an_error(ehr: TestClient) -> None:
    for body, status in ((b"{}", 400), (json.dumps(make_call(FITS, {})).encode(), 412)):
        headers = bearing(sign(ec(), said())) | {"Content-Type": "application/json"}
        assert ehr.post(VIEW, content=body, headers=headers).status_code == status
        refused(ehr.post(VIEW, content=body, headers=headers))


def test_a_signed_call_is_written_at_once_with_its_token(tmp_path: Path, clock: Hands, keys_url: str) -> None:
    given: dict[str, Any] = {"studies": list(STUDIES), "site": SITE, "public_url": US}
    cds = {"issuers": [{"issuer": EHR, "keys_url": keys_url}]}
    with (
        service_for(tmp_path, clock=clock, cds=cds, access={"mode": "token"}, **given) as service,
        client_of(service) as ehr,
    ):
        assert calling(ehr, sign(ec(), said())).json()["cards"]  # and all is compiled
        written: list[bool] = []

        def note(connection: Connection) -> None:
            if not connection.get_execution_options().get("fhirscreen_reading"):
                written.append(True)

        event.listen(service.database._engine, "commit", note)
        assert calling(ehr, sign(ec(), said())).status_code == 200
        assert written == [True], "each time costs a disk"


def test_a_new_key_is_found_when_the_issuer_has_changed_its_keys(
    ehr: TestClient, clock: Hands, published: dict[str, Canned]
) -> None:
    assert calling(ehr, sign(ec(), said())).status_code == 200
    refused(calling(ehr, sign(ec("second"), said())))
    published["/jwks.json"] = json_of(signing.key_set(ec("second")))
    clock.now += timedelta(seconds=31)  # made-up kids do not make us ask without end
    assert calling(ehr, sign(ec("second"), said())).status_code == 200
    refused(calling(ehr, sign(ec(), said())))  # and the old one is gone


def test_an_issuer_that_is_down_is_no_reason_to_believe(
    ehr: TestClient, published: dict[str, Canned]
) -> None:
    published["/jwks.json"] = Canned(503)
    answer = calling(ehr, sign(ec(), said()))
    assert answer.status_code >= 500
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.postgres
def test_a_token_is_good_for_one_of_two_processes(tmp_path: Path, postgres_url: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(signing.key_set(ec())), "utf-8")
    environment = {
        "FHIRSCREEN_STORE": postgres_url,
        "FHIRSCREEN_STUDIES": STUDIES[0],
        "FHIRSCREEN_ACCESS__MODE": "token",
        "FHIRSCREEN_PUBLIC_URL": US,
        "FHIRSCREEN_CDS__ISSUERS": json.dumps([{"issuer": EHR, "keys_file": str(file)}]),
    }
    body = make_call(FITS, {})

    def call(url: str, token: str) -> int:
        return httpx.post(f"{url}{VIEW}", json=body, headers={"Authorization": f"Bearer {token}"}).status_code

    with serving(tmp_path, **environment) as one, serving(tmp_path, **environment) as two:
        with ThreadPoolExecutor(2) as pool:
            for _ in range(10):
                good = signing.claims(utc_now(), iss=EHR, aud=CALLED, jti=str(uuid.uuid4()))
                statuses = pool.map(partial(call, token=sign(ec(), good)), (one.url, two.url))
                assert sorted(statuses) == [401, 412]  # believed once, and then there was no data
        assert not [line for line in (*one.lines, *two.lines) if "eyJ" in line]
