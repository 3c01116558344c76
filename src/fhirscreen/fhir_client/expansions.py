"""$expand on a terminology server: the codes of a value set (R4 ValueSet, 4.9.18.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from fhirscreen.exceptions import NotFhir
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir_client.exchanges import Answer, Wire


class ExpandedCode(NamedTuple):
    """A code of an expansion; `system` is its URL."""

    system: str
    code: str
    display: str | None
    inactive: bool


class NamedCode(NamedTuple):
    """A code that a text found; `names` are its display and its designations."""

    system: str
    code: str
    display: str | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expansion:
    """The codes of a value set in the server's order, each once, abstract ones left out.

    `versions` are the code systems' as the server used them (`url|version`). `whole` is False where the
    server counts more codes than it gave.
    """

    codes: tuple[ExpandedCode, ...]
    versions: tuple[str, ...]
    total: int | None
    whole: bool


def expand(
    wire: Wire,
    *,
    url: str | None = None,
    id: str | None = None,
    value_set: Resource | None = None,
    text: str | None = None,
    page: int = 1000,
) -> Expansion:
    """Expand the value set known to the server by `url` or `id`, or the one given; in pages of `page` codes.

    Raises ServerError: an OutcomeError where the server does not know it or finds it too costly.
    """
    given = [each for each in (url, id, value_set) if each is not None]
    if len(given) != 1:
        raise TypeError("expand takes one of url, id and value_set")
    codes: dict[tuple[str, str], ExpandedCode] = {}
    seen: set[ExpandedCode] = set()
    versions: set[str] = set()
    total: int | None = None
    entries = 0
    while True:
        offset = str(entries) if entries else None
        asked = {"url": url, "filter": text, "count": str(page), "offset": offset}
        answer = _ask(wire, id, value_set, {name: value for name, value in asked.items() if value})
        expansion = (answer.body or {}).get("expansion")
        if not isinstance(expansion, dict):
            raise NotFhir("The ValueSet has no expansion", where=answer.where, expected="ValueSet.expansion")
        versions.update(_versions(expansion))
        contains = list(_flatten(expansion.get("contains") or ()))
        # A server that does not page gives everything again.
        before = len(seen)
        for each in contains:
            found = _read_code(each)
            seen.add(found)
            if found.code and each.get("abstract") is not True:
                codes.setdefault((found.system, found.code), found)
        grew = len(seen) > before
        entries += len(contains)
        total = expansion["total"] if isinstance(expansion.get("total"), int) else total
        if not grew or (total is None and len(contains) < page) or (total is not None and entries >= total):
            whole = total is None or entries >= total
            return Expansion(tuple(codes.values()), tuple(sorted(versions)), total, whole)


def find_codes(wire: Wire, url: str, text: str, count: int) -> tuple[NamedCode, ...]:
    """The first active codes of a value set that the server finds by a text, in its order, at most `count`.

    Raises ServerError: an OutcomeError where the server does not know the value set.
    """
    asked = {"url": url, "filter": text, "count": str(count), "includeDesignations": "true"}
    answer = _ask(wire, None, None, {**asked, "activeOnly": "true"})
    expansion = (answer.body or {}).get("expansion")
    if not isinstance(expansion, dict):
        raise NotFhir("The ValueSet has no expansion", where=answer.where, expected="ValueSet.expansion")
    found = []
    for each in _flatten(expansion.get("contains") or ()):
        code = _read_code(each)
        if code.code and not code.inactive and each.get("abstract") is not True:
            designations = [d.get("value") for d in each.get("designation") or () if isinstance(d, dict)]
            names = tuple(name for name in (code.display, *designations) if isinstance(name, str))
            found.append(NamedCode(code.system, code.code, code.display, names))
    return tuple(found[:count])


def _ask(wire: Wire, id: str | None, value_set: Resource | None, asked: dict[str, str]) -> Answer:
    if value_set is None:
        path = f"ValueSet/{quote(id, safe='')}/$expand" if id else "ValueSet/$expand"
        return wire.send("GET", path, query=urlencode(asked).encode(), expect="ValueSet", shown=asked.keys())
    types = {"filter": "valueString", "count": "valueInteger", "offset": "valueInteger"}
    parameters: list[dict[str, Any]] = [{"name": "valueSet", "resource": value_set}]
    for name, value in asked.items():
        typed = int(value) if types[name] == "valueInteger" else value
        parameters.append({"name": name, types[name]: typed})
    body = {"resourceType": "Parameters", "parameter": parameters}
    return wire.send("POST", "ValueSet/$expand", resource=body, expect="ValueSet", shown=asked.keys())


def _flatten(contains: Any) -> Iterator[dict[str, Any]]:
    for each in contains:
        if isinstance(each, dict):
            yield each
            yield from _flatten(each.get("contains") or ())


def _read_code(each: dict[str, Any]) -> ExpandedCode:
    return ExpandedCode(
        str(each.get("system", "")),
        str(each.get("code", "")),
        each.get("display"),
        each.get("inactive") is True,
    )


def _versions(expansion: dict[str, Any]) -> Iterator[str]:
    for parameter in expansion.get("parameter") or ():
        if isinstance(parameter, dict) and parameter.get("name") in {"version", "used-codesystem"}:
            yield str(parameter.get("valueUri") or parameter.get("valueCanonical") or "")
