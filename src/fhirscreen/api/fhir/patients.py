"""`Patient/id/$studies`: which open studies a patient might fit, best first, with what is missing."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Response

from fhirscreen.api.audits import Access
from fhirscreen.api.fhir.assessments import CRITERION, WHOLE, Part, criteria, frame, parameters
from fhirscreen.api.fhir.calls import Call
from fhirscreen.api.fhir.declarations import Operation, Output
from fhirscreen.api.fhir.facade import Facade
from fhirscreen.api.fhir.inputs import AS_OF, SOURCE, read_date, read_inputs
from fhirscreen.api.fhir.screenings import look
from fhirscreen.bootstrap.services import Looked
from fhirscreen.fhir.subjects import study_uuid, subject_uuid
from fhirscreen.screening.settlements import Settled, settled
from fhirscreen.store.standings import StoredSubject
from fhirscreen.store.subjects import find_of_patient
from fhirscreen.values.durations import AsOf
from fhirscreen.verdicts.standings import Subject, priority

STUDIES = Operation(
    "studies",
    "Patient",
    "The open studies that a patient might fit",
    "The patient's record is fetched from the named server and compared with every study that is open here. "
    "Those that no criterion rules out come best first, with what is open. A study that a person decided "
    "against for this patient is left out, until what that rests on has changed; one that was refused at a "
    "visit, until a person reopens it. Nothing is stored.",
    inputs=(SOURCE, AS_OF),
    outputs=(
        Output(
            "match",
            "BackboneElement",
            "A study that the patient might fit, best first",
            "*",
            (
                Output("study", "Reference", "The ResearchStudy"),
                Output("number", "string", "Its number"),
                Output("title", "string", "Its title"),
                Output("outcome", "code", "candidate, or potential-candidate"),
                Output("status", "code", "What a person set, where somebody did"),
                CRITERION,
                Output("note", "string", "What is shown beside the patient", "*"),
            ),
        ),
        Output("open", "integer", "How many studies are open, and were looked at"),
        *WHOLE,
    ),
)


class Patients:
    """The operation $studies. Patients themselves are not ours."""

    def __init__(self, facade: Facade) -> None:
        self._service = facade.service
        facade.resource("Patient", "Patients are on the FHIR server; here is what can be asked about one.")
        facade.operation(STUDIES, self.studies)

    def studies(self, call: Call, id: str, body: bytes) -> Response:
        """Best first."""
        given = read_inputs(call, STUDIES, body)
        today = self._service.as_of()
        as_of = AsOf(read_date(given["asOf"]), today.zone) if "asOf" in given else today
        looked = look(call, id, given, None, as_of)
        call.tell("E", [Access(id, looked.base)])
        fitting = [each for each in looked.assessed.subjects if each.status is not None]
        fitting.sort(key=lambda each: (priority(each)[1:3], each.study))
        with self._service.database.reading() as session:
            said = settled(session, looked.base, looked.assessed.ids(id))
            stored = {each.id: each for each in find_of_patient(session, looked.base, [id])}
        left = [each for each in fitting if not _settled_against(said.get(each.study))]
        parts = [part for each in left if (part := self._match(stored, looked, each)) is not None]
        number = {"name": "open", "valueInteger": len(looked.panel.studies)}
        return call.reply(parameters([*parts, number, *frame(looked)]))

    def _match(self, stored: Mapping[str, StoredSubject], looked: Looked, subject: Subject) -> Part | None:
        """The study of a subject; `stored` are the patient's subjects by their id."""
        study, base = looked.panel.study(subject.study), looked.base
        if study is None:
            return None
        known = stored.get(subject_uuid(subject.study, base, subject.patient))
        parts: list[Part] = [
            {"name": "study", "valueReference": {"reference": f"ResearchStudy/{study_uuid(study.id)}"}},
            {"name": "number", "valueString": study.id},
            {"name": "title", "valueString": study.title},
            {"name": "outcome", "valueCode": subject.status.value if subject.status is not None else ""},
        ]
        if known is not None and known.person_status is not None:
            parts.append({"name": "status", "valueCode": known.person_status})
        parts += criteria(subject, study, self._service.catalogue, base)
        parts += [{"name": "note", "valueString": note} for note in subject.notes]
        return {"name": "match", "part": parts}


def _settled_against(said: Settled | None) -> bool:
    return said is not None and (said.against or said.refused)
