"""JWTs: each rule that one must keep, broken once, with real keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey, OKPKey, RSAKey

from fhirscreen.access.documents import Documents
from fhirscreen.access.issuers import Issuer
from fhirscreen.access.jwts import peek
from fhirscreen.exceptions import NotTrusted, ServerError, UsageError
from fhirscreen.settings.groups import AccessSettings
from tests.lib import signing
from tests.lib.signing import ISSUER, KEYS, Hands, Pages, claims, clock, ec, rsa, sign


def issuer(pages: Pages, now: Hands | None = None, **given: Any) -> Issuer:
    settings = {"mode": "oidc", "issuer": ISSUER, "audience": "fhirscreen", "keys_url": KEYS} | given
    return Issuer(AccessSettings.model_validate(settings), Documents(pages), now or clock, None)


def pages(*keys: signing.Key) -> Pages:
    return Pages(**{KEYS: signing.key_set(*(keys or (ec(), rsa(), ec("p256", "P-256"))))})


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(rsa(), "RS256"), (rsa(), "RS384"), (ec("p256", "P-256"), "ES256"), (ec(), "ES384")],
)
def test_a_good_token_says_who_asks(key: signing.Key, algorithm: str) -> None:
    said = claims(scope="openid system/ResearchSubject.rs", roles=["coordinator", "offline_access"])
    caller = issuer(pages()).admit(sign(key, said, algorithm))
    assert (caller.name, caller.role) == ("nurse-1", "coordinator")
    assert caller.may("system/ResearchSubject.r")
    assert not caller.may("system/List.r")


BAD: dict[str, str] = {
    "none": signing.unsigned(claims()),
    "none, in capitals": signing.unsigned(claims(), alg="NONE"),
    "none with a kid": signing.unsigned(claims(), kid="ec-1"),
    "HS256 with the public RSA key": signing.confused(rsa(), claims()),
    "HS384 with the public EC key": signing.confused(ec(), claims(), "HS384"),
    "an algorithm that is on no list": sign(rsa(), claims(), "RS512"),
    "PSS": sign(rsa(), claims(), "PS256"),
    "another issuer": sign(ec(), claims(iss="https://evil.example")),
    "no issuer": sign(ec(), claims(iss=None)),
    "issuers": sign(ec(), claims(iss=[ISSUER])),
    "another audience": sign(ec(), claims(aud="other")),
    "audiences without ours": sign(ec(), claims(aud=["other", "fhirscreen-2"])),
    "no audience": sign(ec(), claims(aud=None)),
    "expired": sign(ec(), claims(exp=int(signing.NOW.timestamp()) - 61)),
    "no end": sign(ec(), claims(exp=None)),
    "an end that is text": sign(ec(), claims(exp="2099-01-01")),
    "an end that never comes": sign(ec(), claims(exp=float("inf"))),
    "not yet": sign(ec(), claims(nbf=int(signing.NOW.timestamp()) + 61)),
    "issued in the future": sign(ec(), claims(iat=int(signing.NOW.timestamp()) + 61)),
    "nobody": sign(ec(), claims(sub=None)),
    "a name over two lines": sign(ec(), claims(sub="a\nb")),
    "a key that is unknown": sign(ec("other"), claims()),
    "the right kid, another key": sign(ec("other"), claims(), kid="ec-1"),
    "a key of another kind": sign(ec(), claims(), kid="rsa-1"),
    "a path as kid": sign(ec(), claims(), kid="../../../../etc/passwd"),
    "a statement as kid": sign(ec(), claims(), kid="' OR 1=1 --"),
    "a kid that is a number": signing.unsigned(claims(), alg="ES384", kid=7),
    "a kid without end": sign(ec(), claims(), kid="k" * 300),
    "no kid where several keys fit": sign(rsa("rsa-2"), claims(), "RS256", kid=None),
    "its own key": sign(ec("own"), claims(), jwk=ec("own").as_dict(private=False)),
    "keys of its own choice": sign(ec("own"), claims(), jku="https://evil.example/keys"),
    "a critical header": signing.unsigned(claims(), crit=["x"], x=1),
    "a type that is another": sign(ec(), claims(), typ="dpop+jwt"),
    "a header too long": sign(ec(), claims(), x="x" * 5000),
    "no JWT": "fhirscreen_abc",
    "two parts": "a.b",
    "encrypted": "a.b.c.d.e",
    "no JSON": "AAAA.AAAA.AAAA",
    "a list": f"{signing.packed({'alg': 'ES384'})}.{signing.packed([1])}.AAAA",
    "a header that is a list": f"{signing.packed([1])}.{signing.packed({})}.AAAA",
    "a deep header": f"{signing.packed({'alg': 'ES384'})}.{'W1' * 1000}.AAAA",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_refused(name: str) -> None:
    known = pages(ec(), rsa(), rsa("rsa-3"))
    with pytest.raises(NotTrusted) as caught:
        issuer(known).admit(BAD[name])
    assert set(known.asked) <= {KEYS}
    told = str(caught.value)
    assert not any(part in told for part in (BAD[name], "evil", "nurse", "passwd", "OR 1=1"))


def test_a_changed_claim_breaks_the_signature() -> None:
    head, _, signature = sign(ec(), claims()).split(".")
    with pytest.raises(NotTrusted, match="signature"):
        issuer(pages()).admit(f"{head}.{signing.packed(claims(sub='admin'))}.{signature}")


def test_clocks_may_differ_by_a_minute() -> None:
    at = int(signing.NOW.timestamp())
    issuer(pages()).admit(sign(ec(), claims(exp=at - 59, iat=at + 59, nbf=at + 59)))


def test_no_kid_is_needed_where_one_key_fits() -> None:
    issuer(pages(ec())).admit(sign(ec(), claims(), kid=None))


def test_an_audience_among_others() -> None:
    issuer(pages()).admit(sign(ec(), claims(aud=["other", "fhirscreen"])))


def test_the_public_url_is_the_audience_that_is_not_set() -> None:
    settings = AccessSettings(mode="oidc", issuer=ISSUER, keys_url=KEYS)
    made = Issuer(settings, Documents(pages()), clock, "https://fhirscreen.example.org")
    made.admit(sign(ec(), claims(aud="https://fhirscreen.example.org")))
    with pytest.raises(UsageError, match="audience"):
        Issuer(settings, Documents(pages()), clock, None)


def test_roles_lie_where_the_settings_say() -> None:
    made = issuer(pages(), roles_claim="realm_access.roles", roles={"trial-nurses": "coordinator"})
    deep = claims(realm_access={"roles": ["trial-nurses", "x"]}, roles=["admin"])
    assert made.admit(sign(ec(), deep)).role == "coordinator"
    own = claims(realm_access={"roles": ["admin", "coordinator"]})
    assert made.admit(sign(ec(), own)).role == "", "a group of theirs that has a name of ours"
    whole = issuer(pages(), roles_claim="https://example.org/roles")
    assert whole.admit(sign(ec(), claims() | {"https://example.org/roles": "admin"})).role == "admin"
    assert issuer(pages()).admit(sign(ec(), claims(roles={"admin": True}))).role == ""


def test_the_name_is_the_claim_of_the_settings() -> None:
    made = issuer(pages(), name_claim="preferred_username")
    assert made.admit(sign(ec(), claims(preferred_username="rivera"))).name == "rivera"


# --- where keys come from


def test_keys_are_fetched_once_and_again_for_a_new_kid() -> None:
    now, known = Hands(), pages(ec())
    made = issuer(known, now)
    made.admit(sign(ec(), claims()))
    made.admit(sign(ec(), claims()))
    assert known.asked == [KEYS]
    known.pages[KEYS] = signing.key_set(ec("ec-2"))
    with pytest.raises(NotTrusted):  # too soon to ask again
        made.admit(sign(ec("ec-2"), claims()))
    assert known.asked == [KEYS]
    now.now = signing.NOW.replace(minute=31)
    made.admit(sign(ec("ec-2"), claims()))
    assert known.asked == [KEYS] * 2
    with pytest.raises(NotTrusted):  # a key that was withdrawn
        made.admit(sign(ec(), claims()))


def test_made_up_kids_do_not_make_us_ask_without_end() -> None:
    known = pages(ec())
    made = issuer(known)
    for number in range(50):
        with pytest.raises(NotTrusted):
            made.admit(sign(ec(), claims(), kid=f"made-up-{number}"))
    assert known.asked == [KEYS]


def test_keys_grow_old_and_outlive_an_issuer_that_is_away_for_a_day() -> None:
    now, known = Hands(), pages(ec())
    made = issuer(known, now)
    made.admit(sign(ec(), claims()))
    known.pages[KEYS] = httpx.Response(500)
    now.now = signing.NOW.replace(hour=12)
    made.admit(sign(ec(), claims(now.now)))
    assert len(known.asked) == 2
    now.now = signing.NOW.replace(day=21, hour=10)
    with pytest.raises(ServerError, match="cannot be had"):
        made.admit(sign(ec(), claims(now.now)))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"location": "https://evil.example/keys"}),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, content=b" " * 300_000),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"keys": []}),
        httpx.Response(200, json={"keys": [7, {"kty": "RSA"}, {"kty": "EC", "crv": "P-384", "x": "a"}]}),
    ],
    ids=["redirect", "html", "endless", "list", "none", "broken"],
)
def test_what_is_no_set_of_keys_is_not_used(answer: httpx.Response) -> None:
    known = Pages(**{KEYS: answer})
    with pytest.raises(ServerError, match="cannot be had"):
        issuer(known).admit(sign(ec(), claims()))
    assert known.asked == [KEYS]


def test_keys_that_are_weak_symmetric_or_for_something_else_are_left_out() -> None:
    with pytest.warns(SecurityWarning):
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    listed = [
        weak.as_dict(private=False),
        OctKey.import_key("secret-of-more-than-thirty-two-bytes", {"kid": "oct"}).as_dict(private=True),
        OKPKey.generate_key("Ed25519", {"kid": "okp"}).as_dict(private=False),
        ec("enc").as_dict(private=False) | {"use": "enc"},
        ec("wrap").as_dict(private=False) | {"key_ops": ["wrapKey"]},
        ec("other-alg").as_dict(private=False) | {"alg": "ES256"},
        ec("p521", "P-521").as_dict(private=False),
        ec().as_dict(private=False) | {"use": "sig", "alg": "ES384"},
    ]
    made = issuer(Pages(**{KEYS: {"keys": listed}}))
    made.admit(sign(ec(), claims()))
    for key, algorithm in (
        (weak, "RS256"),
        (ec("enc"), "ES384"),
        (ec("wrap"), "ES384"),
        (ec("other-alg"), "ES384"),
    ):
        with pytest.raises(NotTrusted, match="not signed with a key"):
            made.admit(sign(key, claims(), algorithm))


def test_keys_from_a_file_which_may_change(tmp_path: Path) -> None:
    now, file = Hands(), tmp_path / "keys.json"
    file.write_text(json.dumps(signing.key_set(ec())), "utf-8")
    made = issuer(Pages(), now, keys_url=None, keys_file=file)
    made.admit(sign(ec(), claims()))
    file.write_text(json.dumps(signing.key_set(ec("ec-2"))), "utf-8")
    now.now = signing.NOW.replace(minute=31)
    made.admit(sign(ec("ec-2"), claims()))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "AAAA"}]}'])
def test_a_file_without_keys_is_told_at_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError, match="file of keys"):
        issuer(Pages(), keys_url=None, keys_file=file)


def test_keys_without_tls_are_for_the_loopback_alone() -> None:
    with pytest.raises(UsageError, match="without TLS"):
        issuer(Pages(), keys_url="http://login.example.org/keys")
    issuer(Pages(), keys_url="http://127.0.0.1:9/keys")


def test_discovery_says_where_keys_are() -> None:
    where = f"{ISSUER}/.well-known/openid-configuration"
    known = Pages(**{where: {"issuer": ISSUER, "jwks_uri": KEYS}, KEYS: signing.key_set(ec())})
    issuer(known, keys_url=None).admit(sign(ec(), claims()))
    assert known.asked == [where, KEYS]


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example", "jwks_uri": KEYS},
        {"jwks_uri": KEYS},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks_uri": "http://login.example.org/keys"},
        [],
    ],
)
def test_a_discovery_document_that_is_not_the_issuers(document: Any) -> None:
    where = f"{ISSUER}/.well-known/openid-configuration"
    known = Pages(**{where: document, KEYS: signing.key_set(ec())})
    with pytest.raises(ServerError, match="cannot be had"):
        issuer(known, keys_url=None).admit(sign(ec(), claims()))
    assert known.asked == [where]


def test_peeking_believes_nothing() -> None:
    assert peek(signing.unsigned({"iss": "x"})).claims == {"iss": "x"}
