"""Whether what a list joins is asked for together, and whether that is sure."""

from __future__ import annotations

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading.fragments import Sort
from fhirscreen.reading.items import Role
from fhirscreen.reading.segments import Segment
from fhirscreen.reading.statements import Built

_TOGETHER = (
    frozenset(("pregnancy", "lactation")),
    frozenset(("drug-use-disorder", "alcohol-use-disorder", "substance-use-disorder")),
    frozenset(("hiv-infection", "hepatitis-b-infection", "hepatitis-c-infection", "active-infection",
               "tuberculosis")),
)  # fmt: skip
"""Concepts of which "and" in a list of exclusions means that each excludes."""
_LONG_LIST = 3
_WASHOUT = "washout"


def how_joined(
    kind: Kind, segments: list[Segment], built: list[Built], joins: list[Role], *, negated: bool
) -> tuple[bool, bool, tuple[str, ...]]:
    """Whether any of a list is enough, whether that is sure, and what to say about it."""
    kinds = set(joins)
    elapsed = [_WASHOUT in b.rules for b in built if b.atoms]
    if any(elapsed) and (Role.OR in kinds or all(elapsed)):
        # at least 4 weeks since A or B: neither of them within 4 weeks
        sure = all(elapsed) and (Role.OR not in kinds or len(elapsed) == len(built))
        return False, sure, () if sure else ("what has to be over is not sure",)
    if negated:
        return True, True, ()
    if kinds <= {Role.OR, Role.SLASH} or (Role.OR in kinds and Role.AND not in kinds):
        if Role.COMMA not in kinds or kind is Kind.EXCLUSION:
            return True, True, ()
        # "A, B or C" is one list; "A or B, C" is not, nor is "age of 18, cisplatin or carboplatin".
        like = all(b.sorts == built[0].sorts and not b.manual for b in built)
        return True, like and Role.COMMA not in joins[-1:] and Role.OR not in joins[:-1], ()
    conditions = all(b.sorts <= {Sort.CONDITION, Sort.THERAPY, Sort.SEX, Sort.AGE} for b in built)
    if Role.AND in kinds and Role.OR in kinds:
        return (
            kind is Kind.EXCLUSION,
            kind is Kind.EXCLUSION and conditions,
            ("“and” beside “or”: which binds closer is not written",),
        )
    if kind is Kind.INCLUSION:
        return False, True, ()
    if not kinds - {Role.COMMA, Role.SLASH}:
        return True, conditions, ()
    concepts = {a.concept for b in built for a in b.atoms}
    if conditions and (len(segments) >= _LONG_LIST or any(concepts <= pair for pair in _TOGETHER)):
        return True, True, ("a list of exclusions: each is read as excluding by itself",)
    note = "“and” between two exclusions: does each exclude, or only both together?"
    return not conditions, False, (note,)
