"""Sentences with a meaning of their own: exempt cancers, what is allowed, who needs a pregnancy test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from fhirscreen.criteria.nodes import (
    AllOf,
    AnyOf,
    Condition,
    Confirm,
    Expression,
    Finding,
    Judgement,
    Not,
    Sex,
)
from fhirscreen.mapping.concepts import ConceptKind
from fhirscreen.reading.arising import PREGNANCY_TESTS
from fhirscreen.reading.courses import is_timed, judge
from fhirscreen.reading.fragments import Sort
from fhirscreen.reading.items import JOINS, Item, Role, words
from fhirscreen.reading.segments import concept_of, kind_of
from fhirscreen.reading.statements import Built, join

_SECOND = "second-malignancy"
_CANCERS = ("malignancy", _SECOND)
_OF_A_CANCER = words(
    """
            basal | squamous | situ | s | contralateral | cone | biopsied | excised | localised | skin |
            cervix | cervical | uterine | uterus | breast | bladder | prostate | colon | colonic |
            thyroid | papillary | cancer | carcinoma | tumor | malignancy | melanoma | neoplasm | polyp |
            lesion | superficial | noninvasive | non | invasive | grade | gleason | score | stage | ta |
            tis | t | i | ii | remission | complete | disease | free | year | month | surgically |
            curatively | adequately | definitively | therapy | treatment | resected | removed | surgery |
            locally | intent | risk | recurrence | lobular | ductal | cell | urothelial | intraepithelial |
            neoplasia | nonmelanomatous | nonmelanoma | early | node | negative | psa | considered |
            potentially | lymphoma | incidental | well | differentiated | organ | confined | only | other |
            undergone | received | effectively | successfully | negligible | death | cured | evidence |
            followed | expected | outcome | treated | deemed | recurred | relapse | diagnosed | previous |
            solid | noncancerous | skin | dermal | anal | vulvar | cutaneous | least | more | duration |
            not | require | required | ongoing | active | hormonal | radical | prostatectomy | appropriate |
            recurrent | clinically | past | last | index | study | indication | completion | completed
            """
)
_BESIDE = (
    *JOINS, Role.EXEMPT, Role.FILLER, Role.OPEN, Role.CLOSE, Role.NARROWING, Role.RECEIVED, Role.HISTORY,
    Role.WINDOW, Role.NUMBER, Role.BOUND, Role.ACTIVE, Role.EXAMPLE, Role.NO, Role.CATEGORY, Role.IF,
    Role.EXCEPT, Role.STOP, Role.SEVERITY, Role.SINCE, Role.WITHIN, Role.COMPARE, Role.ANCHOR, Role.COLON,
)  # fmt: skip
_NARROWS = (
    *JOINS, Role.FILLER, Role.OPEN, Role.CLOSE, Role.NARROWING, Role.RECEIVED, Role.HISTORY, Role.ACTIVE,
    Role.WINDOW, Role.NO, Role.ENTITY, Role.SEVERITY, Role.IF, Role.KNOWN, Role.ANCHOR, Role.EXEMPT,
    Role.STOP,
)  # fmt: skip
_PERMITTED = (
    *JOINS, Role.FILLER, Role.ENTITY, Role.HISTORY, Role.RECEIVED, Role.ACTIVE, Role.OPEN, Role.CLOSE,
    Role.EXAMPLE, Role.WORD,
)  # fmt: skip
_PERMITS = re.compile(r"allow|permi|accept|may (?:have )?(?:receive|had|have|continue)", re.IGNORECASE)
_CONDITIONAL = re.compile(
    r"\b(?:only|but|must|if|provided|after|before|until|least|stable|except|unless|other|than|one|two|up|no|not|"
    r"prior to|without|long|as|when|where|long-term|concurrent radiotherapy|low|dose|single|should|limited|"
    r"discretion|during|free|whose|who|that|which|with|for|to)\b",
    re.IGNORECASE,
)
_ONLY_CURED = re.compile(r"(?:\w+ly )?(?:treated|cured|resected)|\W*", re.IGNORECASE)
_STERILE = ("menopause", "hysterectomy")
_ABOUT_A_TEST = (
    Role.FRAGMENT, Role.FILLER, Role.WINDOW, Role.OPEN, Role.CLOSE, Role.STOP, Role.IF, Role.ANCHOR,
    *JOINS,
)  # fmt: skip
_SAYS = (Role.ENTITY, Role.FRAGMENT, Role.EXCEPT, Role.IF, Role.ALLOWED, Role.BARRED, Role.OR)
_TESTED = ("female", "woman", "only", "all", "urine", "blood", "result", "test", "subject")
_ABLE = re.compile(r"child-?\s?bearing|reproductive|fertile|wocbp", re.IGNORECASE)


_OTHER = re.compile(r"(?:any )?other\b|another\b", re.IGNORECASE)
OTHER_THAN = ("other than", "apart from", "aside from", "rather than", "but not")
"""Exceptions that are of the name before them, and not of a list."""
_DIAGNOSES = (ConceptKind.DIAGNOSIS, ConceptKind.EVENT)


def spare_cancers(made: Built, exception: Sequence[Item], text: str) -> Built | None:
    """`other malignancy, except …`: exempt skin cancers and in situ lesions are no second malignancy.

    Where other cancers are exempt too, a second malignancy on record is for the investigator. None where the
    sentence is no such thing.
    """
    named = {atom.concept for atom in made.atoms}
    if len(named) != 1 or not named <= set(_CANCERS) or not made.complete:
        return None
    plain = all(item.role is Role.EXEMPT or item.role in JOINS for item in exception)
    if plain and all(_ONLY_CURED.fullmatch(text, each.start, each.end) is not None for each in exception):
        return None  # no record says that a cancer is cured
    if plain and named == {_SECOND}:
        return made
    for item in exception:
        concept = concept_of(item) if item.role is Role.ENTITY else None
        known = item.role in _BESIDE or (item.role is Role.WORD and item.key in _OF_A_CANCER)
        fragment = item.fragment
        if not (
            known or (concept is not None and concept.about_cancer) or (fragment and fragment.about_cancer)
        ):
            return None
    second = made.expression
    negative = isinstance(second, Not)
    inner = second.of if isinstance(second, Not) else second
    if inner is not None and (isinstance(inner, Judgement) or is_timed(inner)):
        inner = judge(inner).of
    if not isinstance(inner, Condition):
        return None
    judged: Expression = Judgement(replace(inner, concept=_SECOND, active=False))
    atoms = tuple(replace(atom, concept=_SECOND) for atom in made.atoms)
    return replace(
        made, expression=Not(judged) if negative else judged, atoms=atoms, rules=("exempt cancers",)
    )


def spare_narrowed(made: Built, exception: Sequence[Item]) -> Built | None:
    """`brain metastases, unless treated and stable`: who has what is excepted is for the investigator.

    None where the exception names what is not known, or may be of one of several things alone.
    """
    if len({atom.concept for atom in made.atoms}) != 1 or not made.complete or made.expression is None:
        return None
    inner = judge(made.expression) if is_timed(made.expression) else made.expression
    if not made.sorts <= {Sort.CONDITION, Sort.THERAPY} or isinstance(inner, Not | AllOf | AnyOf):
        return None
    if not all(item.role in _NARROWS for item in exception):
        return None
    if not any(item.role in (Role.NARROWING, Role.RECEIVED) for item in exception):
        return None
    judged = inner if isinstance(inner, Judgement) else Judgement(inner)
    return replace(made, expression=judged, rules=(*made.rules, "for judgement"))


def except_after_other(items: list[Item], text: str) -> list[Item]:
    """The items with a "but" after an "other" as an exception: any other liver disease but hepatitis B."""
    other = False
    found: list[Item] = []
    for index, item in enumerate(items):
        said = text[item.start : item.end].lower()
        other = (other and item.role not in (Role.STOP, Role.COMMA)) or (
            item.role is Role.NARROWING and _OTHER.fullmatch(said) is not None
        )
        other = other or (item.role is Role.ENTITY and _OTHER.match(said) is not None)
        named = index + 1 < len(items) and items[index + 1].role is Role.ENTITY
        if other and named and item.role is Role.AND and said == "but":
            item = Item(Role.EXCEPT, item.start, item.end, item.text)
        found.append(item)
    return found


def requires_more(items: Sequence[Item]) -> bool:
    """Whether the last that is said of a diagnosis is what it requires."""
    named = [i for i, item in enumerate(items) if kind_of(item) in _DIAGNOSES]
    return bool(named) and any(
        item.role is Role.NARROWING and item.key in ("needs", "treated") for item in items[named[-1] + 1 :]
    )


def permits(word: Item, rest: Sequence[Item], said: str) -> bool:
    """Whether something is allowed and no more is said: "prior radiotherapy is allowed" asks for nothing."""
    return (
        _PERMITS.search(word.text or said) is not None
        and all(item.role in _PERMITTED for item in rest)
        and any(item.role is Role.ENTITY for item in rest)
        and _CONDITIONAL.search(said) is None
    )


def read_pregnancy_test(items: Sequence[Item], text: str) -> Built | None:
    """`Women of childbearing potential must have a negative pregnancy test`: nobody else needs one.

    A woman without a test stays open where no record says that she can bear no child.
    """
    tests = [
        item.fragment
        for item in items
        if item.fragment is not None and isinstance(item.fragment.expression, Finding)
    ]
    if len(tests) != 1 or tests[0].expression is None:
        return None
    finding = tests[0].expression
    if (
        not isinstance(finding, Finding)
        or finding.concept not in PREGNANCY_TESTS
        or finding.values != ("negative",)
    ):
        return None
    able = False
    asked: Expression | None = None
    at = next(i for i, item in enumerate(items) if item.fragment is tests[0])
    person = next((i for i in range(at, len(items)) if items[i].role is Role.MANUAL), len(items))
    turn = next((i for i in range(person - 1, at, -1) if items[i].role is Role.AND), len(items))
    rest = [item for item in items[turn + 1 :] if item.role is not Role.STOP]
    if any(item.role is Role.MANUAL for item in rest) and not any(item.role in _SAYS for item in rest):
        asked = Confirm(" ".join(text[rest[0].start : rest[-1].end].split()))
        items = items[:turn]
    for item in items:
        if item.role is Role.MANUAL and _ABLE.search(text, item.start, item.end) is not None:
            able = True
        elif item.fragment is not None and item.fragment is not tests[0]:
            return None  # and something else beside it
        elif item.role not in _ABOUT_A_TEST and item.key not in _TESTED:
            return None
    if not able:
        return None
    window = next((item for item in items if item.role is Role.WINDOW and item.key == "within"), None)
    test: Expression = finding if window is None else replace(finding, within=window.text)
    if asked is not None:  # and must use contraception
        test = AllOf((test, asked))
    exempt: list[Expression] = [Not(Sex("female"))]
    exempt += [Condition(concept) for concept in _STERILE]
    return Built(
        AnyOf((*exempt, test)), tests[0].atoms, ("pregnancy test",), sorts=frozenset((tests[0].sort,))
    )


def is_the_rest(made: Built, condition: Sequence[Item]) -> bool:
    """Whether a condition holds for whom the first alternative leaves: A ≤ x, or B for those with A > x."""
    fragments = [item.fragment for item in condition if item.fragment is not None]
    other = fragments[0].atoms if len(fragments) == 1 else ()
    if len(other) != 1 or any(i.role in (Role.ENTITY, Role.WORD, Role.MANUAL, Role.NO) for i in condition):
        return False
    first, rest = made.atoms[0], other[0]
    same = (first.concept, first.limit, first.unit) == (rest.concept, rest.limit, rest.unit)
    bounds = (first.high, first.low) == (rest.low, rest.high) and (first.low is None) != (first.high is None)
    return same and first.concept is not None and bounds


def gives_names(items: Sequence[Item]) -> bool:
    """Whether examples name something before their parenthesis ends."""
    end = next((at for at, item in enumerate(items) if item.role is Role.CLOSE), None)
    return any(item.role is Role.ENTITY for item in items[:end])


def goes_back(exception: Sequence[Item]) -> bool:
    """Whether what an exception goes on with may be examples of what it is of: other than A, such as B."""
    return any(
        before.role is Role.COMMA and item.role is Role.EXAMPLE for before, item in pairwise(exception)
    )


def put_beside(expression: Expression | None, exception: Expression) -> Expression | None:
    """The exception where it belongs, of what one can have beside another of the kind.

    Whoever has none that is exempt is decided; who has one may have another too, which no record tells apart.
    """
    if expression is None:
        return exception
    if isinstance(expression, Not):
        inner = put_beside(expression.of, exception)
        return None if inner is None else Not(inner)
    judged = judge(expression)
    if judged == expression:
        return expression
    both = join([expression, exception], any_of=False)
    return None if both is None else AnyOf((both, judged))


def put_within(expression: Expression | None, exception: Expression) -> Expression | None:
    """The exception where it belongs: inside the negation, where there is one."""
    if expression is None:
        return exception
    if isinstance(expression, Not):
        inner = join([expression.of, exception], any_of=False)
        return None if inner is None else Not(inner)
    return join([expression, exception], any_of=False)
