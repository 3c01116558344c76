"""JWTs: verified against one issuer's keys, or refused. What a token says is never told, nor logged.

RFC 7519 and RFC 8725 (best current practices). Symmetric algorithms and `none` are on no list here, and the
list is ours, not the token's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from joserfc.errors import JoseError

from fhirscreen.access.keys import Keys
from fhirscreen.exceptions import NotTrusted

if TYPE_CHECKING:
    from joserfc.jws import JWSRegistry

LEEWAY = 60
"""Seconds by which clocks may differ."""
_HEADER = 4096
_KID = 256
_BROKEN = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


def refused(what: str, expected: str | None = None) -> NotTrusted:
    """A token that is not believed."""
    return NotTrusted(what, expected=expected, remedy="send a new token")


@dataclass(frozen=True, slots=True)
class Rules:
    """What one kind of token must be."""

    algorithms: Collection[str]
    types: Collection[str]
    """The `typ` it may have, in lower case; an empty string stands for none."""
    life: timedelta | None = None
    """The most time between `iat` and `exp`; with it, both must be there."""
    kid_needed: bool = False
    essential: Collection[str] = ()
    """Claims that must be there, beside `iss`, `aud` and `exp`."""


@dataclass(frozen=True, slots=True)
class Unverified:
    """What a token says of itself, before anything is known to be true."""

    header: dict[str, Any]
    claims: dict[str, Any]


def peek(token: str) -> Unverified:
    """What a token says, to find whose keys to verify it with. Raises NotTrusted for what is no JWT."""
    from joserfc import jws  # noqa: PLC0415 - slow to import: only where there are keys

    try:
        found = jws.extract_compact(token.encode("ascii"), registry=_registry(None))
        header, claims = found.headers(), orjson.loads(found.payload)
    except _BROKEN:
        raise refused("the token cannot be read", "a signed JWT") from None
    if not isinstance(claims, dict):
        raise refused("the token cannot be read", "a signed JWT")
    return Unverified(header, claims)


def verify(
    token: str, keys: Keys, rules: Rules, *, issuer: str, audiences: Collection[str], now: datetime
) -> dict[str, Any]:
    """The claims of a token that keeps the rules.

    Raises NotTrusted where it does not, and ServerError where the issuer's keys cannot be had.
    """
    from joserfc import jwt  # noqa: PLC0415

    header = peek(token).header
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in rules.algorithms:
        raise refused("the token's algorithm is not allowed", " or ".join(sorted(rules.algorithms)))
    if str(header.get("typ", "")).lower().removeprefix("application/") not in rules.types:
        raise refused("the token is of another type")
    if kid is None and rules.kid_needed:
        raise refused("the token names no key", "kid")
    if kid is not None and (not isinstance(kid, str) or not 0 < len(kid) <= _KID):
        raise refused("the token's kid cannot be read")
    key = keys.find(kid, algorithm)
    try:
        claims = jwt.decode(token, key, algorithms=[algorithm], registry=_registry(algorithm)).claims
    except _BROKEN:
        raise refused("the token's signature is not good") from None
    return _checked(claims, rules, issuer=issuer, audiences=audiences, now=now)


def _checked(
    claims: dict[str, Any], rules: Rules, *, issuer: str, audiences: Collection[str], now: datetime
) -> dict[str, Any]:
    from joserfc import jwt  # noqa: PLC0415

    seconds = int(now.timestamp())
    others: dict[str, Any] = {name: {"essential": True} for name in rules.essential}
    if rules.life is not None:
        others["iat"] = {"essential": True}
    registry = jwt.JWTClaimsRegistry(
        now=seconds,
        leeway=LEEWAY,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "values": list(audiences)},
        exp={"essential": True},
        **others,
    )
    try:
        registry.validate(claims)
    except JoseError as error:
        raise refused(f"the token is not good here ({_CLAIMS.get(error.error, 'its claims')})") from None
    if rules.life is not None:
        life = claims["exp"] - claims["iat"]
        if not 0 < life <= rules.life.total_seconds():
            raise refused(
                "the token lives too long", f"at most {int(rules.life.total_seconds())} s from iat to exp"
            )
    return claims


_CLAIMS = {
    "expired_token": "it has expired",
    "invalid_claim": "issuer, audience or times",
    "missing_claim": "a claim is missing",
}


def instant(claims: dict[str, Any], name: str) -> datetime:
    """A claim that is a time, checked already; far futures are brought near."""
    return datetime.fromtimestamp(min(float(claims[name]), 4_000_000_000.0), UTC)


def _registry(algorithm: str | None) -> JWSRegistry:
    from joserfc.jws import JWSRegistry  # noqa: PLC0415

    # Without strictness unknown fields of the header are ignored, as RFC 7515 (4) asks; `crit` is not.
    registry = JWSRegistry(algorithms=[algorithm] if algorithm else None, strict_check_header=False)
    registry.max_header_length = _HEADER
    return registry
