"""The HTTP application: routers of features, put together under the guards that every request passes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import APIRouter, FastAPI

from fhirscreen import __version__
from fhirscreen.api import cds_hooks, lists, operations, outcomes, reviews, updates
from fhirscreen.api.fhir import routes as fhir
from fhirscreen.api.guards import guard
from fhirscreen.bootstrap.services import Service


def make_app(service: Service, *more: APIRouter) -> FastAPI:
    """The application over a service; `more` are routers of others, such as the pages.

    Started, it begins the service's background work; ended, it closes the service.
    """

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = service.settings.limits.threads
        await to_thread.run_sync(service.start)
        try:
            yield
        finally:
            await to_thread.run_sync(service.close)

    app = FastAPI(
        title="fhirscreen",
        summary="Finds candidates for clinical trials in FHIR R4 data.",
        version=__version__,
        lifespan=life,
        docs_url=None,  # the pages of the documentation would load scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    outcomes.install(app)
    # Routes are tried in this order: an EHR waits for CDS Hooks while a chart opens.
    features = (cds_hooks, operations, fhir, lists, reviews, updates)
    for router in (*(feature.router(service) for feature in features), *more):
        app.include_router(router)
    guard(app, service)
    return app
