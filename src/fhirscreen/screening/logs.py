"""The screening log of a study: who was screened, why they failed, and what a person decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire import read_study
from fhirscreen.exceptions import StudyError
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs.disclosures import (
    FURTHER_REVIEW,
    FURTHER_REVIEW_SAYS,
    is_sensitive,
    is_sensitive_code,
)
from fhirscreen.outputs.resources.vocabulary import OVERRIDES
from fhirscreen.outputs.wording import GATES
from fhirscreen.screening.disclosures import tell_reason
from fhirscreen.store.cards import StoredRefusal, find_refusals
from fhirscreen.store.reviews import StoredReview, newest_reviews
from fhirscreen.store.standings import FORGOTTEN, LISTED, StoredSubject, StoredVerdict
from fhirscreen.store.studies import find_study
from fhirscreen.store.subjects import find_failed, find_subjects
from fhirscreen.verdicts.standings import Gate

COLUMNS = (
    "study", "study_version", "base", "patient", "screened_at", "run", "outcome", "status", "gate", "failed",
    "why", "value", "date", "person_status", "decision", "decided_by", "decided_at", "because", "refused",
    "refused_by", "refused_at",
)  # fmt: skip
"""The columns, in their order. `outcome`: listed, failed, gate, outside (of the population, by now) or
forgotten (all but the decision, by retention). `failed`, `why`, `value` and `date` say as many things, in one
order: value and date are those that decide, empty where several records do. `refused`: why the study was
turned down at a visit, until a person reopens it."""

_PAGE = 500


def log_rows(session: Session, study: str, catalogue: Catalogue, *, full: bool) -> Iterator[tuple[str, ...]]:
    """A row a member, in the order of the list and then by patient; read as it is consumed.

    `full`: whether people's reasons are told (`disclosures`). Criteria that name a sensitive concept are not
    named, nor are their values; neither are others that such a concept's code decides. Nothing else than what
    the store holds is told.
    """
    criteria = _Criteria(session, study, catalogue)
    refusals = find_refusals(session, study)
    after: str | None = None
    while page := find_subjects(session, study=study, after=after, limit=_PAGE):
        ids = [subject.id for subject in page]
        failed, said = find_failed(session, ids), newest_reviews(session, ids)
        for subject in page:
            refusal = refusals.get((subject.base, subject.patient))
            yield _row(subject, failed.get(subject.id, ()), said.get(subject.id), refusal, criteria, full)
        after = ids[-1]


class _Criteria:
    """What the criteria of each version of a study may be called."""

    def __init__(self, session: Session, study: str, catalogue: Catalogue) -> None:
        self._session = session
        self._study = study
        self.catalogue = catalogue
        self._names: dict[int, Mapping[str, tuple[str, str]]] = {}

    def names(self, version: int) -> Mapping[str, tuple[str, str]]:
        """By id, the id and the statement as they may be told."""
        if version not in self._names:
            found = self._read(version)
            self._names[version] = {
                each.id: (FURTHER_REVIEW, FURTHER_REVIEW_SAYS)
                if is_sensitive(each, self.catalogue)
                else (each.id, each.says)
                for each in (found.criteria if found is not None else ())
            }
        return self._names[version]

    def _read(self, version: int) -> Study | None:
        stored = find_study(self._session, self._study, version)
        try:
            return read_study(stored.definition, self._study) if stored is not None else None
        except StudyError:  # of a language that is not read any more: its criteria are not named
            return None


def hidden_ids(session: Session, study: str, catalogue: Catalogue) -> Mapping[str, str]:
    """The ids of a study's criteria as they may be told, by id; of one that is not there, nothing is told."""
    stored = find_study(session, study)
    version = stored.version if stored is not None else 0
    return {id: told for id, (told, _) in _Criteria(session, study, catalogue).names(version).items()}


def _row(
    subject: StoredSubject,
    failed: Sequence[StoredVerdict],
    review: StoredReview | None,
    refusal: StoredRefusal | None,
    criteria: _Criteria,
    full: bool,
) -> tuple[str, ...]:
    names = criteria.names(subject.study_version)
    unnamed = (FURTHER_REVIEW, FURTHER_REVIEW_SAYS)
    told: dict[tuple[str, str], tuple[str, str]] = {}
    for verdict in failed:
        hidden = not verdict.unit and is_sensitive_code(verdict.value, criteria.catalogue)
        named = unnamed if hidden else names.get(verdict.criterion, unnamed)
        value = f"{verdict.value} {verdict.unit}".strip()
        told[named] = ("", "") if named == unnamed else (value, verdict.date)
    return (
        subject.study,
        str(subject.study_version),
        subject.base,
        subject.patient,
        subject.evaluated_at.isoformat(timespec="seconds"),
        subject.run or "",
        _outcome(subject),
        subject.status or "",
        subject.gate or "",
        " ".join(id for id, _ in told),
        _gate_says(subject) or "; ".join(says for _, says in told),
        "; ".join(value for value, _ in told.values()),
        "; ".join(date for _, date in told.values()),
        subject.person_status or "",
        review.decision if review is not None else "",
        review.by if review is not None else subject.person_by or "",
        (review.at.isoformat(timespec="seconds") if review is not None else ""),
        tell_reason(review.because if review is not None else subject.person_reason, full=full),
        *(_refused(refusal) if refusal is not None else ("", "", "")),
    )


def _refused(refusal: StoredRefusal) -> tuple[str, str, str]:
    why = OVERRIDES.get(refusal.reason, refusal.reason)
    return why, refusal.by, refusal.at.isoformat(timespec="seconds")


def _outcome(subject: StoredSubject) -> str:
    if subject.study_version == FORGOTTEN:
        return "forgotten"
    if subject.gate is not None:
        return "gate" if subject.gate in {each.value for each in Gate} else "outside"
    return "listed" if subject.status in LISTED else "failed"


def _gate_says(subject: StoredSubject) -> str:
    if subject.gate is None:
        return ""
    known = {each.value: says for each, says in GATES.items()}
    return known.get(subject.gate, "The record does not show the study's disease any more")
