"""Holdings: a cohort from files, and what holds for each of its patients whoever asks of whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property

from fhirscreen.criteria.amounts import count_noun
from fhirscreen.engines.base import SetAside
from fhirscreen.engines.evaluator.charts import Chart, Lost, aside_of, find_lost, read_chart
from fhirscreen.engines.evaluator.cohorts import Cohort
from fhirscreen.engines.evaluator.sources import SourceIndex
from fhirscreen.fhir.entries import CLINICAL_TYPES, MEDICATIONS
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf

ENOUGH = 200
"""From so many patients on, a declared source of which nobody has a record is taken for one not delivered."""


class Holdings:
    """What a run over everybody and a question about one patient must read alike.

    `exported` says that the cohort is a whole export, in which a type without any file is one not delivered.
    May be shared between threads.
    """

    def __init__(self, cohort: Cohort, *, exported: bool) -> None:
        self.cohort = cohort
        self.exported = exported
        self._lost: tuple[SourceIndex, AsOf, Lost] | None = None

    @cached_property
    def set_aside(self) -> tuple[SetAside, ...]:
        """What could not be read, or refers to a patient who is not in the data."""
        return (*self.cohort.set_aside, *strays(self.cohort))

    @cached_property
    def types(self) -> frozenset[str]:
        """The types of what the data say of patients."""
        return frozenset(
            str(each["resourceType"]) for found in self.cohort.resources.values() for each in found
        )

    def lacking(self, plan: Plan) -> frozenset[str]:
        """Types that the site declares complete, that the plan asks for, and of which the export has none.

        A file that was not exported must not turn into everybody's `no`.
        """
        if not self.exported or len(self.cohort.patients) < ENOUGH:
            return frozenset()
        asked = {retrieve.resource for retrieve in plan.retrieves}
        # Administrations, dispenses and statements stand for each other: a hospital may have one kind alone.
        treated = not self.types.isdisjoint(MEDICATIONS)
        return frozenset(
            kind
            for kind in set(plan.catalogue.site.complete) & asked - self.types
            if not (treated and kind in MEDICATIONS)
        )

    def gaps(self, lacking: Collection[str]) -> list[str]:
        """What is not in the data, in plain words."""
        said = [
            f"there is no {kind} of anybody in the data, though the site declares them complete"
            for kind in sorted(lacking)
        ]
        if lost := self.cohort.lost:
            merged = (
                "patient is merged into another who is"
                if lost == 1
                else "patients are merged into others who are"
            )
            said.append(f"{lost} {merged} not in the data")
        nameless = [(aside, sorted(types)) for aside, types in self.cohort.nameless]
        nameless += [(aside, [resource["resourceType"]]) for aside, resource in self.cohort.unattributed]
        if nameless:
            kinds = sorted({kind for _, types in nameless for kind in types})
            one = len(nameless) == 1
            records = f"{count_noun(str(len(nameless)), 'record')} that {'was' if one else 'were'} set aside"
            of = "of any kind" if len(kinds) >= len(CLINICAL_TYPES) else ", ".join(kinds)
            may_say = f"what {'it' if one else 'they'} may say ({of})"
            said.append(f"{records} may be of anybody: {may_say} is open for everybody")
        return said

    def lost(self, index: SourceIndex, as_of: AsOf) -> Lost:
        """What may be of anybody, as a plan reads it; found once a plan."""
        known = self._lost
        if known is None or known[0] is not index or known[1] != as_of:
            cohort = self.cohort
            found = find_lost(
                index,
                as_of,
                cohort.unattributed,
                cohort.nameless,
                shared=cohort.shared,
                aliases=cohort.aliases,
            )
            self._lost = known = (index, as_of, found)
        return known[2]

    def chart(self, patient: str, index: SourceIndex, as_of: AsOf, lacking: Collection[str]) -> Chart:
        """The chart of one patient; KeyError for somebody who is not in the data."""
        cohort = self.cohort
        return read_chart(
            cohort.patients[patient],
            cohort.chart_resources(patient),
            index,
            as_of,
            shared=cohort.shared,
            aliases=cohort.aliases,
            unfetched=cohort.unfetched(patient) | set(lacking),
            lost=lost_of(cohort, patient, index, as_of, self.lost(index, as_of)),
            doubtful=cohort.doubtful(patient),
        )


def lost_of(cohort: Cohort, patient: str, index: SourceIndex, as_of: AsOf, lost: Lost) -> Lost:
    """What may be of anybody, and what a patient's own records say of which none is the later one."""
    if not cohort.doubled:
        return lost
    ids = (patient, *cohort.merged_into(patient))
    doubled = [each for id in ids for each in cohort.doubled.get(id, ())]
    if not doubled:
        return lost
    own = find_lost(index, as_of, doubled, (), shared=cohort.shared, aliases=cohort.aliases)
    return Lost(lost.unfetched | own.unfetched, lost.touched | own.touched, (*lost.spoilt, *own.spoilt))


def strays(cohort: Cohort) -> Iterator[SetAside]:
    """What refers to a patient who is not in the data, verbatim."""
    for id in cohort.resources.keys() - cohort.patients.keys():
        for resource in cohort.resources[id]:
            yield aside_of(resource, "about a patient who is not in the data")
