"""What every request passes, outermost first: safe headers, its id, whence it comes, rates, a deadline,
HEAD, CORS, gzip, a size.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from fhirscreen.api.guards.bodies import Bodies
from fhirscreen.api.guards.deadlines import Deadlines
from fhirscreen.api.guards.headers import Origins, SafeHeaders
from fhirscreen.api.guards.heads import Heads
from fhirscreen.api.guards.rates import Rates
from fhirscreen.api.guards.requests import Requests
from fhirscreen.api.guards.strangers import Strangers
from fhirscreen.bootstrap.services import Service


def guard(app: FastAPI, service: Service) -> None:
    """Puts the guards around an application; what is added last stands outermost."""
    settings = service.settings
    limits = settings.limits
    app.add_middleware(Bodies, most=int(limits.body_mb * 1_000_000))
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(Origins, origins=settings.cds.origins)
    app.add_middleware(Heads)
    app.add_middleware(Deadlines, seconds=limits.request_seconds, sending=limits.sending_seconds)
    app.add_middleware(Rates, per_minute=limits.requests_per_minute)
    app.add_middleware(Strangers, settings=settings)
    app.add_middleware(Requests, metrics=service.metrics)
    app.add_middleware(SafeHeaders, tls=settings.tls_certificate is not None)
