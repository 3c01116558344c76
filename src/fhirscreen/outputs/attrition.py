"""The attrition: how many patients each gate and each criterion lost, and lost alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from fhirscreen.criteria.studies import Criterion, Study
from fhirscreen.engines.base import Screened
from fhirscreen.plan.nodes import Plan
from fhirscreen.verdicts.standings import Gate, Standing, Status, Subject, Verdict, mirrored

Cell = int | None
"""A number of patients; None where it is suppressed, or cannot be told at this depth."""


class Loss(NamedTuple):
    """What one criterion did to the patients who were screened.

    `met + failed + open + undecided + mirrored` is everybody screened. `failed_alone`: nothing else failed.
    `undecided`: the engine stopped before it (depth `candidates`). `mirrored`: stands as the inclusion that
    it mirrors does, and is counted there.
    """

    criterion: Criterion
    met: Cell
    failed: Cell
    failed_alone: Cell
    open: Cell
    undecided: Cell
    mirrored: Cell


@dataclass(frozen=True, slots=True)
class Attrition:
    """The way of all patients through one study.

    `patients = outside + members`; `members = gates + screened`;
    `screened = candidates + potential + failed`.
    """

    study: Study
    patients: Cell
    outside: Cell
    members: Cell
    gates: tuple[tuple[Gate, Cell], ...]
    screened: Cell
    criteria: tuple[Loss, ...]
    candidates: Cell
    potential: Cell
    failed: Cell
    near_misses: Cell

    def data(self) -> dict[str, Any]:
        """As it stands in `attrition.json`; null where a cell is suppressed or cannot be told."""
        return {
            "patients": self.patients,
            "outside_population": self.outside,
            "members": self.members,
            "gates": {gate.value: cell for gate, cell in self.gates},
            "screened": self.screened,
            "candidates": self.candidates,
            "potential_candidates": self.potential,
            "failed": self.failed,
            "near_misses": self.near_misses,
            "criteria": [
                {
                    "criterion": loss.criterion.id,
                    "kind": loss.criterion.kind.value,
                    "says": loss.criterion.says,
                    **({"mirrors": loss.criterion.mirrors} if loss.criterion.mirrors else {}),
                    **({"asked_in_person": True} if loss.criterion.asks else {}),
                    "met": loss.met,
                    "failed": loss.failed,
                    "failed_alone": loss.failed_alone,
                    "open": loss.open,
                    "undecided": loss.undecided,
                    "counted_with_mirrored": loss.mirrored,
                }
                for loss in self.criteria
            ],
        }


def read_attrition(study: Study, data: Mapping[str, Any]) -> Attrition:
    """What `Attrition.data` gave, for the version of the study that it is about. Raises KeyError."""
    known = {each["criterion"]: each for each in data["criteria"]}
    cells = ("met", "failed", "failed_alone", "open", "undecided", "counted_with_mirrored")
    return Attrition(
        study,
        patients=data["patients"],
        outside=data["outside_population"],
        members=data["members"],
        gates=tuple((gate, data["gates"][gate.value]) for gate in Gate),
        screened=data["screened"],
        criteria=tuple(
            Loss(criterion, *(known[criterion.id][cell] for cell in cells))
            for criterion in study.criteria
            if criterion.id in known
        ),
        candidates=data["candidates"],
        potential=data["potential_candidates"],
        failed=data["failed"],
        near_misses=data["near_misses"],
    )


def near_miss(subject: Subject, study: Study) -> Verdict | None:
    """The one recoverable failure that alone stands in the way; None where not all criteria are decided."""
    return subject.near_miss if len(subject.verdicts) == len(study.criteria) else None


def attrition(screened: Screened, plan: Plan, *, suppress_below: int = 0) -> dict[str, Attrition]:
    """The attrition of each study of the plan, by study id.

    With `suppress_below`, counts from 1 to one less than it are withheld, and where one number alone would
    be withheld of those that make a known sum, the next smallest too.
    """
    found = {}
    for each in plan.studies:
        id = each.study.id
        subjects = [subject for subject in screened.subjects if subject.study == id]
        gates = Counter(gated.gate for gated in screened.gated if gated.study == id)
        found[id] = _count(each.study, subjects, gates, screened.outside.get(id, 0))
    return {id: suppress(each, suppress_below) for id, each in found.items()}


def _count(study: Study, subjects: Sequence[Subject], gates: Mapping[Gate, int], outside: int) -> Attrition:
    members = len(subjects) + sum(gates.values())
    status = Counter(subject.status for subject in subjects)
    stands: Counter[tuple[str, Standing]] = Counter()
    alone: Counter[str] = Counter()
    with_mirror: Counter[str] = Counter()
    cut_short = False
    for subject in subjects:
        counted = []
        by_standing = {which: subject.standing(which) for which in Standing}
        for verdict in subject.verdicts:
            if mirrored(verdict, by_standing[verdict.standing]):
                with_mirror[verdict.criterion.id] += 1
                continue
            stands[verdict.criterion.id, verdict.standing] += 1
            if verdict.standing is Standing.FAILED:
                counted.append(verdict.criterion.id)
        whole = len(subject.verdicts) == len(study.criteria)
        cut_short = cut_short or not whole
        if whole and len(counted) == 1:
            alone[counted[0]] += 1
    losses = []
    for criterion in study.criteria:
        met, failed, open_ = (stands[criterion.id, which] for which in Standing)
        beside = with_mirror[criterion.id]
        undecided = len(subjects) - met - failed - open_ - beside
        only = None if cut_short else alone[criterion.id]
        losses.append(Loss(criterion, met, failed, only, open_, undecided, beside))
    return Attrition(
        study,
        patients=members + outside,
        outside=outside,
        members=members,
        gates=tuple((gate, gates.get(gate, 0)) for gate in Gate),
        screened=len(subjects),
        criteria=tuple(losses),
        candidates=status[Status.CANDIDATE],
        potential=status[Status.POTENTIAL_CANDIDATE],
        failed=status[None],
        near_misses=None if cut_short else sum(1 for s in subjects if near_miss(s, study) is not None),
    )


def suppress(counts: Attrition, below: int) -> Attrition:
    """The same attrition with small cells withheld; 0 stays, as it is about nobody."""
    if below <= 1:
        return counts
    outside, members = _withhold([counts.outside, counts.members], below)
    *gates, screened = _withhold([*(cell for _, cell in counts.gates), counts.screened], below)
    candidates, potential, failed = _withhold([counts.candidates, counts.potential, counts.failed], below)
    losses = []
    for loss in counts.criteria:
        cells = _withhold([loss.met, loss.failed, loss.open, loss.undecided, loss.mirrored], below)
        met, lost, open_, undecided, beside = cells
        alone = None if lost is None else _withhold([loss.failed_alone], below)[0]
        # Without the number screened, its parts may not add up to it either.
        losses.append(Loss(loss.criterion, screened and met, lost, alone, open_, undecided, beside))
    return replace(
        counts,
        patients=_withhold([counts.patients], below)[0],
        outside=outside,
        members=members,
        gates=tuple((gate, cell) for (gate, _), cell in zip(counts.gates, gates, strict=True)),
        screened=screened,
        criteria=tuple(losses),
        candidates=candidates,
        potential=potential,
        failed=failed,
        near_misses=_withhold([counts.near_misses], below)[0],
    )


def _withhold(cells: Sequence[Cell], below: int) -> list[Cell]:
    """The parts of a known sum, small ones withheld so that no subtraction gives a single one back."""
    shown: list[Cell] = [None if cell is not None and 0 < cell < below else cell for cell in cells]
    hidden = sum(1 for cell, kept in zip(cells, shown, strict=True) if cell is not None and kept is None)
    if hidden == 1 and (rest := [cell for cell in shown if cell]):
        shown[shown.index(min(rest))] = None
    return shown
