"""A Panel: the studies that are open, compiled once and asked about one patient after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fhirscreen.criteria.studies import Study
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.exceptions import StudyError
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.plan.nodes import Plan
from fhirscreen.plan.resolve import resolve
from fhirscreen.plan.walk import closure
from fhirscreen.screening.steps import Steps, types_of


@dataclass(frozen=True)
class Panel:
    """Studies resolved into one plan, so that what they share is found once a patient.

    `versions` are those of the studies by number; `refused` the studies that the mappings of today cannot
    resolve, with the reason: one broken study takes no other with it. Any number of threads may share it.
    """

    plan: Plan
    evaluator: Evaluator
    versions: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, StudyError] = field(default_factory=dict)
    _types: dict[tuple[int, int], frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def studies(self) -> tuple[Study, ...]:
        """The studies, in the order of the plan."""
        return tuple(each.study for each in self.plan.studies)

    @cached_property
    def _by_id(self) -> Mapping[str, Study]:
        return {study.id: study for study in self.studies}

    def study(self, id: str) -> Study | None:
        """The study of that number; None where it is not on the panel."""
        return self._by_id.get(id)

    def recruits(self, id: str) -> bool:
        """Whether the site recruits for a study, be it one that the mappings cannot resolve."""
        return id in self.versions or id in self.refused

    @cached_property
    def steps(self) -> Steps:
        """The criteria, laid out for finding the best studies of a patient."""
        return Steps(self.plan, self.context)

    @cached_property
    def reads(self) -> frozenset[str]:
        """Every resource type that anything about these studies is decided by."""
        return frozenset(source.resource for feature in self.plan.features for source in feature.sources)

    def types(self, study: int, place: int) -> frozenset[str]:
        """The resource types that a criterion is decided by; those that tell which cancer it is among them.

        Criteria that read no record (age, sex) have none.
        """
        found = self._types.get((study, place))
        if found is None:
            predicate = self.plan.studies[study].criteria[place].predicate
            found = self._types[study, place] = types_of(predicate, self.context)
        return found

    @cached_property
    def context(self) -> frozenset[str]:
        """The types by which members, and what is about their cancer, are known."""
        populations = [study.population for study in self.plan.studies if study.population is not None]
        links = (self.plan.malignancies, self.plan.metastases)
        needed = {need for feature in (*populations, *links) for need in closure(feature)}
        return frozenset(source.resource for feature in needed for source in feature.concept.sources)


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
