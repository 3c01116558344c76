"""Why one patient is, or is not, on a list: proof trees, or the same as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from fhirscreen.engines.base import Outsider
from fhirscreen.outputs.proofs import explain_gate, explain_outsider, explain_subject
from fhirscreen.screening.runs import Run
from fhirscreen.verdicts.standings import Gate, Subject


def show_patient(console: Console, run: Run, patient: str) -> None:
    """Where one patient stands in each study of a run that was limited to that patient."""
    for each in run.plan.studies:
        study, catalogue = each.study, run.plan.catalogue
        subject, gate = _place(run, study.id)
        if subject is not None:
            console.print(explain_subject(subject, study, catalogue))
        elif gate is not None:
            console.print(explain_gate(patient, study, gate))
        else:
            console.print(explain_outsider(patient, study, _outsider(run, study.id), catalogue))
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
        outsider = _outsider(run, each.study.id)
        data.append(
            {
                "study": each.study.id,
                "patient": patient,
                "member": subject is not None or gate is not None,
                "gate": gate.value if gate else None,
                "status": subject.status.value if subject and subject.status else None,
                "complete": subject.complete if subject else run.complete,
                "verdicts": verdicts,
                "outside": _looked(outsider) if outsider else None,
            }
        )
    return data


def _place(run: Run, study: str) -> tuple[Subject | None, Gate | None]:
    subject = next((each for each in run.screened.subjects if each.study == study), None)
    gate = next((each.gate for each in run.screened.gated if each.study == study), None)
    return subject, gate


def _outsider(run: Run, study: str) -> Outsider | None:
    return next((each for each in run.screened.outsiders if each.study == study), None)


def _looked(outsider: Outsider) -> dict[str, Any]:
    return {
        "population": outsider.population,
        "sources": [
            {**looked._asdict(), "seen": [seen._asdict() for seen in looked.seen]}
            for looked in outsider.looked
        ],
        "cancers": [seen._asdict() for seen in outsider.cancers],
        "gate": outsider.gate.value if outsider.gate else None,
    }
