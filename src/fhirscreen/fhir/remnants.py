"""Text that is no JSON object: the records that it is made of, and what can be told of a damaged one."""

from __future__ import annotations

import re
from json import JSONDecoder
from typing import Any, NamedTuple

from fhirscreen.fhir.references import target
from fhirscreen.fhir.types import RESOURCE_TYPES

_MARKS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[{}]', re.DOTALL)
_TYPE = re.compile(r'\s*\{[^{}\[\]]*?"resourceType"\s*:\s*"([A-Za-z]+)"')
_TOLD = re.compile(r'resourceType"\s*:(?:\s*"([A-Za-z]+)")?')
_SUBJECT = re.compile(
    r'"(?:subject|patient|individual)"\s*:\s*\{[^{}]*?"reference"\s*:\s*"(?:[^"]*/)?Patient/([A-Za-z0-9.-]+)"'
)
_CONTAINED = re.compile(r'"contained"\s*:\s*(?=\[)')
_LINK = re.compile(r'"link"\s*:\s*')


class Remnant(NamedTuple):
    """What a damaged record tells: its type, its patient's id; `merges` as that of a `Line`."""

    type: str | None = None
    patient: str | None = None
    merges: bool = False


def split_records(text: str) -> list[str]:
    """The JSON objects that follow each other without a comma; all of the text where it is none such.

    The last of them may be cut off.
    """
    found: list[str] = []
    depth = start = 0
    for mark in _MARKS.finditer(text):
        if mark[0] == "{":
            if depth == 0 and text[start : mark.start()].strip():
                return [text]
            depth += 1
        elif mark[0] == "}":
            depth -= 1
            if depth < 0:
                return [text]
            if depth == 0:
                found.append(text[start : mark.end()].strip())
                start = mark.end()
    rest = text[start:].strip()
    if rest and not (found and rest.startswith("{")):
        return [text]
    return [*found, rest] if rest else found


def told_types(text: str) -> frozenset[str]:
    """The resource types that a damaged text names, what is contained left aside."""
    return RESOURCE_TYPES.intersection(_TOLD.findall(_without_contained(text)))


def read_remnant(text: str) -> Remnant:
    """What a damaged record says as far as it goes: nothing where another may have begun within it."""
    told = len(_TOLD.findall(_without_contained(text)))
    found = _TYPE.match(text)
    type = found[1] if found and found[1] in RESOURCE_TYPES else None
    if told > 1 or type == "Bundle" or (told and found is None):
        return Remnant()
    if type == "Patient":
        return _read_patient(text)
    named = set(_SUBJECT.findall(text))
    return Remnant(type, named.pop() if len(named) == 1 else None)


def _read_patient(text: str) -> Remnant:
    """A Patient: the one whom it is linked to, for the records of either may follow the other."""
    found = _LINK.search(text)
    if found is None:
        return Remnant("Patient", merges=not _is_closed(text))
    links = _decoded(text, found.end())
    if links is None or not isinstance(links[0], list):
        return Remnant("Patient", merges=True)
    others = {target(each.get("other")) if isinstance(each, dict) else None for each in links[0]}
    named = [each[8:] for each in others if each is not None and each.startswith("Patient/")]
    if len(others) > 1 or len(named) != len(others):
        return Remnant("Patient", merges=True)
    return Remnant("Patient", named[0] if named else None)


def _is_closed(text: str) -> bool:
    """Whether it goes as far as the brace that ends its object."""
    depth = 0
    for mark in _MARKS.finditer(text):
        depth += (mark[0] == "{") - (mark[0] == "}")
    return depth == 0


def _without_contained(text: str) -> str:
    found = _CONTAINED.search(text)
    listed = _decoded(text, found.end()) if found is not None else None
    return text if found is None or listed is None else text[: found.end()] + text[listed[1] :]


def _decoded(text: str, start: int) -> tuple[Any, int] | None:
    """The JSON value that begins there, and where it ends; None where it does not end."""
    try:
        return JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
