"""Times in a list: which of its members a window holds for, before the first or behind the last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from fhirscreen.mapping.concepts import ConceptKind
from fhirscreen.reading.courses import happens_at_once
from fhirscreen.reading.items import Role
from fhirscreen.reading.purposes import is_trial_drug
from fhirscreen.reading.segments import Segment, kind_of

OF_ITS_OWN = -1.0
"""The value of a window that holds for one drug alone, whatever stands before it."""
_PAIR = 2
_OWN = re.compile(
    r"\b(?:with|had|have|has|must|required?|requires|should|received|undergone)\b", re.IGNORECASE
)
_OWN_END = re.compile(r"[,;.\n]")


def share_windows(segments: list[Segment], joins: Sequence[Role], text: str) -> None:
    """Gives the members of a list the windows that hold for them too."""
    _share_washouts(segments, text)
    _share_first_window(segments, text)
    _share_windows(segments)
    _doubt_neighbours(segments, joins)


def _doubt_neighbours(segments: list[Segment], joins: Sequence[Role]) -> None:
    """`Infarction or stroke within 6 months, hypertension`: the infarction is for the investigator."""
    for index, join in enumerate(joins[: len(segments) - 2]):
        first, second = segments[index : index + 2]
        bare = first.entities and not (first.window or first.always or first.fragments) and second.entities
        alike = join is Role.OR and bare and _is_therapy(first) == _is_therapy(second)
        if alike and _ends_with(second):
            first.narrowed = first.narrowed or not _is_of_its_own(second)


def _ends_with(segment: Segment) -> bool:
    """Whether its window stands behind its names."""
    return segment.window is not None and segment.window.start >= segment.entities[-1].end


def _share_washouts(segments: list[Segment], text: str) -> None:
    """At least 4 weeks since A, B or C: a time that has to be over since the first holds for the rest.

    Whether it holds for what brings words of its own (", with prior chemotherapy") cannot be told.
    """
    for first, second in pairwise(segments):
        if (
            first.window is not None
            and first.window.key == "washout"
            and second.window is None
            and first.entities
            and second.entities
            and (_is_therapy(first) or all(map(happens_at_once, first.entities)))
            and not second.active
            and first.window.start < first.entities[0].start
        ):
            own = _brings_its_own(first, second, text) or _is_therapy(first) != _is_therapy(second)
            second.doubtful = second.doubtful or own
            second.window = first.window


def _brings_its_own(first: Segment, second: Segment, text: str) -> bool:
    """Whether what follows in a list says by itself that something was received: and prior chemotherapy."""
    between = text[first.entities[-1].end : second.entities[0].start]
    after = _OWN_END.split(text[second.entities[-1].end :], maxsplit=1)[0]
    prior = any(m.role is Role.HISTORY for m in first.modifiers)
    told = [m for m in second.modifiers if m.role is Role.RECEIVED and m.key not in ("", "use")]
    told += [m for m in second.modifiers if m.role is Role.HISTORY and not prior]
    return bool(told) or _OWN.search(f"{between} {after}") is not None


def _share_first_window(segments: list[Segment], text: str) -> None:
    """Within 6 months: A, B or C: a time before the first of a list holds for the rest.

    Whether it holds for what is of another sort, or brings words of its own, cannot be told.
    """
    first = segments[0] if segments else None
    if first is None or first.window is None or first.window.key != "within" or not first.content:
        return
    window, head = first.window, (first.entities or first.fragments)[0]
    if window.start > head.start:
        return
    if not first.entities:  # within 14 days before registration: platelets, haemoglobin
        for segment in segments[1:]:
            segment.window = segment.window or (None if segment.entities else window)
        return
    headed = ":" in text[window.end : head.start]
    for segment in segments[1:]:
        if segment.window is None and is_trial_drug(segment) and (headed or _is_therapy(first)):
            segment.window = window
        if segment.window is not None or not segment.entities:
            continue
        own = any(m.role in (Role.HISTORY, Role.RECEIVED, Role.ACTIVE) for m in segment.modifiers)
        if own or segment.fragments or not (headed or _is_therapy(segment) == _is_therapy(first)):
            segment.doubtful = True
        else:
            segment.window = window


def _share_windows(segments: list[Segment]) -> None:
    """A window at the end of a list reaches back over what is of the same sort."""
    for index, last in enumerate(segments):
        if last.window is None or _is_of_its_own(last) or not (last.entities or last.manual):
            continue
        if last.window.value:  # interferon, imatinib or chemotherapy ≤ 1 week: of the last alone, or of all
            doubtful = _is_therapy(last) and last.entities
            for segment in segments[:index] if doubtful else ():
                bare = segment.entities and segment.window is None
                segment.narrowed = segment.narrowed or bool(bare)
            continue
        if any(each.entities and not _is_of_its_own(each) for each in segments[index + 1 :]):
            continue
        for segment in reversed(segments[:index]):
            if is_trial_drug(segment) and (not last.entities or _is_therapy(last)):
                segment.window = segment.window or last.window  # asked with its time
                continue
            if not segment.entities or segment.window is not None or segment.fragments or segment.always:
                break
            if _name_the_same(segment, last):
                break  # radiotherapy of the pelvis, or any radiotherapy within 4 weeks
            if _is_therapy(segment) != (not last.entities or _is_therapy(last)):
                # immunodeficiency, or steroids within 7 days; pregnancy, or plans within a year
                ahead = segments[: segments.index(segment) + 1]
                if sum(bool(each.entities) for each in ahead) >= _PAIR and last.entities:
                    for earlier in ahead:  # stroke, infarction or bypass within a year: who can tell of all
                        earlier.narrowed = earlier.narrowed or bool(earlier.entities and not earlier.window)
                break
            segment.window = last.window


def _name_the_same(segment: Segment, last: Segment) -> bool:
    named = {concept.id for item in segment.entities for concept in item.concepts}
    return bool(named) and named == {concept.id for item in last.entities for concept in item.concepts}


def _is_of_its_own(segment: Segment) -> bool:
    return segment.window is not None and segment.window.value == OF_ITS_OWN


def _is_therapy(segment: Segment) -> bool:
    return all(kind_of(item) is ConceptKind.THERAPY for item in segment.entities)
