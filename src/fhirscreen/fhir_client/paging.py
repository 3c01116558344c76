"""One search, page by page, and whether it was whole.

A server may stop early without saying so. HAPI with a fetch limit pages up to that limit and then gives
no further link, with status 200 and, on the last pages, a `total` equal to what it gave. Hence a total is
believed on the first page alone (`_total=accurate`), or is asked for apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from fhirscreen.exceptions import NotFhir, OutcomeError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir_client.entries import read_entries
from fhirscreen.fhir_client.exchanges import Answer
from fhirscreen.fhir_client.outcomes import Issue
from fhirscreen.fhir_client.queries import Query


class Flaw(Enum):
    """Why what a search found may not be all, or not only, what was asked for."""

    SHORT = "the server counts more than it gives"
    EXPIRED = "the server forgot its pages, twice"
    LOOPING = "the server's pages come round again"
    FAILED = "the server did not answer this part"
    WARNED = "the server reports that a part is missing"
    WITHHELD = "the server gives an entry without a resource that can be read"
    UNCOUNTED = "the server does not say how many there are"
    DROPPED = "the server ignored a parameter"


INCOMPLETE = frozenset({Flaw.SHORT, Flaw.EXPIRED, Flaw.LOOPING, Flaw.FAILED, Flaw.WARNED, Flaw.WITHHELD})
"""The flaws by which resources are missing for sure; UNCOUNTED leaves it open, DROPPED finds too much."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one page of a search brought, without resources that an earlier page had."""

    matches: list[Resource]
    included: list[Resource]
    issues: tuple[Issue, ...] = ()


class Search:
    """The pages of one search, to be iterated once. What its properties say is settled when the pages are.

    `count` is how many matches there are as the server counts, None where it does not say; `found` how many
    different ones came; `dropped` the parameters that its self link leaves out; `echoed` whether the self
    link has any parameter (HAPI's has none after POST, so that nothing can be concluded). `answered` is when
    the first page was, by the server's own clock, None where it does not say.
    """

    def __init__(
        self,
        query: Query,
        ask: Callable[[Query], tuple[Answer, bool]],
        follow: Callable[[str], Answer],
        count: Callable[[], int | None] | None,
        strict: bool,
    ) -> None:
        """`ask` sends the query and says whether by POST; `count` is called where page one has no total.

        `strict` makes an OutcomeError of a parameter that the server ignored.
        """
        self.query = query
        self.count: int | None = None
        self.found = 0
        self.flaws: frozenset[Flaw] = frozenset()
        self.dropped: tuple[str, ...] = ()
        self.echoed = False
        self.answered: datetime | None = None
        self._ask = ask
        self._follow = follow
        self._ask_count = count
        self._strict = strict
        self._seen: set[tuple[bool, str, str]] = set()

    def __iter__(self) -> Iterator[Page]:
        answer, posted = self._ask(self.query)
        self.count = _read_total(answer.body)
        self.answered = updated_at(answer.body) or _read_date(answer)
        self._compare(answer, posted)
        yield self._read(answer)
        followed: set[str] = set()
        restarted = False
        while link := _read_link(answer, "next"):
            if link in followed:
                self._blame(Flaw.LOOPING)
                break
            followed.add(link)
            answer = self._follow(link)
            if answer.status in {404, 410}:
                if restarted:
                    self._blame(Flaw.EXPIRED)
                    break
                restarted = True
                followed.clear()
                answer, _ = self._ask(self.query)
            yield self._read(answer)
        self._settle()

    @property
    def whole(self) -> bool:
        """Whether nothing is known to be missing."""
        return not self.flaws & INCOMPLETE

    def _blame(self, flaw: Flaw) -> None:
        self.flaws |= {flaw}

    def _compare(self, answer: Answer, posted: bool) -> None:
        link = _read_link(answer, "self")
        self.echoed = bool(link and urlsplit(link).query)
        if link and (self.echoed or not posted):
            self.dropped = self.query.dropped(link)
        if self.dropped:
            self._blame(Flaw.DROPPED)
        if self.dropped and self._strict:
            raise OutcomeError(
                f"The server ignored search parameters ({', '.join(self.dropped)})",
                where=answer.where,
                expected="a self link with every parameter that was asked (R4 search, 3.1.1.6)",
                remedy="search without them, or add them to the server's search parameters",
            )

    def _settle(self) -> None:
        if self._ask_count is not None and self.count is None:
            self.count = self._ask_count()
            if self.count is None:
                self._blame(Flaw.UNCOUNTED)
        if self.count is not None and self.found < self.count:
            self._blame(Flaw.SHORT)

    def _read(self, answer: Answer) -> Page:
        found = read_entries(_read_entries(answer), self.query.type)
        matches = [each for each in found.matches if self._is_new(True, each)]
        included = [each for each in found.included if self._is_new(False, each)]
        self.found += len(matches)
        if found.withheld:
            self._blame(Flaw.WITHHELD)
        if any(issue.partial for issue in found.issues):
            self._blame(Flaw.WARNED)
        return Page(matches, included, found.issues)

    def _is_new(self, is_match: bool, resource: Resource) -> bool:
        id = resource.get("id")
        if not isinstance(id, str):
            return True
        key = (is_match, str(resource.get("resourceType")), id)
        known = key in self._seen
        self._seen.add(key)
        return not known


def _read_entries(answer: Answer) -> Iterator[dict[str, Any]]:
    entries = (answer.body or {}).get("entry") or ()
    if not isinstance(entries, list | tuple) or not all(isinstance(entry, dict) for entry in entries):
        raise NotFhir("Bundle.entry is no list of objects", where=answer.where, expected="a Bundle of R4")
    yield from entries


def _read_total(body: Resource | None) -> int | None:
    total = (body or {}).get("total")
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def updated_at(resource: Resource | None) -> datetime | None:
    """The moment in meta.lastUpdated, of a Bundle when it was assembled; None where none is told."""
    meta = (resource or {}).get("meta")
    text = meta.get("lastUpdated") if isinstance(meta, dict) else None
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _read_date(answer: Answer) -> datetime | None:
    """When the server sent its answer, as HTTP has it tell (RFC 9110, 6.6.1)."""
    try:
        found = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _read_link(answer: Answer, relation: str) -> str | None:
    for link in (answer.body or {}).get("link") or ():
        if isinstance(link, dict) and link.get("relation") == relation and isinstance(link.get("url"), str):
            return str(link["url"])
    return None
