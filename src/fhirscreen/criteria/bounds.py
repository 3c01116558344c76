"""The numbers of a criterion: a bound, a range between two of them, a window of time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fhirscreen.exceptions import StudyError


class Limit(StrEnum):
    """A bound that is relative to the reference range of the same result."""

    ULN = "ULN"
    LLN = "LLN"


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a range: a number with its UCUM unit, or a multiple of the reference limit.

    `unit` and `limit` exclude each other; both are None for a pure number (ECOG, a count).
    """

    value: float
    unit: str | None = None
    limit: Limit | None = None
    inclusive: bool = True

    def __post_init__(self) -> None:
        if self.unit is not None and self.limit is not None:
            raise StudyError(
                f"a bound has both the unit {self.unit!r} and the limit {self.limit.value}",
                expected="a number with a unit, or a multiple of ULN or LLN",
                remedy="write for instance `at_most: 2 ULN` or `at_most: 40 U/L`",
            )
        if self.value != self.value or self.value in (float("inf"), float("-inf")):
            raise StudyError("a bound is not a finite number", expected="a finite number")
        if self.unit is not None and (not self.unit or self.unit.split() != [self.unit]):
            raise StudyError(f"{self.unit!r} is no unit", expected="a UCUM code without spaces")
        if self.unit is not None and self.unit in Limit.__members__:
            raise StudyError(f"the unit {self.unit} is a limit", expected="`limit`, not `unit`")

    def __str__(self) -> str:
        number = repr(self.value).removesuffix(".0")
        suffix = self.limit.value if self.limit else self.unit
        return f"{number} {suffix}" if suffix else number


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range: at least one of `low` and `high`."""

    low: Bound | None = None
    high: Bound | None = None

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise StudyError(
                "a range has no bound",
                expected="one of at_least, above, at_most, below",
                remedy="add the bound, or remove the criterion",
            )
        low, high = self.low, self.high
        if low is None or high is None or (low.unit, low.limit) != (high.unit, high.limit):
            return
        if low.value > high.value or (low.value == high.value and not (low.inclusive and high.inclusive)):
            raise StudyError(
                f"no value lies between {low} and {high}",
                expected="a lower bound below the upper one",
                remedy="exchange the bounds, or correct the number",
            )


class Which(StrEnum):
    """Which of several records decides."""

    LATEST = "latest"
    FIRST = "first"
    ANY = "any"
    EVERY = "every"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"


class Staging(StrEnum):
    """How a TNM category was assessed (AJCC 8th edition, chapter 1: classifications)."""

    CLINICAL = "clinical"
    PATHOLOGICAL = "pathological"
    POST_THERAPY = "post-therapy"
    ANY = "any"


class Distinct(StrEnum):
    """What makes two occurrences different ones when they are counted.

    `value`: a category's value, or a condition's code: one lesion billed at four visits is one, and four
    lesions under one code are one too, so that only `record` can tell them apart, and count repeats.
    """

    RECORD = "record"
    DAY = "day"
    VALUE = "value"
