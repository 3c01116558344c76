"""Searches as data: a type and its parameters, as they go into a body or a URL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

from fhirscreen.exceptions import UsageError

Parameters = Mapping[str, str] | Iterable[tuple[str, str]]

_HOW = frozenset({"_count", "_elements", "_total", "_summary", "_format", "_pretty", "_contained"})
"""Parameters about the answer's form, which a server need not repeat in its self link."""

_IMPERSONAL = _HOW | frozenset(
    {"_lastUpdated", "_sort", "_include", "_revinclude", "_type", "_tag", "_profile", "category", "code"}
    | {"clinical-status", "verification-status", "status", "intent", "date", "onset-date", "recorded-date"}
    | {"authoredon", "effective", "effective-time", "performed", "deceased", "active", "gender", "url"}
    | {"medication", "value-concept", "value-quantity", "combo-code", "component-code", "body-site"}
)
"""Parameters whose values are about no particular person: only these may stand in a URL."""


def escape(value: str) -> str:
    r"""`value` with the separators of search values escaped (R4 search, 3.1.1.5.7): `\`, `,`, `$`, `|`."""
    for mark in "\\,$|":
        value = value.replace(mark, "\\" + mark)
    return value


def token(system: str | None, code: str) -> str:
    """`system|code`; any system where `system` is None, no system where it is empty."""
    return escape(code) if system is None else f"{escape(system)}|{escape(code)}"


@dataclass(frozen=True, slots=True)
class Query:
    """A search of one type. Equal parameters repeat (AND); values within one are joined by commas (OR)."""

    type: str
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, type: str, parameters: Parameters = ()) -> Query:
        """From a mapping or pairs. Raises UsageError for an empty value, which servers read as they like."""
        pairs = tuple(parameters.items() if isinstance(parameters, Mapping) else parameters)
        if empty := sorted({name for name, value in pairs if not value}):
            raise UsageError(
                f"A search of {type} has no value for {', '.join(empty)}", expected="a value, or no parameter"
            )
        return cls(type, pairs)

    def with_(self, **more: str) -> Query:
        """The query with parameters such as `_count` added where it does not have them."""
        has = {name for name, _ in self.parameters}
        added = tuple((name, value) for name, value in more.items() if name not in has)
        return Query(self.type, self.parameters + added)

    def narrowed(self, name: str, values: Iterable[str]) -> Query:
        """The query with one more parameter, of which any of `values` fits (each escaped already)."""
        return Query(self.type, (*self.parameters, (name, ",".join(values))))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, sorted, each once."""
        return tuple(sorted({name for name, _ in self.parameters}))

    @property
    def impersonal(self) -> bool:
        """Whether no value can be about a particular patient, so that it may stand in a URL and a log."""
        return all(_is_impersonal(name) for name, _ in self.parameters)

    def encoded(self) -> bytes:
        """As `application/x-www-form-urlencoded`."""
        return urlencode(self.parameters).encode("ascii")

    def dropped(self, self_link: str) -> tuple[str, ...]:
        """The parameters that decide what is found and that the server's self link does not repeat.

        By R4 (3.1.1.6) the self link holds the parameters that were used. Compared are names with their
        modifiers, and how often each occurs; values may be rewritten.
        """
        used = [_comparable(name) for name, _ in parse_qsl(urlsplit(self_link).query, keep_blank_values=True)]
        dropped = []
        for name, _ in self.parameters:
            if name in _HOW:
                continue
            if _comparable(name) in used:
                used.remove(_comparable(name))
            else:
                dropped.append(name)
        return tuple(sorted(set(dropped)))


def slices(values: Sequence[str], room: int, most: int | None = None) -> Iterator[Sequence[str]]:
    """`values` in order, cut so that each slice, encoded and joined, has at most `room` bytes.

    And at most `most` values. A value that alone exceeds the room is a slice of its own.
    """
    start = size = 0
    for place, value in enumerate(values):
        width = len(quote_plus(value)) + len("%2C")
        if place > start and (size + width > room or place - start == most):
            yield values[start:place]
            start, size = place, 0
        size += width
    if start < len(values):
        yield values[start:]


def _comparable(name: str) -> str:
    """`subject:Patient` is `subject`: a server may take or leave the type. Other modifiers mean something."""
    base, mark, modifier = name.partition(":")
    return base if mark and modifier[:1].isupper() and "." not in modifier else name


def _is_impersonal(name: str) -> bool:
    if name.startswith("_has:"):
        return _is_impersonal(name.split(":")[3]) if name.count(":") >= 3 else False
    return name.rpartition(".")[2].partition(":")[0] in _IMPERSONAL
