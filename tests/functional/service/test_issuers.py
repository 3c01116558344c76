"""A real OpenID provider: people sign in to the pages at it, programs ask the API with its tokens."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from tests.lib.issuers import access, issuer, sign_in_at, token_of
from tests.lib.pages import pages_of
from tests.lib.service import service_for

pytestmark = pytest.mark.node

URL = "http://localhost:8000"
HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with issuer(URL) as url:
        yield url


@contextmanager
def browser(folder: Path, provider: str, **given: str) -> Iterator[TestClient]:
    with (
        service_for(folder, access=access(provider, **given), public_url=URL) as service,
        TestClient(pages_of(service), base_url=URL, headers=HTML, follow_redirects=False) as client,
    ):
        yield client


def begin(client: TestClient, onward: str = "/runs") -> str:
    answer = client.get("/sign-in/begin", params={"onward": onward})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def changed(address: str, name: str, value: str) -> str:
    """An address with one parameter of its query set otherwise."""
    parts = urlsplit(address)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    assert name in query
    return parts._replace(query=str(httpx.QueryParams(query | {name: value}))).geturl()


def refuses(client: TestClient, back: str) -> bool:
    """Whether an answer of the provider signs nobody in, and says so on the page of the sign-in."""
    answer = client.get(back)
    told = "Nobody was signed in" in answer.text
    return answer.status_code == 401 and told and client.get("/runs").status_code == 303


def test_a_person_signs_in_and_out(tmp_path: Path, provider: str) -> None:
    with browser(tmp_path, provider) as client:
        led = client.get("/runs").headers["location"]
        asked = re.search(r'href="(/sign-in/begin[^"]+)"', client.get(led).text)
        assert asked is not None
        address = client.get(asked[1]).headers["location"]
        assert address.startswith(f"{provider}/auth?")
        welcome = client.get(sign_in_at(address, "rivera", URL))
        assert "url=/runs" in welcome.text
        page = client.get("/runs")
        assert page.status_code == 200
        assert "rivera@hospital" in page.text

        mark = re.search(r'name="form_token" value="([^"]+)"', page.text)
        assert mark is not None
        left = client.post("/sign-out", data={"form_token": mark[1]})
        assert f"{provider}/session/end" in left.text
        assert client.get("/runs").status_code == 303


def test_roles_are_those_of_the_issuer_by_the_names_of_the_settings(tmp_path: Path, provider: str) -> None:
    subject = "/studies/NCT00000000/subjects/00000000-0000-0000-0000-000000000000"
    for login, index, page in (("rivera", 200, 404), ("okafor", 200, 403), ("visitor", 403, 403)):
        with browser(tmp_path, provider) as client:
            client.get(sign_in_at(begin(client), login, URL))
            assert client.get("/runs").status_code == index, login
            refused = client.get(subject)
            assert refused.status_code == page, login
            assert f"{login}@hospital" in refused.text  # and may sign out there
            if page == 403:
                assert "This is not open to you" in refused.text
            assert ("have no role here" in refused.text) == (login == "visitor")
            assert ('href="/studies"' in refused.text) == (login != "visitor")


def test_an_answer_to_another_sign_in_is_refused(tmp_path: Path, provider: str) -> None:
    with browser(tmp_path, provider) as client:
        back = sign_in_at(begin(client), "rivera", URL)
        assert refuses(client, changed(back, "state", "another"))
        other = sign_in_at(begin(client), "rivera", URL)
        begin(client)
        assert refuses(client, other)
        assert refuses(client, sign_in_at(changed(begin(client), "nonce", "another"), "rivera", URL))
        assert refuses(
            client, changed(sign_in_at(begin(client), "rivera", URL), "iss", "https://evil.example")
        )
        challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # of RFC 7636, and nobody's here
        stolen = sign_in_at(changed(begin(client), "code_challenge", challenge), "rivera", URL)
        assert refuses(client, stolen)


def test_a_code_is_good_once_and_for_a_while(tmp_path: Path, provider: str) -> None:
    with browser(tmp_path, provider) as client:
        back = sign_in_at(begin(client), "rivera", URL)
        first = client.cookies["fhirscreen-sign-in"]
        assert "Signed in" in client.get(back).text
        client.cookies.clear()
        client.cookies.set("fhirscreen-sign-in", first)
        assert refuses(client, back)
    with browser(tmp_path, provider, client_id="hasty") as client:
        back = sign_in_at(begin(client), "rivera", URL)
        time.sleep(2.1)
        assert refuses(client, back)


def test_a_wrong_secret_of_the_service_is_no_fault_of_the_person(tmp_path: Path, provider: str) -> None:
    with browser(tmp_path, provider, client_secret="of others") as client:  # noqa: S106 - the wrong one
        answer = client.get(sign_in_at(begin(client), "rivera", URL))
        assert answer.status_code == 502
        assert client.get("/runs").status_code == 303


def test_a_program_may_do_what_its_scopes_say(tmp_path: Path, provider: str) -> None:
    token = token_of(provider, "system/ResearchStudy.rs", "urn:fhirscreen")
    with browser(tmp_path, provider) as client:
        bearing = {"Authorization": f"Bearer {token}", "Accept": "application/fhir+json"}
        assert client.get("/fhir/ResearchStudy", headers=bearing).status_code == 200
        assert client.get("/fhir/ResearchSubject", headers=bearing).status_code == 403
        assert client.get("/fhir/ResearchStudy", headers={"Authorization": ""}).status_code == 401
    with browser(tmp_path, provider, audience="another") as client:
        assert client.get("/fhir/ResearchStudy", headers=bearing).status_code == 401
