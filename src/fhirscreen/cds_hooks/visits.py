"""A visit: from a call of an EHR to the answer with at most one card."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy.orm import Session

from fhirscreen.cds_hooks.calls import Call, MustAsk, NothingKnown, NotInTime
from fhirscreen.cds_hooks.cards import Frame, Suggestion, make_card
from fhirscreen.cds_hooks.decisions import by_specialty, suppressed
from fhirscreen.cds_hooks.fetches import Silent, complete, needed
from fhirscreen.cds_hooks.prefetches import Record, is_replaced, read_prefetch
from fhirscreen.cds_hooks.templates import PATIENT, ROLE, Templates
from fhirscreen.cds_hooks.trails import ScreenSoon, Write, follow, tell_call
from fhirscreen.fhir.subjects import identifier_values, subject_uuid
from fhirscreen.fhir_client import Client
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.screening.panels import Panel
from fhirscreen.screening.suggestions import Known, is_member, read_record, suggest
from fhirscreen.settings.groups import CdsSettings
from fhirscreen.store import cards
from fhirscreen.store.databases import Database
from fhirscreen.store.runs import list_runs
from fhirscreen.values.durations import AsOf
from fhirscreen.verdicts.standings import Subject

Lend = Callable[[str, SecretStr | None, str], AbstractContextManager[Client | None]]
"""A client of the FHIR server that a call of an issuer names, with the token that it lends; None for one not
allowed."""

TOO_LATE = "too late"
"""What came of a call whose EHR was told meanwhile that the answer takes too long."""

MOST = 2
"""So many studies at most in a card."""


@dataclass(frozen=True, slots=True)
class Clinic:
    """What answering takes, made once. `base` is that of patients whose call names no FHIR server.

    `screen_soon`: None where the source of runs is no FHIR server.
    """

    settings: CdsSettings
    templates: Templates
    catalogue: Catalogue
    database: Database
    panel: Callable[[Session], Panel]
    as_of: Callable[[], AsOf]
    clock: Callable[[], datetime]
    lend: Lend
    write: Write
    screen_soon: ScreenSoon | None
    base: str
    url: str
    site: str
    published: bool = False
    silent: Silent = field(default_factory=Silent)


@dataclass(frozen=True, slots=True)
class Answer:
    """The response, and what came of the call in a word, for counting.

    `unfetched`: the types that matter and of which something was not to be had; `hurried`: not in time;
    `asked`: a FHIR server was asked for it.
    """

    body: dict[str, Any]
    outcome: str
    unfetched: tuple[str, ...] = ()
    hurried: bool = False
    asked: bool = False


def never_late() -> bool:
    """Nobody waits for an answer but as long as it takes."""
    return False


def unsigned(_session: Session) -> None:
    """No token came with the call."""


def answer(
    clinic: Clinic,
    call: Call,
    caller: str = "",
    late: Callable[[], bool] = never_late,
    *,
    may_ask: bool = True,
    redeem: Callable[[Session], None] = unsigned,
) -> Answer:
    """Answers a call; `caller` is the EHR. Raises CallError, NothingKnown, StoreError.

    `late`: whether the EHR was told meanwhile that the answer takes too long; then nothing counts as shown.
    Without `may_ask` no FHIR server is asked: MustAsk is raised where that would be. `redeem` uses the call's
    token up in the transaction that stores what was shown, and raises where it was used before.
    """
    record = read_prefetch(call.patient, call.prefetch, clinic.templates)
    base, at = call.server or _base_of(clinic, caller), clinic.clock()
    with clinic.database.reading() as session:
        panel = clinic.panel(session)
        open_ = _unsettled(clinic, session, call, base, record.ids, panel.versions, at)
    found: list[Suggestion] | str = "snoozed" if panel.versions else "no study open"
    if open_:
        found = _decide(clinic, panel, open_, call, record, base, at, caller, may_ask=may_ask)
    frame = Frame(base, clinic.url, clinic.site, clinic.catalogue, caller)
    card = None if isinstance(found, str) else make_card(call.instance, found, frame)
    with clinic.database.begin() as session:
        redeem(session)
        if not isinstance(found, str):
            cards.hold_patient(session, base, call.patient)
            left = TOO_LATE if late() else _left(clinic, session, call, base, record.ids, found, at)
            if left != found:  # another hook of the same visit was faster
                found, card = left, None if isinstance(left, str) else make_card(call.instance, left, frame)
        named = [] if isinstance(found, str) else [each.study.id for each in found]
        tell_call(clinic.write, session, call.user, caller, base, call.patient, named)
        if card is not None:
            cards.show_card(
                session,
                uuid=card["uuid"],
                hook_instance=call.instance,
                base=base,
                patient=call.patient,
                studies=named,
                by=call.user,
                at=at,
                issuer=caller,
            )
            follow(session, clinic.screen_soon, clinic.base, base, call.patient, named)
    outcome = found if isinstance(found, str) else "card"
    if card is None and late():
        outcome = TOO_LATE
    unfetched = tuple(sorted(record.unfetched & _reads(clinic, panel)))
    return Answer({"cards": [] if card is None else [card]}, outcome, unfetched, record.hurried, record.asked)


def _base_of(clinic: Clinic, issuer: str) -> str:
    """The base of patients whose call names no FHIR server: the only one of that EHR, else ours."""
    its = next((each.fhir_servers for each in clinic.settings.issuers if each.issuer == issuer), ())
    return its[0] if len(its) == 1 else clinic.base


def _decide(
    clinic: Clinic,
    panel: Panel,
    open_: set[str],
    call: Call,
    record: Record,
    base: str,
    at: datetime,
    issuer: str,
    *,
    may_ask: bool,
) -> list[Suggestion] | str:
    """Those of the studies `open_` to suggest, or in a word why there is none."""
    ids = record.ids
    reads = _reads(clinic, panel)
    missing = needed(record, reads)
    as_of, number = clinic.as_of(), len(record.lines)
    read: Known | None = None
    if missing and record.person is not None and not missing & {PATIENT, *panel.context}:
        read = read_record(panel, record.patient, record.lines, as_of)
        if not is_member(panel, read, open_):
            return "no study fits"  # what came already tells it: no server need be asked
    if missing and call.server is not None and not clinic.silent.holds(call.server):
        if not may_ask:
            raise MustAsk
        with clinic.lend(call.server, call.token, issuer) as client:
            record.asked = client is not None
            complete(record, clinic.templates, client, call.user, reads)
        if record.hurried:
            clinic.silent.add(call.server)
    else:
        record.hurried = bool(missing) and call.server is not None
        complete(record, clinic.templates, None, call.user, reads)
    if set(record.ids) != set(ids):  # only now it is known who was merged into this patient
        with clinic.database.reading() as session:
            open_ = _unsettled(clinic, session, call, base, record.ids, open_, at)
        if not open_:
            return "snoozed"
    treated = by_specialty(panel, clinic.settings.specialties, record.roles)
    treats = treated is None or bool(open_.intersection(treated))
    if record.roles and not treats:
        return "other specialty"
    _check_known(record, clinic.templates.clinical & panel.reads)
    if not treats:
        return "not fetched in time" if record.hurried else "specialty unknown"
    if record.person is None or is_replaced(record.person) or _gates_unknown(record, clinic.templates):
        return "not fetched in time" if record.hurried else "gates unknown"
    if read is None or len(record.lines) > number:  # more came
        read = read_record(panel, call.patient, record.lines, as_of)
    best = suggest(
        panel,
        read,
        unfetched=record.unfetched & clinic.templates.clinical & panel.reads,
        most=MOST,
        studies=open_ if treated is None else open_.intersection(treated),
    )
    held, published = _held(record), _published(clinic, base)
    chosen = [
        Suggestion(study, subject, _urn(study.id, base, subject) in held, study.id in published)
        for subject in best
        if (study := panel.study(subject.study)) is not None
    ]
    return chosen or ("not fetched in time" if record.hurried else "no study fits")


def _left(
    clinic: Clinic,
    session: Session,
    call: Call,
    base: str,
    patients: Collection[str],
    found: list[Suggestion],
    at: datetime,
) -> list[Suggestion] | str:
    """What nobody has shown or settled since it was looked for."""
    left = _unsettled(clinic, session, call, base, patients, [each.study.id for each in found], at)
    return [each for each in found if each.study.id in left] or "snoozed"


def _unsettled(
    clinic: Clinic,
    session: Session,
    call: Call,
    base: str,
    patients: Collection[str],
    studies: Collection[str],
    at: datetime,
) -> set[str]:
    """Those of the studies that nobody has shown of late, or settled."""
    days, instance = clinic.settings.snooze_days, call.instance
    return set(studies) - suppressed(session, base, patients, studies, at, days=days, instance=instance)


def _held(record: Record) -> set[str]:
    """The identifiers of the patient's ResearchSubjects: what is there is not to be created again."""
    found: set[str] = set()
    for line in record.lines:
        if line.resource is not None and line.resource["resourceType"] == "ResearchSubject":
            found |= identifier_values(line.resource)
    return found


def _urn(study: str, base: str, subject: Subject) -> str:
    return f"urn:uuid:{subject_uuid(study, base, subject.patient)}"


def _published(clinic: Clinic, base: str) -> Collection[str]:
    """The studies that the EHR's server holds as well: those of the last run that was published there."""
    if not clinic.published or base != clinic.base:
        return ()
    with clinic.database.reading() as session:
        return next((run.studies for run in list_runs(session, 1, base=base)), ())


def _reads(clinic: Clinic, panel: Panel) -> frozenset[str]:
    """The types without which less is known about the open studies."""
    return panel.reads | clinic.templates.gates | {PATIENT, ROLE}


def _check_known(record: Record, clinical: frozenset[str]) -> None:
    """Raises NothingKnown where the Patient, or everything that criteria read, could not be had."""
    told = any(
        line.resource is not None and line.resource["resourceType"] in clinical for line in record.lines
    )
    if record.person is not None and (told or not clinical or not clinical <= record.unfetched):
        return
    if record.hurried:
        raise NotInTime(
            "the FHIR server did not answer in time, and prefetch holds nothing to decide with",
            where="fhirServer",
            expected="the Patient and its records within the seconds of a call (cds.seconds)",
            remedy="send prefetch, or see why the FHIR server is slow",
        )
    raise NothingKnown(
        "there is nothing to decide with",
        where="prefetch",
        expected="the Patient and its records, in prefetch or from fhirServer",
        remedy="send prefetch, or a fhirServer of cds.fhir_servers with fhirAuthorization",
    )


def _gates_unknown(record: Record, templates: Templates) -> bool:
    """Whether it is not known if the patient objects to research, or is on a study: nobody is then suggested.

    A server whose CapabilityStatement does not have a type tells so as well.
    """
    return bool(templates.gates & record.unfetched - record.unserved)
