"""Writing: create, update, batch and transaction, and a change that survives other writers.

Bodies are not asked back (`Prefer: return=minimal`): what was written is what was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import stamina

from fhirscreen.exceptions import Conflict, NotFhir, UsageError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir_client.exchanges import Answer, Wire
from fhirscreen.fhir_client.outcomes import Issue, error_of, read_issues
from fhirscreen.fhir_client.queries import Parameters, Query

_MINIMAL = {"Prefer": "return=minimal"}


@dataclass(frozen=True, slots=True)
class Written:
    """What a write came to: the resource's id and version as the server names them (None where it does not).

    `created` is whether it was not there before.
    """

    type: str
    id: str | None
    etag: str | None
    created: bool


@dataclass(frozen=True, slots=True)
class Request:
    """One entry of a batch or transaction. `url` is relative to the base: `Patient/1`, `Patient?…`."""

    method: str
    url: str
    resource: Resource | None = None
    if_match: str | None = None
    if_none_exist: str | None = None
    full_url: str | None = None

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice leaves what sending it once does."""
        return self.method != "POST" or self.if_none_exist is not None

    def entry(self) -> dict[str, Any]:
        """As Bundle.entry."""
        request = {
            "method": self.method,
            "url": self.url,
            "ifMatch": self.if_match,
            "ifNoneExist": self.if_none_exist,
        }
        entry: dict[str, Any] = {"request": {key: value for key, value in request.items() if value}}
        if self.full_url:
            entry["fullUrl"] = self.full_url
        if self.resource is not None:
            entry["resource"] = self.resource
        return entry


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one entry: HTTP status, resource if any, version, and what went wrong."""

    status: int
    resource: Resource | None
    etag: str | None
    location: str | None
    issues: tuple[Issue, ...]

    @property
    def fine(self) -> bool:
        """Whether the entry was done."""
        return 200 <= self.status < 300 and not any(issue.failed for issue in self.issues)


def read(wire: Wire, type: str, id: str) -> tuple[Resource | None, str | None]:
    """The resource and its version for If-Match; None, None where it is not there, or no longer."""
    answer = wire.send("GET", path_of(type, id), accept={404, 410}, expect=type)
    if answer.status != 404 and answer.status != 410:
        body = answer.body or {}
        version = (body.get("meta") or {}).get("versionId")
        return body, answer.etag or (f'W/"{version}"' if version else None)
    if answer.status == 404 and not read_issues(answer.body):
        raise error_of(404, None, answer.where)  # a proxy says so, and nothing of the resource
    return None, None


def create(wire: Wire, resource: Resource, if_none_exist: Parameters | None = None) -> Written:
    """POST; with `if_none_exist` only where no resource fits that search, else that one is `Written`."""
    type = _type_of(resource)
    condition = _condition(type, if_none_exist) if if_none_exist is not None else None
    headers = _MINIMAL | ({"If-None-Exist": condition} if condition else {})
    sent = {key: value for key, value in resource.items() if key != "id"}
    answer = wire.send("POST", type, resource=sent, headers=headers, repeatable=condition is not None)
    return _written(type, None, answer)


def update(wire: Wire, resource: Resource, if_match: str | None = None) -> Written:
    """PUT by id; with `if_match` only over that version. Raises Conflict where it is another by now."""
    type, id = _type_of(resource), resource.get("id")
    if not isinstance(id, str):
        raise UsageError(f"A {type} without id cannot be updated by id", expected="an id, or a condition")
    headers = _MINIMAL | ({"If-Match": if_match} if if_match else {})
    return _written(type, id, wire.send("PUT", path_of(type, id), resource=resource, headers=headers))


def delete(wire: Wire, type: str, id: str, if_match: str | None = None) -> bool:
    """DELETE by id, with `if_match` only that version; False where the server does not let it go.

    It may not delete at all, or not what something else refers to (R4 http, delete).
    """
    headers = {"If-Match": if_match} if if_match else None
    answer = wire.send("DELETE", path_of(type, id), headers=headers, accept=_UNDELETED)
    return answer.status not in _UNDELETED


_UNDELETED = frozenset({401, 403, 404, 405, 409, 410, 412, 422, 501})


def update_where(wire: Wire, resource: Resource, condition: Parameters) -> Written:
    """PUT by a search that fits one resource or none (conditional update). Conflict where it fits several.

    The condition stands in the URL: it must be about nobody, such as an identifier that is a hash.
    """
    type = _type_of(resource)
    query = Query.of(type, condition)
    answer = wire.send(
        "PUT", type, query=query.encoded(), resource=resource, headers=_MINIMAL, shown=query.names
    )
    return _written(type, None, answer)


def revise(
    wire: Wire,
    type: str,
    id: str,
    change: Callable[[Resource | None], Resource | None],
    attempts: int = 6,
) -> Written | None:
    """Read, change, and write over what was read, anew whenever someone else wrote in between.

    `change` gets the resource (None where it is not there) and returns it as it should be, or None to leave
    it; it may be called several times. Returns None where nothing was written. Raises Conflict after
    `attempts`. R4 has no portable way to say "create only if absent" of a PUT: of two that create at
    once the later wins, and each then reads again, so that `change` sees what stands.
    """
    overtaken = False
    for attempt in stamina.retry_context(
        on=Conflict, attempts=attempts, timeout=None, wait_initial=0.05, wait_max=2.0, wait_jitter=0.2
    ):
        with attempt:
            current, etag = read(wire, type, id)
            wanted = change(current)
            if wanted is None or wanted == current:
                return Written(type, id, etag, created=False) if overtaken else None
            written = update(wire, {**wanted, "id": id}, etag)
            if current is None and not written.created:
                overtaken = True
                raise Conflict("Someone else created the same resource", where=wire.base.show(type))
            return written
    raise AssertionError("stamina raises the last error")


def send_bundle(wire: Wire, kind: str, requests: Sequence[Request]) -> list[Reply]:
    """A `batch` (each for itself) or `transaction` (all or none); replies in the order of `requests`.

    Raises Conflict or OutcomeError for a transaction that was refused; in a batch look at each reply.
    """
    if not requests:
        return []
    bundle: Resource = {"resourceType": "Bundle", "type": kind, "entry": [each.entry() for each in requests]}
    answer = wire.send(
        "POST",
        resource=bundle,
        headers=_MINIMAL if any(each.method != "GET" for each in requests) else None,
        repeatable=all(each.repeatable for each in requests),
        expect="Bundle",
    )
    entries = (answer.body or {}).get("entry") or []
    if len(entries) != len(requests):
        raise NotFhir(
            f"The server answers {len(entries)} entries of a {kind} of {len(requests)}",
            where=answer.where,
            expected="one answer for each entry, in their order (R4 http, 3.1.0.11)",
        )
    return [_read_reply(entry) for entry in entries]


def path_of(type: str, id: str) -> str:
    """The path of a resource."""
    return f"{type}/{quote(id, safe='')}"


def _read_reply(entry: dict[str, Any]) -> Reply:
    response = entry.get("response") or {}
    resource = entry.get("resource")
    status = str(response.get("status", ""))[:3]
    return Reply(
        int(status) if status.isdecimal() else 0,
        resource,
        response.get("etag"),
        response.get("location"),
        read_issues(response.get("outcome")) or read_issues(resource),
    )


def _written(type: str, id: str | None, answer: Answer) -> Written:
    body = answer.body or {}
    found = id or (body.get("id") if body.get("resourceType") == type else None)
    if found is None:
        # the location is that of the version: the id stands after the type
        segments = urlsplit(answer.headers.get("location", "")).path.split("/")
        after = segments[segments.index(type) + 1 :] if type in segments else []
        found = after[0] if after else None
    return Written(type, found, answer.etag, created=answer.status == 201)


def _condition(type: str, parameters: Parameters) -> str:
    return Query.of(type, parameters).encoded().decode("ascii")


def _type_of(resource: Resource) -> str:
    type = resource.get("resourceType")
    if not isinstance(type, str):
        raise UsageError("A resource without resourceType cannot be written", expected="a resourceType")
    return type
