"""The stretch between two joining words: concepts with what qualifies them, as one expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fhirscreen.mapping.concepts import Concept, ConceptKind
from fhirscreen.reading.durations import CALENDAR, iso, time_unit, whole
from fhirscreen.reading.fragments import Sort
from fhirscreen.reading.items import Item, Role

HEADS = (
    "infection", "disease", "disorder", "condition", "syndrome", "event", "episode", "illness", "virus",
    "carrier", "diagnosis", "attack", "problem", "pathology", "process", "ailment", "affection", "state",
    "history", "status", "entity", "type", "infected", "patient",
)  # fmt: skip
"""What follows the name of a diagnosis and adds nothing to it."""
_COURSES = (
    "exacerbation", "flare", "crisis", "relapse", "recurrence", "symptom", "complication", "manifestation",
    "sequela", "sequelae", "decompensation", "deterioration", "admission", "hospitalization", "worsening",
    "involvement", "lesion", "finding", "symptomatology",
)  # fmt: skip
"""What follows the name of a diagnosis and is only a part of it, which no record tells apart."""
_OF_THE_CANCER = (
    "disease",
    "tumor",
    "cancer",
    "carcinoma",
    "malignancy",
    "lesion",
    "neoplasm",
    "adenocarcinoma",
    "status",
)
"""What stands beside a stage or a marker and names the study's cancer."""
_NEAR = 12
_CLASSES = (
    "agent", "drug", "medication", "product", "class", "compound", "inhibitor", "agonist", "medicine",
    "preparation", "formulation", "injection", "infusion", "tablet", "pill", "supplementation", "supplement",
    "administration", "intake", "consumption", "exposure", "procedure", "program", "course", "cycle",
    "session", "hydrochloride", "mesylate", "tosylate", "sodium", "acetate", "maleate", "citrate",
    "ditosylate", "tartrate",
)  # fmt: skip
"""What follows the name of a drug or a class and adds nothing to it."""
_TESTS = ("testing", "test", "serology", "antibody", "titer")
_SCALES = ("ecog-performance-status", "karnofsky-performance-status", "nyha-class")
_DIAGNOSES = (ConceptKind.DIAGNOSIS, ConceptKind.EVENT)
FITTING = {
    "nyha-class": ("heart-failure", "cardiomyopathy", "heart-disease", "cardiovascular-disease"),
    "child-pugh-class": ("cirrhosis", "liver-dysfunction", "liver-disease"),
}
"""Classes, and the diagnoses that they are of."""
REACHING = ("needs", "rest")
"""Keys of what narrows by all that follows it: requiring steroids, resulting in a fracture."""


@dataclass(slots=True)
class Segment:
    """What stands between two connectors: concepts, fragments, modifiers, and what nothing here knows."""

    entities: list[Item] = field(default_factory=list)
    fragments: list[Item] = field(default_factory=list)
    unread: list[tuple[int, int]] = field(default_factory=list)
    manual: list[Item] = field(default_factory=list)
    history: bool = False
    active: bool = False
    activity: bool = False  # active as a disease behaves, and not only there
    received: bool = False
    told: bool = False
    always: bool = False
    severity: tuple[str, ...] = ()
    narrowed: bool = False
    led: bool = False  # narrowed by what stands before its first concept
    metastatic: bool = False
    graded: bool = False
    positive: Item | None = None
    negative: Item | None = None
    doubtful: bool = False
    suspected: bool = False
    window: Item | None = None
    counts: list[Item] = field(default_factory=list)
    modifiers: list[Item] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        said = self.entities or self.fragments or self.unread or self.manual or self.modifiers
        return not (said or self.positive or self.negative or self.doubtful)

    @property
    def content(self) -> bool:
        """Whether something in it is understood."""
        return bool(self.entities or self.fragments)

    @property
    def bare(self) -> bool:
        """Whether it names concepts and does not say when they were."""
        return bool(self.entities) and not (self.history or self.active or self.received or self.severity)

    def name(self, text: str) -> str:
        """The words from its first name to its last."""
        named = [*self.entities, *self.fragments]
        return " ".join(text[min(i.start for i in named) : max(i.end for i in named)].split())

    def is_doubtful(self, *, negated: bool) -> bool:
        """Whether it may mean something else; `negated` where it stands under a "no" or excludes.

        What has to be stopped need not have been given, unless the time since is named.
        """
        if self.doubtful:
            return True
        if not any(m.role is Role.RECEIVED and m.key == "stopped" for m in self.modifiers):
            return False
        therapy = any(kind_of(item) is ConceptKind.THERAPY for item in self.entities)
        if negated:
            return therapy and self.window is None
        return not (therapy and self.window is not None and self.window.key == "washout")

    def takes_class(self, following: Sequence[Item]) -> bool:
        """Whether the class that follows a comma is of the one diagnosis before it."""
        fragment = following[0].fragment if following else None
        if fragment is None or self.fragments or len(self.entities) != 1:
            return False
        concept = concept_of(self.entities[0])
        return concept is not None and all(
            concept.id in FITTING.get(a.concept or "", ()) for a in fragment.atoms
        )

    def take(self, item: Item) -> None:
        """Adds an item to it."""
        role = item.role
        if role is Role.FRAGMENT:
            self.fragments.append(item)
        elif role is Role.ENTITY and kind_of(item) is not None:
            self.entities.append(item)
        elif role is Role.MANUAL:
            self.manual.append(item)
        elif role is Role.DOUBT:
            self.doubtful = True
        elif role is Role.KNOWN:
            self.suspected = True
        elif not (self._time(item) or self._qualify(item)):
            self._rest(item)

    def _time(self, item: Item) -> bool:
        """Takes what says when, and whether it did."""
        role = item.role
        if role is Role.HISTORY:
            self.history = True
            self.always = self.always or item.key == "always"
        elif role is Role.ACTIVE:
            self.active = True
            self.activity = self.activity or item.key == "activity"
        elif role is Role.RECEIVED:
            self.received = True
            self.told = self.told or item.key in ("ever", "had", "stopped")
            self.active = self.active or item.key == "now"
        elif role is Role.WINDOW and self.window is None:
            self.window = item
        else:
            return False
        self.modifiers.append(item)
        return True

    def _qualify(self, item: Item) -> bool:
        """Takes what narrows it, and whether it did."""
        role = item.role
        if role is Role.SEVERITY:
            self.severity = tuple(item.key.split())
        elif role is Role.NARROWING and item.key not in REACHING:
            spread = item.key == "metastatic"
            self.graded = self.graded or item.key in ("grade", "treated")
            self.narrowed = self.narrowed or not spread
            self.led = self.led or not (spread or self.entities)
            self.metastatic = self.metastatic or spread
        elif role is Role.WORD and item.key in _COURSES and self._follows_a_diagnosis(item):
            self.narrowed = self.graded = True
            item = Item(Role.NARROWING, item.start, item.end, item.text, item.key)
        else:
            return False
        self.modifiers.append(item)
        return True

    def _rest(self, item: Item) -> None:
        role = item.role
        if (role is Role.POSITIVE and self.entities) or self._redundant(item) or self._scale(item):
            return
        if role is Role.POSITIVE and item.key == "positive":
            self.positive = item
        elif role is Role.NEGATIVE and self.negative is None:
            self.negative = item
        elif role is Role.BOUND and self.window is None and self.entities and (window := _recent(item)):
            self.window = window
            self.modifiers.append(window)
        elif role in (Role.BOUND, Role.NUMBER) and _counts(item):
            self.counts.append(item)
        else:
            self.unread.append((item.start, item.end))

    def _follows_a_diagnosis(self, item: Item) -> bool:
        return (
            bool(self.entities)
            and item.start - self.entities[-1].end <= _NEAR
            and kind_of(self.entities[-1]) in _DIAGNOSES
        )

    def _redundant(self, item: Item) -> bool:
        """Whether it says again what is said: HIV infection, 18 years or older."""
        if item.role is Role.WORD and self.entities and item.start - self.entities[-1].end <= _NEAR:
            therapy = kind_of(self.entities[-1]) is ConceptKind.THERAPY
            if (self.positive or self.negative) is not None and item.key in _TESTS:
                return True
            return item.key in (_CLASSES if therapy else HEADS)
        last = self.fragments[-1].fragment if self.fragments else None
        if item.role is Role.WORD and item.key in _OF_THE_CANCER and last is not None:  # HER2-positive tumour
            return last.about_cancer and last.sort is Sort.CATEGORY
        if item.role is Role.WORD and item.key == "predicted":  # FEV1 ≥ 50 % predicted
            return last is not None and last.atoms[-1:] != () and last.atoms[-1].unit == "%"
        return item.role is Role.COMPARE_AFTER and last is not None and last.sort is Sort.AGE

    def _scale(self, item: Item) -> bool:
        """Whether it names again the scale of what was found: performance status 0 or 1 (ECOG)."""
        named = {atom.concept for each in self.fragments if each.fragment for atom in each.fragment.atoms}
        return item.role is Role.ENTITY and any(c.id in _SCALES and c.id in named for c in item.concepts)


def _recent(item: Item) -> Item | None:
    """A length of time that follows a name, as the window of it alone: myocardial infarction ≤ 6 months."""
    numbers = item.range
    unit = time_unit(numbers.unit) if numbers is not None else None
    if numbers is None or numbers.high is None or numbers.low is not None or unit not in CALENDAR:
        return None
    length = whole(numbers.high, unit)
    if length is None:
        return None
    window = Item(Role.WINDOW, item.start, item.end, f"{length[0]} {length[1]}", "within", value=1.0)
    window.parts = [Item(Role.ANCHOR, 0, 0, iso(*length))]
    return window


def _counts(item: Item) -> bool:
    """Whether a number counts something: more than 2, 1 or 2, one."""
    return item.range is not None and not (item.range.unit or item.range.limit or item.range.older)


def kind_of(item: Item) -> ConceptKind | None:
    """What kind of concept can stand by itself: a diagnosis, an event or a therapy."""
    concept = concept_of(item)
    return concept.kind if concept else None


def concept_of(item: Item) -> Concept | None:
    """The one concept that a name means by itself; None where it needs a value, or means several."""
    if not item.concepts:
        return None
    able = [c for c in item.concepts if c.kind in _DIAGNOSES or c.kind is ConceptKind.THERAPY]
    return able[0] if len(able) == 1 else None
