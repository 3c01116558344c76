"""Where FHIR servers notify of news: Subscriptions of R4 by rest-hook.

A notification is believed only to be one: what it may carry is looked at for the patient's id alone, and the
patient's data are fetched from the server that the settings name.
"""

from __future__ import annotations

import hmac
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from fhirscreen.api.outcomes import Refusal, documented
from fhirscreen.bootstrap.services import Service
from fhirscreen.fhir.types import RESOURCE_TYPES
from fhirscreen.jobs.pollers import Poller
from fhirscreen.jobs.subscriptions import HEADER


def router(service: Service) -> APIRouter:
    """`/updates/[source]/[type]`, and below it `/[type]/[id]`, where servers send a resource to."""
    routes = APIRouter(tags=["updates"])

    async def notify(source: str, type: str, request: Request) -> Response:
        _check(service, request.headers.get(HEADER.lower(), ""))
        poller = _poller(service, source)
        if poller is None or type not in RESOURCE_TYPES:
            raise Refusal(404, "there is nothing at this address")
        resource = _resource(await request.body())
        if resource is None or not await run_in_threadpool(poller.tell, resource):
            poller.nudge(type)
        return Response(status_code=200)  # the standard says 200, not 204 (R4, Subscription, rest-hook)

    @routes.post(
        "/updates/{source}/{type}",
        summary="A FHIR server says that there is news of a type",
        responses=documented(400, 401, 404),
    )
    async def hook(source: str, type: str, request: Request) -> Response:
        return await notify(source, type, request)

    @routes.put("/updates/{source}/{type}/{kind}/{id}", include_in_schema=False)
    @routes.post("/updates/{source}/{type}/{kind}/{id}", include_in_schema=False)
    async def hook_with_resource(source: str, type: str, kind: str, id: str, request: Request) -> Response:
        return await notify(source, type, request)

    return routes


def _check(service: Service, given: str) -> None:
    secret = service.settings.updates.secret
    if secret is None or not hmac.compare_digest(given.encode(), secret.get_secret_value().encode()):
        raise Refusal(
            401, "this notification does not show where it comes from", expected=f"the header {HEADER}"
        )


def _poller(service: Service, source: str) -> Poller | None:
    pollers = (each for each in service.background if isinstance(each, Poller))
    return next((each for each in pollers if each.source == source), None)


def _resource(body: bytes) -> dict[str, Any] | None:
    """The resource that came along; None where none did, or none that can be read."""
    try:
        found = orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and found.get("resourceType") in RESOURCE_TYPES else None
