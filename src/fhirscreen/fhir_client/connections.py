"""What a client holds open: how it is cut off amid an answer, and how long a body may come in pieces."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import Any
from weakref import WeakSet, ref

import httpx


class Connections:
    """The connections of one httpx client, which `cut` ends from any thread.

    Closing the httpx client alone wakes nobody: who waits for a byte goes on until one comes, or until the
    timeout.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._streams: WeakSet[Any] = WeakSet()
        self._cut = Event()
        self._awaited: dict[object, float] = {}  # heads of answers, and until when
        self._late: set[object] = set()
        self._watched = False

    @contextmanager
    def head(self, seconds: float) -> Iterator[Callable[[], bool]]:
        """Somebody waits for the head of an answer; gives whether it took longer than `seconds`.

        A timeout bounds the wait for one byte of it, and says nothing of how many there are. Whose head is
        late is not known of a connection: all of them are ended, as by `drop`.
        """
        mark = object()
        with self._lock:
            self._awaited[mark] = time.monotonic() + seconds
            begins, self._watched = not self._watched, True
        if begins:
            tick = max(0.02, min(1.0, seconds / 4))
            Thread(target=_watch, args=(ref(self), self._cut, tick), name="fhir-heads", daemon=True).start()
        try:
            yield lambda: mark in self._late
        finally:
            with self._lock:
                self._awaited.pop(mark, None)
                self._late.discard(mark)

    def end_late(self) -> None:
        """Ends all connections where a head is late."""
        now = time.monotonic()
        with self._lock:
            late = {mark for mark, until in self._awaited.items() if until <= now}
            self._late |= late
            for mark in late:
                del self._awaited[mark]
        if late:
            self.drop()

    @property
    def are_cut(self) -> bool:
        """Whether they were ended."""
        return self._cut.is_set()

    def await_cut(self, seconds: float) -> bool:
        """Waits for so long, or until they are ended; whether they are."""
        return self._cut.wait(seconds)

    def notice(self, event: str, told: Mapping[str, Any]) -> None:
        """To be a request's `trace` (httpcore's request extensions): remembers what it connects."""
        stream = told.get("return_value")
        if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            return
        with self._lock:
            self._streams.add(stream)
            late = self.are_cut
        if late:
            _cut(stream)

    def cut(self) -> None:
        """Ends every connection: whoever waits for an answer meets its end now, and whoever comes later."""
        with self._lock:
            self._cut.set()
        self.drop()

    def drop(self) -> None:
        """Ends the connections of now: whoever waits for an answer meets its end, and may ask again."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            _cut(stream)


def _watch(whose: ref[Connections], cut: Event, tick: float) -> None:
    while not cut.wait(tick):
        connections = whose()
        if connections is None:
            return
        connections.end_late()
        del connections


def _cut(stream: Any) -> None:
    held = stream.get_extra_info("socket")
    if isinstance(held, socket.socket):
        with suppress(OSError):  # it has ended already
            # Not the method of a TLS socket, which takes its state from under who reads.
            socket.socket.shutdown(held, socket.SHUT_RDWR)


class Watched(httpx.SyncByteStream):
    """A body that is read only as long as `check`, called at each piece of it, does not raise.

    A timeout bounds the wait for one piece, and says nothing of how many there are.
    """

    def __init__(self, stream: httpx.SyncByteStream, check: Callable[[], None]) -> None:
        self._stream = stream
        self._check = check

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            self._check()
            yield piece

    def close(self) -> None:
        """Closes the body."""
        self._stream.close()
