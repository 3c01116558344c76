"""Questions to the investigator: asked and unknown, open, answered with a reading that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from fhirscreen.criteria.checks.lints import Lint, error, walk_criteria, warning
from fhirscreen.criteria.nodes import Question
from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire.fields import suggest


def check_questions(study: Study) -> Iterator[Lint]:
    """Every Question of the criteria against the study's `questions`, and the reverse."""
    asked = {question.id: question for question in study.questions}
    readings: dict[str, tuple[str, ...]] = {}
    for where, node in walk_criteria(study):
        if not isinstance(node, Question):
            continue
        names = tuple(name for name, _ in node.readings)
        if node.id not in asked:
            yield error(
                where,
                f"the question `{node.id}` is not among the study's questions",
                suggest(node.id, tuple(asked)) or f"add `{node.id}` to `questions`, with what it asks",
            )
        elif set(readings.setdefault(node.id, names)) != set(names):
            yield error(
                where,
                f"the question `{node.id}` has other readings elsewhere: {', '.join(readings[node.id])}",
                "give every use of a question the same readings",
            )
    yield from _check_duplicates(study)
    for question in asked.values():
        where = f"questions.{question.id}"
        names = readings.get(question.id, ())
        if not names:
            yield warning(where, "no criterion depends on this question", "remove it, or use it")
        elif question.answer is None:
            yield warning(
                where,
                f"open: {question.asks}",
                f"ask the investigator, then add `answer: {{reading: {names[0]}, by: ..., on: ...}}`",
            )
        elif question.answer.reading not in names:
            yield error(
                where,
                f"the answer `{question.answer.reading}` is none of the readings {', '.join(names)}",
                suggest(question.answer.reading, names) or "name one of the readings",
            )


def _check_duplicates(study: Study) -> Iterator[Lint]:
    ids = [question.id for question in study.questions]
    for id in sorted({id for id in ids if ids.count(id) > 1}):
        yield error(f"questions.{id}", "two questions have this id", "rename one of them")
