"""One patient against a panel: at a visit, on demand, or when something new was recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from fhirscreen.engines.base import Gated, SetAside
from fhirscreen.engines.evaluator.absence import NOT_FETCHED
from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.charts import Chart, find_lost, read_chart
from fhirscreen.engines.evaluator.cohorts import Cohort, gather, last_survivor
from fhirscreen.engines.evaluator.gates import gates_of
from fhirscreen.engines.evaluator.holdings import Holdings, lost_of
from fhirscreen.engines.evaluator.judgements import soundly
from fhirscreen.engines.evaluator.notes import noted
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.folders import Line
from fhirscreen.screening.panels import Panel
from fhirscreen.values.durations import AsOf
from fhirscreen.verdicts.standings import Gate, Standing, Subject, Verdict


@dataclass(frozen=True, slots=True)
class Assessed:
    """What a panel says of one patient, in the panel's order of studies.

    `failed` are the studies of whose population the patient is and which a criterion rules out; they have a
    Subject too unless the assessment was hasty. `evaluated` is False where the record is so malformed that
    nothing could be said. `survivors` leads from merged patients to those whom their records follow.
    """

    subjects: tuple[Subject, ...] = ()
    gated: tuple[Gated, ...] = ()
    failed: tuple[str, ...] = ()
    set_aside: tuple[SetAside, ...] = field(default=())
    evaluated: bool = True
    survivors: Mapping[str, str] = field(default_factory=dict)

    def ids(self, patient: str) -> tuple[str, ...]:
        """The patient's id, and those of the patients who were merged into this one."""
        return (patient, *sorted(id for id, to in self.survivors.items() if to == patient))

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
    something may be missing: nothing is then taken for absent, and no criterion that reads them for met, for
    what is missing may say otherwise. With `hasty` a study ends at its first failed criterion and gives no
    Subject. Raises DataError where there is no Patient of that id among the lines.
    """
    cohort, chart = chart_of(panel, patient, lines, as_of, unfetched)
    merged = patient in cohort.survivors

    def work(sound: Chart) -> _Found:
        return _assess(panel, sound, studies, frozenset(unfetched), merged=merged, hasty=hasty)

    return _assessed(cohort, chart, work, tuple(cohort.set_aside))


def assess_among(
    panel: Panel, patient: str, data: Holdings, as_of: AsOf, *, studies: Collection[str] | None = None
) -> tuple[Assessed, tuple[str, ...]]:
    """Assesses one patient as a run over all of the data does; with the gaps that such a run names.

    Raises DataError where there is no Patient of that id.
    """
    lacking = data.lacking(panel.plan)
    if patient not in data.cohort.patients:
        raise _nobody()
    chart = data.chart(patient, panel.evaluator.index, as_of, lacking)
    merged = patient in data.cohort.survivors

    def work(sound: Chart) -> _Found:
        return _assess(panel, sound, studies, frozenset(), merged=merged, hasty=False)

    return _assessed(data.cohort, chart, work, data.set_aside), tuple(sorted(data.gaps(lacking)))


def _assessed(
    cohort: Cohort, chart: Chart, work: Callable[[Chart], _Found], aside: tuple[SetAside, ...]
) -> Assessed:
    done = soundly(chart, work)
    survivors = {id: last_survivor(id, cohort.survivors) for id in cohort.survivors}
    if done is None:
        return Assessed(set_aside=aside, evaluated=False, survivors=survivors)
    sound, (subjects, gated, failed) = done
    set_aside = (*aside, *sound.unread)
    return Assessed(tuple(subjects), tuple(gated), tuple(failed), set_aside, survivors=survivors)


def chart_of(
    panel: Panel, patient: str, lines: Iterable[Line], as_of: AsOf, unfetched: Collection[str]
) -> tuple[Cohort, Chart]:
    """The chart of a patient as the panel reads it. Raises DataError where there is no such Patient."""
    cohort = gather(lines, remarking=False)
    if patient not in cohort.patients:
        raise _nobody()
    index = panel.evaluator.index
    lost = find_lost(
        index, as_of, cohort.unattributed, cohort.nameless, shared=cohort.shared, aliases=cohort.aliases
    )
    chart = read_chart(
        cohort.patients[patient],
        cohort.chart_resources(patient),
        index,
        as_of,
        shared=cohort.shared,
        aliases=cohort.aliases,
        unfetched=cohort.unfetched(patient) | set(unfetched),
        lost=lost_of(cohort, patient, index, as_of, lost),
        doubtful=cohort.doubtful(patient),
    )
    return cohort, chart


def _nobody() -> DataError:
    return DataError(
        "the patient who was asked for is not in the data",
        expected="the Patient resource beside what refers to it",
    )


_Found = tuple[list[Subject], list[Gated], list[str]]


def _assess(
    panel: Panel,
    chart: Chart,
    studies: Collection[str] | None,
    unfetched: frozenset[str],
    *,
    merged: bool,
    hasty: bool,
) -> _Found:
    evaluator, site = panel.evaluator, panel.plan.catalogue.site
    gate_of_study: Callable[[str], Gate | None] | None = None
    subjects: list[Subject] = []
    gated: list[Gated] = []
    failed: list[str] = []
    for number, case in evaluator.members(chart):
        planned = panel.plan.studies[number]
        study = planned.study.id
        if studies is not None and study not in studies:
            continue
        gate_of_study = gate_of_study or gates_of(chart, site)
        gate = Gate.MERGED if merged else gate_of_study(study)
        if gate is not None:
            gated.append(Gated(study, chart.id, gate))
            continue
        if hasty and _fails(panel, number, case):
            failed.append(study)
            continue
        subject = evaluator.subject(number, case)
        if unfetched:
            subject = unsure(panel, number, subject, unfetched)
        subject = noted(subject, chart, evaluator.ours, len(planned.criteria))
        subjects.append(subject)
        if subject.failed:
            failed.append(study)
    return subjects, gated, failed


def _fails(panel: Panel, number: int, case: Case) -> bool:
    places = range(len(panel.plan.studies[number].criteria))
    return any(panel.evaluator.verdict(case, number, place).standing is Standing.FAILED for place in places)


def unsure(panel: Panel, number: int, subject: Subject, unfetched: frozenset[str]) -> Subject:
    """The subject, nothing met that rests on a type of which something may be missing."""
    verdicts = tuple(
        unsure_verdict(verdict)
        if verdict.standing is not Standing.FAILED and not unfetched.isdisjoint(panel.types(number, place))
        else verdict
        for place, verdict in enumerate(subject.verdicts)
    )
    return subject._replace(verdicts=verdicts)


def unsure_verdict(verdict: Verdict) -> Verdict:
    """The verdict that what is missing may still change."""
    return verdict._replace(proof=NOT_FETCHED._replace(says=verdict.proof.says))
