"""Numbers with their comparators, ranges, limits and windows of time, in all their wordings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fhirscreen.mapping.concepts import ConceptKind
from fhirscreen.reading.durations import CALENDAR, iso, time_unit, whole
from fhirscreen.reading.items import Item, Range, Role
from fhirscreen.reading.regimens import is_lasting, is_use
from fhirscreen.reading.segments import kind_of

_FLIPPED = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
_TO = ("to", "-", "~", "and", "through", "until", "&", "up to", "till", "thru")
_LISTED = (Role.COMMA, Role.OR, Role.SLASH, Role.AND)
_PAIR = re.compile(r"\d,\d(?:,\d)?")

_ANCHORS = ("visit", "day", "screen", "screening", "cycle", "week", "infusion", "injection")
_COUNTED = ("visit", "day", "cycle", "step", "part", "phase", "period", "stage", "week", "c", "d", "v")
_OF_AN_ANCHOR = (
    *_ANCHORS, *_COUNTED, "pre", "re", "sub", "first", "scheduled", "planned", "initial", "proposed",
    "protocol", "expected", "anticipated", "start", "date", "time", "trial", "study", "drug", "medication",
    "randomised", "open", "label", "double", "blind", "run", "investigational", "specified", "intended",
    "actual", "main", "current", "patient", "subject", "participant",
)  # fmt: skip
"""What says which visit, day or registration of the study an anchor is."""


def bind_numbers(items: Sequence[Item]) -> list[Item]:
    """The items with numbers bound: BOUND for what has a comparator or is a range, else NUMBER."""
    found: list[Item] = []
    at = 0
    while at < len(items):
        bound, end = _bound_at(items, at)
        if bound is None:
            found.append(items[at])
            at += 1
            continue
        end = _extend(items, end, bound)
        bound.start, bound.end = items[at].start, items[end - 1].end
        found.append(bound)
        at = end
    return found


def _skip(items: Sequence[Item], at: int, most: int = 2) -> int:
    """Past fillers, but not past "to"."""
    while at < len(items) and most and items[at].role is Role.FILLER and items[at].text.lower() not in _TO:
        at, most = at + 1, most - 1
    return at


def _bound_at(items: Sequence[Item], at: int) -> tuple[Item | None, int]:
    role = items[at].role
    if role is Role.COMPARE:
        return _compared(items, at)
    if role is Role.NO:
        following = _skip(items, at + 1, 1)
        if following < len(items) and items[following].role is Role.COMPARE:
            bound, end = _compared(items, following)
            if bound is not None and bound.range is not None and _one_end(bound.range):
                _flip(bound.range)
                return bound, end
        return None, at
    if role is Role.RANGE:
        following = _skip(items, at + 1)
        if following < len(items) and items[following].role in (Role.AGE, Role.OLD):
            following = _skip(items, following + 1)
        if following < len(items) and items[following].role is Role.NUMBER:
            bound, end = _ranged(items, following, spoken=True)
            if bound is not None and bound.range is not None:
                bound.range.older = any(i.role in (Role.AGE, Role.OLD) for i in items[at:following])
                return bound, end
        return None, at
    if role is Role.NUMBER:
        return _number(items, at)
    return None, at


def _one_end(numbers: Range) -> bool:
    return (numbers.low is None) != (numbers.high is None)


def _flip(numbers: Range) -> None:
    low, high = numbers.low, numbers.high
    if low is not None:
        numbers.low, numbers.high, numbers.high_inclusive = None, low, not numbers.low_inclusive
    else:
        numbers.high, numbers.low, numbers.low_inclusive = None, high, not numbers.high_inclusive


def _compared(items: Sequence[Item], at: int) -> tuple[Item | None, int]:
    """A comparator, or several that say one thing, before a number or a limit."""
    operators: list[str] = []
    end = at
    while end < len(items) and len(operators) < 4:
        item = items[end]
        if item.role is Role.COMPARE:
            operators.append(item.key)
            end += 1
        elif operators and item.role in (Role.OR, Role.SLASH) and _is(items, end + 1, Role.COMPARE):
            end += 1
        elif (
            operators
            and item.role is Role.OPEN
            and _is(items, end + 1, Role.COMPARE)
            and _is(items, end + 2, Role.CLOSE)
        ):
            operators.append(items[end + 1].key)  # greater than or equal to (>=)
            end += 3
        else:
            break
    older = any(operator.endswith("old") for operator in operators)
    signs = {operator.removesuffix("old") for operator in operators}
    end = _skip(items, end)
    if _is(items, end, Role.FILLER) and items[end].text.lower() == "to":
        end += 1
    if older and _is(items, end, Role.COLON):
        end += 1
    if end < len(items) and items[end].role is Role.AGE:  # over the age of 18
        older, end = True, _skip(items, end + 1)
    if end >= len(items) or items[end].role not in (Role.NUMBER, Role.LIMIT):
        return None, at
    if len({sign[0] for sign in signs} - {"="}) > 1:
        return None, at
    operator = next((sign[0] for sign in sorted(signs) if sign[0] != "="), "=")
    if operator != "=" and any("=" in sign for sign in signs):
        operator += "="
    bound = Item(Role.BOUND, items[at].start, items[end].end, range=_one(operator, items[end], older=older))
    end += 1
    if bound.range is not None and not bound.range.unit:
        end = _late_unit(items, end, bound.range)
    return bound, end


def _is(items: Sequence[Item], at: int, *roles: Role) -> bool:
    return at < len(items) and items[at].role in roles


def _one(operator: str, number: Item, *, older: bool = False) -> Range:
    limit = number.key.removeprefix("limit:") if number.key.startswith("limit:") else ""
    if number.role is Role.LIMIT:
        limit = number.key
    value = 1.0 if number.role is Role.LIMIT else number.value
    made = Range(unit="" if limit else number.key, limit=limit, older=older)
    if operator[0] == ">":
        made.low, made.low_inclusive = value, "=" in operator
    elif operator[0] == "<":
        made.high, made.high_inclusive = value, "=" in operator
    else:
        made.low = made.high = value
        made.values = (value,)
    return made


def _late_unit(items: Sequence[Item], at: int, numbers: Range) -> int:
    """A unit in a word of its own: four weeks, 18+ years, 5 (five) years."""
    end = at
    if _is(items, end, Role.OPEN) and _is(items, end + 1, Role.NUMBER) and _is(items, end + 2, Role.CLOSE):
        numbers.unit = numbers.unit or items[end + 1].key.removeprefix("limit:")
        end += 3
    if _is(items, end, Role.DASH) and _is(items, end + 1, Role.WORD) and time_unit(items[end + 1].text):
        end += 1
    if not numbers.unit and _is(items, end, Role.WORD) and time_unit(items[end].text):
        numbers.unit = items[end].text
        return end + 1
    return end if numbers.unit else at


def _ranged(items: Sequence[Item], at: int, *, spoken: bool) -> tuple[Item | None, int]:
    """`18 to 75 years`, `0-2`, and after "between": `18 and 75`."""
    first = items[at]
    end = at + 1
    low = Range(unit="" if first.key.startswith("limit:") else first.key)
    if not low.unit:
        end = _late_unit(items, end, low)
    if _is(items, end, Role.OLD):
        end += 1
    joined = end < len(items) and items[end].text.lower() in _TO
    if (
        not joined
        and end < len(items)
        and items[end].role is Role.COMPARE
        and items[end].key == "<="
        and spoken
    ):
        joined = True  # from 18 up to 75
    if joined and not spoken and items[end].role is Role.AND:
        joined = False
    if not joined:
        return None, at
    end = _skip(items, end + 1, 1)
    if not _is(items, end, Role.NUMBER):
        return None, at
    second = items[end]
    limit = second.key.removeprefix("limit:") if second.key.startswith("limit:") else ""
    made = Range(first.value, second.value, unit="" if limit else second.key, limit=limit)
    end += 1
    if not made.unit and not limit:
        end = _late_unit(items, end, made)
    if not made.unit:
        made.unit = low.unit
    elif low.unit and time_unit(low.unit) != time_unit(made.unit):
        return None, at
    if made.low is None or made.high is None or made.low > made.high:
        return None, at
    return Item(Role.BOUND, first.start, second.end, range=made), end


def _number(items: Sequence[Item], at: int) -> tuple[Item | None, int]:
    ranged, end = _ranged(items, at, spoken=False)
    if ranged is not None:
        return ranged, end
    first = items[at]
    made = _one("=", first)
    made.low = made.high = None
    end = at + 1
    after = end < len(items) and items[end].text == "+"
    if after:
        end += 1
    if not made.unit and not made.limit:
        end = _late_unit(items, end, made)
    if after:
        made.low, made.values = first.value, ()
        return Item(Role.BOUND, first.start, first.end, range=made), end
    following = end
    while (
        following < len(items)
        and items[following].role in (Role.OLD, Role.FILLER, Role.COMMA)
        and following < end + 3
    ):
        following += 1
    operator = _after(items, following)
    if operator:
        bound = _one(operator.removesuffix("old"), first, older=operator.endswith("old"))
        bound.unit = made.unit
        return Item(Role.BOUND, first.start, first.end, range=bound), following + 1
    values, last = _listed(items, at)
    if len(values) > 1:
        item = Item(
            Role.NUMBER, first.start, items[last].end, range=Range(values=values, unit=items[last].key)
        )
        item.value = first.value
        return item, last + 1
    item = Item(Role.NUMBER, first.start, first.end, first.text, value=first.value, range=made)
    return item, end


def _after(items: Sequence[Item], at: int) -> str:
    if _is(items, at, Role.COMPARE_AFTER):
        return items[at].key
    if (
        _is(items, at, Role.OR, Role.AND)
        and _is(items, at + 1, Role.COMPARE)
        and not _is(items, at + 2, Role.NUMBER, Role.LIMIT)
    ):
        return ""
    return ""


def _listed(items: Sequence[Item], at: int) -> tuple[tuple[float, ...], int]:
    """`0, 1, or 2`: numbers without units, up to the last, which may have one."""
    values, last = [items[at].value], at
    while not items[last].key:
        end = last + 1
        while _is(items, end, *_LISTED) and end <= last + 2:
            end += 1
        if end == last + 1 or not _is(items, end, Role.NUMBER) or items[end].key.startswith("limit:"):
            break
        if _is(items, end + 1, Role.COMPARE_AFTER):
            break
        values.append(items[end].value)
        last = end
    if last > at and any(_PAIR.fullmatch(items[i].text) for i in (at, last)):  # 0,1 or 2: no decimal comma
        parts = [items[i] for i in range(at, last + 1) if items[i].role is Role.NUMBER]
        values = [float(digit) for part in parts for digit in re.split("[,.]", part.text)]
    return tuple(values), last


def _extend(items: Sequence[Item], end: int, bound: Item) -> int:
    """A second end of the same range: `> 18 years and < 75 years`."""
    first = bound.range
    if first is None or not _one_end(first) or bound.role is not Role.BOUND:
        return end
    at, joined = end, 0
    while (
        at < len(items)
        and joined < 3
        and (
            items[at].role in (Role.AND, Role.COMMA, Role.DASH, Role.OLD)
            or items[at].text.lower() in ("to", "years", "age")
            or (items[at].role is Role.FILLER and items[at].text.lower() in ("is", "be", "also"))
        )
    ):
        at, joined = at + 1, joined + 1
    if not joined or not _is(items, at, Role.COMPARE, Role.NO, Role.NUMBER):
        return end
    other, last = _bound_at(items, at)
    if other is None or other.range is None or other.role is not Role.BOUND or not _one_end(other.range):
        return end
    second = other.range
    if (first.low is None) == (second.low is None) or (
        first.unit and second.unit and _unit(first) != _unit(second)
    ):
        return end
    if first.limit != second.limit:
        return end
    low, high = (first, second) if first.low is not None else (second, first)
    if low.low is None or high.high is None or low.low > high.high:
        return end
    first.low, first.low_inclusive = low.low, low.low_inclusive
    first.high, first.high_inclusive = high.high, high.high_inclusive
    first.unit = first.unit or second.unit
    first.older = first.older or second.older
    return last


def _unit(numbers: Range) -> str:
    return time_unit(numbers.unit) or numbers.unit.replace(" ", "").lower()


def bind_windows(items: Sequence[Item]) -> list[Item]:
    """The items with windows of time: "within 4 weeks before enrolment", "at least 2 years ago"."""
    found: list[Item] = []
    at = 0
    while at < len(items):
        window, end = _window_at(items, at, found)
        if window is not None and window.key == "washout" and is_lasting(found):
            window.key = "lasting"
        elif window is not None and window.key == "washout" and any(is_use(item) for item in found):
            found.append(Item(Role.DOUBT, window.start, window.end))
        if window is None and items[at].role is Role.BEFORE and (last := _anchor(items, at)[1]) > at:
            # before the study, with no time: what was given before it was given once
            given = bool(found) and kind_of(found[-1]) is ConceptKind.THERAPY
            role = Role.HISTORY if given else Role.FILLER
            found.append(Item(role, items[at].start, items[last - 1].end, key="ever"))
            at = last
        elif window is None:
            found.append(items[at])
            at += 1
        else:
            found.append(window)
            if _goes_on(items, end):
                found.append(Item(Role.DOUBT, items[end].start, items[end].end))
            at = end
    return found


def _window_at(items: Sequence[Item], at: int, before: list[Item]) -> tuple[Item | None, int]:
    start, number = at, at
    key = "within"
    if items[at].role is Role.WITHIN:
        number = _skip(items, at + 1)
        if number < len(items) and (unit := time_unit(items[number].text)) in CALENDAR:  # in the past year
            one = Item(Role.NUMBER, items[number].start, items[number].end, value=1.0)
            one.range = Range(unit=items[number].text, values=(1.0,))
            items = [*items[:number], one, *items[number + 1 :]]
    elif items[at].role not in (Role.BOUND, Role.NUMBER):
        return None, at
    if not _is(items, number, Role.NUMBER, Role.BOUND):
        return None, at
    numbers = items[number].range
    unit = time_unit(numbers.unit) if numbers is not None else None
    if numbers is None or unit is None or numbers.older:
        return None, at
    end = number + 1
    ago = end < len(items) and items[end].text.lower() in ("ago", "earlier")
    end += ago
    anchor, last = _anchor(items, end)
    if items[at].role is not Role.WITHIN:
        if (
            numbers.low is not None
            and numbers.high is None
            and (anchor or ago or _is(items, end, Role.SINCE))
        ):
            key = "ago" if ago else "washout"
        elif (
            numbers.high is not None
            and numbers.low is None
            and (anchor or ago or _is(items, end, Role.SINCE))
        ) or (
            numbers.low is None
            and numbers.high is None
            and anchor
            and before
            and before[-1].text.lower() in ("in", "the")
        ):
            key = "within"
        else:
            return None, at
    values = numbers.values or tuple(v for v in (numbers.high, numbers.low) if v is not None)
    length = whole(values[0], unit) if values and unit in ("a", "mo", "wk", "d", "h") else None
    if length is None:
        return None, at
    if last == end and _is(items, end, Role.SINCE) and items[at].role is not Role.WITHIN:
        last += 1
    item = Item(Role.WINDOW, items[start].start, items[last - 1].end, key=key)
    item.text = f"{length[0]} {length[1]}"
    item.parts = [Item(Role.ANCHOR, 0, 0, f"{iso(*length)}" + (f" before {anchor}" if anchor else ""))]
    return item, last


def _anchor(items: Sequence[Item], at: int) -> tuple[str, int]:
    """The event that a window is counted back from, and where it ends."""
    end = at
    if _is(items, end, Role.BEFORE) or (
        end < len(items) and items[end].text.lower() in ("of", "from", "prior", "to", "preceding")
    ):
        end += 1
    else:
        return "", at
    if end < len(items) and items[end].text.lower() == "to":
        end += 1
    steps, named, last = 0, "", end
    while end < len(items) and steps < 8:
        item = items[end]
        role = item.role
        dosed = end
        if role is Role.ANCHOR:
            named = (named + " " if named else "") + (item.text or "study")
            dosed = _dosed(items, end + 1) if item.key == "dose" else end
        elif role is Role.RECEIVED and item.text.lower() in ("treatment", "therapy", "dose"):
            named = (named + " " if named else "") + item.text
            dosed = _dosed(items, end + 1)
        elif role is Role.MANUAL and item.key == "consent":
            named = "consent"
        elif role in (Role.FILLER, Role.DASH):
            end, steps = end + 1, steps + 1
            continue
        elif item.key in _OF_AN_ANCHOR or (role is Role.NUMBER and _counts_an_anchor(items, end)):
            named = named or ("visit" if item.key in _ANCHORS else "")
        else:
            break
        end, steps = max(end, dosed - 1) + 1, steps + 1
        last = end
    if named == "visit" and end < len(items) and items[end - 1].text.lower() == "of":
        return "", at  # the day of what is not known
    return (named, last) if named else ("", at)


def skip_anchor(items: Sequence[Item], at: int) -> int:
    """Past the event that a time is counted back from, where one follows: 8 weeks before screening."""
    return _anchor(items, at)[1]


def _dosed(items: Sequence[Item], at: int) -> int:
    """Past what is given at an anchor, whatever it is called: the first dose of a new drug."""
    if not (at < len(items) and items[at].text.lower() in ("of", "with")):
        return at
    end = _skip(items, at + 1)
    first = end
    while (
        end < len(items)
        and end < first + 3
        and (
            (items[end].role is Role.WORD and not items[end].text.islower())
            or (items[end].role is Role.ENTITY and kind_of(items[end]) is ConceptKind.THERAPY)
            or (items[end].role is Role.WORD and end == first)
        )
    ):
        end += 1
    closes = end >= len(items) or items[end].role in (Role.STOP, Role.CLOSE, Role.COMMA, *_LISTED)
    return end if end > first and closes else at


def _goes_on(items: Sequence[Item], end: int) -> bool:
    """Whether a therapy at an anchor may be the first of several: the start of chemotherapy or surgery.

    What has a time of its own is none of them.
    """
    last = items[end - 1]
    unknown = last.role is Role.WORD and last.key not in _OF_AN_ANCHOR
    if last.role is Role.ANCHOR and _is(items, end, Role.OR):  # the first dose of study drug or chemotherapy
        rest = [i for i in items[end + 1 :] if i.role is not Role.FILLER]
        alone = len(rest) == 1 or (len(rest) > 1 and rest[1].role in (Role.STOP, Role.COMMA, Role.OR))
        return bool(rest) and kind_of(rest[0]) is ConceptKind.THERAPY and alone
    if not unknown and kind_of(last) is not ConceptKind.THERAPY:
        return False
    following = end
    while _is(items, following, *_LISTED):
        following += 1
    rest = [i for i in items[following:] if i.role not in (Role.FILLER, Role.HISTORY)]
    if following == end or not rest or kind_of(rest[0]) is not ConceptKind.THERAPY:
        return False
    return not (len(rest) > 1 and rest[1].role in (Role.WITHIN, Role.BOUND))


def _counts_an_anchor(items: Sequence[Item], at: int) -> bool:
    """Whether a number counts visits or days of the study: visit 1, day -1, step 2."""
    item = items[at]
    return item.key == "" and (items[at - 1].key in _COUNTED or _is(items, at - 1, Role.ANCHOR, Role.DASH))
