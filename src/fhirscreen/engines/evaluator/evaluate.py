"""Evaluates a plan for one chart: the population, then a proof for each criterion of each study."""

from __future__ import annotations

from collections.abc import Iterator

from fhirscreen.criteria.studies import Criterion
from fhirscreen.engines.evaluator.cases import MEMBERSHIP, Case, date_text
from fhirscreen.engines.evaluator.charts import Chart
from fhirscreen.engines.evaluator.compile import Evaluate, compiled, shared_by
from fhirscreen.engines.evaluator.sources import SourceIndex
from fhirscreen.fhir.entries import Resource, State
from fhirscreen.fhir.subjects import study_uuid
from fhirscreen.plan.nodes import Feature, Plan, StudyPlan
from fhirscreen.values.dates import Moment, local_date, parse_moment
from fhirscreen.verdicts.standings import Subject, Verdict


class Evaluator:
    """A plan made ready to run: stateless between charts, so that any number of workers may share it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.index = SourceIndex(plan)
        self.ours = frozenset(study_uuid(study.study.id) for study in plan.studies)
        shared = shared_by(each.predicate for study in plan.studies for each in study.criteria)
        self._compiled: list[tuple[StudyPlan, list[tuple[Criterion, Evaluate]]]] = [
            (study, [(each.criterion, compiled(each.predicate, shared)) for each in study.criteria])
            for study in plan.studies
        ]
        distinct: dict[Feature | None, int] = {}
        self.populations: tuple[int, ...] = tuple(
            distinct.setdefault(study.population, len(distinct)) for study in plan.studies
        )
        """For each study the number of its population: the same where the same is asked."""

    def members(self, chart: Chart) -> Iterator[tuple[int, Case]]:
        """The studies (by number in the plan) whose population the patient belongs to, each with its case."""
        cases: dict[int, Case | None] = {}
        for number, population in enumerate(self.populations):
            if population not in cases:
                case = self.case(chart, self.plan.studies[number].population)
                cases[population] = case if is_member(case) else None
            if (found := cases[population]) is not None:
                yield number, found

    def subject(self, number: int, case: Case, *, complete: bool = True) -> Subject:
        """A member of a study as its Subject.

        `complete` is False where data is known to be missing: such a patient is never demoted.
        """
        study, criteria = self._compiled[number]
        chart, id, patient = case.chart, study.study.id, case.chart.id
        verdicts = tuple(
            [_new(Verdict, (id, patient, criterion, evaluate(case))) for criterion, evaluate in criteria]
        )
        whole = complete and chart.complete
        return Subject(id, patient, verdicts, whole, (), diagnosed(case), planned_start(case))

    def subjects(self, chart: Chart, *, complete: bool = True) -> list[Subject]:
        """One Subject per study whose population the patient belongs to, in the order of the studies."""
        return [self.subject(number, case, complete=complete) for number, case in self.members(chart)]

    def case(self, chart: Chart, population: Feature | None) -> Case:
        """A chart as the studies of one population see it."""
        plan = self.plan
        return Case(chart, population, plan.malignancies, plan.metastases, plan.catalogue.site)

    def verdict(self, case: Case, study: int, place: int) -> Verdict:
        """The verdict of one criterion, by its study's number in the plan and its own in the study."""
        planned, criteria = self._compiled[study]
        criterion, evaluate = criteria[place]
        return Verdict(planned.study.id, case.chart.id, criterion, evaluate(case))


_new = tuple.__new__


def is_member(case: Case) -> bool:
    """Whether the patient belongs to the case's population.

    One whose record of the cancer cannot be read but for its code (a date that is none) does not disappear.
    """
    if case.population is None or case.member_evidence():
        return True
    index = case.chart.index
    unread = case.chart.named.intersection(index.numbers(case.population.concept))
    return any(index.sources[number].role in MEMBERSHIP for number in unread)


def diagnosed(case: Case) -> str:
    """The earliest date of the index cancer as text; empty where unknown."""
    if case.population is None:
        return ""
    dated = [entry.when for entry in case.member_evidence() if entry.when is not None]
    return date_text(min(dated, default=None), case.site.zone)


def planned_start(case: Case) -> str:
    """The first day on which treatment of a cancer is planned, as text; empty where none is on record.

    Orders say it in their timing; a procedure in preparation in its date. What lies before the index date
    is no plan any more.
    """
    chart = case.chart
    starts: list[Moment] = []
    for concept in chart.present.intersection(chart.index.treatments):
        for _, _, entries in chart.records[concept]:
            for entry in entries:
                if entry.state is State.ORDERED:
                    starts.extend(_timed(entry.resource, chart))
    for resource in chart.inert:
        if resource.get("resourceType") == "Procedure" and resource.get("status") == "preparation":
            text = resource.get("performedDateTime") or (resource.get("performedPeriod") or {}).get("start")
            if isinstance(text, str) and chart.index.of_any(resource, chart.index.treatments):
                starts.append(parse_moment(text, chart.as_of.zone))
    coming = [local_date(start.start, chart.as_of.zone) for start in starts if start.end >= chart.end - _DAY]
    return min(coming).isoformat() if coming else ""


_DAY = 86_400_000


def _timed(resource: Resource, chart: Chart) -> Iterator[Moment]:
    """When an order says that the therapy is to begin (R4, Timing)."""
    for dosage in resource.get("dosageInstruction") or []:
        timing = dosage.get("timing") or {}
        texts = list(timing.get("event") or [])
        texts.append(((timing.get("repeat") or {}).get("boundsPeriod") or {}).get("start"))
        for text in texts:
            if isinstance(text, str):
                yield parse_moment(text, chart.as_of.zone)
