"""Proof trees in words: why a patient is, or is not, on a study's list."""

from __future__ import annotations

from rich.text import Text
from rich.tree import Tree

from fhirscreen.criteria.studies import Kind, Study
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs.wording import GATES, STATUSES, next_action, say_reason
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.standings import Gate, Standing, Subject, Verdict

_MARKS = {Truth.TRUE: "yes", Truth.FALSE: "no", Truth.UNKNOWN: "unknown"}
_COLOURS = {Standing.MET: "green", Standing.FAILED: "red", Standing.OPEN: "yellow"}
_TITLES = {Standing.FAILED: "Failed", Standing.OPEN: "Open", Standing.MET: "Met"}


def explain_subject(subject: Subject, study: Study, catalogue: Catalogue, *, whole: bool = False) -> Tree:
    """A tree for the console: the outcome, then failed, open and met criteria, and what is asked in person.

    Failed and open criteria carry their proof; met ones too where `whole`, else their evidence alone.
    Sensitive reasons are shown: it is for whoever may read the record.
    """
    tree = Tree(Text.assemble((f"{study.id}  ", "bold"), (f"{subject.patient}  ", "bold"), outcome(subject)))
    for standing in (Standing.FAILED, Standing.OPEN, Standing.MET):
        verdicts = [v for v in subject.standing(standing) if not v.criterion.asks]
        if verdicts:
            branch = tree.add(Text(f"{_TITLES[standing]} ({len(verdicts)})", f"bold {_COLOURS[standing]}"))
            for verdict in verdicts:
                _add_verdict(branch, verdict, study, catalogue, whole=whole or standing is not Standing.MET)
    if subject.to_ask:
        branch = tree.add(Text(f"Asked in person ({len(subject.to_ask)})", "bold"))
        for verdict in subject.to_ask:
            branch.add(Text(verdict.proof.says or verdict.criterion.says))
    return tree


def explain_absence(patient: str, study: Study, gate: Gate | None) -> str:
    """Why a patient has no verdicts: a gate, or outside the population."""
    why = GATES[gate] if gate is not None else "outside the study's population"
    return f"{study.id}  {patient}  not screened: {why[:1].lower()}{why[1:]}"


def outcome(subject: Subject) -> str:
    """Where a subject stands, in a phrase."""
    status = subject.status
    if status is not None:
        said = STATUSES[status].lower()
    else:
        said = "not on the list" if subject.near_miss is None else "not on the list (near miss)"
    details = []
    if subject.failed:
        details.append(f"{len(subject.failed)} failed")
    if subject.open:
        details.append(f"{len(subject.open)} open")
    if not subject.complete:
        details.append("data not whole")
    return ", ".join([said, *details, *subject.notes])


def _add_verdict(branch: Tree, verdict: Verdict, study: Study, catalogue: Catalogue, *, whole: bool) -> None:
    criterion, proof = verdict.criterion, verdict.proof
    kind = "" if criterion.kind is Kind.INCLUSION else "exclusion: "
    head = Text.assemble((criterion.id, "bold"), f"  {kind}{criterion.says}: ", (_MARKS[proof.truth], "bold"))
    said = say_reason(proof, criterion, catalogue)
    if said:
        head.append(f", {said}")
    leaf = branch.add(head)
    if verdict.standing is Standing.OPEN and (action := next_action(proof, criterion, study)):
        leaf.add(Text(f"→ {action}", "italic"))
    if not whole:
        if proof.evidence:
            head.append(f"  [{' '.join(proof.evidence)}]", "dim")
        return
    for line in proof.children or (proof,):
        _add_proof(leaf, line)


def _add_proof(branch: Tree, proof: Proof) -> None:
    leaf = branch.add(Text(say_proof(proof)))
    for child in proof.children:
        _add_proof(leaf, child)


def say_proof(proof: Proof) -> str:
    """One node of a proof in a line: its statement, truth, basis or reason, value, date and evidence."""
    why = proof.reason.value if proof.reason is not None else proof.basis.value
    recorded = " ".join(part for part in (proof.value, proof.unit) if part)
    when = proof.date[:10]
    parts = [f"{_MARKS[proof.truth]} ({why})", recorded, when]
    line = f"{proof.says or 'criterion'}: {', '.join(part for part in parts if part)}"
    return f"{line}  [{' '.join(proof.evidence)}]" if proof.evidence and not proof.children else line
