"""Lists: what their members share, what they repeat, and what only qualifies one of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from fhirscreen.mapping.concepts import ConceptKind
from fhirscreen.reading.doubts import doubt_negatives
from fhirscreen.reading.items import JOINS, NARROWER, Item, Role
from fhirscreen.reading.opinions import OPINION
from fhirscreen.reading.purposes import share_reason, share_severity
from fhirscreen.reading.segments import HEADS, REACHING, Segment, concept_of, kind_of
from fhirscreen.reading.windows import share_windows

_INFECTION = "active-infection"
_PLACES = ("visit", "appendix")
_PAIR = 2
_FAR = 80


_OBJECTS = ("hypersensitivity", "future behaviour", "willingness", "swallowing", "recovery")
_CONTRARY = re.compile(r"contraindicat", re.IGNORECASE)
_RELATIVE = re.compile(r"(?:that|which|who)\b", re.IGNORECASE)
_REQUIRES = re.compile(r"(?:(?:that|which) )?(?:requires?|requiring|needs?|needing)\b", re.IGNORECASE)
_OPINION = re.compile(
    r"(?:,\s*)?(?:in the (?:opinion|judge?ment|view)|at the discretion|per|according to|"
    r"as (?:judged|determined|assessed)|judged|deemed)\b[^,;.]*"
    r"\b(?:investigator|physician|clinician|doctor)\W*",
    re.IGNORECASE,
)
_OTHER = re.compile(r"(?:any |all |some )?other", re.IGNORECASE)
_NEED = re.compile(r"\b(?:need|requirement|necessity)\b", re.IGNORECASE)
_VIRAL = re.compile(r"antiviral|anti-viral|antiretroviral|anti-retroviral", re.IGNORECASE)
_TREATED = re.compile(r"(?:(?:is|are|was|were|being|been|has|have|had)\s+)*treated", re.IGNORECASE)
_DISEASE = ("disease", "cancer", "setting", "malignancy", "tumor", "carcinoma", "indication", "treatment")


_LENT = (Role.HISTORY, Role.ACTIVE, Role.RECEIVED, Role.NO, Role.NARROWING, Role.SEVERITY, Role.BARRED)


def lend_heading(clauses: list[list[Item]]) -> list[list[Item]]:
    """What stands before a colon holds for every clause after it: within a year, any of: stroke; angina."""
    if len(clauses) < _PAIR:
        return clauses
    colon = next((i for i, item in enumerate(clauses[0]) if item.role is Role.COLON), 0)
    head = clauses[0][:colon]
    if not head or any(item.role in (Role.ENTITY, Role.FRAGMENT, Role.MANUAL) for item in head):
        return clauses
    before = [item for item in head if item.role in _LENT]
    after = [item for item in head if item.role is Role.WINDOW]
    first = [item for item in clauses[0] if item not in after] + after
    return [first, *([*before, *clause, *after] for clause in clauses[1:])]


def keep_objects(items: list[Item], text: str) -> list[Item]:
    """Drugs and therapies that something else is said of than that they were given, as plain words.

    Hypersensitivity to a drug, a contraindication to it and a plan to take it are no therapy.
    """
    found: list[Item] = []
    objects = False
    for item in items:
        if item.role is Role.MANUAL:
            contrary = _CONTRARY.search(text, item.start, item.end) is not None
            objects = objects or item.key in _OBJECTS or contrary
        elif item.role in (Role.HISTORY, Role.STOP, Role.FRAGMENT, Role.EXCEPT) or (
            item.role is Role.RECEIVED and item.key not in ("", "use", "stopped")
        ):
            objects = False
        elif objects and kind_of(item) is ConceptKind.THERAPY:
            item = Item(Role.WORD, item.start, item.end, text[item.start : item.end])
        found.append(item)
    return found


def merge_purposes(items: list[Item], text: str) -> list[Item]:
    """What a therapy was for, where that is more than one cancer's name, as what narrows the therapy."""
    found: list[Item] = []
    at, given, cancer = 0, False, False
    while at < len(items):
        item = items[at]
        given = given or kind_of(item) is ConceptKind.THERAPY
        if item.role in (Role.STOP, Role.FRAGMENT):
            given = False
        cancer = _cancer(item) or (cancer and item.role not in (Role.STOP, Role.FRAGMENT))
        word = text[item.start : item.end].lower() if item.role is Role.FILLER else ""
        end = _purpose(items, at + 1) if (given and word == "for") or (cancer and word == "with") else 0
        if end:
            found.append(Item(Role.NARROWING, item.start, items[end - 1].end))
            at = end
            continue
        found.append(item)
        at += 1
    return found


def _cancer(item: Item) -> bool:
    concept = concept_of(item)
    return concept is not None and concept.about_cancer


def _purpose(items: Sequence[Item], at: int) -> int:
    """Where a purpose ends that qualifies a disease or names several; 0 where it is one name, or none."""
    end, named, joined = at, 0, False
    while end < len(items):
        item = items[end]
        concept = concept_of(item)
        if concept is not None and concept.about_cancer:
            named += 1
        elif item.role in JOINS:
            joined = True
        elif item.role is not Role.NARROWING and item.role is not Role.FILLER and item.key not in _DISEASE:
            break
        end += 1
    while end > at and items[end - 1].role in JOINS:
        end -= 1
    narrowed = any(item.role is Role.NARROWING for item in items[at:end])
    if named == 1 and not narrowed and not joined:
        return 0
    return end if end > at and (named or narrowed) else 0


def absorb(items: list[Item], text: str) -> list[Item]:
    """Without what a diagnosis requires or leads to, which narrows it: autoimmune disease requiring steroids.

    What is required ends where a diagnosis follows in a list; how far what is led to reaches cannot be told.
    """
    at = next((i for i, item in enumerate(items) if _reaches(items, i, text)), None)
    if at is None:
        return items
    if not any(i.role is Role.ENTITY for i in items[:at]):
        if items[at].key == "needs":  # patients who require anticoagulants
            word = items[at]
            return [*items[:at], Item(Role.RECEIVED, word.start, word.end, key="now"), *items[at + 1 :]]
        if any(item.role is Role.FRAGMENT for item in items[at + 1 :]):  # function, as evidenced by a value
            return items[:at] + items[at + 1 :]
        return items
    if items[at - 1].role in JOINS and _NEED.search(text, items[at].start, items[at].end) is not None:
        word = items[at]
        return [*items[:at], Item(Role.RECEIVED, word.start, word.end, key="now"), *items[at + 1 :]]
    word, end, joined = items[at], len(items), 0
    for index in range(at + 1, len(items)):
        item = items[index]
        joined = index if item.role in JOINS and items[index - 1].role not in JOINS else joined
        known = kind_of(item) is not None and kind_of(item) is not ConceptKind.THERAPY
        if item.role in (Role.FRAGMENT, Role.MANUAL) or (known and joined):
            if not joined or word.key == "rest":
                return items
            end = joined
            break
    rest = items[at + 1 : end]
    made = [*items[:at], Item(Role.NARROWING, word.start, max([word.end, *(i.end for i in rest)]))]
    named = {concept.id for item in items[:at] for concept in item.concepts}
    if _INFECTION in named and _VIRAL.search(text, word.start, made[-1].end) is not None:
        made.append(Item(Role.DOUBT, word.start, made[-1].end))  # hepatitis and HIV have records of their own
    if any(item.role is Role.WINDOW for item in rest):  # when it was required says not when it began
        made.append(Item(Role.HISTORY, word.start, word.end, key="ever"))
    return made + items[end:]


def _reaches(items: list[Item], at: int, text: str) -> bool:
    """Whether what follows narrows what stands before: requiring steroids, treated with insulin."""
    item = items[at]
    if item.role is Role.NARROWING:
        return item.key in REACHING
    return (
        item.role is Role.RECEIVED
        and (named := _before(items, at)) is not None
        and kind_of(named) not in (None, ConceptKind.THERAPY)
        and _TREATED.match(text, item.start, item.end) is not None
    )


def _before(items: Sequence[Item], at: int) -> Item | None:
    """What stands before, but for the word that its name ends with: a pain condition that was treated."""
    before = [i for i in items[:at] if i.role not in (Role.FILLER, Role.IF)]
    while before and before[-1].role is Role.WORD and before[-1].key in HEADS:
        before.pop()
    return before[-1] if before else None


def drop_glosses(items: list[Item], text: str) -> list[Item]:
    """Without parentheses that only repeat or exemplify what stands before them: (ANC), (e.g. lupus)."""
    found: list[Item] = []
    at = 0
    while at < len(items):
        if items[at].role is not Role.OPEN:
            found.append(items[at])
            at += 1
            continue
        end = at + 1
        while end < len(items) and items[end].role not in (Role.CLOSE, Role.OPEN):
            end += 1
        inner = items[at + 1 : end]
        closed = end < len(items) and items[end].role is Role.CLOSE
        before = found[-1] if found else None
        known = before is not None and before.role in (Role.FRAGMENT, Role.ENTITY)
        if closed and (
            (inner and all(_counts_a_visit(item) for item in inner))
            or (known and before is not None and _repeats(inner, before))
            or _stands_for(inner, text)
        ):
            at = end + 1
            continue
        found.append(items[at])
        at += 1
    return found


def _counts_a_visit(item: Item) -> bool:
    """Whether it only says which visit, or where it is told: (visit 1), (appendix A)."""
    return item.role is Role.ANCHOR or item.key in _PLACES or (len(item.text) == 1 and item.text.isalnum())


def _stands_for(inner: Sequence[Item], text: str) -> bool:
    """Whether a parenthesis holds the first letters of the words before it: diabetes mellitus (DM)."""
    if len(inner) != 1 or inner[0].role not in (Role.ENTITY, Role.WORD):
        return False
    letters = text[inner[0].start : inner[0].end]
    if not (letters.isalpha() and letters.isupper() and len(letters) > 1):
        return False
    words = text[max(0, inner[0].start - _FAR) : inner[0].start].rstrip(" (").replace("-", " ").split()
    return [word[0].upper() for word in words[-len(letters) :]] == list(letters)


def _repeats(inner: Sequence[Item], before: Item) -> bool:
    if not inner:
        return True
    if inner[0].role is Role.EXAMPLE:
        # what is an infection of its own kind is not found by the records of any infection
        if any(concept.id == _INFECTION for concept in before.concepts) and any(i.concepts for i in inner):
            return False
        return all(
            i.role
            in (Role.WORD, Role.ENTITY, *JOINS, Role.EXAMPLE, Role.FILLER, Role.SEVERITY, Role.POSITIVE)
            for i in inner
        )
    words = [i for i in inner if i.role not in JOINS]
    if before.role is Role.FRAGMENT and _permits(inner):
        return True
    if before.role is Role.FRAGMENT and words and all(i.role is Role.LIMIT for i in words):
        return True
    if len(words) == 1 and words[0].role is Role.WORD:
        return words[0].text.isupper() and len(words[0].text) > 1
    concepts = set(before.concepts) | {c for part in before.parts for c in part.concepts}
    if before.key != NARROWER and any(i.role is Role.ENTITY and i.key == NARROWER for i in words):
        return False  # interstitial lung disease (idiopathic pulmonary fibrosis)
    return bool(words) and all(i.role is Role.ENTITY and set(i.concepts) & concepts for i in words)


def unwrap_exception(items: list[Item]) -> list[Item]:
    """The items with an exception in parentheses behind the rest, where it is of the one thing named."""
    at = next((i for i, item in enumerate(items) if item.role is Role.EXCEPT), 0)
    if not at or items[at - 1].role is not Role.OPEN:
        return items
    before = items[: at - 1]
    end = next((i for i in range(at, len(items)) if items[i].role is Role.CLOSE), len(items))
    rest = items[end + 1 :]
    if sum(item.role in (Role.ENTITY, Role.FRAGMENT, Role.MANUAL) for item in before) != 1:
        return items
    if any(item.role not in (Role.WINDOW, Role.STOP, Role.NARROWING) for item in rest):
        return items
    kept = [item for item in rest if item.role is not Role.STOP]
    return [*before, *kept, *items[at:end]]


def _permits(inner: Sequence[Item]) -> bool:
    """Whether a parenthesis only allows a therapy, however the value was reached: (transfusion allowed)."""
    allowed = any(item.role is Role.ALLOWED for item in inner)
    plain = all(
        item.role in (Role.ALLOWED, Role.ENTITY, Role.FILLER, Role.OR, Role.RECEIVED) for item in inner
    )
    named = [item for item in inner if item.role is Role.ENTITY]
    return allowed and plain and all(kind_of(item) is ConceptKind.THERAPY for item in named)


def share_qualifiers(segments: list[Segment], joins: list[Role], text: str) -> None:
    """What qualifies the first of a list qualifies the rest; a window at the end reaches back over it."""
    if len(segments) == _PAIR and segments[0].entities and _reaches_back(segments[1]):
        segments[0].narrowed = True
    if len(segments) > _PAIR and all(s.entities and not s.fragments for s in segments):
        last = segments[-1]  # effusion, ascites or oedema that requires treatment
        if any(_REQUIRES.match(text, m.start) and _reaches_back(last) for m in last.modifiers):
            for earlier in segments[:-1]:
                earlier.narrowed = True
    _merge_synonyms(segments, joins, text)
    _narrow_beside(segments, text)
    share_reason(segments, text)
    _share_judgement(segments, joins, text)
    doubt_negatives(segments)
    if len(segments) >= _PAIR and _only_a_window(segments[0]):  # within 4 weeks before registration, …
        for segment in segments[1:]:
            segment.window = segment.window or segments[0].window
        segments.pop(0)
        joins[:1] = []
    for index, segment in enumerate(segments[:-1]):  # "prior or concurrent chemotherapy"
        following = segments[index + 1]
        empty = not (segment.content or segment.unread or segment.manual)
        if empty and following.entities and _parallel(segment, following):
            _take_over(following, segment, either=joins[index] in (Role.OR, Role.SLASH))
    for first, second in pairwise(segments):
        if second.bare and first.entities and not second.unread:
            second.history, second.active = first.history, first.active
            second.activity = first.activity
            second.narrowed = second.narrowed or first.led
            second.led = second.led or first.led
            second.metastatic = second.metastatic or first.metastatic
            second.received = second.received or first.received
            second.told = second.told or first.told
            second.suspected = second.suspected or first.suspected
            share_severity(first, second, text)
        elif (
            second.entities and not second.history and first.history and not second.active and first.entities
        ):
            second.history = True
    for index in reversed(range(len(segments))):
        if segments[index].empty:
            del segments[index]
            joins[index : index + 1] = []
    share_windows(segments, joins, text)


def _merge_synonyms(segments: list[Segment], joins: list[Role], text: str) -> None:
    """Two names of one concept are said twice: what is said of the second holds for both."""
    for index in reversed(range(len(segments) - 1)):
        first, second = segments[index : index + 2]
        if len(first.entities) != 1 or len(second.entities) != 1:
            continue
        one, two = first.entities[0], second.entities[0]
        said = {text[item.start : item.end].lower() for item in (one, two)}
        plain = not (first.fragments or first.manual or first.unread or first.window or first.narrowed)
        bare = not (first.severity or first.active or first.counts or first.positive or first.negative)
        own = second.narrowed or second.severity or second.active or second.unread or second.manual
        if one.concepts == two.concepts and len(said) > 1 and plain and bare and not own:
            if NARROWER in (one.key, two.key):
                continue
            second.history = second.history or first.history
            second.received = second.received or first.received
            second.modifiers[:0] = first.modifiers
            del segments[index], joins[index]


def _narrow_beside(segments: Sequence[Segment], text: str) -> None:
    """What qualifies "any other B" qualifies the A before it; a hepatitis among infections is one of them."""
    infected = False
    for index, segment in enumerate(segments):
        ids = {concept.id for item in segment.entities for concept in item.concepts}
        segment.narrowed = segment.narrowed or (infected and ids == {"hepatitis"})
        infected = infected or _INFECTION in ids
        other = any(_OTHER.fullmatch(text, m.start, m.end) is not None for m in segment.modifiers)
        if index and other and any(_reaches_back(each) for each in segments[index:]):
            for earlier in segments[:index]:
                earlier.narrowed = earlier.narrowed or bool(earlier.entities)


def _take_over(following: Segment, segment: Segment, *, either: bool) -> None:
    """What stands before an "or" as a qualifier of what follows it.

    `either`: one of the two is enough, so that what one of them alone asks for is asked of nobody.
    """
    apart = segment.severity != following.severity
    if either and apart and (segment.severity or (following.severity and segment.narrowed)):
        following.severity, following.narrowed = (), True  # severe or uncontrolled
    else:
        following.severity = following.severity or segment.severity
    following.window = following.window or segment.window
    following.narrowed = following.narrowed or segment.narrowed or segment.metastatic
    following.led = following.led or following.narrowed
    following.history = following.history or segment.history
    named = any(c.id.startswith("active-") for item in following.entities for c in item.concepts)
    told = segment.active or following.active
    if either and segment.active != (following.active or named) and told and not following.history:
        given = segment.told or following.told  # taking or has taken
        following.narrowed = following.led = following.narrowed or not given  # ongoing or recent
        following.active = False
    else:
        following.active = told and not named  # an active infection says so by its name
    following.activity = segment.activity or following.activity
    following.received = following.received or segment.received
    following.told = following.told or segment.told
    following.suspected = following.suspected or segment.suspected
    following.modifiers[:0] = segment.modifiers
    segment.modifiers.clear()
    segment.history = segment.active = segment.received = False


def _share_judgement(segments: list[Segment], joins: list[Role], text: str) -> None:
    """What somebody judges by a clause of its own (", that could interfere") is all that stands before."""
    ahead = segments[0] if len(segments) > 1 else None
    if ahead is not None and ahead.manual and not (ahead.content or ahead.unread or ahead.window):
        said = text[ahead.manual[0].start : ahead.manual[-1].end]
        if len(ahead.manual) == 1 and _OPINION.fullmatch(said) is not None:
            for later in segments[1:]:  # who, in the opinion of the investigator, have asthma
                later.narrowed = later.narrowed or bool(later.entities)
            if all(later.entities and not later.fragments for later in segments[1:]):
                segments.pop(0)
                joins[:1] = []
    for index, segment in enumerate(segments):
        first = segment.manual[0] if segment.manual else None
        relative = first is not None and _RELATIVE.match(text, first.start) is not None
        clauses = [word for word in segment.manual if word.value == OPINION]
        if clauses or (relative and first is not None and first.key == "judgement"):
            for earlier in segments[:index]:
                earlier.narrowed = earlier.narrowed or bool(earlier.entities)
                if earlier.manual and not earlier.content:
                    earlier.manual += clauses  # what is asked is asked with its clause
        opinion = first is not None and index == len(segments) - 1 and index > 0 and not segment.content
        if opinion and first is not None and _OPINION.fullmatch(text[first.start :].split("\n", 1)[0]):
            for earlier in segments[:index]:
                earlier.narrowed = earlier.narrowed or bool(earlier.entities)
            if all(earlier.entities for earlier in segments[:index]):
                segment.manual.clear()
                segment.unread.clear()
                segment.modifiers.clear()


def _parallel(segment: Segment, following: Segment) -> bool:
    """Whether a place or a route shares the name that follows: thoracic or neck radiotherapy.

    In "oral or inhaled steroids" the name is of the inhaled ones alone.
    """
    if segment.narrowed and any(c.id == "distant-metastasis" for e in following.entities for c in e.concepts):
        return False  # locally recurrent or metastatic disease
    own = {m.key for m in segment.modifiers if m.role is Role.NARROWING} & {"place", "route", "local"}
    return not own or bool(own & {m.key for m in following.modifiers if m.role is Role.NARROWING})


def _only_a_window(segment: Segment) -> bool:
    return segment.window is not None and segment.modifiers == [segment.window] and not segment.content


def _reaches_back(segment: Segment) -> bool:
    """Whether what narrows it may narrow what stands before too.

    Hypertension or diabetes requiring insulin; mental illness or a situation that would preclude compliance.
    """
    if any(m.key == "judgement" for m in segment.manual):
        return True
    return bool(segment.entities) and any(
        m.role is Role.NARROWING and m.start > segment.entities[-1].start for m in segment.modifiers
    )
