"""What users made of the cards that named a study: counts, for whoever runs the study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fhirscreen.cds_hooks.cards import suggestion_uuid, visit_uuid
from fhirscreen.outputs.resources.vocabulary import OVERRIDES
from fhirscreen.store.cards import Answered, count_shown, find_answers


@dataclass(frozen=True, slots=True)
class Responses:
    """Cards that named a study, as far back as they are kept; each counts once, by what was told of it last.

    `accepted`: its suggestion was taken; `overridden`: by the code of the reason, "" where none was given;
    `other`: a suggestion of the card's other study alone was taken.
    """

    shown: int
    accepted: int
    overridden: Mapping[str, int]
    other: int

    @property
    def unanswered(self) -> int:
        """Of how many no EHR told anything."""
        return self.shown - self.accepted - sum(self.overridden.values()) - self.other


def count_responses(session: Session, study: str) -> Responses:
    """The counts of a study. Raises StoreError."""
    answers = find_answers(session, study)
    said = Counter(each.reason or "" for each in answers if each.outcome == "overridden")
    taken = [each for each in answers if each.outcome == "accepted"]
    accepted = sum(_is_taken(each, study) for each in taken)
    ordered = {code: said[code] for code in (*OVERRIDES, "") if said[code]}
    return Responses(count_shown(session, study), accepted, ordered, len(taken) - accepted)


def _is_taken(answered: Answered, study: str) -> bool:
    card = answered.card
    visit = visit_uuid(card.hook_instance, card.issuer or "", card.base, card.patient)
    return suggestion_uuid(visit, study) in answered.accepted
