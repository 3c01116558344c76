"""What a study's shape says by itself: duplicates, mirrors, empty lists, what is met by nothing known."""

from __future__ import annotations

from collections.abc import Iterator

from fhirscreen.criteria.checks.lints import Lint, error, place, walk_criteria, warning
from fhirscreen.criteria.nodes import (
    AllOf,
    AnyOf,
    AtLeast,
    Atom,
    Conditional,
    Confirm,
    Constant,
    Expression,
    Judgement,
    Not,
    Question,
    Recorded,
    Unread,
)
from fhirscreen.criteria.studies import Criterion, Kind, Study
from fhirscreen.values.truth import Truth, at_least, common, conjunction, disjunction, known, negation


def evaluate_unknown(expression: Expression) -> Truth:
    """The truth for a patient of whom nothing is known: every atom UNKNOWN, nothing on record."""
    match expression:
        case AllOf(of):
            return conjunction(map(evaluate_unknown, of))
        case AnyOf(of):
            return disjunction(map(evaluate_unknown, of))
        case AtLeast(n, of):
            return at_least(n, map(evaluate_unknown, of))
        case Not(of):
            return negation(evaluate_unknown(of))
        case Conditional(when, then, otherwise):
            branches = {Truth.TRUE: (then,), Truth.FALSE: (otherwise,), Truth.UNKNOWN: (then, otherwise)}
            return common(map(evaluate_unknown, branches[evaluate_unknown(when)]))
        case Recorded(of):
            return known(evaluate_unknown(of) is Truth.TRUE)
        case Judgement(of):
            return Truth.FALSE if evaluate_unknown(of) is Truth.FALSE else Truth.UNKNOWN
        case Question(_, readings):
            return common(evaluate_unknown(of) for _, of in readings)
        case Constant(value):
            return known(value)
        case Confirm() | Unread():
            return Truth.UNKNOWN
        case _:
            return _unknown_atom(expression)


def _unknown_atom(_: Atom) -> Truth:
    return Truth.UNKNOWN


def check_structure(study: Study) -> Iterator[Lint]:
    """Everything that needs neither mappings nor arithmetic."""
    yield from _check_lists(study)
    for criterion in study.criteria:
        yield from _check_unknown(criterion)
        yield from _check_keys(study, criterion)
        yield from _check_reading(criterion)
    yield from _check_pairs(study)
    # What is asked of some patients alone does not block either.
    asking = tuple(f"{place(criterion)}." for criterion in study.criteria if criterion.asks)
    for where, expression in walk_criteria(study):
        if not (isinstance(expression, Confirm) and where.startswith(asking)):
            yield from _check_nesting(where, expression)


def _check_reading(criterion: Criterion) -> Iterator[Lint]:
    for said in criterion.read.warnings if criterion.read is not None else ():
        yield warning(
            place(criterion),
            said,
            "compare it with its text; take the warning out of `read` once it is settled",
        )


def _check_lists(study: Study) -> Iterator[Lint]:
    for kind in Kind:
        if not any(criterion.kind is kind for criterion in study.criteria):
            yield warning(kind.value, f"the study has no {kind.value} criteria", "add them, or `unread` text")
    if study.population.cancer is None:
        yield warning(
            "population",
            "every patient is a member, and each criterion is read for all of them",
            "name the study's cancer: `population: {cancer: CONCEPT}`",
        )


def _check_unknown(criterion: Criterion) -> Iterator[Lint]:
    if isinstance(criterion.expression, Constant):
        return  # meant so: "any sex"
    truth = evaluate_unknown(criterion.expression)
    if truth is Truth.UNKNOWN:
        return
    if (truth is Truth.TRUE) is (criterion.kind is Kind.INCLUSION):
        yield warning(
            place(criterion),
            "a patient of whom nothing is known meets this criterion",
            "take out the `recorded` or `constant` that turns missing data into an answer",
        )
    else:
        yield error(
            place(criterion),
            "a patient of whom nothing is known fails this criterion",
            "let missing data leave it open: take out the `recorded` or `constant` that decides it",
        )


def _check_keys(study: Study, criterion: Criterion) -> Iterator[Lint]:
    if criterion.recheck_after is not None and not criterion.recoverable:
        yield warning(
            place(criterion), "`recheck_after` without `recoverable`", "add `recoverable: true`, or remove it"
        )
    if criterion.mirrors is None:
        return
    mirrored = study.criterion(criterion.mirrors)
    if criterion.kind is not Kind.EXCLUSION or mirrored.kind is not Kind.INCLUSION:
        yield error(
            place(criterion),
            f"`mirrors: {criterion.mirrors}` is not an exclusion that mirrors an inclusion",
            "name the inclusion that this exclusion repeats",
        )


def _check_pairs(study: Study) -> Iterator[Lint]:
    for index, later in enumerate(study.criteria):
        if isinstance(later.expression, Confirm | Unread | Constant):
            continue
        for earlier in study.criteria[:index]:
            if earlier.kind is later.kind:
                if earlier.expression == later.expression:
                    yield warning(
                        place(later), f"says the same as `{earlier.id}`", "remove one, or correct the other"
                    )
            elif earlier.expression == later.expression:
                yield error(
                    place(later),
                    f"excludes exactly whom `{earlier.id}` includes: nobody can be a candidate",
                    "negate one of them with `not`",
                )
            elif later.mirrors is None and _are_opposites(earlier.expression, later.expression):
                yield warning(
                    place(later),
                    f"repeats `{earlier.id}`, and both would count in the attrition",
                    f"add `mirrors: {earlier.id}`",
                )


def _are_opposites(one: Expression, other: Expression) -> bool:
    return Not(one) == other or one == Not(other)


def _check_nesting(where: str, expression: Expression) -> Iterator[Lint]:
    nested = where.count(".") > 1
    match expression:
        case Confirm() if nested:
            yield warning(
                where,
                "a question to the patient inside a larger sentence",
                "make it a criterion of its own, so that it never blocks",
            )
        case Unread():
            yield warning(
                where,
                "eligibility text that nobody has mapped: no patient can be a candidate",
                "read it, and say it in the criteria language",
            )
        case AllOf(of) | AnyOf(of) if len(set(of)) < len(of):
            yield warning(where, "the same expression stands here twice", "remove one")
        case Question(_, readings) if len({of for _, of in readings}) == 1:
            yield warning(where, "all readings are the same", "correct one, or drop the question")
        case _:
            pass
