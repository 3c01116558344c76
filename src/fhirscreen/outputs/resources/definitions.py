"""Our extensions, codes and value sets as R4 conformance resources.

Made from the enumerations that they stand for, shipped as JSON in
`outputs/definitions/`; `write_definitions` writes that folder anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import orjson

from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import CANONICAL, DECISION_EXTENSION, STATUS_EXTENSION
from fhirscreen.outputs import wording
from fhirscreen.outputs.resources import vocabulary
from fhirscreen.outputs.resources.subjects import NOT_IN_POPULATION
from fhirscreen.outputs.resources.vocabulary import OVERRIDES
from fhirscreen.verdicts.standings import Standing

_R4 = "http://hl7.org/fhir"
_STATUSES = f"{_R4}/ValueSet/research-subject-status"


def definitions_folder() -> Path:
    """Where the JSON files are, in a checkout and in an installed package."""
    return Path(str(resources.files("fhirscreen"))) / "outputs" / "definitions"


def definitions() -> list[Resource]:
    """Every StructureDefinition, CodeSystem and ValueSet, ordered by file name."""
    coded = (
        (
            "standings",
            "Where a criterion stands for a patient",
            {each.value: each.value for each in Standing},
        ),
        ("reasons", "Why a criterion is open", {each.value: said for each, said in wording.REASONS.items()}),
        (
            "gates",
            "What takes a patient out before any criterion",
            {each.value: said for each, said in wording.GATES.items()}
            | {NOT_IN_POPULATION: "The study's disease is not on record"},
        ),
        ("override-reasons", "Why a card is not followed", OVERRIDES),
    )
    found = [
        part for name, title, codes in coded for part in (_system(name, title, codes), _values(name, title))
    ]
    found += [
        _system("criteria", "Criteria of studies: <study>.<criterion id>", None),
        _system("concepts", "Concepts of the mappings", None),
        *_extensions(),
    ]
    return sorted(found, key=file_name)


def file_name(definition: Resource) -> str:
    """The name of a definition's file."""
    return f"{definition['resourceType']}-{definition['id']}.json"


def write_definitions(folder: Path) -> list[Path]:
    """Writes each definition as a JSON file. Raises OSError where the folder cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for definition in definitions():
        path = folder / file_name(definition)
        path.write_bytes(orjson.dumps(definition, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        paths.append(path)
    return paths


def _extensions() -> Iterable[Resource]:
    on_subject = "ResearchSubject"
    yield _simple(
        STATUS_EXTENSION, "The status that fhirscreen wrote last; any other is a person's", on_subject,
        "code", _STATUSES,
    )  # fmt: skip
    yield _simple(
        vocabulary.NOTE_EXTENSION, "What is shown beside the patient and takes nobody out", on_subject,
        "string", many=True,
    )  # fmt: skip
    yield _simple(
        vocabulary.GATE_EXTENSION, "Why the patient is out before any criterion", on_subject, "code",
        _value_set("gates"),
    )  # fmt: skip
    yield _simple(
        vocabulary.EXPRESSION_EXTENSION,
        "The criterion as it stands in a study file, as JSON",
        "Group.characteristic",
        "string",
    )
    parts = [
        _part("criterion", "string", 1, "1"),
        _part("standing", "code", 1, "1", _value_set("standings")),
        _part("reason", "code", 0, "1", _value_set("reasons")),
        _part("nextAction", "string", 0, "1"),
        _part("evidence", "Reference", 0, "*"),
    ]
    yield _complex(
        vocabulary.STANDING_EXTENSION,
        "A criterion that is open or failed for the patient, with its reason, next action and evidence",
        parts,
        many=True,
    )
    yield _complex(
        DECISION_EXTENSION,
        "Why a person set the status, the criteria that this rests on, who and when; what is withheld of it",
        [
            _part("because", "string", 0, "1"),
            _part("criterion", "string", 0, "*"),
            _part("by", "string", 0, "1"),
            _part("at", "dateTime", 0, "1"),
            _part("withheld", "string", 0, "*"),
        ],
    )


def _complex(url: str, title: str, parts: Sequence[list[dict[str, Any]]], *, many: bool = False) -> Resource:
    closed = {"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"}
    elements = [*(element for part in parts for element in part), _fixed(url), closed]
    return _structure(url, title, "ResearchSubject", elements, many=many)


def _simple(
    url: str, title: str, context: str, type: str, values: str | None = None, *, many: bool = False
) -> Resource:
    none = {"id": "Extension.extension", "path": "Extension.extension", "max": "0"}
    value = _typed("Extension.value[x]", "Extension.value[x]", type, values)
    return _structure(url, title, context, [none, _fixed(url), value], many=many)


def _part(name: str, type: str, least: int, most: str, values: str | None = None) -> list[dict[str, Any]]:
    """The slice of a complex extension that holds one value."""
    id, path = f"Extension.extension:{name}", "Extension.extension"
    return [
        {"id": id, "path": path, "sliceName": name, "min": least, "max": most},
        {"id": f"{id}.extension", "path": f"{path}.extension", "max": "0"},
        _fixed(name, id, path),
        _typed(f"{id}.value[x]", f"{path}.value[x]", type, values),
    ]


def _fixed(url: str, id: str = "Extension", path: str = "Extension") -> dict[str, Any]:
    return {"id": f"{id}.url", "path": f"{path}.url", "fixedUri": url}


def _typed(id: str, path: str, type: str, values: str | None) -> dict[str, Any]:
    element: dict[str, Any] = {"id": id, "path": path, "min": 1, "type": [{"code": type}]}
    return element | ({"binding": {"strength": "required", "valueSet": values}} if values else {})


def _structure(
    url: str, title: str, context: str, elements: Sequence[Mapping[str, Any]], *, many: bool = False
) -> Resource:
    id = url.rsplit("/", 1)[-1]
    root = {"id": "Extension", "path": "Extension", "definition": title, "max": "*" if many else "1"}
    return {
        "resourceType": "StructureDefinition",
        "id": id,
        "url": url,
        "name": "".join(word.capitalize() for word in id.split("-")),
        "title": title,
        "status": "active",
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": context}],
        "type": "Extension",
        "baseDefinition": f"{_R4}/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {"element": [root, *elements]},
    }


def _value_set(name: str) -> str:
    return f"{CANONICAL}/ValueSet/{name}"


def _system(name: str, title: str, codes: Mapping[str, str] | None) -> Resource:
    """A CodeSystem; without codes it says that they are defined elsewhere."""
    resource: Resource = {
        "resourceType": "CodeSystem",
        "id": name,
        "url": f"{CANONICAL}/CodeSystem/{name}",
        "name": name.title().replace("-", ""),
        "title": title,
        "status": "active",
        "caseSensitive": True,
        "content": "complete" if codes is not None else "not-present",
    }
    if codes is not None:
        resource["valueSet"] = _value_set(name)
        resource["count"] = len(codes)
        resource["concept"] = [{"code": code, "display": said} for code, said in codes.items()]
    return resource


def _values(name: str, title: str) -> Resource:
    return {
        "resourceType": "ValueSet",
        "id": name,
        "url": _value_set(name),
        "name": name.title().replace("-", ""),
        "title": title,
        "status": "active",
        "compose": {"include": [{"system": f"{CANONICAL}/CodeSystem/{name}"}]},
    }
