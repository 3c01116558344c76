"""A stretch of eligibility text: a heading or a criterion."""

from __future__ import annotations

from dataclasses import dataclass

from fhirscreen.criteria.studies import Kind


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text: a heading (or stem), or a criterion with its section and the stems above it.

    `body` is where its words begin, after a number or letter that counts it; `limited` where a line above
    may hold for one group of people alone, or asks for some of those below it.
    """

    start: int
    end: int
    heading: bool
    kind: Kind | None = None
    stems: tuple[tuple[int, int], ...] = ()
    body: int = 0
    limited: bool = False
