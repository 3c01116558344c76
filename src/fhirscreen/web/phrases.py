"""Words for the nodes of a proof that have parts: how the parts go together, since they stand below it."""

from __future__ import annotations

from collections.abc import Sequence

from fhirscreen.criteria.english import say, spell_id
from fhirscreen.criteria.nodes import (
    AllOf,
    AnyOf,
    AtLeast,
    Conditional,
    Expression,
    Judgement,
    Not,
    Question,
    Recorded,
)
from fhirscreen.criteria.studies import Criterion
from fhirscreen.criteria.walk import walk
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs.wording import say_statement
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof


class Phrases:
    """The words of one criterion."""

    def __init__(self, criterion: Criterion, catalogue: Catalogue) -> None:
        def label(id: str) -> str:
            return catalogue.concept(id).label if catalogue.has(id) else spell_id(id)

        self._criterion, self._catalogue = criterion, catalogue
        self._nodes = {say(node, label): node for node in walk(criterion.expression)}

    def say(self, proof: Proof) -> str:
        """What a node asks. What stands below it is not said twice."""
        if proof.children and (said := _join(self._nodes.get(proof.says))):
            return said
        return say_statement(proof.says, self._criterion, self._catalogue) or self._criterion.says

    def lead(self, proof: Proof) -> Sequence[str]:
        """What each part of a node begins with: the ways that a condition leads to are told apart."""
        if not self._is_conditional(proof):
            return [""] * len(proof.children)
        condition, *ways = proof.children
        if len(ways) == 1:
            return ["if ", "then " if condition.truth is Truth.TRUE else "otherwise "]
        return ["if ", "then ", "otherwise "]

    def is_negation(self, proof: Proof) -> bool:
        """Whether a node turns the answer below it round."""
        return bool(proof.children) and isinstance(self._nodes.get(proof.says), Not)

    def _is_conditional(self, proof: Proof) -> bool:
        return isinstance(self._nodes.get(proof.says), Conditional) and len(proof.children) in (2, 3)


def _join(node: Expression | None) -> str:
    match node:
        case AllOf():
            return "all of these"
        case AnyOf():
            return "any of these"
        case AtLeast(n):
            return f"at least {n} of these"
        case Not():
            return "that this is not so"
        case Recorded():
            return "that this is on record"
        case Judgement():
            return "this, and then the investigator judges"
        case Question():
            return "in each reading of the question"
        case Conditional():
            return "whichever of these applies"
        case _:
            return ""
