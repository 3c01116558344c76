"""Who looks at a page: every page says what it needs, and one dependency sees to it.

    @routes.get("/subjects/{id}", dependencies=[Depends(visitor(service, "system/ResearchSubject.r"))])
    def page(id: str, request: Request) -> Response: ...  # request.state.visit says who

Forms carry `visit.form_token` in a field so named. Whoever is not signed in is led to the sign-in and back,
and who is not allowed is told so on a page (`errors`).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool

from fhirscreen.access.callers import Caller
from fhirscreen.access.origins import is_foreign
from fhirscreen.access.scopes import read_scope
from fhirscreen.access.sessions import LIFE, Session
from fhirscreen.bootstrap.services import Service
from fhirscreen.exceptions import NotAllowed

FIELD = "form_token"
SAFE = ("GET", "HEAD")


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

    It leaves a Visit in `request.state.visit`. Requests that change something must carry the form's token;
    where they do not, it leaves `request.state.form_refused`.
    """
    if need is not None:
        read_scope(need)
    cookies = Cookies(service.settings.url)

    async def visit(request: Request) -> Visit:
        session = await run_in_threadpool(service.sessions.read, cookies.get(request, SESSION))
        # Before anything is refused: the page that says so still says who is signed in.
        found = Visit(session.caller, session, service.sessions.form_token(session.id))
        request.state.visit = found
        if request.method not in SAFE:
            form = await request.form()
            try:
                check_origin(request)
                service.sessions.check_form(session.id, str(form.get(FIELD, "")))
            except NotAllowed:
                request.state.form_refused = True
                raise
        if need is not None:
            changes, what = request.method not in SAFE, f"{request.method} {_template(request)}"
            await run_in_threadpool(service.audits.check, session.caller, need, changes=changes, what=what)
        return found

    return visit


def _template(request: Request) -> str:
    """The page as it stands in the code: an address may name a subject."""
    return str(getattr(request.scope.get("route"), "path", "page"))


def check_origin(request: Request) -> None:
    """Raises NotAllowed for a form that a browser says came from another site."""
    if is_foreign(request.headers, (request.headers.get("host"),)):
        raise NotAllowed("the form came from another site", remedy="send it from a page of this service")


def local_path(text: str) -> str:
    """A path of this service; `/` for anything that could lead elsewhere."""
    sound = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if sound and "\\" not in text and len(text) <= 2000 else "/"
