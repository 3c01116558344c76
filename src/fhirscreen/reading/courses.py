"""How diagnoses run: an infarction is over when it has happened, a disease goes on, an infection passes.

A diagnosis is recorded with its onset. So a window in which something *was* is one in which it began for
what happens at once alone; and what passes is asked about as it is now, unless the text names a time.
"""

from __future__ import annotations

import re
from dataclasses import replace

from fhirscreen.criteria.nodes import AnyOf, Condition, Expression, Judgement, Not
from fhirscreen.mapping.concepts import Concept
from fhirscreen.reading.items import Item, Role
from fhirscreen.reading.segments import Segment

_STATES = ("pregnancy", "lactation")
_EVENTS = frozenset((
    "myocardial-infarction", "unstable-angina", "acute-coronary-syndrome", "stroke",
    "transient-ischaemic-attack", "cardiac-arrest",
    "aortic-dissection", "hypertensive-crisis", "thromboembolism", "venous-thromboembolism",
    "arterial-thromboembolism", "pulmonary-embolism", "deep-vein-thrombosis", "portal-vein-thrombosis",
    "retinal-vein-occlusion", "intracranial-haemorrhage", "haemorrhage", "gastrointestinal-bleeding",
    "gastrointestinal-perforation", "oesophageal-perforation", "fracture", "traumatic-brain-injury",
    "syncope", "pneumothorax", "retinal-detachment", "diabetic-ketoacidosis", "hypoglycaemia",
    "traumatic-injury",
    "tumour-lysis-syndrome", "ectopic-pregnancy", "cancer-progression", "hysterectomy", "sterilisation",
    "stem-cell-transplant", "solid-organ-transplant",
))  # fmt: skip
"""What happens at once: it was in a window where it began in it."""
_PASSING = frozenset((
    "upper-respiratory-tract-infection", "influenza", "acute-bronchitis", "sinusitis", "otitis-media",
    "conjunctivitis", "pneumonia", "sepsis", "urinary-tract-infection", "pyelonephritis", "cellulitis",
    "covid-19", "gonorrhoea", "chlamydia-infection", "candidiasis", "fungal-infection", "peritonitis",
    "clostridium-difficile-infection", "diarrhoea", "constipation", "nausea-and-vomiting", "dehydration",
    "delirium", "jaundice", "urinary-retention", "pleural-effusion", "pericardial-effusion", "ascites",
    "hyponatraemia", "hypokalaemia", "hyperkalaemia", "hypercalcaemia", "multiple-pregnancy", "shock",
    "septic-shock", "cardiogenic-shock", "bacteraemia", "premature-rupture-of-membranes",
    "abnormal-electrocardiogram", "fracture",
))  # fmt: skip
"""What comes and goes: named without a time, it is meant as it is now."""
_PRESENT_WHERE_ACTIVE = _PASSING | {
    "tuberculosis", "hiv-infection", "hepatitis-a-infection", "hepatitis-b-infection",
    "hepatitis-c-infection", "viral-hepatitis", "syphilis", "herpes-zoster", "herpes-simplex", "malaria",
    "cytomegalovirus-infection", "epstein-barr-virus-infection", "htlv-infection", *_STATES,
}  # fmt: skip
"""Of which "active" says that it is there; of an inflammation or a tumour it says how it behaves."""
_CLASSES = ("nyha-class", "child-pugh-class")
_BEGAN = re.compile(
    r"\b(?:diagnos\w+|onset|began|begun|new|newly|develop(?:ed|ment)|first|starting|started)\b",
    re.IGNORECASE,
)
_TREATED = re.compile(r"\b(?:treat\w*|therap\w+|manage\w*|surger\w+|resect\w+|receiv\w+)\b", re.IGNORECASE)
"""What may have been later than the diagnosis: diagnosed or treated within 2 years."""
_STATE = re.compile(
    r"\b(?:untreated|unresolved|non-?\s?healing|unhealed|uncontrolled|unstable|persistent|ongoing|"
    r"not controlled|inadequately|poorly|refractory|residual)\b",
    re.IGNORECASE,
)
"""What lasts after something happened: an untreated thrombosis."""
_SINCE = re.compile(r"\b(?:since|after|from|post|following)\b", re.IGNORECASE)
_AHEAD = 24
_CLAUSE = re.compile(r"[.;:\n]\s")
_PAST = re.compile(
    r"\b(?:recent|recently|recurrent|recurring|repeated|frequent|intermittent)\b", re.IGNORECASE
)
_QUALIFIED = re.compile(r"(?:uncontrolled|serious|severe|systemic|clinically significant)\b", re.IGNORECASE)


def is_state(concept: Concept) -> bool:
    """Whether it is asked for as it is now though it is recorded as what happened: progressive disease."""
    return concept.id == "cancer-progression"


def diagnose(concept: Concept, item: Item, segment: Segment, text: str) -> Expression:
    """A diagnosis at its time, and for judgement where words narrow it or its time is not on record."""
    window = segment.window
    within = window.text if window is not None and window.key == "within" else None
    name = text[item.start : item.end]
    infected = concept.id.startswith("active-")
    past = _is_past(segment, item, text) if concept.id in _STATES else segment.history
    own = [m for m in segment.modifiers if m.role is Role.NARROWING]
    told = any(_PAST.search(text, m.start, m.end) for m in own)
    now = segment.active and not (past or told) and window is None
    passing = infected or concept.id in _STATES or (concept.id in _PASSING and not segment.narrowed)
    if passing and not past and window is None and not (own and concept.id in _STATES):
        now = True
    judged = segment.narrowed or (infected and _QUALIFIED.match(name) is not None)
    if now and segment.activity and not infected and concept.id not in _PRESENT_WHERE_ACTIVE:
        judged = True  # how a disease behaves
    made = Condition(concept.id, active=now, severity=() if _is_classed(segment) else segment.severity)
    if within is None or segment.graded:  # when it was of that grade says not when it began
        return Judgement(made) if judged else made
    if segment.activity and not infected and concept.id not in _EVENTS | _PRESENT_WHERE_ACTIVE:
        return Judgement(made)  # how it behaved in that time
    if concept.id in _EVENTS and any(_STATE.search(text, m.start, m.end) for m in own if _is_near(m, item)):
        return Judgement(made)  # it may have happened before, and be so in that time
    if concept.id in _EVENTS or _names_its_beginning(item, window, text):
        made = replace(made, within=within)
        return Judgement(made) if judged else made
    # What began before the window may have gone on in it.
    return Judgement(made) if judged else AnyOf((replace(made, within=within), Judgement(made)))


def _is_near(word: Item, item: Item) -> bool:
    """Whether a word stands beside a name: what a line above says is of other things too."""
    return word.start >= item.end or 0 <= item.start - word.end <= _AHEAD


def happens_at_once(item: Item) -> bool:
    """Whether a name is of what is over when it has happened: an infarction, a transplant."""
    return any(concept.id in _EVENTS for concept in item.concepts)


def tell_ago(
    concept: Concept, item: Item, window: Item, text: str, *, negated: bool
) -> Not | Judgement | None:
    """What it means that a diagnosis was at least some time ago; None where that is not sure.

    Since what happens at once that time has to be over: it was not in it. A disease that was diagnosed then
    is asked for, and how long ago it was is for the investigator.
    """
    if window.key != "washout":
        return None
    if concept.id in _EVENTS:
        since = _SINCE.search(text, window.start, window.end) is not None and not negated
        return Not(Condition(concept.id, within=window.text)) if since else None
    return Judgement(Condition(concept.id)) if _names_its_beginning(item, window, text) else None


def judge(expression: Expression) -> Judgement:
    """An expression for judgement: nothing of it decides that something is there."""
    if (lasting := _lasting(expression)) is not None:
        return lasting
    return expression if isinstance(expression, Judgement) else Judgement(expression)


def is_timed(expression: Expression) -> bool:
    """Whether it is one diagnosis that began in a window, or may have gone on in it."""
    return _lasting(expression) is not None


def _lasting(expression: Expression) -> Judgement | None:
    """Of such a diagnosis, that it may have gone on."""
    match expression:
        case AnyOf((Condition() as began, Judgement(of) as lasting)) if of == replace(began, within=None):
            return lasting
        case _:
            return None


def _is_classed(segment: Segment) -> bool:
    """Whether a class says how severe it is: severe heart failure, NYHA class IV."""
    found = (item.fragment for item in segment.fragments)
    return any(atom.concept in _CLASSES for each in found if each is not None for atom in each.atoms)


def _names_its_beginning(item: Item, window: Item | None, text: str) -> bool:
    """Whether the window is said to be that of the diagnosis itself: diagnosed within 3 months."""
    if window is None:
        return False
    # What the window is counted from begins too: before the first dose.
    first = min(item.start, window.start)
    between = text[item.end : window.start] if item.end <= window.start else text[window.end : item.start]
    ahead = _CLAUSE.split(text[max(0, first - _AHEAD) : first])[-1]
    said = (ahead, text[item.start : item.end], between)
    return any(_BEGAN.search(each) for each in said) and not any(_TREATED.search(each) for each in said)


def _is_past(segment: Segment, item: Item, text: str) -> bool:
    """Whether it is asked whether a state ever was: a history that a line above tells is of other things."""
    told = [m for m in segment.modifiers if m.role is Role.HISTORY]
    return any(m.end <= item.start and ":" not in text[m.end : item.start] for m in told)
