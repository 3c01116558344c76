"""Clients of the FHIR servers that CDS Hooks calls name: allow-listed ones only, with what the call lends.

One client a server, so that connections and what is known of the server are kept; the token is the call's
own and is sent with its requests alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import httpx
from pydantic import SecretStr

from fhirscreen.bootstrap.clients import Clients
from fhirscreen.fhir_client import Client, Patience
from fhirscreen.settings.settings import Settings

_SECONDS = 5.0
"""How long a request may take: somebody is waiting for the chart to open."""

_PATIENCE = Patience(attempts=2, total=_SECONDS, first=0.1, longest=0.5, asked=1.0)
_LANES = 16

_token: ContextVar[SecretStr | None] = ContextVar("token", default=None)


class _Lent(httpx.Auth):
    """The token of the call that is being answered, and nothing that another call left behind."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers.pop("Cookie", None)  # the connection is shared between users
        token = _token.get()
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        yield request


class Lending:
    """Lends clients to calls. `own` gives the client of a named server, with credentials of our own."""

    def __init__(
        self,
        settings: Settings,
        own: Callable[[str], Client | None],
        transport: Callable[[str], httpx.BaseTransport | None],
    ) -> None:
        self._servers = {server.url: server for server in settings.named_servers.values()}
        self._names = {server.url: name for name, server in settings.named_servers.items()}
        self._allowed = {*settings.cds.fhir_servers, *self._servers}
        self._of_issuer = {each.issuer: frozenset(each.fhir_servers) for each in settings.cds.issuers}
        # Where nobody is asked who they are, everything that we may read is open to this machine anyway.
        self._open = not settings.cds.required and settings.access.mode == "none"
        self._own = own
        self._transport = transport
        self._clients = Clients()

    @contextmanager
    def lend(self, base: str, token: SecretStr | None, issuer: str = "") -> Iterator[Client | None]:
        """A client of the server for one call of an EHR; None for one not allow-listed for it.

        Without a token, a named server is asked with our own credentials where the settings let this EHR have
        it so, and else not at all; any other server without credentials.
        """
        its = self._of_issuer.get(issuer, frozenset())
        if base not in (its or self._allowed):
            yield None
            return
        if token is None and base in self._servers:
            yield self._own(base) if base in its or self._open else None
            return
        before = _token.set(token)
        try:
            yield self._client(base)
        finally:
            _token.reset(before)

    def hang_up(self) -> None:
        """Closes the connections: whoever waits for one, or comes later, meets Unreachable."""
        self._clients.hang_up()

    def _client(self, base: str) -> Client:
        server = self._servers.get(base)

        def make() -> Client:
            return Client(
                base,
                auth=_Lent(),
                timeout=_SECONDS,
                concurrency=_LANES,
                verify=(server.ca_file if server is not None else None) or True,
                proxy=server.proxy if server is not None else None,
                transport=self._transport(self._names.get(base, base)),
                patience=_PATIENCE,
            )

        return self._clients.get(base, make)
