"""`ResearchStudy/id/$screen`: one patient at once, or everybody of a source as a job."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from fastapi import Response

from fhirscreen.api.audits import FAILED, Access
from fhirscreen.api.fhir.assessments import STUDY, WHOLE, Part, frame, of_study, parameters
from fhirscreen.api.fhir.calls import Call
from fhirscreen.api.fhir.declarations import Operation, Output
from fhirscreen.api.fhir.directory import Directory
from fhirscreen.api.fhir.facade import WRITING, Facade
from fhirscreen.api.fhir.inputs import AS_OF, DEPTH, PATIENT, SOURCE, read_date, read_inputs, read_patient
from fhirscreen.api.fhir.subjects import render
from fhirscreen.api.outcomes import Refusal
from fhirscreen.api.security import require
from fhirscreen.bootstrap.services import Looked
from fhirscreen.criteria.studies import Study
from fhirscreen.engines.base import Depth
from fhirscreen.exceptions import DataError, UsageError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import subject_uuid
from fhirscreen.screening.absorptions import absorbed
from fhirscreen.store.jobs import enqueue
from fhirscreen.store.merges import carry_over
from fhirscreen.store.subjects import find_subject, record_subjects
from fhirscreen.values.durations import AsOf

KIND = "screen"
"""The kind of the jobs that screen everybody of a source (`jobs`)."""

SCREEN = Operation(
    "screen",
    "ResearchStudy",
    "Screen a patient, or everybody",
    "With `patient`: that patient is assessed at once; by POST the result is stored as well, and the lists "
    "follow, unless `asOf` is another day than today. Without: everybody of the source is screened in the "
    "background, which must be asked for with `Prefer: respond-async` (R4, async.html); the "
    "lists are then in the store, and so only as of today and in full. Only studies that are open at the "
    "site are screened.",
    inputs=(PATIENT, SOURCE, AS_OF, DEPTH),
    outputs=(
        *STUDY,
        Output(
            "subject", "ResearchSubject", "Of whoever is, or was, on the list; a person's status goes first"
        ),
        *WHOLE,
    ),
    writes=True,
)


class Screenings:
    """The operation $screen."""

    def __init__(self, facade: Facade, directory: Directory) -> None:
        self._service = facade.service
        self._directory = directory
        facade.operation(SCREEN, self.screen)

    def screen(self, call: Call, id: str, body: bytes) -> Response:
        """One patient, or everybody."""
        given = read_inputs(call, SCREEN, body)
        study = self._open(id)
        as_of = self._as_of(given)
        if "patient" not in given:
            return self._begin(call, study, given, as_of)
        if "depth" in given:
            raise Refusal(422, "one patient is always assessed in full", where="depth", remedy="leave it out")
        patient = read_patient(given["patient"], call.base, *self._bases(given))
        began = self._service.clock()
        looked = look(call, patient, given, [study.id], as_of)
        store = call.request.method == "POST" and as_of.day == self._service.as_of().day
        call.tell("E", [Access(patient, looked.base, study.id)])
        if store:
            self._store(call, looked, patient, study, began)
        parts = of_study(looked, study, self._service.catalogue)
        return call.reply(parameters([*parts, *self._subject(call, looked, patient, study), *frame(looked)]))

    def _open(self, id: str) -> Study:
        """The study, which must be open here."""
        with self._service.database.reading() as session:
            number = self._directory.find(session, id).study.id
        panel = self._service.panel()
        study = panel.study(number)
        if study is None:
            broken = panel.refused.get(number)
            raise Refusal(
                422,
                broken.what if broken is not None else "the study is not open at this site",
                code="business-rule",
                where=number,
                remedy="mend the study, and put it again" if broken is not None else "open it first",
            )
        return study

    def _bases(self, given: Mapping[str, str]) -> list[str]:
        """The base of the source that is meant; none where there is none, which looking tells."""
        service = self._service
        source = given.get("source") or service.source
        known = {*service.settings.named_servers, *service.settings.folders}
        return [service.base_of(source)] if source in known and source is not None else []

    def _as_of(self, given: Mapping[str, str]) -> AsOf:
        today = self._service.as_of()
        return AsOf(read_date(given["asOf"]), today.zone) if "asOf" in given else today

    def _begin(self, call: Call, study: Study, given: Mapping[str, str], as_of: AsOf) -> Response:
        if "respond-async" not in call.preferences:
            raise Refusal(
                400,
                "screening everybody takes longer than an answer may",
                code="required",
                expected="Prefer: respond-async, or the parameter patient",
                remedy="send the header, and follow Content-Location",
            )
        service = self._service
        check_current(given, as_of, service.as_of())
        require(service, WRITING)(call.request)  # by GET as well, as FHIR's asynchronous pattern allows
        source = given.get("source") or service.source
        if source is None:
            raise no_source(UsageError("there is no source of patients", remedy="name one"))
        if source not in {*service.settings.named_servers, *service.settings.folders}:
            raise no_source(UsageError("there is no server or folder of that name"))
        # No day: a job that begins after midnight is as of the day on which it begins.
        payload = {"studies": [study.id], "source": source, "cause": "manual"}
        with service.database.begin() as session:
            job = enqueue(
                session,
                KIND,
                payload,
                by=call.caller.name,
                at=service.clock(),
                key=f"{KIND} {study.id} {source}",
            )
        if job.cancel_requested:
            raise Refusal(409, "the same screening is being stopped", remedy="begin it again in a moment")
        here = f"{call.base}/jobs/{job.id}"
        said = {
            "severity": "information",
            "code": "informational",
            "diagnostics": "begun; Content-Location tells where to ask how far it is",
        }
        outcome: Resource = {"resourceType": "OperationOutcome", "issue": [said]}
        return call.reply(outcome, 202, {"Content-Location": here})

    def _store(self, call: Call, looked: Looked, patient: str, study: Study, began: datetime) -> None:
        found, at = looked.assessed, self._service.clock()
        with self._service.database.begin() as session:
            others = absorbed(session, looked.base, found.survivors, [patient], [study.id])
            record_subjects(
                session,
                run=None,
                base=looked.base,
                subjects=found.subjects,
                gated=[*found.gated, *others],
                looked_at={patient} if looked.whole else (),
                studies={study.id: looked.panel.versions[study.id]},
                at=at,
                began=began,
            )
            carry_over(session, looked.base, dict.fromkeys(found.ids(patient)[1:], patient), at)
            both = [patient, *(each.patient for each in others)]
            self._service.publish_soon(session, looked.base, both, call.caller.name)

    def _subject(self, call: Call, looked: Looked, patient: str, study: Study) -> list[Part]:
        """The ResearchSubject as the store has it, whatever this call stored."""
        with self._service.database.reading() as session:
            stored = find_subject(session, subject_uuid(study.id, looked.base, patient))
            if stored is None or stored.current_status is None:
                return []
            return [{"name": "subject", "resource": render(session, self._directory, call, stored)}]


def check_current(given: Mapping[str, str], as_of: AsOf, today: AsOf) -> None:
    """Raises Refusal (422) for a screening of everybody whose result could not be the lists of today."""
    where = (
        "asOf" if as_of.day != today.day else "depth" if given.get("depth", "full") != Depth.FULL else None
    )
    if where is None:
        return
    raise Refusal(
        422,
        "a screening of everybody becomes the lists of today",
        code="business-rule",
        where=where,
        expected=today.day.isoformat() if where == "asOf" else Depth.FULL.value,
        remedy="leave it out; `fhirscreen screen` has them, and writes a folder of its own",
    )


def look(
    call: Call, patient: str, given: Mapping[str, str], studies: list[str] | None, as_of: AsOf
) -> Looked:
    """Assesses a patient; 404 where the source does not have her. An attempt that fails is audited."""
    service, source = call.service, given.get("source") or call.service.source
    try:
        return service.look(patient, source, studies=studies, as_of=as_of)
    except DataError as error:
        raise Refusal(404, error.what, expected=error.expected) from None
    except UsageError as error:
        raise no_source(error) from None
    except Exception:
        study = studies[0] if studies else None
        call.tell("E", [Access(patient, service.base_of(str(source)), study)], outcome=FAILED)
        raise


def no_source(error: UsageError) -> Refusal:
    """The source that is named, or meant, is none."""
    return Refusal(
        422,
        error.what,
        code="business-rule",
        where="source",
        expected="the name of a FHIR server or of a folder in the settings",
        remedy=error.remedy,
    )
