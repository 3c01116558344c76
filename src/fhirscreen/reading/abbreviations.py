"""Abbreviations that a text introduces in parentheses: central nervous system (CNS) metastases.

An abbreviation stands for the words before it where its letters occur in them in its order, the first at the
beginning of a word (Schwartz and Hearst, Pac Symp Biocomput 2003).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from fhirscreen.reading.tokens import Kind, Token, tokenise

_INTRODUCED = re.compile(r"\(([A-Z][A-Za-z]{1,9})\)")
_FAR = 120
_LONGEST = 10
_MORE_WORDS = 5
_PARTS = 4


def drop_abbreviations(tokens: Sequence[Token], names: Callable[[Sequence[Token]], bool]) -> Sequence[Token]:
    """The tokens without parentheses that only abbreviate the words before them.

    `names` says whether tokens name a concept: where the abbreviation does and the words do not, it stays.
    """
    if not any(token.text == "(" for token in tokens):
        return tokens
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        end = _short(tokens, at) if tokens[at].text == "(" else 0
        if end:
            short = tokens[at + 1 : end - 1]
            words = _long(found, "".join(token.text for token in short))
            if words and (not names(short) or any(names(words[i:]) for i in range(len(words)))):
                at = end
                continue
        found.append(tokens[at])
        at += 1
    return found


def find_abbreviations(text: str) -> Iterator[tuple[str, list[Token]]]:
    """The abbreviations of one word that a text introduces, each once, with the words that it stands for."""
    seen: set[str] = set()
    for match in _INTRODUCED.finditer(text):
        short = match[1]
        if short not in seen:
            seen.add(short)
            words = _long(tokenise(text, max(0, match.start() - _FAR), match.start()), short)
            if words:
                yield short, words


def _short(tokens: Sequence[Token], at: int) -> int:
    """Where a parenthesis ends that holds an abbreviation alone; 0 where it holds something else."""
    end = at + 1
    while end < len(tokens) and end <= at + _PARTS and tokens[end].text != ")":
        token = tokens[end]
        if end > at + 1 and token.start != tokens[end - 1].end:
            return 0
        if token.kind not in (Kind.WORD, Kind.NUMBER) and token.text != "-":
            return 0
        if token.kind is Kind.NUMBER and (token.unit or token.limit or end == at + 1):
            return 0
        end += 1
    if end >= len(tokens) or tokens[end].text != ")" or end == at + 1:
        return 0
    short = "".join(token.text for token in tokens[at + 1 : end])
    capitals = sum(letter.isupper() for letter in short)
    return end + 1 if 1 < len(short) <= _LONGEST and capitals > 1 else 0


def _long(before: Sequence[Token], short: str) -> list[Token]:
    """The words before it that an abbreviation stands for."""
    letters = [letter.lower() for letter in short if letter.isalnum()]
    if len(letters) > 2 and short.endswith("s"):
        letters.pop()
    words: list[Token] = []
    most = min(len(letters) + _MORE_WORDS, 2 * len(letters))
    for token in reversed(before[-most:]):
        if token.kind is Kind.SIGN and token.text not in "-/'":
            break
        if token.kind in (Kind.COMPARATOR, Kind.LIMIT):
            break
        words.insert(0, token)
    text = "\n".join(token.text.lower() for token in words)
    at = len(text)
    for index in range(len(letters) - 1, -1, -1):
        at -= 1
        while at >= 0 and (text[at] != letters[index] or (index == 0 and at > 0 and text[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return []
    return words[text.count("\n", 0, at) :]
