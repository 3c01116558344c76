"""AuditEvent: who looked at whose data, read and searched by those who look after that."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from fastapi import Response
from sqlalchemy.orm import Session

from fhirscreen.api.audits import Access
from fhirscreen.api.fhir.bundles import searchset
from fhirscreen.api.fhir.calls import Call
from fhirscreen.api.fhir.declarations import SearchParameter
from fhirscreen.api.fhir.facade import Facade
from fhirscreen.api.fhir.queries import Asked
from fhirscreen.api.outcomes import Refusal
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.references import whole
from fhirscreen.screening.audit_events import audit_event
from fhirscreen.store.audits import Span, StoredAudit, Wanted, count_audits, find_audit, find_audits

TYPE = "AuditEvent"
PARAMETERS = (
    SearchParameter("_id", "token", "The id of the resource", "2b9d8f0e-7c1a-4e4e-9a44-0d6f3b1c5a77"),
    SearchParameter("patient", "reference", "Whose data it was", "Patient/123", single=True),
    SearchParameter(
        "date", "date", "When; eq, ge, gt, le and lt may go before it", "ge2026-11-01", single=True
    ),
    SearchParameter("agent-name", "string", "Who it was: how the name begins", "ito"),
)


class AuditEvents:
    """The routes of AuditEvent. Who reads it is written down in it."""

    def __init__(self, facade: Facade) -> None:
        self._service = facade.service
        facade.resource(
            TYPE,
            "Every access to a patient's data, newest first, with who it was. Needs a scope that names "
            "AuditEvent: a wildcard does not open it.",
            "no-version",
        )
        facade.read(TYPE, "An access", self.read)
        facade.search(TYPE, "Accesses, newest first", PARAMETERS, self.search)

    def read(self, call: Call, id: str) -> Response:
        """`AuditEvent/id`."""
        with self._service.database.reading() as session:
            stored = find_audit(session, id)
        if stored is None:
            raise Refusal(404, "there is no such audit", remedy="search by patient or date")
        call.tell("R", [Access(stored.patient, stored.base, stored.study)])
        return call.read(self._render(stored))

    def search(self, call: Call, asked: Asked) -> Response:
        """`AuditEvent?…`."""
        with self._service.database.reading() as session:
            after = self._after(session, asked)
            wanted = _wanted(asked, after)
            total = count_audits(session, wanted)
            limit = 0 if asked.counts_only else asked.count + 1
            found = find_audits(session, wanted, after=after, limit=limit)
        page = found[: asked.count]
        seen = [Access(each.patient, each.base) for each in page if each.patient is not None]
        call.tell("E", seen or [Access()])
        resources = [self._render(each) for each in page]
        return call.reply(searchset(call, TYPE, asked, resources, total, len(found) > len(page)))

    def _after(self, session: Session, asked: Asked) -> StoredAudit | None:
        if asked.after is None:
            return None
        found = find_audit(session, asked.after)
        if found is None:
            raise Refusal(410, "the page before is gone", remedy="begin with the search itself")
        return found

    def _render(self, audit: StoredAudit) -> Resource:
        source = self._service.source
        home = self._service.base_of(source) if source is not None else None
        return audit_event(audit, self._service.site, home)


def _wanted(asked: Asked, after: StoredAudit | None) -> Wanted:
    patient = after.patient if after is not None and asked.same else None
    base = after.base if after is not None and asked.same == "whole" else None
    uuids: set[str] | None = None
    whos: tuple[str, ...] | None = None
    spans: list[Span] = []
    for term in asked.terms:
        match term.name:
            case "_id":
                uuids = set(term.values) if uuids is None else uuids & set(term.values)
            case "agent-name":
                if whos is not None:
                    raise Refusal(400, "a parameter is given twice", where=term.name, expected="it once")
                whos = term.values
            case "date":
                spans.append(_span(term.values[0]))
            case _:
                server, named = whole(term.values[0])
                type, _, id = named.rpartition("/")
                if type not in ("", "Patient") or (patient is not None and patient != id):
                    uuids = set()
                patient, base = id, server or base
    return Wanted(uuids, patient, base, whos, spans)


_MOMENT = re.compile(
    r"(?P<how>[a-z]{2})?(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<time>\d\d:\d\d(?P<seconds>:\d\d(?P<parts>\.\d+)?)?)(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


def _span(text: str) -> Span:
    """The moments that a date with its prefix means (FHIR R4, search.html: date). Raises Refusal (400)."""
    found = _MOMENT.fullmatch(text)
    period = _period(found) if found is not None else None
    if found is None or period is None:
        raise Refusal(400, "the calendar has no such date", where="date", expected="like ge2026-11-01")
    start, end = period
    match found["how"]:
        case "ge":
            return (start, None)
        case "gt":
            return (end, None)
        case "le":
            return (None, end)
        case "lt":
            return (None, start)
        case _:
            return (start, end)


def _period(match: re.Match[str]) -> tuple[datetime, datetime] | None:
    """From its first moment to the one after its last; in UTC where no zone is named."""
    try:
        return _read_period(match)
    except (ValueError, OverflowError):
        return None


def _read_period(match: re.Match[str]) -> tuple[datetime, datetime]:
    year, month, day = int(match["year"]), int(match["month"] or 1), int(match["day"] or 1)
    if match["month"] is None:
        return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    if match["day"] is None:
        following = (year + month // 12, month % 12 + 1)
        return datetime(year, month, 1, tzinfo=UTC), datetime(*following, 1, tzinfo=UTC)
    if match["time"] is None:
        start = datetime(year, month, day, tzinfo=UTC)
        return start, start + timedelta(days=1)
    clock, zone = match["time"], match["zone"] or "+00:00"
    zone = "+00:00" if zone == "Z" else zone
    start = datetime.fromisoformat(f"{year:04}-{month:02}-{day:02}T{clock}{zone}").astimezone(UTC)
    exact = timedelta(milliseconds=1) if match["parts"] else timedelta(seconds=1)
    return start, start + (exact if match["seconds"] else timedelta(minutes=1))
