"""Where clauses begin and end, and what stands between."""

from __future__ import annotations

from collections.abc import Sequence

from fhirscreen.reading.items import JOINS, Item, Role


def split_clauses(items: Sequence[Item]) -> list[list[Item]]:
    """The clauses between full stops and semicolons that stand in no parenthesis."""
    found: list[list[Item]] = [[]]
    depth = 0
    for item in items:
        depth += (item.role is Role.OPEN) - (item.role is Role.CLOSE)
        if item.role is Role.STOP and depth <= 0:
            found.append([])
        else:
            found[-1].append(item)
    return [clause for clause in found if clause]


def find_first(items: Sequence[Item], role: Role) -> int | None:
    """Where the first item of a role stands outside of parentheses; None where there is none."""
    depth = 0
    for index, item in enumerate(items):
        depth += (item.role is Role.OPEN) - (item.role is Role.CLOSE)
        if item.role is role and depth <= 0:
            return index
    return None


def ends_parenthesis(item: Item, after: Item | None) -> bool:
    """Whether a full stop only ends a parenthesis: (everolimus, etc.)."""
    return item.role is Role.STOP and after is not None and after.role is Role.CLOSE


def hangs_together(items: Sequence[Item]) -> bool:
    """Whether all of it hangs together: a negation is then of the whole, as of heart failure of class III."""
    return not any(item.role in JOINS or item.role in (Role.COMPARE, Role.EXAMPLE) for item in items)


def has_content(items: Sequence[Item]) -> bool:
    """Whether items say more than how others are joined."""
    return any(i.role not in (*JOINS, Role.FILLER, Role.OPEN, Role.CLOSE, Role.NO) for i in items)


def opens_with_if(items: Sequence[Item]) -> bool:
    """Whether a clause says on what condition the rest of it is asked: if on insulin, a stable dose of it."""
    if not items or items[0].role is not Role.IF or items[0].text.lower() not in ("if", "when", "in case of"):
        return False
    cut = find_first(list(items), Role.COMMA)
    return cut is not None and has_content(items[1:cut]) and has_content(items[cut:])


def to_next_no(items: list[Item]) -> tuple[list[Item], list[Item]]:
    """What stands before the next "no" and the word that joins it, and the rest."""
    cut = find_first(items, Role.NO)
    if cut is None:
        return items, []
    while cut and items[cut - 1].role in JOINS:
        cut -= 1
    return items[:cut], items[cut:]
