"""Phrases by their tokens: longest match first, over one trie of concepts' names and of function words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from fhirscreen.reading.abbreviations import find_abbreviations
from fhirscreen.reading.items import NARROWER, Item, Role
from fhirscreen.reading.phrases import AMBIGUOUS, NUMBER_WORDS, PHRASES, SPELT_EXACTLY, WITH_A_NUMBER
from fhirscreen.reading.tokens import Kind, Token, fold, tokenise

if TYPE_CHECKING:
    from fhirscreen.mapping.concepts import Concept

_DROPPED = ("-", "'")
_SIGNS = {
    ",": Role.COMMA, ";": Role.STOP, ".": Role.STOP, "(": Role.OPEN, ")": Role.CLOSE, "-": Role.DASH,
    "~": Role.DASH, "/": Role.SLASH, ":": Role.COLON, "&": Role.AND, "{": Role.OPEN, "}": Role.CLOSE,
    '"': Role.FILLER, "'": Role.FILLER, "*": Role.FILLER, "•": Role.STOP, "?": Role.FILLER, "®": Role.FILLER,
    "™": Role.FILLER, "!": Role.STOP, "_": Role.FILLER, "^": Role.FILLER, "|": Role.STOP, "#": Role.FILLER,
    "†": Role.FILLER, "‡": Role.FILLER, "·": Role.STOP, "○": Role.STOP, "●": Role.STOP,
}  # fmt: skip

Abbreviations: TypeAlias = "Mapping[str, Item]"
"""The names that one text introduces abbreviations for, by these."""


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    role: Role | None = None
    value: str = ""
    concepts: tuple[Concept, ...] = ()
    exact: frozenset[str] = frozenset()


class Lexicon:
    """Concepts by name, synonym and abbreviation, and the words that join them."""

    __slots__ = ("_root",)

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._root = _Node()
        for role in sorted(PHRASES, key=lambda role: role is Role.FILLER):  # a filler is what is nothing else
            for phrase, value in PHRASES[role].items():
                node = self._node(phrase)
                if node.role is None:
                    node.role, node.value = role, value
        concepts = tuple(concepts)
        for concept in concepts:
            for name in concept.names:
                self._add(concept, name)
            for name in concept.narrower_names:
                self._add(concept, name, NARROWER)
            for name in (name for name, id in WITH_A_NUMBER.items() if id == concept.id):
                self._add(concept, name)
        for concept in concepts:  # what it is called in a verdict, unless that is a name of another sense
            if self.name(_keys(tokenise(concept.label)), 0, 0) is None:
                self._add(concept, concept.label)

    def _node(self, phrase: str) -> _Node:
        node = self._root
        for key in _keys(tokenise(phrase)):
            node = node.children.setdefault(key, _Node())
        return node

    def _add(self, concept: Concept, name: str, sense: str = "") -> None:
        plain = name
        for ending in ("-positive", "-negative", " positive", " negative"):
            if concept.values and name.endswith(ending):  # the value is read beside the name
                plain = name.removesuffix(ending)
        if plain in AMBIGUOUS:
            return
        node = self._node(plain)
        if node.role is not None and node.role is not Role.ENTITY:
            return
        node.role, node.value = Role.ENTITY, sense
        if concept not in node.concepts:
            node.concepts = (*node.concepts, concept)
        if len(plain) <= 2 or plain in SPELT_EXACTLY:
            node.exact = node.exact | {plain}

    def keys(self, text: str, start: int, end: int) -> list[str]:
        """What a stretch of the text is looked up by."""
        return list(_keys_of(text[start:end]))

    def name(self, keys: Sequence[str], start: int, end: int) -> Item | None:
        """The concept of that name as an item between two offsets; None where no concept is called so."""
        node: _Node | None = self._root
        for key in keys:
            node = node.children.get(key) if node is not None else None
        if node is None or node.role is not Role.ENTITY:
            return None
        return Item(Role.ENTITY, start, end, "", node.value, node.concepts)

    def find(self, tokens: Sequence[Token], introduced: Abbreviations | None = None) -> list[Item]:
        """The items of the tokens: phrases, numbers, comparators, signs, and words that are not known.

        `introduced` holds the abbreviations of the text that nobody else uses.
        """
        found: list[Item] = []
        at, count = 0, len(tokens)
        while at < count:
            token = tokens[at]
            end, node = self._longest(tokens, at)
            if node is not None and node.role is not None:
                last = tokens[end - 1]
                found.append(
                    Item(
                        node.role,
                        token.start,
                        last.end,
                        token.text if end == at + 1 else "",
                        node.value,
                        node.concepts,
                    )
                )
                at = end
                continue
            named = introduced.get(token.text) if introduced and token.kind is Kind.WORD else None
            found.append(
                Item(Role.ENTITY, token.start, token.end, token.text, named.key, named.concepts)
                if named
                else _single(token)
            )
            at += 1
        return found

    def names(self, tokens: Sequence[Token]) -> bool:
        """Whether the tokens are the name of a concept."""
        return bool(tokens) and self.name(_keys(tokens), 0, 0) is not None

    def introduce(self, text: str) -> Abbreviations:
        """The concepts of the abbreviations that a text introduces, which have no role of their own."""
        found: dict[str, Item] = {}
        for short, words in find_abbreviations(text):
            if self._root.children.get(fold(short)) is None:
                named = self.name(_keys(words), words[0].start, words[-1].end)
                if named is not None:
                    found[short] = named
        return found

    def _longest(self, tokens: Sequence[Token], at: int) -> tuple[int, _Node | None]:
        node, best, end = self._root, None, at
        for index in range(at, len(tokens)):
            token = tokens[index]
            key = token.key
            if index > at and key in _DROPPED:
                continue
            following = node.children.get(key)
            if following is None:
                break
            node = following
            if node.role is not None and (
                not node.exact or index > at or token.text in node.exact or token.text[:-1] in node.exact
            ):
                best, end = node, index + 1
        return end, best


def _keys(tokens: Iterable[Token]) -> list[str]:
    return [token.key for token in tokens if token.key not in _DROPPED]


@lru_cache(maxsize=1 << 14)
def _keys_of(text: str) -> tuple[str, ...]:
    return tuple(_keys(tokenise(text)))


def _single(token: Token) -> Item:
    kind = token.kind
    if kind is Kind.NUMBER:
        item = Item(Role.NUMBER, token.start, token.end, token.text, token.limit, value=token.value)
        item.key = token.unit
        if token.limit:
            item.role, item.key = Role.NUMBER, f"limit:{token.limit}"
        return item
    if kind is Kind.COMPARATOR:
        return Item(Role.COMPARE, token.start, token.end, token.text, token.key)
    if kind is Kind.LIMIT:
        return Item(Role.LIMIT, token.start, token.end, token.text, token.limit)
    if kind is Kind.CATEGORY:
        return Item(Role.CATEGORY, token.start, token.end, token.text)
    if kind is Kind.SIGN:
        role = _SIGNS.get(token.text, Role.WORD if token.text.isalnum() else Role.FILLER)
        return Item(role, token.start, token.end, token.text)
    if token.key in NUMBER_WORDS:
        return Item(Role.NUMBER, token.start, token.end, token.text, value=float(NUMBER_WORDS[token.key]))
    return Item(Role.WORD, token.start, token.end, token.text, token.key)
