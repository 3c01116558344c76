"""Mappings of one file, for tests: the text of a concept file beside the shipped units and systems."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.loading import load_catalogue

MAPPINGS = Path(__file__).parents[2] / "mappings"


def load_text(folder: Path, text: str) -> Catalogue:
    """The catalogue of one file of concepts, `concepts/some.yaml`."""
    (folder / "concepts").mkdir(exist_ok=True)
    (folder / "concepts" / "some.yaml").write_text(text, encoding="utf-8")
    for name in ("units.yaml", "systems.yaml"):
        (folder / name).write_text((MAPPINGS / name).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "vocabulary.yaml").write_text("{}", encoding="utf-8")
    return load_catalogue(folder)


def validator(name: str) -> Draft202012Validator:
    """The published schema of that name, dates checked as dates."""
    schema = json.loads((MAPPINGS / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def as_json(text: str) -> Any:
    """YAML as JSON has it: keys and dates are text."""
    return _plain(yaml.safe_load(text))


def _plain(data: Any) -> Any:
    match data:
        case dict():
            return {str(key): _plain(value) for key, value in data.items()}
        case list():
            return [_plain(value) for value in data]
        case date():
            return data.isoformat()
        case _:
            return data
