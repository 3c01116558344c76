"""Lookups: what terminologies have for a phrase that no concept names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fhirscreen.criteria.suggestions import Candidate

MOST = 5
"""How many candidates of one phrase are shown."""


class Lookup(Protocol):
    """A terminology, asked by a phrase. It answers the same phrase with the same candidates."""

    def find(self, phrase: str) -> Sequence[Candidate]:
        """What is called exactly so, the most general first, and nothing that is only alike. Never raises."""
        ...
