"""What a server says it can do: its CapabilityStatement and its SMART configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhirscreen.exceptions import NotFhir, OutcomeError, ServerError, WrongFhirVersion
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir_client.exchanges import Wire
from fhirscreen.fhir_client.outcomes import type_of

_READ = ("4.0.", "4.1.", "4.3.")  # R4, and R4B, whose clinical resources are those of R4
_ELEMENTS = "_elements=fhirVersion,software,rest.mode,rest.interaction,rest.searchParam.name," + ",".join(
    f"rest.resource.{name}" for name in ("type", "searchParam.name", "operation.name", "conditionalCreate")
)
"""What is read of a CapabilityStatement: 96 kB of HAPI's 1.5 MB, which is mostly documentation."""
_NAMES = {"0.": "DSTU 1", "1.": "DSTU 2", "3.": "STU 3", "5.": "R5", "6.": "R6"}


@dataclass(frozen=True, slots=True)
class TypeCapabilities:
    """What the server can do with one resource type; `parameters` are names, with those of all types."""

    type: str
    parameters: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()
    conditional_create: bool = False


@dataclass(frozen=True, slots=True)
class SmartConfiguration:
    """`/.well-known/smart-configuration`, as far as a backend service needs it."""

    token_endpoint: str | None
    capabilities: frozenset[str]
    scopes: frozenset[str]
    token_methods: frozenset[str]
    signing_algorithms: frozenset[str]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """A server's CapabilityStatement (R4, rest.mode = server)."""

    fhir_version: str
    software: str
    software_version: str | None
    types: Mapping[str, TypeCapabilities]
    interactions: frozenset[str] = frozenset()

    def searches(self, type: str, parameter: str) -> bool:
        """Whether the server says that it searches `type` by `parameter`, modifiers left aside."""
        known = self.types.get(type)
        return known is not None and parameter.partition(":")[0].partition(".")[0] in known.parameters


def fetch_capabilities(wire: Wire) -> Capabilities:
    """Ask for /metadata.

    Raises WrongFhirVersion for anything but R4 and R4B, and a ServerError where there is no server of FHIR.
    """
    try:
        answer = wire.send("GET", "metadata", query=_ELEMENTS.encode(), expect="JSON")
    except OutcomeError:
        answer = wire.send("GET", "metadata", expect="JSON")
    else:
        # A server that knows no nested elements may leave out the lot.
        if type_of(answer.body) == "CapabilityStatement" and not (answer.body or {}).get("rest"):
            answer = wire.send("GET", "metadata", expect="JSON")
    return read_capabilities(answer.body or {}, answer.where)


def read_capabilities(statement: Resource, where: str) -> Capabilities:
    """Read a CapabilityStatement; raises as `fetch_capabilities`."""
    version = statement.get("fhirVersion")
    kind = type_of(statement)
    if kind not in {"CapabilityStatement", "Conformance"}:
        raise NotFhir(
            f"/metadata brings {kind}",
            where=where,
            expected="a CapabilityStatement",
            remedy="check that the base is that of a FHIR R4 server",
        )
    if kind == "Conformance" or not isinstance(version, str) or not version.startswith(_READ):
        raise WrongFhirVersion(
            f"The server speaks FHIR {_name_version(version)}",
            where=where,
            expected="R4 (4.0.1) or R4B (4.3.0)",
            remedy="many servers have one base for each version, such as /r4: give that of R4",
        )
    rest = next((each for each in _objects(statement.get("rest")) if each.get("mode") != "client"), {})
    common = _codes(rest.get("searchParam"), "name")
    software = statement.get("software") or {}
    return Capabilities(
        version,
        str(software.get("name") or "unnamed"),
        software.get("version"),
        {
            each["type"]: _read_type(each, common)
            for each in _objects(rest.get("resource"))
            if isinstance(each.get("type"), str)
        },
        _codes(rest.get("interaction"), "code"),
    )


def _read_type(each: dict[str, Any], common: frozenset[str]) -> TypeCapabilities:
    return TypeCapabilities(
        each["type"],
        common | _codes(each.get("searchParam"), "name"),
        _codes(each.get("operation"), "name"),
        each.get("conditionalCreate") is True,
    )


def fetch_smart(wire: Wire) -> SmartConfiguration | None:
    """The SMART configuration; None where the server has none or does not tell."""
    try:
        found = wire.send("GET", ".well-known/smart-configuration", expect="JSON").body or {}
    except ServerError:  # it is optional, and a server without it answers in any way
        return None
    return SmartConfiguration(
        found.get("token_endpoint"),
        frozenset(map(str, found.get("capabilities") or ())),
        frozenset(map(str, found.get("scopes_supported") or ())),
        frozenset(map(str, found.get("token_endpoint_auth_methods_supported") or ())),
        frozenset(map(str, found.get("token_endpoint_auth_signing_alg_values_supported") or ())),
    )


def _name_version(version: object) -> str:
    if not isinstance(version, str) or not version[:8].replace(".", "").isalnum():
        return "of a version that it does not tell"
    name = next((name for start, name in _NAMES.items() if version.startswith(start)), None)
    return f"{name} ({version[:20]})" if name else version[:20]


def _objects(listed: object) -> Iterable[dict[str, Any]]:
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _codes(listed: object, key: str) -> frozenset[str]:
    return frozenset(str(each[key]).lstrip("$") for each in _objects(listed) if key in each)
