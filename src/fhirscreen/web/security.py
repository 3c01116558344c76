"""Who looks at a page: every page says what it needs, and one dependency sees to it.

    routes = APIRouter(route_class=PageRoute, include_in_schema=False)

    @routes.get("/subjects/{id}", dependencies=[Depends(visitor(service, "system/ResearchSubject.r"))])
    def page(id: str, request: Request) -> Response: ...  # request.state.visit says who

Whoever is not signed in is led to the sign-in and back. Forms carry `visit.form_token` in a field so named.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from fhirscreen.access.callers import Caller
from fhirscreen.access.scopes import read_scope
from fhirscreen.access.sessions import LIFE, Session
from fhirscreen.bootstrap.services import Service
from fhirscreen.exceptions import NotAllowed, NotTrusted
from fhirscreen.web.templates import render

FIELD = "form_token"
_SAFE = ("GET", "HEAD")


class Visit(NamedTuple):
    """A look at a page: who, in which session, and what the forms of the page must carry."""

    caller: Caller
    session: Session
    form_token: str


class Cookies:
    """The cookies of the pages: for this host alone, out of reach of scripts, over TLS where there is any."""

    def __init__(self, url: str) -> None:
        self._secure = url.startswith("https:")
        # A browser takes a cookie of this prefix from this host alone, with `Secure` and for all paths.
        self._prefix = "__Host-" if self._secure else ""

    def get(self, request: Request, name: str) -> str | None:
        """The value that came with a request."""
        return request.cookies.get(self._prefix + name)

    def set(self, response: Response, name: str, value: str, *, seconds: int, lax: bool = False) -> None:
        """Sets a cookie. `lax` is for what must come back when another site sends the browser here."""
        response.set_cookie(
            self._prefix + name,
            value,
            max_age=seconds,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax" if lax else "strict",
        )

    def clear(self, response: Response, name: str) -> None:
        """Takes a cookie away."""
        response.delete_cookie(self._prefix + name, path="/", secure=self._secure, httponly=True)


SESSION = "fhirscreen"
SESSION_SECONDS = int(LIFE.total_seconds())


def visitor(service: Service, need: str | None) -> Callable[..., Coroutine[Any, Any, Visit]]:
    """The dependency of a page that needs a scope (None: anybody who is signed in).

    It leaves a Visit in `request.state.visit`. Requests that change something must carry the form's token.
    """
    if need is not None:
        read_scope(need)
    cookies = Cookies(service.settings.url)

    async def visit(request: Request) -> Visit:
        session = await run_in_threadpool(service.sessions.read, cookies.get(request, SESSION))
        if request.method not in _SAFE:
            check_origin(request)
            form = await request.form()
            service.sessions.check_form(session.id, str(form.get(FIELD, "")))
        if need is not None:
            session.caller.check(need)
        found = Visit(session.caller, session, service.sessions.form_token(session.id))
        request.state.visit = found
        return found

    return visit


def check_origin(request: Request) -> None:
    """Raises NotAllowed for a form that a browser says came from another site."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    # A page that sends no referrer sends no origin either: browsers then say "null".
    foreign = origin not in (None, "null") and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or site not in ("same-origin", "none"):
        raise NotAllowed("the form came from another site", remedy="send it from a page of this service")


class PageRoute(APIRoute):
    """A route of a page: who is not signed in is led to do so, who is not allowed is told on a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its refusals turned into pages."""
        handle = super().get_route_handler()

        async def handle_page(request: Request) -> Response:
            try:
                return await handle(request)
            except NotTrusted:
                return lead_to_sign_in(request)
            except NotAllowed as error:
                return render("refused.html", status=403, title="Not allowed", error=error)

        return handle_page


def lead_to_sign_in(request: Request) -> Response:
    """The way to the sign-in, and back to the page that was wanted."""
    if request.method not in _SAFE:
        return RedirectResponse("/sign-in", 303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.headers.get("sec-fetch-site", "") in ("cross-site", "same-site"):
        # A strict cookie does not come with a link on another site (a card in an EHR): the page, asked for
        # once more from here, brings it.
        return render("onward.html", title="One moment", onward=wanted)
    return RedirectResponse(f"/sign-in?onward={quote(wanted, safe='')}", 303)


def local_path(text: str) -> str:
    """A path of this service; `/` for anything that could lead elsewhere."""
    sound = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if sound and "\\" not in text and len(text) <= 2000 else "/"
