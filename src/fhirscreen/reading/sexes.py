"""Bounds that differ by sex: haemoglobin ≥ 13 g/dL for men, ≥ 12 g/dL for women."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from fhirscreen.criteria.nodes import AllOf, AnyOf, Expression, Sex
from fhirscreen.reading.fragments import Fragment, Sort
from fhirscreen.reading.items import JOINS, Item, Role
from fhirscreen.reading.segments import kind_of

Measured: TypeAlias = "Callable[[Sequence[Item]], list[Item]]"
"""Reads the measured values among items."""

_GLUE = (Role.FILLER, Role.OPEN, Role.CLOSE, Role.STOP, Role.COLON, Role.DASH, Role.IF, Role.RANGE, *JOINS)
_SENTENCE = "."
_SEXES = {"male", "female"}
_LONGEST = 24


def read_by_sex(items: Sequence[Item], measured: Measured) -> list[Item]:
    """The items with such a pair of bounds as one fragment: each holds for its sex alone.

    The measure stands once before both, or before each of them, and nothing that is not known stands between.
    """
    found = list(items)
    at = 0
    while at < len(found):
        made = _pair_at(found, at, measured) if found[at].role in (Role.SEX, Role.BOUND) else None
        if made is None:
            at += 1
            continue
        start, end, item = made
        found[start:end] = [item]
        at = start + 1
    return found


def _pair_at(items: list[Item], at: int, measured: Measured) -> tuple[int, int, Item] | None:
    """A pair that begins at an item: where it begins with its measure, where it ends, and what it says."""
    parts: list[int] = []
    for index in range(at, min(len(items), at + _LONGEST)):
        item = items[index]
        if item.role in (Role.SEX, Role.BOUND) or (item.role is Role.NUMBER and parts):
            parts.append(index)
            if len(parts) == 4:
                break
        elif item.role is Role.ENTITY:
            if not parts or items[parts[-1]].role is not Role.SEX or kind_of(item) is not None:
                return None
        elif item.role not in _GLUE or item.text == _SENTENCE:
            return None
    if len(parts) < 4 or {items[i].key for i in parts if items[i].role is Role.SEX} != _SEXES:
        return None
    sexes = [i for i in parts if items[i].role is Role.SEX]
    bounds = [i for i in parts if items[i].role is not Role.SEX]
    if (
        len(sexes) != 2
        or (sexes[0] < bounds[0]) != (sexes[1] < bounds[1])
        or parts[1] > max(sexes[0], bounds[0])
    ):
        return None
    start = _name_start(items, at)
    shared = items[start:at]
    arms = []
    for sex, bound in zip(sexes, bounds, strict=True):
        own = [i for i in items[sex + 1 : bound] if i.role is Role.ENTITY] if sex < bound else []
        name = own or shared
        number = _like(items[bounds[0]], items[bound])
        read = measured([*name, number]) if name and number is not None else []
        fragment = read[-1].fragment if len(read) == 1 else None
        if fragment is None or fragment.sort is not Sort.MEASURE:
            return None
        arms.append((items[sex].key, fragment))
    end = parts[-1] + 1
    end += (
        sum(1 for i in items[at:end] if i.role is Role.OPEN)
        > sum(1 for i in items[at:end] if i.role is Role.CLOSE)
        and end < len(items)
        and items[end].role is Role.CLOSE
    )
    whole = all(fragment.expression is not None for _, fragment in arms)
    made: list[Expression] = [
        AllOf((Sex(sex), fragment.expression)) for sex, fragment in arms if fragment.expression is not None
    ]
    one = Fragment(
        Sort.MEASURE,
        AnyOf(tuple(made)) if whole else None,
        tuple(atom for _, fragment in arms for atom in fragment.atoms),
        ("by sex",),
        tuple(dict.fromkeys(note for _, fragment in arms for note in fragment.warnings)),
        complete=whole and all(fragment.complete for _, fragment in arms),
    )
    first = items[start].start if shared else items[at].start
    return start, end, Item(Role.FRAGMENT, first, items[end - 1].end, fragment=one, parts=list(shared))


def _like(first: Item, second: Item) -> Item | None:
    """A second number without a comparator of its own as a bound to the same side: < 12 g/dL, or 11 g/dL."""
    if second.role is Role.BOUND:
        return second
    given, numbers = first.range, second.range
    if given is None or numbers is None or len(numbers.values) != 1 or numbers.unit != given.unit:
        return None
    if (given.low is None) == (given.high is None) or numbers.limit or given.limit:
        return None
    value = numbers.values[0]
    made = replace(
        given, low=None if given.low is None else value, high=None if given.high is None else value
    )
    return replace(second, role=Role.BOUND, range=made)


def _name_start(items: Sequence[Item], at: int) -> int:
    """Where the measure before an item begins, with the signs between them."""
    start = at
    while start and items[start - 1].role in (
        Role.FILLER,
        Role.COLON,
        Role.DASH,
        Role.COMMA,
        Role.OPEN,
        Role.IF,
    ):
        start -= 1
    if start and items[start - 1].role is Role.CLOSE:  # haemoglobin (Hb)
        opened = start - 2
        while opened >= 0 and items[opened].role is Role.ENTITY:
            opened -= 1
        if opened > 0 and items[opened].role is Role.OPEN:
            start = opened
    return start - 1 if start and items[start - 1].role is Role.ENTITY else at
