"""The settings of one process, read once from the environment and handed on; nothing else reads it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from fhirscreen.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "FHIRSCREEN_"

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be set; a command's own options come before it. Secrets are not in the repr.

    Raises UsageError, naming the variable and never its value, for what cannot work.
    """

    server: str | None = None
    """FHIRSCREEN_SERVER: the base URL of the FHIR server."""
    token: str | None = field(default=None, repr=False)
    """FHIRSCREEN_TOKEN: a bearer token for it."""
    username: str | None = None
    """FHIRSCREEN_USERNAME: for basic authentication, with the password."""
    password: str | None = field(default=None, repr=False)
    """FHIRSCREEN_PASSWORD."""
    timeout: float = 60.0
    """FHIRSCREEN_TIMEOUT: seconds that one request may take."""
    concurrency: int = 8
    """FHIRSCREEN_CONCURRENCY: requests at the same time."""
    mappings: Path | None = None
    """FHIRSCREEN_MAPPINGS: a folder that takes the place of the shipped mappings."""
    site: Path | None = None
    """FHIRSCREEN_SITE: the site file of this hospital."""

    def __post_init__(self) -> None:
        if self.server is not None:
            object.__setattr__(self, "server", base_url(self.server))
        if (self.username is None) != (self.password is None):
            missing = "USERNAME" if self.username is None else "PASSWORD"
            raise UsageError(
                "half of a basic authentication is set",
                where=PREFIX + missing,
                expected="a user name and a password",
            )
        if self.token is not None and self.username is not None:
            raise UsageError(
                "two ways to authenticate are set",
                where=f"{PREFIX}TOKEN, {PREFIX}USERNAME",
                expected="a token, or a user name and password",
            )
        if not (0 < self.timeout < math.inf):
            raise UsageError(
                "a timeout that cannot work", where=PREFIX + "TIMEOUT", expected="seconds above 0"
            )
        if self.concurrency < 1:
            raise UsageError(
                "a concurrency that cannot work",
                where=PREFIX + "CONCURRENCY",
                expected="1 or more requests at the same time",
            )
        if self.mappings is not None and not self.mappings.is_dir():
            raise UsageError(
                "the folder of mappings does not exist",
                where=PREFIX + "MAPPINGS",
                expected="a folder with units.yaml, systems.yaml and concepts/",
            )
        if self.site is not None and not self.site.is_file():
            raise UsageError("the site file does not exist", where=PREFIX + "SITE", expected="a YAML file")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """From the variables that begin with FHIRSCREEN_; an empty one counts as unset.

        Raises UsageError for an unknown one, and for a value that cannot be read.
        """
        given = {
            name.removeprefix(PREFIX).lower(): text
            for name, text in environment.items()
            if name.startswith(PREFIX) and text.strip()
        }
        known = set(cls.__dataclass_fields__)
        if unknown := sorted(given.keys() - known):
            raise UsageError(
                "a setting is not known",
                where=PREFIX + unknown[0].upper(),
                expected=", ".join(PREFIX + name.upper() for name in sorted(known)),
            )
        return cls(
            server=given.get("server"),
            token=given.get("token"),
            username=given.get("username"),
            password=given.get("password"),
            timeout=_number(given, "timeout", float, 60.0),
            concurrency=_number(given, "concurrency", int, 8),
            mappings=Path(given["mappings"]) if "mappings" in given else None,
            site=Path(given["site"]) if "site" in given else None,
        )


def _number(given: Mapping[str, str], name: str, kind: type[Number], default: Number) -> Number:
    text = given.get(name)
    if text is None:
        return default
    try:
        return kind(text)
    except ValueError:
        raise UsageError(
            "a setting is not a number", where=PREFIX + name.upper(), expected="a number, as digits"
        ) from None


def base_url(text: str) -> str:
    """A FHIR server's base URL without a slash at its end.

    Raises UsageError for what is no http or https URL, and for one that carries a password or a query.
    """
    where = PREFIX + "SERVER"
    expected = "a base URL like https://fhir.example.org/r4"
    try:
        parts = urlsplit(text.strip())
        host = parts.hostname
    except ValueError:
        raise UsageError("the server is no URL", where=where, expected=expected) from None
    if parts.scheme not in {"http", "https"} or not host:
        raise UsageError("the server is no http or https URL", where=where, expected=expected)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "the server's URL carries a user name or password",
            where=where,
            expected=expected,
            remedy=f"set {PREFIX}USERNAME and {PREFIX}PASSWORD, or {PREFIX}TOKEN",
        )
    if parts.query or parts.fragment:
        raise UsageError("the server's URL carries a query", where=where, expected=expected)
    return text.strip().rstrip("/")
