"""Where a criterion stands for a patient, and what all of them make of the patient (design: status)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from fhirscreen.criteria.studies import Criterion, Kind, Weight
from fhirscreen.values.truth import TRUE, UNKNOWN, Truth
from fhirscreen.verdicts.proofs import Proof


class Standing(StrEnum):
    """Where a criterion stands: an inclusion is met when TRUE, an exclusion when FALSE; UNKNOWN is open."""

    MET = "met"
    FAILED = "failed"
    OPEN = "open"


# Members by a name of their own: found on their class, for every verdict, they cost ten times as much.
_MET, _FAILED, _OPEN = Standing.MET, Standing.FAILED, Standing.OPEN
_INCLUSION = Kind.INCLUSION


class Status(StrEnum):
    """What we write into ResearchSubject.status; never `eligible`, which a person decides."""

    CANDIDATE = "candidate"
    POTENTIAL_CANDIDATE = "potential-candidate"
    INELIGIBLE = "ineligible"


class Gate(StrEnum):
    """What takes a patient out before any criterion is looked at, in this order."""

    MERGED = "merged"
    INACTIVE = "inactive"
    DECEASED = "deceased"
    OBJECTED = "objected"
    ON_STUDY = "on-study"
    DECLINED = "declined"


class Verdict(NamedTuple):
    """One patient and one criterion of a study."""

    study: str
    patient: str
    criterion: Criterion
    proof: Proof

    @property
    def standing(self) -> Standing:
        """Met, failed or open."""
        return standing(self.criterion.kind, self.proof.truth)


def standing(kind: Kind, truth: Truth) -> Standing:
    """Where a criterion of that polarity stands when its statement has that truth."""
    if truth is UNKNOWN:
        return _OPEN
    return _MET if (truth is TRUE) == (kind is _INCLUSION) else _FAILED


class Subject(NamedTuple):
    """A member of a study's population with all verdicts, in the study's order of criteria.

    `complete` is False where not all data could be fetched: such a patient is never demoted.
    `notes` are shown beside the patient: transferred out, on another study.
    """

    study: str
    patient: str
    verdicts: tuple[Verdict, ...]
    complete: bool = True
    notes: tuple[str, ...] = ()
    diagnosed: str = ""
    planned_start: str = ""

    def standing(self, which: Standing) -> tuple[Verdict, ...]:
        """The verdicts that stand so."""
        return tuple([v for v in self.verdicts if v.standing is which])

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """Failed criteria."""
        return self.standing(_FAILED)

    @property
    def open(self) -> tuple[Verdict, ...]:
        """Open criteria that a record can settle; those asked in person are in `to_ask`."""
        return tuple([v for v in self.verdicts if v.standing is _OPEN and not v.criterion.asks])

    @property
    def to_ask(self) -> tuple[Verdict, ...]:
        """Criteria asked in person at screening, where the question arises; they never block."""
        return tuple([v for v in self.verdicts if v.standing is _OPEN and v.criterion.asks])

    @property
    def status(self) -> Status | None:
        """The status for a ResearchSubject; None where a criterion failed."""
        if self.failed:
            return None
        return Status.POTENTIAL_CANDIDATE if self.open else Status.CANDIDATE

    @property
    def near_miss(self) -> Verdict | None:
        """The one recoverable failure that alone stands in the way, or None.

        A mirrored pair (an exclusion that repeats an inclusion) counts as one failure.
        """
        failures = unmirrored(self.failed)
        if len(failures) == 1 and failures[0].criterion.recoverable:
            return failures[0]
        return None


def mirrored(verdict: Verdict, among: Iterable[Verdict]) -> bool:
    """Whether the verdict's criterion mirrors one that is among them too, so that it counts once."""
    return verdict.criterion.mirrors is not None and any(
        other.criterion.id == verdict.criterion.mirrors for other in among
    )


def unmirrored(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Those of some verdicts whose criterion mirrors none that is among them too."""
    ids = {each.criterion.id for each in verdicts}
    return [each for each in verdicts if each.criterion.mirrors not in ids]


def resolvable(verdict: Verdict) -> bool:
    """Whether an open criterion costs rank: someone could settle it, and the study ranks by it."""
    return verdict.criterion.ranked and not verdict.criterion.asks and not verdict.criterion.unread


def priority(subject: Subject) -> tuple[str, int, int, str]:
    """The key that orders a list: deadline, gates met, fewest resolvable open items, patient id.

    Without a planned treatment a patient comes after those with one.
    """
    # A mirrored pair is one thing to settle.
    opened = unmirrored(subject.open)
    gates_open = sum(1 for v in opened if v.criterion.weight is Weight.GATE)
    return (
        subject.planned_start or "9999",
        gates_open,
        sum(1 for v in opened if resolvable(v)),
        subject.patient,
    )


def ordered(subjects: Sequence[Subject]) -> list[Subject]:
    """Listed subjects, best first; candidates and potential candidates in one order of priority."""
    listed = [s for s in subjects if s.status is not None]
    return sorted(listed, key=priority)
