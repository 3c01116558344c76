"""The card: which studies, what fits, what is open and how to settle it (CDS Hooks 2.0, Card Attributes).

Sensitive reasons read "further review needed", as everywhere outside the research team.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from fhirscreen.criteria.studies import Study, Weight
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import CANONICAL, NCT_SYSTEM, subject_uuid
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs import disclosures, wording
from fhirscreen.outputs.resources.subjects import listed_subject
from fhirscreen.outputs.resources.vocabulary import OVERRIDE_REASONS, OVERRIDES
from fhirscreen.outputs.worklists import Item, open_items
from fhirscreen.verdicts.proofs import explained, without_birth
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Standing, Status, Subject, Verdict

SUMMARY = 140
"""A summary has fewer characters than this."""

REFUSALS = frozenset({"patient-declined", "not-suitable"})
"""The reasons after which the studies are not suggested for this patient until a person reopens them."""

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, f"{CANONICAL}/cards")
_FITS, _OPEN = 6, 6
_UNSENT, _LOOK = "not among the records at hand for this card", "Look in the chart"
_LABEL = 80


class Suggestion(NamedTuple):
    """A study to suggest, and the patient as its subject.

    `listed`: the EHR holds that ResearchSubject already. `published`: it holds our ResearchStudy as well.
    """

    study: Study
    subject: Subject
    listed: bool = False
    published: bool = False


class Frame(NamedTuple):
    """What a card needs beside its studies: the base of patients' ids, the service's address, the site.

    `issuer` is the EHR that calls, as its JWT names it; empty where none is asked for.
    """

    base: str
    url: str
    site: str
    catalogue: Catalogue
    issuer: str = ""


def make_card(instance: str, suggestions: Sequence[Suggestion], frame: Frame) -> dict[str, Any]:
    """The card of a visit that names these studies, best first."""
    suggestions = [each._replace(study=_tellable(each.study, frame.catalogue)) for each in suggestions]
    studies = [each.study for each in suggestions]
    visit = visit_uuid(instance, frame.issuer, frame.base, suggestions[0].subject.patient)
    id = card_uuid(visit, [study.id for study in studies])
    created = [_suggestion(visit, each, frame) for each in suggestions if not each.listed]
    return {
        "uuid": id,
        "summary": summary(studies),
        "detail": "\n\n".join(_detail(each, frame) for each in suggestions),
        "indicator": "info",
        "source": {"label": f"fhirscreen, {frame.site}" if frame.site else "fhirscreen", "url": frame.url},
        **({"suggestions": created, "selectionBehavior": "any"} if created else {}),
        "overrideReasons": [
            {"code": code, "system": OVERRIDE_REASONS, "display": display}
            for code, display in OVERRIDES.items()
        ],
        "links": [_link(each, frame, id) for each in suggestions],
    }


def visit_uuid(instance: str, issuer: str, base: str, patient: str) -> uuid.UUID:
    """The same for the same hookInstance, EHR and patient; some EHRs use a hookInstance for several."""
    return uuid.uuid5(_NAMESPACE, orjson.dumps([instance, issuer, base, patient]).decode())


def card_uuid(visit: uuid.UUID, studies: Sequence[str]) -> str:
    """The same for the same visit and studies."""
    return str(uuid.uuid5(visit, "|".join(("card", *studies))))


def suggestion_uuid(visit: uuid.UUID, study: str) -> str:
    """The same for the same visit and study."""
    return str(uuid.uuid5(visit, f"suggestion|{study}"))


def summary(studies: Sequence[Study]) -> str:
    """One sentence of less than 140 characters."""
    if len(studies) == 1:
        return _cut(f"May fit the trial {_named(studies[0])}", SUMMARY - 1)
    return _cut(f"May fit {len(studies)} trials: {' and '.join(study.id for study in studies)}", SUMMARY - 1)


def _tellable(study: Study, catalogue: Catalogue) -> Study:
    """The study, its number for a title that would tell what is sensitive of whoever fits it."""
    if study.title != study.id and disclosures.names_sensitive(study.title, catalogue):
        return replace(study, title=study.id)
    return study


def _named(study: Study) -> str:
    return study.id if study.title == study.id else f"{study.id}: {study.title}"


def _cut(text: str, most: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 1].rstrip(" ,;:") + "…"


def _detail(suggestion: Suggestion, frame: Frame) -> str:
    study, subject = suggestion.study, _undated(suggestion.subject)
    status = wording.STATUSES[_status(subject)]
    listed = " · on the screening list already" if suggestion.listed else ""
    parts = [f"### {_plain(study.title)}", f"{study.id} · {status}{listed}"]
    fits = _fits(subject, frame.catalogue)
    if fits:
        parts.append(_list("What fits", fits, _FITS))
    presumed = sum(1 for v in subject.standing(Standing.MET) if v.proof.basis is Basis.PRESUMED)
    if presumed:
        parts.append(f"{presumed} more because nothing is on record, where records are complete.")
    unsent = _unsent(subject)
    items = [_at_visit(each, unsent) for each in open_items(subject, study, frame.catalogue)]
    if items:
        said = [
            f"{_plain(each.says)}{f': {_plain(each.why)}' if each.why else ''}"
            f"{f' → {_plain(each.action)}' if each.action else ''}"
            for each in items
        ]
        parts.append(_list("What is open, and how to settle it", said, _OPEN))
    if any(verdict.criterion.unread for verdict in subject.open):
        parts.append("Some of its criteria are not known here: check them in the protocol.")
    asked = [
        verdict
        for verdict in subject.to_ask
        if not disclosures.is_sensitive(verdict.criterion, frame.catalogue)
    ]
    if asked:
        said = [_plain(getattr(v.criterion.expression, "ask", v.criterion.says)) for v in asked]
        parts.append(_list("To ask in person", said, _OPEN))
    if subject.notes:
        rule = f" ({_plain(study.co_enrolment)})" if study.co_enrolment else ""
        parts.append(f"Note: {', '.join(map(_plain, subject.notes))}{rule}.")
    return "\n\n".join(parts)


def _unsent(subject: Subject) -> set[str]:
    """The criteria that are open because something was neither sent nor fetched."""
    return {
        verdict.criterion.id
        for verdict in subject.open
        if verdict.proof.reason is Reason.NOT_FETCHED and not explained(verdict.proof)
    }


def _at_visit(item: Item, unsent: Collection[str]) -> Item:
    """What was not sent stands in the chart, which whoever reads the card has open."""
    return replace(item, why=_UNSENT, action=_LOOK) if item.criterion in unsent else item


def _undated(subject: Subject) -> Subject:
    """The subject without the date of birth: a card is read over shoulders, and kept by the EHR."""
    verdicts = tuple(each._replace(proof=without_birth(each.proof)) for each in subject.verdicts)
    return subject._replace(verdicts=verdicts)


def _fits(subject: Subject, catalogue: Catalogue) -> list[str]:
    """What is met on record, gates first; nothing sensitive, and no exclusion that repeats an inclusion."""
    met = [
        verdict
        for verdict in subject.standing(Standing.MET)
        if verdict.proof.basis is not Basis.PRESUMED and not verdict.criterion.mirrors
    ]
    plain, _ = disclosures.part(met, catalogue)
    plain.sort(key=lambda v: (v.criterion.weight is not Weight.GATE, not v.proof.value))
    return [_fit(verdict, catalogue) for verdict in plain]


def _fit(verdict: Verdict, catalogue: Catalogue) -> str:
    criterion, proof = verdict.criterion, verdict.proof
    details = [wording.say_value(proof, criterion, catalogue), wording.say_date(proof.date)]
    said = ", ".join(_plain(each) for each in details if each)
    return f"{_plain(criterion.says)}{f': {said}' if said else ''}"


def _list(title: str, items: Sequence[str], most: int) -> str:
    more = [f"and {len(items) - most} more"] if len(items) > most else []
    return "\n".join([f"**{title}**", "", *(f"- {each}" for each in [*items[:most], *more])])


_MARKDOWN = str.maketrans({each: f"\\{each}" for each in "\\`*_[]~"})
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def _plain(text: str) -> str:
    """A text that Markdown leaves as it is: values of records may hold anything."""
    return _TAG.sub("&lt;", " ".join(text.split()).translate(_MARKDOWN))


def _status(subject: Subject) -> Status:
    return subject.status or Status.POTENTIAL_CANDIDATE


def _link(suggestion: Suggestion, frame: Frame, card: str) -> dict[str, str]:
    """To the page of patient and study, which may be asked for before a run has put the patient there."""
    study = suggestion.study
    id = subject_uuid(study.id, frame.base, suggestion.subject.patient)
    label = _cut(f"Why {_named(study)}", _LABEL)
    url = f"{frame.url}/studies/{study.id}/subjects/{id}?card={card}"
    return {"label": label, "url": url, "type": "absolute"}


def _suggestion(visit: uuid.UUID, suggestion: Suggestion, frame: Frame) -> dict[str, Any]:
    study = suggestion.study
    return {
        "label": _cut(f"Put on the screening list of {study.id}", _LABEL),
        "uuid": suggestion_uuid(visit, study.id),
        "actions": [
            {
                "type": "create",
                "description": f"Creates the ResearchSubject of this patient in {study.id}",
                "resource": _resource(suggestion, frame),
            }
        ],
    }


def _resource(suggestion: Suggestion, frame: Frame) -> Resource:
    """The ResearchSubject to create. Its study is named by registration: the EHR may not hold it."""
    study, subject = suggestion.study, suggestion.subject
    made = listed_subject(subject, _status(subject), study, frame.base, frame.catalogue)
    named = {"identifier": {"system": NCT_SYSTEM, "value": study.id}, "display": study.title}
    reference = made["study"] if suggestion.published else {}
    kept = {key: value for key, value in made.items() if key != "id"}  # the server gives it one
    return {**kept, "study": {**reference, **named}}
