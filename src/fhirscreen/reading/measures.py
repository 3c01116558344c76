"""Measured values: one bound or several, shared, alternative, conditional; of known and unknown measures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fhirscreen.criteria.bounds import Bound, Bounds, Limit
from fhirscreen.criteria.nodes import (
    AllOf,
    AnyOf,
    Condition,
    Conditional,
    Derived,
    Expression,
    Measured,
    Question,
    Unread,
)
from fhirscreen.criteria.studies import Kind
from fhirscreen.mapping.concepts import Concept, ConceptKind
from fhirscreen.reading.durations import time_unit
from fhirscreen.reading.fragments import Atom, Fragment, Sort
from fhirscreen.reading.items import JOINS, Item, Range, Role, words
from fhirscreen.reading.restatements import skip_restated
from fhirscreen.reading.sense import make_bounds, read_unit, readings_of
from fhirscreen.values.quantities import UnitTable

_KINDS = (ConceptKind.MEASUREMENT, ConceptKind.DERIVED)
_BETWEEN = (Role.FILLER, Role.COLON, Role.RANGE, Role.KNOWN, Role.DASH)
_OTHERWISE = words(
    """
    urine | urinary | csf | fetal | cord | birth | excess | direct | indirect | ionized | ascites |
    predicted | estimated
    """
)
_CHANGE = words(
    """
    increase | decrease | change | reduction | loss | gain | fall | rise | drop | decline | elevation |
    variation | difference | improvement | doubling
    """
)
_NOT_A_NAME = words(
    """
    grade | stage | dose | doses | cycle | line | week | day | month | year | episode | visit | hour |
    every | least
    """
)
_GLUE_WORDS = words(
    """
    present | involvement | involved | exist | which | case | documented | known | then | those |
    allowed | elevated | secondary | there | due
    """
)
_WORDS_IN_A_NAME = 6
_NEAR = 80
_NOT_IN_AN_ID = re.compile(r"[^a-z0-9]+|--+")
_RATE = "mL/min/{1.73_m2}"
_TRANSAMINASES = {"alanine-aminotransferase", "aspartate-aminotransferase"}
_BOTH = "“or” between AST and ALT under one upper bound is read as both"
_COCKCROFT = re.compile(r"cockc?ro", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Measures:
    """The productions for measured values, over one text and one table of units."""

    text: str
    units: UnitTable
    kind: Kind

    def read(self, items: Sequence[Item]) -> list[Item]:
        """The items with every measured value as a fragment."""
        found: list[Item] = []
        at = 0
        while at < len(items):
            item = items[at]
            made, end = None, at + 1
            if item.role in (Role.BOUND, Role.NUMBER) and item.range is not None:
                made, end = self._bounded(items, at, found)
            elif item.role is Role.NORMAL:
                made = self._normal(item, found)
            found.append(item if made is None else made)
            at = end
        return found

    def _bounded(self, items: Sequence[Item], at: int, found: list[Item]) -> tuple[Item | None, int]:
        item = items[at]
        numbers = item.range
        if numbers is None or (item.role is Role.NUMBER and not (numbers.limit and numbers.values)):
            return None, at + 1
        if numbers.values and numbers.low is None:
            return None, at + 1
        numbers.code = read_unit(numbers.unit, self.units)
        timed = time_unit(numbers.unit) is not None
        start, named, joins = self._before(found, timed=timed)
        upper = self.kind is Kind.INCLUSION and numbers.low is None
        both = upper and joins is Role.OR and _are_transaminases(named)
        end = at + 1
        if not named and not timed:
            start, named, end = self._after(items, at, len(found))
        if not named:
            return None, at + 1
        fragment = self._atoms(named, Role.AND if both else joins, numbers, item)
        if both:
            fragment = replace(fragment, warnings=(*fragment.warnings, _BOTH))
        first = min(named[0].start, item.start)
        del found[start:]
        made = Item(
            Role.FRAGMENT, first, items[end - 1].end, fragment=fragment, parts=list(named), range=numbers
        )
        end = skip_restated(
            items, end, _measure_of(named[0], numbers, self.units), numbers, self.text, self.units
        )
        conditional, last = self._conditional(items, end, made, joins)
        return (conditional, last) if conditional is not None else (made, end)

    def _before(self, found: list[Item], *, timed: bool) -> tuple[int, list[Item], Role]:
        """The measures that a bound belongs to, where they begin, and what joins them."""
        at = len(found)
        gloss = 0
        while at and at > len(found) - 14:
            role = found[at - 1].role
            if role in _BETWEEN or (role is Role.COMMA and at == len(found)):
                at -= 1
            elif role is Role.CLOSE:
                opened = at - 2
                while (
                    opened >= 0
                    and opened > at - 8
                    and found[opened].role
                    in (
                        Role.ENTITY,
                        Role.WORD,
                        Role.FILLER,
                        Role.DASH,
                        Role.NUMBER,
                        Role.CATEGORY,
                        Role.OR,
                        Role.AND,
                        Role.SLASH,
                    )
                ):
                    opened -= 1
                if opened < 0 or found[opened].role is not Role.OPEN or found[opened + 1].role in JOINS:
                    break  # ALT (or AST): no gloss, but another one
                at, gloss = opened, gloss + 1
            elif role is Role.OPEN and at == len(found):
                at -= 1
            else:
                break
        if not at:
            return 0, [], Role.AND
        last = found[at - 1]
        if (
            last.role is Role.FRAGMENT
            and last.parts
            and last.fragment is not None
            and last.fragment.sort is Sort.MEASURE
        ):
            return len(found), [], Role.AND
        if last.role is Role.OR and at > 1 and found[at - 2].parts and found[at - 2].role is Role.FRAGMENT:
            return len(found), found[at - 2].parts, Role.OR
        if _is_measure(last) and not (timed and not _of_time(last)):
            return self._shared(found, at - 1)
        if (
            timed
            and not (last.role is Role.WORD and last.key in ("gestation", "gestational"))
            and last.role is not Role.AGE
        ):
            return len(found), [], Role.AND
        return self._unknown(found, at)

    def _shared(self, found: list[Item], first: int) -> tuple[int, list[Item], Role]:
        """AST and ALT; AST/ALT; bilirubin, ALT, AST."""
        named, seen = [found[first]], set[Role]()
        while first >= 2:
            step = first - 1
            joins = []
            while (
                step >= 0
                and found[step].role in (*JOINS, Role.FILLER, Role.OPEN, Role.CLOSE)
                and step > first - 4
            ):
                joins.append(found[step].role)
                step -= 1
            if step < 0 or not _is_measure(found[step]) or not set(joins) & {*JOINS, Role.OPEN}:
                break
            if Role.OPEN in joins and not set(named[0].concepts) & set(found[step].concepts):
                break
            seen |= set(joins)
            if not set(joins) & set(JOINS) or set(named[0].concepts) & set(found[step].concepts):
                named[0] = found[step]  # the same, said twice: alanine aminotransferase (ALT)
            else:
                named.insert(0, found[step])
            first = step
        if first and found[first - 1].role is Role.WORD and found[first - 1].key in _OTHERWISE | _CHANGE:
            name = self._name(found[first - 1], named[-1])
            return first - 1, [name], Role.AND
        if first > 1 and found[first - 1].role is Role.FILLER and found[first - 2].key in _CHANGE:
            return first - 2, [self._name(found[first - 2], named[-1])], Role.AND
        return first, named, self._joined(seen) if len(named) > 1 else Role.AND

    def _joined(self, seen: set[Role]) -> Role:
        """AND where all are meant, OR where any is enough; NO where that cannot be told."""
        if Role.OR in seen:
            return Role.NO if Role.AND in seen else Role.OR
        if self.kind is Kind.INCLUSION:
            return Role.AND
        return Role.NO if Role.AND in seen else Role.OR

    def _name(self, first: Item, last: Item) -> Item:
        return Item(Role.WORD, first.start, last.end, self.text[first.start : last.end])

    def _unknown(self, found: list[Item], at: int) -> tuple[int, list[Item], Role]:
        """A measure that no mapping knows: the words before its number."""
        start = at
        while start and at - start < _WORDS_IN_A_NAME:
            item = found[start - 1]
            if (
                item.role in (Role.WORD, Role.AGE, Role.ENTITY)
                or (item.role is Role.NUMBER and start < at and not item.key)
                or (item.role is Role.DASH and start < at)
            ):
                start -= 1
            else:
                break
        while start < at and found[start].role in (Role.DASH, Role.NUMBER):
            start += 1
        if start == at or found[at - 1].key in _NOT_A_NAME or found[at - 1].role is Role.DASH:
            return len(found), [], Role.AND
        return start, [self._name(found[start], found[at - 1])], Role.AND

    def _after(self, items: Sequence[Item], at: int, start: int) -> tuple[int, list[Item], int]:
        """`≥ 100,000 platelets`, `at least 40 % speech recognition`."""
        end = at + 1
        while end < len(items) and items[end].role is Role.FILLER and end < at + 3:
            end += 1
        if end < len(items) and _is_measure(items[end]):
            return start, [items[end]], end + 1
        numbers = items[at].range
        if numbers is None or not numbers.unit or end >= len(items) or items[end].role is not Role.WORD:
            return start, [], at + 1
        last = end
        while last + 1 < len(items) and items[last + 1].role is Role.WORD and last < end + 2:
            last += 1
        return start, [self._name(items[end], items[last])], last + 1

    def _atoms(self, named: Sequence[Item], joined: Role, numbers: Range, item: Item) -> Fragment:
        expressions: list[Expression] = []
        atoms: list[Atom] = []
        warnings: list[str] = []
        for each in named:
            concept = _measure_of(each, numbers, self.units)
            expression, noted = self._expression(concept, numbers, item)
            expressions += [] if expression is None else [expression]
            warnings += noted
            name = self.text[each.start : each.end]
            atoms.append(
                _atom(concept.id if concept else None, name, numbers, min(each.start, item.start), item.end)
            )
        asked = any(isinstance(each, Question) for each in expressions)
        whole = len(expressions) == len(named) and joined is not Role.NO
        if joined is Role.NO:
            warnings.append("whether all of these are meant or any of them cannot be told")
        joined_up: Expression | None = None
        if expressions:
            made = tuple(dict.fromkeys(expressions))
            joined_up = made[0] if len(made) == 1 else AnyOf(made) if joined is Role.OR else AllOf(made)
        rule = "shared bound" if len(named) > 1 else "bound"
        return Fragment(
            Sort.MEASURE,
            joined_up if whole else None,
            tuple(atoms),
            (rule,),
            tuple(dict.fromkeys(warnings)),
            complete=whole and not asked,
        )

    def _expression(
        self, concept: Concept | None, numbers: Range, item: Item
    ) -> tuple[Expression | None, list[str]]:
        if concept is None:
            return None, []
        near = self.text[max(0, item.start - _NEAR) : item.end + _NEAR]
        if concept.unit == _RATE and numbers.code != _RATE and _COCKCROFT.search(near):
            return None, [
                f"{concept.label} is not computed by Cockcroft and Gault: which of the two is meant?"
            ]
        bounds, warnings = make_bounds(numbers, concept, self.units)
        either = readings_of(numbers, concept, self.units) if bounds is None else None
        if either is not None:  # haemoglobin ≥ 11 g/L
            names = [_NOT_IN_AN_ID.sub("-", unit.lower()).strip("-") for unit, _ in either]
            values = [value for value in (numbers.low, numbers.high) if value is not None]
            asked = "-".join([concept.id, *(f"{value:g}".replace(".", "-") for value in values), names[0]])
            if names[0] != names[1] and _NOT_IN_AN_ID.sub("-", asked) == asked:
                readings = [
                    (name, _measured(concept, each)) for name, (_, each) in zip(names, either, strict=True)
                ]
                return Question(asked, tuple(readings)), warnings
        return (None if bounds is None else _measured(concept, bounds)), warnings

    def _conditional(
        self, items: Sequence[Item], end: int, first: Item, joined: Role
    ) -> tuple[Item | None, int]:
        """`≤ 2.5 × ULN (≤ 5 × ULN if liver metastases)`, and the same in other words."""
        at, opened = end, False
        introduced = False
        while (
            at < len(items)
            and at < end + 6
            and items[at].role
            in (Role.OPEN, Role.COMMA, Role.OR, Role.EXCEPT, Role.AND, Role.FILLER, Role.DASH, Role.STOP)
        ):
            if items[at].role is Role.STOP and items[at].text == ".":
                return None, end
            opened = opened or items[at].role is Role.OPEN
            introduced = introduced or items[at].role is not Role.FILLER
            at += 1
        if at >= len(items) or not introduced:
            return None, end
        if items[at].role is Role.BOUND and _same_measure(first.range, items[at].range):
            second, at = items[at], at + 1
            condition, stop = self._condition(items, at)
        elif items[at].role is Role.IF or (
            items[at - 1].role in (Role.EXCEPT, Role.FILLER) and items[at].role is Role.ENTITY
        ):
            condition, stop = self._condition(items, at)
            while (
                stop < len(items)
                and stop < at + 14
                and (
                    items[stop].role
                    in (Role.COMMA, Role.FILLER, Role.IF, Role.DASH, Role.COLON, Role.RECEIVED)
                    or items[stop].key in _GLUE_WORDS
                )
            ):
                stop += 1
            if (
                stop >= len(items)
                or items[stop].role is not Role.BOUND
                or not _same_measure(first.range, items[stop].range)
            ):
                return None, end
            second, stop = items[stop], stop + 1
        else:
            return None, end
        if condition is None or second.range is None or first.fragment is None:
            return None, end
        if opened:
            if stop >= len(items) or items[stop].role is not Role.CLOSE:
                return None, end
            stop += 1
        second.range.code = read_unit(second.range.unit, self.units)
        upper = self.kind is Kind.INCLUSION and second.range.low is None
        if upper and _are_transaminases(first.parts):
            joined = Role.AND
        other = self._atoms(first.parts, joined, second.range, second)
        expression = None
        if first.fragment.expression is not None and other.expression is not None:
            expression = Conditional(condition, other.expression, first.fragment.expression)
        fragment = Fragment(
            Sort.MEASURE,
            expression,
            (*first.fragment.atoms, *other.atoms),
            (*first.fragment.rules, "conditional limit"),
            tuple(dict.fromkeys((*first.fragment.warnings, *other.warnings))),
            complete=expression is not None and not _has_unread(condition),
        )
        return Item(
            Role.FRAGMENT, first.start, items[stop - 1].end, fragment=fragment, parts=first.parts
        ), stop

    def _condition(self, items: Sequence[Item], at: int) -> tuple[Expression | None, int]:
        """`if liver metastases are present`: the condition, and where it ends."""
        conditions: list[Expression] = []
        words: list[Item] = []
        led = False
        end = at
        while end < len(items) and end < at + 12:
            item = items[end]
            if item.role in (Role.IF, Role.FILLER, Role.KNOWN, Role.EXCEPT):
                led = True
            elif item.role is Role.ENTITY and item.concepts[0].kind in (
                ConceptKind.DIAGNOSIS,
                ConceptKind.EVENT,
            ):
                conditions.append(Condition(item.concepts[0].id))
            elif (
                item.key in _GLUE_WORDS
                or item.role in (Role.OR, Role.SLASH)
                or (item.role is Role.AND and conditions)
            ):
                pass
            elif item.role in (Role.WORD, Role.ENTITY, Role.ACTIVE, Role.HISTORY):
                words.append(item)
            else:
                break
            end += 1
        while end > at and items[end - 1].role in (Role.OR, Role.AND):
            end -= 1
        if not led or not (conditions or words) or any(_is_measure(i) for i in words):
            return None, at
        if words:
            conditions.append(Unread(self.text[words[0].start : words[-1].end]))
        return (conditions[0] if len(conditions) == 1 else AnyOf(tuple(conditions))), end

    def _normal(self, item: Item, found: list[Item]) -> Item | None:
        """`calcium within normal limits`."""
        start, named, _ = self._before(found, timed=False)
        if not named or start >= len(found) or not all(each.role is Role.ENTITY for each in named):
            return None
        if item.end - item.start < len("within") and item.text.lower() == "normal":
            return None
        expressions: list[Expression] = []
        atoms: list[Atom] = []
        for each in named:
            concept = _measure_of(each, Range(limit="uln"), self.units)
            if concept is None:
                return None
            expressions.append(
                _measured(concept, Bounds(Bound(1, limit=Limit.LLN), Bound(1, limit=Limit.ULN)))
            )
            for limit, low, high in (("lln", 1.0, None), ("uln", None, 1.0)):
                atoms.append(
                    Atom(
                        concept.id,
                        self.text[each.start : each.end],
                        each.start,
                        item.end,
                        low,
                        True if low else None,
                        high,
                        True if high else None,
                        limit=limit,
                    )
                )
        made = expressions[0] if len(expressions) == 1 else AllOf(tuple(expressions))
        first = found[start].start
        del found[start:]
        return Item(
            Role.FRAGMENT,
            first,
            item.end,
            fragment=Fragment(Sort.MEASURE, made, tuple(atoms), ("normal limits",)),
        )


def _are_transaminases(named: Sequence[Item]) -> bool:
    """Whether AST and ALT share a bound: one good value of the two is not enough."""
    ids = [{concept.id for concept in each.concepts} for each in named]
    return len(ids) > 1 and all(each and each <= _TRANSAMINASES for each in ids)


def _has_unread(expression: Expression) -> bool:
    return isinstance(expression, Unread) or (
        isinstance(expression, AnyOf) and any(map(_has_unread, expression.of))
    )


def _same_measure(first: Range | None, second: Range | None) -> bool:
    """Whether a second bound can be of the same measure: a multiple of a limit beside one, or a like unit."""
    if first is None or second is None or time_unit(second.unit):
        return False
    return (first.low is None) == (second.low is None) and (first.high is None) == (second.high is None)


def _measured(concept: Concept, bounds: Bounds) -> Expression:
    return (
        Derived(concept.id, bounds) if concept.kind is ConceptKind.DERIVED else Measured(concept.id, bounds)
    )


def _is_measure(item: Item) -> bool:
    return item.role is Role.ENTITY and any(concept.kind in _KINDS for concept in item.concepts)


def _of_time(item: Item) -> bool:
    return any(concept.unit in ("ms", "s") for concept in item.concepts)


def _measure_of(item: Item, numbers: Range, units: UnitTable) -> Concept | None:
    """The concept that a name means here: the one whose unit fits, where it names several."""
    known = [concept for concept in item.concepts if concept.kind in _KINDS]
    if len(known) > 1 and numbers.code is not None:
        fitting = [
            c
            for c in known
            if c.unit and units.affine(numbers.code, c.unit, molar_mass=c.molar_mass, valence=c.valence)
        ]
        return fitting[0] if len(fitting) == 1 else None
    return known[0] if len(known) == 1 else None


def _atom(concept: str | None, name: str, numbers: Range, start: int, end: int) -> Atom:
    return Atom(
        concept, " ".join(name.split()), start, end,
        numbers.low, numbers.low_inclusive if numbers.low is not None else None,
        numbers.high, numbers.high_inclusive if numbers.high is not None else None,
        numbers.code, numbers.limit or None,
    )  # fmt: skip
