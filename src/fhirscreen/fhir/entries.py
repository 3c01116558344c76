"""An Entry: what one clinical resource says, before anyone asks what concept it stands for.

The status elements of each resource type decide what it is evidence of (R4: Observation.status,
Condition.verificationStatus and clinicalStatus, Procedure.status, medication statuses, modifiers all).
Resources that are no evidence at all give no Entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import Enum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from fhirscreen.exceptions import DataError
from fhirscreen.values.codes import Coding
from fhirscreen.values.dates import EVER, Moment, end_of_day, local_dates, parse_moment, start_of_day

Resource = dict[str, Any]


class State(Enum):
    """What a resource is evidence of, going by its status elements."""

    RECORDED = "recorded"
    UNCONFIRMED = "unconfirmed"
    DENIED = "denied"
    ORDERED = "ordered"


_RECORDED = (
    State.RECORDED
)  # by a name of its own: found on its class, for every record, it costs ten times as much


class Entry(NamedTuple):
    """One resource that is evidence.

    `when` is the clinical time: of an Observation its effective time, of a Condition its onset (else when
    it was recorded), of a therapy from its start to its end; None where the record has no date. `began`
    and `ended` bound a therapy (of a dispense, its supply) or a condition where known; `ongoing` says that it
    has not ended. `unclear`: whether it is about the patient cannot be told.
    """

    reference: str
    resource: Resource
    state: State
    when: Moment | None
    ended: Moment | None = None
    ongoing: bool = False
    codings: tuple[Coding, ...] = ()
    began: Moment | None = None
    unclear: bool = False


_DOSES = ("completed", "in-progress", "on-hold", "stopped", "not-done", "entered-in-error", "unknown")
STATUSES = {
    "Observation": (
        *("final", "amended", "corrected", "preliminary", "registered", "cancelled"),
        *("entered-in-error", "unknown"),
    ),
    "Procedure": (*_DOSES, "preparation"),
    "MedicationAdministration": _DOSES,
    "MedicationDispense": (
        *("completed", "in-progress", "preparation", "cancelled", "on-hold", "stopped", "declined"),
        *("entered-in-error", "unknown"),
    ),
    "MedicationStatement": (
        *("active", "completed", "stopped", "on-hold", "intended", "not-taken"),
        *("entered-in-error", "unknown"),
    ),
    "MedicationRequest": (
        *("active", "completed", "stopped", "on-hold", "cancelled", "draft"),
        *("entered-in-error", "unknown"),
    ),
}
"""The codes of `status` that R4 has, of the types that it requires one of."""

MEDICATIONS = ("MedicationAdministration", "MedicationDispense", "MedicationStatement", "MedicationRequest")
"""The resource types that `medications` stands for in a mapping, the strongest evidence first."""


def modified(element: Resource) -> bool:
    """Whether a resource, or a part of it, may say another thing than its elements do: it has a modifier.

    Nobody here knows any extension that modifies, nor any implicit rules (R4, Extensibility and Resource).
    """
    if element.get("modifierExtension") or element.get("implicitRules"):
        return True
    return "component" in element and any(map(modified, element["component"]))


def codings(concept: object, short: Callable[[str], str]) -> tuple[Coding, ...]:
    """All codings with a code of a CodeableConcept, systems by short name; DataError where it is not one."""
    if concept is None:
        return ()
    if not isinstance(concept, dict):
        raise DataError("a CodeableConcept is not an object", expected="an object with coding or text")
    listed = concept.get("coding", ())
    if not isinstance(listed, _LISTS):
        raise DataError("CodeableConcept.coding is not a list", expected="a list of Coding")
    found: tuple[Coding, ...] = ()
    for coding in listed:
        if not isinstance(coding, dict):
            raise DataError("a Coding is not an object", expected="an object with system and code")
        code, system = coding.get("code"), coding.get("system")
        if isinstance(code, str):
            known = _CODINGS.get((short, system, code)) if isinstance(system, str) else None
            if known is None:
                known = _coding(code, system, short)
            if len(listed) == 1:
                return known
            found += known
        elif code is not None:
            raise DataError("Coding.code is not a string", expected="a code")
    return found


_LISTS = (list, tuple)
_REMEMBERED = 1 << 16


def _coding(code: str, system: object, short: Callable[[str], str]) -> tuple[Coding]:
    """A coding that was not met before."""
    if system is not None and not isinstance(system, str):
        raise DataError("Coding.system is not a string", expected="the URL of a code system")
    made = (Coding(short(system) if system is not None else "", code.strip()),)
    if system is not None and len(_CODINGS) < _REMEMBERED:
        _CODINGS[short, system, code] = made
    return made


_CODINGS: dict[tuple[Callable[[str], str], str, str], tuple[Coding]] = {}


def loose_codings(value: object, short: Callable[[str], str]) -> tuple[Coding, ...]:
    """All codings with a code in a CodeableConcept, a Coding or a list of them, whatever else is wrong there.

    For what must not be overlooked in a record that is malformed elsewhere; `codings` is for all else.
    """
    if isinstance(value, list):
        return tuple(coding for each in value for coding in loose_codings(each, short))
    if not isinstance(value, dict):
        return ()
    code, system = value.get("code"), value.get("system")
    own = (
        (Coding(short(system) if isinstance(system, str) else "", code.strip()),)
        if isinstance(code, str)
        else ()
    )
    return own + loose_codings(value.get("coding"), short)


def concept_text(concept: object) -> str:
    """CodeableConcept.text; never a display. DataError where it is no text."""
    text = concept.get("text") if isinstance(concept, dict) else None
    if text is not None and not isinstance(text, str):
        raise DataError("CodeableConcept.text is not a string", expected="a text")
    return text or ""


class Terms(NamedTuple):
    """What reading depends on: the site's zone for dates, and the short names of code systems."""

    zone: ZoneInfo
    short: Callable[[str], str]


def status_code(resource: Resource, element: str) -> str:
    """The code of a status CodeableConcept such as clinicalStatus; "" where there is none.

    HL7's own coding goes before a local translation beside it, whatever their order.
    """
    found = codings(resource.get(element), str)
    own = [coding for coding in found if "hl7.org/" in coding.system]
    return (own or found)[0].code.lower() if found else ""


def reference_of(resource: Resource) -> str:
    """`Type/id`; DataError where the resource has neither."""
    kind, id = resource.get("resourceType"), resource.get("id")
    if not isinstance(kind, str) or not isinstance(id, str):
        raise DataError("a resource has no resourceType or no id", expected="both, as strings")
    return f"{kind}/{id}"


def _moment(resource: Resource, terms: Terms, *elements: str) -> Moment | None:
    for element in elements:
        text = resource.get(element)
        if text is not None:
            return parse_moment(text, terms.zone)
    return None


def _period(period: object, terms: Terms) -> tuple[Moment | None, Moment | None]:
    if not isinstance(period, dict):
        raise DataError("a Period is not an object", expected="an object with start or end")
    return _moment(period, terms, "start"), _moment(period, terms, "end")


def _span(start: Moment | None, end: Moment | None) -> Moment | None:
    """When something that has a start and an end took place, each of them perhaps unknown."""
    if start is None and end is None:
        return None
    return Moment(start.start if start else EVER.start, end.end if end else EVER.end)


def _observation(resource: Resource, terms: Terms, found: tuple[Coding, ...]) -> Entry | None:
    status, id = resource.get("status"), resource.get("id")
    final = status in _FINAL
    if not final and status in _NO_RESULT:
        return None
    if len(VALUES.intersection(resource)) > 1:
        refuse_values(resource)
    dated = resource.get("effectiveDateTime")
    # Observations are by far the most, and nearly all have a plain date.
    when = _moment(resource, terms, "effectiveInstant") if dated is None else parse_moment(dated, terms.zone)
    if when is None and "effectivePeriod" in resource:
        start, end = _period(resource["effectivePeriod"], terms)
        # What was seen over a period was true at its end at the latest; the start alone bounds it below.
        when = end or _span(start, None)
    said = resource.get("valueBoolean")
    state = _RECORDED if said is None else _said(said)
    if not final:
        state = State.UNCONFIRMED
    reference = f"Observation/{id}" if isinstance(id, str) else reference_of(resource)
    return _new(Entry, (reference, resource, state, when, None, False, found, None, False))


_new = tuple.__new__
"""What a named tuple is made by, which for one made by its own name a function in Python calls first."""

VALUES = frozenset(
    f"value{kind}"
    for kind in (
        *("Boolean", "CodeableConcept", "DateTime", "Integer", "Period", "Quantity", "Range", "Ratio"),
        *("SampledData", "String", "Time"),
    )
)
"""The forms of an Observation's value[x] (R4)."""


def refuse_values(holder: Resource) -> None:
    """DataError for an Observation, or a component, that has several values: value[x] is one (R4)."""
    found = VALUES.intersection(holder)
    if len(found) > 1 and sum(holder[name] is not None for name in found) > 1:
        raise DataError("it has several values, of which R4 allows one", expected="one value[x]")


_FINAL = ("final", "amended", "corrected")
_NO_RESULT = ("registered", "preliminary", "cancelled", "entered-in-error")


def _said(value: object) -> State:
    """What a valueBoolean says; DataError where it is none."""
    if not isinstance(value, bool):
        raise DataError("valueBoolean is not true or false", expected="true or false")
    return _RECORDED if value else State.DENIED


_VERIFICATION = {"": _RECORDED, "confirmed": _RECORDED, "refuted": State.DENIED}
"""What a verificationStatus says. All others leave it open, those too that R4 does not know."""

_ACTIVE = ("active", "recurrence", "relapse")
_CLINICAL = ("", *_ACTIVE, "inactive", "remission", "resolved")


_ONSETS = ("onsetAge", "onsetRange", "onsetString")
"""Forms of onset that give no date."""


def _condition(resource: Resource, terms: Terms, found: tuple[Coding, ...]) -> Entry | None:
    verification = status_code(resource, "verificationStatus")
    if verification == "entered-in-error":
        return None
    clinical = status_code(resource, "clinicalStatus")
    state = _state(verification, clinical)
    when = _moment(resource, terms, "onsetDateTime")
    if when is None and "onsetPeriod" in resource:
        when = _period(resource["onsetPeriod"], terms)[0]
    if when is None:
        when = _moment(resource, terms, "recordedDate", "assertedDate")
        if when is not None and any(element in resource for element in _ONSETS):
            # It began at an age, or in words: at some time before it was recorded.
            when = Moment(EVER.start, when.end)
    ended = _moment(resource, terms, "abatementDateTime")
    if ended is None and "abatementPeriod" in resource:
        ended = _period(resource["abatementPeriod"], terms)[1]
    ended_somehow = not clinical and any(name.startswith("abatement") for name in resource)
    # What R4 does not know may well be one of the active ones.
    ongoing = clinical in _ACTIVE or clinical not in _CLINICAL if clinical else not ended_somehow
    return Entry(reference_of(resource), resource, state, when, ended, ongoing, found)


def _state(verification: str, clinical: str) -> State:
    """What the two status elements of a diagnosis make of it: a code that R4 does not know leaves it open."""
    state = _VERIFICATION.get(verification, State.UNCONFIRMED)
    return State.UNCONFIRMED if state is _RECORDED and clinical not in _CLINICAL else state


_DONE = {
    "Procedure": ({"completed", "in-progress", "stopped", "on-hold"}, {"in-progress", "on-hold"}),
    "MedicationAdministration": (
        {"completed", "in-progress", "stopped", "on-hold"},
        {"in-progress", "on-hold"},
    ),
    "MedicationDispense": ({"completed", "in-progress", "stopped"}, {"in-progress"}),
    "MedicationStatement": ({"active", "completed", "stopped", "on-hold"}, {"active", "on-hold"}),
}
"""Per type: statuses that say it was done, and those of them that say it goes on."""

_NOT_DONE = {
    "Procedure": ("preparation", "not-done", "entered-in-error"),
    "MedicationAdministration": ("not-done", "entered-in-error"),
    "MedicationDispense": ("preparation", "cancelled", "on-hold", "entered-in-error", "declined"),
    "MedicationStatement": ("intended", "entered-in-error", "not-taken"),
}
"""Per type: statuses that say it was not, or not yet. One that R4 does not know, or none, leaves it open."""


def _therapy(resource: Resource, terms: Terms, found: tuple[Coding, ...]) -> Entry | None:
    kind = resource["resourceType"]
    done, continuing = _DONE[kind]
    status = resource.get("status")
    if not isinstance(status, str | None):
        raise DataError("status is not a string", expected="a code")
    if status in _NOT_DONE[kind]:
        return None
    state = _RECORDED if status in done else State.UNCONFIRMED
    start = end = None
    for element in ("performedPeriod", "effectivePeriod"):
        if element in resource:
            start, end = _period(resource[element], terms)
    ongoing = status in continuing and end is None
    if start is None and end is None:
        start = _moment(
            resource, terms, "performedDateTime", "effectiveDateTime", "whenHandedOver", "whenPrepared"
        )
        when, end = start, _supplied(resource, start, terms)
        if end is not None and start is not None and status == "stopped":
            # What was supplied was not used up: it ended some time before that.
            end = Moment(start.start, end.end)
        ongoing = ongoing and end is None
    else:
        when = _span(start, end)
    if when is None:
        when = _moment(resource, terms, "dateAsserted")
        # A statement asserts what was taken before it was made.
        when = Moment(EVER.start, when.end) if when is not None else None
    return Entry(reference_of(resource), resource, state, when, end, ongoing, found, start)


_DAYS = {"": 1, "d": 1, "day": 1, "days": 1, "tag": 1, "tage": 1, "wk": 7, "week": 7, "weeks": 7}
"""Units in which a supply is given. The element says days; months are of no certain length."""


def _supplied(resource: Resource, start: Moment | None, terms: Terms) -> Moment | None:
    """When a dispense is used up (R4 MedicationDispense.daysSupply); None where that is not told.

    Where the supply is only bounded, at some time since.
    """
    supply = resource.get("daysSupply")
    if supply is None or start is None:
        return None
    value = supply.get("value") if isinstance(supply, dict) else supply
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise DataError("daysSupply has no number", expected="a quantity of days")
    days = _DAYS.get(str(supply.get("code") or supply.get("unit") or "").lower())
    if value is None or days is None or not 0 < value * days <= _LONGEST_SUPPLY:
        return None
    first, last = (day + timedelta(days=int(value * days)) for day in local_dates(start, terms.zone))
    comparator = supply.get("comparator")
    if comparator is not None:
        upper = comparator in ("<", "<=")
        return Moment(start.start, end_of_day(last, terms.zone) if upper else EVER.end)
    return Moment(start_of_day(first, terms.zone), end_of_day(last, terms.zone))


_LONGEST_SUPPLY = 3660


def _request(resource: Resource, terms: Terms, found: tuple[Coding, ...]) -> Entry | None:
    status, forbids = resource.get("status"), resource.get("doNotPerform")
    if status in ("cancelled", "entered-in-error", "draft"):
        return None
    if not isinstance(forbids, bool | None):
        raise DataError("doNotPerform is not true or false", expected="true or false")
    if resource.get("intent") in ("proposal", "plan", "option") or forbids:
        return None
    state = State.ORDERED if status in _ORDERED else State.UNCONFIRMED
    when = _moment(resource, terms, "authoredOn")
    return Entry(reference_of(resource), resource, state, when, None, status == "active", found)


_ORDERED = ("active", "on-hold", "completed", "stopped")


def contained_medication(resource: Resource) -> Resource | None:
    """The contained Medication that `medicationReference` names by `#id`, else None."""
    reference = resource.get("medicationReference")
    target = reference.get("reference") if isinstance(reference, dict) else None
    if isinstance(target, str) and target.startswith("#"):
        for contained in resource.get("contained", ()):
            if contained.get("id") == target[1:]:
                found: Resource = contained
                return found
    return None


def medication_elements(medication: Resource) -> list[object]:
    """What a Medication is (R4): its code, and its ingredients but for those that are not active."""
    ingredients = [
        each.get("itemCodeableConcept")
        for each in medication.get("ingredient", ())
        if each.get("isActive") is not False
    ]
    return [element for element in (medication.get("code"), *ingredients) if element is not None]


def _allergy(resource: Resource, terms: Terms, found: tuple[Coding, ...]) -> Entry | None:
    verification = status_code(resource, "verificationStatus")
    if verification == "entered-in-error":
        return None
    clinical = status_code(resource, "clinicalStatus")
    state = _state(verification, clinical)
    when = _moment(resource, terms, "onsetDateTime", "recordedDate")
    return Entry(
        reference_of(resource), resource, state, when, None, clinical not in ("inactive", "resolved"), found
    )


READERS: dict[str, Callable[[Resource, Terms, tuple[Coding, ...]], Entry | None]] = {
    "Observation": _observation,
    "Condition": _condition,
    "Procedure": _therapy,
    "MedicationAdministration": _therapy,
    "MedicationDispense": _therapy,
    "MedicationStatement": _therapy,
    "MedicationRequest": _request,
    "AllergyIntolerance": _allergy,
}

"""By type, what makes an Entry of a resource that has none of the `MODIFYING` elements."""

CLINICAL_TYPES = tuple(READERS)
"""The resource types that a mapping may name as a source."""


def read_entry(resource: Resource, terms: Terms, found: tuple[Coding, ...] = ()) -> Entry | None:
    """The Entry of a clinical resource; None where its status says that it is no evidence.

    `found` are the codings of `code_elements`, by whoever looked them up; of a medication perhaps those of
    the Medication that it refers to.
    What a modifier changes that nobody here knows is UNCONFIRMED (R4, modifierExtension).
    Dates without a time are local to the zone of `terms`. Raises DataError for elements of the wrong form,
    and nothing for missing ones.
    """
    reader = READERS.get(resource.get("resourceType", ""))
    entry = None if reader is None else reader(resource, terms, found)
    if entry is None or MODIFYING.isdisjoint(resource) or not modified(resource):
        return entry
    return entry._replace(state=State.UNCONFIRMED)


MODIFYING = frozenset(("modifierExtension", "implicitRules", "component"))
"""Elements without one of which nothing modifies what an Observation's value or a record's code says."""


def code_elements(resource: Resource) -> Iterator[object]:
    """The CodeableConcepts that say what the resource is about, for finding out what concepts it touches."""
    kind = resource.get("resourceType")
    if kind in MEDICATIONS:
        named = resource.get("medicationCodeableConcept")
        medication = contained_medication(resource)
        inside = [] if medication is None else medication_elements(medication)
        yield from (named,) if named else inside or (None,)
        return
    yield resource.get("code")
    if kind == "Observation":
        for component in resource.get("component", ()):
            if isinstance(component, dict):
                yield component.get("code")
    elif kind == "AllergyIntolerance":
        for reaction in resource.get("reaction", ()):
            if not isinstance(reaction, dict):
                raise DataError("AllergyIntolerance.reaction is not a list of objects", expected="a list")
            yield reaction.get("substance")
