"""Categories: performance status, NYHA, Child-Pugh, stages, T/N/M, positive and negative."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fhirscreen.criteria.bounds import Staging
from fhirscreen.criteria.nodes import Finding
from fhirscreen.mapping.concepts import Concept, ConceptKind
from fhirscreen.reading.fragments import Atom, Fragment, Sort
from fhirscreen.reading.items import JOINS, Item, Range, Role

_CATEGORY = re.compile(r"(y?[cp]|[ra])?([TNM])(is|\+|[xX]|[0-4][a-d]?)(?:\s?[-~]\s?([0-4][a-d]?))?")
_ROMAN = re.compile(r"(IV|I{1,3})([A-D]?)[1-3]?")
_DIGITS = {1: "I", 2: "II", 3: "III", 4: "IV"}
_ECOG = "ecog-performance-status"
_NYHA = "nyha-class"
_FAILURE = "heart-failure"
_FAR = 12
_SIGNS = {"positive", "negative"}
_PAIR = re.compile(r"\d(?:,\d)+")
_GLUE = (Role.FILLER, Role.COLON, Role.OPEN, Role.CLOSE, Role.DASH)
_STAGINGS = {
    "c": Staging.CLINICAL,
    "p": Staging.PATHOLOGICAL,
    "yp": Staging.POST_THERAPY,
    "yc": Staging.POST_THERAPY,
}


def read_categories(items: Sequence[Item], concepts: dict[str, Concept]) -> list[Item]:
    """The items with categories and their values as fragments."""
    found: list[Item] = []
    at = 0
    while at < len(items):
        item = items[at]
        made: tuple[Fragment, int, int] | None = None
        if item.role is Role.CATEGORY:
            made = _tnm(items, at, concepts)
        elif item.role is Role.WORD and item.key == "stage" and "stage-group" in concepts:
            made = _valued(items, at, concepts["stage-group"])
        elif item.role is Role.WORD and item.key == "ps" and _ECOG in concepts:
            made = _valued(items, at, concepts[_ECOG])
        elif item.text.lower() == "class" and _NYHA in concepts and _is_of_a_heart(items, at):
            made = _class(items, at, concepts[_NYHA], found)
        elif item.role is Role.ENTITY:
            for concept in item.concepts:
                if concept.kind is ConceptKind.CATEGORY:
                    made = _valued(items, at, concept) or _signed(items, at, concept, found)
                    if made is not None:
                        break
        if made is None:
            found.append(item)
            at += 1
            continue
        fragment, back, end = made
        start = item.start
        for _ in range(back):
            start = found.pop().start
        ahead = "ahead" if back else ""
        found.append(Item(Role.FRAGMENT, start, items[end - 1].end, key=ahead, fragment=fragment))
        at = end
    return _share_signs(found)


def _share_signs(items: list[Item]) -> list[Item]:
    """The items with the sign of one of a list for those that have none: positive for A, B or C.

    Negative for A or B is left: it may mean neither, or one of the two.
    """
    found = list(items)
    signed = [i for i, item in enumerate(found) if item.fragment and item.fragment.rules == ("sign",)]
    for first in signed:
        step = 1 if found[first].key else -1
        at, joined = first + step, 0
        while 0 <= at < len(found) and joined < _FAR:
            item = found[at]
            if item.role in (Role.FILLER, *JOINS, Role.OPEN, Role.CLOSE):
                at, joined = at + step, joined + 1
                continue
            concept = next((c for c in item.concepts if {v.name for v in c.values} >= _SIGNS), None)
            sign = found[first].fragment
            between = found[min(at, first) + 1 : max(at, first)]
            if item.role is not Role.ENTITY or concept is None or sign is None or len(item.concepts) > 1:
                break
            values = sign.atoms[0].values or ()
            roles = {each.role for each in between}
            if roles.isdisjoint(JOINS) or (Role.OR in roles and values != ("positive",)):
                break
            made = _finish(concept, values, item.text or concept.label, item.start, item.end, "sign")
            found[at] = Item(Role.FRAGMENT, item.start, item.end, fragment=made)
            at, joined = at + step, 0
    return found


def _is_of_a_heart(items: Sequence[Item], at: int) -> bool:
    """Whether heart failure or New York's scale follows: class III or IV congestive heart failure."""
    for item in items[at + 1 : at + _FAR]:
        if item.concepts:
            return any(concept.id in (_NYHA, _FAILURE) for concept in item.concepts)
    return False


def _class(
    items: Sequence[Item], at: int, concept: Concept, before: Sequence[Item]
) -> tuple[Fragment, int, int] | None:
    """Class III or IV, > class II: with the comparator that stands before."""
    if not (before and before[-1].role is Role.COMPARE):
        return _valued(items, at, concept)
    turned = [*items[:at], items[at], before[-1], *items[at + 1 :]]
    made = _valued(turned, at, concept)
    return (made[0], 1, made[2] - 1) if made is not None else None


def _finish(
    concept: Concept, values: Sequence[str], name: str, start: int, end: int, rule: str, **more: object
) -> Fragment:
    wanted = tuple(dict.fromkeys(values))
    staging = more.get("staging")
    numbers = more.get("range")
    expression = Finding(concept.id, wanted, staging if isinstance(staging, Staging) else None)
    atom = Atom(concept.id, name, start, end, values=wanted)
    if isinstance(numbers, Range) and (numbers.low is None) != (numbers.high is None):
        atom = Atom(
            concept.id, name, start, end,
            numbers.low, numbers.low_inclusive if numbers.low is not None else None,
            numbers.high, numbers.high_inclusive if numbers.high is not None else None,
        )  # fmt: skip
    return Fragment(Sort.CATEGORY, expression, (atom,), (rule,), about_cancer=concept.about_cancer)


def _valued(items: Sequence[Item], at: int, concept: Concept) -> tuple[Fragment, int, int] | None:
    names = [value.name for value in concept.values if not value.unknown]
    numeric = bool(names) and all(name.isdigit() for name in names)
    end = at + 1
    while end < len(items) and end < at + 8:
        item = items[end]
        if (item.role is Role.ENTITY and concept in item.concepts) or (
            item.key == "ps" and concept.id == _ECOG
        ):
            end += 1
        elif (
            item.role in (Role.SLASH, Role.OR) and end + 1 < len(items) and concept in items[end + 1].concepts
        ):
            end += 2
        elif (item.role in _GLUE and item.text != "A") or (
            item.key == "grade" and concept.id == "nyha-class"
        ):
            end += 1
        else:
            break
    if end >= len(items):
        return None
    name = items[at].text or concept.label
    item = items[end]
    if numeric:
        numbers = item.range
        if (
            numbers is None
            or item.role not in (Role.BOUND, Role.NUMBER)
            or numbers.limit
            or numbers.unit not in ("", "%")
        ):
            return None
        if _PAIR.fullmatch(item.text):  # 0,1
            numbers = Range(values=tuple(float(digit) for digit in item.text.split(",")))
        chosen = [n for n in names if fits(float(n), numbers)]
        if not chosen or (numbers.values and len(chosen) != len(numbers.values)):
            return None
        last = _scale(items, _close(items, at, end + 1), concept)
        return (
            _finish(concept, chosen, name, items[at].start, items[end].end, "scale", range=numbers),
            0,
            last,
        )
    if "I" in names:
        chosen, last = _romans(items, end, concept)
        if chosen:
            return (
                _finish(concept, chosen, name, items[at].start, items[last - 1].end, "stage"),
                0,
                _close(items, at, last),
            )
        return None
    if names == ["A", "B", "C"]:
        chosen, last = _letters(items, end)
        if chosen:
            return (
                _finish(concept, chosen, name, items[at].start, items[last - 1].end, "class"),
                0,
                _close(items, at, last),
            )
    return None


def _scale(items: Sequence[Item], end: int, concept: Concept) -> int:
    """Past the name of the scale after its value: "0-2 on the ECOG scale"."""
    at = end
    while at < len(items) and at < end + 4:
        item = items[at]
        if item.role is Role.ENTITY and concept in item.concepts:
            return _close(items, end, at + 1)
        if item.role not in (Role.FILLER, Role.OPEN) and item.text.lower() not in ("on", "using"):
            break
        at += 1
    return end


def _close(items: Sequence[Item], at: int, end: int) -> int:
    """Past the parenthesis that was opened inside."""
    depth = sum((i.role is Role.OPEN) - (i.role is Role.CLOSE) for i in items[at:end])
    return end + 1 if depth > 0 and end < len(items) and items[end].role is Role.CLOSE else end


def fits(value: float, numbers: Range) -> bool:
    """Whether a value lies within the bounds or is one of those that are listed."""
    if numbers.values:
        return value in numbers.values
    if numbers.low is not None and not (
        value > numbers.low or (value == numbers.low and numbers.low_inclusive)
    ):
        return False
    return numbers.high is None or value < numbers.high or (value == numbers.high and numbers.high_inclusive)


def _roman(item: Item) -> str | None:
    if item.role is Role.NUMBER and item.value in _DIGITS and not item.key:
        return _DIGITS[int(item.value)]
    match = _ROMAN.fullmatch(item.text) if item.role in (Role.WORD, Role.ENTITY, Role.FILLER) else None
    return match[1] + match[2] if match else None


def _romans(items: Sequence[Item], at: int, concept: Concept) -> tuple[list[str], int]:
    """III-IV, II or III, ≥ III, III or higher, 3/4: the values, and where they end."""
    names = [value.name for value in concept.values]
    bound = items[at]
    if bound.range is not None and not bound.range.unit and not bound.range.limit:
        numbers = [n for n in _DIGITS if fits(n, bound.range)]
        return [_DIGITS[n] for n in numbers if _DIGITS[n] in names], at + 1
    operator = ""
    if items[at].role is Role.COMPARE:
        operator = items[at].key
        at += 1
        while at < len(items) and items[at].role is Role.FILLER:
            at += 1
    if at >= len(items) or (first := _roman(items[at])) is None or first not in names:
        return [], at
    chosen, end = [first], at + 1
    while end + 1 < len(items):
        join, step = items[end], end + 1
        while (
            step < len(items)
            and (
                items[step].role in JOINS
                or items[step].key == "stage"
                or items[step].text.lower() in ("class", "stage")
            )
            and step < end + 4
        ):
            step += 1
        following = _roman(items[step]) if step < len(items) else None
        if following is None or following not in names:
            break
        if join.role is Role.DASH or join.text.lower() in ("to", "through"):
            chosen += _between(concept, chosen[-1], following)
        elif join.role in JOINS:
            chosen.append(following)
        else:
            break
        end = step + 1
    if end < len(items) and items[end].role is Role.COMPARE_AFTER:
        operator, end = items[end].key, end + 1
    if operator and len(chosen) == 1:
        last = [n for n in names if concept.value(n) and not _parent(concept, n)][
            -1 if operator[0] == ">" else 0
        ]
        low, high = (first, last) if operator[0] == ">" else (last, first)
        chosen = _between(concept, low, high)
        if "=" not in operator:
            chosen = [c for c in chosen if c != first and _parent(concept, c) != first]
    return chosen, end


def _parent(concept: Concept, name: str) -> str | None:
    value = concept.value(name)
    return value.parent if value else None


def _between(concept: Concept, low: str, high: str) -> list[str]:
    """The values from one to another by order, a coarser one only where all its finer ones are in."""
    names = [v.name for v in concept.values if not v.unknown]
    leaves = [n for n in names if concept.leaves(n) == frozenset((n,))]
    first = min((leaves.index(n) for n in concept.leaves(low) if n in leaves), default=0)
    last = max((leaves.index(n) for n in concept.leaves(high) if n in leaves), default=-1)
    inside = set(leaves[first : last + 1])
    whole = [n for n in names if concept.leaves(n) <= inside]
    return [n for n in whole if _parent(concept, n) not in whole]


def _letters(items: Sequence[Item], at: int) -> tuple[list[str], int]:
    chosen: list[str] = []
    end = at
    while end < len(items):
        text = items[end].text
        if text in ("A", "B", "C") and not (end + 1 < len(items) and items[end + 1].role is Role.NUMBER):
            chosen.append(text)
            end += 1
        elif (
            chosen
            and items[end].role in (*JOINS, Role.DASH)
            and end + 1 < len(items)
            and items[end + 1].text in ("A", "B", "C")
        ):
            end += 1
        else:
            break
    return chosen, end


def _tnm(items: Sequence[Item], at: int, concepts: dict[str, Concept]) -> tuple[Fragment, int, int] | None:
    match = _CATEGORY.fullmatch(items[at].text)
    if match is None:
        return None
    concept = concepts.get(f"{match[2].lower()}-category")
    if concept is None:
        return None
    names = {value.name for value in concept.values}
    chosen: list[str] = []
    end, prefix = at, match[1]
    while end < len(items):
        found = _CATEGORY.fullmatch(items[end].text) if items[end].role is Role.CATEGORY else None
        if found is None or found[2] != match[2]:
            break
        if found[3] == "+":
            chosen += ["N1", "N2", "N3"]
        else:
            first = found[2] + found[3].replace("x", "X")
            chosen += _between(concept, first, found[2] + found[4]) if found[4] else [first]
        end += 1
        step = end
        while step < len(items) and items[step].role in (*JOINS, Role.DASH) and step < end + 2:
            step += 1
        following = (
            _CATEGORY.fullmatch(items[step].text)
            if step < len(items) and step > end and items[step].role is Role.CATEGORY
            else None
        )
        if following is None or following[2] != match[2]:
            break
        if items[end].role is Role.DASH:
            chosen += _between(concept, chosen[-1], following[2] + following[3])
        end = step
    if (
        end < len(items)
        and items[end].role is Role.COMPARE_AFTER
        and len(chosen) == 1
        and items[end].key == ">="
    ):
        last = [n for n in concept.values if not n.unknown and n.parent is None][-1].name
        chosen, end = _between(concept, chosen[0], last), end + 1
    if not chosen or not set(chosen) <= names:
        return None
    staging = _STAGINGS.get(prefix or "")
    fragment = _finish(concept, chosen, match[2], items[at].start, items[end - 1].end, "tnm", staging=staging)
    return fragment, 0, end


def _signed(
    items: Sequence[Item], at: int, concept: Concept, before: Sequence[Item]
) -> tuple[Fragment, int, int] | None:
    """HER2-positive, a negative pregnancy test, HBsAg (+)."""
    names = {value.name for value in concept.values}
    if not {"positive", "negative"} <= names:
        return None
    end = at + 1
    while (
        end < len(items)
        and items[end].role in (Role.FILLER, Role.DASH, Role.OPEN)
        and end < at + 4
        and items[end].text != "+"
    ):
        end += 1
    name = items[at].text or concept.label
    if end < len(items):
        sign = (
            items[end].key
            if items[end].role in (Role.POSITIVE, Role.NEGATIVE)
            else "positive"
            if items[end].text == "+"
            else ""
        )
        if sign:
            last = _close(items, at, end + 1)
            return _finish(concept, [sign], name, items[at].start, items[end].end, "sign"), 0, last
    back = 0
    while back < len(before) and back < 2 and before[-1 - back].role is Role.FILLER:
        back += 1
    if back < len(before) and before[-1 - back].role in (Role.POSITIVE, Role.NEGATIVE):
        ahead = before[-1 - back]
        return _finish(concept, [ahead.key], name, ahead.start, items[at].end, "sign"), back + 1, at + 1
    if concept.id.endswith("-mutation"):
        return _finish(concept, ["positive"], name, items[at].start, items[at].end, "mutation"), 0, at + 1
    return None
