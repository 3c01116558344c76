"""Bodies: read whole before anything else happens, unpacked where they came as gzip, and never too large.

413 where they are too large, 415 where they are packed otherwise, 400 where they are not what they say.
"""

from __future__ import annotations

import zlib

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhirscreen.api.outcomes import Refusal, of_error

RECEIVED = "fhirscreen.received"
"""Set in a request's scope when its body has come whole."""

_CLOSE = {"Connection": "close"}  # what else the client would send is not read
_GZIP = 16 + zlib.MAX_WBITS


class _Gone(Exception):
    """The client went away in the middle of its body."""


class Bodies:
    """Lets no more than `most` bytes of a body through, counted unpacked."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        packing = headers.get("content-encoding", "identity").strip().lower()
        try:
            self._check(packing, headers.get("content-length", "0"))
            body = await self._read(receive, packed=packing != "identity")
        except Refusal as refusal:
            await of_error(refusal)(scope, receive, send)
            return
        except _Gone:
            return
        scope[RECEIVED] = True
        if packing != "identity":
            scope["headers"] = [(n, v) for n, v in scope["headers"] if n != b"content-encoding"]
        handed = False

        async def replay() -> Message:
            nonlocal handed
            if handed:
                return await receive()  # nothing more comes but the end of the connection
            handed = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)

    def _check(self, packing: str, length: str) -> None:
        if packing not in {"identity", "gzip", "x-gzip"}:
            what = "the body is packed in a way that is not read"
            raise Refusal(415, what, expected="gzip, or none", headers=_CLOSE)
        if length.isdecimal() and int(length) > self._most:
            raise self._too_large()

    async def _read(self, receive: Receive, *, packed: bool) -> bytes:
        unpack = zlib.decompressobj(_GZIP)
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            part: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            if packed and part:
                try:
                    part = unpack.decompress(part, self._most - size + 1)
                except zlib.error:
                    raise Refusal(400, "the body is not the gzip it says it is", headers=_CLOSE) from None
            size += len(part)
            if size > self._most:
                raise self._too_large()
            parts.append(part)
        if packed and size and not unpack.eof:
            raise Refusal(400, "the body breaks off: its gzip has no end")
        return b"".join(parts)

    def _too_large(self) -> Refusal:
        return Refusal(
            413,
            "the request is too large",
            expected=f"a body of at most {self._most / 1_000_000:g} MB, unpacked",
            remedy="send less at once",
            headers=_CLOSE,
        )
