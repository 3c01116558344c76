"""A Proof: how one node of a criterion was decided, with the proofs of the nodes below it."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth
from fhirscreen.verdicts.reasons import STRENGTH, Basis, Reason, first_reason, strongest

# Members by a name of their own: found on their class, for every record, they cost ten times as much.
_PRESUMED = Basis.PRESUMED
_new = tuple.__new__
"""What a named tuple is made by; called by its own name, a function in Python stands before it."""

LACKING = "missing: "
"""How `because` begins where it names, up to a semicolon, what is not on record and would settle it."""


class Proof(NamedTuple):
    """Truth of one node, with its basis, reason and evidence.

    `reason` is set when the truth is UNKNOWN or the basis presumed. `evidence` holds sorted references.
    `value`, `unit` and `date` are those of the one atom that decides, as text; empty where several do.
    `because` says of an open atom what its reason alone does not: which record, and what is wrong with it;
    of one that is decided by a derived value, where that is from.
    """

    truth: Truth
    basis: Basis
    reason: Reason | None = None
    evidence: tuple[str, ...] = ()
    value: str = ""
    unit: str = ""
    date: str = ""
    says: str = ""
    children: tuple[Proof, ...] = ()
    because: str = ""

    def under(self, truth: Truth, says: str, children: tuple[Proof, ...]) -> Proof:
        """The proof of a node that rests on this one, with a truth, words and children of its own.

        As `_replace`, which is many times slower, and this is done for every criterion of every patient.
        """
        _, basis, reason, evidence, value, unit, date, _, _, _ = self
        return _new(Proof, (truth, basis, reason, evidence, value, unit, date, says, children, ""))

    def tree(self) -> dict[str, Any]:
        """The proof as plain data for JSON: empty fields are left out."""
        data: dict[str, Any] = {"truth": self.truth.value, "basis": self.basis.value}
        if self.says:
            data = {"says": self.says, **data}
        if self.reason is not None:
            data["reason"] = self.reason.value
        for name in ("value", "unit", "date"):
            if text := getattr(self, name):
                data[name] = text
        if self.because:
            data["because"] = self.because
        if self.evidence:
            data["evidence"] = list(self.evidence)
        if self.children:
            data["children"] = [child.tree() for child in self.children]
        return data


def explained(proof: Proof) -> str:
    """Why a proof is open beyond its reason: what the first atom says that gives this reason; empty if none.

    A parent has its reason from one of the atoms below it.
    """
    if proof.truth is not UNKNOWN:
        return ""
    if proof.because:
        return proof.because
    below = (explained(child) for child in proof.children if child.reason is proof.reason)
    return next((said for said in below if said), "")


def gainsaid(proof: Proof) -> str:
    """What stands on record against a settled proof without deciding: of the first atom that names some."""
    if proof.truth is UNKNOWN:
        return ""
    if proof.because and proof.basis is Basis.RECORDED and not proof.children:
        return proof.because
    decisive = set(proof.evidence)
    below = (gainsaid(child) for child in proof.children if decisive.issuperset(child.evidence))
    return next((said for said in below if said), "")


def without_birth(proof: Proof) -> Proof:
    """The proof without the date of birth: an age is its value in years, and its date is that of the birth.

    A run's own files have it, as everything that decides; whoever keeps or shows a proof elsewhere leaves it
    out.
    """
    children = tuple(map(without_birth, proof.children))
    born = proof.unit == "a" and all(each.startswith("Patient/") for each in proof.evidence)
    if born and proof.date:
        return proof._replace(date="", children=children)
    return proof if all(map(operator.is_, children, proof.children)) else proof._replace(children=children)


def derivation(proof: Proof) -> str:
    """Where the one derived value that decides is from, as its atom says it; empty for what is recorded."""
    if proof.truth is UNKNOWN or proof.basis is not Basis.DERIVED or not proof.value:
        return ""
    if proof.because:
        return proof.because
    same = [child for child in proof.children if _shown(child) == _shown(proof)]
    return next((said for child in same if (said := derivation(child))), "")


def lacking(proof: Proof) -> str:
    """What is missing by name, for an open proof that says it: "sex, body weight"; empty if none is named."""
    because = explained(proof)
    return because.removeprefix(LACKING).partition(";")[0] if because.startswith(LACKING) else ""


def facts(proof: Proof) -> tuple[Proof, ...]:
    """The atoms that decide and have a value, each value once: the proof itself where one alone decides."""
    if proof.value:
        return (proof,)
    found: dict[tuple[str, str, str], Proof] = {}
    decided = set(proof.evidence)
    for child in proof.children:
        if decided.issuperset(child.evidence):
            for atom in facts(child):
                found.setdefault((atom.value, atom.unit, atom.date), atom)
    return tuple(found.values())


def read_proof(tree: Mapping[str, Any]) -> Proof:
    """The proof that `Proof.tree` wrote down. Raises KeyError or ValueError for what is none."""
    return Proof(
        Truth(tree["truth"]),
        Basis(tree["basis"]),
        Reason(tree["reason"]) if "reason" in tree else None,
        tuple(tree.get("evidence", ())),
        tree.get("value", ""),
        tree.get("unit", ""),
        tree.get("date", ""),
        tree.get("says", ""),
        tuple(read_proof(child) for child in tree.get("children", ())),
        tree.get("because", ""),
    )


def atom(proof: Proof) -> Proof:
    """The atom whose value decides, of a proof that has one: it says what was asked."""
    while same := [child for child in proof.children if _shown(child) == _shown(proof)]:
        proof = same[0]
    return proof


def _shown(proof: Proof) -> tuple[str, str, str]:
    return (proof.value, proof.unit, proof.date)


def threshold(needed: int, children: Sequence[Proof], says: str = "") -> Proof:
    """At least `needed` of the children are TRUE: Kleene AND, OR and at-least in one rule.

    AND needs all of them, OR needs one. Of the deciding children, as many as were needed carry the basis:
    the strongest ones are taken, so the basis is the strongest child's where one suffices and the weakest's
    where all are needed.
    """
    truths = [child.truth for child in children]
    true, needed_false = truths.count(TRUE), len(truths) - needed + 1
    if true >= needed:
        truth = TRUE
    elif truths.count(FALSE) >= needed_false:
        truth, needed = FALSE, needed_false
    else:
        truth, needed = UNKNOWN, len(truths)
    deciding = children
    if truths.count(truth) < len(truths):
        deciding = [child for child in children if child.truth is truth]
    return compound(truth, deciding, needed, tuple(children), says)


def compound(
    truth: Truth, deciding: Sequence[Proof], needed: int, children: tuple[Proof, ...], says: str = ""
) -> Proof:
    """The proof of a node whose truth the `deciding` children settle, `needed` of them being enough."""
    if len(deciding) == 1:
        _, basis, reason, evidence, value, unit, date, _, _, _ = deciding[0]
        if truth is not UNKNOWN and basis is not _PRESUMED:
            reason = None
        return _new(Proof, (truth, basis, reason, evidence, value, unit, date, says, children, ""))
    first = deciding[0]
    basis, reason = first.basis, first.reason
    evidence = first.evidence
    alike = True
    for child in deciding:
        if child.basis is not basis or child.reason is not reason:
            alike = False
        if child.evidence and child.evidence != evidence:
            evidence = tuple(sorted({*evidence, *child.evidence}))
    if truth is UNKNOWN:
        # The reason that comes first is what to settle first: the basis is that of the child who gives it.
        if not alike:
            reason = first_reason([child.reason for child in deciding if child.reason is not None])
            basis = strongest([child.basis for child in deciding if child.reason is reason])
    else:
        if not alike:
            basis = sorted([child.basis for child in deciding], key=STRENGTH.__getitem__)[needed - 1]
        if basis is not _PRESUMED:
            reason = None
        elif not alike:
            reason = first_reason(
                [c.reason for c in deciding if c.reason is not None and c.basis is _PRESUMED]
            )
    return _new(Proof, (truth, basis, reason, evidence, "", "", "", says, children, ""))
