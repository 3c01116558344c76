"""What every channel is: a way by which a message of the outbox goes out."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from fhirscreen.store.outbox import StoredMessage


class Undelivered(Exception):
    """A message did not go out. Its text says why, without the address, a secret or what it was answered.

    `again`: whether trying later may help.
    """

    def __init__(self, why: str, *, again: bool = True) -> None:
        super().__init__(why)
        self.again = again


class Channel(Protocol):
    """A way out. Safe to share between threads."""

    def send(self, message: StoredMessage, at: datetime) -> None:
        """Sends one message. Raises Undelivered."""
        ...

    def close(self) -> None:
        """Closes its connections."""
        ...
