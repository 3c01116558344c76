"""Subscriptions of FHIR R4 by rest-hook: the server says that there is news; what, it is asked for.

R4, Subscription. The payload is left empty, so that no record travels by this way. R5's topics, and their
backport, are another thing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir_client import Client

log = structlog.get_logger(__name__)

HEADER = "X-Fhirscreen-Secret"
"""The header by which a notification shows that it comes from a Subscription of ours."""

LASTS = timedelta(days=7)
"""How long a Subscription lasts: one of a service that is gone ends by itself."""

_RENEW = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Those of one server. `endpoint`: where it reaches us; a type's notifications go to a path below."""

    client: Callable[[], Client]
    endpoint: str
    secret: str
    clock: Callable[[], datetime]

    def keep(self, types: Collection[str]) -> bool:
        """Makes those that lack, renews those that end soon or were given up, ends those not needed.

        Whether all that are needed were active already. Raises ServerError.
        """
        known = self.find()
        active = True
        for type in sorted(types):
            found = known.pop(type, None)
            active = active and found is not None and found.get("status") == "active"
            if not self._lives(found):
                self._register(type)
        for gone in known.values():
            self._end(gone)
        return active

    def remove(self) -> None:
        """Ends all of them. Raises ServerError."""
        for gone in self.find().values():
            self._end(gone)

    def find(self) -> dict[str, Resource]:
        """Those that lead to us, by the type that they are about."""
        client = self.client()
        found = client.gather("Subscription", {"type": "rest-hook"}, strict=False, verify=False).matches
        prefix = f"{self.endpoint}/"
        ours = {}
        for each in found:
            url = str((each.get("channel") or {}).get("endpoint"))
            if url.startswith(prefix) and each.get("status") != "off":
                ours[url.removeprefix(prefix)] = each
        return ours

    def _lives(self, resource: Resource | None) -> bool:
        if resource is None or resource.get("status") not in ("active", "requested"):
            return False
        if f"{HEADER}: {self.secret}" not in (resource["channel"].get("header") or ()):
            return False
        try:
            end = datetime.fromisoformat(str(resource.get("end")))
        except ValueError:
            return False
        return end.tzinfo is not None and end - self.clock() > LASTS - _RENEW

    def _register(self, type: str) -> None:
        url = f"{self.endpoint}/{type}"
        wanted: Resource = {
            "resourceType": "Subscription",
            "status": "requested",
            "reason": "fhirscreen evaluates patients anew when there is news of them",
            "criteria": f"{type}?",
            "end": (self.clock() + LASTS).isoformat(timespec="seconds"),
            "channel": {"type": "rest-hook", "endpoint": url, "header": [f"{HEADER}: {self.secret}"]},
        }
        self.client().update_where(wanted, {"url": url})
        log.info("subscription", type=type)

    def _end(self, resource: Resource) -> None:
        # Off, and not deleted: it is taken up again where it is needed again.
        self.client().update({**resource, "status": "off"})
