"""Proof trees in words: why a patient is, or is not, on a study's list."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import NamedTuple

from rich.text import Text
from rich.tree import Tree

from fhirscreen.criteria.studies import Criterion, Kind, Study
from fhirscreen.engines.base import Outsider, Seen
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Concept
from fhirscreen.mapping.displays import call
from fhirscreen.outputs.actions import next_action
from fhirscreen.outputs.wording import (
    GATE_SOURCES,
    GATES,
    REASONS,
    STATUSES,
    say_because,
    say_date,
    say_question,
    say_reason,
    say_statement,
    say_value,
)
from fhirscreen.plan.resolve import MALIGNANCY
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof, derivation
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Gate, Standing, Subject, Verdict, mirrored

_MARKS = {Truth.TRUE: "yes", Truth.FALSE: "no", Truth.UNKNOWN: "unknown"}
_COLOURS = {Standing.MET: "green", Standing.FAILED: "red", Standing.OPEN: "yellow"}
_TITLES = {Standing.FAILED: "Failed", Standing.OPEN: "Open", Standing.MET: "Met"}

_ALIKE = 2
"""So many parts that answer alike are said each, the others counted."""
_LONGEST = 100
"""Letters of what is said above parts that say it again."""

_ROLES = {
    "coarser": ", less precise codes",
    "history": ", history of it",
    "visit": ", visits for it",
    "disjoint": ", another disease",
    "judgement": ", for a person to judge",
}


def explain_subject(subject: Subject, study: Study, catalogue: Catalogue, *, whole: bool = False) -> Tree:
    """A tree for the console: the outcome, then failed, open and met criteria, and what is asked in person.

    Failed and open criteria carry their proof, met ones the value that decides; those that are met because
    nothing is on record share a line. Where `whole`, every criterion stands alone and carries its proof.
    Sensitive reasons are shown: it is for whoever may read the record.
    """
    tree = Tree(Text.assemble((f"{study.id}  ", "bold"), (f"{subject.patient}  ", "bold"), outcome(subject)))
    for standing in (Standing.FAILED, Standing.OPEN, Standing.MET):
        found = [v for v in subject.standing(standing) if not v.criterion.asks]
        if not found:
            continue
        branch = tree.add(Text(f"{_TITLES[standing]} ({len(found)})", f"bold {_COLOURS[standing]}"))
        silent = [] if whole else [v for v in found if standing is Standing.MET and _silent(v.proof)]
        for verdict in (v for v in found if v not in silent):
            if not whole and mirrored(verdict, found):
                branch.add(_head(verdict, f"as {verdict.criterion.mirrors}, which it repeats"))
            else:
                _add_verdict(branch, verdict, study, catalogue, whole=whole, met=standing is Standing.MET)
        if silent:
            said = f"{REASONS[Reason.ABSENCE_PRESUMED]} ({len(silent)}): "
            branch.add(Text(said).append(", ".join(v.criterion.id for v in silent), "bold"))
    if subject.to_ask:
        branch = tree.add(Text(f"Asked in person ({len(subject.to_ask)})", "bold"))
        for verdict in subject.to_ask:
            branch.add(Text(say_question(verdict.criterion)))
    return tree


def _silent(proof: Proof) -> bool:
    """Whether nothing at all is on record, and that is taken as no."""
    return proof.reason is Reason.ABSENCE_PRESUMED and not proof.evidence


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


def _head(verdict: Verdict, said: str) -> Text:
    criterion = verdict.criterion
    kind = "" if criterion.kind is Kind.INCLUSION else "exclusion: "
    mark = _MARKS[verdict.proof.truth]
    head = Text.assemble((criterion.id, "bold"), f"  {kind}{criterion.says}: ", (mark, "bold"))
    return head.append(f", {said}") if said else head


def _add_verdict(
    branch: Tree, verdict: Verdict, study: Study, catalogue: Catalogue, *, whole: bool, met: bool
) -> None:
    proof = verdict.proof
    said = say_reason(proof, verdict.criterion, catalogue)
    if said and proof.basis is Basis.DERIVED and proof.reason is None and not derivation(proof):
        said = f"{said}, derived"
    head = _head(verdict, said)
    leaf = branch.add(head)
    if verdict.standing is Standing.OPEN and (
        action := next_action(proof, verdict.criterion, study, catalogue)
    ):
        leaf.add(Text(f"→ {action}", "italic"))
    if met and not whole:
        if proof.evidence:
            head.append(f"  [{' '.join(proof.evidence)}]", "dim")
        return
    if proof.reason is Reason.UNREAD:
        leaf.add(Text(proof.says or verdict.criterion.says))
        return
    below = _Below(verdict.criterion, catalogue, whole)
    below.add(leaf, proof if proof.children else Proof(*proof[:8], (proof,)))


class _Below(NamedTuple):
    """Adds what stands below a criterion: unless `whole`, only what decides, and what is alike once."""

    criterion: Criterion
    catalogue: Catalogue
    whole: bool

    def add(self, branch: Tree, parent: Proof) -> None:
        """Adds the proofs below one."""
        shown = parent.children if self.whole else _deciding(parent)
        likeness: dict[object, int] = {}
        for child in shown:
            alike = child if self.whole or child.children else _answer(child)
            likeness[alike] = likeness.get(alike, 0) + 1
            if likeness[alike] == 1 or likeness[alike] <= _ALIKE:
                self._add(branch, child)
        repeated = sum(number - _ALIKE for number in likeness.values() if number > _ALIKE)
        if repeated:
            branch.add(Text(f"… and {repeated} more, likewise", "dim"))

    def _add(self, branch: Tree, proof: Proof) -> None:
        while not self.whole and len(proof.children) == 1 and _answer(proof) == _answer(proof.children[0]):
            # The only child answers as its parent does: the parent says what was asked of it.
            below = proof.children[0]
            proof = proof._replace(children=below.children, because=proof.because or below.because)
        leaf = branch.add(Text(self._say(proof)))
        self.add(leaf, proof)

    def _say(self, proof: Proof) -> str:
        """One node in a line: its statement, truth, basis or reason, value, date and evidence.

        What stands above others is cut off where it is long: they say it again.
        """
        why = proof.reason.value if proof.reason is not None else proof.basis.value
        recorded = say_value(proof, self.criterion, self.catalogue) if proof.value else ""
        parts = [f"{_MARKS[proof.truth]} ({why})", recorded, say_date(proof.date)]
        says = say_statement(proof.says, self.criterion, self.catalogue) or "criterion"
        if not self.whole and proof.children:
            says = textwrap.shorten(says, _LONGEST, placeholder=" …")
        line = f"{says}: {', '.join(part for part in parts if part)}"
        if proof.because and proof.truth is Truth.UNKNOWN:
            line = f"{line}; {say_because(proof.because)}"
        return f"{line}  [{' '.join(proof.evidence)}]" if proof.evidence and not proof.children else line


def _deciding(parent: Proof) -> tuple[Proof, ...]:
    """Of the proofs below an open one, those that keep it open; below any other, those that are settled."""
    settled = parent.truth is not Truth.UNKNOWN
    return tuple(c for c in parent.children if (c.truth is not Truth.UNKNOWN) is settled) or parent.children


def _answer(proof: Proof) -> tuple[object, ...]:
    return (proof.truth, proof.basis, proof.reason, proof.value, proof.unit, proof.date, proof.evidence)
