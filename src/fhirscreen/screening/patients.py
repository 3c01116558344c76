"""One patient against a panel: at a visit, on demand, or when something new was recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from fhirscreen.engines.base import Gated, SetAside
from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.charts import Chart, read_chart
from fhirscreen.engines.evaluator.cohorts import gather
from fhirscreen.engines.evaluator.gates import gate_of
from fhirscreen.engines.evaluator.judgements import soundly
from fhirscreen.engines.evaluator.notes import noted
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.folders import Line
from fhirscreen.screening.panels import Panel
from fhirscreen.values.durations import AsOf
from fhirscreen.verdicts.standings import Gate, Standing, Subject


@dataclass(frozen=True, slots=True)
class Assessed:
    """What a panel says of one patient, in the panel's order of studies.

    `failed` are the studies of whose population the patient is and which a criterion rules out; they have a
    Subject too unless the assessment was hasty. `evaluated` is False where the record is so malformed that
    nothing could be said.
    """

    subjects: tuple[Subject, ...] = ()
    gated: tuple[Gated, ...] = ()
    failed: tuple[str, ...] = ()
    set_aside: tuple[SetAside, ...] = field(default=())
    evaluated: bool = True

    def subject(self, study: str) -> Subject | None:
        """The patient as a member of that study; None where she is none, or a gate is closed."""
        return next((each for each in self.subjects if each.study == study), None)

    def gate(self, study: str) -> Gate | None:
        """The gate that is closed for that study."""
        return next((each.gate for each in self.gated if each.study == study), None)


def assess(
    panel: Panel,
    patient: str,
    lines: Iterable[Line],
    as_of: AsOf,
    *,
    unfetched: Collection[str] = (),
    studies: Collection[str] | None = None,
    hasty: bool = False,
) -> Assessed:
    """Assesses one patient from her record, for every study of the panel or only for `studies`.

    `lines` hold the record, and may hold what it refers to; `unfetched` are the resource types of which
    something may be missing: nothing is then taken for absent. With `hasty` a study ends at its first failed
    criterion and gives no Subject. Raises DataError where there is no Patient of that id among the lines.
    """
    cohort = gather(lines)
    if patient not in cohort.patients:
        raise DataError(
            "the patient who was asked for is not in the data",
            expected="the Patient resource beside what refers to it",
        )
    chart = read_chart(
        cohort.patients[patient],
        cohort.chart_resources(patient),
        panel.evaluator.index,
        as_of,
        shared=cohort.shared,
        aliases=cohort.aliases,
        unfetched=cohort.unfetched(patient) | set(unfetched),
    )
    merged = patient in cohort.survivors
    done = soundly(chart, lambda sound: _assess(panel, sound, studies, merged=merged, hasty=hasty))
    aside = tuple(cohort.set_aside)
    if done is None:
        return Assessed(set_aside=aside, evaluated=False)
    sound, (subjects, gated, failed) = done
    return Assessed(tuple(subjects), tuple(gated), tuple(failed), (*aside, *sound.unread))


def _assess(
    panel: Panel, chart: Chart, studies: Collection[str] | None, *, merged: bool, hasty: bool
) -> tuple[list[Subject], list[Gated], list[str]]:
    evaluator, site = panel.evaluator, panel.plan.catalogue.site
    subjects: list[Subject] = []
    gated: list[Gated] = []
    failed: list[str] = []
    for number, case in evaluator.members(chart):
        planned = panel.plan.studies[number]
        study = planned.study.id
        if studies is not None and study not in studies:
            continue
        gate = Gate.MERGED if merged else gate_of(chart, site, study)
        if gate is not None:
            gated.append(Gated(study, chart.id, gate))
            continue
        if hasty and _fails(panel, number, case):
            failed.append(study)
            continue
        subject = noted(evaluator.subject(number, case), chart, evaluator.ours, len(planned.criteria))
        subjects.append(subject)
        if subject.failed:
            failed.append(study)
    return subjects, gated, failed


def _fails(panel: Panel, number: int, case: Case) -> bool:
    places = range(len(panel.plan.studies[number].criteria))
    return any(panel.evaluator.verdict(case, number, place).standing is Standing.FAILED for place in places)
