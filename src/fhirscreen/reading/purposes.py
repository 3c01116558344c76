"""What the members of a list share beside their time: what they were given for, and how severe they are."""

from __future__ import annotations

import re

from fhirscreen.mapping.concepts import ConceptKind
from fhirscreen.reading.items import Item, Role
from fhirscreen.reading.segments import Segment, concept_of, kind_of

_FOR = re.compile(r"\bfor\b|\bagainst\b", re.IGNORECASE)
_STUDIED = "other study"
_PAIR = 2


def share_reason(segments: list[Segment], text: str) -> None:
    """Chemotherapy or radiotherapy for breast cancer: what the last of several was given for, all were."""
    last = segments[-1] if segments else None
    if last is None or len(last.entities) != _PAIR or not _is_for_a_cancer(last, text):
        for index, segment in enumerate(segments):
            purpose = [m for m in segment.modifiers if m.role is Role.NARROWING and _FOR.match(text, m.start)]
            if segment.entities and _is_therapy(segment) and purpose:
                for earlier in segments[:index]:
                    earlier.narrowed = earlier.narrowed or (bool(earlier.entities) and _is_therapy(earlier))
        return
    for earlier in reversed(segments[:-1]):
        own = any(m.role is Role.NARROWING and _FOR.match(text, m.start) for m in earlier.modifiers)
        if own or len(earlier.entities) != 1 or not _is_therapy(earlier) or earlier.fragments:
            break
        earlier.entities.append(last.entities[-1])


def _is_for_a_cancer(segment: Segment, text: str) -> bool:
    given, cancer = segment.entities
    return (
        kind_of(given) is ConceptKind.THERAPY
        and _cancer(cancer)
        and _FOR.search(text, given.end, cancer.start) is not None
    )


def _shares_a_head(first: Segment, second: Segment, text: str) -> bool:
    """Whether two names end by one word, which the first leaves out: severe renal or hepatic impairment."""
    ahead, after = first.entities[-1], second.entities[0]
    own = text[ahead.start : ahead.end].lower().replace("-", " ").split()
    named = [name.lower().split() for concept in ahead.concepts for name in (*concept.names, concept.label)]
    last = text[after.start : after.end].lower().split()[-1:]
    return bool(last) and (own[-1:] == last or any(name[-1:] == last and name[:-1] == own for name in named))


def is_trial_drug(segment: Segment) -> bool:
    """Whether it asks for what is given in a study, which a time of therapies beside it is of too."""
    return bool(segment.manual) and not segment.content and all(m.key == _STUDIED for m in segment.manual)


def share_severity(first: Segment, second: Segment, text: str) -> None:
    """How severe the first is, the second is where they share a word; else a person judges the second."""
    if first.severity and not second.severity and not _shares_a_head(first, second, text):
        second.narrowed = True  # severe sepsis or septic shock: of both, or of the first alone
    else:
        second.severity = second.severity or first.severity


def _cancer(item: Item) -> bool:
    concept = concept_of(item)
    return concept is not None and concept.about_cancer


def _is_therapy(segment: Segment) -> bool:
    return all(kind_of(item) is ConceptKind.THERAPY for item in segment.entities)
