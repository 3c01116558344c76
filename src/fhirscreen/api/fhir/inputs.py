"""What goes into an operation: by the query, or by a Parameters resource in the body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from fhirscreen.api.fhir.calls import Call
from fhirscreen.api.fhir.declarations import ID, Input, Operation
from fhirscreen.api.fhir.negotiation import JSON, check_body_type
from fhirscreen.api.outcomes import FHIR_JSON, Refusal
from fhirscreen.fhir.references import whole

PATIENT = Input(
    "patient",
    "Reference",
    "The patient: as Patient/id, the id alone, or the whole address on the server that is the source",
    rf"^(?:(?:https?://[A-Za-z0-9:/._~%-]{{1,200}}/)?Patient/)?{ID}$",
    "Patient/123",
)
SOURCE = Input(
    "source",
    "string",
    "The FHIR server or folder, by its name in the settings; without it, the one that runs screen",
    r"^[A-Za-z0-9_.-]{1,64}$",
    "default",
)
AS_OF = Input(
    "asOf",
    "date",
    "The index date; without it, today where the site is",
    r"^[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$",
    "2026-11-02",
)
DEPTH = Input(
    "depth",
    "code",
    "full: every criterion of every member; candidates: up to the first that fails",
    "^(?:full|candidates)$",
    "full",
    ("full", "candidates"),
)

_FRAME = {"_format", "_pretty", "_summary", "_elements"}
_VALUES = {"string": "valueString", "code": "valueCode", "date": "valueDate", "Reference": "valueReference"}


def read_inputs(call: Call, operation: Operation, body: bytes) -> dict[str, str]:
    """The inputs by name. Raises Refusal (400) for what the operation does not take, or takes otherwise."""
    known = {each.name: each for each in operation.inputs}
    given = [(n, v) for n, v in call.request.query_params.multi_items() if n not in _FRAME]
    if body:
        check_body_type(call.request, FHIR_JSON, JSON)
        given += _of_body(body, known)
    found: dict[str, str] = {}
    for name, value in given:
        if name not in known:
            raise _refused("a parameter that the operation does not take", ", ".join(known) or "none")
        if name in found:
            raise _refused("a parameter is given twice", "each once", name)
        pattern = known[name].pattern.removeprefix("^").removesuffix("$")
        if re.fullmatch(pattern, value, re.ASCII) is None:
            raise _refused("the value of a parameter cannot be read", f"text like {pattern}", name)
        found[name] = value
    return found


def _of_body(body: bytes, known: Mapping[str, Input]) -> list[tuple[str, str]]:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _refused("the body is not JSON", "a Parameters resource") from None
    if not isinstance(data, dict) or data.get("resourceType") != "Parameters":
        raise _refused("the body is no Parameters resource", "resourceType Parameters")
    listed = data.get("parameter", [])
    if not isinstance(listed, list) or set(data) - {"resourceType", "parameter", "id", "meta"}:
        raise _refused("the body is no Parameters resource", "a list of parameters", "Parameters.parameter")
    return [_of_part(part, known) for part in listed]


def _of_part(part: Any, known: Mapping[str, Input]) -> tuple[str, str]:
    where = "Parameters.parameter"
    if not isinstance(part, dict) or not isinstance(part.get("name"), str):
        raise _refused("a parameter has no name", "name and value", where)
    name = part["name"]
    if name not in known:
        raise _refused("a parameter that the operation does not take", ", ".join(known) or "none", where)
    element = _VALUES[known[name].type]
    value = part.get(element, part.get("valueString"))
    if isinstance(value, dict):
        value = value.get("reference")
    if not isinstance(value, str) or len(part) != _PAIR:
        raise _refused("the value of a parameter cannot be read", element, f"{where} {name}")
    return name, value


_PAIR = 2


def read_patient(text: str, *bases: str) -> str:
    """The id of a patient who is named by any reference.

    Raises Refusal (422) for a whole address on a server that is none of `bases`: the same id is another
    patient there.
    """
    base, named = whole(text)
    if base and base not in bases:
        raise another_server("patient")
    return named.removeprefix("Patient/")


def another_server(where: str) -> Refusal:
    """The reference is to a server that is not the one meant. Neither is named: addresses are for those who
    have them.
    """
    return Refusal(
        422,
        "the reference is to another server",
        code="business-rule",
        where=where,
        expected="Patient/id, or the whole address on the server that is screened, as answers have it",
        remedy="name the source that this server is, or the id alone",
    )


def read_date(text: str) -> date:
    """The day. Raises Refusal (422) for one that the calendar does not have."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(422, "the calendar has no such day", where="asOf", expected="like 2026-11-02") from None


def _refused(what: str, expected: str, where: str | None = None) -> Refusal:
    return Refusal(400, what, expected=expected, where=where)
