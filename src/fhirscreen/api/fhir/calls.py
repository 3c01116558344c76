"""A Call: one request to the facade, who makes it, and how it is answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cached_property
from typing import Any

import orjson
from fastapi import Request, Response
from sqlalchemy.orm import Session

from fhirscreen.api.audits import Access, Outcome, tell
from fhirscreen.api.fhir.negotiation import JSON, media_of, preferences
from fhirscreen.api.fhir.queries import CONTROLS
from fhirscreen.api.fhir.subsets import subset
from fhirscreen.api.guards.requests import route_of
from fhirscreen.api.outcomes import Refusal
from fhirscreen.api.security import Caller
from fhirscreen.bootstrap.services import Service
from fhirscreen.fhir.entries import Resource
from fhirscreen.store.audits import Action

PREFIX = "/fhir"
_ETAG = re.compile(r'(?:W/)?"([A-Za-z0-9\-.]{1,64})"', re.ASCII)


class Call:
    """What a route gets beside its path. Raises Refusal (406) where no format that we give is accepted."""

    def __init__(self, service: Service, request: Request, *, also: tuple[str, ...] = ()) -> None:
        self.service = service
        self.request = request
        self.media = media_of(request, also=also)
        self.caller: Caller = request.state.caller

    @cached_property
    def base(self) -> str:
        """The base URL of the facade, as whoever asks reaches it."""
        public = self.service.settings.public_url
        return f"{(public or str(self.request.base_url)).rstrip('/')}{PREFIX}"

    @cached_property
    def preferences(self) -> dict[str, str]:
        """What `Prefer` says."""
        return preferences(self.request)

    @cached_property
    def controls(self) -> dict[str, str]:
        """How the answer is to look. Raises Refusal (400)."""
        found = {}
        for name, pattern in CONTROLS.items():
            value = self.request.query_params.get(name)
            if value is None:
                continue
            if re.fullmatch(pattern, value) is None:
                raise Refusal(400, f"the value of {name} cannot be read", where=name, expected=pattern)
            found[name] = value
        return found

    def tell(
        self,
        action: Action,
        accesses: Iterable[Access],
        session: Session | None = None,
        what: str = "",
        outcome: Outcome = "0",
    ) -> None:
        """Writes down whose data this call gets to see or changes."""
        said = what or f"{self.request.method} {route_of(self.request.scope)}"
        tell(self.service, self.caller, action, said, accesses, session=session, outcome=outcome)

    # --- versions

    def expected(self) -> int | None:
        """The version that `If-Match` names, 0 for `If-None-Match: *`; None where there is neither.

        Raises Refusal: 400 for what is no ETag, 412 for one that is no version of ours.
        """
        if self.request.headers.get("if-none-match", "").strip() == "*":
            return 0
        given = self.request.headers.get("if-match")
        if given is None:
            return None
        match = _ETAG.fullmatch(given.strip())
        if match is None:
            what = "If-Match cannot be read"
            raise Refusal(400, what, where="If-Match", expected='the ETag that was read, like W/"3"')
        if not match[1].isdecimal() or len(match[1]) > _DIGITS:
            raise Refusal(
                412,
                "If-Match names no version",
                where="If-Match",
                expected='the ETag that was read, like W/"3"',
            )
        return int(match[1])

    def _unchanged(self, version: str) -> bool:
        given = self.request.headers.get("if-none-match", "")
        return given.strip() == "*" or version in _ETAG.findall(given)

    # --- answers

    def read(self, resource: Resource, *, lasting: bool = True) -> Response:
        """A resource with its ETag and when it changed last; 304 where the client has this version.

        `lasting`: nothing but a new version changes what it says.
        """
        meta = resource.get("meta") or {}
        version = str(meta.get("versionId", ""))
        headers = versions_of(resource)
        if version and lasting and self._unchanged(version):
            return Response(status_code=304, headers=headers)
        return self.reply(subset(resource, self.controls), headers=headers)

    def reply(
        self, resource: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        """A resource as it is."""
        option = orjson.OPT_INDENT_2 if self.controls.get("_pretty") == "true" else 0
        media = JSON if self.media == JSON else "application/fhir+json"
        return Response(
            orjson.dumps(resource, option=option), status, headers=dict(headers or {}), media_type=media
        )


_DIGITS = 9


def versions_of(resource: Resource) -> dict[str, str]:
    """The headers that say which version a resource is, and since when (R4, http.html#versioning)."""
    meta = resource.get("meta") or {}
    headers = {"ETag": f'W/"{meta["versionId"]}"'} if meta.get("versionId") else {}
    if changed := meta.get("lastUpdated"):
        headers["Last-Modified"] = format_datetime(
            datetime.fromisoformat(changed).astimezone(UTC), usegmt=True
        )
    return headers
