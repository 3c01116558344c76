"""From charts to what an engine gives: outside, gated or a subject, in one order."""

from __future__ import annotations

import orjson

from fhirscreen.engines.base import Gated, Screened, SetAside
from fhirscreen.engines.evaluator.charts import MALFORMED, Chart, repaired
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.engines.evaluator.gates import gate_of, notes
from fhirscreen.plan.nodes import Plan
from fhirscreen.verdicts.standings import Gate


def judge(
    plan: Plan, evaluator: Evaluator, chart: Chart, screened: Screened, *, merged: bool = False
) -> None:
    """Adds one patient to what was screened: outside, gated, or a subject of each study."""
    try:
        found = evaluator.subjects(chart)
        gates = {
            study.study.id: gate_of(chart, plan.catalogue.site, study.study.id) for study in plan.studies
        }
    except MALFORMED:
        sound = repaired(chart)
        if sound is None:
            # One patient never ends a run over a hospital: named as a gap, with the record verbatim.
            verbatim = orjson.dumps(chart.patient).decode()
            screened.set_aside.append(SetAside("Patient", "the record could not be evaluated", verbatim))
            screened.gaps.append("a patient's record could not be evaluated; it is among what was set aside")
            return
        judge(plan, evaluator, sound, screened, merged=merged)
        return
    screened.set_aside += chart.unread
    subjects = {subject.study: subject for subject in found}
    for study in plan.studies:
        id = study.study.id
        subject = subjects.get(id)
        if subject is None:
            screened.outside[id] += 1
            continue
        gate = Gate.MERGED if merged else gates[id]
        if gate is not None:
            screened.gated.append(Gated(id, chart.id, gate))
        else:
            screened.subjects.append(subject._replace(notes=notes(chart, id, evaluator.ours)))


def finished(screened: Screened, plan: Plan) -> Screened:
    """Sorts what was screened, so that neither order of input nor number of workers shows."""
    order = {study.study.id: number for number, study in enumerate(plan.studies)}
    screened.subjects.sort(key=lambda subject: (order[subject.study], subject.patient))
    screened.gated.sort(key=lambda gated: (order[gated.study], gated.patient))
    screened.set_aside.sort()
    screened.gaps = sorted(set(screened.gaps))
    return screened
