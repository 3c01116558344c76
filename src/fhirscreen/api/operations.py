"""What whoever runs the service asks: is it alive, is it ready, what does it count."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any

import orjson
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse

from fhirscreen.api.outcomes import Refusal, documented
from fhirscreen.bootstrap.metrics import CONTENT_TYPE
from fhirscreen.bootstrap.services import Service

_THREADS = 8
"""Threads of their own, so that they answer while all others wait for something."""


def router(service: Service) -> APIRouter:
    """`/health/live`, `/health/ready` and `/metrics`."""
    routes = APIRouter(tags=["operations"])
    threads = CapacityLimiter(_THREADS)

    @routes.get("/health/live", summary="The process answers")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @routes.get("/health/ready", summary="The store and the FHIR servers answer", responses={503: {}})
    async def ready() -> Response:
        checks = await to_thread.run_sync(service.health.check, limiter=threads)
        fine = all(check.ok for check in checks)
        body: dict[str, Any] = {
            "status": "ready" if fine else "not ready",
            "checks": {check.name: check.data() for check in checks},
        }
        return Response(orjson.dumps(body), 200 if fine else 503, media_type="application/json")

    secret = service.settings.metrics_token

    async def check(request: Request) -> None:
        """Raises Refusal (401) where a token is set and another one, or none, is sent."""
        given = request.headers.get("authorization", "").encode()
        if secret is not None and not compare_digest(given, f"Bearer {secret.get_secret_value()}".encode()):
            raise Refusal(
                401,
                "the counts are for whoever has their token",
                code="login",
                expected="Authorization: Bearer, and the token that FHIRSCREEN_METRICS_TOKEN sets",
                headers={"WWW-Authenticate": "Bearer"},
            )

    @routes.get(
        "/metrics",
        summary="Counts, in Prometheus' text format",
        response_class=PlainTextResponse,
        dependencies=[Depends(check)],
        responses=documented(401) if secret is not None else None,
    )
    async def metrics() -> Response:
        text = await to_thread.run_sync(service.metrics.text, limiter=threads)
        return Response(text, headers={"Content-Type": CONTENT_TYPE})

    return routes
