"""What the reader says of one criterion or heading."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhirscreen.criteria.nodes import Expression
    from fhirscreen.criteria.studies import Kind
    from fhirscreen.criteria.suggestions import Suggestion
    from fhirscreen.reading.fragments import Atom


class Status(StrEnum):
    """How much of a criterion was understood."""

    COMPUTED = "computed"
    PARTIAL = "partial"
    MANUAL = "manual"
    UNREAD = "unread"
    HEADING = "heading"


@dataclass(frozen=True, slots=True)
class Reading:
    """One criterion or heading as it was read.

    `start` and `end` are code points of the text, `unread` the spans that were not understood, `rules` the
    productions that read the rest. `expression` holds what was not read as `Unread`, where it belongs.
    `suggestions` are codes for what no concept names: nothing here goes by them.
    """

    text: str
    start: int | None
    end: int | None
    status: Status
    kind: Kind | None = None
    group: str | None = None
    expression: Expression | None = None
    atoms: tuple[Atom, ...] = ()
    unread: tuple[tuple[int, int], ...] = ()
    warnings: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()

    @property
    def understood(self) -> Expression | None:
        """What was made of the text, where that is more than its own words."""
        return self.expression if self.status in (Status.COMPUTED, Status.PARTIAL) else None
