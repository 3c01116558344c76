"""A document written anew only where its data changed: elsewhere a person's lines stay as they are.

No library does this: those that keep comments hang a comment above a criterion on the one before it, so that
it goes when that one goes, and break long lines anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from fhirscreen.criteria.wire.documents import format_yaml, parse_yaml
from fhirscreen.exceptions import StudyError


def rewrite_yaml(text: str, data: Mapping[str, object]) -> str:
    """The YAML document with the new data, which `parse_yaml` then reads from it.

    Elements of a list are told by their `id`. A comment goes with the line below it. A document that is not
    written a key a line is written afresh.
    """
    lines = text.splitlines()
    try:
        old = parse_yaml(text, "")
        node = yaml.compose(text, yaml.SafeLoader)
        if isinstance(node, yaml.MappingNode) and isinstance(old, Mapping) and not node.flow_style:
            end = len(lines)
            start = _above(lines, node.start_mark.line, 0)
            written = "\n".join([*lines[:start], *_Rewriter(lines).mapping(node, old, data, end)]) + "\n"
            if parse_yaml(written, "") == data:
                return written
    except (yaml.YAMLError, StudyError):
        pass
    return format_yaml(data)


_Elements = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class _Rewriter:
    lines: list[str]

    def mapping(
        self, node: yaml.MappingNode, old: Mapping[str, object], new: Mapping[str, object], end: int
    ) -> list[str]:
        """The lines of a mapping that ends before the line `end`: a block for each key of the new data."""
        column = node.start_mark.column
        first = node.start_mark.line
        starts = [_above(self.lines, key.start_mark.line, first) for key, _ in node.value]
        blocks = {
            key.value: (key, value, start, stop)
            for (key, value), start, stop in zip(node.value, starts, [*starts[1:], end], strict=True)
        }
        found: list[str] = []
        for name, value in new.items():
            if name not in blocks:
                found += _indented(format_yaml({name: value}), column)
                continue
            key, at, start, stop = blocks[name]
            lead = self.lines[start : key.start_mark.line]
            if old[name] == value:
                block = self.lines[key.start_mark.line : stop]
            elif isinstance(at, yaml.SequenceNode) and not at.flow_style and _has_ids(old[name], value):
                block = [self.lines[key.start_mark.line]]
                block += self.sequence(at, old[name], value, stop)  # type: ignore[arg-type]
            else:
                block = _indented(format_yaml({name: value}), column)
            if block and key.start_mark.line == first:
                block = [" " * column + block[0][column:], *block[1:]]
            found += [*lead, *block]
        return found

    def sequence(self, node: yaml.SequenceNode, old: _Elements, new: _Elements, end: int) -> list[str]:
        """The lines of a list of mappings, each told by its id, in the new data's order."""
        top = node.start_mark.line
        starts = [_above(self.lines, item.start_mark.line, top) for item in node.value]
        blocks = {
            each["id"]: (item, each, start, stop)
            for item, each, start, stop in zip(node.value, old, starts, [*starts[1:], end], strict=True)
        }
        found: list[str] = []
        for each in new:
            if each["id"] not in blocks:
                found += _indented(format_yaml([each]), node.start_mark.column)
                continue
            item, was, start, stop = blocks[each["id"]]
            line, column = item.start_mark.line, item.start_mark.column
            lead = self.lines[start:line]
            if was == each:
                block = self.lines[line:stop]
            elif isinstance(item, yaml.MappingNode) and not item.flow_style:
                block = self.mapping(item, was, each, stop)
                block[0] = self.lines[line][:column] + block[0][column:]
            else:
                block = _indented(format_yaml([each]), node.start_mark.column)
            found += [*lead, *block]
        return found


def _above(lines: list[str], line: int, top: int) -> int:
    """Where what belongs to a line begins: with the comments and empty lines above it, but below `top`."""
    while line - 1 > top and (not lines[line - 1].strip() or lines[line - 1].lstrip().startswith("#")):
        line -= 1
    return line


def _has_ids(*lists: object) -> bool:
    return all(
        isinstance(each, Sequence) and all(isinstance(item, Mapping) and "id" in item for item in each)
        for each in lists
    )


def _indented(text: str, column: int) -> list[str]:
    return [" " * column + line if line else line for line in text.splitlines()]
