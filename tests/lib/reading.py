"""The reader over the shipped mappings, made once; and one criterion read on its own."""

from __future__ import annotations

from functools import cache

from fhirscreen.criteria.studies import Kind
from fhirscreen.criteria.wire import write_expression
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.reading import Reader, Reading, Status
from tests.lib.mappings import MAPPINGS


@cache
def reader() -> Reader:
    """The reader by the shipped mappings."""
    return Reader(load_catalogue(MAPPINGS))


def read_one(text: str, kind: Kind = Kind.INCLUSION) -> Reading:
    """What the reader makes of one criterion under the heading of its kind."""
    readings = reader().read(f"{kind.value.title()} Criteria:\n\n* {text}")
    (found,) = [r for r in readings if r.status is not Status.HEADING]
    return found


def expression_of(reading: Reading) -> dict[str, object] | None:
    """Its expression as a study file has it."""
    return None if reading.expression is None else write_expression(reading.expression)
