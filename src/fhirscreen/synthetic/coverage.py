"""Which node × truth × reason the planted truths reach, and which cells cannot exist or are not settled.

A cell is a text like `measured unknown stale` or `condition false absence-presumed`; a decided verdict that
rests on records has no reason: `measured true`.
"""

from __future__ import annotations

from collections.abc import Iterable

from fhirscreen.synthetic.truths import REASONS, Planted

NODES = (
    "age",
    "sex",
    "measured",
    "derived",
    "finding",
    "condition",
    "received",
    "elapsed",
    "sequence",
    "count",
    "all",
    "any",
    "at_least",
    "not",
    "conditional",
    "recorded",
    "judgement",
    "question",
    "constant",
    "confirm",
    "unread",
)
ATOMS = NODES[:10]
COMPOUNDS = ("all", "any", "at_least", "not", "conditional")

_FILES = "what a file holds was fetched: only a server leaves something not fetched"
_NOT_OWN = "a reason of another kind of node"
_CARRIED = "carried from a child as it is: covered by the cells of the child"


def cells() -> list[str]:
    """Every thinkable cell, in the order of nodes, truths and reasons."""
    decided = [f"{node} {truth}" for node in NODES for truth in ("true", "false")]
    presumed = [f"{cell} {reason}" for cell in decided for reason in ("order-only", "absence-presumed")]
    unknown = [f"{node} unknown {reason}" for node in NODES for reason in REASONS[:-1]]
    return [*decided, *presumed, *unknown]


def covers(truths: Iterable[Planted]) -> set[str]:
    """The cells that the truths reach; a truth that claims no reason reaches none."""
    return {f"{each.node} {each.truth} {each.reason}".rstrip() for each in truths if each.reason is not None}


# What each node can be open for; everything else cannot exist for it.
_OPEN: dict[str, str] = {
    "age": "imprecise-date no-record",
    "sex": "no-record",
    "measured": "conflicting ambiguous-focus stale no-value no-unit incomparable-unit implausible-value "
    "no-reference-range censored-value imprecise-date no-record",
    "derived": "conflicting stale no-value no-unit incomparable-unit implausible-value censored-value "
    "imprecise-date not-computable no-record",
    "finding": "conflicting ambiguous-focus coarser-code unconfirmed judgement stale no-value no-unit "
    "incomparable-unit censored-value imprecise-date no-record",
    "condition": "ambiguous-focus coarser-code unconfirmed judgement imprecise-date no-record",
    "received": "ambiguous-focus coarser-code order-only imprecise-date no-record",
    "elapsed": "order-only imprecise-date no-record",
    "sequence": "order-only imprecise-date no-record",
    "count": "ambiguous-focus imprecise-date no-record",
    "all": "unconfirmed order-only stale no-record",
    "any": "unconfirmed stale no-record",
    "at_least": "unconfirmed no-record",
    "not": "unconfirmed stale no-record",
    "conditional": "unconfirmed stale no-record ask-in-person",
    "judgement": "ambiguous-focus unconfirmed judgement",
    "question": "bound-in-question stale",
    "confirm": "ask-in-person",
    "unread": "unread",
}
# Decided cells that exist, beside the plain `true` and `false` of every node that is a statement.
_PRESUMED = {
    "finding": ("false absence-presumed",),
    "condition": ("true absence-presumed", "false absence-presumed"),
    "received": ("true order-only", "false absence-presumed"),
    "sequence": ("false absence-presumed",),
    "count": ("true absence-presumed", "false absence-presumed"),
    "all": ("true absence-presumed", "false absence-presumed"),
    "any": ("true absence-presumed", "false absence-presumed"),
    "at_least": ("true absence-presumed", "false absence-presumed"),
    "not": ("true absence-presumed", "false absence-presumed"),
    "judgement": ("false absence-presumed",),
    "recorded": ("false absence-presumed",),
}
_UNDECIDED = {
    "received false": "a therapy on record is received; its absence is presumed, never recorded",
    "judgement true": "a TRUE becomes UNKNOWN: it is for the investigator",
    "confirm true": "asked of a person: always open",
    "confirm false": "asked of a person: always open",
    "unread true": "nobody has read it: always open",
    "unread false": "nobody has read it: always open",
}

UNSETTLED = {
    "age unknown no-value": "a birth date without a value: read as no record",
    "sex unknown no-value": "the administrative gender `unknown`: no record, or no value",
    "condition unknown conflicting": "a disease confirmed and refuted on one day: which of them is the later",
    "received unknown conflicting": "given and not given on one day: which of them is the later",
    "received unknown unconfirmed": "a therapy whose status is `unknown` or `on-hold`",
    "received unknown judgement": "a drug of several uses without a reason: its reason is not named",
    "elapsed unknown absence-presumed": "time since an event that never was",
    "count unknown censored-value": "a lower bound that is within the limit: censored, or no record",
    "conditional true absence-presumed": "whether an absent condition makes its branch's truth presumed",
    "conditional false absence-presumed": "whether an absent condition makes its branch's truth presumed",
}
"""Cells about which the meaning is silent: nothing is planted there."""


def possible() -> set[str]:
    """The cells that must be covered."""
    made = {f"{node} {truth}" for node in NODES for truth in ("true", "false")} - set(_UNDECIDED)
    made |= {f"{node} {cell}" for node, of in _PRESUMED.items() for cell in of}
    made |= {f"{node} unknown {reason}" for node, reasons in _OPEN.items() for reason in reasons.split()}
    return made


def impossible() -> dict[str, str]:
    """Every other thinkable cell, with the reason why no planted truth can be in it."""
    can = possible()
    return {cell: _why_not(cell) for cell in cells() if cell not in can}


def _why_not(cell: str) -> str:
    node, truth, *rest = cell.split(" ")
    reason = rest[0] if rest else ""
    own = {
        "not-fetched": _FILES,
        "ask-in-person": "only a `confirm` is asked in person, or a branch that is one",
        "unread": "only unread text is unread",
    }
    if cell in UNSETTLED:
        return UNSETTLED[cell]
    if cell in _UNDECIDED:
        return _UNDECIDED[cell]
    if truth != "unknown" and reason == "order-only":
        return "only a therapy has orders, and only a TRUE one can rest on them"
    if reason == "absence-presumed":
        return "never presumed for it" if node in ATOMS else _NOT_OWN
    if reason in own:
        return own[reason]
    if node in COMPOUNDS or node in ("judgement", "question", "recorded"):
        return _CARRIED if node != "recorded" else "a record says so or none does"
    return _WHY_NOT_OPEN.get(node, _NOT_OWN)


_WHY_NOT_OPEN = {
    "age": "the one element is a date without unit, status, code or focus",
    "sex": "the one element is a code of four, without date or status",
    "measured": "a number has no coarser code, order or judgement; a preliminary one is no evidence",
    "derived": "its inputs are numbers; a formula has no reference range and is about the patient",
    "finding": "a code has no range and no formula; a therapy alone is ordered",
    "condition": "a diagnosis has no number and does not go stale; a therapy alone is ordered",
    "received": "a therapy has no number, range or formula, and does not go stale",
    "elapsed": "the time since an event: only whether and when it was can be open, see its cells",
    "sequence": "the order of two events: only whether and when they were can be open, see theirs",
    "count": "a number of events: only whether and when they were can be open, see theirs",
    "constant": "it decides by itself",
    "confirm": "always open for one reason",
    "unread": "always open for one reason",
}
