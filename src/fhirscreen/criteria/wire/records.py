"""The record that a study was read from, as the study's file keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirscreen.criteria.records import Record, RegisteredAge, parse_registered_age
from fhirscreen.criteria.wire.fields import Fields
from fhirscreen.criteria.wire.writers import Data, present

if TYPE_CHECKING:
    from fhirscreen.criteria.wire.places import Place

_TEXTS = ("title", "phase", "status", "sponsor", "sex")
_AGES = ("minimum_age", "maximum_age")


def read_record(data: object, place: Place) -> Record:
    """A record from plain data. Raises StudyError with the path."""
    fields = Fields(data, place, ("source", *_TEXTS, "conditions", *_AGES, "text"))
    ages: dict[str, RegisteredAge | None] = {}
    for key in _AGES:
        text = fields.text_or_none(key)
        with fields.at(key).named():
            ages[key] = None if text is None else parse_registered_age(text)
    with place.named():
        return Record(
            source=fields.text("source"),
            text=fields.text("text"),
            conditions=fields.words("conditions"),
            minimum_age=ages["minimum_age"],
            maximum_age=ages["maximum_age"],
            **{key: fields.text_or_none(key) for key in _TEXTS},
        )


def write_record(record: Record) -> Data:
    """The record as plain data; `read_record` gives it back equal."""
    return {
        "source": record.source,
        **present(**{key: getattr(record, key) for key in _TEXTS}, conditions=record.conditions),
        **{key: str(age) for key in _AGES if (age := getattr(record, key)) is not None},
        "text": record.text,
    }
