"""JSON Schemas of CDS Hooks messages, written from the standard (CDS Hooks 2.0).

Strict where the standard is: no empty values, no nulls, nothing that it does not name.
"""

from __future__ import annotations

from typing import Any

import jsonschema

_TEXT = {"type": "string", "minLength": 1}
_URL = {"type": "string", "pattern": "^https?://"}
_UUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


DISCOVERY = _object(
    ["services"],
    services={
        "type": "array",
        "items": _object(
            ["hook", "id", "description"],
            hook=_TEXT,
            id={"type": "string", "pattern": "^[A-Za-z0-9._~-]+$"},
            title=_TEXT,
            description=_TEXT,
            prefetch={
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 1499},
            },
            usageRequirements=_TEXT,
        ),
    },
)

CODING = _object(["code"], code=_TEXT, system=_URL, display=_TEXT)

_RESOURCE = {"type": "object", "required": ["resourceType"]}

ACTION = {
    "oneOf": [
        _object(
            ["type", "description", "resource"],
            type={"enum": ["create", "update"]},
            description=_TEXT,
            resource=_RESOURCE,
        ),
        _object(
            ["type", "description", "resourceId"],
            type={"const": "delete"},
            description=_TEXT,
            resourceId=_TEXT,
        ),
    ]
}

CARD = _object(
    ["summary", "indicator", "source"],
    uuid=_UUID,
    summary={"type": "string", "minLength": 1, "maxLength": 139, "pattern": "^[^\\n]*$"},
    detail=_TEXT,
    indicator={"enum": ["info", "warning", "critical"]},
    source=_object(["label"], label=_TEXT, url=_URL, icon=_URL, topic=CODING),
    suggestions={
        "type": "array",
        "minItems": 1,
        "items": _object(
            ["label"],
            label=_TEXT,
            uuid=_UUID,
            isRecommended={"type": "boolean"},
            actions={"type": "array", "minItems": 1, "items": ACTION},
        ),
    },
    selectionBehavior={"enum": ["at-most-one", "any"]},
    overrideReasons={
        "type": "array",
        "minItems": 1,
        "items": _object(["code", "system", "display"], code=_TEXT, system=_URL, display=_TEXT),
    },
    links={
        "type": "array",
        "minItems": 1,
        "items": _object(
            ["label", "url", "type"],
            label=_TEXT,
            url=_URL,
            type={"enum": ["absolute", "smart"]},
            appContext=_TEXT,
        ),
    },
) | {"dependentRequired": {"suggestions": ["selectionBehavior"]}}

RESPONSE = _object(
    ["cards"],
    cards={"type": "array", "items": CARD},
    systemActions={"type": "array", "items": ACTION},
)


def validate(message: Any, schema: dict[str, Any]) -> None:
    """Raises ValidationError where a message is not what the standard asks for."""
    jsonschema.Draft202012Validator(schema).validate(message)
