"""What settles an open criterion: what a coordinator does next."""

from __future__ import annotations

from fhirscreen.criteria.english import join_words
from fhirscreen.criteria.nodes import Question
from fhirscreen.criteria.studies import Criterion, Study
from fhirscreen.criteria.walk import concepts, walk
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs.wording import MEASURED, computed_twice, is_about_therapy, label, on_record
from fhirscreen.verdicts.proofs import Proof, explained, lacking
from fhirscreen.verdicts.reasons import Reason

# These have a remedy of their own, whatever the criterion is about.
_REMEDIES: dict[Reason, str] = {
    Reason.NOT_FETCHED: "Fetch this patient's data again; mend first what could not be read of it",
    Reason.CONFLICTING: "Find out which of the records holds",
    Reason.AMBIGUOUS_FOCUS: "Find out which disease the record is about",
    Reason.NO_UNIT: "Find out the unit where the result comes from",
    Reason.INCOMPARABLE_UNIT: "Ask for the result in a unit that can be compared",
    Reason.IMPLAUSIBLE_VALUE: "Have the value checked at its source",
    Reason.NO_REFERENCE_RANGE: "Ask the laboratory for the reference range",
    Reason.IMPRECISE_DATE: "Find out the exact date",
}

# What the reason means where the proof says of which record.
_EXPLAINED_REMEDIES: dict[Reason, str] = {
    Reason.NOT_FETCHED: "Have the record mended where it comes from, then screen again",
    Reason.COARSER_CODE: "Find out what the record is about, and have its code named",
}

# Where the study names no action; what the others need depends on what the criterion is about.
_UNNAMED: dict[Reason, str] = {
    Reason.COARSER_CODE: "Find out what exactly was meant, and have it recorded",
    Reason.UNCONFIRMED: "Find out whether it is confirmed",
    Reason.ORDER_ONLY: "Find out whether it was given",
    Reason.JUDGEMENT: "Ask the investigator to judge it",
}

_FEW = 3
"""So many concepts at most are named together."""


def next_action(proof: Proof, criterion: Criterion, study: Study, catalogue: Catalogue) -> str:
    """What settles an open criterion: what is missing by name, the reason's own remedy, or the study's."""
    reason = proof.reason
    match reason:
        case Reason.BOUND_IN_QUESTION:
            asked = {node.id for node in walk(criterion.expression) if isinstance(node, Question)}
            questions = [q.asks for q in study.questions if q.id in asked and q.answer is None]
            return f"Ask the investigator: {questions[0]}" if questions else "Ask the investigator"
        case Reason.UNREAD:
            return "Read this criterion and check it by hand"
        case Reason.ASK_IN_PERSON:
            return "Ask the patient"
        case None:
            return criterion.next_action or ""
    if missing := lacking(proof):
        return f"Complete the record: {missing}"
    if reason in _EXPLAINED_REMEDIES and explained(proof) and not on_record(proof):
        return _EXPLAINED_REMEDIES[reason]
    if computed_twice(proof):
        return "Ask the investigator which of the computed values counts"
    if reason is Reason.AMBIGUOUS_FOCUS and is_about_therapy(proof):
        return "Find out what it was given for"
    return _REMEDIES.get(reason) or criterion.next_action or _unnamed(reason, criterion, catalogue)


def _unnamed(reason: Reason, criterion: Criterion, catalogue: Catalogue) -> str:
    """The action of a criterion whose study names none."""
    if reason in _UNNAMED:
        return _UNNAMED[reason]
    named = [catalogue.concepts[id] for id in sorted(concepts(criterion.expression)) if catalogue.has(id)]
    if not 0 < len(named) <= _FEW:
        return "Look into the patient's record"
    said = join_words([label(each) for each in named], "or")
    if any(each.kind not in MEASURED for each in named):
        return f"Ask about {said}"
    return f"Get {'a newer result' if reason is Reason.STALE else 'a result'} of {said}"
