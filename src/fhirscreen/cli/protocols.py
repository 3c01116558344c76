"""HTTP/1.1 as the service speaks it: no request head is waited for without end, and none is without end."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD = 64 * 1024
"""The largest head of a request in bytes: its address and its header fields, those after the body too."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Impatient(HttpToolsProtocol):
    """Closes a connection on which no whole request head comes within `seconds`.

    A head of more than `HEAD` bytes is answered with 431 (RFC 6585, 5), and the connection closed.
    """

    seconds: ClassVar[float]
    _waiting: asyncio.TimerHandle | None = None
    _idle = 0  # bytes in a row that completed no head and were no body: the parser keeps them
    _fields = 0  # bytes of the fields of this request
    _refused = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._idle += len(data)
        super().data_received(data)
        if self._idle > HEAD:
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._fields = 0
        if self._waiting is None and not self._refused:
            self._wait()

    def on_url(self, url: bytes) -> None:
        if self._fits(len(url)):
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._fits(len(name) + len(value)):
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        self._idle = 0
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._idle = 0
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._refused:
            super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.seconds, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _hang_up(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()

    def _fits(self, more: int) -> bool:
        self._fields += more
        if self._fields > HEAD:
            self._refuse()
        return not self._refused

    def _answers(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # none before the first request
        return cycle is not None and not cycle.response_complete

    def _refuse(self) -> None:
        if not self._refused:
            self._refused = True
            if not self._answers():  # else it would stand amid an answer
                self.transport.write(_TOO_LARGE)
            self._hang_up()


def impatient(seconds: float) -> type[asyncio.Protocol]:
    """The protocol of connections that wait so long for a head."""

    class Waiting(_Impatient): ...

    Waiting.seconds = seconds
    return Waiting
