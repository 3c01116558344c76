"""What a route declares of itself: from this the CapabilityStatement and the OpenAPI document are made."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

SearchType = Literal["token", "reference", "string", "date"]
InputType = Literal["string", "code", "date", "Reference", "Binary"]
Level = Literal["instance", "type"]

ID = r"[A-Za-z0-9\-.]{1,64}"
"""FHIR R4, datatypes: id."""

_SYSTEM = r"[A-Za-z0-9:/._#-]{1,200}"
_VALUE = r"[A-Za-z0-9:._-]{1,200}"
_DATE = (
    r"(?:eq|ge|gt|le|lt)?[12][0-9]{3}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])?)?)?)?"
)
_PLAIN = r"[^\u0000-\u001f\u007f-\u009f\\,]{1,200}"


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """A search parameter: `codes` are all that a token may be; `single` ones take one value.

    What does not fit `pattern` is refused, so that the document says what is taken.
    """

    name: str
    type: SearchType
    says: str
    example: str
    codes: tuple[str, ...] = ()
    single: bool = False
    modifiers: tuple[str, ...] = ()

    @property
    def pattern(self) -> str:
        """A regular expression of the whole value, for Python and ECMA alike."""
        one = self._one()
        return f"^{one}$" if self.single else f"^{one}(?:,{one})*$"

    def _one(self) -> str:
        if self.codes:
            return f"(?:{'|'.join(map(re.escape, self.codes))})"
        if self.name == "_id":
            return ID
        match self.type:
            case "token":
                return rf"(?:{_SYSTEM}\|)?{_VALUE}"
            case "reference":
                return rf"(?:[A-Za-z0-9:/._~%-]{{1,200}}/)?{ID}"
            case "string":
                return _PLAIN
            case "date":
                return _DATE


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter that goes into an operation, once at most."""

    name: str
    type: InputType
    says: str
    pattern: str
    example: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """A parameter that comes out of an operation."""

    name: str
    type: str
    says: str
    most: str = "1"
    parts: tuple[Output, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation on one resource, or on its type (FHIR R4, operations.html)."""

    name: str
    type: str
    title: str
    says: str
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    writes: bool = False
    level: Level = "instance"


@dataclass(slots=True)
class Declared:
    """What is answered for one resource type."""

    type: str
    says: str = ""
    versioning: str = "versioned"
    interactions: dict[str, str] = field(default_factory=dict)
    parameters: tuple[SearchParameter, ...] = ()
    operations: list[Operation] = field(default_factory=list)


def schema_of(type: str, *required: str) -> dict[str, Any]:
    """A JSON Schema of a resource's frame; the whole of it is FHIR's to define."""
    properties: dict[str, Any] = {
        "resourceType": {"const": type},
        "id": {"type": "string", "pattern": f"^{ID}$"},
        "meta": {"type": "object"},
    }
    return {
        "type": "object",
        "title": type,
        "externalDocs": {"url": f"https://hl7.org/fhir/R4/{type.lower()}.html"},
        "properties": properties,
        "required": ["resourceType", *required],
    }
