"""Items: what phrases and numbers of a text are, before the grammar puts them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhirscreen.mapping.concepts import Concept
    from fhirscreen.reading.fragments import Fragment


class Role(Enum):
    """What an item does in a sentence."""

    # what has been understood, and what has not
    FRAGMENT = auto()
    WORD = auto()  # a word that nothing here knows: it may mean anything
    FILLER = auto()  # articles, auxiliaries, "patients", "must have"
    # names
    ENTITY = auto()
    CATEGORY = auto()  # T3, N+, M0
    AGE = auto()
    OLD = auto()
    ADULT = auto()
    SEX = auto()
    # numbers
    NUMBER = auto()
    BOUND = auto()
    LIMIT = auto()
    COMPARE = auto()
    COMPARE_AFTER = auto()
    RANGE = auto()
    # words that join, negate, and except
    AND = auto()
    OR = auto()
    COMMA = auto()
    STOP = auto()
    NO = auto()
    EXCEPT = auto()
    IF = auto()
    OPEN = auto()
    CLOSE = auto()
    DASH = auto()
    SLASH = auto()
    COLON = auto()
    # time and circumstance
    HISTORY = auto()
    ACTIVE = auto()
    RECEIVED = auto()
    KNOWN = auto()
    SEVERITY = auto()
    NARROWING = auto()  # what no record says of a diagnosis or therapy: uncontrolled, symptomatic, adjuvant
    WITHIN = auto()
    SINCE = auto()
    BEFORE = auto()
    ANCHOR = auto()
    WINDOW = auto()
    POSITIVE = auto()
    NEGATIVE = auto()
    NORMAL = auto()
    # what a sentence says of the whole
    ALLOWED = auto()
    BARRED = auto()
    MANUAL = auto()
    EXAMPLE = auto()
    EXEMPT = auto()  # what no second malignancy is: basal cell carcinoma, carcinoma in situ


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


def words(text: str, value: str = "") -> dict[str, str]:
    """Phrases separated by `|`, each with the same value."""
    return {" ".join(phrase.split()): value for phrase in text.split("|") if phrase.strip()}
