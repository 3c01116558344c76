"""What whoever runs the service asks: is it alive, is it ready, what does it count."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from fhirscreen.bootstrap.metrics import CONTENT_TYPE
from fhirscreen.bootstrap.services import Service


def router(service: Service) -> APIRouter:
    """`/health/live`, `/health/ready` and `/metrics`."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/health/live", summary="The process answers")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @routes.get("/health/ready", summary="The store and the FHIR servers answer", responses={503: {}})
    def ready() -> Response:
        checks = service.health.check()
        fine = all(check.ok for check in checks)
        body: dict[str, Any] = {
            "status": "ready" if fine else "not ready",
            "checks": {check.name: check.data() for check in checks},
        }
        return Response(orjson.dumps(body), 200 if fine else 503, media_type="application/json")

    @routes.get("/metrics", summary="Counts, in Prometheus' text format", response_class=PlainTextResponse)
    def metrics() -> Response:
        return Response(service.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    return routes
