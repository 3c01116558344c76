"""The criteria language: a closed union of frozen nodes that cannot be invalid.

    Expression
    ├── atoms       Age, Sex, Measured, Derived, Finding, Condition, Received, Elapsed, Sequence, Count
    ├── compounds   AllOf, AnyOf, AtLeast, Not, Conditional
    ├── readings    Recorded, Judgement, Question
    └── leaves      Constant, Confirm, Unread

What each node means is fixed in the manual (`docs/manual`), which is rendered from the spec tests.
Durations are text in UCUM units of time (`28 d`, `6 mo`, `2 a`): checked here, computed when a plan is
resolved. Concepts are ids in kebab-case, and diagnoses may be codes (`icd-10-cm:N31.9`, several joined by
`+`); whether the mappings know them is for the lint to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fhirscreen.criteria.bounds import Bounds, Distinct, Staging, Which
from fhirscreen.exceptions import BadInput, StudyError
from fhirscreen.values.durations import parse_duration

INDEX_CANCER = "index-cancer"
"""Value of `for`: the treatment was given for the cancer that the study's population names."""


_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_CODE = r"[a-z0-9]+(?:-[a-z0-9]+)*:[A-Za-z0-9][A-Za-z0-9.]*"
_CODES = re.compile(rf"{_CODE}(?:\+{_CODE})*", re.ASCII)
_TIME_UNITS = ("a", "mo", "wk", "d", "h")


def _require(condition: bool, what: str, expected: str) -> None:
    if not condition:
        raise StudyError(what, expected=expected)


def _require_id(text: str | None) -> None:
    if text is not None:
        _require(_ID.fullmatch(text) is not None, f"`{text}` is no id", "lower-case words joined by hyphens")


def is_coded(concept: str) -> bool:
    """Whether what stands for a concept is codes (`icd-10-cm:N31.9+snomed:397732007`), and no id."""
    return _CODES.fullmatch(concept) is not None


def _require_diagnosis(text: str) -> None:
    _require(
        _ID.fullmatch(text) is not None or is_coded(text),
        f"`{text}` is no id",
        "lower-case words joined by hyphens, or codes, like `icd-10-cm:N31.9+snomed:397732007`",
    )


def _require_duration(text: str | None) -> None:
    if text is None:
        return
    try:
        parse_duration(text)
    except BadInput as error:
        raise StudyError(f"`{text}` is not a duration", expected=error.expected) from None


def _require_units(bounds: Bounds, known: tuple[str | None, ...], expected: str) -> None:
    for bound in (bounds.low, bounds.high):
        if bound is not None:
            _require(bound.limit is None and bound.unit in known, f"the bound {bound}", expected)


@dataclass(frozen=True, slots=True)
class Age:
    """Age at `as_of` in completed calendar years."""

    bounds: Bounds

    def __post_init__(self) -> None:
        _require_units(self.bounds, ("a",), "years, for instance `18 a`")


@dataclass(frozen=True, slots=True)
class Sex:
    """Administrative sex (`Patient.gender`): `male` or `female`."""

    code: str

    def __post_init__(self) -> None:
        _require(self.code in ("male", "female"), f"sex is {self.code!r}", "male or female")


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured value within bounds; `which` picks the record, `within` overrides the mapping's window."""

    concept: str
    bounds: Bounds
    which: Which = Which.LATEST
    within: str | None = None

    def __post_init__(self) -> None:
        _require_id(self.concept)
        _require_duration(self.within)


@dataclass(frozen=True, slots=True)
class Derived:
    """A quantity computed from others (`creatinine-clearance` by Cockcroft–Gault) within bounds."""

    quantity: str
    bounds: Bounds

    def __post_init__(self) -> None:
        _require_id(self.quantity)


@dataclass(frozen=True, slots=True)
class Finding:
    """A coded finding, whose value is one of `values`; without values: the finding itself (histology).

    `sites` limits values that speak of spread (M1): all recorded sites must be among these.
    """

    concept: str
    values: tuple[str, ...] = ()
    staging: Staging | None = None
    which: Which = Which.LATEST
    within: str | None = None
    sites: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require_id(self.concept)
        _require_duration(self.within)
        _require(
            bool(self.values) or not self.sites, "`sites` without `in`", "the values that the sites limit"
        )


@dataclass(frozen=True, slots=True)
class Condition:
    """A diagnosis or state: `active` now, or `ever`; its onset may be asked to lie `within` a window.

    `severity` names the severities that count (`mild`, `moderate`, `severe`, by Condition.severity).
    `concept` may be codes instead of an id, where the mappings have no concept for the diagnosis.
    """

    concept: str
    active: bool = False
    within: str | None = None
    severity: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require_diagnosis(self.concept)
        _require_duration(self.within)


@dataclass(frozen=True, slots=True)
class Received:
    """A therapy that was given: a drug, a class, a procedure, radiotherapy.

    `given_for`: a concept, INDEX_CANCER, or None for any reason. `current`: not ended at `as_of`.
    """

    concept: str
    within: str | None = None
    given_for: str | None = None
    routes: tuple[str, ...] = ()
    minimum_duration: str | None = None
    current: bool = False

    def __post_init__(self) -> None:
        _require_id(self.concept)
        _require_id(self.given_for)
        _require_duration(self.within)
        _require_duration(self.minimum_duration)


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Time from the first or last occurrence of an event to `as_of`, within bounds (a washout)."""

    since: Condition | Received | Finding
    bounds: Bounds
    which: Which = Which.LATEST

    def __post_init__(self) -> None:
        _require(
            self.which in (Which.FIRST, Which.LATEST), f"which is {self.which.value!r}", "first or latest"
        )
        _require_units(self.bounds, _TIME_UNITS, "a length of time, for instance `28 d`")


@dataclass(frozen=True, slots=True)
class Sequence:
    """`then` took place after `first`, and no later than `within` after it where that is given."""

    first: Condition | Received
    then: Condition | Received | Finding
    within: str | None = None

    def __post_init__(self) -> None:
        _require_duration(self.within)


@dataclass(frozen=True, slots=True)
class Count:
    """How many distinct occurrences are on record, within bounds.

    `complete=False` says that records are a lower bound of the truth (coded metastases): then only
    a count that is too high decides.
    """

    of: Condition | Received | Finding | Measured
    bounds: Bounds
    distinct: Distinct = Distinct.RECORD
    within: str | None = None
    complete: bool = True

    def __post_init__(self) -> None:
        _require_duration(self.within)
        _require_units(self.bounds, (None,), "a number without a unit")


@dataclass(frozen=True, slots=True)
class AllOf:
    """Conjunction: strong Kleene AND."""

    of: tuple[Expression, ...]

    def __post_init__(self) -> None:
        _require(bool(self.of), "`all` is empty", "at least one expression")


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Disjunction: strong Kleene OR."""

    of: tuple[Expression, ...]

    def __post_init__(self) -> None:
        _require(bool(self.of), "`any` is empty", "at least one expression")


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least `n` of several are TRUE."""

    n: int
    of: tuple[Expression, ...]

    def __post_init__(self) -> None:
        _require(
            1 <= self.n <= len(self.of),
            f"`at_least` asks {self.n} of {len(self.of)}",
            "1 to the number given",
        )


@dataclass(frozen=True, slots=True)
class Not:
    """Negation: swaps TRUE and FALSE, keeps UNKNOWN."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Conditional:
    """`then` where `when` is TRUE, `otherwise` where FALSE; where UNKNOWN, the branches' common truth."""

    when: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Recorded:
    """Is it on record? TRUE where `of` is TRUE, else FALSE; what could not be fetched stays UNKNOWN."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is recorded here is for the investigator: a TRUE `of` becomes UNKNOWN (`judgement`)."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Question:
    """An ambiguity of the protocol: until answered, the readings' common truth, else UNKNOWN."""

    id: str
    readings: tuple[tuple[str, Expression], ...]

    def __post_init__(self) -> None:
        _require_id(self.id)
        names = [name for name, _ in self.readings]
        _require(
            len(names) >= 2 and len(set(names)) == len(names),
            f"question {self.id!r}",
            "two or more named readings",
        )


@dataclass(frozen=True, slots=True)
class Constant:
    """Always TRUE or always FALSE: a reading or branch that decides by itself."""

    value: bool


@dataclass(frozen=True, slots=True)
class Confirm:
    """Asked of a person at screening (consent, plans, willingness); never blocks."""

    ask: str

    def __post_init__(self) -> None:
        _require(bool(self.ask.strip()), "`confirm` is empty", "what to ask")


@dataclass(frozen=True, slots=True)
class Unread:
    """Eligibility text that nobody has mapped yet; blocks `candidate`."""

    text: str

    def __post_init__(self) -> None:
        _require(bool(self.text.strip()), "`unread` is empty", "the text that nobody has mapped")


Atom = Age | Sex | Measured | Derived | Finding | Condition | Received | Elapsed | Sequence | Count
Compound = AllOf | AnyOf | AtLeast | Not | Conditional | Recorded | Judgement | Question
Leaf = Constant | Confirm | Unread
Expression = Atom | Compound | Leaf
