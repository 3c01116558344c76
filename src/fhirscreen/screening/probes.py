"""Tries a server out: what a CapabilityStatement does not say, or says and does not keep."""

from __future__ import annotations

from dataclasses import dataclass

from fhirscreen.exceptions import OutcomeError, ServerError, Unauthorised
from fhirscreen.fhir.entries import CLINICAL_TYPES
from fhirscreen.fhir_client import Client, Flaw
from fhirscreen.screening.needs import SHOWN_TYPES

_ENOUGH = 5_000
_NOBODY = "fhirscreen-probe-nobody"


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing tried: what came of it in words, and whether it is good; None where it could not be tried."""

    what: str
    fine: bool | None
    says: str


def count_types(client: Client) -> dict[str, int | None]:
    """How many resources of each type the server counts; None where it does not say or does not allow it."""
    counts: dict[str, int | None] = {}
    for resource in SHOWN_TYPES:
        if resource in client.capabilities.types:
            try:
                counts[resource] = client.count(resource)
            except (OutcomeError, Unauthorised):
                counts[resource] = None
    return counts


def probe(client: Client, counts: dict[str, int | None]) -> list[Probe]:
    """POST _search, counting, and paging to the end. `counts` as `count_types` gives them."""
    return [_try_post(client), _judge_counts(counts), _try_paging(client, counts)]


def _try_post(client: Client) -> Probe:
    what = "search by POST"
    try:
        client.count("Patient", {"_id": _NOBODY})  # an id may not stand in a URL: there is no way round POST
    except ServerError as error:
        return Probe(what, False, f"{error.what}: members cannot be asked for, only files can be screened")
    return Probe(what, True, "patients' ids stay out of URLs and logs")


def _judge_counts(counts: dict[str, int | None]) -> Probe:
    what = "counting (_summary=count)"
    silent = sorted(resource for resource, count in counts.items() if count is None)
    if silent:
        says = f"no count of {', '.join(silent)}: whether their pages are whole cannot be told"
        return Probe(what, False, says)
    return Probe(what, True, "what comes is compared with what is counted")


def _try_paging(client: Client, counts: dict[str, int | None]) -> Probe:
    """Pages through a type that has many resources, and compares with the count."""
    what = "paging to the end"
    sizes = {name: count for name in CLINICAL_TYPES if (count := counts.get(name)) is not None}
    # The smallest one above what we are willing to read shows an early end best; else the largest.
    above = [name for name in sizes if sizes[name] >= _ENOUGH]
    name = min(above, key=sizes.__getitem__) if above else max(sizes, key=sizes.__getitem__, default=None)
    if name is None or sizes[name] < 2:
        return Probe(what, None, "no type has 2 resources or more, so that it cannot be told")
    search = client.search(name, {"_elements": "id", "_count": "500"}, strict=False)
    try:
        for _ in search:
            if search.found >= _ENOUGH:
                return Probe(
                    what,
                    True,
                    f"asked for {search.found} of {sizes[name]} {name}, and all came, page by page",
                )
    except ServerError as error:
        return Probe(what, False, f"{error.what}, after {search.found} of {sizes[name]} {name}")
    if Flaw.SHORT in search.flaws:
        says = f"it stops after {search.found} of {search.count} {name} without an error: "
        return Probe(
            what, False, says + "searches are cut into parts until each is whole, which costs requests"
        )
    return Probe(what, True, f"all {search.found} {name} came, page by page")
