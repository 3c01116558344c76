"""Why one patient is, or is not, on a list: proof trees, or the same as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from fhirscreen.outputs.proofs import explain_absence, explain_subject
from fhirscreen.screening.runs import Run
from fhirscreen.verdicts.standings import Gate, Subject


def show_patient(console: Console, run: Run, patient: str) -> None:
    """Where one patient stands in each study of a run that was limited to that patient."""
    for each in run.plan.studies:
        subject, gate = _place(run, each.study.id)
        if subject is None:
            console.print(explain_absence(patient, each.study, gate), markup=False)
        else:
            console.print(explain_subject(subject, each.study, run.plan.catalogue))
        console.print()


def patient_data(run: Run, patient: str) -> list[dict[str, Any]]:
    """The same as plain data: one object a study, with every proof tree whole."""
    data = []
    for each in run.plan.studies:
        subject, gate = _place(run, each.study.id)
        verdicts = [
            {
                "criterion": verdict.criterion.id,
                "kind": verdict.criterion.kind.value,
                "standing": verdict.standing.value,
                "proof": verdict.proof.tree(),
            }
            for verdict in (subject.verdicts if subject else ())
        ]
        data.append(
            {
                "study": each.study.id,
                "patient": patient,
                "member": subject is not None or gate is not None,
                "gate": gate.value if gate else None,
                "status": subject.status.value if subject and subject.status else None,
                "complete": subject.complete if subject else run.complete,
                "verdicts": verdicts,
            }
        )
    return data


def _place(run: Run, study: str) -> tuple[Subject | None, Gate | None]:
    subject = next((each for each in run.screened.subjects if each.study == study), None)
    gate = next((each.gate for each in run.screened.gated if each.study == study), None)
    return subject, gate
