"""How a client says who it is: a bearer token, or a name and a password, or headers of one's own.

The client sends credentials to its base alone: it follows no redirect and no link to another origin.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping

import httpx


class Headers(httpx.Auth):
    """Adds fixed headers, for gateways that ask for a key of their own."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers to each request."""
        request.headers.update(self._headers)
        yield request


class Bearer(httpx.Auth):
    """`Authorization: Bearer`. A token that expires is given as a function.

    The function is asked for each request, and once more with the answer 401 in hand: if it has another
    token by then, the request is repeated with that one.
    """

    def __init__(self, token: str | Callable[[], str]) -> None:
        self._given = token

    def _token(self) -> str:
        return self._given if isinstance(self._given, str) else self._given()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token; on 401 try a newer one, once."""
        used = self._token()
        request.headers["Authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and (newer := self._token()) != used:
            request.headers["Authorization"] = f"Bearer {newer}"
            yield request


def read_auth(auth: httpx.Auth | Mapping[str, str] | None) -> httpx.Auth | None:
    """`auth` as httpx takes it; a mapping is headers. Basic is `httpx.BasicAuth(name, password)`."""
    if auth is None or isinstance(auth, httpx.Auth):
        return auth
    return Headers(auth)
