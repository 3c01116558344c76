"""Where in a document something stands, so that an error can name it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fhirscreen.exceptions import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 60
"""How many levels an expression may nest; no protocol comes near, and no file can exhaust the stack."""


@dataclass(frozen=True, slots=True)
class Place:
    """A path in a document: `inclusion[3].measured.at_least`, after the document's name where it has one."""

    document: str = ""
    path: str = ""
    depth: int = 0

    def key(self, name: str) -> Place:
        """The value under a key."""
        return Place(self.document, f"{self.path}.{name}" if self.path else name, self.depth + 1)

    def item(self, index: int) -> Place:
        """An element of a list, counted from 0."""
        return Place(self.document, f"{self.path}[{index}]", self.depth + 1)

    def __str__(self) -> str:
        return ": ".join(part for part in (self.document, self.path) if part)

    def error(self, what: str, *, expected: str | None = None, remedy: str | None = None) -> StudyError:
        """A StudyError that names this place."""
        return StudyError(what, where=str(self) or None, expected=expected, remedy=remedy)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Names this place in a StudyError that a node raised about itself."""
        try:
            yield
        except StudyError as error:
            if error.where is None:
                error.where = str(self) or None
            raise
