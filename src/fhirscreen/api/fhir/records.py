"""`ResearchStudy/$read-record`: a registry's record becomes a study file that a person checks and puts."""

from __future__ import annotations

import base64
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response

from fhirscreen.api.fhir import documents
from fhirscreen.api.fhir.calls import Call
from fhirscreen.api.fhir.declarations import Input, Operation, Output
from fhirscreen.api.fhir.facade import Body, Facade
from fhirscreen.api.fhir.inputs import read_inputs
from fhirscreen.api.fhir.negotiation import JSON, check_body_type
from fhirscreen.api.outcomes import Refusal, say
from fhirscreen.bootstrap.services import Service
from fhirscreen.criteria.english import say as say_expression
from fhirscreen.criteria.records import Record
from fhirscreen.criteria.studies import Criterion, Study
from fhirscreen.criteria.wire import format_yaml, parse_json, write_study
from fhirscreen.exceptions import StudyError

if TYPE_CHECKING:
    from fhirscreen.reading import Reader

PLAIN = "text/plain"
_BODY = "the body"
_SOURCE = "study"

OPERATION = Operation(
    "read-record",
    "ResearchStudy",
    "Read a registry's record",
    "Reads a record of ClinicalTrials.gov (API v2), or plain text, by rules: the answer is a study file, and "
    "for each criterion how much of it was understood. Nothing is stored: check the file, and put it.",
    inputs=(
        Input("record", "Binary", "The record (application/json), or text (text/plain), as the body", "", ""),
        Input(
            "source",
            "string",
            "Of plain text: what the study is called",
            "^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$",
            "a-trial",
        ),
    ),
    outputs=(
        Output("study", "Attachment", "The study file (application/yaml)"),
        Output(
            "count",
            "",
            "How many criteria there are of a status",
            "*",
            (
                Output("status", "code", "computed, partial, manual or unread"),
                Output("value", "unsignedInt", "How many"),
            ),
        ),
        Output(
            "criterion",
            "",
            "A criterion",
            "*",
            (
                Output("id", "string", "Its id in the study file"),
                Output("kind", "code", "inclusion or exclusion"),
                Output("status", "code", "How much of it was understood"),
                Output("text", "string", "As the record has it"),
                Output("expression", "string", "What was understood, in English"),
                Output("warning", "string", "What to look at", "*"),
            ),
        ),
    ),
    level="type",
)


class Records:
    """The route of the operation."""

    def __init__(self, facade: Facade) -> None:
        self._service: Service = facade.service

        def endpoint(request: Request, body: Body) -> Response:
            return self.read(Call(self._service, request), body)

        facade.type_operation(
            OPERATION, endpoint, "system/ResearchStudy.r", documents.reading_record(OPERATION)
        )

    @cached_property
    def _reader(self) -> Reader:
        from fhirscreen.bootstrap.readers import reader_of  # noqa: PLC0415 - slow to import, and seldom asked

        return reader_of(self._service.catalogue)

    def read(self, call: Call, body: bytes) -> Response:
        """The study file of the record in the body. Raises Refusal: 400, 415; 422 for what is none."""
        from fhirscreen.reading import make_study  # noqa: PLC0415

        record = _record(call, body)
        try:
            study = make_study(record, self._reader)
        except StudyError as error:
            raise Refusal(422, say(error)) from None
        return call.reply({"resourceType": "Parameters", "parameter": _parameters(study)})


def _record(call: Call, body: bytes) -> Record:
    from fhirscreen.reading import parse_record  # noqa: PLC0415

    kind = check_body_type(call.request, JSON, PLAIN)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal(400, "the body is not UTF-8", where=_BODY, expected="text in UTF-8") from None
    if not text.strip():
        raise Refusal(400, "the body is empty", where=_BODY, expected="a record, or eligibility text")
    source = read_inputs(call, OPERATION, b"").get("source")
    try:
        if kind == PLAIN:
            return Record(source or _SOURCE, text)
        return parse_record(parse_json(text, _BODY), _BODY)
    except StudyError as error:
        raise Refusal(422, say(error)) from None


def _parameters(study: Study) -> list[dict[str, Any]]:
    file = format_yaml(write_study(study)).encode()
    counts = Counter(each.read.status for each in study.criteria if each.read is not None)
    return [
        {
            "name": "study",
            "valueAttachment": {
                "contentType": documents.YAML[0],
                "data": base64.b64encode(file).decode(),
                "title": f"{study.id}.yaml",
            },
        },
        *(
            {
                "name": "count",
                "part": [
                    {"name": "status", "valueCode": status},
                    {"name": "value", "valueUnsignedInt": number},
                ],
            }
            for status, number in sorted(counts.items())
        ),
        *({"name": "criterion", "part": _parts(each)} for each in study.criteria),
    ]


def _parts(criterion: Criterion) -> list[dict[str, Any]]:
    note = criterion.read
    return [
        {"name": "id", "valueString": criterion.id},
        {"name": "kind", "valueCode": criterion.kind.value},
        {"name": "status", "valueCode": note.status if note else "unread"},
        {"name": "text", "valueString": criterion.says},
        {"name": "expression", "valueString": say_expression(criterion.expression)},
        *({"name": "warning", "valueString": said} for said in (note.warnings if note else ())),
    ]
