"""A subject in plain words: where each criterion stands and why, what changed, what may not be shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fhirscreen.criteria.nodes import Constant
from fhirscreen.criteria.studies import Criterion, Kind, Study
from fhirscreen.exceptions import StudyError
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs import wording
from fhirscreen.outputs.actions import next_action
from fhirscreen.outputs.disclosures import FURTHER_REVIEW_SAYS, is_sensitive, tells_sensitive
from fhirscreen.store.changes import StoredChange
from fhirscreen.store.standings import LISTED
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Standing, Status, Subject, Verdict
from fhirscreen.web.phrases import Phrases

TITLES = {Standing.FAILED: "Failed", Standing.OPEN: "Open", Standing.MET: "Met"}

TRUTHS = {Truth.TRUE: "yes", Truth.FALSE: "no", Truth.UNKNOWN: "not known"}

BASES = {
    Basis.RECORDED: "recorded",
    Basis.DERIVED: "computed from what is recorded",
    Basis.PRESUMED: wording.REASONS[Reason.ABSENCE_PRESUMED],
    Basis.CONFIRM: "to be asked in person",
    Basis.MISSING: "not on record",
}

RUN_STATES = {
    "running": "Under way",
    "done": "Complete",
    "incomplete": "Not everything could be read",
    "failed": "Failed",
}

RUN_CAUSES = {
    "manual": "asked for",
    "nightly": "nightly",
    "update": "news of a patient",
    "visit": "a visit",
}

JOB_KINDS = {
    "screen": "Screening",
    "update": "Screening on news or a visit",
    "publish": "Publication",
    "forget": "Deletion of old data",
}

DECISIONS = {"suitable": "Suitable", "not-suitable": "Not suitable", "reopened": "Reopened"}

_REFERENCE = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.\-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A resource that decided; `url` where it can be looked at."""

    reference: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One node of a proof."""

    says: str
    truth: str
    why: str
    details: str
    evidence: tuple[Evidence, ...]
    children: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """Where one criterion stands. Without an `id` it stands for what may not be shown."""

    id: str
    kind: str
    says: str
    why: str
    action: str
    evidence: tuple[Evidence, ...]
    proof: tuple[Line, ...]


Find = Callable[[str], Evidence]
"""From a reference to where it can be looked at."""


def find_evidence(server: str | None) -> Find:
    """Finds resources on a FHIR server; without one, nowhere."""

    def find(reference: str) -> Evidence:
        known = server is not None and _REFERENCE.fullmatch(reference) is not None
        return Evidence(reference, f"{server}/{reference}" if known else None)

    return find


def tell_standing(
    subject: Subject, which: Standing, study: Study, catalogue: Catalogue, find: Find, *, full: bool
) -> list[Telling]:
    """The criteria that stand so, those asked in person left out.

    Without `full`, sensitive ones are one item that says nothing of them; met ones are left out, since what
    is met says as much.
    """
    told = []
    hidden = False
    for verdict in subject.standing(which):
        if verdict.criterion.asks:
            continue
        if not full and tells_sensitive(verdict, catalogue):
            hidden = True
            continue
        told.append(_tell(verdict, study, catalogue, find))
    if hidden and which is not Standing.MET:
        action = "Ask the study's coordinator or investigator"
        told.append(Telling("", "", FURTHER_REVIEW_SAYS, "", action, (), ()))
    return told


def _tell(verdict: Verdict, study: Study, catalogue: Catalogue, find: Find) -> Telling:
    criterion, proof = verdict.criterion, verdict.proof
    why = wording.say_reason(proof, criterion, catalogue)
    if proof.basis is Basis.DERIVED and why and proof.reason is None:
        why = f"{why}, {BASES[Basis.DERIVED]}"
    action = next_action(proof, criterion, study, catalogue) if verdict.standing is Standing.OPEN else ""
    teller = _Teller(criterion, catalogue, find)
    lines = teller.parts(proof) if proof.children else (teller.line(proof),)
    if isinstance(criterion.expression, Constant):
        lines = ()  # it rests on nothing
    if not why and len(shared := {line.details for line in lines}) == 1:
        why = shared.pop()  # one record decides all parts, as with the readings of a question
    evidence = tuple(map(find, proof.evidence))
    kind = "exclusion" if criterion.kind is Kind.EXCLUSION else ""
    if kind and verdict.standing is not Standing.OPEN:
        kind = f"{kind}: {TRUTHS[proof.truth]}"  # an exclusion that is met is none
    return Telling(criterion.id, kind, criterion.says, why, action, evidence, lines)


class _Teller:
    """Tells the proof of one criterion."""

    def __init__(self, criterion: Criterion, catalogue: Catalogue, find: Find) -> None:
        self._criterion, self._catalogue, self._find = criterion, catalogue, find
        self._phrases = Phrases(criterion, catalogue)

    def parts(self, proof: Proof) -> tuple[Line, ...]:
        """The nodes below one."""
        leads = self._phrases.lead(proof)
        return tuple(self.line(child, lead) for child, lead in zip(proof.children, leads, strict=True))

    def line(self, proof: Proof, lead: str = "") -> Line:
        """A node, with those below it."""
        while len(proof.children) == 1 and self._adds_nothing(proof, proof.children[0]):
            proof = proof._replace(children=proof.children[0].children)
        why = wording.REASONS[proof.reason] if proof.reason is not None else BASES[proof.basis]
        details = (wording.say_value(proof, self._criterion, self._catalogue), wording.say_date(proof.date))
        return Line(
            lead + self._phrases.say(proof),
            TRUTHS[proof.truth],
            why,
            ", ".join(part for part in details if part),
            () if proof.children else tuple(map(self._find, proof.evidence)),
            self.parts(proof),
        )

    def _adds_nothing(self, proof: Proof, child: Proof) -> bool:
        # A negation stays: what stands below it is answered the other way round.
        return _same(proof, child) and not self._phrases.is_negation(child)


def _same(proof: Proof, child: Proof) -> bool:
    """Whether the only child says nothing that its parent does not say."""
    return (proof.truth, proof.reason, proof.basis, proof.value, proof.date, proof.evidence) == (
        child.truth,
        child.reason,
        child.basis,
        child.value,
        child.date,
        child.evidence,
    )


def to_ask(subject: Subject, catalogue: Catalogue, *, full: bool) -> list[str]:
    """What is asked in person, as the study words it."""
    return [
        wording.say_question(verdict.criterion)
        for verdict in subject.to_ask
        if full or not is_sensitive(verdict.criterion, catalogue)
    ]


def say_criteria(ids: Iterable[str], study: Study, catalogue: Catalogue, *, full: bool) -> list[str]:
    """The statements of criteria; sensitive ones as one that says nothing of them."""
    said: list[str] = []
    for id in ids:
        try:
            criterion = study.criterion(id)
        except StudyError:
            said.append("a criterion that the study no longer has")
            continue
        shown = full or not is_sensitive(criterion, catalogue)
        said.append(criterion.says if shown else FURTHER_REVIEW_SAYS)
    return list(dict.fromkeys(said))


def say_change(change: StoredChange, study: Study, catalogue: Catalogue, *, full: bool = False) -> str:
    """What changed for a subject, in a sentence."""
    before, after = change.before in LISTED, change.after in LISTED
    status = wording.STATUSES[Status(change.after)].lower() if change.after else "not listed"
    if after and change.before is None:
        said = f"New on the list: {status}"
    elif after and not before:
        said = f"Fits again: {status}"
    elif before and not after:
        said = "No longer on the list"
    elif change.before != change.after:
        said = f"Now a {status}"
    else:
        said = f"Still a {status}"
    criteria = say_criteria(change.criteria, study, catalogue, full=full)
    return f"{said}. Changed: {'; '.join(criteria)}" if criteria else said
