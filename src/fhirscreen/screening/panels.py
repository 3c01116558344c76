"""A Panel: the studies that are open, compiled once and asked about one patient after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fhirscreen.criteria.studies import Study
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.exceptions import StudyError
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.plan.nodes import Plan
from fhirscreen.plan.resolve import resolve


@dataclass(frozen=True, slots=True)
class Panel:
    """Studies resolved into one plan, so that what they share is found once a patient.

    `versions` are those of the studies by number; `refused` the studies that the mappings of today cannot
    resolve, with the reason: one broken study takes no other with it. Any number of threads may share it.
    """

    plan: Plan
    evaluator: Evaluator
    versions: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, StudyError] = field(default_factory=dict)

    @property
    def studies(self) -> tuple[Study, ...]:
        """The studies, in the order of the plan."""
        return tuple(each.study for each in self.plan.studies)

    def study(self, id: str) -> Study | None:
        """The study of that number; None where it is not on the panel."""
        return next((study for study in self.studies if study.id == id), None)


def make_panel(
    catalogue: Catalogue, studies: Sequence[Study], versions: Mapping[str, int] | None = None
) -> Panel:
    """The panel of those studies that the catalogue resolves."""
    sound: list[Study] = []
    refused: dict[str, StudyError] = {}
    try:
        plan = resolve(studies, catalogue)
        sound = list(studies)
    except StudyError:
        for study in studies:
            try:
                resolve([study], catalogue)
            except StudyError as error:
                refused[study.id] = error
            else:
                sound.append(study)
        plan = resolve(sound, catalogue)
    known = versions or {}
    return Panel(plan, Evaluator(plan), {study.id: known.get(study.id, 1) for study in sound}, refused)
