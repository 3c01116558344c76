"""What a segment says, as one expression: diagnoses and therapies with their time, and what narrows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import pairwise

from fhirscreen.criteria.nodes import (
    AllOf,
    AnyOf,
    Condition,
    Confirm,
    Expression,
    Finding,
    Judgement,
    Measured,
    Not,
    Question,
    Received,
    Sex,
    Unread,
)
from fhirscreen.criteria.walk import walk
from fhirscreen.mapping.concepts import Concept, ConceptKind
from fhirscreen.reading.categories import fits
from fhirscreen.reading.courses import diagnose, is_state, is_timed, judge, tell_ago
from fhirscreen.reading.fragments import Atom, Fragment, Sort
from fhirscreen.reading.items import NARROWER, Item, Role
from fhirscreen.reading.scales import (
    is_of_an_age,
    is_of_stage_four,
    may_be_another_infection,
    say_the_same,
    told_apart,
)
from fhirscreen.reading.segments import FITTING, Segment, concept_of, kind_of

_DIAGNOSES = (ConceptKind.DIAGNOSIS, ConceptKind.EVENT)
_METASTATIC = "distant-metastasis"
_CANCERS = ("malignancy", "second-malignancy")
_SPREAD = (_METASTATIC, "disseminated-disease", "oligometastatic-disease", "malignancy", "second-malignancy")
"""Of which "metastatic" says nothing that a record of the index cancer's spread could settle."""
_PAIR = 2
_PLACED = ("on", "using", "given", "use")
"""What says of a therapy that it is received, and of anything else nothing: QTcF on the ECG."""
_FOR = re.compile(r"\bfor\b|\bagainst\b|\bof\b", re.IGNORECASE)
_TESTED = (
    "hiv-infection", "hepatitis-b-infection", "hepatitis-c-infection", "hepatitis-a-infection",
    "viral-hepatitis", "tuberculosis", "covid-19", "syphilis",
)  # fmt: skip
"""Infections that who is positive for them has."""
_LIFELONG = "hiv-infection"


@dataclass(slots=True)
class Built:
    """A segment's or clause's expression, with what was not read of it."""

    expression: Expression | None
    atoms: tuple[Atom, ...] = ()
    rules: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unread: tuple[tuple[int, int], ...] = ()
    complete: bool = True
    manual: bool = False
    sure: bool = True
    sorts: frozenset[Sort] = frozenset()

    @property
    def understood(self) -> bool:
        """Whether anything of it is."""
        return bool(self.atoms) or (self.expression is not None and self.complete)


def build_segment(segment: Segment, text: str, *, negated: bool) -> Built:
    """The conjunction of what a segment says; `negated` where it stands under a "no"."""
    made: list[Fragment] = [item.fragment for item in segment.fragments if item.fragment is not None]
    if segment.window is not None and not segment.entities:
        made = _windowed(made, segment)
    reasons = _reasons(segment, text)
    taking = _taking(segment)
    made += [
        _counted(
            _entity(
                item,
                replace(segment, active=False, received=False, told=False, modifiers=[])
                if taking and item is segment.entities[0]
                else segment,
                text,
                negated=negated,
                reason=reasons.get(id(item)),
            ),
            segment,
        )
        for item in segment.entities
        if all(item is not reason for reason in reasons.values()) and not _is_said(item, segment)
    ]
    made = told_apart(made, segment)
    expressions = [f.expression for f in made if f.expression is not None]
    unread = list(segment.unread)
    if segment.negative is not None:
        free = not negated and len(made) == 1 and segment.window is None and _infected(segment)
        if free and (absent := _free_of(made[0])) is not None:
            made, expressions = [absent], [e for e in (absent.expression,) if e is not None]
        else:
            unread.append((segment.negative.start, segment.negative.end))
    sorts = frozenset(f.sort for f in made)
    complete = all(f.complete for f in made)
    sure = not (segment.is_doubtful(negated=negated) or may_be_another_infection(segment, text))
    unread += _unread(segment, made)
    if (
        not say_the_same(made)
        and not _fit(segment)
        and not taking
        and len(made) > 1
        and len({f.sort for f in made} - {Sort.AGE, Sort.SEX}) + (len(segment.entities) > 1) > 1
    ):
        sure = False  # concepts side by side with no word between: how they belong together is a guess
    if is_of_an_age(made):
        sure = False
    manual = bool(segment.manual)
    if manual and not made:
        return _ask(segment, text)
    judged = manual and _judged(segment)
    if judged:  # what follows says what the judgement is about
        unread = [span for span in unread if span[0] < segment.manual[0].start]
    elif manual:
        unread += [(m.start, m.end) for m in segment.manual]
    warnings = tuple(dict.fromkeys(w for f in made for w in f.warnings))
    expression: Expression | None = None
    unread = sorted(set(unread))
    if expressions:
        if manual:
            expressions = [judge(e) if isinstance(e, Condition) or is_timed(e) else e for e in expressions]
        parts: list[Expression] = [AnyOf(tuple(expressions))] if say_the_same(made) else list(expressions)
        if unread or not sure or not all(f.complete or _asks(f) for f in made):
            parts.append(Unread(_quote(text, unread) or "how this belongs together"))
        expression = parts[0] if len(parts) == 1 else AllOf(tuple(parts))
        if segment.suspected:
            expression = AnyOf((expression, Confirm(f"suspected {segment.name(text)}")))
    elif unread or made:
        spans = unread or [(a.start, a.end) for f in made for a in f.atoms]
        quoted = _quote(text, spans)
        expression = Unread(quoted) if quoted else None
    return Built(
        expression,
        tuple(a for f in made for a in f.atoms),
        tuple(dict.fromkeys(r for f in made for r in f.rules)),
        warnings,
        tuple(unread),
        complete and sure and not unread,
        False,
        sure,
        sorts,
    )


def _asks(fragment: Fragment) -> bool:
    """Whether all that is open of it is a question that its expression asks."""
    return fragment.expression is not None and any(
        isinstance(node, Question) for node in walk(fragment.expression)
    )


def _is_said(item: Item, segment: Segment) -> bool:
    """Whether a class beside it says as much: Child-Pugh B liver disease."""
    concept = concept_of(item)
    named = [a.concept or "" for i in segment.fragments if i.fragment is not None for a in i.fragment.atoms]
    return concept is not None and any(concept.id in _SAID.get(name, ()) for name in named)


def _taking(segment: Segment) -> bool:
    """Whether it names who takes what: patients with hypertension on anticoagulants."""
    if len(segment.entities) != _PAIR or segment.fragments or segment.window is not None:
        return False
    first, second = segment.entities
    now = [m for m in segment.modifiers if m.role is Role.RECEIVED]
    between = len(now) == 1 and now[0].key == "now" and first.end <= now[0].start < second.start
    return (
        between
        and kind_of(first) in _DIAGNOSES
        and kind_of(second) is ConceptKind.THERAPY
        and all(m is now[0] or m.start < first.start for m in segment.modifiers)
        and not any(m.role is Role.ACTIVE for m in segment.modifiers)
    )


def _unread(segment: Segment, made: list[Fragment]) -> list[tuple[int, int]]:
    """Where its qualifiers stand that qualify nothing in it."""
    lost: list[Item] = []
    if segment.positive is not None and not _infected(segment):
        lost.append(segment.positive)
    if not made or any(f.sort is not Sort.THERAPY for f in made):
        lost += segment.counts
    kinds = {kind_of(item) for item in segment.entities}
    if not segment.entities:
        taken = any(atom.window for f in made for atom in f.atoms)
        lost += [
            m
            for m in segment.modifiers
            if not (taken and m is segment.window)
            and not (m.role is Role.RECEIVED and made and m.text.lower() in _PLACED)
        ]
    elif segment.received and ConceptKind.THERAPY not in kinds and not _implied(segment):
        lost += [
            m
            for m in segment.modifiers
            if m.role is Role.RECEIVED and m.text.lower() not in _PLACED and m.key != "had"
        ]
    if any(_is_systemic(item) for item in segment.entities):  # topical steroids are no systemic ones
        lost += [m for m in segment.modifiers if m.role is Role.NARROWING and m.key == "local"]
    if segment.entities and segment.severity and not kinds & set(_DIAGNOSES):
        lost += [m for m in segment.modifiers if m.role is Role.SEVERITY]
    return [(item.start, item.end) for item in lost]


def _is_systemic(item: Item) -> bool:
    concept = concept_of(item)
    return concept is not None and (concept.id.startswith("systemic-") or bool(concept.routes_not))


def _transplants(segment: Segment) -> bool:
    """Whether it names transplants alone, which are received though they are no therapy with a drug."""
    named = [concept_of(item) for item in segment.entities]
    return all(concept is not None and concept.id.endswith("-transplant") for concept in named)


def _implied(segment: Segment) -> bool:
    """Whether what was received says no more than its names: a transplant, treatment of a malignancy."""
    named = [concept_of(item) for item in segment.entities]
    plain = all(m.key in ("", "use") for m in segment.modifiers if m.role is Role.RECEIVED)
    return _transplants(segment) or (plain and all(c is not None and c.id in _CANCERS for c in named))


def _infected(segment: Segment) -> bool:
    """Whether all that it names are infections that who is positive for them has."""
    named = [concept_of(item) for item in segment.entities]
    return bool(named) and all(concept is not None and concept.id in _TESTED for concept in named)


def _free_of(fragment: Fragment) -> Fragment | None:
    """Who is negative for an infection: nobody has it for whom none is on record.

    Whom a test found free of a hepatitis may have had one, which is for the investigator.
    """
    if not isinstance(fragment.expression, Condition):
        return None
    lasting = fragment.expression.concept == _LIFELONG
    made = fragment.expression if lasting else Judgement(fragment.expression)
    return replace(fragment, expression=Not(made), atoms=flip(fragment.atoms), rules=("negative",))


def _ask(segment: Segment, text: str) -> Built:
    """What a person is asked, in the words of the text."""
    said = [*segment.manual, *segment.modifiers]
    start = min([m.start for m in said] + [s for s, _ in segment.unread])
    end = max([m.end for m in said] + [e for _, e in segment.unread])
    question = " ".join(text[start:end].split())
    window = segment.window
    if window is not None and not start <= window.start < end:  # a time that a list shares
        question = f"{question} {' '.join(text[window.start : window.end].split())}"
    return Built(Confirm(question), rules=("manual",), manual=True)


def _judged(segment: Segment) -> bool:
    """Whether somebody judges the diagnoses that stand before: epilepsy that would interfere."""
    first = segment.manual[0]
    return (
        not segment.fragments
        and all(m.key in ("judgement", "compliance") for m in segment.manual)
        and all(kind_of(e) in _DIAGNOSES and e.start < first.start for e in segment.entities)
    )


_SAID = {"child-pugh-class": ("liver-dysfunction", "liver-disease")}
"""Classes that say by themselves that there is the diagnosis: liver disease of Child-Pugh class B."""


def _fit(segment: Segment) -> bool:
    """Whether findings qualify the one diagnosis that they stand beside: stage III breast cancer."""
    if len(segment.entities) != 1 or not segment.fragments:
        return False
    concept = concept_of(segment.entities[0])
    if concept is None or concept.kind not in _DIAGNOSES:
        return False
    fragments = [item.fragment for item in segment.fragments]
    named = [a.concept or "" for f in fragments if f is not None for a in f.atoms]
    of_cancer = concept.about_cancer and all(
        f is not None and f.sort is Sort.CATEGORY and f.about_cancer for f in fragments
    )
    return of_cancer or all(concept.id in FITTING.get(name, ()) for name in named)


def _quote(text: str, spans: list[tuple[int, int]]) -> str:
    if not spans:
        return ""
    return " … ".join(dict.fromkeys(" ".join(text[s:e].split()) for s, e in spans)).strip()


def _reasons(segment: Segment, text: str) -> dict[int, Item]:
    """The cancer that a therapy was given for, by the therapy: chemotherapy for lung cancer."""
    found: dict[int, Item] = {}
    entities = segment.entities
    for first, second in pairwise(entities):
        given, cancer = concept_of(first), concept_of(second)
        if (
            given is not None
            and cancer is not None
            and given.kind is ConceptKind.THERAPY
            and cancer.kind is ConceptKind.DIAGNOSIS
            and cancer.about_cancer
            and second is entities[-1]
            and _FOR.search(text, first.end, second.start) is not None
        ):
            found[id(first)] = second
    return found


def _counted(fragment: Fragment, segment: Segment) -> Fragment:
    """A therapy of which lines or courses are counted: no record tells where one ends and another begins.

    Who never had it has had none; who had it once is for the investigator.
    """
    if not segment.counts or fragment.sort is not Sort.THERAPY or fragment.expression is None:
        return fragment
    ranges = [item.range for item in segment.counts if item.range is not None]
    made = fragment.expression
    received = made.of[1] if isinstance(made, AnyOf) else made
    judged: Expression = received if isinstance(received, Judgement) else Judgement(received)
    none = all(fits(0, numbers) if not numbers.values else 0.0 in numbers.values for numbers in ranges)
    some = all(not fits(0, numbers) for numbers in ranges)
    if none == some or isinstance(received, Not) or isinstance(made, Not):
        return replace(fragment, complete=False)
    if none:
        atoms = tuple(replace(atom, negated=not atom.negated) for atom in fragment.atoms)
        return replace(fragment, expression=Not(judged), atoms=atoms, rules=("lines of therapy",))
    return replace(fragment, expression=judged, rules=("lines of therapy",), warnings=())


def _entity(
    item: Item, segment: Segment, text: str, *, negated: bool, reason: Item | None = None
) -> Fragment:
    concept = concept_of(item)
    if concept is None:
        raise AssertionError("a segment takes only concepts that can stand by themselves")
    of_some = item.key == NARROWER or (reason is not None and reason.key == NARROWER)
    window = segment.window
    name = " ".join(text[item.start : item.end].split())
    low, high = item.start, item.end
    if window is not None:
        low, high = min(low, window.start), max(high, window.end)
    atom = Atom(concept.id, name, low, high, window=window.parts[0].text if window else None)
    within = window.text if window is not None and window.key == "within" else None
    if segment.graded:  # when it was of that grade says not when it was given
        within = None
    washout = window is not None and window.key == "washout"
    if concept.kind is ConceptKind.THERAPY:
        segment = replace(segment, narrowed=segment.narrowed or of_some)
        cancer = concept_of(reason) if reason is not None else None
        given_for = cancer.id if cancer is not None else None
        return _therapy(
            concept, atom, segment, window, within, washout=washout, negated=negated, given_for=given_for
        )
    made = diagnose(concept, item, segment, text)
    now = is_state(concept) and not (negated or segment.history or window is not None)
    made = judge(made) if of_some or now else made
    metastatic = segment.metastatic and not is_of_stage_four(segment)
    spread = metastatic and concept.about_cancer and concept.id not in _SPREAD
    if spread and not segment.narrowed:
        made = AllOf((made, Condition(_METASTATIC)))
    elif metastatic:
        made = judge(made)
    if window is not None and window.key != "within":
        began = tell_ago(concept, item, window, text, negated=negated)
        if began is not None:
            made = judge(made) if isinstance(began, Judgement) else began
            made = Not(judge(made.of)) if isinstance(made, Not) and segment.narrowed else made
            return Fragment(Sort.CONDITION, made, (atom,), ("condition", "washout"))
        return Fragment(
            Sort.CONDITION, made, (atom,), ("condition",), ("how long ago is not read",), complete=False
        )
    if is_timed(made):
        note = "what began before that time and went on in it is for the investigator"
        return Fragment(Sort.CONDITION, made, (atom,), ("condition", "lasting"), (note,))
    rules = ("condition", "for judgement") if isinstance(made, Judgement) or of_some else ("condition",)
    return Fragment(Sort.CONDITION, made, (atom,), rules)


def _therapy(
    concept: Concept,
    atom: Atom,
    segment: Segment,
    window: Item | None,
    within: str | None,
    *,
    washout: bool,
    negated: bool,
    given_for: str | None = None,
) -> Fragment:
    narrowed = segment.narrowed or segment.metastatic or _is_member(concept, atom.name)
    if washout and window is not None:
        atom = replace(atom, negated=True)
        given: Expression = Received(concept.id, within=window.text, given_for=given_for)
        made: Expression = Not(Judgement(given) if narrowed else given)
        return Fragment(Sort.THERAPY, None if negated else made, (atom,), ("washout",), complete=not negated)
    if window is not None and window.key == "ago":
        note = "how long ago is not read"
        return Fragment(Sort.THERAPY, Received(concept.id), (atom,), ("therapy",), (note,), complete=False)
    if window is not None and window.key == "lasting":  # no record says for how long it is taken
        judged = Judgement(Received(concept.id, given_for=given_for))
        return Fragment(Sort.THERAPY, judged, (atom,), ("therapy", "for judgement"))
    current = segment.active and not segment.history and within is None
    told = segment.history or segment.active or segment.told or within is not None
    made = Received(concept.id, within=within, given_for=given_for, current=current)
    if narrowed:
        return Fragment(Sort.THERAPY, Judgement(made), (atom,), ("therapy", "for judgement"))
    if told:
        return Fragment(Sort.THERAPY, made, (atom,), ("therapy",))
    # Who takes it now is meant in any case; whether who took it once is, the text leaves open.
    either = AnyOf((replace(made, current=True), Judgement(made)))
    note = "whether it means now or ever is not said: who had it once is for the investigator"
    return Fragment(Sort.THERAPY, either, (atom,), ("therapy", "now or ever"), (note,))


def _is_member(concept: Concept, name: str) -> bool:
    """Whether a name is of one drug of a class: who had the class may have had another one."""
    patterns = [pattern.lower() for pattern in concept.drug_names]
    single = any(fnmatchcase(concept.label.lower(), pattern) for pattern in patterns)
    return not single and any(fnmatchcase(name.lower(), pattern) for pattern in patterns)


def _windowed(made: list[Fragment], segment: Segment) -> list[Fragment]:
    """Measured values and findings of a window: "platelets ≥ 100 × 10⁹/L within 14 days before enrolment"."""
    window = segment.window
    if window is None or window.key != "within" or len(made) != 1:
        return made
    expression = _within(made[0].expression, window.text)
    if expression is None:
        return made
    atoms = tuple(replace(atom, window=window.parts[0].text) for atom in made[0].atoms)
    return [replace(made[0], expression=expression, atoms=atoms)]


def _within(expression: Expression | None, window: str) -> Expression | None:
    """The expression over a window; None where it has a part that knows none."""
    match expression:
        case Measured() | Finding():
            return replace(expression, within=window)
        case Sex():
            return expression
        case AllOf(of) | AnyOf(of):
            parts = [_within(part, window) for part in of]
            known = tuple(part for part in parts if part is not None)
            return replace(expression, of=known) if len(known) == len(parts) else None
        case _:
            return None


def join(parts: list[Expression], *, any_of: bool) -> Expression | None:
    """One expression of several; None of none."""
    flat: list[Expression] = []
    for part in parts:
        inner = part.of if isinstance(part, AnyOf if any_of else AllOf) else (part,)
        flat += [each for each in inner if each not in flat]
    if len(flat) < 2:
        return flat[0] if flat else None
    return AnyOf(tuple(flat)) if any_of else AllOf(tuple(flat))


def merge(built: Sequence[Built], expression: Expression | None) -> Built:
    """Several as one, of that expression."""
    return Built(
        expression,
        tuple(a for b in built for a in b.atoms),
        tuple(dict.fromkeys(r for b in built for r in b.rules)),
        tuple(dict.fromkeys(w for b in built for w in b.warnings)),
        tuple(sorted({span for b in built for span in b.unread})),
        all(b.complete for b in built),
        False,
        all(b.sure for b in built),
        frozenset().union(*(b.sorts for b in built)),
    )


def flip(atoms: tuple[Atom, ...]) -> tuple[Atom, ...]:
    """The atoms, negated."""
    return tuple(replace(atom, negated=not atom.negated) for atom in atoms)


def negate(made: Built) -> Built:
    """What was read, negated; what is asked in person stays a question."""
    if made.manual or made.expression is None:
        return made
    inner = made.expression
    expression = inner.of if isinstance(inner, Not) else Not(inner)
    return replace(made, expression=expression, atoms=flip(made.atoms), rules=(*made.rules, "negation"))
