"""Shared clients: one a name, and none that still asks once all hung up."""

from __future__ import annotations

import pytest

from fhirscreen.bootstrap.clients import Clients
from fhirscreen.exceptions import Unreachable
from fhirscreen.fhir_client import Client
from tests.lib.transport import BASE, Server, reply


def test_a_client_is_made_once_and_nobody_asks_after_hanging_up() -> None:
    server = Server(lambda _: reply({"resourceType": "CapabilityStatement"}))
    clients, made = Clients(), []

    def make() -> Client:
        made.append(Client(BASE, transport=server))
        return made[-1]

    first = clients.get("first", make)
    assert clients.get("first", make) is first
    assert first.ping()
    assert clients.made() == {"first": first}
    clients.hang_up()
    for name in ("first", "late"):
        with pytest.raises(Unreachable, match="closed from this side"):
            clients.get(name, make).ping()
    assert clients.get("first", make) is first
    assert (len(made), len(server.requests)) == (2, 1)
