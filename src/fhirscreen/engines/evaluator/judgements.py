"""From charts to what an engine gives: outside, gated or a subject, in one order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import orjson

from fhirscreen.engines.base import Gated, Screened, SetAside
from fhirscreen.engines.evaluator.charts import MALFORMED, Chart
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.engines.evaluator.gates import gate_of
from fhirscreen.engines.evaluator.notes import noted
from fhirscreen.engines.evaluator.outsiders import outsider
from fhirscreen.engines.evaluator.repairs import repaired
from fhirscreen.plan.nodes import Plan
from fhirscreen.verdicts.standings import Gate, Subject


def judge(
    plan: Plan,
    evaluator: Evaluator,
    chart: Chart,
    screened: Screened,
    *,
    merged: bool = False,
    explained: bool = False,
) -> None:
    """Adds one patient to what was screened: outside (and why, if `explained`), gated, or a subject."""

    def work(chart: Chart) -> Judged:
        return _judged(plan, evaluator, chart, merged=merged)

    done = soundly(chart, work)
    if done is None:
        give_up(chart, screened)
        return
    sound, (subjects, gated) = done
    screened.set_aside += sound.unread
    screened.subjects += subjects
    screened.gated += gated
    inside = {subject.study for subject in subjects} | {each.study for each in gated}
    for planned in plan.studies:
        if planned.study.id not in inside:
            screened.outside[planned.study.id] += 1
            if planned.population is not None and not sound.whole(planned.population.concept):
                screened.untold[planned.study.id] = screened.untold.get(planned.study.id, 0) + 1
            if explained:
                case = evaluator.case(sound, planned.population)
                screened.outsiders.append(outsider(case, planned.study.id, merged=merged))


Judged = tuple[list[Subject], list[Gated]]
Result = TypeVar("Result")


def _judged(plan: Plan, evaluator: Evaluator, chart: Chart, *, merged: bool) -> Judged:
    subjects, gated = [], []
    for number, case in evaluator.members(chart):
        planned = plan.studies[number]
        study = planned.study.id
        gate = Gate.MERGED if merged else gate_of(chart, plan.catalogue.site, study)
        if gate is not None:
            gated.append(Gated(study, chart.id, gate))
        else:
            subject = evaluator.subject(number, case)
            subjects.append(noted(subject, chart, evaluator.ours, len(planned.criteria)))
    return subjects, gated


def soundly(chart: Chart, work: Callable[[Chart], Result]) -> tuple[Chart, Result] | None:
    """What comes of work on a chart, or on the chart without its malformed resources; with that chart.

    None where neither can be done: the patient cannot be evaluated (`give_up`).
    """
    try:
        return chart, work(chart)
    except MALFORMED:
        sound = repaired(chart)
    if sound is None:
        return None
    try:
        return sound, work(sound)
    except MALFORMED:
        return None


def give_up(chart: Chart, screened: Screened) -> None:
    """Sets a patient aside who cannot be evaluated: in no study, named as a gap, the record verbatim.

    One patient never ends a run over a hospital.
    """
    verbatim = orjson.dumps(chart.patient).decode()
    screened.set_aside.append(SetAside("Patient", "the record could not be evaluated", verbatim))
    screened.gaps.append("a patient's record could not be evaluated; it is among what was set aside")


def finished(screened: Screened, plan: Plan) -> Screened:
    """Sorts what was screened, so that neither order of input nor number of workers shows."""
    order = {study.study.id: number for number, study in enumerate(plan.studies)}
    screened.subjects.sort(key=lambda subject: (order[subject.study], subject.patient))
    screened.gated.sort(key=lambda gated: (order[gated.study], gated.patient))
    screened.outsiders.sort(key=lambda each: (order[each.study], each.patient))
    screened.set_aside.sort()
    for study, number in screened.untold.items():
        patients = "1 patient" if number == 1 else f"{number} patients"
        screened.gaps.append(
            f"of {patients} it cannot be told whether they belong to the population of {study}, for records "
            "that might say so could not be read: they are on no list"
        )
    screened.gaps = sorted(set(screened.gaps))
    return screened
