"""An OpenID Connect issuer: its discovery document, its keys, and who its JWTs say asks.

OpenID Connect Discovery 1.0; RFC 9068 for access tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from fhirscreen.access.callers import Caller, Role
from fhirscreen.access.documents import Documents, check_address
from fhirscreen.access.jwts import Rules, refused, verify
from fhirscreen.access.keys import Keys
from fhirscreen.access.scopes import find_scopes
from fhirscreen.exceptions import ServerError, UsageError
from fhirscreen.settings.groups import AccessSettings

ALGORITHMS = ("RS256", "RS384", "ES256", "ES384")
_ACCESS = Rules(ALGORITHMS, types=("", "jwt", "at+jwt"))
_IDENTITY = Rules(ALGORITHMS, types=("", "jwt"), essential=("sub", "iat", "nonce"))
_LONGEST_NAME = 200


class Issuer:
    """Who signs. Raises UsageError where its settings cannot work; it is asked when it is first needed."""

    def __init__(
        self,
        settings: AccessSettings,
        documents: Documents,
        clock: Callable[[], datetime],
        public_url: str | None,
    ) -> None:
        self._settings = settings
        self._documents = documents
        self._clock = clock
        self.id = settings.issuer or ""
        self._audience = settings.audience or public_url or ""
        if not self._audience:
            raise UsageError(
                "access by OIDC lacks its audience",
                expected="access.audience, or public_url",
                remedy="name what the issuer writes into `aud` of tokens for this service",
            )
        if settings.keys_file is not None:
            self._keys = Keys.of(settings.keys_file, clock)
        elif settings.keys_url is not None:
            self._keys = Keys.at(settings.keys_url, documents, clock)
        else:
            check_address(self.id)
            self._keys = Keys(lambda: documents.fetch(self.endpoint("jwks_uri")), clock)

    def endpoint(self, name: str) -> str:
        """An address out of the discovery document. Raises ServerError where it names none of that name."""
        where = f"{self.id.rstrip('/')}/.well-known/openid-configuration"
        found = self._documents.fetch(where)
        if not isinstance(found, dict) or found.get("issuer") != self.id:
            raise ServerError(
                "the issuer's discovery document is of another issuer", where=where, expected=self.id
            )
        if not isinstance(found.get(name), str):
            raise ServerError(f"the issuer's discovery document lacks {name}", where=where)
        return check_address(found[name])

    def admit(self, token: str) -> Caller:
        """Who bears an access token. Raises NotTrusted."""
        now = self._clock()
        claims = verify(token, self._keys, _ACCESS, issuer=self.id, audiences=[self._audience], now=now)
        return self.caller(claims)

    def identify(self, token: str, nonce: str) -> tuple[Caller, dict[str, Any]]:
        """Whom an ID token is about, and its claims. Raises NotTrusted, also where the nonce is not ours."""
        client = self._settings.client_id or ""
        claims = verify(token, self._keys, _IDENTITY, issuer=self.id, audiences=[client], now=self._clock())
        # OpenID Connect Core 3.1.3.7: a token for several must say that it was made for us.
        if claims["nonce"] != nonce or claims.get("azp", client) != client:
            raise refused("the sign-in was begun elsewhere")
        return self.caller(claims), claims

    def caller(self, claims: Mapping[str, Any]) -> Caller:
        """Who asks, by verified claims. Raises NotTrusted where they name nobody."""
        name = claims.get(self._settings.name_claim) or claims.get("client_id") or claims.get("azp")
        if not isinstance(name, str) or not name.isprintable() or len(name) > _LONGEST_NAME:
            raise refused("the token does not say who asks", self._settings.name_claim)
        said = claims.get("scope") or claims.get("scp")
        known = {each.value: each for each in Role}
        # A group of the issuer that happens to have one of our names is none of ours, where names are mapped.
        meant: Mapping[str, str] = {**self._settings.roles} or {name: name for name in known}
        named = (meant.get(each) for each in _words(self._role_claim(claims)))
        roles = frozenset(known[each] for each in named if each is not None)
        return Caller(name, find_scopes(_words(said)), roles)

    def _role_claim(self, claims: Mapping[str, Any]) -> Any:
        path = self._settings.roles_claim
        if path in claims:
            return claims[path]
        found: Any = claims
        for step in path.split("."):
            found = found.get(step) if isinstance(found, dict) else None
        return found


def _words(value: Any) -> Iterable[str]:
    """A claim that is a list, or text with blanks in between."""
    if isinstance(value, str):
        return value.split()
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
