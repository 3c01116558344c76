"""A whole Study on the wire: `mappings/studies/*.yaml`, or anybody's study file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirscreen.criteria.studies import (
    Answer,
    Criterion,
    Kind,
    OpenQuestion,
    Population,
    Span,
    Study,
    Weight,
)
from fhirscreen.criteria.wire.documents import load_document
from fhirscreen.criteria.wire.fields import Fields, read_items
from fhirscreen.criteria.wire.places import Place
from fhirscreen.criteria.wire.readers import READERS, read_keyed
from fhirscreen.criteria.wire.writers import Data, present, write_expression
from fhirscreen.exceptions import StudyError

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
)
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


def read_criterion(data: object, kind: Kind, place: Place) -> Criterion:
    """One criterion: its meta keys and exactly one expression key. Raises StudyError with the path."""
    fields = Fields(data, place, (*META_KEYS, *READERS))
    keys = [key for key in fields.data if key in READERS]
    if len(keys) != 1:
        raise place.error(
            f"{len(keys)} expressions ({', '.join(keys)})" if keys else "no expression",
            expected=f"exactly one of {', '.join(READERS)}",
            remedy="join several with `all` or `any`" if keys else "say what is asked, or use `unread`",
        )
    expression: Expression = read_keyed(keys[0], fields.data[keys[0]], fields.at(keys[0]))
    weight = fields.choice("weight", Weight, Weight.MAJOR) or Weight.MAJOR
    with place.named():
        return Criterion(
            id=fields.text("id"),
            kind=kind,
            says=fields.text("says"),
            expression=expression,
            weight=weight,
            ranked=fields.flag("ranked", default=True),
            recoverable=fields.flag("recoverable", default=False),
            recheck_after=fields.duration_or_none("recheck_after"),
            mirrors=fields.text_or_none("mirrors"),
            next_action=fields.text_or_none("next_action"),
            source=_read_source(fields),
        )


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
    """A study from plain data; `where` names the document in errors. Raises StudyError with the path."""
    place = Place(where)
    fields = Fields(data, place, STUDY_KEYS)
    population = _read_population(
        fields.value("population", "`{cancer: CONCEPT}` or `all`"), fields.at("population")
    )
    criteria = tuple(
        read_criterion(item, kind, at) for kind in Kind for item, at in _read_list(fields, kind.value)
    )
    optional = {
        key: fields.text_or_none(key)
        for key in ("phase", "condition", "sponsor", "url", "co_enrolment", "banner")
    }
    with place.named():
        return Study(
            id=fields.text("study"),
            title=fields.text("title"),
            population=population,
            criteria=criteria,
            questions=tuple(_read_question(item, at) for item, at in _read_list(fields, "questions")),
            version=_read_version(fields),
            status=fields.text_or_none("status") or "active",
            **optional,
        )


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
    return data


def load_study(path: Path) -> Study:
    """The study of a YAML or JSON file. Raises StudyError: unreadable, not YAML (with the line), no study."""
    try:
        return read_study(load_document(path), str(path))
    except StudyError as error:
        if error.where and str(path) in error.where:
            raise
        where = f"{path}: {error.where}" if error.where else str(path)
        raise StudyError(error.what, where=where, expected=error.expected, remedy=error.remedy) from None
