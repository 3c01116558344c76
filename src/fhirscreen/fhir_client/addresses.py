"""Addresses of a server, and what of them may be shown: never a value of a parameter, never an id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from fhirscreen.exceptions import UsageError

_WORD = re.compile(r"[$_]?[A-Za-z][A-Za-z-]{0,63}")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,99}")
_FIXED = {"", "metadata", ".well-known", "smart-configuration"}
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Base:
    """The base URL of a FHIR server, without a slash at its end and without credentials."""

    url: str
    credentials: tuple[str, str] | None = None

    @classmethod
    def read(cls, text: str) -> Base:
        """Raises UsageError unless `text` is an absolute http or https URL without query or fragment."""
        parts = urlsplit(text.strip())
        if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment:
            raise UsageError(
                "The server's base is not a URL that can be called",
                expected="like https://fhir.example.org/r4, without a query",
                remedy="give the base under which the server answers /metadata",
            )
        host = parts.netloc.rpartition("@")[2]
        credentials = (parts.username, parts.password or "") if parts.username else None
        return cls(f"{parts.scheme}://{host}{parts.path.rstrip('/')}", credentials)

    def shares_origin(self, url: str) -> bool:
        """Whether `url` has the scheme, host and port of this base."""
        try:
            return _origin(url) == _origin(self.url)
        except ValueError:  # a port that is none
            return False

    def show(self, url: str, parameters: Iterable[str] = ()) -> str:
        """`url` without patient data: types and operations of the path, names of parameters alone.

        Whatever else stands in the path is shown as `…`; a URL of another origin as that origin.
        """
        parts = urlsplit(url)
        if parts.scheme and not self.shares_origin(url):
            return f"{parts.scheme}://{parts.hostname}/…"
        path = parts.path.removeprefix(urlsplit(self.url).path) if parts.scheme else parts.path
        shown = "/".join(_show_segment(place, text) for place, text in enumerate(path.strip("/").split("/")))
        names = [*parameters, *(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))]
        legible = sorted({name for name in names if _PARAMETER.fullmatch(name)})
        return f"{self.url}/{shown}".rstrip("/") + (f" ({', '.join(legible)})" if legible else "")


def _show_segment(place: int, text: str) -> str:
    # A path is Type/id/$operation: only a type can be told from an id by its place.
    if text in _FIXED or (_WORD.fullmatch(text) and (text[0] in "$_" or (place == 0 and text[0].isupper()))):
        return text
    return "…"


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.hostname, parts.port or _PORTS.get(parts.scheme.lower())
