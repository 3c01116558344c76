"""Errors as pages: what a browser is told in place of an OperationOutcome, without details.

Who is not signed in is led to the sign-in, and back to the page that was wanted.
"""

from __future__ import annotations

from urllib.parse import quote

from fastapi.responses import RedirectResponse
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhirscreen.web.pages import Pages
from fhirscreen.web.security import SAFE, Visit, local_path

_PROGRAMS = ("/fhir", "/api", "/cds-services", "/health", "/metrics", "/openapi.json")
"""What answers programs, in their own format, whoever asks."""

_KEPT = ("retry-after", "allow", "x-request-id", "connection")
_DROPPED = ("content-", "vary", "transfer", "www-authenticate")

_SAYS = {
    400: ("This address or form cannot be read", "Go back, and try again from the page."),
    401: ("You are not signed in", "Sign in, and open the page again. What was sent was not saved."),
    403: ("This is not open to you", "Ask whoever runs this service if you need it."),
    404: ("There is no such page", "It may have moved, or nobody was screened here yet."),
    405: ("This cannot be done here", "Go back, and try again from the page."),
    409: ("Somebody else was faster", "Go back, load the page again, and look at what changed."),
    413: ("That is too much at once", "Go back, and send less."),
    429: ("That was too often", "Wait a minute, then load the page again."),
    503: ("The service is busy", "Wait a minute, then load the page again."),
    507: ("The service has no room left", "Tell whoever runs it: nothing can be saved."),
}
_NO_ROLE = (
    "This is not open to you",
    "You are signed in, and have no role here. Ask whoever runs this service for one, then sign in again.",
)
_FORM_REFUSED = (
    "This form is no longer good",
    "Nothing was saved. Go back, load the page again, and send it from there.",
)
_FAILED = ("Something failed here", "Try again. If it stays so, tell whoever runs this service.")


class Errors:
    """Puts a page in the place of an error that a browser would show as text."""

    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or not _is_browser(scope):
            await self._app(scope, receive, send)
            return
        replaced: Response | None = None

        async def reply(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] >= 400:
                headers = Headers(raw=message["headers"])
                if "html" not in headers.get("content-type", ""):
                    replaced = self._replace(scope, message["status"], headers)
                    return
            if replaced is None:
                await send(message)

        await self._app(scope, receive, reply)
        if replaced is not None:
            await replaced(scope, receive, send)

    def _replace(self, scope: Scope, status: int, headers: Headers) -> Response:
        leads = status == 401 and scope["method"] in SAFE
        page = self._lead_to_sign_in(scope) if leads else self._tell(scope, status, headers)
        own = {key.lower() for key in page.headers}
        for name, value in headers.items():
            if name in _KEPT or (name not in own and not name.startswith(_DROPPED)):
                page.headers.append(name, value)
        return page

    def _tell(self, scope: Scope, status: int, headers: Headers) -> Response:
        state = scope.get("state", {})
        visit: Visit | None = state.get("visit")
        what, remedy = _SAYS.get(status, _FAILED)
        if state.get("form_refused"):
            what, remedy = _FORM_REFUSED
        elif status == 403 and visit is not None and not (visit.caller.roles or visit.caller.scopes):
            what, remedy = _NO_ROLE
        return self._pages.render(
            "error.html",
            status,
            what=what,
            remedy=remedy,
            request_id=headers.get("x-request-id", ""),
            signing=status == 401,
            onward=scope["path"] if scope["path"].startswith("/studies/") else "/",
            visit=visit,
        )

    def _lead_to_sign_in(self, scope: Scope) -> Response:
        query = scope["query_string"].decode("ascii", "replace")
        wanted = local_path(quote(scope["path"]) + (f"?{query}" if query else ""))
        if Headers(scope=scope).get("sec-fetch-site", "") in ("cross-site", "same-site"):
            # A strict cookie does not come with a link on another site (a card in an EHR): the page, asked
            # for once more from here, brings it.
            return self._pages.render("onward.html", title="One moment", onward=wanted)
        return RedirectResponse(f"/sign-in?onward={quote(wanted, safe='')}", 303)


def _is_browser(scope: Scope) -> bool:
    wanted = Headers(scope=scope).get("accept", "")
    return "text/html" in wanted and not scope["path"].startswith(_PROGRAMS)
