"""From the units that laboratories write to UCUM codes.

A table of known spellings comes before any grammar: UCUM's own would read `K/uL` as kelvin per microlitre.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fhirscreen.exceptions import MappingError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_REMEMBERED = 1 << 12

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SIGNS = str.maketrans({
    "µ": "u", "μ": "u", "º": "°", "˚": "°", "×": "x", "·": ".", "⋅": ".", "•": ".", "∙": ".",
    "⁄": "/", "∕": "/", "−": "-", "–": "-", "％": "%",
    **dict(zip(_RAISED, "0123456789", strict=True)),
})  # fmt: skip
_RAISED_POWER = re.compile(rf"(?<=10)(?=[{_RAISED}])")  # 10⁹ is 10^9, and no 109
_SPACED_POWER = re.compile(r"\b10\s+(?=\d)")  # 10 9/L
_PER = re.compile(r"\s+per\s+", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_EXPONENT = re.compile(r"(?<=[A-Za-z])(?:\^|\*\*?)(?=\d)")  # mm^3, m**2
_POWER = re.compile(
    r"[x*]?10(?:\*\*|[*^'x]|E\+?)?\(?0?(3|4|5|6|9|12)\)?(?:[.x*]?\{?(?:cells?|#)\}?)?", re.IGNORECASE
)
"""x10E3, 10^9, 10*9, 10(9), X10'9, 109: a power of ten before the volume that it counts in."""


class Spellings:
    """The UCUM code of a text: by whole synonyms first, then part by part between the slashes."""

    __slots__ = ("_codes", "_folded", "_litres", "_parts", "_powers", "_remembered")

    def __init__(
        self,
        codes: Collection[str],
        *,
        parts: Mapping[str, str],
        powers: Mapping[str, int],
        synonyms: Mapping[str, str],
    ) -> None:
        """`parts` and `powers` are read without regard to capitals.

        Raises MappingError for a synonym of a unit that is not among the codes.
        """
        for spelling, code in synonyms.items():
            if code not in codes:
                raise MappingError(f"the spelling '{spelling}' stands for {code}, which is no known unit")
        self._codes = {
            **{_clean(spelling): code for spelling, code in synonyms.items()},
            **{c: c for c in codes},
        }
        self._litres = _unambiguous(self._codes, _big_litre)
        self._folded = _unambiguous(self._codes, str.lower)
        self._parts = {_clean(spelling).lower(): part for spelling, part in parts.items()}
        self._powers = {spelling.lower(): f"10*{power}" for spelling, power in powers.items()}
        self._remembered: dict[str, str | None] = {}

    def code(self, text: str) -> str | None:
        """The UCUM code; None where the text is not known."""
        try:
            return self._remembered[text]
        except KeyError:
            code = self._find(text)
            if len(self._remembered) < _REMEMBERED:
                self._remembered[text] = code
            return code

    def _find(self, text: str) -> str | None:
        if text in self._codes:
            return self._codes[text]
        cleaned = _clean(text)
        return self._look_up(cleaned) or self._look_up(self._by_parts(cleaned))

    def _look_up(self, text: str) -> str | None:
        """As it stands, then without telling l from L, then without telling any capitals."""
        return self._codes.get(text) or self._litres.get(_big_litre(text)) or self._folded.get(text.lower())

    def _by_parts(self, text: str) -> str:
        head, *rest = text.split("/")
        power = _POWER.fullmatch(head)
        if power is not None:
            head = f"10*{power[1]}"
        elif rest and head.lower() in self._powers:
            head = self._powers[head.lower()]
        return "/".join(self._parts.get(part.lower(), part) for part in (head, *rest))


def _clean(text: str) -> str:
    text = _SPACED_POWER.sub("10^", _RAISED_POWER.sub("^", text)).translate(_SIGNS)
    text = _SPACE.sub("", _PER.sub("/", text.strip()))
    return _EXPONENT.sub("", text)


def _big_litre(text: str) -> str:
    return text.replace("l", "L")


def _unambiguous(codes: Mapping[str, str], fold: Callable[[str], str]) -> dict[str, str]:
    """Codes by their folded spellings, without those that would stand for two."""
    folded: dict[str, set[str]] = {}
    for spelling, code in codes.items():
        folded.setdefault(fold(spelling), set()).add(code)
    return {spelling: next(iter(found)) for spelling, found in folded.items() if len(found) == 1}
