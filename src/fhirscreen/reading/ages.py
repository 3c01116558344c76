"""Ages and sex: "18 years or older", "aged 18-75", "adults", "women"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fhirscreen.criteria.bounds import Bound, Bounds
from fhirscreen.criteria.nodes import Age, AllOf, AnyOf, Constant, Expression, Sex
from fhirscreen.exceptions import StudyError
from fhirscreen.reading.arising import PREGNANCY_TESTS
from fhirscreen.reading.durations import time_unit
from fhirscreen.reading.fragments import Atom, Fragment, Sort
from fhirscreen.reading.items import Item, Range, Role

_OTHER_AGES = (
    "gestational",
    "gestation",
    "bone",
    "mental",
    "developmental",
    "postmenstrual",
    "conceptional",
    "post",
    "fetal",
    "corrected",
)
_BETWEEN = (Role.FILLER, Role.COLON, Role.OPEN, Role.RANGE, Role.DASH, Role.COMPARE)
_SUBJECTS = (Role.FILLER, Role.SEX, Role.ADULT, Role.OPEN, Role.DASH, Role.COMMA, Role.NUMBER, Role.COLON)
_ADULT_AGE = 18.0
_YOUNG = ("child", "adolescent", "teenager", "pediatric", "infant", "minor")


def read_ages(items: Sequence[Item]) -> list[Item]:
    """The items with every bound of an age as a fragment."""
    found: list[Item] = []
    at = 0
    while at < len(items):
        item = items[at]
        if item.role in (Role.BOUND, Role.NUMBER) and item.range is not None and _could_be_age(item.range):
            start, end = _age_around(items, at, found)
            numbers = _as_range(item, named=start < len(found))
            if end and numbers is not None:
                del found[start:]
                first = items[at].start if start >= len(found) else found[start].start
                first = min(first, item.start)
                found.append(_fragment(numbers, first, items[end - 1].end, item))
                at = end
                continue
        found.append(item)
        at += 1
    ages = [
        a for i in found if i.fragment is not None and i.fragment.sort is Sort.AGE for a in i.fragment.atoms
    ]
    has_age = any(atom.low is not None or atom.unit != "a" for atom in ages)
    has_age = has_age or any(item.key in _YOUNG for item in found)  # children and adults are of any age
    return [_adult(item, has_age) if item.role is Role.ADULT else item for item in found]


def _could_be_age(numbers: Range) -> bool:
    return not numbers.limit and (not numbers.unit or time_unit(numbers.unit) in ("a", "mo", "wk", "d", "h"))


def _as_range(item: Item, *, named: bool) -> Range | None:
    numbers = item.range
    if numbers is None or item.role is Role.BOUND:
        return numbers
    if len(numbers.values) == 2 and numbers.values[0] < numbers.values[1] and named:  # ages of 18 and 55
        return Range(numbers.values[0], numbers.values[1], unit=numbers.unit)
    return None


def _age_around(items: Sequence[Item], at: int, before: Sequence[Item]) -> tuple[int, int]:
    """Where the age begins among the items before and where it ends; (.., 0) where this is none."""
    numbers = items[at].range
    start = len(before)
    back = start
    while back and before[back - 1].role in _BETWEEN and start - back < 4:
        back -= 1
    named = back > 0 and before[back - 1].role is Role.AGE
    if named:
        back -= 1
        if back and before[back - 1].text.lower() in _OTHER_AGES:
            return start, 0
        start = back
    end = at + 1
    following = end
    while (
        following < len(items)
        and items[following].role in (Role.DASH, Role.FILLER, Role.COMMA, Role.WORD)
        and following < end + 2
    ):
        if items[following].role is Role.WORD and time_unit(items[following].text) is None:
            break
        following += 1
    if following < len(items) and items[following].role is Role.OLD:
        return start, following + 1
    if following < len(items) and items[following].role is Role.AGE:  # 20-70 age
        return start, following + 1
    if numbers is None:
        return start, 0
    if named or numbers.older:
        if end < len(items) and following > end and items[following - 1].role is Role.WORD:
            end = following
        return start, end
    if time_unit(numbers.unit) != "a" or items[at].role is Role.NUMBER:
        return start, 0
    alone = all(item.role in _SUBJECTS for item in before)
    stops = end >= len(items) or items[end].role in (
        Role.CLOSE,
        Role.COMMA,
        Role.STOP,
        Role.AND,
        Role.SEX,
        Role.ADULT,
    )
    told = any(item.role is Role.ADULT for item in before) and _closed(items, end)
    return start, end if (alone and stops) or told else 0


def _closed(items: Sequence[Item], at: int) -> bool:
    return at < len(items) and items[at].role is Role.CLOSE


def _fragment(numbers: Range, start: int, end: int, item: Item) -> Item:
    unit = time_unit(numbers.unit) or "a"
    atom = Atom(
        "age", "age", start, end,
        numbers.low, numbers.low_inclusive if numbers.low is not None else None,
        numbers.high, numbers.high_inclusive if numbers.high is not None else None,
        unit,
    )  # fmt: skip
    warnings: tuple[str, ...] = ()
    expression = None
    ends = [_in_years(value, unit) for value in (numbers.low, numbers.high)]
    if all(
        whole is not None
        for value, whole in zip((numbers.low, numbers.high), ends, strict=True)
        if value is not None
    ):
        low, high = ends
        try:
            expression = Age(
                Bounds(
                    None if low is None else Bound(low, "a", inclusive=numbers.low_inclusive),
                    None if high is None else Bound(high, "a", inclusive=numbers.high_inclusive),
                )
            )
        except StudyError as error:
            warnings = (error.what,)
    else:
        warnings = ("an age in parts of a year: the criteria language counts whole years",)
    made = Fragment(Sort.AGE, expression, (atom,), ("age",), warnings, complete=expression is not None)
    return Item(Role.FRAGMENT, start, end, fragment=made)


def from_birthday(expression: Expression | None) -> tuple[Expression | None, tuple[str, ...]]:
    """A required age above a number, from that birthday on: who is 18 and some months is over 18.

    With what to say of it. Not under a negation: there a closed bound would shut more people out.
    """
    match expression:
        case Age(Bounds(low=Bound(inclusive=False) as low) as bounds):
            note = f"above {low.value:g} is read as from that birthday on: who is {low.value:g} may take part"
            return Age(replace(bounds, low=replace(low, inclusive=True))), (note,)
        case AllOf(of) | AnyOf(of):
            made = [from_birthday(each) for each in of]
            notes = tuple(dict.fromkeys(note for _, noted in made for note in noted))
            parts = tuple(each for each, _ in made if each is not None)
            return (replace(expression, of=parts), notes) if notes else (expression, ())
        case _:
            return expression, ()


def _in_years(value: float | None, unit: str) -> float | None:
    if value is None:
        return None
    if unit == "a":
        return value
    return value / 12 if unit == "mo" and value % 12 == 0 else None


def _adult(item: Item, has_age: bool) -> Item:
    if has_age:
        return Item(Role.FILLER, item.start, item.end, item.text, item.key)
    made = Fragment(
        Sort.AGE,
        Age(Bounds(low=Bound(_ADULT_AGE, "a"))),
        (Atom("age", "adult", item.start, item.end, _ADULT_AGE, True, unit="a"),),
        ("adult",),
        ("adult is read as 18 years or older",),
    )
    return Item(Role.FRAGMENT, item.start, item.end, fragment=made)


def read_sex(items: Sequence[Item]) -> list[Item]:
    """Sex, where a criterion asks for sex and age alone; elsewhere it narrows what is not read."""
    if not any(item.role is Role.SEX for item in items):
        return list(items)
    others = [
        i
        for i in items
        if i.role
        not in (
            Role.FILLER,
            Role.SEX,
            Role.COMMA,
            Role.STOP,
            Role.AND,
            Role.OPEN,
            Role.CLOSE,
            Role.COLON,
            Role.OR,
        )
    ]
    alone = all(i.fragment is not None and i.fragment.sort is Sort.AGE for i in others)
    tested = any(
        atom.concept in PREGNANCY_TESTS and "positive" in (atom.values or ())
        for i in others
        for atom in (i.fragment.atoms if i.fragment is not None else ())
    )
    pregnant = tested or any(c.id in ("pregnancy", "lactation") for i in others for c in i.concepts)
    codes = {item.key for item in items if item.role is Role.SEX}
    bounded = [i for i in others if i.fragment is not None and i.fragment.sort is Sort.MEASURE]
    apart = "any" not in codes and len(bounded) > 1  # a bound for men, and another one for women
    if alone and "any" not in codes and codes >= {"male", "female"} and _each_its_age(items):
        return [Item(Role.DOUBT, i.start, i.end) if i.role is Role.SEX else i for i in items]
    if ("any" in codes or codes >= {"male", "female"}) and not apart:
        return [_both(i, alone=not others) if i.role is Role.SEX else i for i in items]
    if pregnant and codes == {"female"}:
        return [Item(Role.FILLER, i.start, i.end, i.text) if i.role is Role.SEX else i for i in items]
    if alone:
        return [_sex(i) if i.role is Role.SEX else i for i in items]
    return [Item(Role.WORD, i.start, i.end, i.text, i.key) if i.role is Role.SEX else i for i in items]


def _each_its_age(items: Sequence[Item]) -> bool:
    """Whether an age stands between the sexes: men, and women of 50 years or older."""
    sexes = [at for at, item in enumerate(items) if item.role is Role.SEX]
    between = items[sexes[0] : sexes[-1]]
    return any(item.fragment is not None for item in between)


def _both(item: Item, *, alone: bool) -> Item:
    if not alone:
        return Item(Role.FILLER, item.start, item.end, item.text)
    made = Fragment(Sort.SEX, Constant(value=True), (), ("any sex",))
    return Item(Role.FRAGMENT, item.start, item.end, fragment=made)


def _sex(item: Item) -> Item:
    atom = Atom("sex", "sex", item.start, item.end, values=(item.key,))
    return Item(
        Role.FRAGMENT, item.start, item.end, fragment=Fragment(Sort.SEX, Sex(item.key), (atom,), ("sex",))
    )
