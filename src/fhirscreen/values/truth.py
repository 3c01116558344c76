"""Truth in strong Kleene logic: what is known to hold, known not to hold, or not known."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NoReturn

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


_FALSE, _UNKNOWN, _TRUE = Truth.FALSE, Truth.UNKNOWN, Truth.TRUE


def known(statement: bool) -> Truth:
    """The Truth of what is certain."""
    return _TRUE if statement else _FALSE


def negation(truth: Truth) -> Truth:
    """NOT: swaps TRUE and FALSE and keeps UNKNOWN."""
    if truth is _TRUE:
        return _FALSE
    return _TRUE if truth is _FALSE else _UNKNOWN


def conjunction(truths: Iterable[Truth]) -> Truth:
    """AND: the least of the truths; TRUE for none."""
    result = _TRUE
    for truth in truths:
        if truth is _FALSE:
            return _FALSE
        if truth is _UNKNOWN:
            result = _UNKNOWN
    return result


def disjunction(truths: Iterable[Truth]) -> Truth:
    """OR: the greatest of the truths; FALSE for none."""
    result = _FALSE
    for truth in truths:
        if truth is _TRUE:
            return _TRUE
        if truth is _UNKNOWN:
            result = _UNKNOWN
    return result


def at_least(count: int, truths: Iterable[Truth]) -> Truth:
    """TRUE if `count` are TRUE, FALSE if TRUE and UNKNOWN together are fewer, else UNKNOWN."""
    certain = possible = 0
    for truth in truths:
        if truth is _TRUE:
            certain += 1
        elif truth is _UNKNOWN:
            possible += 1
    if certain >= count:
        return _TRUE
    return _UNKNOWN if certain + possible >= count else _FALSE


def common(truths: Iterable[Truth]) -> Truth:
    """The truth that all share, else UNKNOWN; UNKNOWN for none."""
    result: Truth | None = None
    for truth in truths:
        if result is None:
            result = truth
        elif truth is not result:
            return _UNKNOWN
    return _UNKNOWN if result is None else result
