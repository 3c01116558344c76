"""Searching: by POST, in several requests where one would be too long, and until each is whole.

POST keeps values out of URLs. GET serves where a server refuses POST, for queries about nobody in
particular.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin

import httpx

from fhirscreen.exceptions import OutcomeError, ServerError, Unreachable
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir_client.exchanges import Answer, Wire
from fhirscreen.fhir_client.lanes import Lanes
from fhirscreen.fhir_client.outcomes import Issue, error_of
from fhirscreen.fhir_client.paging import INCOMPLETE, Flaw, Search
from fhirscreen.fhir_client.queries import Query, slices

_ASKING = {"Prefer": "handling=strict", "Cache-Control": "no-cache"}
_NO_POST = {404, 405, 415, 501}
_TOO_LONG = {413, 414, 431}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a request may be, in bytes: the body of a POST, the whole URL of a GET."""

    body: int = 200_000
    url: int = 7_000


@dataclass(frozen=True, slots=True)
class Found:
    """All pages of one search, or of the searches that it had to be split into.

    `values` are those that it was narrowed to (empty where it was not). `error` is why there is nothing,
    where `search_each` keeps going (Flaw.FAILED). `count`, `flaws`, `dropped` and
    `echoed` as in `Search`; of a split search, those of its parts together.
    """

    query: Query
    values: tuple[str, ...]
    matches: list[Resource]
    included: list[Resource]
    issues: tuple[Issue, ...]
    count: int | None
    flaws: frozenset[Flaw]
    dropped: tuple[str, ...]
    echoed: bool
    error: ServerError | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is known to be missing."""
        return not self.flaws & INCOMPLETE


class TooLong(OutcomeError):
    """A query that no request may hold: narrow it to fewer values."""


class Searcher:
    """Runs queries on one server; remembers whether it takes POST. May be used from several threads."""

    def __init__(self, wire: Wire, limits: Limits) -> None:
        self._wire = wire
        self._limits = limits
        self._takes_post = True
        self._gives_totals = True

    def search(self, query: Query, *, verify: bool = True, strict: bool = True) -> Search:
        """The pages of `query`, fetched as they are iterated.

        With `verify` the server is asked for an accurate total, or for a count where it gives none. With
        `strict` a parameter that the server ignored is an OutcomeError; without, a flaw.
        """

        def count() -> int | None:
            try:
                return self.count(query)
            except OutcomeError:  # a server that does not count says so in its own way
                return None

        def follow(link: str) -> Answer:
            url = link if "://" in link else urljoin(f"{self._wire.base.url}/", link)
            return self._wire.send("GET", url, headers=_ASKING, accept={404, 410}, expect="Bundle")

        if not verify:
            return Search(query, self._ask, follow, None, strict)
        return Search(query, self._ask_with_total, follow, count, strict)

    def count(self, query: Query) -> int | None:
        """How many resources fit, by `_summary=count`; None where the server does not count."""
        kept = tuple(
            (name, value)
            for name, value in query.parameters
            if name not in {"_count", "_elements", "_total", "_sort", "_include", "_revinclude"}
        )
        answer, _ = self._ask(Query(query.type, (*kept, ("_summary", "count"))))
        total = (answer.body or {}).get("total")
        return total if isinstance(total, int) else None

    def gather(self, query: Query, *, verify: bool = True, strict: bool = True) -> Found:
        """All pages of `query`."""
        return _gather(self.search(query, verify=verify, strict=strict), ())

    def search_each(
        self,
        query: Query,
        name: str,
        values: Sequence[str],
        lanes: Lanes,
        *,
        most: int | None = None,
        verify: bool = True,
        strict: bool = True,
        keep_going: bool = False,
    ) -> Iterator[Found]:
        """`query`, narrowed by `name` to any of `values`, in as many requests as their length needs.

        Yields in the order of `values`, `lanes` at once, whatever finishes first; a resource that several
        of them find comes once. What comes short is fetched again in halves, as long as that finds more.
        With `keep_going` a part that fails (OutcomeError, Unreachable) is yielded as such, not raised.
        """

        def fetch(part: Sequence[str]) -> Found:
            values = tuple(part)
            try:
                return self._fetch(query, name, values, verify, strict)
            except (OutcomeError, Unreachable) as error:
                if not keep_going:
                    raise
                narrowed = query.narrowed(name, values)
                flaws = frozenset({Flaw.FAILED})
                return Found(narrowed, values, [], [], (), None, flaws, (), echoed=False, error=error)

        room = self._room - len(query.encoded()) - len(f"&{name}=&_total=accurate")
        seen: set[tuple[str, str]] = set()
        for found in lanes.spread(fetch, slices(values, room, most)):
            yield replace(found, matches=_only_new(found.matches, seen))

    @property
    def _room(self) -> int:
        return self._limits.body if self._takes_post else self._limits.url - len(self._wire.base.url) - 100

    def _fetch(self, query: Query, name: str, values: tuple[str, ...], verify: bool, strict: bool) -> Found:
        def narrow(part: tuple[str, ...]) -> Found:
            return _gather(self.search(query.narrowed(name, part), verify=verify, strict=strict), part)

        def halve(part: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
            return part[: len(part) // 2], part[len(part) // 2 :]

        def complete(found: Found) -> Found:
            if found.whole or len(found.values) == 1:
                return found
            halves = [narrow(half) for half in halve(found.values)]
            if sum(len(half.matches) for half in halves) <= len(found.matches):
                return found
            return _join(found.query, [complete(half) for half in halves])

        try:
            found = narrow(values)
        except TooLong:
            if len(values) == 1:
                raise
            parts = [self._fetch(query, name, half, verify, strict) for half in halve(values)]
            return _join(query.narrowed(name, values), parts)
        return complete(found)

    def _ask_with_total(self, query: Query) -> tuple[Answer, bool]:
        if not self._gives_totals:
            return self._ask(query)
        try:
            return self._ask(query.with_(_total="accurate"))
        except TooLong:
            raise
        except OutcomeError:
            answer = self._ask(query)  # raises the same unless it was `_total` that the server minds
            self._gives_totals = False
            return answer

    def _ask(self, query: Query) -> tuple[Answer, bool]:
        """The first page, and whether it was asked for by POST."""
        form = query.encoded()
        path = f"{query.type}/_search"
        where = self._wire.base.show(path, query.names)
        if self._takes_post:
            if len(form) > self._limits.body:
                raise _too_long(where)
            answer = self._wire.send(
                "POST",
                path,
                form=form,
                headers=_ASKING,
                accept=_NO_POST | _TOO_LONG,
                expect="Bundle",
                shown=query.names,
            )
            if answer.status in _TOO_LONG:
                raise _too_long(where)
            if answer.status not in _NO_POST:
                return answer, True
            if answer.status == httpx.codes.NOT_FOUND and not query.impersonal:
                raise error_of(answer.status, answer.body, where)
        if not query.impersonal:
            raise OutcomeError(
                "The server takes no search by POST, and this one must not stand in a URL",
                where=where,
                expected="POST [type]/_search (R4 search, 3.1.1.3): URLs end up in logs",
                remedy="let the server or the proxy before it accept POST on _search",
            )
        if len(form) + len(where) > self._limits.url:
            raise _too_long(where)
        answer = self._wire.send(
            "GET",
            query.type,
            query=form,
            headers=_ASKING,
            accept=_TOO_LONG,
            expect="Bundle",
            shown=query.names,
        )
        if answer.status in _TOO_LONG:
            raise _too_long(where)
        self._takes_post = False
        return answer, False


def _gather(search: Search, values: tuple[str, ...]) -> Found:
    pages = list(search)
    return Found(
        search.query,
        values,
        [match for page in pages for match in page.matches],
        [included for page in pages for included in page.included],
        tuple(issue for page in pages for issue in page.issues),
        search.count,
        search.flaws,
        search.dropped,
        search.echoed,
    )


def _join(query: Query, parts: Sequence[Found]) -> Found:
    counts = [part.count for part in parts]
    seen: set[tuple[str, str]] = set()
    return Found(
        query,
        tuple(value for part in parts for value in part.values),
        [match for part in parts for match in _only_new(part.matches, seen)],
        [included for part in parts for included in _only_new(part.included, seen)],
        tuple(issue for part in parts for issue in part.issues),
        None if None in counts else sum(count for count in counts if count is not None),
        frozenset[Flaw]().union(*(part.flaws for part in parts)),
        tuple(sorted({name for part in parts for name in part.dropped})),
        all(part.echoed for part in parts),
    )


def _only_new(resources: list[Resource], seen: set[tuple[str, str]]) -> list[Resource]:
    """Those of `resources` that are not in `seen`, which grows by them; without an id, all."""
    fresh = []
    for resource in resources:
        key = (str(resource.get("resourceType")), str(resource.get("id")))
        if key not in seen or "id" not in resource:
            fresh.append(resource)
            seen.add(key)
    return fresh


def _too_long(where: str) -> TooLong:
    return TooLong(
        "The search is longer than the server, or we, allow",
        where=where,
        remedy="narrow it, or raise the limit of the request's length on both sides",
    )
