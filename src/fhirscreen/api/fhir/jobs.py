"""Screening jobs in FHIR's asynchronous pattern (R4, async.html): status, manifest, files, an end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from fastapi import Request, Response
from sqlalchemy.orm import Session

from fhirscreen.api.audits import Access
from fhirscreen.api.fhir import documents
from fhirscreen.api.fhir.calls import Call
from fhirscreen.api.fhir.directory import Directory
from fhirscreen.api.fhir.facade import WRITING, Facade, Id
from fhirscreen.api.fhir.negotiation import JSON, NDJSON
from fhirscreen.api.fhir.screenings import KIND
from fhirscreen.api.fhir.subjects import render
from fhirscreen.api.outcomes import Refusal
from fhirscreen.fhir.entries import Resource
from fhirscreen.screening.decisions import DECISIONS
from fhirscreen.screening.listings import list_resource
from fhirscreen.store.jobs import StoredJob, find_job, request_cancel
from fhirscreen.store.subjects import count_subjects, find_subjects

_NEED = "system/ResearchSubject.rs"
_SOON, _LATE = 1, 30
_SHARE = 0.1
"""Of the time that it runs already, until it is worth asking again."""


class Jobs:
    """The routes under `/fhir/jobs`."""

    def __init__(self, facade: Facade, directory: Directory) -> None:
        service = facade.service
        self._service = service
        self._directory = directory

        def status(request: Request, id: Id) -> Response:
            return self.status(Call(service, request), id)

        def cancel(request: Request, id: Id) -> Response:
            return self.cancel(Call(service, request), id)

        def subjects(request: Request, id: Id) -> Response:
            return self.subjects(Call(service, request, also=(NDJSON,)), id)

        def lists(request: Request, id: Id) -> Response:
            return self.lists(Call(service, request, also=(NDJSON,)), id)

        def remarks(request: Request, id: Id) -> Response:
            return self.remarks(Call(service, request, also=(NDJSON,)), id)

        def add(
            method: str, path: str, endpoint: Any, described: documents.Described, name: str, says: str
        ) -> None:
            need = WRITING if method == "DELETE" else _NEED
            facade.other(method, path, endpoint, need=need, described=described, name=name, says=says)

        add("GET", "/jobs/{id:fhir_id}", status, documents.polling(), "jobStatus", "How far a screening is")
        add("DELETE", "/jobs/{id:fhir_id}", cancel, documents.cancelling(), "cancelJob", "Stop a screening")
        file = documents.streaming()
        add(
            "GET",
            "/jobs/{id:fhir_id}/ResearchSubject",
            subjects,
            file,
            "jobSubjects",
            "The subjects of a screening",
        )
        add("GET", "/jobs/{id:fhir_id}/List", lists, file, "jobLists", "The lists of a screening")
        add(
            "GET",
            "/jobs/{id:fhir_id}/OperationOutcome",
            remarks,
            file,
            "jobRemarks",
            "What was not read or fetched",
        )

    def status(self, call: Call, id: str) -> Response:
        """202 while it runs, 200 with the manifest when it is done; 500 where it failed."""
        with self._service.database.reading() as session:
            job = self._find(session, id)
            if job.state == "done":
                manifest = self._manifest(session, call, job)
                return Response(orjson.dumps(manifest), media_type=JSON)
        if job.state == "failed":
            error = job.error or {}
            raise Refusal(
                500,
                str(error.get("what", "the screening failed")),
                expected=_text(error.get("expected")),
                remedy=_text(error.get("remedy")) or "begin it again",
            )
        headers = {"X-Progress": _progress(job), "Retry-After": str(self._wait(job))}
        return Response(status_code=202, headers=headers)

    def cancel(self, call: Call, id: str) -> Response:
        """202; from then on there is no such job."""
        service = self._service
        with service.database.begin() as session:
            self._find(session, id)
            request_cancel(session, id, service.clock())
        return Response(status_code=202)

    # --- results

    def subjects(self, call: Call, id: str) -> Response:
        """Everybody of the screened studies and source who has a status, a line each."""
        with self._service.database.reading() as session:
            job = self._done(session, id)
            studies, base = self._screened(job)
            found = find_subjects(session, study=studies, base=base, status=list(DECISIONS))
            lines = [render(session, self._directory, call, each) for each in found]
        call.tell("E", [Access(each.patient, each.base, each.study) for each in found])
        return _ndjson(lines)

    def lists(self, call: Call, id: str) -> Response:
        """The List of each screened study."""
        with self._service.database.reading() as session:
            studies, base = self._screened(self._done(session, id))
            lines = self._lists(session, studies, base)
        call.tell("E", [Access(base=base, study=study) for study in studies])
        return _ndjson(lines)

    def remarks(self, _call: Call, id: str) -> Response:
        """What was set aside or not fetched, as OperationOutcomes."""
        with self._service.database.reading() as session:
            job = self._done(session, id)
        return _ndjson(_remarks(job))

    def _manifest(self, session: Session, call: Call, job: StoredJob) -> dict[str, Any]:
        studies, base = self._screened(job)
        here = f"{call.base}/jobs/{job.id}"
        number = count_subjects(session, study=studies, base=base, status=list(DECISIONS))
        lists = len(self._lists(session, studies, base))
        output = [("ResearchSubject", number), ("List", lists)]
        remarks = len(_remarks(job))
        return {
            "transactionTime": (job.finished_at or job.created_at).isoformat(),
            "request": f"{call.base}/ResearchStudy/{studies[0] if studies else ''}/$screen",
            "requiresAccessToken": self._service.settings.access.mode != "none",
            "output": [
                {"type": type, "url": f"{here}/{type}", "count": count} for type, count in output if count
            ],
            "error": [{"type": "OperationOutcome", "url": f"{here}/OperationOutcome", "count": remarks}]
            if remarks
            else [],
        }

    def _lists(self, session: Session, studies: Iterable[str], base: str) -> list[Resource]:
        entries, zone = self._directory.entries(session), self._service.catalogue.site.zone
        panel = self._service.panel()
        made = [
            list_resource(session, entries[s].study, base, zone, recruits=panel.recruits(s))
            for s in studies
            if s in entries
        ]
        return [each for each in made if each is not None]

    def _screened(self, job: StoredJob) -> tuple[list[str], str]:
        service = self._service
        source = str(job.payload.get("source") or service.source)
        return [str(each) for each in job.payload.get("studies") or ()], service.base_of(source)

    def _find(self, session: Session, id: str) -> StoredJob:
        job = find_job(session, id)
        gone = job is None or job.kind != KIND or job.state == "cancelled" or job.cancel_requested
        if job is None or gone:
            raise Refusal(
                404, "there is no such screening, or it was stopped", remedy="begin it again: $screen"
            )
        return job

    def _done(self, session: Session, id: str) -> StoredJob:
        job = self._find(session, id)
        if job.state != "done":
            raise Refusal(404, "the screening is not done", remedy="ask for its status first")
        return job

    def _wait(self, job: StoredJob) -> int:
        since = (self._service.clock() - (job.started_at or job.created_at)).total_seconds()
        return min(_LATE, max(_SOON, int(since * _SHARE)))


def _progress(job: StoredJob) -> str:
    if job.state == "queued" and job.error is None:
        return "waiting for a worker"
    done, total = job.progress
    if job.error is not None and (job.state == "queued" or not done):
        again = "to be tried again" if job.state == "queued" else "tried again now"
        told = f"{again}: {job.error.get('what', 'it could not be done')}"
        return told.encode("ascii", "replace").decode()[:100]
    if total is None and not done:
        return "looking for whom to screen"
    return f"{done} of {total} patients" if total is not None else f"{done} patients"


def _remarks(job: StoredJob) -> list[Resource]:
    result = job.result or {}
    if result.get("complete", True):
        return []
    return [
        {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "warning", "code": "incomplete", "diagnostics": str(said)}],
        }
        for said in result.get("statement") or ["Not everything could be read."]
    ]


def _ndjson(lines: Iterable[Resource]) -> Response:
    body = b"".join(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE) for each in lines)
    return Response(body, media_type=NDJSON)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
