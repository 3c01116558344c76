"""A Lint: one thing found in a study, where, how bad, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fhirscreen.criteria.nodes import Expression
from fhirscreen.criteria.studies import Criterion, Study
from fhirscreen.criteria.walk import walk_paths


class Severity(StrEnum):
    """An error means that the study cannot be screened as it stands; a warning, that a person should look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Lint:
    """`where` is `kind.criterion` and the path below it (`inclusion.m1.not`), or a key of the study."""

    severity: Severity
    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.severity.value}: {self.where}: {self.what}\n  remedy: {self.remedy}"


def error(where: str, what: str, remedy: str) -> Lint:
    """A Lint that keeps the study from being screened."""
    return Lint(Severity.ERROR, where, what, remedy)


def warning(where: str, what: str, remedy: str) -> Lint:
    """A Lint that a person should look at."""
    return Lint(Severity.WARNING, where, what, remedy)


def place(criterion: Criterion) -> str:
    """Where a criterion stands: `exclusion.pregnancy`."""
    return f"{criterion.kind.value}.{criterion.id}"


def walk_criteria(study: Study) -> Iterator[tuple[str, Expression]]:
    """Every expression of a study, each with where it stands."""
    for criterion in study.criteria:
        for path, expression in walk_paths(criterion.expression):
            yield f"{place(criterion)}.{path}".removesuffix("."), expression


def sort_lints(study: Study, lints: Sequence[Lint]) -> tuple[Lint, ...]:
    """Without repeats: errors first, then by where they stand in the study, what concerns all of it first."""
    order = {place(criterion): index for index, criterion in enumerate(study.criteria)}

    def rank(lint: Lint) -> tuple[bool, int]:
        return lint.severity is Severity.WARNING, order.get(".".join(lint.where.split(".")[:2]), -1)

    return tuple(sorted(dict.fromkeys(lints), key=rank))
