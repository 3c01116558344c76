"""Alternatives of one cancer: breast cancer that is ER-positive or PR-positive."""

from __future__ import annotations

from dataclasses import replace

from fhirscreen.criteria.nodes import AllOf, Unread
from fhirscreen.reading.items import Role
from fhirscreen.reading.segments import Segment
from fhirscreen.reading.statements import Built, join, merge


def lift(segments: list[Segment], built: list[Built], joins: list[Role], said: str) -> Built | None:
    """`breast cancer that is ER-positive or PR-positive`: the cancer is asked for in any case.

    `said` is the text of the criterion. None where the list is no such thing.
    """
    named = [s for s in segments if s.entities]
    if len(named) != 1 or not named[0].fragments or set(joins) - {Role.OR, Role.SLASH}:
        return None
    found = [item.fragment for s in segments for item in s.fragments]
    if not all(f is not None and f.about_cancer for f in found):
        return None
    merged = merge(built, None)
    first = segments[0].entities
    others = {a.concept for s in segments[1:] for i in s.fragments if i.fragment for a in i.fragment.atoms}
    # HER2-negative breast cancer of stage III or IV: what stands before the name and is of another sort
    # holds in any case.
    fixed = [
        item.fragment
        for item in segments[0].fragments
        if first
        and item.fragment is not None
        and item.start < first[0].start
        and not {atom.concept for atom in item.fragment.atoms} & others
    ]
    parts = [
        f.expression
        for f in found
        if f is not None and f.expression is not None and all(f is not each for each in fixed)
    ]
    any_of = join(parts, any_of=True)
    own = [b.expression for s, b in zip(segments, built, strict=True) if s is named[0]]
    if not merged.complete or any_of is None or not isinstance(own[0], AllOf):
        return replace(merged, expression=Unread(said), complete=False, sure=False)
    cancer = [e for e in own[0].of if e not in parts]
    return replace(merged, expression=join([*cancer, any_of], any_of=False))
