"""Who may ask: every route says what it needs, and one dependency sees to it.

Without access control (`access.mode` none, on this machine's own address alone) everything is allowed. With
it, nothing is, unless the service's authenticator says who asks.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request

from fhirscreen.access.callers import LOCAL, Caller
from fhirscreen.access.scopes import read_scope
from fhirscreen.api.guards.requests import route_of
from fhirscreen.bootstrap.services import Service

__all__ = ["LOCAL", "Caller", "require"]


def require(service: Service, need: str) -> Callable[[Request], Caller]:
    """The dependency of a route that needs a scope; it leaves the caller in `request.state.caller`."""
    read_scope(need)  # a route's own slip is told at start

    def admit(request: Request) -> Caller:
        caller = service.authenticator.authenticate(request.headers.get("authorization"))
        what = f"{request.method} {route_of(request.scope)}"
        service.audits.check(caller, need, changes=request.method not in ("GET", "HEAD"), what=what)
        request.state.caller = caller
        return caller

    return admit
