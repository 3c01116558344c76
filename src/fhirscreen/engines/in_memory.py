"""The in-memory engine: resources from files (or anywhere) gathered by patient, and the evaluator."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import orjson

from fhirscreen.criteria.amounts import count_noun
from fhirscreen.engines.base import (
    Depth,
    Engine,
    Progress,
    Screened,
    SetAside,
    collecting_rarely,
    not_there,
    shown_place,
    silent,
)
from fhirscreen.engines.evaluator.charts import read_chart
from fhirscreen.engines.evaluator.cohorts import Cohort, gather
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.engines.evaluator.judgements import finished, judge
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import MEDICATIONS
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf

__all__ = ["Cohort", "InMemory", "gather"]


class InMemory:
    """Evaluates every patient of a cohort in this process: the reference engine.

    `exported` says that the cohort is a whole export, in which a type without any file is one not delivered.
    `source` is the folder that it was read from.
    """

    name = "memory"

    def __init__(self, cohort: Cohort, *, exported: bool = False, source: str | None = None) -> None:
        self.cohort = cohort
        self.source = source
        self.exported = exported

    def screen(
        self,
        plan: Plan,
        as_of: AsOf,
        *,
        depth: Depth = Depth.FULL,
        patients: Collection[str] | None = None,
        progress: Progress = silent,
    ) -> Screened:
        """Screens the cohort, or only `patients`; every member gets every verdict whatever the depth."""
        cohort = self.cohort
        if not cohort.patients:
            aside = len(cohort.set_aside)
            unread = f", and {count_noun(str(aside), 'record')} could not be read" if aside else ""
            first = min(cohort.set_aside, key=lambda each: (each.where, each.reason), default=None)
            raise DataError(
                f"there is no patient in the data{unread}",
                where=f"{shown_place(first.where)} ({first.reason})" if first else self.source,
                expected="Patient resources, and what refers to them",
                remedy="export Patient too, or mend the files",
            )
        wanted = sorted(cohort.patients if patients is None else set(patients) & set(cohort.patients))
        if patients is not None and (unknown := set(patients) - set(cohort.patients)):
            raise not_there(len(unknown), "in the data")
        evaluator = Evaluator(plan)
        screened = Screened(patients=len(wanted), set_aside=list(cohort.set_aside))
        screened.outside = {study.study.id: 0 for study in plan.studies}
        screened.set_aside += strays(cohort)
        screened.remarks += cohort.remarks
        if cohort.lost:
            merged = (
                "patient is merged into another who is"
                if cohort.lost == 1
                else "patients are merged into others who are"
            )
            screened.gaps.append(f"{cohort.lost} {merged} not in the data")
        absent_types = frozenset(absent(cohort, plan)) if self.exported else frozenset()
        for kind in sorted(absent_types):
            screened.gaps.append(
                f"there is no {kind} of anybody in the data, though the site declares them complete"
            )
        with collecting_rarely():
            for done, id in enumerate(wanted, 1):
                chart = read_chart(
                    cohort.patients[id],
                    cohort.chart_resources(id),
                    evaluator.index,
                    as_of,
                    shared=cohort.shared,
                    aliases=cohort.aliases,
                    unfetched=cohort.unfetched(id) | absent_types,
                )
                explained = patients is not None
                judge(plan, evaluator, chart, screened, merged=id in cohort.survivors, explained=explained)
                progress(done, len(wanted))
        return finished(screened, plan)


def strays(cohort: Cohort) -> Iterator[SetAside]:
    """What refers to a patient who is not in the data: its place, and the reference verbatim."""
    for id in cohort.resources.keys() - cohort.patients.keys():
        for resource in cohort.resources[id]:
            where = f"{resource['resourceType']}/{resource['id']}"
            reference = {name: resource[name] for name in ("subject", "patient") if name in resource}
            yield SetAside(where, "about a patient who is not in the data", orjson.dumps(reference).decode())


ENOUGH = 200
"""From so many patients on, a declared source of which nobody has a record is taken for one not delivered."""


def absent(cohort: Cohort, plan: Plan) -> Iterator[str]:
    """Types that the site declares complete, that the plan asks for, and of which the data has none at all.

    A file that was not exported must not turn into everybody's `no`.
    """
    if len(cohort.patients) < ENOUGH:
        return
    present = {str(each["resourceType"]) for found in cohort.resources.values() for each in found}
    asked = {retrieve.resource for retrieve in plan.retrieves}
    for kind in sorted(set(plan.catalogue.site.complete) & asked - present):
        # Administrations, dispenses and statements stand for each other: a hospital may have one kind alone.
        if kind not in MEDICATIONS or not present & set(MEDICATIONS):
            yield kind


_: type[Engine] = InMemory
