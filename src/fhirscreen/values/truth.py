"""Truth in strong Kleene logic: what is known to hold, known not to hold, or not known."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable


class Truth(Enum):
    """FALSE < UNKNOWN < TRUE; the value is the text that is written to files.

    A Truth is never a Python boolean: `if truth:` would take UNKNOWN as yes, so that it raises TypeError.
    """

    FALSE = "false"
    UNKNOWN = "unknown"
    TRUE = "true"

    def __bool__(self) -> NoReturn:
        raise TypeError("a Truth has three values: compare it with `is Truth.TRUE`")


FALSE: Final = Truth.FALSE
UNKNOWN: Final = Truth.UNKNOWN
TRUE: Final = Truth.TRUE
"""The members by themselves, for what runs for every record: found on the class, one costs ten times more."""


def known(statement: bool) -> Truth:
    """The Truth of what is certain."""
    return TRUE if statement else FALSE


def negation(truth: Truth) -> Truth:
    """NOT: swaps TRUE and FALSE and keeps UNKNOWN."""
    if truth is TRUE:
        return FALSE
    return TRUE if truth is FALSE else UNKNOWN


def conjunction(truths: Iterable[Truth]) -> Truth:
    """AND: the least of the truths; TRUE for none."""
    result = TRUE
    for truth in truths:
        if truth is FALSE:
            return FALSE
        if truth is UNKNOWN:
            result = UNKNOWN
    return result


def disjunction(truths: Iterable[Truth]) -> Truth:
    """OR: the greatest of the truths; FALSE for none."""
    result = FALSE
    for truth in truths:
        if truth is TRUE:
            return TRUE
        if truth is UNKNOWN:
            result = UNKNOWN
    return result


def at_least(count: int, truths: Iterable[Truth]) -> Truth:
    """TRUE if `count` are TRUE, FALSE if TRUE and UNKNOWN together are fewer, else UNKNOWN."""
    certain = possible = 0
    for truth in truths:
        if truth is TRUE:
            certain += 1
        elif truth is UNKNOWN:
            possible += 1
    if certain >= count:
        return TRUE
    return UNKNOWN if certain + possible >= count else FALSE


def common(truths: Iterable[Truth]) -> Truth:
    """The truth that all share, else UNKNOWN; UNKNOWN for none."""
    result: Truth | None = None
    for truth in truths:
        if result is None:
            result = truth
        elif truth is not result:
            return UNKNOWN
    return UNKNOWN if result is None else result
