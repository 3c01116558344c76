"""A typed cursor over YAML data: every refusal names the file and the path in it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml

from fhirscreen.criteria.wire.documents import use_core_types
from fhirscreen.exceptions import BadInput, MappingError
from fhirscreen.values.codes import CodeSet
from fhirscreen.values.durations import Duration, parse_duration


class _Unusual(Exception):
    """What the loader's own way reads, and the short one does not."""


_TAG = "tag:yaml.org,2002:"
_TEXT, _LIST, _MAPPING = f"{_TAG}str", f"{_TAG}seq", f"{_TAG}map"
_BOOLEANS = {"true": True, "false": False}
_SCALARS: dict[str, Callable[[str], Any]] = {
    f"{_TAG}int": int,
    f"{_TAG}float": float,
    f"{_TAG}bool": lambda text: _BOOLEANS[text.lower()],
    f"{_TAG}null": lambda _: None,
}


class _Loader(yaml.CSafeLoader):
    """The safe loader with core types, and a key that stands twice is an error: the first would be lost.

    Texts, lists and mappings, which is nearly everything, are read in half the time that the library takes.
    """

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        """The tag of a node that has none: as the library does, less what we do not use."""
        if kind is yaml.ScalarNode:
            if implicit[0]:
                for tag, pattern in self.yaml_implicit_resolvers.get(value[:1], ()):
                    if pattern.match(value):
                        return str(tag)
            return _TEXT
        return _MAPPING if kind is yaml.MappingNode else _LIST

    def construct_document(self, node: yaml.Node) -> Any:
        """The data of a document."""
        try:
            return _plain(node, {})
        except (_Unusual, KeyError, RecursionError):
            return super().construct_document(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(problem=_TWICE.format(key.value), problem_mark=key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _plain(node: yaml.Node, made: dict[int, Any]) -> Any:
    """What a node says. `made`: the lists and mappings so far, for an anchor may be named again.

    Raises _Unusual for other tags, keys that are no text, keys that stand twice, and what holds itself.
    """
    kind, tag, value = node.__class__, node.tag, node.value
    if kind is yaml.ScalarNode:
        if tag == _TEXT:
            return value
        if tag not in _SCALARS:
            raise _Unusual
        return _SCALARS[tag](value)
    if id(node) in made:
        if made[id(node)] is _Unusual:
            raise _Unusual
        return made[id(node)]
    made[id(node)] = _Unusual
    found: Any
    if kind is yaml.MappingNode and tag == _MAPPING:
        found = {}
        for key, each in value:
            if key.tag != _TEXT or key.__class__ is not yaml.ScalarNode:
                raise _Unusual
            found[key.value] = _plain(each, made)
        if len(found) != len(value):
            raise _Unusual
    elif kind is yaml.SequenceNode and tag == _LIST:
        found = [_plain(each, made) for each in value]
    else:
        raise _Unusual
    made[id(node)] = found
    return found


use_core_types(_Loader)

_TWICE = "the key {!r} stands twice in one mapping"


def read_yaml(path: Path, error: type[BadInput] = MappingError) -> Any:
    """The data of a YAML file; `error` with file and line where it is not YAML or not UTF-8."""
    try:
        return yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - safe, and stricter
    except (OSError, UnicodeDecodeError) as problem:
        raise error(
            f"cannot be read: {type(problem).__name__}", where=str(path), expected="a UTF-8 file"
        ) from None
    except yaml.YAMLError as problem:
        mark, said = getattr(problem, "problem_mark", None), getattr(problem, "problem", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise error(said or "is not YAML", where=where, expected="YAML", remedy="mend the line") from None


class Node:
    """A mapping of a YAML file, with where it stands."""

    def __init__(self, data: object, where: str, error: type[BadInput] = MappingError) -> None:
        self.where = where
        self.error = error
        if not isinstance(data, dict):
            raise self.refuse("is not a mapping", "keys and values")
        self.data: dict[str, Any] = data

    def refuse(self, what: str, expected: str, key: str = "", remedy: str | None = None) -> BadInput:
        """The error to raise for what stands here."""
        path = f"{self.where}.{key}" if key else self.where
        return self.error(f"{key or 'this'} {what}", where=path, expected=expected, remedy=remedy)

    def only(self, *allowed: str) -> None:
        """Refuse keys other than these."""
        for key in self.data:
            if key not in allowed:
                close = difflib.get_close_matches(str(key), allowed, 1)
                raise self.refuse(
                    f"has the unknown key {key!r}",
                    ", ".join(sorted(allowed)),
                    remedy=f"did you mean {close[0]!r}?" if close else "remove it",
                )

    def text(self, key: str, default: str | None = None) -> str:
        """The text under a key."""
        value = self.data.get(key, default)
        if not isinstance(value, str) or not value:
            raise self.refuse("is missing or no text", "a text", key)
        return value

    def optional_text(self, key: str) -> str | None:
        """The text under a key, or None."""
        return self.text(key) if self.data.get(key) is not None else None

    def number(self, key: str) -> float | None:
        """The number under a key, or None."""
        value = self.data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse("is not a number", "a number", key)
        return float(value)

    def flag(self, key: str) -> bool:
        """The boolean under a key; false where it is missing."""
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            raise self.refuse("is neither true nor false", "true or false", key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under a key; a single text is a list of one."""
        value = self.data.get(key, ())
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.refuse("is not a list of texts", "[text, text]", key)
        return tuple(value)

    def nodes(self, key: str) -> Iterator[Node]:
        """The mappings listed under a key."""
        value = self.data.get(key, ())
        if isinstance(value, dict):
            value = [value]
        if not isinstance(value, list | tuple):
            raise self.refuse("is not a list", "a list", key)
        for index, item in enumerate(value):
            yield Node(item, f"{self.where}.{key}[{index}]", self.error)

    def items(self, key: str) -> Iterator[tuple[str, Node]]:
        """The named mappings under a key."""
        value = self.data.get(key)
        if value is None:
            return
        for name, item in Node(value, f"{self.where}.{key}", self.error).data.items():
            yield str(name), Node(item if item is not None else {}, f"{self.where}.{key}.{name}", self.error)

    def mapping(self, key: str) -> dict[str, Any]:
        """The plain mapping under a key; empty where it is missing."""
        value = self.data.get(key)
        return {} if value is None else Node(value, f"{self.where}.{key}", self.error).data

    def duration(self, key: str) -> Duration | None:
        """The duration under a key; None for `lifetime`."""
        text = self.text(key)
        if text == "lifetime":
            return None
        try:
            return parse_duration(text)
        except BadInput as error:
            raise self.refuse(f"is {text!r}", error.expected or "a duration", key) from None

    def codes(self, key: str, excepted: str | None = None) -> CodeSet:
        """The code list under a key, without those under `excepted`; empty where it is missing."""
        if excepted is None and self.data.get(key) is None:
            return CodeSet()
        try:
            return CodeSet.from_data(self.mapping(key), self.mapping(excepted) if excepted else None)
        except BadInput as error:
            where = f"{self.where}.{key}"
            raise self.error(error.what, where=where, expected=error.expected, remedy=error.remedy) from None
