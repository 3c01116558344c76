"""Documents of an issuer: fetched from the address that is set and from nowhere else.

No redirect is followed, plain HTTP is for the loopback alone, and neither size nor time is left to the other
side.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx
import orjson

from fhirscreen.exceptions import NotFhir, NotTrusted, ServerError, Unreachable, UsageError
from fhirscreen.settings.settings import LOOPBACK

_MOST = 256_000
_SECONDS = 5.0
_ERRORS = (
    "invalid_request",
    "invalid_client",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
)
"""What a form may be answered with, beside `invalid_grant` (RFC 6749, 5.2)."""

Transport = Callable[[str], httpx.BaseTransport | None]
"""Stands in for the network towards an address; None for the real one."""


def check_address(url: str) -> str:
    """An address that keys or tokens may come from. Raises UsageError for plain HTTP to another machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return url
    raise UsageError(
        "an issuer is to be asked without TLS",
        where=url,
        expected="an address that begins with https://",
        remedy="whoever stands in between could hand in keys of their own",
    )


class Documents:
    """Fetches JSON."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def fetch(
        self, url: str, form: Mapping[str, str] | None = None, login: tuple[str, str] | None = None
    ) -> Any:
        """The JSON at an address, or what it answers to a form, sent with a name and password if any.

        Raises ServerError, and quotes no body; NotTrusted where a form brings what the issuer gave to
        somebody else, or too long ago.
        """
        check_address(url)
        try:
            with httpx.Client(
                timeout=_SECONDS, transport=self._transport(url), follow_redirects=False
            ) as client:
                return self._read(client, url, form, login)
        except httpx.HTTPError:
            raise Unreachable("the issuer does not answer", where=url, remedy="try again later") from None

    def _read(
        self,
        client: httpx.Client,
        url: str,
        form: Mapping[str, str] | None,
        login: tuple[str, str] | None,
    ) -> Any:
        until = time.monotonic() + _SECONDS
        method = "GET" if form is None else "POST"
        headers = {"Accept": "application/json"}
        # OAuth asks for both to be encoded as in a form before they are put together (RFC 6749, 2.3.1).
        auth = httpx.BasicAuth(*map(quote_plus, login)) if login is not None else None
        with client.stream(method, url, data=form, headers=headers, auth=auth) as response:
            if response.status_code != httpx.codes.OK and form is None:
                raise _unexpected(response.status_code, url)
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > _MOST or time.monotonic() > until:
                    raise ServerError("the issuer's answer has no end", where=url)
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            answer = None
        if response.status_code != httpx.codes.OK:
            code = answer.get("error") if isinstance(answer, dict) else None
            if code == "invalid_grant":
                raise NotTrusted("the issuer no longer stands by the sign-in", remedy="sign in again")
            raise _unexpected(f"{response.status_code} {code if code in _ERRORS else ''}".strip(), url)
        if answer is None:
            raise NotFhir("the issuer's answer is no JSON", where=url)
        return answer


def _unexpected(said: object, url: str) -> ServerError:
    return ServerError(f"the issuer answers with {said}", where=url, expected="200")
