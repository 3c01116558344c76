"""Who calls CDS Hooks: the EHR that a JWT names (CDS Hooks 2.0, Trusting CDS Clients).

ES384 and RS384 alone. Only issuers that are set are believed, by the keys that are set for them: a `jku`
must be the address that is set and is never fetched for being there. A JWT is good once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from fhirscreen.access.authenticators import bearer
from fhirscreen.access.documents import Documents
from fhirscreen.access.jwts import LEEWAY, Rules, instant, peek, refused, verify
from fhirscreen.access.keys import Keys
from fhirscreen.exceptions import NotTrusted
from fhirscreen.settings.groups import CdsIssuer, CdsSettings
from fhirscreen.store.databases import Database
from fhirscreen.store.tokens import is_seen, seen_jti

__all__ = ["HookAuthenticator", "HookCaller", "NotTrusted", "make_hook_authenticator"]

_RULES = Rules(
    algorithms=("ES384", "RS384"),
    types=("jwt",),
    life=timedelta(hours=1),
    kid_needed=True,
    essential=("jti",),
)
_JTI = 256


Redeem = Callable[[Session], None]
"""Uses a token up, in that transaction. Raises NotTrusted where it was used before."""


def _nothing(_session: Session) -> None:
    """No token was asked for."""


@dataclass(frozen=True, slots=True)
class HookCaller:
    """An EHR: the issuer of its JWT, and the tenant that it names; both empty where no JWT is required.

    Until `redeem` is called in a transaction that stands, the same token is believed again.
    """

    issuer: str = ""
    tenant: str = ""
    redeem: Redeem = field(default=_nothing, compare=False)


class HookAuthenticator:
    """Tells who calls from the header Authorization; `url` is the address that was called, as audience."""

    def __init__(
        self,
        settings: CdsSettings,
        database: Database,
        documents: Documents,
        clock: Callable[[], datetime],
    ) -> None:
        self._required = settings.required
        self._database = database
        self._clock = clock
        self._trusted = {
            each.issuer: (
                each,
                Keys.of(each.keys_file, clock)
                if each.keys_file is not None
                else Keys.at(each.keys_url or "", documents, clock),
            )
            for each in settings.issuers
        }

    def __call__(self, authorization: str | None, url: str) -> HookCaller:
        """Who calls, whose token is used up. Raises NotTrusted."""
        caller = self.verify(authorization, url)
        with self._database.begin() as session:
            caller.redeem(session)
        return caller

    def verify(self, authorization: str | None, url: str) -> HookCaller:
        """Who calls; whoever answers uses the token up before the answer goes out. Raises NotTrusted."""
        if not self._required:
            return HookCaller()
        token = bearer(authorization)
        said = peek(token)
        issuer = said.claims.get("iss")
        if not isinstance(issuer, str) or issuer not in self._trusted:
            raise NotTrusted(
                "who calls is not known",
                expected="Authorization: Bearer, with a JWT of an issuer in cds.issuers",
                remedy="register this EHR's issuer and keys in the settings",
            )
        known, keys = self._trusted[issuer]
        _check_jku(said.header, known)
        now = self._clock()
        # Feedback may be meant for its own address or for the service that it is about: the text is open.
        audiences = {url, url.removesuffix("/feedback")}
        claims = verify(token, keys, _RULES, issuer=issuer, audiences=audiences, now=now)
        tenant = claims.get("tenant", "")
        if known.clients and tenant not in known.clients:
            raise refused("the token is of a tenant that is not known here")
        jti = claims["jti"]
        if not 0 < len(jti) <= _JTI or not jti.isprintable():
            raise refused("the token's jti cannot be read", f"1 to {_JTI} printable characters")
        until = instant(claims, "exp") + timedelta(seconds=LEEWAY)
        with self._database.reading() as session:
            if is_seen(session, issuer, jti):
                raise _used()

        def redeem(session: Session) -> None:
            if seen_jti(session, issuer, jti, until, self._clock()):
                raise _used()

        return HookCaller(issuer, tenant if isinstance(tenant, str) else "", redeem)


def make_hook_authenticator(
    settings: CdsSettings, database: Database, documents: Documents, clock: Callable[[], datetime]
) -> HookAuthenticator:
    """What the settings ask for: a JWT of an issuer in them, or nothing.

    Raises UsageError where the keys of an issuer cannot be used.
    """
    return HookAuthenticator(settings, database, documents, clock)


def _used() -> NotTrusted:
    return refused("the token was used before", "a token made for this call alone")


def _check_jku(header: dict[str, Any], known: CdsIssuer) -> None:
    if known.keys_url is not None and header.get("jku", known.keys_url) != known.keys_url:
        raise refused("the token names keys at an address that is not allowed")
