"""Reasons, gates and numbers in plain words: what a coordinator reads, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from string import ascii_uppercase

from fhirscreen.criteria.amounts import say_bound, say_unit
from fhirscreen.criteria.english import join_words, say, spell_id
from fhirscreen.criteria.nodes import Confirm, Count, Derived, Finding, Measured, Not, Recorded
from fhirscreen.criteria.studies import Criterion
from fhirscreen.criteria.walk import concepts, walk
from fhirscreen.engines.evaluator.items import FROM_DIAGNOSIS, READ_FROM_TEXT
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Concept, ConceptKind
from fhirscreen.mapping.displays import call
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof, atom, derivation, explained, facts, gainsaid, lacking
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Gate, Standing, Status, standing

STATUSES: dict[Status, str] = {
    Status.CANDIDATE: "Candidate",
    Status.POTENTIAL_CANDIDATE: "Potential candidate",
    Status.INELIGIBLE: "Ineligible",
}

PERSON_STATUSES: dict[str, str] = {
    "candidate": "Candidate",
    "potential-candidate": "Potential candidate",
    "eligible": "Suitable",
    "screening": "In screening",
    "pending-on-study": "About to begin",
    "on-study": "On the study",
    "on-study-intervention": "On the study, under treatment",
    "on-study-observation": "On the study, under observation",
    "follow-up": "In follow-up",
    "ineligible": "Not suitable",
    "not-registered": "Not registered",
    "off-study": "Off the study",
    "withdrawn": "Withdrawn",
}
"""What a person said by setting a status (FHIR R4, research-subject-status)."""

GATES: dict[Gate, str] = {
    Gate.MERGED: "Merged into another patient's record",
    Gate.INACTIVE: "Record not in use",
    Gate.DECEASED: "Deceased",
    Gate.OBJECTED: "Objects to research",
    Gate.ON_STUDY: "Already on this study",
    Gate.DECLINED: "Declined, or screened out by a person",
}

GATE_SOURCES: dict[Gate, str] = {
    Gate.MERGED: "Patient.link, replaced-by or replaces: the records are read with those of the survivor",
    Gate.INACTIVE: "Patient.active is false",
    Gate.DECEASED: "Patient.deceased, true or a date up to the index date",
    Gate.OBJECTED: "a Consent in force that denies research, or a flag that the site names",
    Gate.ON_STUDY: "a ResearchSubject of this study that a person set",
    Gate.DECLINED: "a ResearchSubject of this study that a person set",
}
"""Where a gate is read."""

REASONS: dict[Reason, str] = {
    Reason.ASK_IN_PERSON: "to be asked in person",
    Reason.UNREAD: "nobody has mapped this text yet",
    Reason.NOT_FETCHED: "the data could not be fetched or read",
    Reason.BOUND_IN_QUESTION: "depends on the investigator's answer to an open question",
    Reason.CONFLICTING: "records contradict each other",
    Reason.AMBIGUOUS_FOCUS: "not clear which disease the record is about",
    Reason.COARSER_CODE: "recorded less precisely than the criterion asks",
    Reason.UNCONFIRMED: "recorded, and not confirmed",
    Reason.ORDER_ONLY: "ordered, and nothing shows that it was given",
    Reason.JUDGEMENT: "recorded, and for the investigator to judge",
    Reason.STALE: "the last record is too old",
    Reason.NO_VALUE: "recorded without a usable value",
    Reason.NO_UNIT: "recorded without a unit",
    Reason.INCOMPARABLE_UNIT: "recorded in a unit that cannot be compared",
    Reason.IMPLAUSIBLE_VALUE: "the value is implausible",
    Reason.NO_REFERENCE_RANGE: "the result has no usable reference range",
    Reason.CENSORED_VALUE: "the value is too imprecise to decide",
    Reason.IMPRECISE_DATE: "a date is too imprecise to decide",
    Reason.NOT_COMPUTABLE: "cannot be computed from what is recorded",
    Reason.NO_RECORD: "no record that counts",
    Reason.ABSENCE_PRESUMED: "no record of it, taken as no",
}

PRESUMED = (
    "how many criteria are met because nothing is on record, where the hospital says that it records such "
    "things completely"
)

# What a reason means where the proof says of which record, and in its own words why.
_EXPLAINED: dict[Reason, str] = {
    Reason.NOT_FETCHED: "a record could not be read",
    Reason.COARSER_CODE: "a record that no known code names may be one",
}

_TWICE = " / "
_COMPUTED_TWICE = "two ways to compute it give opposite answers"
_ON_RECORD_AS_NO = "what is on record says no, and nothing else of it is"

MEASURED = frozenset((ConceptKind.MEASUREMENT, ConceptKind.CATEGORY, ConceptKind.DERIVED))
"""What has a value of its own."""

_TELLING = re.compile(r"[TNM][\dX]", re.ASCII)
"""A value that says what it is of: T4a, N0, M1."""

_SHORT_RUN = 2
_FEW = 3
"""So many deciding values at most are said together."""

_ASIDE = re.compile(rf" \((?:{READ_FROM_TEXT}|{FROM_DIAGNOSIS})\)")
_LONG = re.compile(r"\d{1,3}\.\d{4,}", re.ASCII)
_BETWEEN = re.compile(r">=(\S+) <=(\S+)", re.ASCII)
_DAYS = re.compile(r"\b\d{4}-\d\d(?:-\d\d)?\b", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def brief(said: str) -> str:
    """The same for a list: that a value was read from text, or from the diagnosis, is for the proof."""
    return _ASIDE.sub("", said)


def say_date(text: str) -> str:
    """An ISO date or part of one, its time left out: `2026-10-12T14:15:00+02:00` → "12 Oct 2026"."""
    year, month, day = (*text[:10].split("-"), "", "")[:3]
    named = _MONTHS[int(month) - 1] if month.isdecimal() and 1 <= int(month) <= len(_MONTHS) else ""
    return " ".join(part for part in (day.lstrip("0") if named else "", named, year) if part)


def say_day(day: date) -> str:
    """A date in words: "1 Nov 2026"."""
    return say_date(day.isoformat())


def say_because(because: str) -> str:
    """What a proof says beside its reason, with dates and numbers as they are read."""
    return _DAYS.sub(lambda day: say_date(day[0]), _shorten(because))


def computed_twice(proof: Proof) -> bool:
    """Whether a quantity can be computed in two ways, which give opposite answers."""
    return proof.reason is Reason.CONFLICTING and _TWICE in proof.value


def say_value(proof: Proof, criterion: Criterion, catalogue: Catalogue) -> str:
    """The deciding value as it is read: "62 mm", "T4a", "Unstable angina, I20.0"; empty where there is none.

    A computed value has four significant digits here; the files hold all of them.
    """
    if proof.value:
        return _say_atom(proof, criterion, catalogue)
    if proof.truth is Truth.UNKNOWN:
        return ""
    # Several decide together: each says what it has, where they are few.
    found = facts(proof)
    alone = len(found) == 1
    said = dict.fromkeys(
        _say_atom(each, criterion, catalogue) if alone else name_value(each, criterion, catalogue)
        for each in found
    )
    return ", ".join(said) if len(said) <= _FEW else ""


def name_value(proof: Proof, criterion: Criterion, catalogue: Catalogue) -> str:
    """A value with the name of what it is of, unless it says that itself (T3, a diagnosis): "ALT 47 U/L"."""
    value = _say_atom(proof, criterion, catalogue)
    concept = valued(proof, criterion, catalogue)
    if concept is None or _TELLING.match(value) or value.startswith(label(concept)):
        return value
    return f"{label(concept)} {value}"


def valued(proof: Proof, criterion: Criterion, catalogue: Catalogue) -> Concept | None:
    """The measurement, category or computed quantity that a proof's value is of; None of anything else.

    Of a quantity that may be measured or computed, the measured one: that is the name it goes by.
    """
    named = [catalogue.concepts[id] for id in concepts(criterion.expression) if catalogue.has(id)]
    says = atom(proof).says
    asked = [concept for concept in named if label(concept) in says] if says else named
    asked.sort(key=lambda each: (each.kind is ConceptKind.DERIVED, -len(label(each))))
    return asked[0] if asked and asked[0].kind in MEASURED else None


def fact_date(proof: Proof) -> str:
    """The date of the deciding value in words; where several decide, their date if it is the same."""
    if proof.date or proof.truth is Truth.UNKNOWN:
        born = proof.unit == "a" and proof.date
        return f"born {say_date(proof.date)}" if born else say_date(proof.date)
    found = {atom.date[:10] for atom in facts(proof) if atom.unit != "a"}
    return say_date(found.pop()) if len(found) == 1 else ""


def _say_atom(proof: Proof, criterion: Criterion, catalogue: Catalogue) -> str:
    if proof.unit:
        value = _shorten(proof.value)
        value = _BETWEEN.sub(r"\1 to \2", value)
        said = derivation(proof)
        told = f" ({say_because(said)})" if said else ""
        return f"{value} {say_unit(proof.unit) if proof.unit != 'a' else 'years'}".rstrip() + told
    if proof.value.isdecimal() and _counts(proof, criterion, catalogue):
        return f"{proof.value if proof.value != '0' else 'none'} on record"
    named = [catalogue.concepts[id] for id in concepts(criterion.expression) if catalogue.has(id)]
    coded = {ConceptKind.DIAGNOSIS, ConceptKind.THERAPY, ConceptKind.EVENT}
    is_code = any(letter.isdigit() for letter in proof.value)  # `male` is none
    if is_code and any(c.kind in coded for c in named) and all(c.value(proof.value) is None for c in named):
        called = call(proof.value, named, catalogue.displays)
        return f"{called}, {proof.value}" if called else f"code {proof.value}"
    return _say_category(proof.value, named, catalogue) + _spread(proof, criterion, catalogue)


def _say_category(value: str, named: Sequence[Concept], catalogue: Catalogue) -> str:
    """The name of a category's value; of another category that it was derived from, with its label."""
    if any(concept.value(value) for concept in named):
        return value.replace("-", " ")
    for concept in named:
        for other, _ in concept.derived_from:
            if catalogue.has(other) and catalogue.concepts[other].value(value):
                return f"{label(catalogue.concepts[other])} {value}"
    return value


def label(concept: Concept) -> str:
    """What a concept is called, without what its label adds in brackets."""
    return concept.label.partition(" (")[0]


def _shorten(text: str) -> str:
    """Numbers with four significant digits where they have more decimals than that."""
    return _LONG.sub(lambda number: f"{float(number[0]):.4g}", text)


def _spread(proof: Proof, criterion: Criterion, catalogue: Catalogue) -> str:
    """What else to say of a category: where it was derived from, and of M1 where the cancer may be."""
    node = criterion.expression
    node = node.of if isinstance(node, Not) else node
    said = [derivation(proof)]
    if isinstance(node, Finding) and catalogue.has(node.concept):
        concept = catalogue.concepts[node.concept]
        spread = proof.value in concept.below(tuple(implied for implied, _ in concept.implied_by))
        read = any(each.startswith("Observation/") for each in proof.evidence)
        if spread and proof.truth is Truth.UNKNOWN and proof.basis is Basis.DERIVED and not read:
            said.append("from metastases on record")
        if spread and node.sites and _met(proof, criterion):
            said.append(f"{join_words([*map(spell_id, node.sites)], 'or')} only")
    details = ", ".join(each for each in said if each)
    return f" ({details})" if details else ""


def _met(proof: Proof, criterion: Criterion) -> bool:
    return standing(criterion.kind, proof.truth) is Standing.MET


def _counts(proof: Proof, criterion: Criterion, catalogue: Catalogue) -> bool:
    """Whether the value is how many records there are, not what one of them says."""
    deciding = proof
    while deciding.children:
        same = [c for c in deciding.children if (c.value, c.date) == (proof.value, proof.date)]
        # Where several keep it open, the first that has the reason of all.
        alike = [c for c in deciding.children if proof.truth is Truth.UNKNOWN and c.reason is proof.reason]
        if not (same or alike):
            break
        deciding = (same or alike)[0]
    counted = {
        say(node, lambda id: catalogue.concepts[id].label if catalogue.has(id) else spell_id(id))
        for node in walk(criterion.expression)
        if isinstance(node, Count)
    }
    return deciding.says in counted


def say_reason(proof: Proof, criterion: Criterion, catalogue: Catalogue) -> str:
    """Why a criterion is open: the reason, then the value and date where one record decides."""
    said = REASONS[proof.reason] if proof.reason is not None else ""
    if proof.reason is Reason.JUDGEMENT and not proof.evidence:
        said = "for the investigator to judge"
    if proof.reason is Reason.INCOMPARABLE_UNIT:
        asked = [catalogue.concepts[id].unit for id in concepts(criterion.expression) if catalogue.has(id)]
        if len(asked) == 1 and asked[0]:
            said = f"{said} with {say_unit(asked[0]).removeprefix('× ')}"
    because = explained(proof)
    if because and on_record(proof):
        said = because
    elif because and proof.reason is not None:
        value = say_value(proof, criterion, catalogue) if lacking(proof) else ""
        known = f"{', '.join(part for part in (value, fact_date(proof)) if part)}; " if value else ""
        if computed_twice(proof):
            said = _COMPUTED_TWICE
        return f"{_EXPLAINED.get(proof.reason, said)} ({known}{say_because(because)})"
    if proof.reason is Reason.AMBIGUOUS_FOCUS and is_about_therapy(proof):
        said = "not clear what it was given for"
    if proof.reason is Reason.CENSORED_VALUE and _counts(proof, criterion, catalogue):
        said = "what is on record need not be all"
    if proof.reason is Reason.ABSENCE_PRESUMED and proof.evidence:
        said = _ON_RECORD_AS_NO
    details = ", ".join(part for part in (say_value(proof, criterion, catalogue), fact_date(proof)) if part)
    if against := gainsaid(proof):
        details = "; ".join(part for part in (details, say_because(against)) if part)
    return f"{said} ({details})" if said and details else said or details


def on_record(proof: Proof) -> bool:
    """Whether what keeps it open is a record of the very thing: less precise, or unread."""
    return proof.reason is Reason.COARSER_CODE and proof.basis is not Basis.MISSING


def say_statement(says: str, criterion: Criterion, catalogue: Catalogue) -> str:
    """A statement within a criterion as a person says it: no "at least 0" where any value at all is meant."""
    for node in walk(criterion.expression):
        if not isinstance(node, Recorded) or not isinstance(node.of, Measured | Derived):
            continue
        low, id = node.of.bounds.low, node.of.concept if isinstance(node.of, Measured) else node.of.quantity
        if not catalogue.has(id) or catalogue.concepts[id].signed or node.of.bounds.high is not None:
            continue
        if low is not None and low.value == 0 and low.inclusive:
            says = says.replace(
                f"{catalogue.concepts[id].label} at least {say_bound(low)}", catalogue.concepts[id].label
            )
    return says


def is_about_therapy(proof: Proof) -> bool:
    """Whether everything that decides is a record of treatment."""
    kinds = {reference.partition("/")[0] for reference in proof.evidence}
    return bool(kinds) and kinds <= _TREATMENT


_TREATMENT = {
    "MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement", "Procedure",
}  # fmt: skip


def say_question(criterion: Criterion) -> str:
    """What to ask in person, as the study words it."""
    return next(
        (node.ask for node in walk(criterion.expression) if isinstance(node, Confirm)), criterion.says
    )


def say_places(places: Sequence[int]) -> str:
    """Letters for places from 0 on, runs drawn together: 0, 1, 2, 4 → "A to C, E"."""
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    said = []
    for run in runs:
        apart = [run[0], run[-1]] if len(run) > _SHORT_RUN else run
        said.append((" to " if len(run) > _SHORT_RUN else ", ").join(letter(place) for place in apart))
    return ", ".join(said)


def letter(place: int) -> str:
    """A to Z, then A2 to Z2, and so on."""
    again, place = divmod(place, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(again + 1) if again else "")


def count_patients(number: int) -> str:
    """`1 patient`, `2 patients`."""
    return f"{number} patient" if number == 1 else f"{number} patients"


def count_near_misses(number: int) -> str:
    """`1 near miss`, `2 near misses`."""
    return f"{number} near miss" if number == 1 else f"{number} near misses"
