"""A Study: its identity, its population, its criteria and its open questions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fhirscreen.criteria.nodes import Conditional, Confirm, Constant, Expression, Unread
from fhirscreen.criteria.records import Record
from fhirscreen.criteria.suggestions import Suggestion
from fhirscreen.exceptions import BadInput, StudyError
from fhirscreen.values.durations import parse_duration

STATUSES = (
    "active",
    "administratively-completed",
    "approved",
    "closed-to-accrual",
    "closed-to-accrual-and-intervention",
    "completed",
    "disapproved",
    "in-review",
    "temporarily-closed-to-accrual",
    "temporarily-closed-to-accrual-and-intervention",
    "withdrawn",
)
"""`ResearchStudy.status` (FHIR R4, value set research-study-status)."""

_ID = re.compile(r"[A-Za-z0-9]+(?:[-._][A-Za-z0-9]+)*", re.ASCII)


def _check_id(id: str) -> None:
    if _ID.fullmatch(id) is None:
        raise StudyError(f"`{id}` is no id", expected="letters and digits, joined by hyphens")


class Kind(StrEnum):
    """The polarity of a criterion."""

    INCLUSION = "inclusion"
    EXCLUSION = "exclusion"


class Weight(StrEnum):
    """How much an unmet criterion says about fit: gates come first in every ordering."""

    GATE = "gate"
    MAJOR = "major"
    MINOR = "minor"


@dataclass(frozen=True, slots=True)
class Span:
    """Where a criterion stands in the eligibility text: code points, end excluded."""

    text: str
    start: int | None = None
    end: int | None = None

    def __post_init__(self) -> None:
        if (self.start is None) != (self.end is None):
            raise StudyError("a text with only one of `start` and `end`", expected="both or neither")
        if self.start is not None and self.end is not None and not 0 <= self.start < self.end:
            raise StudyError(f"a text from {self.start} to {self.end}", expected="0 <= start < end")


READ_STATUSES = ("computed", "partial", "manual", "unread")
"""How much of a criterion's text was understood when it was read."""


@dataclass(frozen=True, slots=True)
class ReadNote:
    """How a criterion was read from its text: how much of it, by which rules, with which warnings.

    `group` is the line above it, where it stood in a nested list. `digest` is that of the criterion as the
    reader wrote it: while the criterion still has it, nobody has changed it since. `suggestions` are codes
    for what no concept names; nothing is screened by them.
    """

    status: str
    digest: str
    rules: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    group: str | None = None
    suggestions: tuple[Suggestion, ...] = ()

    def __post_init__(self) -> None:
        if self.status not in READ_STATUSES:
            raise StudyError(f"`{self.status}` is no status of a reading", expected=", ".join(READ_STATUSES))


@dataclass(frozen=True, slots=True)
class Criterion:
    """One eligibility item. `says` is its statement in English; its truth is that of the statement.

    `ranked=False`: costs no rank while open. `recoverable`: a failure that can change (a lab, a washout).
    `mirrors`: the inclusion that this exclusion repeats; both count once in the attrition.
    `next_action`: what settles it while it is open ("order a PET-CT"), for the worklist.
    `source` and `read`: where it stands in the eligibility text, and how it was read; None where a person
    wrote it.
    """

    id: str
    kind: Kind
    says: str
    expression: Expression
    weight: Weight = Weight.MAJOR
    ranked: bool = True
    recoverable: bool = False
    recheck_after: str | None = None
    mirrors: str | None = None
    next_action: str | None = None
    source: Span | None = None
    read: ReadNote | None = None

    def __post_init__(self) -> None:
        _check_id(self.id)
        if self.recheck_after is not None:
            try:
                parse_duration(self.recheck_after)
            except BadInput as error:
                raise StudyError(
                    f"`recheck_after: {self.recheck_after}` is not a duration", expected=error.expected
                ) from None

    @property
    def asks(self) -> bool:
        """Whether a person is asked and the criterion never blocks.

        It may be asked of some patients alone: a condition tells of whom, and of all others it is met.
        """
        match self.expression:
            case Confirm():
                return True
            case Conditional(_, then, otherwise):
                met = Constant(self.kind is Kind.INCLUSION)
                return {type(then), type(otherwise)} == {Confirm, Constant} and met in (then, otherwise)
            case _:
                return False

    @property
    def unread(self) -> bool:
        """Whether nobody has mapped it."""
        return isinstance(self.expression, Unread)


@dataclass(frozen=True, slots=True)
class Population:
    """Who a study is about: a cancer (a concept; then also the index cancer), or everybody (None)."""

    cancer: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The investigator's answer to a question: which reading holds, by whom, when (ISO date)."""

    reading: str
    by: str
    on: str

    def __post_init__(self) -> None:
        try:
            written = date.fromisoformat(self.on).isoformat()
        except ValueError:
            written = None
        if written != self.on:
            raise StudyError(f"`on: {self.on}` is not a date", expected="like 2026-05-31")


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A versioned question to the investigator; `answer` None while it is open."""

    id: str
    asks: str
    version: int = 1
    answer: Answer | None = None

    def __post_init__(self) -> None:
        _check_id(self.id)
        if self.version < 1:
            raise StudyError(f"version {self.version} of a question", expected="1 or more")


@dataclass(frozen=True, slots=True)
class Study:
    """A trial's definition: identity and criteria, in source order (inclusion first).

    `record` is what it was read from, whole, so that a later state of it can be compared.
    """

    id: str
    title: str
    population: Population
    criteria: tuple[Criterion, ...]
    questions: tuple[OpenQuestion, ...] = ()
    version: str = "1"
    status: str = "active"
    phase: str | None = None
    condition: str | None = None
    sponsor: str | None = None
    url: str | None = None
    co_enrolment: str | None = None
    banner: str | None = None
    record: Record | None = None

    def __post_init__(self) -> None:
        _check_id(self.id)
        if self.status not in STATUSES:
            raise StudyError(
                f"status `{self.status}` is unknown", where=self.id, expected=", ".join(STATUSES)
            )
        seen: set[str] = set()
        for criterion in self.criteria:
            if criterion.id in seen:
                raise StudyError(
                    f"criterion id {criterion.id!r} is used twice",
                    where=self.id,
                    expected="ids that are unique within a study",
                    remedy="rename one of them",
                )
            seen.add(criterion.id)
        for criterion in self.criteria:
            if criterion.mirrors is not None and criterion.mirrors not in seen:
                raise StudyError(
                    f"criterion {criterion.id!r} mirrors {criterion.mirrors!r}, which is not in the study",
                    where=self.id,
                    expected="the id of an inclusion of the same study",
                )

    def criterion(self, id: str) -> Criterion:
        """The criterion of that id; StudyError where there is none."""
        for criterion in self.criteria:
            if criterion.id == id:
                return criterion
        raise StudyError(
            f"no criterion {id!r}", where=self.id, expected=", ".join(c.id for c in self.criteria)
        )
