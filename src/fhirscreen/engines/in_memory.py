"""The in-memory engine: resources from files (or anywhere) gathered by patient, and the evaluator."""

from __future__ import annotations

from collections.abc import Collection

from fhirscreen.criteria.amounts import count_noun
from fhirscreen.engines.base import (
    Depth,
    Engine,
    Progress,
    Screened,
    Unknown,
    collecting_rarely,
    placed,
    shown_place,
    silent,
)
from fhirscreen.engines.evaluator.cohorts import Cohort, gather, last_survivor
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.engines.evaluator.holdings import Holdings
from fhirscreen.engines.evaluator.judgements import finished, judge
from fhirscreen.exceptions import DataError
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf

__all__ = ["Cohort", "InMemory", "gather"]


class InMemory:
    """Evaluates every patient of a cohort in this process: the reference engine.

    `exported` says that the cohort is a whole export, in which a type without any file is one not delivered.
    `source` is the folder that it was read from. May be shared between threads.
    """

    name = "memory"

    def __init__(self, cohort: Cohort, *, exported: bool = False, source: str | None = None) -> None:
        self.cohort = cohort
        self.holdings = Holdings(cohort, exported=exported)
        self.source = source

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
        cohort, holdings = self.cohort, self.holdings
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
        evaluator = Evaluator(plan)
        screened = Screened(patients=len(wanted), set_aside=list(holdings.set_aside))
        screened.survivors = {id: last_survivor(id, cohort.survivors) for id in cohort.survivors}
        unknown = frozenset(patients or ()) - cohort.patients.keys()
        screened.unknown = Unknown(unknown, "in the data", self.source)
        screened.outside = {study.study.id: 0 for study in plan.studies}
        screened.remarks += cohort.remarks
        lacking = holdings.lacking(plan)
        screened.gaps += holdings.gaps(lacking)
        with collecting_rarely():
            for done, id in enumerate(wanted, 1):
                chart = holdings.chart(id, evaluator.index, as_of, lacking)
                explained = patients is not None
                judge(plan, evaluator, chart, screened, merged=id in cohort.survivors, explained=explained)
                progress(done, len(wanted))
        screened.set_aside = [placed(each, cohort.places) for each in screened.set_aside]
        return finished(screened, plan)


_: type[Engine] = InMemory
