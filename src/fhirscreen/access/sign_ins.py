"""Signing in to the pages at an OpenID Connect issuer: authorization code flow with PKCE, state and nonce.

OpenID Connect Core 1.0 (3.1), RFC 7636, RFC 9207. What is begun in one browser ends in the same: the state,
the nonce and the verifier lie in a signed cookie that lives for ten minutes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from fhirscreen.access.callers import Caller
from fhirscreen.access.documents import Documents
from fhirscreen.access.issuers import Issuer
from fhirscreen.access.jwts import refused
from fhirscreen.access.sessions import Sessions
from fhirscreen.exceptions import FhirscreenError, NotTrusted, ServerError
from fhirscreen.settings.groups import AccessSettings

CALLBACK = "/sign-in/callback"
LIFE = timedelta(minutes=10)
_PURPOSE = "sign-in"


class SignIns:
    """Begins and ends sign-ins at an issuer. `url` is the address of this service as browsers know it."""

    def __init__(
        self,
        settings: AccessSettings,
        issuer: Issuer,
        documents: Documents,
        sessions: Sessions,
        clock: Callable[[], datetime],
        url: str,
    ) -> None:
        self._settings = settings
        self._issuer = issuer
        self._documents = documents
        self._sessions = sessions
        self._clock = clock
        self._back = url + CALLBACK
        self._after = url + "/sign-in"

    def begin(self, onward: str) -> tuple[str, str]:
        """Where to send the browser, and the cookie that it brings back. Raises ServerError."""
        begun = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(begun["verifier"].encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id or "",
            "redirect_uri": self._back,
            "scope": "openid profile",
            "state": begun["state"],
            "nonce": begun["nonce"],
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        endpoint = self._issuer.endpoint("authorization_endpoint")
        return _with_query(endpoint, query), self._sessions.seal(
            _PURPOSE, begun | {"onward": onward}, self._clock() + LIFE
        )

    def finish(self, cookie: str | None, answer: Mapping[str, str]) -> tuple[Caller, str]:
        """Who signed in, and the page that they wanted.

        Raises NotTrusted where the issuer refused, or the answer belongs to another sign-in; ServerError
        where the issuer does not do its part.
        """
        begun = self._sessions.unseal(_PURPOSE, cookie)
        if not hmac.compare_digest(str(begun["state"]).encode(), answer.get("state", "").encode()):
            raise refused("the sign-in was begun elsewhere")
        if answer.get("iss", self._issuer.id) != self._issuer.id:
            raise refused("the sign-in was answered by another issuer")
        if not (code := answer.get("code")):
            raise refused("the issuer did not sign anybody in")
        caller, _ = self._issuer.identify(self._redeem(code, begun["verifier"]), begun["nonce"])
        return caller, str(begun["onward"])

    def wanted(self, cookie: str | None) -> str:
        """The page that somebody wanted whose sign-in failed, so that the next one leads there too."""
        try:
            return str(self._sessions.unseal(_PURPOSE, cookie)["onward"])
        except NotTrusted:
            return "/"

    def leave(self) -> str | None:
        """Where the browser signs out at the issuer too (OpenID Connect RP-Initiated Logout 1.0).

        None where the issuer has no such place, or does not answer.
        """
        try:
            endpoint = self._issuer.endpoint("end_session_endpoint")
        except FhirscreenError:
            return None
        query = {
            "client_id": self._settings.client_id or "",
            "post_logout_redirect_uri": self._after,
        }
        return _with_query(endpoint, query)

    def _redeem(self, code: str, verifier: str) -> str:
        endpoint = self._issuer.endpoint("token_endpoint")
        client = self._settings.client_id or ""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "client_id": client,
            "code_verifier": verifier,
        }
        secret = self._settings.client_secret
        login = (client, secret.get_secret_value()) if secret is not None else None
        body = self._documents.fetch(endpoint, form, login)
        token = body.get("id_token") if isinstance(body, dict) else None
        if not isinstance(token, str):
            raise ServerError("the issuer gave no ID token", where=endpoint)
        return token


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def make_sign_ins(
    settings: AccessSettings,
    issuer: Issuer | None,
    documents: Documents,
    sessions: Sessions,
    clock: Callable[[], datetime],
    url: str,
) -> SignIns | None:
    """What the settings ask for; None where people do not sign in at an issuer."""
    if issuer is None or settings.client_id is None:
        return None
    return SignIns(settings, issuer, documents, sessions, clock, url)
