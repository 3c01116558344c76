"""The audit trail goes to a FHIR server as AuditEvents: each one, however long that takes, and once.

An audit says of itself whether it is still to be posted, and was written with what it tells of: nothing is
lost between the two. It is put under its own id, so that one that is sent twice is there once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from fhirscreen.exceptions import Conflict, FhirscreenError, OutcomeError
from fhirscreen.fhir_client import Client
from fhirscreen.loops import Loop, Troubled, nobody_watches
from fhirscreen.screening.audit_events import audit_event
from fhirscreen.store.audits import StoredAudit, any_due, lease_audits, posted, postpone
from fhirscreen.store.databases import Database

log = structlog.get_logger(__name__)

_AT_ONCE = 50
"""How many are taken at once; the server is asked for one after the other."""

_LEASE_SECONDS = 600.0
"""Longer than posting so many takes; whoever dies meanwhile leaves them to others."""

_PATIENCE = 15.0
"""Seconds that whoever ends the process waits for a server: what it leaves is posted after the lease."""

_ENOUGH = 3
"""Refusals in a row after which the server is left alone for now."""

REFUSED = timedelta(hours=1)
"""When one is tried again that the server refused: somebody has to look at its log."""

DELAYS = (5.0, 15.0, 60.0, 300.0)
"""Seconds until a server that does not answer is tried again, by how often it has not; the last one stays."""

Counted = Callable[[str, int], None]
"""Called with what came of some audits (sent, later), and how many."""


class AuditPoster:
    """Posts in a thread of its own between `start` and `stop`. Any number may share a database."""

    def __init__(
        self,
        database: Database,
        client: Callable[[], Client],
        site: str,
        *,
        clock: Callable[[], datetime],
        counted: Counted,
        troubled: Troubled = nobody_watches,
        idle_seconds: float = 2.0,
    ) -> None:
        self._database = database
        self._client = client
        self._site = site
        self._clock = clock
        self._counted = counted
        self._idle_seconds = idle_seconds
        self._unanswered = 0
        self._loop = Loop("audits", self._turn, troubled=troubled)

    def start(self) -> None:
        """Begins to post."""
        self._loop.start()

    def stop(self) -> None:
        """Ends when the one at hand is settled; the rest stay due."""
        self._loop.stop(_PATIENCE)

    def post_once(self) -> bool:
        """Posts what is due, up to fifty; whether the server took any. Raises StoreError."""
        now = self._clock()
        with self._database.reading() as session:
            if not any_due(session, now):
                return False  # looking costs no writer his turn
        with self._database.begin() as session:
            audits = lease_audits(session, now, _LEASE_SECONDS, _AT_ONCE)
        if not audits:
            return False
        sent, refused = self._put(audits)
        rest = [each for each in audits if each not in sent and each not in refused]
        now = self._clock()
        with self._database.begin() as session:
            posted(session, sent)
            postpone(session, refused, now + REFUSED)
            postpone(session, rest, now + self._delay(answered=bool(sent or refused)))
        for came, some in (("sent", sent), ("later", [*refused, *rest])):
            if some:
                self._counted(came, len(some))
        if len(sent) < len(audits):
            log.warning("audits not posted", refused=len(refused), unanswered=len(rest))
        return bool(sent)

    def _put(self, audits: Sequence[StoredAudit]) -> tuple[list[StoredAudit], list[StoredAudit]]:
        """Those that the server took, and those that it refused; it was not asked for the others."""
        sent, refused, in_a_row = [], [], 0
        for audit in audits:
            if self._loop.closing:
                break
            try:
                client = self._client()
                client.update(audit_event(audit, self._site, client.base))
            except (OutcomeError, Conflict) as error:
                log.warning("audit refused", audit=audit.uuid, what=error.what)
                refused.append(audit)
                in_a_row += 1
                if in_a_row == _ENOUGH:
                    break
            except FhirscreenError as error:
                log.warning("audit server does not answer", what=error.what)
                break
            else:
                sent.append(audit)
                in_a_row = 0
        return sent, refused

    def _delay(self, *, answered: bool) -> timedelta:
        self._unanswered = 0 if answered else self._unanswered + 1
        return timedelta(seconds=DELAYS[min(max(self._unanswered, 1), len(DELAYS)) - 1])

    def _turn(self) -> float:
        return 0.0 if self.post_once() else self._idle_seconds
