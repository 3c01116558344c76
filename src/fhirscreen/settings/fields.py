"""How single values of the settings are read and checked; what is wrong is said without the value."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_core import PydanticCustomError

from fhirscreen.exceptions import UsageError

PREFIX = "FHIRSCREEN_"


def wrong(
    what: str, expected: str, remedy: str | None = None, where: str | None = None
) -> PydanticCustomError:
    """What a validator raises. `where` names the variables, where it is not the field alone."""
    context = {"what": what, "expected": expected, "remedy": remedy, "where": where}
    return PydanticCustomError("fhirscreen", "{what}", context)


class Wrongs:
    """Collects what is wrong with settings taken together, so that all of it is said at once.

    `about` are the settings that each is about: where one of them cannot be read, nothing follows from it.
    """

    def __init__(self) -> None:
        self._found: list[dict[str, Any]] = []

    def add(
        self, what: str, expected: str, remedy: str | None = None, *, where: str, about: tuple[str, ...]
    ) -> None:
        """One thing that is wrong."""
        context = wrong(what, expected, remedy, where).context
        self._found.append({**(context or {}), "about": about})

    def take(self, check: Callable[[], None], *, about: tuple[str, ...]) -> None:
        """What a check raises, if it does."""
        try:
            check()
        except PydanticCustomError as error:
            self._found.append({**(error.context or {}), "about": about})

    def check(self) -> None:
        """Raises what a validator raises, with all of it."""
        if self._found:
            raise PydanticCustomError("fhirscreen", "several settings", {"parts": self._found})


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


def _base(text: str) -> str:
    try:
        return base_url(text)
    except UsageError as error:
        raise wrong(error.what, error.expected or "", error.remedy) from None


def _web(text: str) -> str:
    try:
        return base_url(text)
    except UsageError:
        raise wrong(
            "a setting is no URL", "a URL like https://host.example/path, without query or password"
        ) from None


def _store(value: SecretStr) -> SecretStr:
    scheme, mark, rest = value.get_secret_value().partition("://")
    expected = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
    if not mark or scheme not in _STORES:
        raise wrong("the store's address is that of no store of ours", expected)
    if scheme == "sqlite" and rest.partition("?")[0] in ("", "/", "/:memory:"):
        raise wrong("a store in memory is lost to every other connection", expected)
    return value


_STORES = ("sqlite", "postgres", "postgresql", "postgresql+psycopg")


def _seconds(value: float) -> float:
    if not 0 < value < math.inf:
        raise wrong("a timeout that cannot work", "seconds above 0")
    return value


def _lanes(value: int) -> int:
    if value < 1:
        raise wrong("a concurrency that cannot work", "1 or more requests at the same time")
    return value


def _count(value: int) -> int:
    if value < 1:
        raise wrong("a number that cannot work", "1 or more")
    return value


def _file(path: Path) -> Path:
    if not path.is_file():
        raise wrong("a file does not exist", "the path of a file that this user may read")
    return path


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise wrong("a folder does not exist", "the path of a folder that this user may read")
    return path


def _mappings(path: Path) -> Path:
    if not path.is_dir():
        raise wrong(
            "the folder of mappings does not exist", "a folder with units.yaml, systems.yaml and concepts/"
        )
    return path


_SITE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)


def _site(path: Path) -> Path:
    if not path.is_file() and _SITE.fullmatch(str(path)) is None:
        raise wrong("the site file does not exist", "a YAML file, or the name of a shipped site")
    return path


def _cron(text: str) -> str:

    try:
        CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError:
        raise wrong("a schedule that cannot be read", "a cron expression like `30 2 * * *`") from None
    return text


_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")


def _hours(text: str) -> str:
    if _HOURS.fullmatch(text) is None:
        raise wrong("hours that cannot be read", "hours of a day like 20:00-07:00")
    return text


def _split(value: Any) -> Any:
    """A list, or text with commas or blanks between its items, or JSON."""
    if not isinstance(value, str):
        return value
    return _parse(value) if value.lstrip().startswith("[") else value.replace(",", " ").split()


def _parse(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise wrong(
            "a setting is not JSON", "JSON in a variable, or the same in the file of settings"
        ) from None


BaseUrl = Annotated[str, AfterValidator(_base)]
"""The base URL of a FHIR server."""
WebUrl = Annotated[str, AfterValidator(_web)]
"""A URL without a query and credentials."""
Seconds = Annotated[float, AfterValidator(_seconds)]
Lanes = Annotated[int, AfterValidator(_lanes)]
Count = Annotated[int, AfterValidator(_count)]
File = Annotated[Path, AfterValidator(_file)]
Folder = Annotated[Path, AfterValidator(_folder)]
Mappings = Annotated[Path, AfterValidator(_mappings)]
SiteFile = Annotated[Path, AfterValidator(_site)]
Cron = Annotated[str, AfterValidator(_cron)]
Hours = Annotated[str, AfterValidator(_hours)]
Words = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""Several words: a list in a file, separated by commas or blanks in a variable."""
Urls = Annotated[tuple[WebUrl, ...], BeforeValidator(_split)]
Data = BeforeValidator(_parse)
"""Structured data: as it is in a file, as JSON in a variable."""
StoreUrl = Annotated[SecretStr, AfterValidator(_store)]
"""The address of the store, which may hold a password."""
Secret = SecretStr
"""A value that is never shown; its variable may end in _FILE and name a file that holds it."""
