"""What the OpenAPI document says of each route: parameters, bodies, answers with examples, errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fhirscreen.api.fhir.declarations import Operation, SearchParameter, schema_of
from fhirscreen.api.fhir.negotiation import FORM, JSON, NDJSON
from fhirscreen.api.fhir.queries import CONTROLS, DEFAULT_COUNT, MOST
from fhirscreen.api.outcomes import FHIR_JSON

Responses = dict[int | str, dict[str, Any]]


class Described(NamedTuple):
    """The parts of an OpenAPI operation that FastAPI does not find itself."""

    responses: Responses
    extra: dict[str, Any]


_PATIENT = "0f4c0e7a-2d0b-5f2e-9a53-4a1d5b9c7e10"

EXAMPLES: dict[str, dict[str, Any]] = {
    "ResearchStudy": {
        "resourceType": "ResearchStudy",
        "id": "6f1f6f0a-3b0f-5c57-8d0c-0a8d9f0d6c11",
        "meta": {"versionId": "1"},
        "identifier": [{"system": "https://clinicaltrials.gov", "value": "NCT06907602"}],
        "status": "active",
    },
    "Group": {
        "resourceType": "Group",
        "id": "8a0f5a3e-62a5-5a63-a4d1-5b0e4bb6a7a2",
        "type": "person",
        "actual": False,
    },
    "List": {
        "resourceType": "List",
        "id": "3c1f8f4e-7f0d-5ad5-8b1c-9c2b4f2a1d33",
        "status": "current",
        "mode": "snapshot",
    },
    "ResearchSubject": {
        "resourceType": "ResearchSubject",
        "id": _PATIENT,
        "meta": {"versionId": "3"},
        "status": "potential-candidate",
        "study": {"reference": "ResearchStudy/6f1f6f0a-3b0f-5c57-8d0c-0a8d9f0d6c11"},
        "individual": {"reference": "Patient/123"},
    },
    "AuditEvent": {
        "resourceType": "AuditEvent",
        "id": "2b9d8f0e-7c1a-4e4e-9a44-0d6f3b1c5a77",
        "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110110"},
        "action": "R",
        "recorded": "2026-11-02T08:00:00.000+00:00",
        "outcome": "0",
        "agent": [{"who": {"identifier": {"value": "ito"}}, "name": "ito", "requestor": True}],
        "source": {"observer": {"display": "fhirscreen"}},
        "entity": [{"what": {"reference": "Patient/123"}}],
    },
    "OperationDefinition": {"resourceType": "OperationDefinition", "id": "screen", "status": "active"},
    "CapabilityStatement": {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "fhirVersion": "4.0.1",
    },
    "Parameters": {"resourceType": "Parameters", "parameter": []},
    "Bundle": {"resourceType": "Bundle", "type": "searchset", "total": 0},
    "OperationOutcome": {
        "resourceType": "OperationOutcome",
        "id": "4f9c2d0e8b7a4c1d9e6f5a3b2c1d0e9f",
        "issue": [
            {
                "severity": "error",
                "code": "not-found",
                "diagnostics": "there is no such study; remedy: search for it: ResearchStudy?identifier=…",
            }
        ],
    },
}

_REQUIRED = {
    "ResearchStudy": ("id", "status"),
    "Group": ("id", "type", "actual"),
    "List": ("id", "status", "mode"),
    "ResearchSubject": ("id", "status", "study", "individual"),
    "AuditEvent": ("id", "type", "recorded", "agent", "source"),
    "CapabilityStatement": ("status", "fhirVersion", "kind", "format", "rest"),
    "Bundle": ("type",),
    "OperationOutcome": ("issue",),
}


def content(type: str) -> dict[str, Any]:
    """A resource in both formats."""
    media = {"schema": schema_of(type, *_REQUIRED.get(type, ())), "example": EXAMPLES.get(type)}
    return {FHIR_JSON: media, JSON: media}


def failing(says: str) -> dict[str, Any]:
    """An error: always an OperationOutcome."""
    media = {"schema": schema_of("OperationOutcome", "issue"), "example": EXAMPLES["OperationOutcome"]}
    return {"description": says, "content": {FHIR_JSON: media}}


VERSIONS = {
    "ETag": {"schema": {"type": "string"}, "description": 'The version of the resource, like W/"3"'},
    "Last-Modified": {"schema": {"type": "string"}, "description": "Since when it is so, to the second"},
}

_ERRORS: Mapping[int | str, str] = {
    400: "The request cannot be read",
    401: "Who asks is not known",
    403: "This is not allowed to who asks",
    404: "There is no such resource",
    406: "No format that the service gives is accepted",
    "default": "Any other error",
}


def errors(**others: str) -> Responses:
    """The errors of every route, and others by status (`_412="…"`)."""
    more: dict[int | str, str] = {int(status.strip("_")): says for status, says in others.items()}
    return {status: failing(says) for status, says in {**_ERRORS, **more}.items()}


def found(type: str, says: str = "The resource") -> dict[str, Any]:
    """A resource with its version."""
    return {"description": says, "content": content(type), "headers": VERSIONS}


def query(name: str, schema: Mapping[str, Any], says: str, example: str | None = None) -> dict[str, Any]:
    """A parameter in the query."""
    told = {"name": name, "in": "query", "required": False, "description": says, "schema": dict(schema)}
    return told | ({"example": example} if example is not None else {})


_SAYS = {
    "_count": f"How many on one page; {DEFAULT_COUNT} without it, at most {MOST}",
    "_total": "Taken; every search is counted",
    "_summary": "Part of each resource, or the count alone",
    "_elements": "These elements of each resource",
    "_pretty": "Lines and spaces for a person",
}
FORMAT = query("_format", {"type": "string", "enum": ["json", FHIR_JSON, JSON]}, "Goes before Accept")
_CONTROLS = [
    query(name, {"type": "string", "pattern": pattern}, _SAYS[name]) for name, pattern in CONTROLS.items()
]
_FRAME = [each for each in _CONTROLS if each["name"] in ("_pretty", "_summary", "_elements")]
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "304 where the resource still has this version",
    "schema": {"type": "string"},
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": 'The version that was read, like W/"3"',
    "schema": {"type": "string", "pattern": r'^(?:W/)?"[A-Za-z0-9\-.]{1,64}"$'},
}


def reading(type: str) -> Described:
    """Of a read."""
    same = {"description": "The client has this version", "headers": VERSIONS}
    extra = {"parameters": [_IF_NONE_MATCH, FORMAT, *_FRAME]}
    return Described({200: found(type), 304: same, **errors()}, extra)


def searching(type: str, parameters: Sequence[SearchParameter]) -> Described:
    """Of a search by GET."""
    listed = [query(each.name, _text(each), each.says, each.example) for each in parameters]
    listed += [
        query(f"{each.name}:{modifier}", _text(each), f"{each.says} ({modifier})")
        for each in parameters
        for modifier in each.modifiers
    ]
    answer = {"description": f"A page of {type}, as a searchset", "content": content("Bundle")}
    return Described({200: answer, **errors()}, {"parameters": [*listed, *_CONTROLS, FORMAT]})


def posting(type: str, parameters: Sequence[SearchParameter]) -> Described:
    """Of a search by POST."""
    responses, extra = searching(type, parameters)
    fields = {each["name"]: each["schema"] for each in extra["parameters"] if each["name"] != "_format"}
    schema = {"type": "object", "properties": fields, "additionalProperties": False}
    body = {"required": False, "content": {FORM: {"schema": schema}}}
    return Described(
        responses | {415: failing("The body is no form")}, {"requestBody": body, "parameters": [FORMAT]}
    )


def _text(parameter: SearchParameter) -> dict[str, Any]:
    return {"type": "string", "pattern": parameter.pattern}


_VALUES = {"string": "valueString", "code": "valueCode", "date": "valueDate", "Reference": "valueReference"}


def operating(operation: Operation, *, post: bool) -> Described:
    """Of an operation by either method."""
    responses: Responses = {
        200: {"description": "The answer", "content": content("Parameters")},
        **errors(_422="What is asked for cannot be done", _502="The FHIR server does not do its part"),
    }
    if operation.writes:
        responses[202] = {
            "description": "Begun; `Content-Location` tells where to ask how far it is",
            "headers": {"Content-Location": {"schema": {"type": "string"}, "required": True}},
        }
    listed = [
        query(each.name, {"type": "string", "pattern": each.pattern}, each.says, each.example)
        for each in operation.inputs
    ]
    prefer = {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "description": "`respond-async`: the operation is begun and not waited for",
        "schema": {"type": "string", "enum": ["respond-async"]},
    }
    headers = [prefer] if operation.writes else []
    if not post:
        return Described(responses, {"parameters": [*listed, *headers, FORMAT]})
    named = [
        {
            "type": "object",
            "properties": {
                "name": {"const": each.name},
                _VALUES[each.type]: _value(each.type, each.pattern),
            },
            "required": ["name", _VALUES[each.type]],
            "additionalProperties": False,
        }
        for each in operation.inputs
    ]
    schema = {
        "type": "object",
        "properties": {
            "resourceType": {"const": "Parameters"},
            "parameter": {"type": "array", "items": {"anyOf": named}, "minItems": 1, "maxItems": 1},
        },
        "required": ["resourceType", "parameter"],
        "additionalProperties": False,
    }
    body = {"required": False, "content": {FHIR_JSON: {"schema": schema}, JSON: {"schema": schema}}}
    extra = {"parameters": [*headers, FORMAT], "requestBody": body}
    return Described(responses | {415: failing("The body is no FHIR JSON")}, extra)


def _value(type: str, pattern: str) -> dict[str, Any]:
    text = {"type": "string", "pattern": pattern}
    if type != "Reference":
        return text
    return {
        "type": "object",
        "properties": {"reference": text},
        "required": ["reference"],
        "additionalProperties": False,
    }


def reading_record(operation: Operation) -> Described:
    """Of the operation that reads a record."""
    responses: Responses = {
        200: {"description": "The study file and its criteria", "content": content("Parameters")},
        **errors(
            _415="The body is neither JSON nor plain text", _422="The body is no record that can be read"
        ),
    }
    (source,) = (each for each in operation.inputs if each.name == "source")
    frame = {
        "type": "object",
        "required": ["protocolSection"],
        "properties": {"protocolSection": {"type": "object"}},
    }
    text = {"type": "string", "minLength": 1, "pattern": r"\S"}
    media = {JSON: {"schema": frame}, "text/plain": {"schema": text, "example": "Inclusion: ALT ≤ 2 x ULN"}}
    listed = [query(source.name, {"type": "string", "pattern": source.pattern}, source.says, source.example)]
    extra = {"parameters": [*listed, FORMAT], "requestBody": {"required": True, "content": media}}
    return Described(responses, extra)


YAML = ("application/yaml", "application/x-yaml", "text/yaml")


def putting_study() -> Described:
    """Of a study file that is put."""
    says = "A study file: docs/how-to/write-a-study.md; its JSON Schema is mappings/schemas/study.schema.json"
    example = "study: NCT06907602\ntitle: …\npopulation: {cancer: oesophageal-cancer}\ninclusion: […]\n"
    frame = {
        "type": "object",
        "required": ["study", "title", "population"],
        "properties": {"study": {"type": "string"}, "title": {"type": "string"}},
    }
    media: dict[str, Any] = {YAML[0]: {"schema": {"type": "string"}, "example": example}}
    media[JSON] = {"schema": frame}
    responses = {
        200: found("ResearchStudy", "The study, in its newest version"),
        201: found("ResearchStudy", "The study is new here"),
        **errors(
            _412="The study was changed by someone else",
            _415="The body is neither YAML nor JSON",
            _422="The study has errors; each is an issue",
        ),
    }
    prefer = {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "description": "What is answered: the study (the default), nothing, or what a person should look at",
        "schema": {
            "type": "string",
            "enum": ["return=representation", "return=minimal", "return=OperationOutcome"],
        },
    }
    if_match = _IF_MATCH | {"required": False}
    extra = {
        "parameters": [if_match, prefer, FORMAT],
        "requestBody": {"required": True, "description": says, "content": media},
    }
    return Described(responses, extra)


def putting_subject(statuses: Sequence[str]) -> Described:
    """Of a person's decision."""
    schema = schema_of("ResearchSubject", "id", "status", "study", "individual")
    reference = {"type": "object", "required": ["reference"]}
    schema["properties"] |= {"status": {"enum": list(statuses)}, "study": reference, "individual": reference}
    media = {"schema": schema, "example": EXAMPLES["ResearchSubject"]}
    responses = {
        200: found("ResearchSubject", "The subject as it stands now"),
        **errors(
            _412="The subject was changed by someone else",
            _415="The body is no FHIR JSON",
            _422="Something else than status and reason would change, or the reason is missing",
            _428="If-Match is missing",
        ),
    }
    extra = {
        "parameters": [_IF_MATCH | {"required": True}, FORMAT],
        "requestBody": {"required": True, "content": {FHIR_JSON: media, JSON: media}},
    }
    return Described(responses, extra)


_MANIFEST = {
    "type": "object",
    "required": ["transactionTime", "request", "requiresAccessToken", "output", "error"],
    "properties": {
        "transactionTime": {"type": "string", "format": "date-time"},
        "request": {"type": "string"},
        "requiresAccessToken": {"type": "boolean"},
        "output": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "url"],
                "properties": {
                    "type": {"type": "string"},
                    "url": {"type": "string"},
                    "count": {"type": "integer"},
                },
            },
        },
        "error": {"type": "array"},
    },
}


def polling() -> Described:
    """Of a job's status."""
    waiting = {
        "description": "Not done yet",
        "headers": {
            "X-Progress": {"schema": {"type": "string"}, "description": "How far it is, for a person"},
            "Retry-After": {"schema": {"type": "string"}, "description": "Seconds until it is worth asking"},
        },
    }
    done = {"description": "Done: where the results are", "content": {JSON: {"schema": _MANIFEST}}}
    return Described({200: done, 202: waiting, **errors(_500="The job failed")}, {})


def cancelling() -> Described:
    """Of a job that is no longer wanted."""
    return Described({202: {"description": "It stops, or has ended already"}, **errors()}, {})


def streaming() -> Described:
    """Of a file of results."""
    text = {"description": "A resource a line", "content": {NDJSON: {"schema": {"type": "string"}}}}
    return Described({200: text, **errors()}, {})
