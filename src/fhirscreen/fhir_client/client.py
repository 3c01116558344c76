"""The client of one FHIR R4 server: what the rest of the program calls."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from fhirscreen.exceptions import UsageError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir_client import writes
from fhirscreen.fhir_client.addresses import Base
from fhirscreen.fhir_client.auth import read_auth
from fhirscreen.fhir_client.backend_services import BackendServices, Registration
from fhirscreen.fhir_client.capabilities import (
    Capabilities,
    SmartConfiguration,
    fetch_capabilities,
    fetch_smart,
)
from fhirscreen.fhir_client.exchanges import JSON, Pace, Patience, Wire
from fhirscreen.fhir_client.expansions import Expansion, NamedCode, expand, find_codes
from fhirscreen.fhir_client.lanes import Item, Lanes, Result
from fhirscreen.fhir_client.paging import Search
from fhirscreen.fhir_client.queries import Parameters, Query, escape
from fhirscreen.fhir_client.searches import Found, Limits, Searcher
from fhirscreen.fhir_client.traffic import Traffic
from fhirscreen.fhir_client.writes import Reply, Request, Written


class Client:
    """A FHIR server, to be used as a context manager. May be used from several threads.

    Every method raises a ServerError (Unreachable, Unauthorised, NotFhir, WrongFhirVersion, OutcomeError or
    Conflict) whose text holds no patient data, after the retries that `patience` allows.
    """

    def __init__(
        self,
        base: str,
        *,
        auth: httpx.Auth | Registration | Mapping[str, str] | None = None,
        timeout: float = 60.0,
        concurrency: int = 4,
        requests_per_second: float | None = None,
        verify: bool | str | Path = True,
        proxy: str | None = None,
        transport: httpx.BaseTransport | None = None,
        patience: Patience | None = None,
        limits: Limits | None = None,
    ) -> None:
        """`auth` is httpx's, a `Bearer`, a SMART `Registration`, or headers; `verify` may name a file of
        certificates.

        `timeout` is in seconds without a byte; `concurrency` how many requests run at once; `transport`
        stands in for the network. Without `proxy` the usual environment variables decide.
        """
        address = Base.read(base)
        trust = _trust(verify)

        def connect(who: httpx.Auth | None, lanes: int) -> httpx.Client:
            return httpx.Client(
                transport=transport,
                auth=who,
                headers={"Accept": JSON, "Accept-Encoding": "gzip", "User-Agent": "fhirscreen"},
                timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0), pool=None),
                limits=httpx.Limits(max_connections=lanes, max_keepalive_connections=lanes),
                verify=trust,
                proxy=proxy,
            )

        self._smart: BackendServices | None = None
        if isinstance(auth, Registration):
            self._smart = BackendServices(auth, address, connect(None, 1), patience)
            auth = self._smart
        given = read_auth(auth) or (httpx.BasicAuth(*address.credentials) if address.credentials else None)
        self._http = connect(given, concurrency)
        pace = Pace(requests_per_second) if requests_per_second is not None else None
        self._wire = Wire(address, self._http, patience or Patience(), pace)
        self._searcher = Searcher(self._wire, limits or Limits())
        self._lanes = Lanes(self._wire.base.url, concurrency, self._wire.drop)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections and drops what waits; what runs meets Unreachable, and is not waited for."""
        self._lanes.close()  # first: what waits does not begin
        self._wire.close()
        if self._smart is not None:
            self._smart.close()

    @property
    def base(self) -> str:
        """The base URL, without credentials and without a slash at its end."""
        return self._wire.base.url

    @property
    def traffic(self) -> Traffic:
        """What all requests have cost so far; subtract an earlier reading for the cost of a step."""
        return self._wire.meter.reading

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the server says it can do, asked for once. Raises WrongFhirVersion where it is not R4."""
        return fetch_capabilities(self._wire)

    @cached_property
    def smart(self) -> SmartConfiguration | None:
        """The server's SMART configuration, asked for once; None where it has none or does not tell."""
        return fetch_smart(self._wire)

    def ping(self) -> bool:
        """Whether the server answers now: its CapabilityStatement is asked for, once, and not read.

        Raises Unreachable where nothing answers.
        """
        return self._wire.ping("metadata")

    # --- reading

    def read(self, type: str, id: str) -> Resource | None:
        """The resource, or None where it is not there, or no longer (404, 410).

        A Patient is searched for by POST, so that the id is in no URL.
        """
        if type == "Patient":
            return next(iter(self.gather(type, {"_id": escape(id)}, verify=False).matches), None)
        return writes.read(self._wire, type, id)[0]

    def search(
        self, type: str, parameters: Parameters = (), *, verify: bool = True, strict: bool = True
    ) -> Search:
        """Search, page by page: iterate, then look at `.whole` and `.flaws`.

        `verify` compares what came with the server's count; `strict` raises OutcomeError for a parameter
        that the server ignored, which is a flaw otherwise.
        """
        return self._searcher.search(Query.of(type, parameters), verify=verify, strict=strict)

    def gather(
        self, type: str, parameters: Parameters = (), *, verify: bool = True, strict: bool = True
    ) -> Found:
        """Search, all pages at once."""
        return self._searcher.gather(Query.of(type, parameters), verify=verify, strict=strict)

    def search_each(
        self,
        type: str,
        parameters: Parameters,
        name: str,
        values: Sequence[str],
        *,
        most: int | None = None,
        verify: bool = True,
        strict: bool = True,
        keep_going: bool = False,
    ) -> Iterator[Found]:
        """Search by `parameters`, and by `name` for any of `values` (escaped): patients or codes, many.

        At most `most` values a request, and no request too long; several at once, results in the order of
        `values`. Parts that come short are split until they are whole, or splitting finds no more.
        With `keep_going` a part that fails does not stop the others: its `error` says why.
        """
        return self._searcher.search_each(
            Query.of(type, parameters),
            name,
            values,
            self._lanes,
            most=most,
            verify=verify,
            strict=strict,
            keep_going=keep_going,
        )

    def count(self, type: str, parameters: Parameters = ()) -> int | None:
        """How many resources fit, by `_summary=count`; None where the server does not say."""
        return self._searcher.count(Query.of(type, parameters))

    def expand(
        self,
        *,
        url: str | None = None,
        id: str | None = None,
        value_set: Resource | None = None,
        text: str | None = None,
    ) -> Expansion:
        """The codes of a value set, by a terminology server.

        `text` asks for those that it finds by that text; HAPI ignores it where a ValueSet lists its codes.
        """
        return expand(self._wire, url=url, id=id, value_set=value_set, text=text)

    def find_codes(self, url: str, text: str, count: int) -> tuple[NamedCode, ...]:
        """The first active codes of a value set that a server finds by a text, with their names."""
        return find_codes(self._wire, url, text, count)

    def spread(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """`work` for each item, as many at once as the client allows; results in the order of the items.

        `work` may call this client, but not its `search_each` or `spread`.
        """
        return self._lanes.spread(work, items)

    def begin(self, work: Callable[[Item], Result], item: Item) -> Future[Result]:
        """`work` for one item, beside whoever asks and in the same context; it waits for a lane."""
        return self._lanes.begin(work, item)

    # --- writing

    def create(self, resource: Resource, *, if_none_exist: Parameters | None = None) -> Written:
        """POST; with `if_none_exist` only where nothing fits that search."""
        return writes.create(self._wire, resource, if_none_exist)

    def update(self, resource: Resource, *, if_match: str | None = None) -> Written:
        """PUT by id; with `if_match` only over that version, else Conflict."""
        return writes.update(self._wire, resource, if_match)

    def delete(self, type: str, id: str, *, if_match: str | None = None) -> bool:
        """DELETE by id, with `if_match` only that version; False where the server does not let it go."""
        return writes.delete(self._wire, type, id, if_match)

    def update_where(self, resource: Resource, condition: Parameters) -> Written:
        """Conditional update: over the one resource that fits, or a new one; Conflict where several fit."""
        return writes.update_where(self._wire, resource, condition)

    def revise(
        self, type: str, id: str, change: Callable[[Resource | None], Resource | None]
    ) -> Written | None:
        """Read, `change`, write over what was read; again when someone else was faster."""
        return writes.revise(self._wire, type, id, change)

    def batch(self, requests: Sequence[Request]) -> list[Reply]:
        """Several requests in one, each for itself; replies in their order."""
        return writes.send_bundle(self._wire, "batch", requests)

    def transaction(self, requests: Sequence[Request]) -> list[Reply]:
        """Several requests in one, all or none; replies in their order."""
        return writes.send_bundle(self._wire, "transaction", requests)


def _trust(verify: bool | str | Path) -> bool | ssl.SSLContext:
    if isinstance(verify, bool):
        return verify
    try:
        return ssl.create_default_context(cafile=str(verify))
    except (OSError, ssl.SSLError):
        raise UsageError(
            "The file of certificates cannot be read", where=str(verify), expected="certificates in PEM"
        ) from None
