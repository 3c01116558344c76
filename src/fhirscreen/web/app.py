"""The pages of a service, and the errors that browsers see."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from fastapi.responses import RedirectResponse

from fhirscreen.bootstrap.services import Service
from fhirscreen.web import runs, sign_in, studies, subjects
from fhirscreen.web.errors import Errors
from fhirscreen.web.pages import Pages


def add_pages(app: FastAPI, service: Service) -> None:
    """Adds the pages, and puts one in the place of each error that a browser would see."""
    pages = Pages(service)
    app.include_router(_router(service, pages))
    app.add_middleware(Errors, pages=pages)


def _router(service: Service, pages: Pages) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    def home() -> RedirectResponse:
        return RedirectResponse("/studies", 303)

    routes.include_router(pages.router())
    for each in (sign_in, studies, subjects, runs):
        routes.include_router(each.router(service, pages))
    return routes
