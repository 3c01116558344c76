"""Numbers as people write them: with a decimal comma, or with marks between the thousands."""

from __future__ import annotations

import re

NUMBER = r"(?:\d{1,3}(?:[ \u00a0\u2009\u202f'\u2019]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*)(?!\d)"
"""A regular expression of what `read_decimal` is given; no group."""

_SPACES = re.compile(r"[ \u00a0\u2009\u202f'\u2019]")
_THOUSANDS = {mark: re.compile(rf"[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+") for mark in ".,"}


def read_decimal(text: str) -> float | None:
    """The number that a text writes; None where it may be either of two (`1.234`, `220,000`), or is none.

    A point or comma before exactly three digits parts thousands in one country and decimals in another. It
    is read only where a space, another mark, a leading nought or a longer number tells which.
    """
    digits = _SPACES.sub("", text)
    grouped = digits != text
    marks = [sign for sign in digits if sign in ".,"]
    if not marks:
        return float(digits) if digits.isdecimal() else None
    last = marks[-1]
    whole, _, rest = digits.rpartition(last)
    if len(set(marks)) == 2:
        other = marks[0]
        if grouped or marks.count(last) != 1 or not _THOUSANDS[other].fullmatch(whole):
            return None
        return float(f"{whole.replace(other, '')}.{rest}")
    if len(marks) > 1:
        return float(digits.replace(last, "")) if not grouped and _THOUSANDS[last].fullmatch(digits) else None
    if not whole.isdecimal() or not rest.isdecimal():
        return None
    if not grouped and _THOUSANDS[last].fullmatch(digits):
        return None
    return float(f"{whole}.{rest}")
