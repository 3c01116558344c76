"""Signing in and out: with an API token, or at an OpenID Connect issuer."""

from __future__ import annotations

import secrets
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from fhirscreen.access.authenticators import LONGEST
from fhirscreen.access.callers import Caller
from fhirscreen.access.sign_ins import LIFE, SignIns
from fhirscreen.bootstrap.services import Service
from fhirscreen.exceptions import FhirscreenError, NotAllowed, NotTrusted
from fhirscreen.web.pages import Pages
from fhirscreen.web.security import SESSION, SESSION_SECONDS, Cookies, check_origin, local_path, visitor

_FORM = "fhirscreen-form"
_BEGUN = "fhirscreen-sign-in"
_SECONDS = int(LIFE.total_seconds())
_NOT_KNOWN = "This token is not known, or it has expired or was revoked."

log = structlog.get_logger(__name__)


def router(service: Service, pages: Pages) -> APIRouter:
    """`/sign-in`, where it leads and whence it comes back, and `/sign-out`."""
    routes = APIRouter()
    mode, door = service.settings.access.mode, _Door(service, pages)

    @routes.get("/sign-in")
    def ask(onward: str = "/") -> Response:
        path = local_path(onward)
        return RedirectResponse(path, 303) if mode == "none" else door.form(path)

    if mode == "token":

        @routes.post("/sign-in")
        def take(
            request: Request,
            token: Annotated[str, Form(max_length=LONGEST)],
            form_token: Annotated[str, Form()] = "",
            onward: Annotated[str, Form()] = "/",
        ) -> Response:
            return door.by_token(request, token.strip(), form_token, local_path(onward))

    if (sign_ins := service.sign_ins) is not None:

        @routes.get("/sign-in/begin")
        def begin(onward: str = "/") -> Response:
            return door.begin(sign_ins, local_path(onward))

        @routes.get("/sign-in/callback")
        def finish(request: Request) -> Response:
            return door.finish(sign_ins, request)

    @routes.post("/sign-out", dependencies=[Depends(visitor(service, None))])
    def leave(request: Request) -> Response:
        return door.leave(request)

    return routes


class _Door:
    """What the routes do."""

    def __init__(self, service: Service, pages: Pages) -> None:
        self._service = service
        self._pages = pages
        self._sessions = service.sessions
        self._cookies = Cookies(service.settings.url)
        self._mode = service.settings.access.mode
        self._way = "issuer" if service.sign_ins is not None else "token" if self._mode == "token" else ""

    def form(self, onward: str, *, problem: str = "", status: int = 200) -> Response:
        """The page that asks who it is."""
        name = secrets.token_urlsafe(16)
        page = self._pages.render(
            "sign-in.html",
            status,
            way=self._way,
            onward=onward,
            problem=problem,
            form_token=self._sessions.form_token(name),
        )
        self._cookies.set(page, _FORM, name, seconds=_SECONDS)
        return page

    def by_token(self, request: Request, token: str, form_token: str, onward: str) -> Response:
        """A session for who bears a token; the form again where nobody does."""
        try:
            check_origin(request)
            self._sessions.check_form(self._cookies.get(request, _FORM) or "", form_token)
            caller, stored = self._service.authenticator.by_token(token)
        except NotAllowed:
            return self.form(onward, problem="The form was too old: try again.", status=403)
        except NotTrusted:
            return self.form(onward, problem=_NOT_KNOWN, status=401)
        cookie = self._sessions.open(caller, token=stored.id, until=stored.expires_at)
        return self._welcome(caller, cookie, RedirectResponse(onward, 303))

    def begin(self, sign_ins: SignIns, onward: str) -> Response:
        """The way to the issuer."""
        try:
            address, begun = sign_ins.begin(onward)
        except FhirscreenError as error:
            log.warning("sign-in not begun", what=error.what)
            return self.form(onward, problem="The issuer does not answer: try again later.", status=502)
        page = RedirectResponse(address, 303)
        self._cookies.set(page, _BEGUN, begun, seconds=_SECONDS, lax=True)
        return page

    def finish(self, sign_ins: SignIns, request: Request) -> Response:
        """A session for whom the issuer signed in."""
        begun = self._cookies.get(request, _BEGUN)
        try:
            caller, onward = sign_ins.finish(begun, request.query_params)
        except FhirscreenError as error:
            log.warning("sign-in failed", what=error.what)
            status = 401 if isinstance(error, NotTrusted) else 502
            onward = local_path(sign_ins.wanted(begun))
            page = self.form(onward, problem="Nobody was signed in: try again.", status=status)
            self._cookies.clear(page, _BEGUN)
            return page
        # Not a redirect: a browser that comes from the issuer's site would not bring the strict cookie along.
        page = self._pages.render("onward.html", title="Signed in", onward=local_path(onward))
        return self._welcome(caller, self._sessions.open(caller), page)

    def leave(self, request: Request) -> Response:
        """Ends the session, here and at the issuer, which else would let the next person in unasked."""
        self._sessions.end(request.state.visit.session)
        page: Response = RedirectResponse("/sign-in", 303)
        sign_ins = self._service.sign_ins
        if sign_ins is not None and (elsewhere := sign_ins.leave()) is not None:
            # Not a redirect: browsers hold where a form leads to against the page's own policy.
            page = self._pages.render("onward.html", title="Signed out here", onward=elsewhere)
        self._cookies.clear(page, SESSION)
        page.headers["Clear-Site-Data"] = '"cache", "storage"'
        return page

    def _welcome(self, caller: Caller, cookie: str, page: Response) -> Response:
        self._cookies.set(page, SESSION, cookie, seconds=SESSION_SECONDS)
        self._cookies.clear(page, _FORM)
        self._cookies.clear(page, _BEGUN)
        log.info("signed in", mode=self._mode, roles=sorted(caller.roles))
        return page
