"""The studies of a panel that fit one patient best, found without deciding every criterion of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import NamedTuple

from fhirscreen.criteria.studies import Criterion
from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.charts import Chart
from fhirscreen.engines.evaluator.gates import gates_of
from fhirscreen.engines.evaluator.judgements import soundly
from fhirscreen.engines.evaluator.notes import noted
from fhirscreen.fhir.folders import Line
from fhirscreen.screening.panels import Panel
from fhirscreen.screening.patients import chart_of, unsure
from fhirscreen.screening.steps import Outlook, Step
from fhirscreen.values.durations import AsOf
from fhirscreen.values.truth import UNKNOWN, Truth
from fhirscreen.verdicts.standings import Subject, ordered


class Known(NamedTuple):
    """A patient's record as a panel reads it; whether she was `merged` into another patient."""

    chart: Chart
    merged: bool


def read_record(panel: Panel, patient: str, lines: Iterable[Line], as_of: AsOf) -> Known:
    """Reads a record once for all that is asked of it. Raises DataError where there is no such Patient."""
    cohort, chart = chart_of(panel, patient, lines, as_of, ())
    return Known(chart, patient in cohort.survivors)


def suggest(
    panel: Panel,
    known: Known,
    *,
    most: int,
    unfetched: Collection[str] = (),
    studies: Collection[str] | None = None,
) -> list[Subject]:
    """The best `most` subjects, best first: none of a study's criteria failed, and no gate among them open.

    `unfetched` are the resource types of which something may be missing. As `assess` would find and
    `verdicts.standings.ordered` put them. Of a patient whose record is so malformed that nothing can be said,
    none.
    """
    if known.merged:
        return []
    missing, before = frozenset(unfetched), known.chart.unfetched
    chart = replace(known.chart, unfetched=before | missing)
    done = soundly(chart, lambda sound: _Search(panel, sound, before, missing, most).run(studies))
    return [] if done is None else done[1]


def is_member(panel: Panel, known: Known, studies: Collection[str]) -> bool:
    """Whether the patient may belong to the population of one of these studies.

    For a record of which the Patient and every type of `panel.context` are whole.
    """
    done = soundly(known.chart, lambda sound: [number for number, _ in panel.evaluator.members(sound)])
    return done is not None and any(panel.plan.studies[number].study.id in studies for number in done[1])


class _Found(NamedTuple):
    """A study that nothing forbids, by its number; `open` counts what costs rank."""

    open: int
    number: int
    case: Case


class _Search:
    """One patient against every study. `unfetched` are types of which something is missing on top of `known`.

    A criterion that reads none of these is decided as if all were there, which is quicker and the same.
    What no record tells is looked at first, as it is quickly decided: it says how many criteria of a study
    are open at least, and only studies that may still be among the best are asked for the rest.
    """

    def __init__(
        self, panel: Panel, chart: Chart, known: frozenset[str], unfetched: frozenset[str], most: int
    ) -> None:
        self._panel, self._chart, self._unfetched, self._most = panel, chart, unfetched, most
        whole = known | (
            chart.unfetched - unfetched
        )  # what malformed records may be of is in the chart alone
        self._whole = replace(chart, unfetched=whole) if unfetched else chart
        self._missing = panel.steps.reading(unfetched)
        self._partial: dict[int, Case] = {}
        self._outlooks: dict[int, Outlook] = {}
        self._truths: dict[int, dict[int, tuple[Truth, bool]]] = {}
        self._best: list[_Found] = []

    def run(self, studies: Collection[str] | None) -> list[Subject]:
        panel, evaluator = self._panel, self._panel.evaluator
        members = [
            (number, case)
            for number, case in evaluator.members(self._whole)
            if studies is None or panel.plan.studies[number].study.id in studies
        ]
        if not members:
            return []
        gate_of_study = gates_of(self._chart, panel.plan.catalogue.site)
        hopeful = [
            _Found(outlook.least[number], number, case)
            for number, case in members
            if number not in (outlook := self._outlook(case)).out
            and gate_of_study(panel.plan.studies[number].study.id) is None
        ]
        for least, number, case in sorted(hopeful):
            if self._is_beaten(least, number):
                break  # as is everything that follows
            open_ = self._open(number, case)
            if open_ is not None:
                self._best = sorted([*self._best, _Found(open_, number, case)])[: self._most]
        return ordered([self._subject(found) for found in self._best])

    def _is_beaten(self, least: int, number: int) -> bool:
        """Whether a study with so many open criteria, or more, cannot be among the best."""
        if len(self._best) < self._most:
            return False
        last = self._best[-1]
        return (least, number) > (last.open, last.number)

    def _outlook(self, case: Case) -> Outlook:
        found = self._outlooks.get(id(case))
        if found is None:

            def decide(study: int, place: int) -> Truth:
                return self._panel.evaluator.verdict(case, study, place).proof.truth

            found = self._outlooks[id(case)] = self._panel.steps.outlook(case, self._missing, decide)
        return found

    def _open(self, number: int, case: Case) -> int | None:
        """How many criteria are open that cost rank; None where the study is out, or not among the best."""
        opened: list[Criterion] = []
        certain = 0  # an open exclusion may yet turn out to mirror one that is open too
        truths = self._truths.setdefault(id(case), {})
        for step in self._panel.steps.studies[number]:
            found = truths.get(step.predicate)
            if found is None:
                found = truths[step.predicate] = self._truth(number, step, case)
            truth, unsure = found
            if truth is step.fails:
                return None
            if truth is UNKNOWN or unsure:
                if step.gate:
                    return None
                opened.append(step.criterion)
                certain += step.costs
                if self._is_beaten(certain, number):
                    return None
        ids = {each.id for each in opened}
        return sum(1 for each in opened if each.ranked and not each.unread and each.mirrors not in ids)

    def _truth(self, number: int, step: Step, case: Case) -> tuple[Truth, bool]:
        """The truth of a criterion, and whether it reads a type of which something is missing."""
        missing = step.reads in self._missing
        seen = self._partly(number) if missing else case
        return self._panel.evaluator.verdict(seen, number, step.place).proof.truth, missing

    def _partly(self, number: int) -> Case:
        """The case of a study as the chart has it, with what is missing."""
        evaluator = self._panel.evaluator
        key = evaluator.populations[number]
        if key not in self._partial:
            self._partial[key] = evaluator.case(self._chart, self._panel.plan.studies[number].population)
        return self._partial[key]

    def _subject(self, found: _Found) -> Subject:
        panel, evaluator = self._panel, self._panel.evaluator
        seen = self._partly(found.number) if self._unfetched else found.case
        subject = evaluator.subject(found.number, seen)
        if self._unfetched:
            subject = unsure(panel, found.number, subject, self._unfetched)
        criteria = len(panel.plan.studies[found.number].criteria)
        return noted(subject, self._chart, evaluator.ours, criteria)
