"""SMART Backend Services: what is signed, when a token is asked for anew, what is said when none comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from fhirscreen.exceptions import Unauthorised, UsageError
from fhirscreen.fhir_client import Client, Registration, SigningKey
from fhirscreen.fhir_client.exchanges import Pace
from tests.lib.transport import BASE, HASTY, form_of

TOKENS = "https://sign-in.example.org/token"
CLIENT = "screening-at-hospital"
EMPTY = {"resourceType": "Bundle", "type": "searchset", "total": 0}

RSA_KEY = RSAKey.generate_key(2048, {"kid": "rsa-1"})
EC_KEY = ECKey.generate_key("P-384", {"kid": "ec-1"})


class Hospital(httpx.MockTransport):
    """A FHIR server with a token endpoint that verifies assertions as the standard asks."""

    def __init__(self, keys: KeySet, *, life: int | None = 300, scope: str | None = None) -> None:
        self.keys, self.life, self.scope = keys, life, scope
        self.given: list[str] = []
        self.valid: set[str] = set()
        self.seen: set[str] = set()
        self.claims: list[dict[str, Any]] = []
        self.headers: list[dict[str, Any]] = []
        self.discovered = 0
        self.refusal: httpx.Response | None = None
        self.before_tokens: list[httpx.Response] = []
        super().__init__(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/.well-known/smart-configuration"):
            self.discovered += 1
            assert "authorization" not in request.headers
            return httpx.Response(200, json={"token_endpoint": TOKENS, "capabilities": []})
        if str(request.url) == TOKENS:
            return self._token(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.valid:
            return httpx.Response(401)
        return httpx.Response(200, json=EMPTY)

    def _token(self, request: httpx.Request) -> httpx.Response:
        assert "authorization" not in request.headers
        if self.before_tokens:
            return self.before_tokens.pop(0)
        if self.refusal is not None:
            return self.refusal
        form = form_of(request)
        assert form["grant_type"] == "client_credentials"
        assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        token = jwt.decode(form["client_assertion"], self.keys, algorithms=["RS384", "ES384"])
        claims = token.claims
        assert claims["iss"] == claims["sub"] == CLIENT
        assert claims["aud"] == TOKENS
        assert 0 < claims["exp"] - time.time() <= 300
        assert claims["jti"] not in self.seen
        self.seen.add(claims["jti"])
        self.claims.append(claims)
        self.headers.append(token.header)
        given = f"token-{len(self.given)}"
        self.given.append(given)
        self.valid.add(given)
        body: dict[str, Any] = {"access_token": given, "token_type": "bearer"}
        if self.life is not None:
            body["expires_in"] = self.life
        if self.scope is not None:
            body["scope"] = self.scope
        return httpx.Response(200, json=body)


def public(*keys: RSAKey | ECKey) -> KeySet:
    return KeySet([type(key).import_key(key.as_dict(private=False)) for key in keys])


def as_jwk(key: RSAKey | ECKey) -> bytes:
    return orjson.dumps(key.as_dict(private=True))


def as_pem(key: Any) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def client_of(tmp_path: Path, hospital: Hospital, content: bytes, **more: Any) -> Client:
    path = tmp_path / "key"
    path.write_bytes(content)
    registration = Registration(CLIENT, SigningKey.read(path, more.pop("id", None)), **more)
    return Client(BASE, auth=registration, transport=hospital, patience=HASTY)


@pytest.mark.parametrize(("key", "algorithm"), [(RSA_KEY, "RS384"), (EC_KEY, "ES384")])
def test_a_token_is_asked_for_once_and_used_for_all(
    tmp_path: Path, key: RSAKey | ECKey, algorithm: str
) -> None:
    hospital = Hospital(public(key))
    with client_of(tmp_path, hospital, as_jwk(key)) as client:
        for _ in range(3):
            client.gather("Condition", verify=False)
    assert len(hospital.given) == hospital.discovered == 1
    assert hospital.headers[0] == {"alg": algorithm, "typ": "JWT", "kid": key.kid}


@pytest.mark.parametrize(
    "make",
    [
        lambda: as_pem(rsa.generate_private_key(65537, 2048)),
        lambda: as_pem(ec.generate_private_key(ec.SECP384R1())),
    ],
)
def test_a_key_may_be_pem(tmp_path: Path, make: Callable[[], bytes]) -> None:
    pem = make()
    key = SigningKey.read(_written(tmp_path, pem), "named")
    hospital = Hospital(KeySet([type(key.key).import_key(key.key.as_dict(private=False) | {"kid": "named"})]))
    with client_of(tmp_path, hospital, pem, id="named") as client:
        client.gather("Condition", verify=False)
    assert hospital.headers[0]["kid"] == "named"


def test_a_key_of_a_set_is_picked_by_its_id(tmp_path: Path) -> None:
    keys = orjson.dumps({"keys": [key.as_dict(private=True) for key in (RSA_KEY, EC_KEY)]})
    path = _written(tmp_path, keys)
    assert SigningKey.read(path, "ec-1").algorithm == "ES384"
    assert SigningKey.read(path).id == "rsa-1"
    with pytest.raises(UsageError):
        SigningKey.read(path, "another")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a key",
        b"-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n",
        b'{"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmU"}',
        orjson.dumps(EC_KEY.as_dict(private=False)),
        orjson.dumps(ECKey.generate_key("P-256").as_dict(private=True)),
    ],
)
def test_a_key_that_cannot_sign_is_an_error_that_does_not_quote_it(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UsageError, match="key") as caught:
        SigningKey.read(_written(tmp_path, content))
    assert "SECRET" not in str(caught.value)
    assert "c2VjcmV0" not in str(caught.value)


def test_a_token_is_renewed_before_it_ends(tmp_path: Path) -> None:
    hospital = Hospital(public(EC_KEY), life=1)
    with client_of(tmp_path, hospital, as_jwk(EC_KEY)) as client:
        client.gather("Condition", verify=False)
        time.sleep(0.6)  # half its life is the leeway of so short a token
        client.gather("Condition", verify=False)
    assert len(hospital.given) == 2


def test_a_refused_token_is_replaced_once(tmp_path: Path) -> None:
    hospital = Hospital(public(EC_KEY), life=None)
    with client_of(tmp_path, hospital, as_jwk(EC_KEY)) as client:
        client.gather("Condition", verify=False)
        hospital.valid.clear()
        client.gather("Condition", verify=False)
        assert len(hospital.given) == 2
        hospital.valid = set()
        hospital.refusal = httpx.Response(401, json={"error": "invalid_client"})
        with pytest.raises(Unauthorised, match="invalid_client"):
            client.gather("Condition", verify=False)


def test_threads_share_one_token(tmp_path: Path) -> None:
    hospital = Hospital(public(EC_KEY))
    with client_of(tmp_path, hospital, as_jwk(EC_KEY), token_url=TOKENS) as client:
        threads = [Thread(target=lambda: client.gather("Condition", verify=False)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(hospital.given) == 1
    assert hospital.discovered == 0


def test_a_token_endpoint_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    hospital = Hospital(public(EC_KEY))
    hospital.before_tokens = [httpx.Response(503), httpx.Response(429, headers={"Retry-After": "0"})]
    with client_of(tmp_path, hospital, as_jwk(EC_KEY)) as client:
        client.gather("Condition", verify=False)
    assert len(hospital.given) == 1


def test_no_token_says_what_to_check_and_holds_no_assertion(tmp_path: Path) -> None:
    hospital = Hospital(public(EC_KEY))
    hospital.refusal = httpx.Response(
        400, json={"error": "invalid_scope", "error_description": "about Jane Doe"}
    )
    with (
        client_of(tmp_path, hospital, as_jwk(EC_KEY)) as client,
        pytest.raises(Unauthorised, match="invalid_scope") as caught,
    ):
        client.gather("Condition", verify=False)
    assert CLIENT in str(caught.value)
    assert "Jane" not in str(caught.value)
    assert "eyJ" not in str(caught.value)
    assert "scope" in str(caught.value.remedy)


def test_less_scope_than_asked_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    hospital = Hospital(public(EC_KEY), scope="system/Condition.rs")
    scope = "system/Condition.rs system/Observation.rs"
    with client_of(tmp_path, hospital, as_jwk(EC_KEY), scope=scope) as client:
        client.gather("Condition", verify=False)
    assert "without system/Observation.rs" in caplog.text


def test_requests_keep_to_the_rate() -> None:
    pace = Pace(50)
    began = time.monotonic()
    waits = [pace.take() for _ in range(11)]
    assert waits[0] == 0
    assert time.monotonic() + waits[-1] - began >= 10 / 50
    assert waits[-1] <= 10 / 50


def _written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "key"
    path.write_bytes(content)
    return path
