"""A whole Study on the wire: `mappings/studies/*.yaml`, or anybody's study file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fhirscreen.criteria.nodes import Constant
from fhirscreen.criteria.studies import (
    Answer,
    Criterion,
    Kind,
    OpenQuestion,
    Population,
    ReadNote,
    Span,
    Study,
    Weight,
)
from fhirscreen.criteria.wire.documents import load_document
from fhirscreen.criteria.wire.fields import Fields, read_items
from fhirscreen.criteria.wire.places import Place
from fhirscreen.criteria.wire.readers import READERS, read_keyed
from fhirscreen.criteria.wire.records import read_record, write_record
from fhirscreen.criteria.wire.suggestions import read_suggestions, write_suggestion
from fhirscreen.criteria.wire.writers import Data, present, write_expression
from fhirscreen.exceptions import Faults

if TYPE_CHECKING:
    from pathlib import Path

    from fhirscreen.criteria.nodes import Expression

META_KEYS = (
    "id",
    "says",
    "weight",
    "ranked",
    "recoverable",
    "recheck_after",
    "mirrors",
    "next_action",
    "text",
    "start",
    "end",
    "read",
)
NOTE_KEYS = ("status", "rules", "warnings", "group", "suggestions", "digest")
STUDY_KEYS = (
    "study",
    "title",
    "population",
    "version",
    "status",
    "phase",
    "condition",
    "sponsor",
    "url",
    "banner",
    "co_enrolment",
    "questions",
    "inclusion",
    "exclusion",
    "record",
)


def _read_source(fields: Fields) -> Span | None:
    text, start, end = fields.text_or_none("text"), fields.whole("start"), fields.whole("end")
    if text is None:
        for key in ("start", "end"):
            if key in fields:
                raise fields.at(key).error(f"`{key}` without `text`", expected="the text that it delimits")
        return None
    with fields.place.named():
        return Span(text, start, end)


def _read_note(fields: Fields) -> ReadNote | None:
    if "read" not in fields:
        return None
    if "text" not in fields:
        raise fields.at("read").error("`read` without `text`", expected="the text that was read")
    note = Fields(fields.data["read"], fields.at("read"), NOTE_KEYS)
    with note.place.named():
        return ReadNote(
            note.text("status"),
            note.text("digest"),
            note.words("rules"),
            note.words("warnings"),
            note.text_or_none("group"),
            read_suggestions(note, "suggestions"),
        )


def _write_note(note: ReadNote) -> Data:
    return {
        "status": note.status,
        **present(rules=note.rules, warnings=note.warnings, group=note.group),
        **present(suggestions=tuple(write_suggestion(each) for each in note.suggestions)),
        "digest": note.digest,
    }


def read_criterion(data: object, kind: Kind, place: Place) -> Criterion:
    """One criterion: its meta keys and exactly one expression key. Raises StudyError with the path."""
    faults = Faults()
    fields = Fields.known(data, place, (*META_KEYS, *READERS), faults)
    found: list[Expression] = []
    if not faults.found or any(key in READERS for key in fields.data):  # else the key is misspelt
        with faults:
            found.append(_read_asked(fields, place))
    with faults, place.named():
        # Read with any expression, so that what is wrong with either is said.
        criterion = Criterion(
            id=fields.text("id"),
            kind=kind,
            says=fields.text("says"),
            expression=found[0] if found else Constant(True),
            weight=fields.choice("weight", Weight, Weight.MAJOR) or Weight.MAJOR,
            ranked=fields.flag("ranked", default=True),
            recoverable=fields.flag("recoverable", default=False),
            recheck_after=fields.duration_or_none("recheck_after"),
            mirrors=fields.text_or_none("mirrors"),
            next_action=fields.text_or_none("next_action"),
            source=_read_source(fields),
            read=_read_note(fields),
        )
    faults.check()
    return criterion


def _read_asked(fields: Fields, place: Place) -> Expression:
    keys = [key for key in fields.data if key in READERS]
    if len(keys) != 1:
        raise place.error(
            f"{len(keys)} expressions ({', '.join(keys)})" if keys else "no expression",
            expected=f"exactly one of {', '.join(READERS)}",
            remedy="join several with `all` or `any`" if keys else "say what is asked, or use `unread`",
        )
    return read_keyed(keys[0], fields.data[keys[0]], fields.at(keys[0]))


def write_criterion(criterion: Criterion) -> Data:
    """The criterion as plain data, but for its kind, which is the list it stands in."""
    source = criterion.source
    return {
        "id": criterion.id,
        "says": criterion.says,
        **write_expression(criterion.expression),
        **present(weight=None if criterion.weight is Weight.MAJOR else criterion.weight.value),
        **({} if criterion.ranked else {"ranked": False}),
        **present(
            recoverable=criterion.recoverable,
            recheck_after=criterion.recheck_after,
            mirrors=criterion.mirrors,
            next_action=criterion.next_action,
        ),
        **({} if source is None else _write_source(source)),
        **({} if criterion.read is None else {"read": _write_note(criterion.read)}),
    }


def _write_source(source: Span) -> Data:
    offsets = {"start": source.start, "end": source.end}
    return {"text": source.text, **{key: value for key, value in offsets.items() if value is not None}}


def _read_population(data: object, place: Place) -> Population:
    if data == "all":
        return Population(None)
    if isinstance(data, str):
        raise place.error(
            f"`{data}` is no population",
            expected="`{cancer: CONCEPT}` or `all`",
            remedy=f"write `population: {{cancer: {data}}}`",
        )
    return Population(Fields(data, place, ("cancer",)).text("cancer"))


def _read_question(data: object, place: Place) -> OpenQuestion:
    fields = Fields(data, place, ("id", "asks", "version", "answer"))
    answer = None
    if "answer" in fields:
        given = Fields(fields.data["answer"], fields.at("answer"), ("reading", "by", "on"))
        with given.place.named():
            answer = Answer(given.text("reading"), given.text("by"), given.text("on"))
    version = fields.whole("version")
    with place.named():
        return OpenQuestion(fields.text("id"), fields.text("asks"), 1 if version is None else version, answer)


def _write_question(question: OpenQuestion) -> Data:
    answer = question.answer
    return {
        "id": question.id,
        "asks": question.asks,
        "version": question.version,
        **({"answer": {"reading": answer.reading, "by": answer.by, "on": answer.on}} if answer else {}),
    }


def _read_list(fields: Fields, key: str) -> list[tuple[object, Place]]:
    return read_items(fields.data[key], fields.at(key)) if fields.data.get(key, []) != [] else []


def _read_version(fields: Fields) -> str:
    """A number with a point may have lost a zero at its end (1.10), and is refused."""
    if isinstance(fields.data.get("version"), int) and not isinstance(fields.data["version"], bool):
        return str(fields.data["version"])
    return fields.text_or_none("version") or "1"


def read_study(data: object, where: str = "") -> Study:
    """A study from plain data; `where` names the document in errors.

    Raises one StudyError with the path for all that is wrong.
    """
    study, faults = survey_study(data, where)
    faults.check()
    if study is None:
        raise AssertionError("what cannot be read has a fault")
    return study


def survey_study(data: object, where: str = "") -> tuple[Study | None, Faults]:
    """As `read_study`; where something is wrong, the study without it, as far as there is one, for checks."""
    place, faults = Place(where), Faults()
    fields: Fields | None = None
    with faults:
        fields = Fields.known(data, place, STUDY_KEYS, faults)
    if fields is None:
        return None, faults
    population = Population(None)
    with faults:
        population = _read_population(
            fields.value("population", "`{cancer: CONCEPT}` or `all`"), fields.at("population")
        )
    criteria: list[Criterion] = []
    for kind in Kind:
        with faults:
            for item, at in _read_list(fields, kind.value):
                with faults:
                    criteria.append(read_criterion(item, kind, at))
    questions: list[OpenQuestion] = []
    with faults:
        for item, at in _read_list(fields, "questions"):
            with faults:
                questions.append(_read_question(item, at))
    record = None
    if "record" in fields:
        with faults:
            record = read_record(fields.data["record"], fields.at("record"))
    known = {criterion.id for criterion in criteria}
    if faults.found:  # a mirror of what could not be read is no fault of its own
        criteria = [c if c.mirrors in known else replace(c, mirrors=None) for c in criteria]
    study = None
    with faults, place.named():
        study = Study(
            id=fields.text("study"),
            title=fields.text("title"),
            population=population,
            criteria=tuple(criteria),
            questions=tuple(questions),
            version=_read_version(fields),
            status=fields.text_or_none("status") or "active",
            **{
                key: fields.text_or_none(key)
                for key in ("phase", "condition", "sponsor", "url", "co_enrolment", "banner")
            },
            record=record,
        )
    return study, faults


def write_study(study: Study) -> Data:
    """The study as plain data in the order of a study file; `read_study` gives it back equal."""
    cancer = study.population.cancer
    data: Data = {
        "study": study.id,
        "title": study.title,
        "population": "all" if cancer is None else {"cancer": cancer},
        "version": study.version,
        "status": study.status,
        **present(phase=study.phase, condition=study.condition, sponsor=study.sponsor, url=study.url),
        **present(banner=study.banner, co_enrolment=study.co_enrolment),
        **present(questions=tuple(_write_question(question) for question in study.questions)),
    }
    for kind in Kind:
        data[kind.value] = [write_criterion(c) for c in study.criteria if c.kind is kind]
    if study.record is not None:
        data["record"] = write_record(study.record)
    return data


def load_study(path: Path) -> Study:
    """The study of a YAML or JSON file. Raises StudyError: unreadable, not YAML (with the line), no study."""
    study, faults = survey_file(path)
    faults.check()
    if study is None:
        raise AssertionError("what cannot be read has a fault")
    return study


def survey_file(path: Path) -> tuple[Study | None, Faults]:
    """As `survey_study`, of a file; every error names it."""
    study, faults = None, Faults()
    with faults:
        study, faults = survey_study(load_document(path), str(path))
    for error in faults.found:
        if error.where is None or str(path) not in error.where:
            error.where = f"{path}: {error.where}" if error.where else str(path)
    return study, faults
