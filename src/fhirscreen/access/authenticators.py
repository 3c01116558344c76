"""The Authenticator: from what a request carries to who asks, as the settings have it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fhirscreen.access.callers import LOCAL, Caller, Role
from fhirscreen.access.documents import Documents
from fhirscreen.access.issuers import Issuer
from fhirscreen.access.scopes import find_scopes
from fhirscreen.exceptions import NotTrusted
from fhirscreen.settings.groups import AccessSettings
from fhirscreen.store.databases import Database
from fhirscreen.store.tokens import StoredToken, find_token, has_tokens

LONGEST = 8192
"""The most characters of a token that are looked at."""


class Authenticator:
    """Says who asks. Safe to share between threads. Raises UsageError where its settings cannot work."""

    def __init__(
        self,
        settings: AccessSettings,
        database: Database,
        clock: Callable[[], datetime],
        documents: Documents,
        public_url: str | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self.issuer = Issuer(settings, documents, clock, public_url) if settings.mode == "oidc" else None

    def authenticate(self, authorization: str | None) -> Caller:
        """Who asks, by the header Authorization. Raises NotTrusted."""
        if self._settings.mode == "none":
            return LOCAL
        token = bearer(authorization)
        if self.issuer is not None:
            return self.issuer.admit(token)
        return self.by_token(token)[0]

    def by_token(self, secret: str) -> tuple[Caller, StoredToken]:
        """Who bears an API token. Raises NotTrusted where it is unknown, revoked or expired."""
        with self._database.reading() as session:
            found = find_token(session, secret, self._clock())
        if found is None:
            raise NotTrusted(
                "who asks is not known",
                expected="an API token that is neither revoked nor expired",
                remedy="ask whoever runs this service for a token (fhirscreen token add)",
            )
        return caller_of(found), found

    def lacks_tokens(self) -> bool:
        """Whether tokens are needed, and none was made yet that is good."""
        if self._settings.mode != "token":
            return False
        with self._database.reading() as session:
            return not has_tokens(session, self._clock())


def caller_of(token: StoredToken) -> Caller:
    """Who bears a token."""
    roles = frozenset({Role(token.role)} if token.role else ())
    return Caller(token.name, find_scopes(token.scopes), roles)


def bearer(authorization: str | None) -> str:
    """The token of `Authorization: Bearer …` (RFC 6750, 2.1). Raises NotTrusted where there is none."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise NotTrusted("who asks is not known", expected="Authorization: Bearer, with a token")
    if len(token) > LONGEST or not token.isascii():
        raise NotTrusted("the token cannot be read", expected=f"a token of at most {LONGEST} characters")
    return token
