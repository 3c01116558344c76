"""Holdings: a cohort from files, and what holds for each of its patients whoever asks of whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property

import orjson

from fhirscreen.engines.base import SetAside
from fhirscreen.engines.evaluator.charts import Chart, read_chart
from fhirscreen.engines.evaluator.cohorts import Cohort
from fhirscreen.engines.evaluator.sources import SourceIndex
from fhirscreen.fhir.entries import MEDICATIONS
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
        return said

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
        )


def strays(cohort: Cohort) -> Iterator[SetAside]:
    """What refers to a patient who is not in the data: its place, and the reference verbatim."""
    for id in cohort.resources.keys() - cohort.patients.keys():
        for resource in cohort.resources[id]:
            where = f"{resource['resourceType']}/{resource['id']}"
            reference = {name: resource[name] for name in ("subject", "patient") if name in resource}
            yield SetAside(where, "about a patient who is not in the data", orjson.dumps(reference).decode())
