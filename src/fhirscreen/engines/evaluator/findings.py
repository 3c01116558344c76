"""Findings: what one record says of a category: the names of its value, and how that was assessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from fhirscreen.engines.evaluator.cases import Case, body_sites, morphology
from fhirscreen.engines.evaluator.items import canonical, read_number, text_of, whole_number
from fhirscreen.engines.evaluator.sources import REMEMBERED
from fhirscreen.engines.evaluator.texts import in_short, read_text, says_nothing
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import VALUES, Entry, Resource, codings
from fhirscreen.mapping.concepts import Concept
from fhirscreen.values.codes import Coding
from fhirscreen.values.intervals import is_above
from fhirscreen.values.truth import TRUE, Truth
from fhirscreen.verdicts.reasons import Basis, Reason

# Members by a name of their own: found on their class, for every record, they cost ten times as much.
_RECORDED = Basis.RECORDED

_NOTHING: frozenset[str] = frozenset()
_MODALITY = r"c|p|us?|eus?|mri?|i|ct|pet"
_PREFIX = re.compile(
    r"^\s*(?:(?:AJCC|UICC|TNM|stage|stadium)\s*:?\s*)*"
    rf"(?:(?:(y)(?:{_MODALITY})?|(p)|({_MODALITY}))\s*[:-]?\s*(?=[TNM]\s?(?:[0-4X]|is)|N\s?\+)|"
    r"(?:(y)[cp]?|(p)|(c))(?=[0-4I]))",
    re.IGNORECASE,
)
# UICC and AJCC: clinical is all that is known before treatment, imaging and endosonography (u, mr) included.
_STAGINGS = ("post-therapy", "pathological", "clinical")
"""By the groups of the prefix."""


class Reading(NamedTuple):
    """What a record says of a category: the names that its value may mean, on what basis, and what to show.

    `fault` is why it cannot decide, `unsaid` whether that is because it says nothing; `stated` is the staging
    that the value itself says.
    """

    names: frozenset[str]
    basis: Basis
    shown: str
    fault: Reason | None
    unsaid: bool
    stated: str | None = None


def read_value(case: Case, concept: Concept, holder: Resource) -> Reading:
    """What an Observation, or one of its components, says of a category. Raises DataError.

    What a code means as the value is the same in every record that says nothing else: it is looked up once.
    """
    value = holder.get("valueCodeableConcept")
    if not isinstance(value, dict) or len(value) != 1 or not _BESIDE.isdisjoint(holder):
        return _read_value(case, concept, holder)
    coded = codings(value, case.chart.index.terms.short)
    if len(coded) != 1:
        return _read_value(case, concept, holder)
    readings = case.chart.index.readings
    known: Reading | None = readings.get((concept.id, coded[0]))
    if known is None:
        known = _read_value(case, concept, holder)
        if known.names and len(readings) < REMEMBERED:
            readings[concept.id, coded[0]] = known
    return known


_BESIDE = frozenset(("interpretation", *VALUES)) - {"valueCodeableConcept"}
"""Elements that a value is also read by."""


def _read_value(case: Case, concept: Concept, holder: Resource) -> Reading:
    names, basis, shown = from_observation(case, concept, holder)
    fault = unit_fault(case, concept, holder) if len(names) > 1 else None
    if names and contradicted(case, concept, holder, names):
        fault = Reason.CONFLICTING
    stated = None
    if case.chart.index.staged(concept):
        stated = prefixed(holder, codings(holder.get("valueCodeableConcept"), str))
    return _reading(case, concept, (names, basis, shown), fault, stated)


def read_diagnosis(case: Case, concept: Concept, entry: Entry) -> Reading:
    """What a Condition says of a category."""
    if "extension" in entry.resource or "bodySite" in entry.resource:
        return _reading(case, concept, from_condition(case, concept, entry))
    readings = case.chart.index.readings
    known: Reading | None = readings.get((concept.id, entry.codings))
    if known is None:
        known = _reading(case, concept, from_condition(case, concept, entry))
        if known.names and len(readings) < REMEMBERED:
            readings[concept.id, entry.codings] = known
    return known


def _reading(
    case: Case,
    concept: Concept,
    found: tuple[frozenset[str], Basis, str],
    fault: Reason | None = None,
    stated: str | None = None,
) -> Reading:
    names, basis, shown = found
    # Nothing at all, or a value that says nothing (TX, "not done"). What cannot be read may say anything.
    unsaid = names <= case.chart.index.unsaid(concept) if names else says_nothing(shown)
    if unsaid:
        fault = Reason.NO_VALUE
    elif not names:
        fault = Reason.COARSER_CODE
    return Reading(
        names, basis, next(iter(names)) if len(names) == 1 else in_short(shown), fault, unsaid, stated
    )


def from_condition(case: Case, concept: Concept, entry: Entry) -> tuple[frozenset[str], Basis, str]:
    """A value in a Condition's own code or its histology, else in its bodySite."""
    own = named(case, concept, morphology(entry, case.chart))
    site = named(case, concept, body_sites(entry, case.chart))
    names = finest(concept, own | site)
    return names, Basis.DERIVED, entry.codings[0].code if entry.codings else ""


def from_observation(case: Case, concept: Concept, holder: Resource) -> tuple[frozenset[str], Basis, str]:
    """The value of an Observation or of one of its components, its basis, and what to show of it."""
    short = case.chart.index.terms.short
    coded = codings(holder.get("valueCodeableConcept"), short)
    if coded:
        names = named(case, concept, coded)
        if names:
            return finest(concept, names), _RECORDED, coded[0].code
    integer, number_said = holder.get("valueInteger"), ""
    if integer is None and concept.detected_above is None and "valueString" not in holder:
        number = read_number(holder)
        if number is not None and number[0].low == number[0].high and number[0].low is not None:
            integer = number[0].low
    if integer is not None:
        if not isinstance(integer, float):
            integer = whole_number(integer)
        names = frozenset(v.name for v in concept.values if v.integer is not None and v.integer == integer)
        number_said = f"{integer:g}"
        if not names and concept.ordered:
            names = _between(concept, integer)
        if names or any(v.integer is not None for v in concept.values):
            return names, _RECORDED, number_said
    boolean = holder.get("valueBoolean")
    if boolean is not None:
        if not isinstance(boolean, bool):
            raise DataError("valueBoolean is not true or false", expected="true or false")
        name = "positive" if boolean else "negative"
        return (frozenset((name,)) if concept.value(name) else frozenset()), _RECORDED, name
    if concept.detected_above is not None and (detected := _detected(case, concept, holder)):
        return detected[0], Basis.DERIVED, detected[1]
    text = text_of(holder)
    if names := read_text(concept, text):
        return names, Basis.DERIVED, text
    interpreted = [c for i in holder.get("interpretation") or [] for c in codings(i, short)]
    # A value that says nothing to us (an index, a local code) leaves it to the interpretation.
    if interpreted and (names := named(case, concept, interpreted)):
        return names, _RECORDED, interpreted[0].code
    return frozenset(), _RECORDED, text.strip() or (coded[0].code if coded else number_said)


def _between(concept: Concept, number: float) -> frozenset[str]:
    """The two values that a number lies half-way between (Karnofsky 75): it may be either."""
    steps = sorted((v.integer, v.name) for v in concept.values if v.integer is not None)
    return frozenset(
        name
        for (low, first), (high, last) in pairwise(steps)
        if high - low > 1 and low + high == 2 * number
        for name in (first, last)
    )


def _detected(case: Case, concept: Concept, holder: Resource) -> tuple[frozenset[str], str] | None:
    """Positive or negative by a number (a viral load, a titre) against the concept's threshold.

    Above nothing (0), the unit does not matter, and what is below a limit of detection is not detected.
    """
    number = read_number(holder)
    if number is None or concept.detected_above is None:
        return None
    interval, text, unit, basis = number
    if basis is Basis.DERIVED and unit and case.chart.index.units.normalise(unit) is None:
        # "2. Messung: negativ", "<20 IU/mL detected", "20 not detected": more words than a unit.
        return None
    if concept.detected_above > 0:
        _, converted, _ = canonical(case, concept, interval, unit)
        if converted is None:
            return frozenset(("positive", "negative")), text
        interval = converted
    elif interval.high is not None and interval.low == 0 and interval.high_open:
        return frozenset(("negative",)), text
    low = concept.undetected_below
    if low is not None and is_above(interval, concept.detected_above) is not TRUE:
        # Between the two limits a number says neither.
        below = interval.high is not None and (
            interval.high < low or (interval.high == low and interval.high_open)
        )
        return frozenset(("negative",) if below else ("positive", "negative")), text
    match is_above(interval, concept.detected_above):
        case Truth.TRUE:
            return frozenset(("positive",)), text
        case Truth.FALSE:
            return frozenset(("negative",)), text
        case _:
            return frozenset(("positive", "negative")), text


def unit_fault(case: Case, concept: Concept, holder: Resource) -> Reason | None:
    """Why a number cannot be held against the threshold: it has no unit, or one that does not fit."""
    number = read_number(holder) if concept.detected_above else None
    return None if number is None else canonical(case, concept, number[0], number[2])[0]


def named(case: Case, concept: Concept, found: Iterable[Coding]) -> frozenset[str]:
    """The values that any of the codings means."""
    index, names = case.chart.index, _NOTHING
    for coding in found:
        more = index.names(concept, coding)
        names = names | more if names and more else names or more
    return names


def finest(concept: Concept, names: frozenset[str]) -> frozenset[str]:
    """Without those values that a finer one among them says already."""
    if len(names) < 2:
        return names
    return frozenset(name for name in names if not (concept.below((name,)) - {name}) & names)


def prefixed(holder: Resource, coded: tuple[Coding, ...]) -> str | None:
    """The staging that the value itself says: cT3, pT3, ypT2."""
    for text in (unicodedata.normalize("NFKC", text_of(holder)), *(coding.code for coding in coded)):
        if text and not text[0].isdigit() and (match := _PREFIX.match(text)):
            return _STAGINGS[((match.lastindex or 1) - 1) % 3]
    return None


def contradicted(case: Case, concept: Concept, holder: Resource, names: frozenset[str]) -> bool:
    """Whether the interpretation beside a value, or the words after its number, name another value."""
    short = case.chart.index.terms.short
    interpreted = [c for i in holder.get("interpretation") or [] for c in codings(i, short)]
    said = named(case, concept, interpreted)
    return bool(said and said.isdisjoint(names)) or len(said) > 1


def say_leaves(concept: Concept, name: str) -> str:
    """What a value that is less precise may be; empty where nothing is finer."""
    finer = sorted(concept.leaves(name) - {name})
    return f"{spell(name)} may be {' or '.join(map(spell, finer))}" if finer else ""


def spell(name: str) -> str:
    """The name of a value in words."""
    return name.replace("-", " ")
