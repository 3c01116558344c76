"""The public keys of an issuer: from a file or fetched, kept for a while, asked again for a new `kid`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from joserfc.errors import JoseError

from fhirscreen.access.documents import Documents, check_address
from fhirscreen.exceptions import FhirscreenError, NotTrusted, ServerError, UsageError

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

    PublicKey = RSAKey | ECKey

_LIFE = timedelta(hours=1)
_STALE = timedelta(hours=24)
"""How long keys are used while the issuer does not answer."""
_PAUSE = timedelta(seconds=30)
"""The least time between two fetches, so that made-up `kid`s cannot make us ask without end."""
_CURVES = {"ES256": "P-256", "ES384": "P-384"}
_LEAST_BITS = 2048
_EXPECTED = "a JSON Web Key Set with public RSA keys of 2048 bits or more, or EC keys on P-256 or P-384"

log = structlog.get_logger(__name__)


class Keys:
    """The keys of one issuer. Safe to share between threads; one fetches, and the others wait for it."""

    def __init__(self, fetch: Callable[[], Any], clock: Callable[[], datetime]) -> None:
        from joserfc import jwk, jwt  # noqa: F401, PLC0415 - slow: now, where keys are set up, and else never

        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._found: tuple[PublicKey, ...] = ()
        self._fetched: datetime | None = None
        self._asked: datetime | None = None

    @classmethod
    def at(cls, url: str, documents: Documents, clock: Callable[[], datetime]) -> Keys:
        """Keys that are fetched when they are first needed. Raises UsageError for an address without TLS."""
        check_address(url)
        return cls(lambda: documents.fetch(url), clock)

    @classmethod
    def of(cls, path: Path, clock: Callable[[], datetime]) -> Keys:
        """Keys in a file, which may change. Raises UsageError where there are none in it now."""

        def read() -> Any:
            return orjson.loads(path.read_bytes())

        keys = cls(read, clock)
        try:
            keys._refresh(clock())
        except (OSError, ValueError, ServerError):
            raise UsageError("a file of keys cannot be used", where=str(path), expected=_EXPECTED) from None
        return keys

    def find(self, kid: str | None, algorithm: str) -> PublicKey:
        """The key of that id that fits the algorithm; without an id the only one that fits.

        Raises NotTrusted where there is none, and ServerError where the keys cannot be had.
        """
        now = self._clock()
        found = self._current(now)
        if (key := _pick(found, kid, algorithm)) is not None:
            return key
        if (key := _pick(self._current(now, seen=found), kid, algorithm)) is not None:
            return key
        raise NotTrusted(
            "the token is not signed with a key of its issuer",
            remedy="send a new token; where that fails, compare the issuer's keys with the settings",
        )

    def _current(self, now: datetime, seen: tuple[PublicKey, ...] | None = None) -> tuple[PublicKey, ...]:
        """The keys; newer ones than those seen, if it is time to ask again."""
        with self._lock:
            fresh = self._fetched is not None and now - self._fetched < _LIFE
            if fresh and self._found is not seen:
                return self._found
            if self._asked is None or now - self._asked >= _PAUSE:
                self._asked = now
                try:
                    self._refresh(now)
                except (FhirscreenError, OSError, ValueError) as error:
                    log.warning("keys not fetched", error=type(error).__name__)
            if self._fetched is None or now - self._fetched >= _STALE:
                raise ServerError("the keys of the issuer cannot be had", remedy="try again later")
            return self._found

    def _refresh(self, now: datetime) -> None:
        found = _usable(self._fetch())
        if not found:
            raise ServerError("the issuer has no usable keys", expected=_EXPECTED)
        self._found, self._fetched = found, now


def _usable(data: Any) -> tuple[PublicKey, ...]:
    """The keys of a set that can verify; what is symmetric, weak, or for something else is left out."""
    from joserfc.jwk import ECKey, RSAKey, import_key  # noqa: PLC0415

    listed = data.get("keys") if isinstance(data, dict) else None
    found: list[PublicKey] = []
    for each in listed if isinstance(listed, list) else ():
        if not isinstance(each, dict) or not _verifies(each):
            continue
        try:
            key = import_key(each)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAKey) and key.public_key.key_size >= _LEAST_BITS:
            found.append(key)
        if isinstance(key, ECKey) and key.curve_name in _CURVES.values():
            found.append(key)
    return tuple(found)


def _verifies(data: dict[str, Any]) -> bool:
    """Whether a key says that it is for signatures, and is no weak one: the library warns of those."""
    if data.get("use", "sig") != "sig" or "verify" not in data.get("key_ops", ["verify"]):
        return False
    return data.get("kty") == "EC" or (
        data.get("kty") == "RSA" and len(str(data.get("n"))) * 6 >= _LEAST_BITS
    )


def _pick(keys: tuple[PublicKey, ...], kid: str | None, algorithm: str) -> PublicKey | None:
    fitting = [key for key in keys if _fits(key, algorithm)]
    if kid is None:
        return fitting[0] if len(fitting) == 1 else None
    return next((key for key in fitting if key.kid == kid), None)


def _fits(key: PublicKey, algorithm: str) -> bool:
    from joserfc.jwk import RSAKey  # noqa: PLC0415

    if key.alg not in (None, algorithm):
        return False
    if isinstance(key, RSAKey):
        return algorithm.startswith("RS")
    return key.curve_name == _CURVES.get(algorithm)
