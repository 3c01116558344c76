"""What a sentence says besides that turns what was read of it: if applicable, for 2 years, a change in.

What the grammar reads is there in the words; what they ask for is less, more, or the opposite. It is partial.
"""

from __future__ import annotations

import re
from dataclasses import replace

from fhirscreen.criteria.nodes import (
    AllOf,
    AnyOf,
    Condition,
    Confirm,
    Expression,
    Judgement,
    Measured,
    Received,
    Unread,
)
from fhirscreen.criteria.studies import Kind
from fhirscreen.criteria.walk import walk
from fhirscreen.reading.courses import judge
from fhirscreen.reading.statements import Built

_APPLICABLE = re.compile(
    r"\b(?:if|when|where|as|whenever)\s+(?:applicable|relevant|appropriate)\b", re.IGNORECASE
)
_IF_USED = re.compile(
    r"^\W*(?:any|all|every|the)?\s*(?:prior\s+|concomitant\s+|concurrent\s+)?"
    r"(?:use|uses|usage|intake|doses?|dosages?|dosing)\s+of\b[^.;]*\b(?:must|should|has\s+to|needs?\s+to|will)\b"
    r"(?!\s+not\b)|"
    r"^\W*any\b[^.;,]*\b(?:must|should|has\s+to|needs?\s+to)\s+(?:be|have)\b(?!\s+not\b)",
    re.IGNORECASE,
)
_RECOVERED = re.compile(
    r"\b(?:complet|finish|conclud)\w+\b[^.;]*\b(?:recover\w*|resol\w+)\b|"
    r"\brecover\w*\b[^.;]*\b(?:complet|finish|conclud)\w+\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"(?:who|whose|which|whom)\b")  # WHO is a scale
_NEEDS_EITHER = re.compile(
    r"\b(?:requir(?:ing|ed|es|e)|needing|necessitating)\b[^.;,()]*\bor\b", re.IGNORECASE
)
_CHANGED = re.compile(
    r"^\W*(?:any\s+|recent\s+|significant\s+|major\s+)*"
    r"(?:changes?|alterations?|adjustments?|modifications?|switch|switching|increases?|decreases?)\s+"
    r"(?:in|of|to|from|between)\b",
    re.IGNORECASE,
)
_BUT_NOT = re.compile(r"\bbut\s+(?:no|not|fewer|less|never|without)\b", re.IGNORECASE)
_OPINION = re.compile(
    r"\W*(?:who,?\s+)?(?:in\s+)?(?:the\s+)?(?:\w+\s+){0,2}(?:opinion|judge?ment|view)\s+of\b.{0,40}",
    re.IGNORECASE,
)
_EXPOSED = re.compile(r"\bexpos(?:ure|ed)\b[^.;,]*\bradiation\b", re.IGNORECASE)
_SIGN = re.compile(r"(?<![<>≤≥=!/])\s=\s*\d|(?<![<>≤≥=!/])=\s*\d")
_LASTING = re.compile(
    r"\bfor\s+(?:(?:at\s+least|a\s+minimum\s+of|more\s+than|over|the\s+(?:last|past))|[<>≤≥=/\s]+)\s*"
    r"\d+\s*(?:days?|weeks?|months?|years?)\b",
    re.IGNORECASE,
)
_CLASSED = ("child-pugh-class", "nyha-class", "ecog-performance-status", "karnofsky-performance-status")
_TREATMENT = re.compile(
    r"\b(?:neo-?\s?adjuvant|adjuvant|systemic|anti-?\s?cancer|anti-?\s?neoplastic)\s+(?:treatments?|therap(?:y|ies))\s+"
    r"(?:and/or|and|or)\b",
    re.IGNORECASE,
)
_INFECTIOUS = re.compile(
    r"\b(?:infectious|infective|bacterial|viral|pathogen\w*|c(?:lostridi\w+|\.)\s+difficile)\b", re.IGNORECASE
)
_INFLAMMATIONS = ("colitis", "inflammatory-bowel-disease", "pancreatitis", "gastritis")
"""Of which the codes are of those that no germ causes."""
_UNBORN = re.compile(
    r"\b(?:neonat\w+|newborns?|infants?|preterm|premature\s+birth|babies|baby|gestational\s+age|"
    r"live\s+births?|retrospective\w*)\b",
    re.IGNORECASE,
)
_EXAMPLES = re.compile(r"\b(?:including|such\s+as|e\.?\s?g\b|for\s+(?:example|instance))", re.IGNORECASE)
_TOLERATED = re.compile(
    r"\b(?:stable|stabili[sz]ed|asymptomatic|controlled|inactive|treated)\b", re.IGNORECASE
)
_IN_THE_HEAD = ("brain-metastasis", "central-nervous-system-metastasis", "leptomeningeal-metastasis")
_ENZYMES = ("alanine-aminotransferase", "aspartate-aminotransferase")
_BIRTH = "multiple-pregnancy"


def find_reservation(kind: Kind, built: Built, said: str, text: str, *, below: bool) -> str | None:
    """Why what was read is not all that is meant; None where no such words are there.

    `said` is the criterion, `text` the text of the whole study, `below` whether it stands below a line.
    """
    if built.expression is None or built.manual:
        return None
    nodes = list(walk(built.expression))
    asked = " ".join(node.ask for node in nodes if isinstance(node, Confirm)).lower()
    concepts = {atom.concept for atom in built.atoms}
    received = any(isinstance(node, Received) for node in nodes)
    diagnosed = any(isinstance(node, Condition) for node in nodes)

    def has(pattern: re.Pattern[str]) -> bool:
        return any(" ".join(found[0].lower().split()) not in asked for found in pattern.finditer(said))

    if kind is Kind.INCLUSION and has(_APPLICABLE):
        return "whom it applies to is not told"
    if (
        kind is Kind.INCLUSION
        and _asks_for_a_therapy(built.expression)
        and (_IF_USED.search(said) or has(_RECOVERED))
    ):
        return "who never had it may fit as well: it is asked of those who did"
    if not below and _RELATIVE.match(said) is not None:
        return "it goes on from the line above"
    if kind is Kind.EXCLUSION and received and diagnosed and has(_NEEDS_EITHER):
        return "what is required or needed for it is no criterion of its own"
    if received and has(_CHANGED):
        return "a change of a treatment is asked about, and no record tells it"
    if kind is Kind.INCLUSION and isinstance(built.expression, AnyOf) and has(_BUT_NOT):
        return "what stands behind the “but” is asked for beside the rest"
    if any(isinstance(node, Confirm) and _OPINION.fullmatch(node.ask) for node in nodes):
        return "of what the opinion is was not read"
    if "radiotherapy" in concepts and has(_EXPOSED):
        return "an exposure to radiation is more than a radiotherapy"
    if _SIGN.search(said) and any(atom.low is not None and atom.low == atom.high for atom in built.atoms):
        return "a value that is equal to a number: was a sign lost?"
    if concepts & set(_CLASSED) and has(_LASTING):
        return "for how long it was so is not on record"
    return _of_values(kind, built, below=below) or _of_names(kind, built, said, text)


def _asks_for_a_therapy(expression: Expression) -> bool:
    """Whether who never had a therapy does not fit."""
    match expression:
        case Received():
            return True
        case Judgement(of):
            return _asks_for_a_therapy(of)
        case AllOf(of) | AnyOf(of):
            return any(_asks_for_a_therapy(part) for part in of)
        case _:
            return False


def _has_one_time_of_two(expression: Expression | None) -> bool:
    """Whether alternatives ask for one therapy both at any time and within a time."""
    parts = expression.of if isinstance(expression, AnyOf) else ()
    given = [part for part in parts if isinstance(part, Received) and not part.current]
    return any(
        first.within is None and second.within is not None and first.concept == second.concept
        for first in given
        for second in given
    )


def judge_examples(kind: Kind, built: Built, text: str, start: int) -> Built:
    """What was read, examples of what a person asks about for judgement: serious illness, such as gout."""
    expression = built.expression
    first = min((atom.start for atom in built.atoms), default=start)
    if (
        kind is not Kind.EXCLUSION
        or not isinstance(expression, AnyOf)
        or not isinstance(expression.of[0], Confirm)
        or _EXAMPLES.search(text, start, first) is None
    ):
        return built
    parts = tuple(
        each if isinstance(each, Confirm | Judgement | Unread) else judge(each) for each in expression.of
    )
    return replace(built, expression=AnyOf(parts))


def _of_values(kind: Kind, built: Built, *, below: bool) -> str | None:
    """Likewise where values belong together and are read apart."""
    nodes = list(walk(built.expression)) if built.expression is not None else []
    times = {node.within is None for node in nodes if isinstance(node, Measured)}
    if below and len(times) > 1:
        return "the time of the values holds for some of them alone"
    found = {atom.concept for atom in built.atoms}
    either = kind is Kind.INCLUSION and isinstance(built.expression, AnyOf)
    if either and "total-bilirubin" in found and found & set(_ENZYMES):
        return "whether one of the values of the liver is enough is not sure"
    return None


def _of_names(kind: Kind, built: Built, said: str, text: str) -> str | None:
    """Likewise where a name is of more, or of somebody else, than its concept."""
    found = {atom.concept for atom in built.atoms}
    if (
        kind is Kind.INCLUSION
        and isinstance(built.expression, Judgement)
        and found & set(_IN_THE_HEAD)
        and _TOLERATED.search(said)
    ):
        return "whether they are asked for or allowed is not sure"
    if kind is Kind.EXCLUSION and found >= {"malignancy", "second-malignancy"}:
        return "whether any malignancy is meant, or another one than the study is of"
    if kind is Kind.EXCLUSION and _has_one_time_of_two(built.expression):
        return "of two names of one therapy, one has a time"
    if found & set(_INFLAMMATIONS) and _INFECTIOUS.search(said):
        return "the codes are of what no germ causes"
    if _BIRTH in found and _UNBORN.search(text):
        return "whose birth it is, the mother's or the child's, is not told"
    lost = _TREATMENT.search(said)
    if lost is not None and found and not any(_covers(atom.name, lost[0]) for atom in built.atoms):
        return "one of the treatments was not read"
    return None


def _covers(name: str, words: str) -> bool:
    """Whether the name that an atom was read from holds the words of a treatment."""
    kept = " ".join(words.lower().split()[:-1])
    return kept in " ".join(name.lower().split()) or name.lower() in kept
