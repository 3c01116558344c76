"""Expansions: value sets by name, with the codes that are shipped and what a terminology server adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from fhirscreen.exceptions import MappingError
from fhirscreen.mapping.data import Node
from fhirscreen.values.codes import Systems

Expand = Callable[[str], Iterable[tuple[str, str]]]
"""Gives the codes of a value set by its URL, each with the URL of its system."""

Expansions = Mapping[str, Mapping[str, list[str]]]
"""By the name of a value set, its codes by the short name of their system, sorted."""

NONE: Expansions = MappingProxyType({})


def read_expansions(node: Node, systems: Systems, expand: Expand | None = None) -> Expansions:
    """The codes of each value set, with those of a terminology server where there is one to ask.

    Raises MappingError for what does not belong there, or a value set that the server finds empty, and
    whatever `expand` raises.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for name in node.data:
        each = Node(node.data[name], f"{node.where}:{name}")
        each.only("says", "url", "codes")
        each.text("says")
        if not each.codes("codes"):
            raise each.refuse("has no codes", "{system: [codes]}", "codes")
        codes = {system: set(listed) for system, listed in each.mapping("codes").items()}
        if expand is not None:
            given = list(expand(each.text("url")))
            if not given:
                raise MappingError(
                    "the terminology server finds no code in a value set",
                    where=each.where,
                    expected="codes",
                    remedy="check the url, and which editions the server has",
                )
            for url, code in given:
                codes.setdefault(systems.short(url), set()).add(code)
        found[name] = {system: sorted(listed) for system, listed in sorted(codes.items())}
    return found


def with_expansion(node: Node, expansions: Expansions) -> dict[str, Any]:
    """The codes of a source and, where it names an expansion, those of that. Raises MappingError."""
    codes = dict(node.mapping("codes"))
    name = node.optional_text("expansion")
    if name is None:
        return codes
    if name not in expansions:
        known = ", ".join(expansions) or "a value set of expansions.yaml"
        raise node.refuse(f"names no value set: {name!r}", known, "expansion")
    for system, listed in expansions[name].items():
        codes[system] = [*codes.get(system, ()), *listed]
    return codes
