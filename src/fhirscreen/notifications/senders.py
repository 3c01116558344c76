"""The Sender: takes messages out of the outbox and sends them, until they went out or it makes no sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from fhirscreen.loops import Loop, Troubled, nobody_watches
from fhirscreen.notifications.channels import Channel, Undelivered
from fhirscreen.notifications.messages import Teller
from fhirscreen.store.changes import any_pending
from fhirscreen.store.databases import Database
from fhirscreen.store.outbox import StoredMessage, any_due, failed, lease_message, sent

log = structlog.get_logger(__name__)

DELAYS = (5.0, 60.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0)
"""Seconds until the next attempt, by the attempts so far; after the last one a message is given up: some
thirty hours, for which a mail server may be down."""

_LEASE_SECONDS = 120.0
"""Longer than any channel takes: who holds a message is alone with it."""

Counted = Callable[[str, str], None]
"""Called with the channel and what came of a message: sent, later, failed."""


class Sender:
    """Sends in a thread of its own between `start` and `stop`. Any number may share a database."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        teller: Teller,
        *,
        clock: Callable[[], datetime],
        counted: Counted,
        troubled: Troubled = nobody_watches,
        idle_seconds: float = 2.0,
    ) -> None:
        self._owner = uuid4().hex
        self._database = database
        self._channels = channels
        self._teller = teller
        self._clock = clock
        self._counted = counted
        self._idle_seconds = idle_seconds
        self._loop = Loop("sender", self._turn, troubled=troubled)

    def start(self) -> None:
        """Begins to send."""
        self._loop.start()

    def stop(self) -> None:
        """Ends when the message at hand is settled; no channel takes longer than half a minute."""
        self._loop.stop()
        for channel in self._channels.values():
            channel.close()

    def send_once(self) -> bool:
        """Settles one message, where one is due and it is not quiet. Raises StoreError."""
        now = self._clock()
        quiet = self._teller.quiet
        if quiet is not None and quiet.holds(now):
            return False
        with self._database.reading() as session:
            due = any_due(session, now) or (
                bool(self._channels) and any_pending(session) and self._teller.may_tell(session, now)
            )
        if not due:
            return False  # looking costs no writer his turn
        with self._database.begin() as session:
            self._teller.tell(session, now)
            message = lease_message(session, self._owner, now, _LEASE_SECONDS)
        if message is None:
            return False
        self._settle(message, self._attempt(message))
        return True

    def _attempt(self, message: StoredMessage) -> Undelivered | None:
        channel = self._channels.get(message.channel)
        if channel is None:
            return Undelivered("this channel is not set any more", again=False)
        try:
            channel.send(message, self._clock())
        except Undelivered as error:
            return error
        except Exception as error:
            log.exception("message failed unexpectedly", channel=message.channel)
            return Undelivered(f"failed unexpectedly ({type(error).__name__})")
        return None

    def _settle(self, message: StoredMessage, error: Undelivered | None) -> None:
        now = self._clock()
        tried = message.attempts
        again = error is not None and error.again and tried <= len(DELAYS)
        with self._database.begin() as session:
            if error is None:
                sent(session, message.id, now)
            else:
                later = now + timedelta(seconds=DELAYS[tried - 1]) if again else None
                failed(session, message.id, str(error), retry_at=later)
        came = "sent" if error is None else "later" if again else "failed"
        self._counted(message.channel, came)
        log.log(
            30 if came == "failed" else 20,
            "message",
            channel=message.channel,
            outcome=came,
            attempt=tried,
            why=str(error) if error is not None else None,
        )

    def _turn(self) -> float:
        return 0.0 if self.send_once() else self._idle_seconds
