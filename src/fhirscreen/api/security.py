"""Who may ask: every route says what it needs, and one dependency sees to it.

Without access control (`access.mode` none, on this machine's own address alone) everything is allowed. With
it, nothing is, unless the service's authenticator says who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, runtime_checkable

from fastapi import Request

from fhirscreen.api.outcomes import Refusal
from fhirscreen.bootstrap.services import Service


class Caller(NamedTuple):
    """Who asks: a name for the audit trail, and the role that decides what they see."""

    name: str
    role: str = ""


LOCAL = Caller("local")
"""Whoever reaches a service without access control: only this machine's users can."""


@runtime_checkable
class Authenticator(Protocol):
    """Says who asks. Raises a FhirscreenError where nobody known does, or they may not."""

    def admit(self, headers: Mapping[str, str], need: str) -> Caller:
        """The caller, if allowed what is needed: a scope like `system/ResearchSubject.rs`."""
        ...


def require(service: Service, need: str) -> Callable[[Request], Caller]:
    """The dependency of a route that needs a scope; it leaves the caller in `request.state.caller`."""

    def admit(request: Request) -> Caller:
        authenticator = getattr(service, "authenticator", None)
        if isinstance(authenticator, Authenticator):
            caller = authenticator.admit(request.headers, need)
        elif service.settings.access.mode == "none":
            caller = LOCAL
        else:
            raise Refusal(401, "who asks is not known", headers={"WWW-Authenticate": "Bearer"})
        request.state.caller = caller
        return caller

    return admit
