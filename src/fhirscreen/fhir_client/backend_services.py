"""SMART Backend Services: a client without a user signs an assertion and gets a token for it.

SMART App Launch 2.x, chapters Backend Services and Client Authentication: Asymmetric (private_key_jwt).
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx
import orjson
from joserfc.errors import JoseError

from fhirscreen.exceptions import Unauthorised, UsageError
from fhirscreen.fhir_client.addresses import Base
from fhirscreen.fhir_client.capabilities import fetch_smart
from fhirscreen.fhir_client.connections import Connections
from fhirscreen.fhir_client.exchanges import Patience, Wire

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

_LIFE = 240
"""Seconds that an assertion is good for; the standard allows 300."""

_LEEWAY = 30.0
"""Seconds before its end from which on a token is not used any more: a search may take that long."""

_DEFAULT_LIFE = 300
"""Seconds that a token is taken to live where the answer does not say."""

_EXPECTED = "a private key as JWK, as a set of them, or as PEM: RSA (RS384), or EC on the curve P-384 (ES384)"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the algorithm that goes with it."""

    key: RSAKey | ECKey
    algorithm: str
    id: str | None

    @classmethod
    def read(cls, path: Path, id: str | None = None) -> SigningKey:
        """From a file. `id` is the `kid` where the key names none, and picks one of a set.

        Raises UsageError, which never quotes the file.
        """
        from joserfc.jwk import ECKey, RSAKey  # noqa: PLC0415 - slow to import, and few clients have a key

        try:
            content = path.read_bytes()
        except OSError:
            raise UsageError("the key file cannot be read", where=str(path), expected=_EXPECTED) from None
        try:
            key = _pick(content, id)
        except (JoseError, ValueError, TypeError, KeyError):
            raise UsageError(
                "the key file holds no key that signs", where=str(path), expected=_EXPECTED
            ) from None
        if isinstance(key, RSAKey) and key.is_private:
            return cls(key, "RS384", id or key.kid)
        if isinstance(key, ECKey) and key.is_private and key.curve_name == "P-384":
            return cls(key, "ES384", id or key.kid)
        raise UsageError("the key cannot sign as servers must accept", where=str(path), expected=_EXPECTED)

    def assertion(self, client_id: str, audience: str, now: float) -> str:
        """A signed JWT that says who asks, good once and for four minutes from `now` (seconds)."""
        from joserfc import jwt  # noqa: PLC0415

        header = {"alg": self.algorithm, "typ": "JWT"} | ({"kid": self.id} if self.id else {})
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": int(now),
            "exp": int(now) + _LIFE,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])


def _pick(content: bytes, id: str | None) -> Any:
    from joserfc.jwk import ECKey, KeySet, RSAKey, import_key  # noqa: PLC0415

    if content.lstrip().startswith(b"-----"):
        kind = "RSA" if b"RSA PRIVATE" in content else None
        if kind is not None:
            return RSAKey.import_key(content)
        try:
            return ECKey.import_key(content)
        except (JoseError, ValueError, TypeError):
            return RSAKey.import_key(content)
    data = orjson.loads(content)
    if "keys" not in data:
        return import_key(data)
    keys = [key for key in KeySet.import_key_set(data).keys if key.is_private]
    named = [key for key in keys if id is not None and key.kid == id]
    return (named or keys)[0] if id is None or named else None


@dataclass(frozen=True, slots=True)
class Registration:
    """How a server knows this client. Without `token_url` the server's own SMART configuration says it."""

    client_id: str
    key: SigningKey
    token_url: str | None = None
    scope: str = "system/*.rs"


class BackendServices(httpx.Auth):
    """Gets tokens, keeps them as long as they live, and gets a new one when a server refuses one.

    The token endpoint is asked by `http`, which carries no credentials; threads share one token.
    """

    def __init__(
        self,
        registration: Registration,
        base: Base,
        http: httpx.Client,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._registration = registration
        self._base = base
        self._http = http
        self._connections = Connections()
        self._patience = patience or Patience()
        self._clock = clock
        self._lock = Lock()
        self._token: str | None = None
        self._until = 0.0
        self._endpoint = registration.token_url
        self.granted: frozenset[str] = frozenset()

    def close(self) -> None:
        """Closes the connections to the token endpoint; who waits for a token meets Unreachable."""
        self._connections.cut()
        self._http.close()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Adds the token; on 401 gets a new one and asks once more."""
        used = self.token()
        request.headers["Authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {self.token(refused=used)}"
            yield request

    def token(self, refused: str | None = None) -> str:
        """A token that lives, and another one than `refused`.

        Raises Unauthorised where none is given, and other ServerErrors where the endpoint does not answer.
        """
        with self._lock:
            if self._token is None or self._token == refused or self._clock() >= self._until:
                self._token = None
                self._token = self._ask()
            return self._token

    def _ask(self) -> str:
        registration, endpoint = self._registration, self._find_endpoint()
        now = self._clock()
        form = {
            "grant_type": "client_credentials",
            "scope": registration.scope,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": registration.key.assertion(registration.client_id, endpoint, now),
        }
        wire = Wire(Base.read(endpoint), self._http, self._patience, connections=self._connections)
        answer = wire.send(
            "POST",
            endpoint,
            form=urlencode(form).encode("ascii"),
            headers={"Accept": "application/json"},
            accept={400, 401, 403},
            expect="JSON",
        )
        body = answer.body if isinstance(answer.body, dict) else {}
        token = body.get("access_token")
        if answer.status != httpx.codes.OK or not isinstance(token, str):
            raise Unauthorised(
                f"the token endpoint gave no token ({_error(body) or answer.status})",
                where=f"{answer.where}, client {registration.client_id}",
                expected="an access token for the signed assertion",
                remedy="check client id, key, key id and scope against what is registered with the server",
            )
        life = body.get("expires_in")
        seconds = float(life) if isinstance(life, int | float) and life > 0 else _DEFAULT_LIFE
        self._until = now + seconds - min(_LEEWAY, seconds / 2)
        self._note(body.get("scope"))
        return token

    def _find_endpoint(self) -> str:
        if self._endpoint is None:
            wire = Wire(self._base, self._http, self._patience, connections=self._connections)
            smart = fetch_smart(wire)
            if smart is None or smart.token_endpoint is None:
                raise Unauthorised(
                    "the server names no token endpoint",
                    where=f"{self._base.url}/.well-known/smart-configuration",
                    expected="token_endpoint",
                    remedy="set token_url of this server",
                )
            if urlsplit(smart.token_endpoint).scheme != "https" and self._base.url.startswith("https:"):
                raise Unauthorised(
                    "the server names a token endpoint without TLS",
                    where=f"{self._base.url}/.well-known/smart-configuration",
                    expected="a token_endpoint that begins with https://",
                    remedy="set token_url of this server, or have its configuration corrected",
                )
            self._endpoint = smart.token_endpoint
        return self._endpoint

    def _note(self, scope: object) -> None:
        """Servers may grant less than was asked for: it is said once, and a 403 follows where it matters."""
        granted = frozenset(scope.split()) if isinstance(scope, str) else frozenset()
        asked = frozenset(self._registration.scope.split())
        if granted and granted != self.granted and (lacking := asked - granted):
            _log.warning("The server granted less than was asked for: without %s", ", ".join(sorted(lacking)))
        self.granted = granted


def _error(body: dict[str, Any]) -> str | None:
    """OAuth's error code (RFC 6749, 5.2), if it is one: a description may say anything."""
    code = body.get("error")
    return code if isinstance(code, str) and code.replace("_", "").isalpha() and len(code) < 60 else None
