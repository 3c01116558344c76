"""Feedback: what users made of cards (CDS Hooks 2.0, Feedback). A refusal outlives the snooze."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field
from sqlalchemy.orm import Session

from fhirscreen.cds_hooks.calls import CallError, Lenient, NoSuchService, Short, check, parse
from fhirscreen.cds_hooks.cards import REFUSALS
from fhirscreen.cds_hooks.discovery import HOOKS
from fhirscreen.cds_hooks.trails import Write, tell_feedback
from fhirscreen.outputs.resources.vocabulary import OVERRIDES
from fhirscreen.store import cards
from fhirscreen.store.databases import Database


class AcceptedSuggestion(Lenient):
    """A suggestion that the user took, by its uuid."""

    id: Short


class Reason(Lenient):
    """One of the card's override reasons, by its code."""

    code: Short
    system: str | None = None


class OverrideReason(Lenient):
    """Why the user did not follow the card. A free comment is not read: it may name the patient."""

    reason: Reason | None = None


class Item(Lenient):
    """What a user did with one card."""

    card: Short
    outcome: Literal["accepted", "overridden"]
    acceptedSuggestions: Annotated[tuple[AcceptedSuggestion, ...], Field(max_length=20)] = ()  # noqa: N815
    overrideReason: OverrideReason | None = None  # noqa: N815
    outcomeTimestamp: AwareDatetime  # noqa: N815


class Feedback(Lenient):
    """The body of a feedback request."""

    feedback: Annotated[tuple[Item, ...], Field(min_length=1, max_length=100)]


class NoSuchCard(NoSuchService):
    """None of the cards was ever shown: 404."""


def take_feedback(
    database: Database, service: str, body: bytes, write: Write, *, at: datetime, issuer: str = ""
) -> int:
    """Stores what users made of cards, writes it down, and gives how many of the cards are known.

    `issuer` is the EHR that tells; a card that another one showed is not known to it.

    Raises NoSuchService, CallError, NoSuchCard where none of the cards is known, and StoreError.
    """
    if service not in HOOKS:
        raise NoSuchService("there is no service of that id", expected=", ".join(HOOKS))
    items = check(Feedback, parse(body)).feedback
    for number, item in enumerate(items):
        if item.outcome == "accepted" and not item.acceptedSuggestions:
            raise CallError(
                "an accepted card without the suggestions that were",
                where=f"feedback.{number}.acceptedSuggestions",
                expected="their ids",
            )
    with database.begin() as session:
        known = sum(_take(session, item, write, at, issuer) for item in items)
    if not known:
        raise NoSuchCard("no such card was shown", where="feedback.card", expected="the uuid of a card")
    return known


def _take(session: Session, item: Item, write: Write, at: datetime, issuer: str) -> bool:
    card = cards.find_card(session, item.card)
    if card is None or card.issuer not in (None, issuer):
        return False
    given = item.overrideReason.reason if item.overrideReason is not None else None
    reason = given.code if given is not None and given.code in OVERRIDES else None
    cards.add_feedback(
        session,
        card=item.card,
        outcome=item.outcome,
        accepted=[each.id for each in item.acceptedSuggestions],
        reason=reason,
        outcome_at=item.outcomeTimestamp.astimezone(UTC),
        at=at,
    )
    tell_feedback(write, session, card, issuer)
    if item.outcome == "overridden" and reason in REFUSALS:
        # The EHR's clock may be wrong, but nobody answers a card before it is shown.
        said = min(at, max(card.at, item.outcomeTimestamp.astimezone(UTC)))
        for study in card.studies:
            cards.refuse(session, card.base, card.patient, study, str(reason), by=card.by, at=said)
    return True
