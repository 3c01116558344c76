"""Suggestions on the wire: `read.suggestions` of a study file, `suggestions` of `fhirscreen read --json`."""

from __future__ import annotations

from fhirscreen.criteria.suggestions import Candidate, How, Suggestion
from fhirscreen.criteria.wire.fields import Fields, read_items
from fhirscreen.criteria.wire.places import Place
from fhirscreen.criteria.wire.writers import Data


def write_suggestion(suggestion: Suggestion) -> Data:
    """The suggestion as plain data."""
    return {
        "phrase": suggestion.phrase,
        "start": suggestion.start,
        "end": suggestion.end,
        "candidates": [
            {"system": each.system, "code": each.code, "display": each.display, "how": each.how.value}
            for each in suggestion.candidates
        ],
    }


def read_suggestions(fields: Fields, key: str) -> tuple[Suggestion, ...]:
    """The suggestions under a key; none where it is absent. Raises StudyError with the path."""
    if key not in fields:
        return ()
    return tuple(_read(item, place) for item, place in read_items(fields.data[key], fields.at(key)))


def _read(data: object, place: Place) -> Suggestion:
    fields = Fields(data, place, ("phrase", "start", "end", "candidates"))
    for key in ("start", "end"):
        if key not in fields:
            fields.missing(key, "code points of the eligibility text")
    listed = fields.value("candidates", "a list of codes")
    candidates = tuple(_candidate(item, at) for item, at in read_items(listed, fields.at("candidates")))
    return Suggestion(fields.text("phrase"), fields.whole("start") or 0, fields.whole("end") or 0, candidates)


def _candidate(data: object, place: Place) -> Candidate:
    fields = Fields(data, place, ("system", "code", "display", "how"))
    how = fields.choice("how", How)
    if how is None:
        fields.missing("how", ", ".join(How))
    return Candidate(fields.text("system"), fields.text("code"), fields.text("display"), how)
