"""Templates to pages: escaped, with headers that let nothing in but our own style and pictures."""

from __future__ import annotations

import hashlib
from datetime import datetime
from importlib import resources
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from fhirscreen.bootstrap.services import Service
from fhirscreen.outputs.pictures import show
from fhirscreen.outputs.reports import stylesheet
from fhirscreen.outputs.wording import count_patients, say_date, say_day
from fhirscreen.screening.disclosures import tell_reason

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""The Content-Security-Policy of every page."""

STYLE, ICON = "/pages.css", "/pages.svg"

_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


class Pages:
    """Renders templates. Safe to share between threads."""

    def __init__(self, service: Service) -> None:
        self._zone = service.catalogue.site.zone
        folder = resources.files("fhirscreen.web") / "templates"
        self._style = stylesheet() + (folder / "pages.css").read_text("utf-8")
        self._icon = (folder / "pages.svg").read_text("utf-8")
        environment = Environment(
            # The rows of lists are those of a report.
            loader=ChoiceLoader(
                [PackageLoader(f"fhirscreen.{room}", "templates") for room in ("web", "outputs")]
            ),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(
            date=say_date, day=say_day, patients=count_patients, cell=show, moment=self._moment
        )
        mark = hashlib.sha256(self._style.encode()).hexdigest()[:12]
        environment.globals.update(
            tell_reason=tell_reason,
            style=f"{STYLE}?v={mark}",
            icon=ICON,
            site=service.catalogue.site.label,
            visit=None,
            here="",
        )
        self._environment = environment

    def render(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """A page. Everything in the context is escaped."""
        html = self._environment.get_template(template).render(**context)
        return HTMLResponse(html, status, {"Content-Security-Policy": POLICY})

    def router(self) -> APIRouter:
        """What every page loads."""
        routes = APIRouter()

        @routes.get(STYLE)
        def style() -> Response:
            return Response(self._style, media_type="text/css", headers=_FOREVER)

        @routes.get(ICON)
        def icon() -> Response:
            return Response(self._icon, media_type="image/svg+xml", headers=_FOREVER)

        return routes

    def _moment(self, at: datetime) -> str:
        """A moment where the site is: "1 Nov 2026, 02:31"."""
        local = at.astimezone(self._zone)
        return f"{say_day(local.date())}, {local:%H:%M}"
