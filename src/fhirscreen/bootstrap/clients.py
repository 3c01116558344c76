"""Clients of FHIR servers, shared: each made when it is first asked for, all closed together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from fhirscreen.fhir_client import Client


class Clients:
    """Clients by name. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clients: dict[str, Client] = {}
        self._over = False

    def get(self, name: str, make: Callable[[], Client]) -> Client:
        """The client of that name, made at first; after `hang_up` one that is closed, and asks nobody."""
        with self._lock:
            client = self._clients.get(name)
            if client is None:
                client = self._clients[name] = make()
                if self._over:
                    client.close()
            return client

    def made(self) -> Mapping[str, Client]:
        """Those that were asked for."""
        with self._lock:
            return dict(self._clients)

    def hang_up(self) -> None:
        """Closes all connections, for good: whoever waits for one, or comes later, meets Unreachable."""
        with self._lock:
            self._over = True
            clients = list(self._clients.values())
        for client in clients:
            client.close()
