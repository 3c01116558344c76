"""Compiles predicates into functions from a case to a proof: the logic of the language in one place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar, assert_never

from fhirscreen.engines.evaluator.absence import elsewhere
from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.categories import value_among
from fhirscreen.engines.evaluator.events import count_within, elapsed_within, followed_by
from fhirscreen.engines.evaluator.formulas import formula_within, needs_patient
from fhirscreen.engines.evaluator.gaps import SEXES
from fhirscreen.engines.evaluator.measurements import in_range, value_within
from fhirscreen.engines.evaluator.occurrences import occurred
from fhirscreen.exceptions import DataError
from fhirscreen.plan.nodes import (
    AgeWithin,
    Asked,
    Branch,
    CountWithin,
    ElapsedWithin,
    Fixed,
    FollowedBy,
    ForJudgement,
    FormulaWithin,
    Negation,
    Occurred,
    OnRecord,
    Predicate,
    Readings,
    SexIs,
    Threshold,
    Unmapped,
    ValueAmong,
    ValueWithin,
)
from fhirscreen.plan.walk import below, children, closure, features
from fhirscreen.values.dates import completed_years
from fhirscreen.values.durations import AsOf, Duration
from fhirscreen.values.intervals import Interval
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, common, known, negation
from fhirscreen.verdicts.proofs import LACKING, Proof, compound, threshold
from fhirscreen.verdicts.reasons import RANK, Basis, Reason, strongest

Evaluate = Callable[[Case], Proof]


Shared = dict[Predicate, Evaluate | None]
"""What several criteria ask alike, or one of them in several places; with its function, once that is made."""


def shared_by(predicates: Iterable[Predicate]) -> Shared:
    """Those of the predicates, and of what is below them, that occur more than once and are no constants."""
    found = Counter(each for predicate in predicates for each in below(predicate))
    constants = (Fixed, Asked, Unmapped)
    return {node: None for node, times in found.items() if times > 1 and not isinstance(node, constants)}


def compiled(node: Predicate, shared: Shared) -> Evaluate:
    """A function that proves the predicate for a case; what is `shared` is proved once a case.

    Most criteria ask for what most patients do not have: where nothing of the kind is on record, the proof
    is the same for every such patient, and is made once for each index date.
    """
    if node not in shared:
        return _quick(node, _compiled(node, shared))
    evaluate = shared[node]
    if evaluate is None:
        evaluate = shared[node] = _quick(node, _once(_compiled(node, shared)))
    return evaluate


def _once(evaluate: Evaluate) -> Evaluate:
    """The same, remembering the proof as long as the case lasts."""

    def proved(case: Case) -> Proof:
        proof = case.proofs.get(evaluate)
        if proof is None:
            proof = case.proofs[evaluate] = evaluate(case)
        return proof

    return proved


def _quick(node: Predicate, evaluate: Evaluate) -> Evaluate:
    """The same, remembering the proof for all patients of whom nothing that it could rest on is on record."""
    asked = concepts_asked(node)
    if asked is None:
        return evaluate
    concepts, durations = asked
    after = next(iter(durations), None)
    silent: dict[AsOf, Proof] = {}
    likely_elsewhere: dict[AsOf, Proof] = {}

    def quick(case: Case) -> Proof:
        if not (case.sound and concepts.isdisjoint(case.present)):
            return evaluate(case)
        known = likely_elsewhere if after is not None and elsewhere(case, after) else silent
        as_of = case.chart.as_of
        proof = known.get(as_of)
        if proof is None:
            proof = known[as_of] = evaluate(case)
        return proof

    return quick


def concepts_asked(node: Predicate) -> tuple[frozenset[str], frozenset[Duration]] | None:
    """The concepts whose records a predicate can depend on; None where it depends on more than those.

    Beside them, how long ago the cancer must have been diagnosed for treatment elsewhere to be likely; a
    predicate with several such durations is not remembered. Age and sex are of the Patient.
    """
    if isinstance(node, AgeWithin | SexIs) or (isinstance(node, FormulaWithin) and needs_patient(node)):
        return None
    concepts: set[str] = set()
    durations: set[Duration] = set()
    for child in children(node):
        below = concepts_asked(child)
        if below is None:
            return None
        concepts |= below[0]
        durations |= below[1]
    for feature in features(node):
        for each in closure(feature):
            if each.concept.condition_stage:
                return None
            concepts.add(each.concept.id)
            if each.concept.elsewhere_after is not None:
                durations.add(each.concept.elsewhere_after)
    return (frozenset(concepts), frozenset(durations)) if len(durations) < 2 else None


def _compiled(node: Predicate, shared: Shared) -> Evaluate:  # noqa: C901 - one case per predicate
    match node:
        case AgeWithin():
            return lambda case: age_within(case, node)
        case SexIs():
            return lambda case: sex_is(case, node)
        case ValueWithin():
            return _naming(node, value_within)
        case ValueAmong():
            return _naming(node, value_among)
        case Occurred():
            return lambda case: occurred(case, node)
        case FormulaWithin():
            return _naming(node, formula_within)
        case ElapsedWithin():
            return _naming(node, elapsed_within)
        case FollowedBy():
            return _naming(node, followed_by)
        case CountWithin():
            return _naming(node, count_within)
        case Threshold():
            return _threshold(node, shared)
        case Negation():
            return _negation(node, shared)
        case Branch():
            return _branch(node, shared)
        case OnRecord():
            return _on_record(node, shared)
        case ForJudgement():
            return _for_judgement(node, shared)
        case Readings():
            return _readings(node, shared)
        case Fixed():
            return _constant(Proof(known(node.value), Basis.RECORDED, says=node.says))
        case Asked():
            return _constant(Proof(UNKNOWN, Basis.CONFIRM, Reason.ASK_IN_PERSON, says=node.says))
        case Unmapped():
            return _constant(Proof(UNKNOWN, Basis.MISSING, Reason.UNREAD, says=node.says))
        case _:
            assert_never(node)


Node = TypeVar("Node", bound=Predicate)


def _naming(node: Node, prove: Callable[[Case, Node], Proof]) -> Evaluate:
    """The proof of a node, naming what could not be read where that keeps the answer open."""
    not_fetched = Reason.NOT_FETCHED
    asked = tuple({each.concept.id: each.concept for f in features(node) for each in closure(f)}.values())

    def named(case: Case) -> Proof:
        proof = prove(case, node)
        if proof.reason is not_fetched and not proof.because:
            because = next((said for each in asked if (said := case.chart.unreadable(each))), "")
            return proof._replace(because=because)
        return proof

    return named


def _constant(proof: Proof) -> Evaluate:
    return lambda _: proof


def _threshold(node: Threshold, shared: Shared) -> Evaluate:
    parts = [compiled(child, shared) for child in node.children]
    needed, says = node.needed, node.says

    def evaluate(case: Case) -> Proof:
        return threshold(needed, [part(case) for part in parts], says)

    return evaluate


def _negation(node: Negation, shared: Shared) -> Evaluate:
    child = compiled(node.child, shared)

    def evaluate(case: Case) -> Proof:
        proof = child(case)
        return proof.under(negation(proof.truth), node.says, (proof,))

    return evaluate


def _branch(node: Branch, shared: Shared) -> Evaluate:
    when, then, otherwise = (
        compiled(node.when, shared),
        compiled(node.then, shared),
        compiled(node.otherwise, shared),
    )

    def evaluate(case: Case) -> Proof:
        condition = when(case)
        if condition.truth is not UNKNOWN:
            holds = condition.truth is TRUE
            taken = then(case) if holds else otherwise(case)
            # A branch that is a constant rests on the condition alone.
            rests = condition if isinstance(node.then if holds else node.otherwise, Fixed) else taken
            return rests.under(taken.truth, node.says, (condition, taken))
        branches = [then(case), otherwise(case)]
        truth = common([branch.truth for branch in branches])
        under = (condition, *branches)
        if truth is not UNKNOWN:
            return compound(truth, branches, 2, under, node.says)
        # What would settle it is the condition, and whatever branch is open itself.
        deciding = [condition, *(branch for branch in branches if branch.truth is UNKNOWN)]
        return compound(UNKNOWN, deciding, len(deciding), under, node.says)

    return evaluate


_SILENT = frozenset({Reason.NO_RECORD, Reason.NO_VALUE, Reason.STALE, Reason.NOT_COMPUTABLE})
"""Reasons that say nothing is on record, or nothing that counts; with any other, something is."""


def _on_record(node: OnRecord, shared: Shared) -> Evaluate:
    child = compiled(node.child, shared)

    def evaluate(case: Case) -> Proof:
        proof = child(case)
        # A record that says nothing of what it is about (`missing`) says nothing of this either.
        untold = proof.reason is Reason.COARSER_CODE and proof.basis is Basis.MISSING
        if proof.truth is UNKNOWN and (untold or proof.reason in _SILENT):
            # That nothing on record says so is taken as no, because the study asks for it.
            presumed = Reason.ABSENCE_PRESUMED
            return Proof(FALSE, Basis.PRESUMED, presumed, says=node.says, children=(proof,))
        return proof.under(proof.truth, node.says, (proof,))

    return evaluate


def _for_judgement(node: ForJudgement, shared: Shared) -> Evaluate:
    child = compiled(node.child, shared)

    def evaluate(case: Case) -> Proof:
        proof = child(case)
        if proof.truth is TRUE:
            reason = Reason.JUDGEMENT
            return proof._replace(truth=UNKNOWN, reason=reason, says=node.says, children=(proof,))
        return proof.under(proof.truth, node.says, (proof,))

    return evaluate


def _readings(node: Readings, shared: Shared) -> Evaluate:
    readings = [compiled(reading, shared) for _, reading in node.readings]

    def evaluate(case: Case) -> Proof:
        proofs = tuple(reading(case) for reading in readings)
        truth = common([proof.truth for proof in proofs])
        if truth is not UNKNOWN:
            return compound(truth, proofs, len(proofs), proofs, node.says)
        settled = {proof.truth for proof in proofs if proof.truth is not UNKNOWN}
        if len(settled) == 2:
            # The readings disagree: only the investigator can tell.
            whole = compound(UNKNOWN, proofs, len(proofs), proofs, node.says)
            basis = strongest([proof.basis for proof in proofs])
            return _with_shared_value(whole._replace(reason=Reason.BOUND_IN_QUESTION, basis=basis), proofs)
        unknown = [proof for proof in proofs if proof.truth is UNKNOWN]
        whole = compound(UNKNOWN, unknown, len(unknown), proofs, node.says)
        reason = whole.reason or Reason.BOUND_IN_QUESTION
        if settled and RANK[reason] > RANK[Reason.BOUND_IN_QUESTION]:
            reason = Reason.BOUND_IN_QUESTION
        return _with_shared_value(whole._replace(reason=reason), proofs)

    return evaluate


def _with_shared_value(whole: Proof, proofs: tuple[Proof, ...]) -> Proof:
    """Value, unit and date where all readings rest on the same ones."""
    first = proofs[0]
    if all((p.value, p.unit, p.date) == (first.value, first.unit, first.date) for p in proofs):
        return whole._replace(value=first.value, unit=first.unit, date=first.date)
    return whole


def age_within(case: Case, node: AgeWithin) -> Proof:
    """Age in completed calendar years at the index date; a partial birth date is an interval."""
    birth = case.chart.patient.get("birthDate")
    if birth is not None and not isinstance(birth, str):
        raise DataError("birthDate is not a string", expected="a date")
    if birth is None:
        missing = Reason.NOT_FETCHED if "Patient" in case.chart.unfetched else Reason.NO_RECORD
        because = _not_told(case, "date of birth")
        return Proof(UNKNOWN, Basis.MISSING, missing, says=node.says, because=because)
    young, old = completed_years(birth, case.chart.as_of.day)
    truth = in_range(Interval(float(young), float(old)), node.range)
    reason = Reason.IMPRECISE_DATE if truth is UNKNOWN else None
    value = str(young) if young == old else f"{young}-{old}"
    evidence = (f"Patient/{case.chart.id}",)
    because = f"{LACKING}the exact date of birth" if reason is not None else ""
    return Proof(truth, Basis.RECORDED, reason, evidence, value, "a", birth, node.says, (), because)


def sex_is(case: Case, node: SexIs) -> Proof:
    """Administrative sex as recorded; `other` and `unknown` do not tell."""
    code = case.chart.patient.get("gender")
    evidence = (f"Patient/{case.chart.id}",)
    if code not in SEXES:
        if code is None:
            missing = Reason.NOT_FETCHED if "Patient" in case.chart.unfetched else Reason.NO_RECORD
            because = _not_told(case, "sex")
            return Proof(UNKNOWN, Basis.MISSING, missing, says=node.says, because=because)
        because = f"{LACKING}sex; it is recorded as {code}"
        return Proof(UNKNOWN, Basis.RECORDED, Reason.NO_VALUE, evidence, says=node.says, because=because)
    return Proof(known(code == node.code), Basis.RECORDED, None, evidence, str(code), "", "", node.says)


def _not_told(case: Case, what: str) -> str:
    """What the Patient does not say, unless it was not fetched or could not be read."""
    return "" if "Patient" in case.chart.unfetched else case.chart.spoilt_patient or LACKING + what
