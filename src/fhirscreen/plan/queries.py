"""The searches of a Retrieve: pure, and shared by the search engine and by whoever shows them.

A search parameter narrows only where resources that lack the element cannot matter (design: the law of
search). So a Retrieve narrows by code where every code is matched exactly; what is matched by prefix
(ICD-10, ATC) cannot be searched for by prefix in FHIR, and a medication may be named by a reference
instead of a code: there the whole type is fetched, and the evaluator decides. A result may be a component of
a panel: an Observation is searched for by `combo-code`, which finds both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fhirscreen.fhir.entries import MEDICATIONS
from fhirscreen.plan.nodes import Retrieve
from fhirscreen.values.codes import CodeSet


@dataclass(frozen=True, slots=True)
class Query:
    """A search of one resource type, for all patients: parameters as name and value, values escaped.

    `unfiltered` says why no code narrows it; empty where one does. `codes` are the codes that narrow it.
    """

    resource: str
    parameters: tuple[tuple[str, str], ...] = ()
    unfiltered: str = ""
    codes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As it would stand in a URL below the base, unencoded: `Observation?code=777-3`."""
        form = "&".join(f"{name}={value}" for name, value in self.parameters)
        return f"{self.resource}?{form}" if form else self.resource


def code_parameter(resource: str) -> str:
    """The search parameter that finds every resource of a type with a code, in whichever of its parts."""
    return "combo-code" if resource == "Observation" else "code"


def queries(retrieve: Retrieve) -> list[Query]:
    """The searches that together find everything a Retrieve may ask for.

    A code stands alone, as it is sent (R4 search, 3.1.1.4.11: of any system): the evaluator accepts a system
    under any spelling, in capitals, with a version or a slash at its end, and a server may not. Narrowing to
    patients, cutting a long list of values and paging are the client's.
    """
    if retrieve.resource in MEDICATIONS:
        return [Query(retrieve.resource, (), "a medication may be named by reference")]
    if retrieve.codes.prefixes:
        found = sorted({prefix.system for prefix in retrieve.codes.prefixes})
        return [Query(retrieve.resource, (), f"{', '.join(found)} match by prefix")]
    codes = sorted({coding.code for coding in retrieve.codes.exact})
    name = code_parameter(retrieve.resource)
    return [Query(retrieve.resource, ((name, ",".join(map(_escaped, codes))),), codes=tuple(codes))]


def merged(retrieves: Iterable[Retrieve]) -> list[Retrieve]:
    """One Retrieve per resource type, with the codes of all, sorted by type."""
    codes: dict[str, CodeSet] = {}
    for each in retrieves:
        codes[each.resource] = codes.get(each.resource, CodeSet()).union(each.codes)
    return [Retrieve(resource, codes[resource]) for resource in sorted(codes)]


def _escaped(value: str) -> str:
    r"""With the separators of search values escaped (R4 search, 3.1.1.5.7): `\`, `,`, `$`, `|`."""
    for mark in "\\,$|":
        value = value.replace(mark, "\\" + mark)
    return value
