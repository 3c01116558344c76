"""The wire format of studies: YAML or JSON data into nodes and back, exactly.

Every error is a StudyError that names the path (`inclusion[3].measured.at_least`), what was expected
there and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirscreen.criteria.wire.amounts import parse_bound, write_bound
from fhirscreen.criteria.wire.documents import format_yaml, load_document, parse_json, parse_yaml
from fhirscreen.criteria.wire.edits import rewrite_yaml
from fhirscreen.criteria.wire.files import (
    load_study,
    read_criterion,
    read_study,
    survey_file,
    write_criterion,
    write_study,
)
from fhirscreen.criteria.wire.places import Place
from fhirscreen.criteria.wire.readers import read_expression as _read_expression
from fhirscreen.criteria.wire.writers import write_expression

if TYPE_CHECKING:
    from fhirscreen.criteria.nodes import Expression

__all__ = [
    "Place",
    "format_yaml",
    "load_document",
    "load_study",
    "parse_bound",
    "parse_json",
    "parse_yaml",
    "read_criterion",
    "read_expression",
    "read_study",
    "rewrite_yaml",
    "survey_file",
    "write_bound",
    "write_criterion",
    "write_expression",
    "write_study",
]


def read_expression(data: object, where: str | Place = "") -> Expression:
    """An expression from plain data, such as `{"age": {"at_least": "18 a"}}`; `where` names it in errors."""
    return _read_expression(data, where if isinstance(where, Place) else Place(where))
