"""Who calls CDS Hooks: the EHR that a JWT names (CDS Hooks 2.0, Trusting CDS Clients)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fhirscreen.exceptions import NotTrusted
from fhirscreen.settings.groups import CdsSettings

__all__ = ["HookAuthenticator", "HookCaller", "NotTrusted", "make_hook_authenticator"]


@dataclass(frozen=True, slots=True)
class HookCaller:
    """An EHR: the issuer of its JWT, and the tenant that it names; both empty where no JWT is required."""

    issuer: str = ""
    tenant: str = ""


class HookAuthenticator(Protocol):
    """Tells who calls from the header Authorization; `url` is the address that was called, as audience."""

    def __call__(self, authorization: str | None, url: str) -> HookCaller:
        """Raises NotTrusted."""
        ...


def make_hook_authenticator(settings: CdsSettings) -> HookAuthenticator:
    """What the settings ask for: nothing, or a JWT, of which none is accepted yet."""

    def authenticate(authorization: str | None, url: str) -> HookCaller:
        if not settings.required:
            return HookCaller()
        raise NotTrusted(
            "who calls is not known",
            expected="Authorization: Bearer, with a JWT of an issuer in cds.issuers",
            remedy="register this EHR's issuer and keys in the settings",
        )

    return authenticate
