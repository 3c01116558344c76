"""The entries of a search result: what was found, what came along, and whether anything was kept back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.types import RESOURCE_TYPES
from fhirscreen.fhir_client.outcomes import Issue, read_issues


class Entries(NamedTuple):
    """What stands in a searchset Bundle. `withheld`: an entry came without a resource (R4, bdl-5), or with
    what is none.
    """

    matches: list[Resource]
    included: list[Resource]
    issues: tuple[Issue, ...]
    withheld: bool

    @property
    def partial(self) -> bool:
        """Whether the server says that something is missing, or leaves out what it found."""
        return self.withheld or any(issue.partial for issue in self.issues)


def read_entries(entries: Iterable[dict[str, Any]], type: str) -> Entries:
    """The entries of a search for a type: matches are of that type, unless they are marked as included."""
    matches: list[Resource] = []
    included: list[Resource] = []
    issues: list[Issue] = []
    withheld = False
    for entry in entries:
        resource, search = entry.get("resource"), entry.get("search")
        mode = search.get("mode") if isinstance(search, dict) else None
        if not isinstance(resource, dict):
            withheld = True
            continue
        kind = resource.get("resourceType")
        if mode == "outcome" or (kind == "OperationOutcome" and type != kind):
            found = read_issues(resource)
            issues += found
            withheld = withheld or not found
        elif kind not in RESOURCE_TYPES or not isinstance(resource.get("id"), str):
            withheld = True
        elif kind == type and mode != "include":
            matches.append(resource)
        else:
            included.append(resource)
    return Entries(matches, included, tuple(issues), withheld)
