"""Keys, and the tokens that issuers and EHRs sign with them; an issuer in a function."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

ISSUER = "https://login.example.org"
KEYS = f"{ISSUER}/keys"
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)

Key = RSAKey | ECKey


def clock() -> datetime:
    return NOW


class Hands:
    """A clock whose hands a test moves."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@cache
def rsa(kid: str = "rsa-1", bits: int = 2048) -> RSAKey:
    return RSAKey.generate_key(bits, {"kid": kid})


@cache
def ec(kid: str = "ec-1", curve: str = "P-384") -> ECKey:
    return ECKey.generate_key(curve, {"kid": kid})


def key_set(*keys: Key, **more: Any) -> dict[str, Any]:
    """What an issuer publishes."""
    return {"keys": [key.as_dict(private=False) | more for key in keys]}


def claims(now: datetime = NOW, **given: Any) -> dict[str, Any]:
    """The claims of a token that is good; None leaves one out."""
    at = int(now.timestamp())
    made = {"iss": ISSUER, "aud": "fhirscreen", "sub": "nurse-1", "iat": at, "exp": at + 300} | given
    return {name: value for name, value in made.items() if value is not None}


def sign(key: Key, said: dict[str, Any], algorithm: str = "ES384", **header: Any) -> str:
    """A JWT; None leaves a field of the header out."""
    fields = {"alg": algorithm, "typ": "JWT", "kid": key.kid} | header
    kept = {name: value for name, value in fields.items() if value is not None}
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = 1_000_000
    return jwt.encode(kept, said, key, algorithms=[algorithm], registry=registry)


def unsigned(said: dict[str, Any], **header: Any) -> str:
    """A token with `alg: none` and no signature."""
    return f"{packed({'alg': 'none', 'typ': 'JWT'} | header)}.{packed(said)}."


def confused(key: Key, said: dict[str, Any], algorithm: str = "HS256") -> str:
    """A token signed with the issuer's public key as the secret of a symmetric algorithm."""
    header = {"alg": algorithm, "typ": "JWT", "kid": key.kid}
    signing = f"{packed(header)}.{packed(said)}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384}[algorithm]
    signature = hmac.new(key.as_pem(private=False), signing.encode(), digest).digest()
    return f"{signing}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def packed(data: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


class Pages:
    """Answers addresses with what is set for them, and counts who was asked for what."""

    def __init__(self, **pages: Any) -> None:
        self.pages: dict[str, Any] = pages
        self.asked: list[str] = []

    def __call__(self, _address: str) -> httpx.BaseTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        address = str(request.url)
        self.asked.append(address)
        found = self.pages.get(address)
        if callable(found):
            found = found(request)
        if isinstance(found, httpx.Response):
            return found
        return httpx.Response(404) if found is None else httpx.Response(200, json=found)
