"""The pages of a service, and the errors that browsers see."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from fastapi.responses import RedirectResponse

from fhirscreen.bootstrap.services import Service
from fhirscreen.web import runs, sign_in, studies, subjects
from fhirscreen.web.errors import Errors
from fhirscreen.web.pages import Pages


def router(service: Service) -> APIRouter:
    """The pages of a service."""
    pages = Pages(service)
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    def home() -> RedirectResponse:
        return RedirectResponse("/studies", 303)

    routes.include_router(pages.router())
    routes.include_router(sign_in.router(service))
    for each in (studies, subjects, runs):
        routes.include_router(each.router(service, pages))
    return routes


def tell_browsers(app: FastAPI, service: Service) -> None:
    """Puts a page in the place of each error that a browser would see; outside everything else."""
    app.add_middleware(Errors, pages=Pages(service))
