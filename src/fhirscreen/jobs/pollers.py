"""The Poller: asks a FHIR server what is new, by `_lastUpdated`, and has the patients screened.

Nothing between two questions is missed: each begins some minutes before the server answered the one before,
by the server's own clock, and what came twice is known by its version. That clock is read from the answer's
Bundle.meta.lastUpdated, else from its Date, else from the newest resource that it gave. A question that was
not answered whole is asked again from where it began. What a search does not show it cannot tell: a resource
that was deleted, and one whose transaction took longer than the overlap; the nightly run finds both.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import structlog

from fhirscreen.exceptions import FhirscreenError, OutcomeError, ServerError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir_client import Client
from fhirscreen.fhir_client.paging import updated_at
from fhirscreen.jobs.questions import URGENT_TYPES, Question, Questions, make_questions
from fhirscreen.jobs.subscriptions import Subscriptions
from fhirscreen.jobs.updates import enqueue
from fhirscreen.loops import Loop, Troubled, nobody_watches
from fhirscreen.screening.panels import Panel
from fhirscreen.store.databases import Database
from fhirscreen.store.positions import find_position, hold_position, leave_position, move_position

log = structlog.get_logger(__name__)

OVERLAP = timedelta(minutes=2)
"""How long before the last answer a question begins: as long may a transaction of the server take."""

URGENT_SECONDS = 5.0
"""Seconds between two questions for what may be a new diagnosis or an oncology order, at most."""

LOST_SECONDS = 60.0
"""Seconds between two questions where the server notifies: as long may a lost notification delay news."""

_UNTOLD = timedelta(hours=1)
"""How far the clock of a server that never tells the time may be behind ours."""

_GATHER_SECONDS = 1.0
"""How long further notifications are waited for before the server is asked: they come in swarms."""

_FAREWELL = 8.0
"""Seconds that whoever ends the process waits for a question."""

Version = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one question brought: who is news, the versions it saw, up to when it counts (None: not whole)."""

    question: Question
    patients: dict[str, bool]
    versions: frozenset[Version]
    until: datetime | None


@dataclass
class _Due:
    """When each rhythm is due next, by the monotonic clock."""

    all: float = 0.0
    urgent: float = 0.0


@dataclass
class _Nudges:
    """Types of which the server said that there is news."""

    types: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, type: str) -> None:
        with self.lock:
            self.types.add(type)

    def take(self) -> set[str]:
        with self.lock:
            found, self.types = self.types, set()
        return found

    def __bool__(self) -> bool:
        with self.lock:
            return bool(self.types)


class Poller:
    """Asks in a thread of its own between `start` and `stop`; one process of several, while it lives.

    Where it `subscribes`, the server is asked when it notifies, and once a minute for notifications that were
    lost; as long as a Subscription is not active, at the usual pace. Where it does not, Subscriptions of
    another time are ended.
    """

    def __init__(
        self,
        database: Database,
        source: str,
        client: Callable[[], Client],
        panel: Callable[[], Panel],
        *,
        clock: Callable[[], datetime],
        seconds: float,
        subscriptions: Subscriptions,
        subscribes: bool,
        troubled: Troubled = nobody_watches,
    ) -> None:
        self.source = source
        self._database = database
        self._client = client
        self._panel = panel
        self._clock = clock
        self._subscriptions = subscriptions
        self._subscribes = subscribes
        self._seconds = seconds
        self._notified = False
        self._tidied = False
        self._owner = uuid4().hex
        self._name = f"updates {source}"
        self._seen: dict[str, frozenset[Version]] = {}
        self._questions: tuple[Panel, Questions] | None = None
        self._due = _Due()
        self._nudges = _Nudges()
        self._loop = Loop("poller", self._work, troubled=troubled)

    # --- life

    def start(self) -> None:
        """Begins to ask."""
        self._loop.start()

    def stop(self) -> None:
        """Ends after the question at hand, if that takes no longer than some seconds; another process takes
        over at once.
        """
        self._loop.stop(_FAREWELL)
        try:
            with self._database.begin() as session:
                leave_position(session, self._name, self._owner)
        except FhirscreenError as error:
            log.warning("position not left", what=error.what)

    def nudge(self, type: str) -> None:
        """The server says that there is news of a type: it is asked at once, whoever else asks it too."""
        self._nudges.add(type)
        self._loop.wake()

    def tell(self, resource: Resource) -> bool:
        """Has the patients screened whom a resource is about; of what it says nothing else is believed.

        False where it is about nobody. Raises StoreError.
        """
        questions = self.questions()
        patients = set(questions.patients(resource))
        with self._database.begin() as session:
            enqueue(
                session,
                self.source,
                patients,
                urgent=questions.urgent(resource),
                by="notification",
                at=self._clock(),
            )
        return bool(patients)

    # --- asking

    def questions(self) -> Questions:
        """What is asked for the studies that are open now. Raises StoreError."""
        panel = self._panel()
        if self._questions is None or self._questions[0] is not panel:
            self._questions = panel, make_questions(panel)
        return self._questions[1]

    def look(self, types: Collection[str] | None = None) -> int:
        """Asks for news of these types, or of all; gives how many patients there was news of.

        Raises ServerError and StoreError; then the next look asks from where this one did.
        """
        questions = self.questions()
        asked = [each for type, each in questions.by_type.items() if types is None or type in types]
        answers = [self._ask(each, questions) for each in asked]
        patients: dict[str, bool] = {}
        for answer in answers:
            for patient, urgent in answer.patients.items():
                patients[patient] = urgent or patients.get(patient, False)
        with self._database.begin() as session:
            for urgent in (True, False):
                group = [patient for patient, each in patients.items() if each is urgent]
                if group:
                    by = f"updates of {self.source}"
                    enqueue(session, self.source, group, urgent=urgent, by=by, at=self._clock())
            for answer in answers:
                if answer.until is not None:
                    move_position(session, self._place(answer.question), answer.until)
        for answer in answers:
            self._seen[answer.question.type] = answer.versions
        if patients:
            log.info("news", source=self.source, patients=len(patients), urgent=sum(patients.values()))
        return len(patients)

    def _place(self, question: Question) -> str:
        return f"{self._name} {question.type}"

    def _ask(self, question: Question, questions: Questions) -> _Answer:
        began = self._clock()
        with self._database.reading() as session:
            position = find_position(session, self._place(question))
        since = ((position or began) - OVERLAP).astimezone(UTC).isoformat(timespec="milliseconds")
        client = self._client()

        def searches(type: str, name: str) -> bool:  # asked for only where a code would narrow it
            return client.capabilities.searches(type, name)

        asked = question.parameters(searches)
        parameters = {"_lastUpdated": f"ge{since.replace('+00:00', 'Z')}", **asked}
        search = client.search(question.type, parameters, strict=False)
        known = self._seen.get(question.type, frozenset())
        patients: dict[str, bool] = {}
        versions: set[Version] = set()
        newest: datetime | None = None
        for page in search:
            if "_lastUpdated" in search.dropped:
                raise OutcomeError(
                    "The server does not search by _lastUpdated",
                    where=f"{question.type}?_lastUpdated",
                    remedy="let it, or leave the setting `updates` off and rely on the nightly run",
                )
            for resource in page.matches:
                version = _version(resource)
                versions.add(version)
                if (at := updated_at(resource)) is not None and (newest is None or at > newest):
                    newest = at
                if version not in known:
                    urgent = questions.urgent(resource)
                    for patient in questions.patients(resource):
                        patients[patient] = urgent or patients.get(patient, False)
        if not search.whole:
            log.warning("news not whole", source=self.source, type=question.type)
        # What this one saw and the one before did is seen; what failed half-way is asked for again.
        if not search.whole:
            until = None
        elif search.answered is not None:
            until = search.answered
        else:  # before anything that the server may write next, whatever its clock says
            until = min(newest or position or began - _UNTOLD, began)
        return _Answer(question, patients, frozenset(versions if search.whole else versions | known), until)

    # --- the thread

    def _work(self) -> float:
        if self._nudges and self._loop.pause(_GATHER_SECONDS):
            return 0.0
        self._turn(time.monotonic())
        return max(0.05, min(self._due.all, self._due.urgent) - time.monotonic())

    def _turn(self, now: float) -> None:
        types: set[str] | None = self._nudges.take()
        everything, hasty = now >= self._due.all, now >= self._due.urgent
        try:
            if (everything or hasty) and self._leads():
                if everything:
                    self._register()
                types = None if everything else {*(types or ()), *URGENT_TYPES}
            if types is None or types:
                self.look(types)
        except ServerError as error:
            log.warning("no news", source=self.source, what=error.what, error=type(error).__name__)
            self._again(types)
        except Exception:
            self._again(types)
            raise
        finally:
            self._put_off(time.monotonic(), everything, hasty)

    def _register(self) -> None:
        try:
            if self._subscribes:
                self._notified = self._subscriptions.keep(self.questions().by_type)
            elif not self._tidied:
                self._subscriptions.remove()
        except ServerError as error:
            self._notified = False
            if self._subscribes:
                log.warning("server is polled", source=self.source, what=error.what)
        self._tidied = True

    def _leads(self) -> bool:
        with self._database.begin() as session:
            return hold_position(
                session, self._name, self._owner, self._clock(), 3 * max(self._seconds, LOST_SECONDS)
            )

    def _again(self, types: Iterable[str] | None) -> None:
        """What was notified and could not be asked is asked at the next turn."""
        for type in types or ():
            self._nudges.add(type)

    def _put_off(self, now: float, everything: bool, hasty: bool) -> None:
        seconds = max(self._seconds, LOST_SECONDS) if self._notified else self._seconds
        if everything:
            self._due.all = now + seconds
        if everything or hasty:
            self._due.urgent = now + (seconds if self._notified else min(seconds, URGENT_SECONDS))


def _version(resource: Resource) -> Version:
    meta = resource.get("meta")
    stamped = meta if isinstance(meta, dict) else {}
    return str(resource.get("id")), f"{stamped.get('versionId')} {stamped.get('lastUpdated')}"
