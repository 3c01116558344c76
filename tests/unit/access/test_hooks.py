"""Who calls CDS Hooks: JWTs of EHRs, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fhirscreen.access.documents import Documents
from fhirscreen.access.hooks import HookAuthenticator, HookCaller, make_hook_authenticator
from fhirscreen.exceptions import NotTrusted
from fhirscreen.settings.groups import CdsSettings
from fhirscreen.store.databases import Database
from tests.lib import signing
from tests.lib.signing import Hands, Pages, ec, rsa, sign

EHR = "https://ehr.example.org"
JKU = f"{EHR}/jwks.json"
URL = "https://fhirscreen.example.org/cds-services/fhirscreen"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'store.db'}")
    database.migrate()
    yield database
    database.close()


def authenticator(
    database: Database, known: Pages | None = None, now: Hands | None = None, **issuer: Any
) -> HookAuthenticator:
    settings = CdsSettings.model_validate({"issuers": [{"issuer": EHR, "keys_url": JKU} | issuer]})
    pages = Pages(**{JKU: signing.key_set(ec(), rsa())}) if known is None else known
    return make_hook_authenticator(settings, database, Documents(pages), now or Hands())


def said(**given: Any) -> dict[str, Any]:
    return signing.claims(iss=EHR, aud=URL, sub=None) | {"jti": "7d1a"} | given


def header(token: str) -> str:
    return f"Bearer {token}"


@pytest.mark.parametrize(("key", "algorithm"), [(ec(), "ES384"), (rsa(), "RS384")])
@pytest.mark.parametrize("audience", [URL, [URL], ["https://other.example", URL]])
def test_a_good_call(database: Database, key: signing.Key, algorithm: str, audience: Any) -> None:
    token = sign(key, said(aud=audience, tenant="ward-3"), algorithm, jku=JKU)
    assert authenticator(database)(header(token), URL) == HookCaller(EHR, "ward-3")


def at(seconds: int) -> int:
    return int(signing.NOW.timestamp()) + seconds


BAD = {
    "none": lambda: signing.unsigned(said()),
    "HS256 with the public key": lambda: signing.confused(rsa(), said()),
    "HS384 with the public key": lambda: signing.confused(ec(), said(), "HS384"),
    "RS256": lambda: sign(rsa(), said(), "RS256"),
    "an issuer that is not set": lambda: sign(ec(), said(iss="https://evil.example")),
    "an issuer by a slash more": lambda: sign(ec(), said(iss=EHR + "/")),
    "no issuer": lambda: sign(ec(), {n: v for n, v in said().items() if n != "iss"}),
    "issuers": lambda: sign(ec(), said(iss=[EHR])),
    "another service": lambda: sign(ec(), said(aud=URL + "-other")),
    "the discovery": lambda: sign(ec(), said(aud="https://fhirscreen.example.org/cds-services")),
    "no audience": lambda: sign(ec(), {n: v for n, v in said().items() if n != "aud"}),
    "expired": lambda: sign(ec(), said(iat=at(-400), exp=at(-61))),
    "no end": lambda: sign(ec(), {n: v for n, v in said().items() if n != "exp"}),
    "no beginning": lambda: sign(ec(), {n: v for n, v in said().items() if n != "iat"}),
    "a life of a day": lambda: sign(ec(), said(exp=at(86400))),
    "an end before its beginning": lambda: sign(ec(), said(iat=at(50), exp=at(20))),
    "from the future": lambda: sign(ec(), said(iat=at(61), exp=at(300))),
    "no jti": lambda: sign(ec(), {n: v for n, v in said().items() if n != "jti"}),
    "an empty jti": lambda: sign(ec(), said(jti="")),
    "a jti that is a number": lambda: sign(ec(), said(jti=7)),
    "a jti without end": lambda: sign(ec(), said(jti="j" * 300)),
    "no kid": lambda: sign(ec(), said(), kid=None),
    "an unknown kid": lambda: sign(ec("other"), said()),
    "a path as kid": lambda: sign(ec(), said(), kid="../../keys/ec-1"),
    "another key under a known kid": lambda: sign(ec("other"), said(), kid="ec-1"),
    "another type": lambda: sign(ec(), said(), typ="at+jwt"),
    "a jku of its own": lambda: sign(ec("own"), said(), jku="https://evil.example/jwks.json"),
    "a jku beside the right one": lambda: sign(ec(), said(), jku=JKU + "?x"),
    "a list of jku": lambda: signing.unsigned(said(), alg="ES384", kid="ec-1", jku=[JKU]),
    "too large": lambda: sign(ec(), said(padding="x" * 9000)),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_call_is_refused_and_no_foreign_address_is_asked(database: Database, name: str) -> None:
    known = Pages(**{JKU: signing.key_set(ec(), rsa())})
    token = BAD[name]()
    with pytest.raises(NotTrusted) as caught:
        authenticator(database, known)(header(token), URL)
    assert set(known.asked) <= {JKU}
    assert token not in str(caught.value)
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer ü"])
def test_a_call_without_a_token(database: Database, given: str | None) -> None:
    with pytest.raises(NotTrusted):
        authenticator(database)(given, URL)


def test_a_token_is_good_once(database: Database) -> None:
    ask, token = authenticator(database), sign(ec(), said())
    ask(header(token), URL)
    with pytest.raises(NotTrusted, match="used before"):
        ask(header(token), URL)
    with pytest.raises(NotTrusted, match="used before"):  # another signature, the same jti
        ask(header(sign(ec(), said())), URL)
    ask(header(sign(ec(), said(jti="7d1b"))), URL)


def test_of_two_that_replay_at_once_one_is_refused(database: Database) -> None:
    ask, token = authenticator(database), sign(ec(), said())

    def call(_: int) -> bool:
        try:
            ask(header(token), URL)
        except NotTrusted:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(call, range(16))) == 1


def test_a_refused_token_does_not_use_up_its_jti(database: Database) -> None:
    ask = authenticator(database)
    with pytest.raises(NotTrusted):
        ask(header(sign(ec("own"), said())), URL)
    ask(header(sign(ec(), said())), URL)


def test_jtis_of_two_ehrs_do_not_meet(database: Database) -> None:
    other = "https://other.example.org"
    settings = CdsSettings.model_validate(
        {"issuers": [{"issuer": EHR, "keys_url": JKU}, {"issuer": other, "keys_url": f"{other}/keys"}]}
    )
    known = Pages(**{JKU: signing.key_set(ec()), f"{other}/keys": signing.key_set(ec("theirs"))})
    ask = make_hook_authenticator(settings, database, Documents(known), Hands())
    ask(header(sign(ec(), said())), URL)
    ask(header(sign(ec("theirs"), said(iss=other))), URL)
    with pytest.raises(NotTrusted):  # one EHR's keys do not sign for another
        ask(header(sign(ec("theirs"), said(jti="7d1c"))), URL)


def test_only_the_tenants_of_the_settings(database: Database) -> None:
    ask = authenticator(database, clients=["ward-3"])
    ask(header(sign(ec(), said(tenant="ward-3"))), URL)
    for number, tenant in enumerate(["ward-4", None, "", ["ward-3"]]):
        with pytest.raises(NotTrusted):
            ask(header(sign(ec(), said(tenant=tenant, jti=f"j{number}"))), URL)


def test_feedback_is_meant_for_its_address_or_the_service(database: Database) -> None:
    ask = authenticator(database)
    ask(header(sign(ec(), said())), URL + "/feedback")
    ask(header(sign(ec(), said(aud=URL + "/feedback", jti="2"))), URL + "/feedback")
    with pytest.raises(NotTrusted):
        ask(header(sign(ec(), said(aud=URL + "/feedback", jti="3"))), URL)


def test_keys_by_file(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(signing.key_set(ec())), "utf-8")
    known = Pages()
    ask = authenticator(database, known, keys_url=None, keys_file=file)
    ask(header(sign(ec(), said(), jku="https://evil.example/jwks.json")), URL)
    assert known.asked == []


def test_none_is_asked_where_none_is_required(database: Database) -> None:
    settings = CdsSettings(required=False)
    ask = make_hook_authenticator(settings, database, Documents(Pages()), Hands())
    assert ask(None, URL) == HookCaller()
