"""What does not arise for everybody: nobody asks for a man's pregnancy test."""

from __future__ import annotations

from collections.abc import Callable

from fhirscreen.criteria.nodes import AllOf, AnyOf, Condition, Expression, Finding, Judgement, Not, Sex
from fhirscreen.criteria.walk import walk

_OF_WOMEN = frozenset({"pregnancy", "multiple-pregnancy", "lactation", "pregnancy-status"})
PREGNANCY_TESTS = ("pregnancy-test", "serum-pregnancy-test", "urine-pregnancy-test")
_MAN = Sex("male")


def leave_out_men(expression: Expression) -> Expression:
    """The expression with what only women have asked of nobody who is recorded as male.

    He is not pregnant, whatever is not on record, and no test of his must be negative. An expression that
    speaks of the sex itself stays as it is.
    """
    if any(isinstance(node, Sex) for node in walk(expression)):
        return expression
    return _limited(expression)


def holds_for_men(expression: Expression) -> bool:
    """Whether it holds for every man: a negative pregnancy test, or not being pregnant, as an alternative."""
    match expression:
        case AllOf(of) | AnyOf(of):
            return any(map(holds_for_men, of))
        case Judgement(of):
            return holds_for_men(of)
        case _:
            return _is_spared_men(expression)


def _limited(expression: Expression) -> Expression:
    if _is_of_women(expression):
        return AllOf((Not(_MAN), expression))
    if _is_spared_men(expression):
        return AnyOf((_MAN, expression))
    match expression:
        case AllOf(of):
            return _gathered(AllOf, of, _is_spared_men)
        case AnyOf(of):
            return _gathered(AnyOf, of, _is_of_women)
        case Not(of):
            return Not(_limited(of))
        case _:
            return expression


def _gathered(
    join: type[AllOf | AnyOf], of: tuple[Expression, ...], is_own: Callable[[Expression], bool]
) -> Expression:
    """The parts joined again: those that are about women as one, where the first of them stood."""
    own = tuple(dict.fromkeys(each for each in of if is_own(each)))
    if not own:
        return join(tuple(map(_limited, of)))
    places = dict.fromkeys(own[0] if each in own else each for each in of)
    whole = _limited(join(own) if len(own) > 1 else own[0])
    return join(tuple(whole if each == own[0] else _limited(each) for each in places))


def _is_of_women(expression: Expression) -> bool:
    match expression:
        case Condition(concept):
            return concept in _OF_WOMEN
        case Finding(concept, values):
            return concept in _OF_WOMEN or (concept in PREGNANCY_TESTS and "negative" not in values)
        case Judgement(of):
            return _is_of_women(of)
        case AnyOf(several):
            return all(map(_is_of_women, several))
        case _:
            return False


def _is_spared_men(expression: Expression) -> bool:
    match expression:
        case Not(of):
            return _is_of_women(of)
        case Finding(concept, values):
            return concept in PREGNANCY_TESTS and "negative" in values
        case AllOf(several):
            return all(map(_is_spared_men, several))
        case _:
            return False
