"""Suggestions: what a terminology has for words that no concept names. Shown, and never screened with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    """What of a code is the phrase: its title, another term for it, or the name that a server has for it."""

    TITLE = "title"
    TERM = "inclusion term"
    SERVER = "terminology server"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A code that a phrase may mean; `system` is its short name in the mappings."""

    system: str
    code: str
    display: str
    how: How


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A phrase of a criterion with what it may mean; `start` and `end` are code points of the whole text."""

    phrase: str
    start: int
    end: int
    candidates: tuple[Candidate, ...]
