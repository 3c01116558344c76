"""What of a person's decision is told to whom: the one rule of every surface that shows a decision.

What a person wrote may name what is sensitive, and the criteria that a decision rests on may be sensitive
themselves. Both are for those who care for a study's patients (`full`); to others a reason is withheld, and a
sensitive criterion is "further review needed".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from fhirscreen.outputs.disclosures import FURTHER_REVIEW, FURTHER_REVIEW_SAYS

WITHHELD = "withheld"
"""Stands for a reason that is there, and not for who asks."""


def tell_reason(because: str | None, *, full: bool) -> str:
    """A person's reason, as it may be told; empty where none was given."""
    return because if because and full else WITHHELD if because else ""


FOR_WHOM = "told to coordinators and investigators alone"
"""Why something is withheld."""


def say_withheld(because: str | None, told: Collection[str], *, full: bool) -> list[str]:
    """What of a decision is not told, and why; `told` are its criteria as `tell_criteria` has them."""
    reason = bool(because) and not full
    sensitive = FURTHER_REVIEW in told
    said = (reason and "the reason", sensitive and "criteria that are sensitive")
    return [f"{each}: {FOR_WHOM}" for each in said if each]


def publish_reason(because: str | None, rests_on: Collection[str], names: Mapping[str, str]) -> str:
    """A person's reason as a hospital's server gets it, where many read it; empty where none was given.

    Where the decision rests on a criterion that is sensitive, its words may name it. Of one that names no
    criteria any of the study's may be meant.
    """
    meant = [names.get(id, FURTHER_REVIEW) for id in rests_on] or list(names.values()) or [FURTHER_REVIEW]
    return FURTHER_REVIEW_SAYS if because and FURTHER_REVIEW in meant else because or ""


def tell_criteria(ids: Iterable[str], names: Mapping[str, str], *, full: bool) -> list[str]:
    """The ids of criteria as they may be told, each once; `names` as of `logs.hidden_ids`."""
    told = ids if full else (names.get(id, FURTHER_REVIEW) for id in ids)
    return sorted(dict.fromkeys(told))
