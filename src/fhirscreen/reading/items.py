"""Items: what phrases and numbers of a text are, before the grammar puts them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, final

if TYPE_CHECKING:
    from fhirscreen.mapping.concepts import Concept
    from fhirscreen.reading.fragments import Fragment


@final
class Role:
    """What an item does in a sentence: one object each.

    No `Enum`, whose members cost five times as much to name: the grammar names them a thousand times a line.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Role.{self.name}"

    # what has been understood, and what has not
    FRAGMENT: ClassVar[Role]
    WORD: ClassVar[Role]  # a word that nothing here knows: it may mean anything
    FILLER: ClassVar[Role]  # articles, auxiliaries, "patients", "must have"
    # names
    ENTITY: ClassVar[Role]
    CATEGORY: ClassVar[Role]  # T3, N+, M0
    AGE: ClassVar[Role]
    OLD: ClassVar[Role]
    ADULT: ClassVar[Role]
    SEX: ClassVar[Role]
    # numbers
    NUMBER: ClassVar[Role]
    BOUND: ClassVar[Role]
    LIMIT: ClassVar[Role]
    COMPARE: ClassVar[Role]
    COMPARE_AFTER: ClassVar[Role]
    RANGE: ClassVar[Role]
    # words that join, negate, and except
    AND: ClassVar[Role]
    OR: ClassVar[Role]
    COMMA: ClassVar[Role]
    STOP: ClassVar[Role]
    NO: ClassVar[Role]
    EXCEPT: ClassVar[Role]
    IF: ClassVar[Role]
    OPEN: ClassVar[Role]
    CLOSE: ClassVar[Role]
    DASH: ClassVar[Role]
    SLASH: ClassVar[Role]
    COLON: ClassVar[Role]
    # time and circumstance
    HISTORY: ClassVar[Role]
    ACTIVE: ClassVar[Role]
    RECEIVED: ClassVar[Role]
    KNOWN: ClassVar[Role]
    SEVERITY: ClassVar[Role]
    NARROWING: ClassVar[
        Role
    ]  # what no record says of a diagnosis or therapy: uncontrolled, symptomatic, adjuvant
    WITHIN: ClassVar[Role]
    SINCE: ClassVar[Role]
    BEFORE: ClassVar[Role]
    ANCHOR: ClassVar[Role]
    WINDOW: ClassVar[Role]
    POSITIVE: ClassVar[Role]
    NEGATIVE: ClassVar[Role]
    NORMAL: ClassVar[Role]
    # what a sentence says of the whole
    ALLOWED: ClassVar[Role]
    BARRED: ClassVar[Role]
    MANUAL: ClassVar[Role]
    EXAMPLE: ClassVar[Role]
    DOUBT: ClassVar[Role]  # that what stands beside it may mean something else
    EXEMPT: ClassVar[Role]  # what no second malignancy is: basal cell carcinoma, carcinoma in situ


for _name in Role.__annotations__:
    setattr(Role, _name, Role(_name))

JOINS = (Role.AND, Role.OR, Role.COMMA, Role.SLASH)
"""What joins the members of a list."""


@dataclass(slots=True)
class Range:
    """The numbers of a bound as the text has them: either end may be open or missing.

    `values` where single numbers are listed ("0, 1 or 2"). `unit` is the text of the unit, `code` its UCUM
    code, `limit` "uln" or "lln".
    """

    low: float | None = None
    high: float | None = None
    low_inclusive: bool = True
    high_inclusive: bool = True
    unit: str = ""
    code: str | None = None
    limit: str = ""
    values: tuple[float, ...] = ()
    older: bool = False  # "or older", "younger than": only an age is


@dataclass(slots=True)
class Item:
    """A stretch of the text with its role, and what belongs to it."""

    role: Role
    start: int
    end: int
    text: str = ""
    key: str = ""
    concepts: tuple[Concept, ...] = ()
    range: Range | None = None
    value: float = 0.0
    fragment: Fragment | None = None
    parts: list[Item] = field(default_factory=list)


SUSPECTED = "suspected"
"""The key of words that take in what is only suspected: known or suspected."""
NARROWER = "narrower"
"""The key of a name that is of some of what its concept holds: pleural mesothelioma."""


def words(text: str, value: str = "") -> dict[str, str]:
    """Phrases separated by `|`, each with the same value."""
    return {" ".join(phrase.split()): value for phrase in text.split("|") if phrase.strip()}
