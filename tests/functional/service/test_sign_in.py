"""Signing in to the pages: with a token and at an issuer, in the terms of a browser."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse
from starlette.testclient import TestClient

from fhirscreen.api.app import make_app
from fhirscreen.bootstrap.services import Service
from fhirscreen.store.tokens import add_token, revoke_token
from fhirscreen.web.app import add_pages
from fhirscreen.web.security import visitor
from tests.lib import signing
from tests.lib.service import service_for
from tests.lib.signing import ISSUER, KEYS, NOW, Hands, Pages, claims, ec, sign

HTML = {"Accept": "text/html,*/*;q=0.8"}
URL = "https://fhirscreen.example.org"
TOKENS: dict[str, Any] = {"access": {"mode": "token"}, "public_url": URL}


def pages(service: Service) -> APIRouter:
    """A page and a form, as others will be."""
    routes = APIRouter(include_in_schema=False)
    reading = visitor(service, "system/ResearchSubject.r")

    @routes.post("/studies/{study}/seen", dependencies=[Depends(reading)])
    def decided(study: str) -> str:
        return study

    @routes.get("/seen/{id}", dependencies=[Depends(reading)])
    def seen(id: str, request: Request) -> PlainTextResponse:
        visit = request.state.visit
        return PlainTextResponse(f"{visit.caller.name}|{visit.form_token}")

    @routes.post("/done", dependencies=[Depends(visitor(service, "system/ResearchSubject.u"))])
    def done() -> PlainTextResponse:
        return PlainTextResponse("done")

    return routes


@contextmanager
def browser(folder: Path, hands: Hands | None = None, **given: Any) -> Iterator[tuple[TestClient, Service]]:
    transport = given.pop("transport", Pages())
    with service_for(folder, clock=hands or Hands(), transport=transport, **given) as service:
        app = make_app(service, pages(service))
        add_pages(app, service)
        url = service.settings.url
        with TestClient(app, base_url=url, headers=HTML, follow_redirects=False) as client:
            yield client, service


def token_of(service: Service, *scopes: str, role: str = "coordinator", **given: Any) -> tuple[str, str]:
    with service.database.begin() as session:
        stored, secret = add_token(
            session, name="rivera", scopes=scopes, role=role, at=NOW, expires=given.get("expires")
        )
    return stored.id, secret


def field(page: httpx.Response) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page.text)
    assert found is not None
    return found[1]


def sign_in(client: TestClient, secret: str, onward: str = "/seen/1", **given: Any) -> httpx.Response:
    form = {"token": secret, "form_token": field(client.get("/sign-in")), "onward": onward}
    answered: httpx.Response = client.post("/sign-in", data=form | given)
    return answered


def cookie_of(response: httpx.Response, name: str) -> str:
    (found,) = [each for each in response.headers.get_list("set-cookie") if each.startswith(name + "=")]
    return found


# --- with a token


def test_a_page_leads_to_the_sign_in_and_back(tmp_path: Path) -> None:
    with browser(tmp_path, **TOKENS) as (client, service):
        _, secret = token_of(service)
        led = client.get("/seen/7?a=1")
        assert (led.status_code, led.headers["location"]) == (303, "/sign-in?onward=%2Fseen%2F7%3Fa%3D1")
        form = client.get(led.headers["location"])
        assert 'value="/seen/7?a=1"' in form.text
        signed = client.post(
            "/sign-in", data={"token": secret, "form_token": field(form), "onward": "/seen/7?a=1"}
        )
        assert (signed.status_code, signed.headers["location"]) == (303, "/seen/7?a=1")
        assert client.get("/seen/7?a=1").text.startswith("rivera|")


def test_the_cookie_is_for_this_host_and_no_script(tmp_path: Path) -> None:
    with browser(tmp_path, **TOKENS) as (client, service):
        _, secret = token_of(service)
        cookie = cookie_of(sign_in(client, secret), "__Host-fhirscreen")
        attributes = {each.strip().lower() for each in cookie.split(";")[1:]}
        assert {"httponly", "secure", "samesite=strict", "path=/", "max-age=28800"} <= attributes
        assert not any(each.startswith("domain") for each in attributes)
        assert secret not in cookie


def test_without_tls_the_cookie_is_not_secure(tmp_path: Path) -> None:
    with browser(tmp_path, access={"mode": "token"}, public_url="http://localhost:8000") as (client, service):
        _, secret = token_of(service)
        assert "secure" not in cookie_of(sign_in(client, secret), "fhirscreen").lower()
        assert client.get("/seen/1").status_code == 200


def test_a_token_that_is_not_good_opens_nothing(tmp_path: Path) -> None:
    with browser(tmp_path, **TOKENS) as (client, service):
        token_of(service)
        for given in ("", "fhirscreen_wrong", "x" * 8192, "' OR 1=1 --", "ü"):
            refused = sign_in(client, given)
            assert refused.status_code in (400, 401)
            assert "__Host-fhirscreen=" not in str(refused.headers.get_list("set-cookie"))
            assert client.get("/seen/1").status_code == 303
            assert not given or given not in refused.text


def test_a_sign_in_form_of_another_site_is_refused(tmp_path: Path) -> None:
    with browser(tmp_path, **TOKENS) as (client, service):
        _, secret = token_of(service)
        assert sign_in(client, secret, form_token="0" * 64).status_code == 403
        form = {"token": secret, "form_token": field(client.get("/sign-in"))}
        for headers in (
            {"Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            assert client.post("/sign-in", data=form, headers=headers).status_code == 403
        # a page that sends no referrer, as ours: its form carries the mark
        assert client.post("/sign-in", data=form, headers={"Origin": "null"}).status_code == 303
        client.cookies.clear()
        assert client.post("/sign-in", data=form).status_code == 403


def test_nobody_is_led_elsewhere(tmp_path: Path) -> None:
    with browser(tmp_path, **TOKENS) as (client, service):
        _, secret = token_of(service)
        for onward in ("https://evil.example", "//evil.example", "/\\evil.example", "/a\\b", "x", ""):
            assert sign_in(client, secret, onward).headers["location"] == "/"


def test_a_forged_cookie_is_none(tmp_path: Path) -> None:
    with browser(tmp_path, **TOKENS) as (client, service):
        _, secret = token_of(service)
        sign_in(client, secret)
        good = client.cookies["__Host-fhirscreen"]
        head, payload, signature = good.split(".")
        body = {"sub": "x", "scope": "", "roles": ["admin"], "token": None, "jti": "1", "iss": "fhirscreen"}
        forged = signing.packed(body | {"aud": "session", "exp": 4_000_000_000})
        others = [
            f"{head}.{forged}.{signature}",
            f"{signing.packed({'alg': 'none'})}.{forged}.",
            service.sessions.seal("sign-in", body, NOW.replace(hour=12)),
            "x",
            "x" * 5000,
            f"{head}.{payload}.",
        ]
        for cookie in others:
            client.cookies.set("__Host-fhirscreen", cookie)
            assert client.get("/seen/1").status_code == 303
            client.cookies.clear()


def test_a_session_ends_after_a_working_day(tmp_path: Path) -> None:
    hands = Hands()
    with browser(tmp_path, hands, **TOKENS) as (client, service):
        _, secret = token_of(service)
        sign_in(client, secret)
        cookie = client.cookies["__Host-fhirscreen"]
        for hour, minute, status in ((17, 29, 200), (17, 31, 303)):
            hands.now = NOW.replace(hour=hour, minute=minute)
            seen = client.get("/seen/1", headers={"Cookie": f"__Host-fhirscreen={cookie}"})
            assert seen.status_code == status


def test_a_session_ends_with_its_token(tmp_path: Path) -> None:
    hands = Hands()
    with browser(tmp_path, hands, **TOKENS) as (client, service):
        id, secret = token_of(service)
        sign_in(client, secret)
        assert client.get("/seen/1").status_code == 200
        with service.database.begin() as session:
            revoke_token(session, id, NOW)
        assert client.get("/seen/1").status_code == 303
        _, short = token_of(service, expires=NOW.replace(hour=10))
        sign_in(client, short)
        assert client.get("/seen/1").status_code == 200
        hands.now = NOW.replace(hour=10, minute=31)
        assert client.get("/seen/1").status_code == 303


def test_signing_out_ends_every_copy_of_the_cookie(tmp_path: Path) -> None:
    with browser(tmp_path, **TOKENS) as (client, service):
        _, secret = token_of(service)
        sign_in(client, secret)
        copy = client.cookies["__Host-fhirscreen"]
        token = client.get("/seen/1").text.split("|")[1]
        assert client.post("/sign-out", data={"form_token": token}).status_code == 303
        client.cookies.clear()
        client.cookies.set("__Host-fhirscreen", copy)
        assert client.get("/seen/1").status_code == 303


def test_forms_carry_their_token(tmp_path: Path) -> None:
    with browser(tmp_path, **TOKENS) as (client, service):
        _, secret = token_of(service)
        sign_in(client, secret)
        token = client.get("/seen/1").text.split("|")[1]
        assert client.post("/done", data={"form_token": token}).text == "done"
        without = client.post("/done")
        assert without.status_code == 403
        assert "Nothing was saved" in without.text
        assert client.post("/done", data={"form_token": token[:-1] + "x"}).status_code == 403
        foreign = client.post("/done", data={"form_token": token}, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403
        assert client.post("/sign-out").status_code == 403


def test_who_sends_a_form_too_late_is_led_back_to_its_page(tmp_path: Path) -> None:
    with browser(tmp_path, **TOKENS) as (client, _):
        late = client.post("/studies/NCT1/seen")
        assert late.status_code == 401
        assert "What was sent was not saved" in late.text
        assert 'href="/sign-in?onward=/studies/NCT1/seen"' in late.text
        assert 'href="/sign-in?onward=/"' in client.post("/sign-out").text


def test_who_may_not_is_told_on_a_page(tmp_path: Path) -> None:
    with browser(tmp_path, **TOKENS) as (client, service):
        _, secret = token_of(service, role="designer")
        sign_in(client, secret)
        refused = client.get("/seen/1")
        assert refused.status_code == 403
        assert "This is not open to you" in refused.text
        assert "rivera" in refused.text
        assert client.post("/sign-out", data={"form_token": field(refused)}).status_code == 303


def test_a_link_on_another_site_reaches_the_page(tmp_path: Path) -> None:
    with browser(tmp_path, **TOKENS) as (client, _):
        led = client.get("/seen/1?a=1&b=2", headers={"Sec-Fetch-Site": "cross-site"})
        assert led.status_code == 200
        assert led.headers["cache-control"] == "no-store"
        assert '<meta http-equiv="refresh" content="0; url=/seen/1?a=1&amp;b=2">' in led.text
        again = client.get("/seen/1?a=1&b=2", headers={"Sec-Fetch-Site": "same-origin"})
        assert again.status_code == 303


def test_without_access_control_nobody_signs_in(tmp_path: Path) -> None:
    with browser(tmp_path) as (client, _):
        assert client.get("/seen/1").text.startswith("local|")
        assert client.get("/sign-in?onward=/seen/1").headers["location"] == "/seen/1"
        assert client.post("/done").status_code == 403  # forms carry their token here too


def test_an_api_token_is_no_session_and_a_session_no_api_token(tmp_path: Path) -> None:
    with browser(tmp_path, **TOKENS) as (client, service):
        _, secret = token_of(service)
        assert client.get("/seen/1", headers={"Authorization": f"Bearer {secret}"}).status_code == 303
        sign_in(client, secret)
        assert client.get("/fhir/ResearchSubject").status_code == 401
        cookie = client.cookies["__Host-fhirscreen"]
        bearing = client.get("/fhir/ResearchSubject", headers={"Authorization": f"Bearer {cookie}"})
        assert bearing.status_code == 401


# --- at an issuer

OIDC: dict[str, Any] = {
    "access": {
        "mode": "oidc",
        "issuer": ISSUER,
        "audience": "fhirscreen",
        "client_id": "pages",
        "client_secret": "s3cret:/",
    },
    "public_url": URL,
}
DOCUMENT = {
    "issuer": ISSUER,
    "jwks_uri": KEYS,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
}


class Provider(Pages):
    """An issuer that signs one person in; it checks what this service sends, as it must."""

    def __init__(self, **said: Any) -> None:
        super().__init__()
        self.pages = {
            f"{ISSUER}/.well-known/openid-configuration": DOCUMENT,
            KEYS: signing.key_set(ec()),
            f"{ISSUER}/token": self.token,
        }
        self.said = said
        self.begun: dict[str, str] = {}

    def authorize(self, address: str) -> str:
        """What a browser brings back."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{ISSUER}/authorize"
        self.begun = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert self.begun["response_type"] == "code"
        assert self.begun["code_challenge_method"] == "S256"
        assert self.begun["redirect_uri"] == f"{URL}/sign-in/callback"
        return f"/sign-in/callback?code=c0de&state={self.begun['state']}"

    def token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        assert challenge.rstrip(b"=").decode() == self.begun["code_challenge"]
        assert (form["code"], form["grant_type"]) == ("c0de", "authorization_code")
        login = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        assert login == "pages:s3cret%3A%2F"
        said = claims(aud="pages", nonce=self.begun["nonce"], roles=["coordinator"]) | self.said
        return httpx.Response(200, json={"id_token": sign(ec(), said)})


def test_an_issuer_signs_a_person_in(tmp_path: Path) -> None:
    provider = Provider()
    with browser(tmp_path, transport=provider, **OIDC) as (client, _):
        form = client.get("/sign-in?onward=/seen/7")
        assert "/sign-in/begin?onward=/seen/7" in form.text
        begun = client.get("/sign-in/begin?onward=/seen/7")
        assert "samesite=lax" in cookie_of(begun, "__Host-fhirscreen-sign-in").lower()
        back = client.get(provider.authorize(begun.headers["location"]))
        assert back.status_code == 200  # no redirect: the strict cookie would not come along
        assert "url=/seen/7" in back.text
        assert "samesite=strict" in cookie_of(back, "__Host-fhirscreen").lower()
        assert client.get("/seen/7").text.startswith("nurse-1|")


SAID: list[dict[str, Any]] = [
    {"nonce": "another"},
    {"nonce": None},
    {"aud": "fhirscreen"},
    {"aud": ["pages", "x"], "azp": "x"},
    {"iss": "https://evil.example"},
    {"exp": 1},
    {"sub": None},
]


def test_an_id_token_that_is_not_for_this_sign_in(tmp_path: Path) -> None:
    provider = Provider()
    with browser(tmp_path, transport=provider, **OIDC) as (client, _):
        for said in SAID:
            provider.said = said
            back = client.get(provider.authorize(client.get("/sign-in/begin").headers["location"]))
            assert back.status_code == 401
            assert client.get("/seen/7").status_code == 303


def test_an_answer_that_belongs_to_no_sign_in_of_this_browser(tmp_path: Path) -> None:
    provider = Provider()
    with browser(tmp_path, transport=provider, **OIDC) as (client, _):
        back = provider.authorize(client.get("/sign-in/begin").headers["location"])
        assert client.get(back + "x").status_code == 401
        assert client.get(back).status_code == 401  # its cookie is gone
        client.get("/sign-in/begin")
        assert client.get(back).status_code == 401  # the state is of the one before
        begun = provider.authorize(client.get("/sign-in/begin").headers["location"])
        assert client.get(begun + "&iss=https://evil.example").status_code == 401
        begun = provider.authorize(client.get("/sign-in/begin").headers["location"])
        refused = client.get(begun.replace("code=c0de", "error=access_denied&error_description=<b>"))
        assert refused.status_code == 401
        assert "/sign-in/begin?onward=/" in refused.text
        begun = provider.authorize(client.get("/sign-in/begin?onward=/seen/7").headers["location"])
        again = client.get(begun + "x")
        assert "/sign-in/begin?onward=/seen/7" in again.text, "to the page that was wanted, all the same"
        assert "<b>" not in refused.text
    assert f"{ISSUER}/token" not in provider.asked


def test_a_sign_in_may_take_ten_minutes(tmp_path: Path) -> None:
    hands, provider = Hands(), Provider()
    with browser(tmp_path, hands, transport=provider, **OIDC) as (client, _):
        back = provider.authorize(client.get("/sign-in/begin").headers["location"])
        hands.now = NOW.replace(minute=41)
        assert client.get(back).status_code == 401


def test_an_issuer_that_is_away(tmp_path: Path) -> None:
    with browser(tmp_path, **OIDC) as (client, _):
        assert client.get("/sign-in/begin").status_code == 502


def test_no_token_signs_in_where_the_issuer_does(tmp_path: Path) -> None:
    with browser(tmp_path, transport=Provider(), **OIDC) as (client, service):
        _, secret = token_of(service)
        assert client.post("/sign-in", data={"token": secret}).status_code == 405
