"""Diagnoses a server or a folder of files: what it can do, what that costs, what its data hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fhirscreen.exceptions import OutcomeError, Unauthorised
from fhirscreen.fhir.entries import CLINICAL_TYPES
from fhirscreen.fhir.folders import Line
from fhirscreen.fhir_client import Capabilities, Client, SmartConfiguration, Traffic
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.screening.census import Census
from fhirscreen.screening.needs import Need, needs
from fhirscreen.screening.probes import Probe, count_types, probe

Progress = Callable[[str, int, int | None], None]
"""Called with a resource type, how many of it were read, and where known how many there are."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a server says of itself, what trying it out showed, and how much data of each type it counts."""

    capabilities: Capabilities
    smart: SmartConfiguration | None
    needs: tuple[Need, ...]
    probes: tuple[Probe, ...]
    counts: dict[str, int | None]
    traffic: Traffic

    @property
    def sound(self) -> bool:
        """Whether nothing that was tried failed."""
        return not any(probe.fine is False for probe in self.probes)


def diagnose(client: Client) -> Diagnosis:
    """Asks a server what it can do and tries it out. Raises ServerError where it is no R4 server."""
    capabilities = client.capabilities
    counts = count_types(client)
    tried = tuple(probe(client, counts))
    smart = client.smart
    return Diagnosis(capabilities, smart, tuple(needs(capabilities)), tried, counts, client.traffic)


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A census and what it could not take in: types that were cut at the limit, or refused."""

    census: Census
    cut: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    set_aside: int = 0


def survey_server(
    client: Client, catalogue: Catalogue, *, limit: int, progress: Progress = lambda *_: None
) -> Surveyed:
    """A census of the clinical types of a server, at most `limit` resources of each."""
    census = Census(catalogue)
    cut, refused = [], []
    offered = [kind for kind in (*CLINICAL_TYPES, "Medication") if kind in client.capabilities.types]
    for kind in offered:
        if kind == "Medication" and not census.drugs_wanted:
            continue
        search = client.search(kind, {"_count": "500"}, verify=False, strict=False)
        try:
            for page in search:
                for resource in page.matches:
                    census.add(resource)
                progress(kind, search.found, search.count)
                if search.found >= limit:
                    cut.append(kind)
                    break
        except (OutcomeError, Unauthorised):
            refused.append(kind)
    census.settle()
    return Surveyed(census, tuple(cut), tuple(refused))


def survey_files(lines: Iterable[Line], catalogue: Catalogue) -> Surveyed:
    """A census of files."""
    census, aside = Census(catalogue), 0
    for line in lines:
        if line.resource is None:
            aside += 1
        else:
            census.add(line.resource)
    census.settle()
    return Surveyed(census, set_aside=aside)
