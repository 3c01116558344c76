"""The in-memory engine: resources from files (or anywhere) gathered by patient, and the evaluator."""

from __future__ import annotations

from collections.abc import Collection

from fhirscreen.engines.base import Depth, Engine, Progress, Screened, silent
from fhirscreen.engines.evaluator.charts import read_chart
from fhirscreen.engines.evaluator.cohorts import Cohort, gather
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.engines.evaluator.judgements import finished, judge
from fhirscreen.exceptions import DataError
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf

__all__ = ["Cohort", "InMemory", "gather"]


class InMemory:
    """Evaluates every patient of a cohort in this process: the reference engine."""

    name = "memory"

    def __init__(self, cohort: Cohort) -> None:
        self.cohort = cohort

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
        wanted = sorted(cohort.patients if patients is None else set(patients) & set(cohort.patients))
        if patients is not None and (unknown := set(patients) - set(cohort.patients)):
            raise DataError(
                f"{len(unknown)} of the patients asked for are not in the data",
                expected="ids of Patient resources",
            )
        evaluator = Evaluator(plan)
        screened = Screened(patients=len(wanted), set_aside=list(cohort.set_aside))
        screened.outside = {study.study.id: 0 for study in plan.studies}
        known = set(cohort.patients)
        strays = sum(len(found) for id, found in cohort.resources.items() if id not in known)
        if strays:
            screened.gaps.append(f"{strays} resources are about patients who are not in the data")
        if cohort.lost:
            screened.gaps.append(f"{cohort.lost} patients are merged into others who are not in the data")
        for done, id in enumerate(wanted, 1):
            chart = read_chart(
                cohort.patients[id],
                cohort.chart_resources(id),
                evaluator.index,
                as_of,
                shared=cohort.shared,
                aliases=cohort.aliases,
            )
            judge(plan, evaluator, chart, screened, merged=id in cohort.survivors)
            progress(done, len(wanted))
        return finished(screened, plan)


_: type[Engine] = InMemory
