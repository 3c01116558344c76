"""A terminology server asked by name: SNOMED CT's findings for a phrase that no concept names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from fhirscreen.bootstrap.parts import make_server_client
from fhirscreen.criteria.suggestions import Candidate, How
from fhirscreen.exceptions import FhirscreenError, UsageError
from fhirscreen.fhir_client import Client
from fhirscreen.reading.lookups import MOST
from fhirscreen.reading.lookups.names import name_keys
from fhirscreen.settings.groups import ServerSettings
from fhirscreen.settings.settings import Settings

FINDINGS = "http://snomed.info/sct?fhir_vs=isa/404684003"
"""The implicit value set of SNOMED CT's clinical findings (FHIR R4, Using SNOMED CT with FHIR, 4.3.1.0.5)."""
_URL, _SYSTEM = "http://snomed.info/sct", "snomed"
_ASKED = 20
"""How many hits are looked at: a server finds by words, and need not name the equal one first."""


class ServerLookup:
    """A Lookup on a terminology server. After an error it says so once by `warn`, and asks no more."""

    __slots__ = ("_asking", "_client", "_found", "_warn")

    def __init__(self, client: Client, warn: Callable[[str], None]) -> None:
        self._client = client
        self._warn = warn
        self._asking = True
        self._found: dict[tuple[str, ...], tuple[Candidate, ...]] = {}

    def find(self, phrase: str) -> tuple[Candidate, ...]:
        """The active codes with a display or designation that is the phrase, in the server's order."""
        keys = name_keys(phrase)
        if not keys or not self._asking:
            return ()
        if keys not in self._found:
            self._found[keys] = self._ask(phrase, frozenset(keys))
        return self._found[keys]

    def _ask(self, phrase: str, keys: frozenset[str]) -> tuple[Candidate, ...]:
        try:
            hits = self._client.find_codes(FINDINGS, phrase, _ASKED)
        except FhirscreenError as error:
            self._asking = False
            self._warn(f"the terminology server is asked no more: {error}")
            return ()
        found = [
            Candidate(_SYSTEM, hit.code, hit.display or hit.code, How.SERVER)
            for hit in hits
            if hit.system == _URL and any(not keys.isdisjoint(name_keys(name)) for name in hit.names)
        ]
        return tuple(found[:MOST])


@contextmanager
def open_terminology(
    settings: Settings, warn: Callable[[str], None], transport: httpx.BaseTransport | None = None
) -> Iterator[ServerLookup]:
    """The lookup on the terminology server that is set. Raises UsageError where none is."""
    if settings.terminology is None:
        raise UsageError(
            "no terminology server is set",
            where="--terminology",
            expected="FHIRSCREEN_TERMINOLOGY=URL",
            remedy="set it, or leave --terminology out",
        )
    # The credentials that are set are those of the server that holds patients.
    server = ServerSettings(url=settings.terminology, timeout=settings.timeout)
    with make_server_client(server, transport) as client:
        yield ServerLookup(client, warn)
