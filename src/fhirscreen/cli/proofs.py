"""Why a patient is, or is not, on a list: the proof of every criterion as a tree."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from fhirscreen.engines.base import Screened
from fhirscreen.outputs.wording import GATES, REASONS, STATUSES, say_date
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.standings import Standing, Subject, Verdict

_STYLES = {Standing.MET: "green", Standing.FAILED: "bold red", Standing.OPEN: "yellow"}
_TRUTHS = {Truth.TRUE: "green", Truth.FALSE: "red", Truth.UNKNOWN: "yellow"}


def show_patient(console: Console, screened: Screened, plan: Plan, patient: str) -> None:
    """Where one patient stands in each study of the plan, with the proof trees."""
    for each in plan.studies:
        id = each.study.id
        subject = _subject(screened, id)
        title = Text(f"{id}  {each.study.title}\n", style="bold")
        title.append(f"{patient}: {_say_place(screened, id, subject)}", style="default")
        tree = Tree(title)
        for verdict in subject.verdicts if subject else ():
            branch = tree.add(_say_verdict(verdict))
            _grow(branch, verdict.proof)
        console.print(tree)
        console.print()


def patient_data(screened: Screened, plan: Plan, patient: str) -> list[dict[str, Any]]:
    """The same as plain data: one object a study."""
    data = []
    for each in plan.studies:
        id = each.study.id
        subject = _subject(screened, id)
        verdicts = [
            {
                "criterion": verdict.criterion.id,
                "kind": verdict.criterion.kind.value,
                "standing": verdict.standing.value,
                "proof": verdict.proof.tree(),
            }
            for verdict in (subject.verdicts if subject else ())
        ]
        gate = next((gated.gate.value for gated in screened.gated if gated.study == id), None)
        status = subject.status.value if subject and subject.status else None
        data.append(
            {
                "study": id,
                "patient": patient,
                "member": subject is not None or gate is not None,
                "gate": gate,
                "status": status,
                "complete": subject.complete if subject else screened.complete,
                "verdicts": verdicts,
            }
        )
    return data


def _subject(screened: Screened, study: str) -> Subject | None:
    return next((subject for subject in screened.subjects if subject.study == study), None)


def _say_place(screened: Screened, study: str, subject: Subject | None) -> str:
    if subject is None:
        gate = next((gated.gate for gated in screened.gated if gated.study == study), None)
        if gate is not None:
            return f"stopped before any criterion: {GATES[gate].lower()}"
        return "outside the population of this study, so no criterion was looked at"
    failed = ", ".join(verdict.criterion.id for verdict in subject.failed)
    if subject.status is None:
        near = "; a near miss: this failure can change" if subject.near_miss else ""
        return f"not on the list: fails {failed}{near}"
    unsure = ", ".join(verdict.criterion.id for verdict in subject.open)
    return STATUSES[subject.status].lower() + (f"; open: {unsure}" if unsure else "")


def _say_verdict(verdict: Verdict) -> Text:
    standing = verdict.standing
    text = Text(f"{standing.value:<6} ", style=_STYLES[standing])
    text.append(f"{verdict.criterion.kind.value} {verdict.criterion.id}: ", style="bold")
    return text.append(verdict.criterion.says, style="default")


def _grow(branch: Tree, proof: Proof) -> None:
    node = branch.add(_say_proof(proof))
    for child in proof.children:
        _grow(node, child)


def _say_proof(proof: Proof) -> Text:
    text = Text(f"{proof.truth.value} ", style=_TRUTHS[proof.truth])
    text.append(f"({proof.basis.value}) ", style="dim")
    text.append(proof.says, style="default")
    value = " ".join(part for part in (proof.value, proof.unit) if part)
    details = ", ".join(part for part in (value, say_date(proof.date)) if part)
    if details:
        text.append(f" = {details}", style="cyan")
    if proof.reason is not None:
        text.append(f"; {REASONS[proof.reason]}", style="yellow")
    if proof.evidence:
        text.append(f"  [{', '.join(proof.evidence)}]", style="dim")
    return text
