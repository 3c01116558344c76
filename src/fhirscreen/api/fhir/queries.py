"""Searches as they are asked (FHIR R4, search.html): what was not declared is refused, never ignored.

A parameter that were left out in silence would show patients whom nobody asked for; `Prefer:
handling=lenient` asks for just that, and `Bundle.link[self]` then says what was understood.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import orjson

from fhirscreen.api.fhir.declarations import SearchParameter
from fhirscreen.api.outcomes import Refusal

Pairs = tuple[tuple[str, str], ...]
Same = Literal["", "id", "whole"]

DEFAULT_COUNT = 100
MOST = 1000

SUMMARIES = ("true", "text", "data", "count", "false")
CONTROLS = {
    "_count": r"^[0-9]{1,9}$",
    "_total": r"^(?:none|estimate|accurate)$",
    "_summary": rf"^(?:{'|'.join(SUMMARIES)})$",
    "_elements": r"^[A-Za-z]{1,40}(?:,[A-Za-z]{1,40})*$",
    "_pretty": r"^(?:true|false)$",
}
"""Parameters that say how to answer, with what they may be; `_format` is negotiation's."""

_FRAME = ("_format", "_pretty", "_summary", "_elements")
_NAME = re.compile(r"_?[a-z][A-Za-z.-]{0,40}(?::[A-Za-z-]{1,40})?", re.ASCII)
_PERSONAL = ("patient", "individual")


@dataclass(frozen=True, slots=True)
class Term:
    """A parameter with the values of which any fits."""

    name: str
    modifier: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A search: all of `terms` hold. `after` is the id of the last resource of the page before; with
    `same`, only what is of the same patient as that one: `id`, or `whole` on the same server as well.
    """

    terms: tuple[Term, ...]
    pairs: Pairs
    count: int
    counts_only: bool
    after: str | None = None
    same: Same = ""

    def of(self, *names: str) -> list[Term]:
        """The terms of these parameters."""
        return [term for term in self.terms if term.name in names]


def ask(parameters: Sequence[SearchParameter], pairs: Iterable[tuple[str, str]], *, lenient: bool) -> Asked:
    """Reads a search. Raises Refusal (400) for what is not declared or not well formed."""
    given = tuple(pairs)
    pages = [value for name, value in given if name == "_page"]
    if not pages:
        return _ask(parameters, given, lenient=lenient)
    after, kept, same = _open(pages[0])
    framed = tuple(pair for pair in given if pair[0] in _FRAME)
    if len(given) > len(framed) + 1:
        raise Refusal(400, "a page has no other parameters", remedy="follow the link `next` as it is")
    rest = tuple(pair for pair in kept if pair[0] not in {name for name, _ in framed})
    asked = _ask(parameters, (*rest, *framed), lenient=lenient)
    return replace(asked, after=after, same=same)


def _ask(parameters: Sequence[SearchParameter], given: Pairs, *, lenient: bool) -> Asked:
    known = {each.name: each for each in parameters}
    terms, used = [], []
    controls: dict[str, str] = {}
    for key, value in given:
        if key in CONTROLS:
            _check(key, value, CONTROLS[key])
            controls[key] = value
        elif key != "_format":
            name, _, modifier = key.partition(":")
            parameter = known.get(name)
            if parameter is None or (modifier and modifier not in parameter.modifiers):
                if lenient:
                    continue
                raise _unknown(key, parameters, parameter)
            _check(key, value, parameter.pattern)
            values = (value,) if parameter.single else tuple(value.split(","))
            terms.append(Term(name, modifier, values))
        used.append((key, value))
    count = min(int(controls.get("_count", DEFAULT_COUNT)), MOST)
    counts_only = controls.get("_summary") == "count" or count == 0
    return Asked(tuple(terms), tuple(used), count, counts_only)


def _check(key: str, value: str, pattern: str) -> None:
    # The value stays out of the error: it may name a patient.
    if re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value, re.ASCII) is None:
        raise Refusal(400, f"the value of {key} cannot be read", where=key, expected=f"text like {pattern}")


def _unknown(key: str, parameters: Sequence[SearchParameter], near: SearchParameter | None) -> Refusal:
    if near is not None:
        expected = ", ".join(f"{near.name}:{each}" for each in near.modifiers) or f"{near.name} alone"
        what = "this modifier is not known here"
        return Refusal(400, what, code="not-supported", where=_shown(key), expected=expected)
    return Refusal(
        400,
        "a search parameter is not known here",
        code="not-supported",
        where=_shown(key),
        expected=", ".join([*(each.name for each in parameters), *CONTROLS, "_format"]),
        remedy="leave it out, or send Prefer: handling=lenient",
    )


def _shown(key: str) -> str | None:
    """A parameter as an error may name it: None for what is no name of one, and may be a patient's."""
    return key if _NAME.fullmatch(key) else None


def page_token(asked: Asked, after: str) -> str:
    """What the link to the next page carries: the search, less whom it is about, and where it goes on.

    A search for one patient goes on from a subject of hers, who tells who it was: no id is in the link.
    """
    kept = [pair for pair in asked.pairs if pair[0] not in _PERSONAL]
    named = [value for name, value in asked.pairs if name in _PERSONAL]
    same = "whole" if any(value.count("/") > 1 for value in named) else "id" if named else asked.same
    data = orjson.dumps([after, kept, same])
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _open(token: str) -> tuple[str, Pairs, Same]:
    try:
        after, kept, same = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        pairs = tuple((str(name), str(value)) for name, value in kept)
    except (ValueError, TypeError):
        what = "this is no page of a search"
        raise Refusal(400, what, where="_page", remedy="begin with the search itself") from None
    return str(after), pairs, "id" if same == "id" else "whole" if same else ""
