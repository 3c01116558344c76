"""The studies of a panel that fit one patient best, found without deciding every criterion of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import NamedTuple

from fhirscreen.criteria.studies import Criterion, Weight
from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.charts import Chart
from fhirscreen.engines.evaluator.gates import gates_of
from fhirscreen.engines.evaluator.judgements import soundly
from fhirscreen.engines.evaluator.notes import noted
from fhirscreen.fhir.folders import Line
from fhirscreen.screening.panels import Panel
from fhirscreen.screening.patients import chart_of, unsure
from fhirscreen.values.durations import AsOf
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.standings import Standing, Subject, ordered, standing


def suggest(
    panel: Panel,
    patient: str,
    lines: Iterable[Line],
    as_of: AsOf,
    *,
    most: int,
    unfetched: Collection[str] = (),
    studies: Collection[str] | None = None,
) -> list[Subject]:
    """The best `most` subjects, best first: none of a study's criteria failed, and no gate among them open.

    As `assess` would find and `verdicts.standings.ordered` put them. Of a patient whose record is so
    malformed that nothing can be said, none. Raises DataError where there is no Patient of that id.
    """
    missing = frozenset(unfetched)
    cohort, chart = chart_of(panel, patient, lines, as_of, missing)
    if patient in cohort.survivors:
        return []
    known = cohort.unfetched(patient)
    done = soundly(chart, lambda sound: _Search(panel, sound, known, missing, most).run(studies))
    return [] if done is None else done[1]


def is_member(
    panel: Panel, patient: str, lines: Iterable[Line], as_of: AsOf, studies: Collection[str]
) -> bool:
    """Whether the patient may belong to the population of one of these studies.

    For a record of which the Patient and every type of `panel.context` are whole. Raises DataError where
    there is no Patient of that id.
    """
    _, chart = chart_of(panel, patient, lines, as_of, ())
    done = soundly(chart, lambda sound: [number for number, _ in panel.evaluator.members(sound)])
    return done is not None and any(panel.plan.studies[number].study.id in studies for number in done[1])


class _Found(NamedTuple):
    """A study that nothing forbids, by its number; `open` counts what costs rank."""

    open: int
    number: int
    case: Case


class _Search:
    """One patient against every study. `unfetched` are types of which something is missing on top of `known`.

    A criterion that reads none of these is decided as if all were there, which is quicker and the same.
    """

    def __init__(
        self, panel: Panel, chart: Chart, known: frozenset[str], unfetched: frozenset[str], most: int
    ) -> None:
        self._panel, self._chart, self._unfetched, self._most = panel, chart, unfetched, most
        self._whole = replace(chart, unfetched=known) if unfetched else chart
        self._cases: dict[int, Case] = {}
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
        for number, case in members:
            if gate_of_study(panel.plan.studies[number].study.id) is not None:
                continue
            open_ = self._open(number, case)
            if open_ is not None:
                self._best = sorted([*self._best, _Found(open_, number, case)])[: self._most]
        return ordered([self._subject(found) for found in self._best])

    def _open(self, number: int, case: Case) -> int | None:
        """How many criteria are open that cost rank; None where the study is out, or not among the best."""
        bound = self._best[-1].open if len(self._best) == self._most else None
        opened: list[Criterion] = []
        certain = 0  # an open exclusion may yet turn out to mirror one that is open too
        truths = self._truths.setdefault(id(case), {})
        for place, criterion, predicate in self._panel.steps[number]:
            if criterion.asks:
                continue
            found = truths.get(predicate)
            if found is None:
                found = truths[predicate] = self._truth(number, place, case)
            truth, unsure = found
            stands = standing(criterion.kind, truth)
            if unsure and stands is Standing.MET:
                stands = Standing.OPEN
            if stands is Standing.FAILED or (stands is Standing.OPEN and criterion.weight is Weight.GATE):
                return None
            if stands is Standing.OPEN:
                opened.append(criterion)
                certain += criterion.mirrors is None and criterion.ranked and not criterion.unread
                if bound is not None and certain >= bound:
                    return None
        ids = {each.id for each in opened}
        return sum(1 for each in opened if each.ranked and not each.unread and each.mirrors not in ids)

    def _truth(self, number: int, place: int, case: Case) -> tuple[Truth, bool]:
        """The truth of a criterion, and whether it reads a type of which something is missing."""
        missing = bool(self._unfetched) and not self._unfetched.isdisjoint(self._panel.types(number, place))
        seen = self._partly(number) if missing else case
        return self._panel.evaluator.verdict(seen, number, place).proof.truth, missing

    def _partly(self, number: int) -> Case:
        """The case of a study as the chart has it, with what is missing."""
        population = self._panel.plan.studies[number].population
        key = id(population)
        if key not in self._cases:
            self._cases[key] = self._panel.evaluator.case(self._chart, population)
        return self._cases[key]

    def _subject(self, found: _Found) -> Subject:
        panel, evaluator = self._panel, self._panel.evaluator
        subject = evaluator.subject(found.number, self._partly(found.number))
        if self._unfetched:
            subject = unsure(panel, found.number, subject, self._unfetched)
        criteria = len(panel.plan.studies[found.number].criteria)
        return noted(subject, self._chart, evaluator.ours, criteria)
