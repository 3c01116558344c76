"""The public CDS Hooks sandbox, as far as a service can tell: what it sends, asks for and insists on.

Behaviour read from the sandbox's source (github.com/cds-hooks/sandbox); this is a client of our own.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx

from tests.lib import signing

ORIGIN = "https://sandbox.cds-hooks.org"
KEYS = f"{ORIGIN}/.well-known/jwks.json"
KEY = signing.ec("sandbox-key")

_TOKEN = re.compile(r"{{\s*([^}]+?)\s*}}")
# HAPI answers an identical search from a cache for a minute: one test would see what another left.
_FHIR = {"Accept": "application/json+fhir", "Cache-Control": "no-cache"}


class Blocked(AssertionError):
    """The browser would not let the page see the answer."""


class Sandbox:
    """A page of the sandbox's origin in a browser, connected to a FHIR server."""

    def __init__(
        self, service: str, fhir: str, *, clock: Callable[[], datetime], origin: str = ORIGIN
    ) -> None:
        self._http = httpx.Client(timeout=60)
        self._base = service
        self._fhir = fhir
        self._clock = clock
        self._origin = origin
        self.services: list[dict[str, Any]] = []

    def close(self) -> None:
        self._http.close()

    def discover(self) -> None:
        """Fails, as the sandbox does, where the list of services is empty."""
        found = self._send("GET", f"{self._base}/cds-services").json()
        assert found.get("services"), "the sandbox rejects a discovery without services"
        self.services = found["services"]

    def prefetch(self, service: Mapping[str, Any], patient: str) -> dict[str, Any]:
        """Best effort: POST to `_search`, else GET; what fails and what has open tokens is left out."""
        found = {}
        for key, template in service["prefetch"].items():
            path = _TOKEN.sub(lambda each: {"context.patientId": patient}.get(each[1], each[0]), template)
            if "{{" in path:
                continue
            type, _, query = path.partition("?")
            answer = (
                self._http.post(f"{self._fhir}/{type}/_search", data=dict(parse_qsl(query)), headers=_FHIR)
                if query
                else self._http.get(f"{self._fhir}/{path}", headers=_FHIR)
            )
            if answer.is_error and query:
                answer = self._http.get(f"{self._fhir}/{path}", headers=_FHIR)
            if answer.is_success and answer.json():
                found[key] = answer.json()
        return found

    def call(self, hook: str, patient: str, **context: Any) -> tuple[str, httpx.Response]:
        """Calls the first service of a hook, and gives its address with what it answered."""
        service = next(each for each in self.services if each["hook"] == hook)
        url = f"{self._base}/cds-services/{service['id']}"
        body = {
            "hookInstance": str(uuid.uuid4()),
            "hook": hook,
            "fhirServer": self._fhir,
            "context": {"patientId": patient, "userId": "Practitioner/example"} | context,
            "prefetch": self.prefetch(service, patient),
        }
        return url, self._send("POST", url, body)

    def accept(self, url: str, card: Mapping[str, Any], suggestion: Mapping[str, Any]) -> httpx.Response:
        """What an EHR makes of a suggestion: it creates the resource, and tells the service."""
        for action in suggestion["actions"]:
            assert action["type"] == "create"
            assert action["description"]
            resource = action["resource"]
            made = self._http.post(f"{self._fhir}/{resource['resourceType']}", json=resource)
            assert made.status_code == 201, made.text
        item = {
            "card": card["uuid"],
            "outcome": "accepted",
            "acceptedSuggestions": [{"id": suggestion["uuid"]}],
        }
        return self._feedback(url, item)

    def override(self, url: str, card: Mapping[str, Any], code: str) -> httpx.Response:
        """Tells the service why a card was not followed."""
        (reason,) = (each for each in card["overrideReasons"] if each["code"] == code)
        return self._feedback(
            url, {"card": card["uuid"], "outcome": "overridden", "overrideReason": {"reason": reason}}
        )

    def _feedback(self, url: str, item: dict[str, Any]) -> httpx.Response:
        at = self._clock().astimezone(UTC).isoformat().replace("+00:00", "Z")
        return self._send("POST", f"{url}/feedback", {"feedback": [item | {"outcomeTimestamp": at}]})

    def _send(self, method: str, url: str, body: Any = None) -> httpx.Response:
        """As a browser does: it asks first whether it may, then looks whether the page may see the answer."""
        asked = {"Origin": self._origin, "Access-Control-Request-Method": method}
        wanted = "authorization" + (",content-type" if body is not None else "")
        before = self._http.options(url, headers=asked | {"Access-Control-Request-Headers": wanted})
        allowed = before.headers.get("access-control-allow-headers", "").lower().replace(" ", "").split(",")
        if not before.is_success or not set(wanted.split(",")) <= set(allowed) or not self._may_see(before):
            raise Blocked(url)
        headers = {"Accept": "application/json", "Authorization": f"Bearer {self._token(url)}"}
        answer = self._http.request(method, url, json=body, headers=headers | {"Origin": self._origin})
        if not self._may_see(answer):
            raise Blocked(url)
        return answer

    def _may_see(self, answer: httpx.Response) -> bool:
        return answer.headers.get("access-control-allow-origin") in (self._origin, "*")

    def _token(self, audience: str) -> str:
        said = signing.claims(self._clock(), iss=ORIGIN, aud=audience, sub="sandbox", jti=str(uuid.uuid4()))
        return signing.sign(KEY, said, "ES384", jku=KEYS)


def render(card: Mapping[str, Any]) -> str:
    """What the sandbox shows of a card; it shows no source without a label and no suggestion without one."""
    colours = {"info": "blue", "warning": "orange", "critical": "red"}
    parts = [f"[{colours[card['indicator']]}] {card['summary']}"]
    parts += [f"Source: {card['source']['label']}"] if card["source"].get("label") else []
    parts += [card["detail"]] if card.get("detail") else []
    parts += [f"( {each['label']} )" for each in card.get("suggestions", ()) if each.get("label")]
    parts += [f"( {each['label']} )" for each in card.get("links", ()) if each["type"] == "absolute"]
    return "\n\n".join(parts)
