"""YAML and JSON files as plain data. YAML 1.2's core types only: `on`, `yes` and dates are text.

A whole number is one only as a program writes it: `0012` and `+5` are text, so that no digit is lost.

A key that stands twice in a mapping is refused, as are YAML's aliases: what one reads is what is meant.
"""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, NoReturn

import yaml

from fhirscreen.exceptions import BadInput, StudyError

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path


class _Refused(yaml.MarkedYAMLError):
    """Valid YAML that we do not take."""


class _Loader(yaml.SafeLoader):
    """The safe loader, less YAML 1.1's guesses and less aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise _Refused(problem="an alias (`*name`): write the text out instead", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float):
                raise _Refused(problem="a key that is not text", problem_mark=key_node.start_mark)
            if key in seen:
                raise _Refused(problem=f"the key `{key}` stands here twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


_CORE_TYPES = {  # YAML 1.2.2, 10.3.2, less octal, hexadecimal, infinite and signed numbers
    "tag:yaml.org,2002:null": (r"~|null|Null|NULL|", "~nN\0"),
    "tag:yaml.org,2002:bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "tag:yaml.org,2002:int": (r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
    "tag:yaml.org,2002:float": (
        r"-?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?",
        "-.0123456789",
    ),
}


def use_core_types(loader: type[yaml.SafeLoader | yaml.CSafeLoader]) -> None:
    """Makes a loader of YAML guess the core types only, and read them without loss."""
    loader.yaml_implicit_resolvers = {}
    for tag, (pattern, firsts) in _CORE_TYPES.items():
        first = [mark.strip("\0") for mark in firsts]
        loader.add_implicit_resolver(tag, re.compile(rf"(?:{pattern})\Z"), first)
    # The base constructor reads a leading 0 as octal and a colon as base 60; the core schema knows neither.
    loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))
    loader.add_constructor("tag:yaml.org,2002:float", lambda _, node: float(node.value))


use_core_types(_Loader)


def parse_yaml(text: str, where: str, error: type[BadInput] = StudyError) -> object:
    """The data of a YAML document. Raises `error`, with the line, for what is not YAML or not ours."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - _Loader is a SafeLoader
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = problem.problem or problem.context or "broken structure"
        prefix = "" if isinstance(problem, _Refused) else "not YAML: "
        raise error(
            f"{prefix}{what}",
            where=f"{where}{line}",
            expected="a YAML document",
            remedy=_COLON if what.startswith("mapping values are not allowed") else "mend that line",
        ) from None
    except (yaml.YAMLError, ValueError) as problem:
        raise error(f"not YAML: {problem}", where=where, expected="a YAML document") from None
    except RecursionError:
        _too_deep(where, error)


_COLON = "put text that holds a colon and a space in quotes"


class _Dumper(yaml.SafeDumper):
    """Quotes exactly what the loader would take for something else than text."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Text of several lines as it stands, where YAML can."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers
_Dumper.add_representer(str, _write_text)


def format_yaml(data: object) -> str:
    """The data as YAML that `parse_yaml` reads back; innermost lists and mappings on one line.

    The outermost stands a key or an element a line, and so does each element of an outermost list.
    """
    stream = io.StringIO()
    dumper = _Dumper(stream, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)
    node = dumper.represent_data(data)
    for each in (node, *(node.value if isinstance(node, yaml.SequenceNode) else ())):
        if isinstance(each, yaml.CollectionNode) and each.value:
            each.flow_style = False
    dumper.open()
    dumper.serialize(node)
    dumper.close()
    return stream.getvalue()


def parse_json(text: str, where: str, error: type[BadInput] = StudyError) -> object:
    """The data of a JSON document. Raises `error`, with the line, for what is not JSON."""

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        data = dict(items)
        if len(data) < len(items):
            keys = [key for key, _ in items]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise error(
                f"the key `{twice}` stands twice in one object",
                where=where,
                expected="each key once",
                remedy="remove one",
            )
        return data

    def constant(name: str) -> NoReturn:
        raise error(f"{name} is not a number of JSON", where=where, expected="a finite number")

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except json.JSONDecodeError as problem:
        raise error(
            f"not JSON: {problem.msg}",
            where=f"{where}, line {problem.lineno}, column {problem.colno}",
            expected="a JSON document",
            remedy="mend that line",
        ) from None
    except ValueError as problem:  # an integer of thousands of digits
        raise error(f"not JSON: {problem}", where=where, expected="a JSON document") from None
    except RecursionError:
        _too_deep(where, error)


def _too_deep(where: str, error: type[BadInput]) -> NoReturn:
    raise error("nested too deeply to be read", where=where, expected="a document of a few levels") from None


def load_document(path: Path, error: type[BadInput] = StudyError) -> object:
    """The data of a `.json` file, or of any other as YAML. Raises `error` where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as problem:
        raise error(
            f"the file cannot be read: {problem.strerror}",
            where=str(path),
            expected="a YAML or JSON file",
            remedy="check the name and the permissions",
        ) from None
    except UnicodeDecodeError:
        raise error(
            "the file is not UTF-8 text", where=str(path), expected="UTF-8", remedy="save it as UTF-8"
        ) from None
    parse = parse_json if path.suffix.lower() == ".json" else parse_yaml
    return parse(text.removeprefix("\ufeff"), str(path), error)
