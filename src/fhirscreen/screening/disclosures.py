"""What of a person's decision is told to whom: the one rule of every surface that shows a decision.

What a person wrote may name what is sensitive, and the criteria that a decision rests on may be sensitive
themselves. Both are for those who care for a study's patients (`full`); to others a reason is withheld, and a
sensitive criterion is "further review needed".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fhirscreen.outputs.disclosures import FURTHER_REVIEW

WITHHELD = "withheld"
"""Stands for a reason that is there, and not for who asks."""


def tell_reason(because: str | None, *, full: bool) -> str:
    """A person's reason, as it may be told; empty where none was given."""
    return because if because and full else WITHHELD if because else ""


def tell_criteria(ids: Iterable[str], names: Mapping[str, str], *, full: bool) -> list[str]:
    """The ids of criteria as they may be told, each once; `names` as of `logs.hidden_ids`."""
    told = ids if full else (names.get(id, FURTHER_REVIEW) for id in ids)
    return sorted(dict.fromkeys(told))
