"""Typed access to the keys of one mapping in a document, with errors that name the path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Never, TypeVar

from fhirscreen.exceptions import Faults

if TYPE_CHECKING:
    from fhirscreen.criteria.wire.places import Place

E = TypeVar("E", bound=StrEnum)


def name_kind(value: object) -> str:
    """What a value of YAML or JSON is, as a person would call it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case _:
            return f"a {type(value).__name__}"


def suggest(word: str, known: Sequence[str]) -> str | None:
    """`did you mean ...?`, or None where nothing known is close."""
    close = get_close_matches(word.lower().replace("-", "_"), known, n=1) or get_close_matches(
        word, known, n=1
    )
    return f"did you mean `{close[0]}`?" if close else None


def read_text(value: object, place: Place) -> str:
    """A text that is not empty; StudyError otherwise."""
    if not isinstance(value, str):
        remedy = "put it in quotes" if isinstance(value, int | float) else None
        raise place.error(f"{name_kind(value)} instead of text", expected="text", remedy=remedy)
    if not value.strip():
        raise place.error("the text is empty", expected="text")
    return value


def read_items(value: object, place: Place) -> list[tuple[object, Place]]:
    """The elements of a list, each with its place; StudyError for anything else or an empty list."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise place.error(f"{name_kind(value)} instead of a list", expected="a list", remedy="write `[...]`")
    if not value:
        raise place.error(
            "the list is empty", expected="at least one element", remedy="add one, or leave the key out"
        )
    return [(item, place.item(index)) for index, item in enumerate(value)]


def read_word(value: object, place: Place) -> str:
    """One of a list of values: text, or a whole number that stands for itself (ECOG `[0, 1]`)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return read_text(value, place)


class Fields:
    """The keys of one mapping. Unknown ones are refused at once, with the one that was probably meant."""

    def __init__(self, data: object, place: Place, known: Sequence[str]) -> None:
        """Raises StudyError where `data` is no mapping, or has a key that is not among `known`."""
        if not isinstance(data, Mapping):
            raise place.error(
                f"{name_kind(data)} instead of a mapping", expected=f"keys among {', '.join(known)}"
            )
        faults = Faults()
        for key in [key for key in data if key not in known]:
            with faults:
                near = suggest(str(key), known) or "remove it, or spell it as one of these"
                if str(key)[:1].isdigit():
                    near = "a comma ends a value inside {...}: write numbers without it, and text in quotes"
                raise place.key(str(key)).error(
                    f"unknown key `{key}`", expected=f"keys among {', '.join(known)}", remedy=near
                )
        faults.check()
        self.data: Mapping[str, object] = data
        self.place = place

    @classmethod
    def known(cls, data: object, place: Place, known: Sequence[str], faults: Faults) -> Fields:
        """The known keys of a mapping; the others are kept in `faults`. StudyError where it is no mapping."""
        if not isinstance(data, Mapping):
            return cls(data, place, known)  # refuses
        with faults:
            return cls(data, place, known)
        return cls({key: value for key, value in data.items() if key in known}, place, known)

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def at(self, key: str) -> Place:
        """The place of a key's value."""
        return self.place.key(key)

    def missing(self, key: str, expected: str) -> Never:
        """Refuses the mapping for lack of a key."""
        raise self.place.error(f"`{key}` is missing", expected=expected, remedy=f"add `{key}: ...`")

    def value(self, key: str, expected: str) -> object:
        """The value of a key that must be there."""
        if key not in self.data:
            self.missing(key, expected)
        return self.data[key]

    def text(self, key: str) -> str:
        """A text that must be there."""
        return read_text(self.value(key, "text"), self.at(key))

    def text_or_none(self, key: str) -> str | None:
        """A text that may be absent."""
        return read_text(self.data[key], self.at(key)) if key in self.data else None

    def duration_or_none(self, key: str) -> str | None:
        """The text of a duration, which may be absent; whoever takes it reads it."""
        value = self.data.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise self.at(key).error(
                f"the unit of `{value}` is missing",
                expected="a duration, such as `28 d`, `6 mo` or `2 a`",
                remedy=f"write it, for instance `{value} d`",
            )
        return self.text_or_none(key)

    def flag(self, key: str, default: bool) -> bool:
        """`true` or `false`, or the default where the key is absent."""
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            raise self.at(key).error(f"{name_kind(value)} instead of true or false", expected="true or false")
        return value

    def whole(self, key: str) -> int | None:
        """A whole number, or None where the key is absent."""
        value = self.data.get(key)
        if key in self.data and (not isinstance(value, int) or isinstance(value, bool)):
            raise self.at(key).error(
                f"{name_kind(value)} instead of a whole number", expected="a whole number"
            )
        return value if isinstance(value, int) else None

    def choice(self, key: str, kind: type[E], default: E | None = None) -> E | None:
        """A member of an enumeration by its text, or the default where the key is absent."""
        if key not in self.data:
            return default
        text = read_word(self.data[key], self.at(key))
        known = [member.value for member in kind]
        if text not in known:
            raise self.at(key).error(
                f"`{text}` is not known here", expected=", ".join(known), remedy=suggest(text, known)
            )
        return kind(text)

    def words(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where the key is absent. StudyError for one that is there twice."""
        if key not in self.data:
            return ()
        words: list[str] = []
        for item, place in read_items(self.data[key], self.at(key)):
            word = read_word(item, place)
            if word in words:
                raise place.error(
                    f"`{word}` is listed twice", expected="each value once", remedy="remove one"
                )
            words.append(word)
        return tuple(words)
