"""Fetching: the records of some patients, resources by id, or all of a type, each until it is whole.

What comes short is asked for again in parts. A server whose fetch limit ends paging early (200, no error)
is told by its own count, and a part that stays short is said to be missing, never taken for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from fhirscreen.engines.fhir_search.completeness import Completeness
from fhirscreen.engines.fhir_search.needs import Need
from fhirscreen.exceptions import OutcomeError, ServerError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.references import may_be_anybodys, patient_of
from fhirscreen.fhir_client import INCOMPLETE, Client, Found, TooLong, escape
from fhirscreen.plan.queries import code_parameter

PAGE = "1000"
_PATIENT_PARAMETERS = ("patient", "subject", "individual")
Pairs = tuple[tuple[str, str], ...]


class Fetched(NamedTuple):
    """What came, and the patients (or ids) for whom it is not all."""

    resources: list[Resource]
    missing: frozenset[str] = frozenset()


class _Search(NamedTuple):
    """A search of a type by a parameter of many values.

    `elements` are those that are asked for; what has any of the codes `without` is left out.
    """

    type: str
    name: str
    elements: str = ""
    without: str = ""


class Fetcher:
    """Fetches from one server and keeps account. May be used from several threads."""

    def __init__(self, client: Client, completeness: Completeness) -> None:
        self._client = client
        self._completeness = completeness
        self._types = client.capabilities.types

    def offers(self, type: str) -> bool:
        """Whether the server says that it has the type; one that lists no type at all is tried."""
        return type in self._types or not self._types

    def of_patients(
        self, need: Need, patients: Sequence[str], elements: str = "", without: str = ""
    ) -> Fetched:
        """The records of these patients (bare ids), or of each these elements where the server cuts them.

        Those with any of the codes `without` are left out, which `named` must have found to be safe.
        """
        if need.type == "Patient":
            return self.by_id("Patient", patients)
        name = next((n for n in _PATIENT_PARAMETERS if self.searches(need.type, n)), None)
        if name is None:
            self._completeness.lost(need.type, "the server does not search it by patient", patients)
            return Fetched([], frozenset(patients))
        codes = None
        if need.codes is not None and self.searches(need.type, code_parameter(need.type)):
            codes = sorted(escape(code) for code in need.codes)
        values = {escape(f"Patient/{id}"): id for id in patients}
        return self._narrowed(_Search(need.type, name, elements, without), values, codes)

    def by_id(self, type: str, ids: Sequence[str]) -> Fetched:
        """The resources of these ids; one that does not exist is not missing."""
        return self._narrowed(_Search(type, "_id"), {escape(id): id for id in ids}, None)

    def searches(self, type: str, parameter: str) -> bool:
        """Whether the server says that it searches the type so; where it says nothing, it is tried."""
        known = self._types.get(type)
        return known is None or not known.parameters or parameter in known.parameters

    def miss_survivors(self, count: int) -> None:
        """So many patients are merged into others who are not on the server."""
        if count:
            self._completeness.remark(f"{count} patients are merged into others who are not on the server")

    def miss_member(self, type: str) -> None:
        """A record that may make somebody a member does not say whom."""
        self._completeness.remark(f"a {type} that may make somebody a member does not say of whom it is")

    def failure(self, type: str) -> ServerError:
        """The error to raise where a type did not come at all."""
        return self._completeness.first_error or OutcomeError(f"No {type} could be fetched whole")

    def _narrowed(self, search: _Search, ids: dict[str, str], codes: list[str] | None) -> Fetched:
        """One search, or two for halves of it: first of the patients, then of the codes."""
        if not ids:
            return Fetched([])
        try:
            found = self._search(search, list(ids), codes)
        except TooLong as error:
            if len(ids) == 1:
                return self._lost(search.type, error, ids)
            return self._halved(search, ids, codes)
        except ServerError as error:
            return self._lost(search.type, error, ids)
        nameless = search.name in _PATIENT_PARAMETERS and any(map(is_nameless, found.matches))
        if found.whole and not nameless:
            self._completeness.searched(search.type, found)
            return Fetched(found.matches)
        if len(ids) > 1:
            return self._halved(search, ids, codes)
        if nameless:
            self._completeness.lost(search.type, "a record does not say of which patient it is", ids.values())
            return Fetched(found.matches, frozenset(ids.values()))
        if codes is not None and (resources := self._by_codes(search, ids, codes, found)) is not None:
            return Fetched(resources)
        self._completeness.searched(search.type, found)
        why = "; ".join(sorted(flaw.value for flaw in found.flaws & INCOMPLETE))
        self._completeness.lost(search.type, why, ids.values())
        return Fetched(found.matches, frozenset(ids.values()))

    def _search(self, search: _Search, values: list[str], codes: list[str] | None) -> Found:
        pairs: Pairs = ((search.name, ",".join(values)), ("_count", PAGE))
        if codes is not None:
            pairs = ((code_parameter(search.type), ",".join(codes)), *pairs)
        if search.without:
            pairs = ((f"{code_parameter(search.type)}:not", search.without), *pairs)
        if search.elements:
            pairs = (*pairs, ("_elements", search.elements))
        return self._client.gather(search.type, pairs)

    def _halved(self, search: _Search, ids: dict[str, str], codes: list[str] | None) -> Fetched:
        listed, middle = list(ids.items()), len(ids) // 2
        halves = [self._narrowed(search, dict(part), codes) for part in (listed[:middle], listed[middle:])]
        return Fetched([r for half in halves for r in half.resources], halves[0].missing | halves[1].missing)

    def _by_codes(
        self, search: _Search, ids: dict[str, str], codes: list[str], short: Found
    ) -> list[Resource] | None:
        """The records of one patient by parts of the codes; None where parts bring no more than the whole."""
        if len(codes) == 1:
            return None
        resources: dict[str, Resource] = {}
        lacking = []
        for part in (codes[: len(codes) // 2], codes[len(codes) // 2 :]):
            try:
                found = self._search(search, list(ids), part)
            except ServerError:
                return None
            resources |= {str(resource["id"]): resource for resource in found.matches}
            if found.whole:
                self._completeness.searched(search.type, found)
            else:
                lacking.append((part, found))
        if lacking and len(resources) <= len(short.matches):
            return None
        for part, found in lacking:
            more = self._by_codes(search, ids, part, found)
            if more is None:
                return None
            resources |= {str(resource["id"]): resource for resource in more}
        return list(resources.values())

    def _lost(self, type: str, error: ServerError, ids: dict[str, str]) -> Fetched:
        self._completeness.lost(type, error.what, ids.values(), error)
        return Fetched([], frozenset(ids.values()))

    # --- all of a type

    def count(self, type: str, need: Need | None = None) -> int | None:
        """How many there are on the server; None where it does not say."""
        codes = None if need is None or need.codes is None else ",".join(sorted(map(escape, need.codes)))
        name = code_parameter(type)
        return self._count(type, () if codes is None or not self.searches(type, name) else ((name, codes),))

    def _count(self, type: str, parameters: Pairs) -> int | None:
        try:
            return self._client.count(type, parameters)
        except ServerError:
            return None

    def named(self, type: str, codes: str, most: int) -> list[Resource] | None:
        """All with any of these codes (escaped, joined by commas), where they can be left out later.

        None where they cannot: where by the server's counts those with the codes and those without (`:not`,
        R4 search, 3.1.1.4.4) are not all there are, or some are both; where more than `most` have them, where
        they do not come whole, or where one does not say of whom it is.
        """
        name = code_parameter(type)
        if not codes or not self.searches(type, name):
            return None
        with_, without = (name, codes), (f"{name}:not", codes)
        asked: tuple[Pairs, ...] = ((), (with_,), (without,), (with_, without))
        every, inside, outside, both = (self._count(type, pairs) for pairs in asked)
        if every is None or inside is None or outside is None or both != 0:
            return None
        if inside + outside != every or inside > most:
            return None
        try:
            found = self._client.gather(type, (with_, ("_count", PAGE)))
        except ServerError:
            return None
        if not found.whole or len(found.matches) != inside or any(map(is_nameless, found.matches)):
            return None
        self._completeness.searched(type, found)
        return found.matches

    def everything(self, type: str, parameters: Pairs = (), elements: str = "") -> Iterator[Resource]:
        """All resources of a type that fit, page by page; one may come twice.

        Where the server ends early it is asked again for what it last updated before and since some moment.
        Raises ServerError.
        """
        form = (("_elements", elements),) if elements else ()
        yield from self._since(type, (*parameters, *form, ("_count", PAGE)), None)

    def _since(self, type: str, parameters: Pairs, known: int | None) -> Iterator[Resource]:
        search = self._client.search(type, parameters)
        moments: set[datetime] = set()
        for page in search:
            for resource in page.matches:
                if (moment := _updated(resource)) is not None:
                    moments.add(moment)
                yield resource
        if search.whole:
            self._completeness.add(type, search.found, search.count)
            return
        ordered = sorted(moments)
        if len(ordered) < 2 or (known is not None and search.count is not None and search.count >= known):
            why = "; ".join(sorted(flaw.value for flaw in search.flaws & INCOMPLETE))
            self._completeness.remark(f"{type} could not be searched whole: {why}")
            return
        middle = ordered[len(ordered) // 2].isoformat(timespec="milliseconds")
        for prefix in ("lt", "ge"):
            yield from self._since(type, (*parameters, ("_lastUpdated", f"{prefix}{middle}")), search.count)


def is_nameless(resource: Resource) -> bool:
    """Whether a record does not say of which patient it is, and may be of any."""
    return patient_of(resource) is None and may_be_anybodys(resource)


def _updated(resource: Resource) -> datetime | None:
    """Meta.lastUpdated to the millisecond, as servers search it; None where it is not told."""
    meta = resource.get("meta")
    text = meta.get("lastUpdated") if isinstance(meta, dict) else None
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.replace(microsecond=moment.microsecond // 1000 * 1000)
