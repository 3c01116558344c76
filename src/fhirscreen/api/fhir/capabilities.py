"""The CapabilityStatement and the OperationDefinitions, made from what the routes declared of themselves."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from fhirscreen import __version__
from fhirscreen.api.fhir import documents
from fhirscreen.api.fhir.calls import Call
from fhirscreen.api.fhir.declarations import Declared, Operation, Output
from fhirscreen.api.fhir.facade import Facade
from fhirscreen.api.outcomes import FHIR_JSON, Refusal
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import CANONICAL
from fhirscreen.screening.listings import versioned

DATE = "2026-11-21"
"""When what is stated here last changed (CapabilityStatement.date is required)."""

_SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"


class Capabilities:
    """`/fhir/metadata` and `/fhir/OperationDefinition/id`. To be made when all else is declared."""

    def __init__(self, facade: Facade) -> None:
        self._facade = facade
        facade.resource("OperationDefinition", "The operations, as the CapabilityStatement names them.")
        facade.read("OperationDefinition", "An operation", self.definition)

        def metadata(request: Request) -> Response:
            call = Call(facade.service, request)
            return call.reply(self.statement(call.base))

        facade.other(
            "GET",
            "/metadata",
            metadata,
            need="",
            described=documents.Described(
                {200: documents.found("CapabilityStatement"), **documents.errors()},
                {"parameters": [documents.FORMAT]},
            ),
            name="metadata",
            says="What the service can do",
        )

    def definition(self, call: Call, id: str) -> Response:
        """`OperationDefinition/id`."""
        for declared in self._facade.declared.values():
            for operation in declared.operations:
                if operation.name == id:
                    return call.read(versioned(define(operation)))
        raise Refusal(404, "there is no such operation", remedy="the CapabilityStatement names them")

    def statement(self, base: str) -> Resource:
        """The CapabilityStatement, for whoever reaches the service at `base`."""
        resources = [_resource(each) for _, each in sorted(self._facade.declared.items())]
        rest: dict[str, Any] = {"mode": "server", "security": self._security(), "resource": resources}
        return {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": DATE,
            "kind": "instance",
            "software": {"name": "fhirscreen", "version": __version__},
            "implementation": {"description": "Candidates for clinical trials", "url": base},
            "fhirVersion": "4.0.1",
            "format": [FHIR_JSON, "json"],
            "rest": [rest],
        }

    def _security(self) -> dict[str, Any]:
        access = self._facade.service.settings.access
        if access.mode == "none":
            return {
                "cors": False,
                "description": "Only this machine can reach the service; it asks for nothing.",
            }
        said = {
            "token": "A token of the service, as Authorization: Bearer.",
            "oidc": "A JWT of the issuer, as Authorization: Bearer, with scopes like system/Group.rs.",
        }
        service = {"coding": [{"system": _SECURITY, "code": "OAuth"}]}
        found: dict[str, Any] = {"cors": False}
        if access.mode == "oidc":
            found["service"] = [service]
        return found | {"description": said[access.mode]}


def _resource(declared: Declared) -> dict[str, Any]:
    found: dict[str, Any] = {"type": declared.type}
    if declared.says:
        found["documentation"] = declared.says
    if declared.interactions:
        found["interaction"] = [
            {"code": code, "documentation": says} for code, says in declared.interactions.items()
        ]
        found["versioning"] = declared.versioning
        found["readHistory"] = "vread" in declared.interactions
        found["updateCreate"] = False
        found["conditionalRead"] = "not-match"
    if declared.parameters:
        found["searchParam"] = [
            {"name": each.name, "type": each.type, "documentation": each.says} for each in declared.parameters
        ]
    if declared.operations:
        found["operation"] = [
            {"name": each.name, "definition": canonical(each), "documentation": each.title}
            for each in declared.operations
        ]
    return found


def canonical(operation: Operation) -> str:
    """The URL by which an operation is known."""
    return f"{CANONICAL}/OperationDefinition/{operation.name}"


def define(operation: Operation) -> Resource:
    """An operation as an OperationDefinition."""
    parameters = [
        {
            "name": each.name,
            "use": "in",
            "min": 0,
            "max": "1",
            "documentation": each.says,
            "type": each.type,
        }
        for each in operation.inputs
    ]
    return {
        "resourceType": "OperationDefinition",
        "id": operation.name,
        "url": canonical(operation),
        "name": "".join(word.capitalize() for word in operation.name.split("-")),
        "title": operation.title,
        "status": "active",
        "kind": "operation",
        "affectsState": operation.writes,
        "description": operation.says,
        "code": operation.name,
        "resource": [operation.type],
        "system": False,
        "type": operation.level == "type",
        "instance": operation.level == "instance",
        "parameter": [*parameters, *map(_output, operation.outputs)],
    }


def _output(output: Output) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": output.name,
        "use": "out",
        "min": 0,
        "max": output.most,
        "documentation": output.says,
    }
    if output.parts:
        return found | {"part": [_output(each) for each in output.parts]}
    return found | {"type": output.type}
