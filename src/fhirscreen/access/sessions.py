"""Sessions of the pages: a signed cookie that says who signed in, until when, and by which token.

The cookie is a JWT of ours, signed with a secret of this service (HS256: nobody else ever verifies it).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.errors import JoseError

from fhirscreen.access.callers import LOCAL, Caller, Role
from fhirscreen.access.jwts import instant
from fhirscreen.access.scopes import find_scopes
from fhirscreen.exceptions import NotAllowed, NotTrusted, UsageError
from fhirscreen.settings.groups import AccessSettings
from fhirscreen.store.databases import Database
from fhirscreen.store.tokens import is_seen, seen_jti, token_lives

LIFE = timedelta(hours=8)
"""How long a session lasts at most: a working day."""
_ISSUER = "fhirscreen"
_LEAST_SECRET = 32
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who signed in. `token` is the id of the API token that it was done with."""

    id: str
    caller: Caller
    until: datetime
    token: str | None = None


class Sessions:
    """Opens, reads and ends sessions. Raises UsageError for a secret that could be guessed."""

    def __init__(
        self, secret: str | None, database: Database, clock: Callable[[], datetime], *, open_to_all: bool
    ) -> None:
        if secret is not None and len(secret) < _LEAST_SECRET:
            raise UsageError(
                "the secret of sessions is too short",
                expected=f"access.session_secret of {_LEAST_SECRET} characters or more, by chance",
            )
        self._secret = (secret or secrets.token_urlsafe(_LEAST_SECRET)).encode()
        self._database = database
        self._clock = clock
        self._local = (
            Session("local", LOCAL, datetime.max.replace(tzinfo=clock().tzinfo)) if open_to_all else None
        )

    def open(self, caller: Caller, *, token: str | None = None, until: datetime | None = None) -> str:
        """A new session, as the cookie's value. It ends after a working day, or before, with the token."""
        now = self._clock()
        end = min(now + LIFE, until or now + LIFE)
        data = {
            "sub": caller.name,
            "scope": " ".join(sorted(map(str, caller.scopes))),
            "roles": sorted(caller.roles),
            "token": token,
            "jti": secrets.token_urlsafe(16),
        }
        return self.seal("session", data, end)

    def read(self, cookie: str | None) -> Session:
        """The session of a cookie. Raises NotTrusted: none, ended, forged, or its token revoked."""
        if self._local is not None:
            return self._local
        data = self.unseal("session", cookie)
        roles = frozenset(Role(each) for each in data["roles"])
        caller = Caller(data["sub"], find_scopes(data["scope"].split()), roles)
        session = Session(data["jti"], caller, instant(data, "exp"), data["token"])
        with self._database.reading() as reading:
            ended = is_seen(reading, _ISSUER, session.id)
            lives = session.token is None or token_lives(reading, session.token, self._clock())
        if ended or not lives:
            raise _unknown()
        return session

    def end(self, session: Session) -> None:
        """Ends a session: its cookie is good for nothing any more, wherever a copy of it may be."""
        if session is not self._local:
            with self._database.begin() as writing:
                seen_jti(writing, _ISSUER, session.id, session.until, self._clock())

    # --- forms

    def form_token(self, session_id: str) -> str:
        """What a form of this session must carry, so that no other site's form can be sent in its name."""
        return hmac.new(self._key("form"), session_id.encode(), hashlib.sha256).hexdigest()

    def check_form(self, session_id: str, given: str | None) -> None:
        """Raises NotAllowed for a form that did not come from a page of this session."""
        wanted = self.form_token(session_id).encode()
        if not hmac.compare_digest(wanted, (given or "").encode("utf-8", "replace")):
            raise NotAllowed(
                "the form did not come from a page of this session",
                remedy="open the page again, then send it",
            )

    # --- what is sealed for one purpose cannot be used for another

    def seal(self, purpose: str, data: Mapping[str, Any], until: datetime) -> str:
        """Data as a signed text that is good until a time."""
        from joserfc import jwk, jwt  # noqa: PLC0415 - slow to import, and nobody signs in where all is open

        claims = dict(data) | {
            "iss": _ISSUER,
            "aud": purpose,
            "iat": int(self._clock().timestamp()),
            "exp": int(until.timestamp()),
        }
        key = jwk.OctKey.import_key(self._key(purpose))
        return jwt.encode({"alg": "HS256"}, claims, key, algorithms=["HS256"])

    def unseal(self, purpose: str, text: str | None) -> dict[str, Any]:
        """The data of a signed text. Raises NotTrusted: not ours, for something else, or too old."""
        from joserfc import jwk, jwt  # noqa: PLC0415

        if not text or len(text) > _LONGEST or not text.isascii():
            raise _unknown()
        registry = jwt.JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            iss={"essential": True, "value": _ISSUER},
            aud={"essential": True, "value": purpose},
            exp={"essential": True},
        )
        try:
            key = jwk.OctKey.import_key(self._key(purpose))
            claims = jwt.decode(text, key, algorithms=["HS256"]).claims
            registry.validate(claims)
        except (JoseError, ValueError, TypeError):
            raise _unknown() from None
        return claims

    def _key(self, purpose: str) -> bytes:
        return hmac.new(self._secret, f"fhirscreen {purpose}".encode(), hashlib.sha256).digest()


def make_sessions(settings: AccessSettings, database: Database, clock: Callable[[], datetime]) -> Sessions:
    """What the settings ask for."""
    secret = settings.session_secret
    return Sessions(
        secret.get_secret_value() if secret is not None else None,
        database,
        clock,
        open_to_all=settings.mode == "none",
    )


def _unknown() -> NotTrusted:
    return NotTrusted("nobody is signed in", remedy="sign in")
