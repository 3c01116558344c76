"""Proof trees in words: why a patient is, or is not, on a study's list."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from rich.tree import Tree

from fhirscreen.criteria.studies import Kind, Study
from fhirscreen.engines.base import Outsider, Seen
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Concept
from fhirscreen.mapping.displays import call
from fhirscreen.outputs.wording import GATE_SOURCES, GATES, STATUSES, next_action, say_date, say_reason
from fhirscreen.plan.resolve import MALIGNANCY
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.standings import Gate, Standing, Subject, Verdict

_MARKS = {Truth.TRUE: "yes", Truth.FALSE: "no", Truth.UNKNOWN: "unknown"}
_COLOURS = {Standing.MET: "green", Standing.FAILED: "red", Standing.OPEN: "yellow"}
_TITLES = {Standing.FAILED: "Failed", Standing.OPEN: "Open", Standing.MET: "Met"}

_ROLES = {
    "coarser": ", less precise codes",
    "history": ", history of it",
    "disjoint": ", another disease",
    "judgement": ", for a person to judge",
}


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


def explain_gate(patient: str, study: Study, gate: Gate) -> Tree:
    """Why a member was not screened: the gate, and where it is read."""
    tree = Tree(_not_screened(patient, study, GATES[gate]))
    tree.add(Text(GATE_SOURCES[gate]))
    return tree


def explain_outsider(patient: str, study: Study, outsider: Outsider | None, catalogue: Catalogue) -> Tree:
    """Why a patient is outside a study's population: each source of it, and what it holds of the patient.

    Without an `outsider` the record could not be evaluated. Cancers on record are shown, and a gate that
    would be closed besides.
    """
    if outsider is None:
        return Tree(_not_screened(patient, study, "The record could not be evaluated"))
    tree = Tree(_not_screened(patient, study, "Outside the study's population"))
    named = [catalogue.concepts[study.population.cancer]] if study.population.cancer else []
    wanted = tree.add(Text(f"A member has {outsider.population} on record, not refuted, in one of:"))
    besides = tree.add(Text("Looked at too, and no member for it:"))
    for looked in outsider.looked:
        branch = wanted if looked.admits else besides
        systems = ", ".join(looked.systems)
        kind = _ROLES.get(looked.role, "")
        leaf = branch.add(Text(f"{looked.resource}{kind} ({systems}){'' if looked.seen else ': nothing'}"))
        for seen in looked.seen:
            leaf.add(_seen(seen, named, catalogue))
    if not besides.children:
        tree.children.remove(besides)
    cancers = tree.add(Text(f"Other cancers on record{'' if outsider.cancers else ': none'}"))
    for seen in outsider.cancers:
        cancers.add(_seen(seen, [catalogue.concepts[MALIGNANCY]], catalogue))
    if outsider.gate is not None:
        gate = tree.add(Text(f"A member would not be screened: {GATES[outsider.gate].lower()}"))
        gate.add(Text(GATE_SOURCES[outsider.gate]))
    return tree


def _not_screened(patient: str, study: Study, why: str) -> Text:
    return Text.assemble(
        (f"{study.id}  ", "bold"), (f"{patient}  ", "bold"), f"not screened: {why[:1].lower()}{why[1:]}"
    )


def _seen(seen: Seen, concepts: Iterable[Concept], catalogue: Catalogue) -> Text:
    called = call(seen.code, concepts, catalogue.displays)
    parts = (called, seen.code, say_date(seen.date))
    said = Text(f"{', '.join(part for part in parts if part)}{f': {seen.why}' if seen.why else ''}")
    return said.append(f"  [{seen.reference}]", "dim")


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
