"""Why a verdict is open or presumed, and what it rests on: two total orders.

The order of `Reason` decides which reason a compound reports: the first one among its deciding children.
It runs from what a person or the protocol must settle, over what the record says unclearly, to what the
record does not hold at all.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a verdict is UNKNOWN or presumed; declared in their total order."""

    ASK_IN_PERSON = "ask-in-person"
    UNREAD = "unread"
    NOT_FETCHED = "not-fetched"
    BOUND_IN_QUESTION = "bound-in-question"
    CONFLICTING = "conflicting"
    AMBIGUOUS_FOCUS = "ambiguous-focus"
    COARSER_CODE = "coarser-code"
    UNCONFIRMED = "unconfirmed"
    ORDER_ONLY = "order-only"
    JUDGEMENT = "judgement"
    STALE = "stale"
    NO_VALUE = "no-value"
    NO_UNIT = "no-unit"
    INCOMPARABLE_UNIT = "incomparable-unit"
    IMPLAUSIBLE_VALUE = "implausible-value"
    NO_REFERENCE_RANGE = "no-reference-range"
    CENSORED_VALUE = "censored-value"
    IMPRECISE_DATE = "imprecise-date"
    NOT_COMPUTABLE = "not-computable"
    NO_RECORD = "no-record"
    ABSENCE_PRESUMED = "absence-presumed"


class Basis(StrEnum):
    """What a verdict rests on, declared from the strongest to the weakest."""

    RECORDED = "recorded"
    DERIVED = "derived"
    PRESUMED = "presumed"
    CONFIRM = "confirm"
    MISSING = "missing"


RANK: dict[Reason, int] = {reason: rank for rank, reason in enumerate(Reason)}
"""Place of each reason in the total order; 0 comes first."""

STRENGTH: dict[Basis, int] = {basis: rank for rank, basis in enumerate(Basis)}
"""Place of each basis; 0 is the strongest."""


def first_reason(reasons: list[Reason]) -> Reason | None:
    """The first of them by the total order; None for an empty list."""
    return min(reasons, key=RANK.__getitem__, default=None)


def strongest(bases: list[Basis]) -> Basis:
    """The strongest of a non-empty list."""
    return min(bases, key=STRENGTH.__getitem__)


def weakest(bases: list[Basis]) -> Basis:
    """The weakest of a non-empty list."""
    return max(bases, key=STRENGTH.__getitem__)
