"""Diagnoses, events and therapies: whether something is on record, as asked."""

from __future__ import annotations

from fhirscreen.engines.evaluator.absence import absent
from fhirscreen.engines.evaluator.cases import Case, clipped, date_text, has_any
from fhirscreen.engines.evaluator.denials import Occurrence, contradicts, ends
from fhirscreen.engines.evaluator.items import focus_of, text_of
from fhirscreen.engines.evaluator.texts import says_no, says_nothing, says_yes
from fhirscreen.engines.evaluator.therapies import active, as_dose, given_as_asked, in_courses, last_given
from fhirscreen.fhir.entries import Entry, State, codings, modified
from fhirscreen.fhir.shapes import UNKNOWN_MODIFIER
from fhirscreen.mapping.concepts import Concept, ConceptKind, Role, Source
from fhirscreen.plan.nodes import Feature, Occurred
from fhirscreen.values.codes import CodeSet
from fhirscreen.values.dates import EVER, Moment, relation
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth, conjunction, negation
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason, first_reason

# Members by a name of their own: found on their class, for every record, they cost ten times as much.
_THERAPY = ConceptKind.THERAPY
_HISTORY = Role.HISTORY
_VISIT = Role.VISIT
_MATCH = Role.MATCH
_JUDGEMENT = Role.JUDGEMENT
_DENIED = State.DENIED
_PRESUMED = Basis.PRESUMED
_RECORDED = Basis.RECORDED

ROLES = tuple(Role)
SAYING = (_MATCH, _VISIT, _HISTORY)
"""Roles of the records that say that it is, or was, so."""
_DENYING = (_MATCH, _JUDGEMENT)
"""Roles of the records that say that it is not so where they are denied."""


def occurred(case: Case, node: Occurred) -> Proof:
    """The proof that the diagnosis or therapy is on record as asked."""
    found = occurrences(case, node)
    if not found:
        ever = not node.active
        return absent(case, node.feature.concept, node.within, ever=ever)._replace(says=node.says)
    proof = settle(case, node, found)
    if proof.truth is FALSE and not case.chart.whole(node.feature.concept):
        # A record that was not fetched, or could not be read, may be the one that matches.
        because = case.chart.unreadable(node.feature.concept)
        return proof._replace(truth=UNKNOWN, reason=Reason.NOT_FETCHED, because=because)
    return proof


def settle(case: Case, node: Occurred, found: list[Occurrence]) -> Proof:
    """A match wins; then what is uncertain; then what speaks against it; then what is less specific.

    What rules it out (another histology of the same cancer) and is not older than the match contradicts it.
    """
    matches = [o for o in found if o.role in SAYING and o.entry.state is not _DENIED]
    denials = [o for o in found if o.role in _DENYING and o.entry.state is _DENIED]
    true = [o for o in matches if o.truth is TRUE]
    if true:
        refuted = [(each, [o for o in denials if contradicts(o, each)]) for each in true]
        standing = [each for each, refuting in refuted if not refuting]
        against = _contradicting(node, found, standing)
        if standing and against:
            return _proof(case, node, UNKNOWN, Reason.CONFLICTING, standing + against)
        if standing:
            reason = Reason.ORDER_ONLY if all(o.basis is _PRESUMED for o in standing) else None
            return _proof(case, node, TRUE, reason, standing)
        refusing = [o for o in denials if any(o in each for _, each in refuted)]
        if node.active and all(any(ends(o, each) for o in those) for each, those in refuted):
            return _proof(case, node, FALSE, None, refusing)
        return _proof(case, node, UNKNOWN, Reason.CONFLICTING, true + refusing)
    denied = _DENIED
    judged = [
        o for o in found if o.role is _JUDGEMENT and o.truth is not FALSE and o.entry.state is not denied
    ]
    unknown = [o for o in matches if o.truth is UNKNOWN] + judged
    if unknown:
        reasons = [o.reason for o in unknown if o.reason is not None]
        return _proof(case, node, UNKNOWN, first_reason(reasons), unknown)
    if disjoint := _ruling_out(found):
        return _proof(case, node, FALSE, None, disjoint)
    denials = [o for o in denials if o.truth is not FALSE and _of_now(case, node, o)]
    if sure := [o for o in denials if o.truth is TRUE]:
        return _proof(case, node, FALSE, None, sure)
    if denials:
        reasons = [o.reason for o in denials if o.reason is not None]
        return _proof(case, node, UNKNOWN, first_reason(reasons), denials)
    coarser = [o for o in found if o.role is Role.COARSER and o.truth is not FALSE]
    if coarser:
        return _proof(case, node, UNKNOWN, Reason.COARSER_CODE, coarser)
    against = [o for o in matches if o.truth is FALSE]
    nothing = absent(case, node.feature.concept, node.within, ever=not node.active)
    if against and _settled_by(node):
        return _proof(case, node, FALSE, None, against)
    if against and node.active and node.feature.concept.recurs:
        if nothing.truth is FALSE:
            nothing = nothing._replace(evidence=tuple(sorted({o.entry.reference for o in against})))
        elif nothing.reason is Reason.NO_RECORD and not nothing.because:
            nothing = nothing._replace(because=_ended(case, against))
    return nothing._replace(says=node.says)


def _contradicting(node: Occurred, found: list[Occurrence], matches: list[Occurrence]) -> list[Occurrence]:
    """What says another thing of the same cancer and is not surely older: a revised diagnosis stands."""
    if not node.feature.concept.about_cancer:
        return []
    return [
        other
        for other in _ruling_out(found)
        if not any(other.when.end <= match.when.start for match in matches)
    ]


def _ruling_out(found: list[Occurrence]) -> list[Occurrence]:
    """What surely says that it is another disease."""
    return [o for o in found if o.role is Role.DISJOINT and o.truth is TRUE and o.entry.state is not _DENIED]


def _ended(case: Case, against: list[Occurrence]) -> str:
    """That the last one on record has ended, which tells nothing of now."""
    last = max(against, key=lambda o: (o.when.end, o.when.start, o.entry.reference))
    date = date_text(last.entry.when, case.site.zone)
    return f"the last one on record{f' ({date[:10]})' if date else ''} has ended, and says nothing of now"


def _settled_by(node: Occurred) -> bool:
    """Whether a record that is not as asked settles the question by itself: a resolved or mild condition.

    An episode that has ended says nothing of now where there may be another.
    """
    concept = node.feature.concept
    if concept.kind is _THERAPY or (node.active and concept.recurs):
        return False
    return node.active or node.severity is not None


def _of_now(case: Case, node: Occurred, denial: Occurrence) -> bool:
    """Whether a denial may speak of now: not that of an episode long ago, where there may be another."""
    decides = node.feature.windows.decides
    if not (node.active and node.feature.concept.recurs) or decides is None:
        return True
    return relation(denial.when, case.as_of.window(decides)) is not FALSE


def _proof(case: Case, node: Occurred, truth: Truth, reason: Reason | None, found: list[Occurrence]) -> Proof:
    best = max(found, key=lambda o: (o.when.end, o.when.start, o.entry.reference))
    basis = _PRESUMED if reason is Reason.ORDER_ONLY and truth is TRUE else _RECORDED
    date = date_text(best.entry.when, case.site.zone)
    evidence = tuple(sorted({o.entry.reference for o in found}))
    proof = Proof(truth, basis, reason, evidence, _code(case, node, best), "", date, node.says)
    if reason is Reason.UNCONFIRMED and any(modified(o.entry.resource) for o in found):
        return proof._replace(because=UNKNOWN_MODIFIER)
    return proof


def _code(case: Case, node: Occurred, best: Occurrence) -> str:
    """The code that says it: of the source's own codes where one is, else the first.

    Where a source asks for a value too, the value says it: what was asked (a histology) says nothing.
    """
    entry = best.entry
    for source in node.feature.sources:
        for coding in entry.codings if source.role is best.role else ():
            if not source.codes.matches(coding.system, coding.code):
                continue
            if source.value is None:
                return coding.code
            for value in codings(entry.resource.get("valueCodeableConcept"), case.chart.index.terms.short):
                if source.value.matches(value.system, value.code):
                    return value.code
    return entry.codings[0].code if entry.codings else ""


def occurrences(case: Case, node: Occurred) -> list[Occurrence]:
    """Every record of the concept up to the index date, judged as asked."""
    found = case.found(node.feature.concept, *ROLES)
    if node.feature.concept.doses_apart is not None and (node.active or node.minimum_duration is not None):
        found = in_courses(case, node, found)
    return [o for source, entry in found if (o := _judge(case, node, source, entry)) is not None]


def _judge(case: Case, node: Occurred, source: Source, found: Entry) -> Occurrence | None:
    concept, end = node.feature.concept, case.chart.end
    said = _as_said(case, concept, source, found)
    if said is None:
        return None
    entry, open_for = said
    when = clipped(entry.when, end)
    checks: list[tuple[Truth, Reason]] = [] if open_for is None else [(UNKNOWN, open_for)]
    if concept.kind is not _THERAPY and (linked := _linked(case, concept, entry)) is not TRUE:
        if linked is FALSE:
            return None
        checks.append((linked, Reason.AMBIGUOUS_FOCUS))
    if entry.state is _DENIED and source.role in _DENYING:
        # Neither severity nor an end is asked of what is not there, only whose it is, and when it was said.
        return _occurrence(case, node, entry, checks, _RECORDED, when, source.role)
    if source.role is _JUDGEMENT:
        checks.append((UNKNOWN, Reason.JUDGEMENT))
    if source.role is _HISTORY and node.active:
        checks.append((FALSE, Reason.STALE))
    basis = _RECORDED
    if entry.state is State.UNCONFIRMED:
        checks.append((UNKNOWN, Reason.UNCONFIRMED))
    elif entry.state is State.ORDERED:
        if concept.id in case.site.order_counts_as_given:
            basis = _PRESUMED
        else:
            checks.append((UNKNOWN, Reason.ORDER_ONLY))
    if concept.kind is _THERAPY and source.role is _HISTORY and node.purpose is not None:
        checks.append((UNKNOWN, Reason.AMBIGUOUS_FOCUS))
    if concept.kind is _THERAPY and source.role is not _HISTORY:
        visit = source.role is _VISIT
        checks.extend(given_as_asked(case, node, entry, visit=visit))
        when = last_given(as_dose(entry) if visit else entry, end, lasting=source.role is _MATCH)
    elif node.active and source.role is not _HISTORY:
        # What was observed holds as long as the mapping says: there is nothing that ends it.
        observed = entry.resource["resourceType"] == "Observation"
        checks.append((TRUE if observed else active(entry, end), Reason.IMPRECISE_DATE))
        checks.append((_fresh(case, node, entry, when), Reason.STALE))
    if node.severity is not None:
        checks.append((_severity(case, node.severity, entry), Reason.NO_VALUE))
    return _occurrence(case, node, entry, checks, basis, when, source.role)


def _occurrence(
    case: Case,
    node: Occurred,
    entry: Entry,
    checks: list[tuple[Truth, Reason]],
    basis: Basis,
    when: Moment,
    role: Role,
) -> Occurrence:
    """A record by its checks, and whether it was in the window that is asked about."""
    if node.within is not None:
        checks.append((relation(when, case.as_of.window(node.within)), Reason.IMPRECISE_DATE))
    truth = conjunction(check for check, _ in checks)
    reason = first_reason([reason for check, reason in checks if check is UNKNOWN])
    return Occurrence(entry, truth, reason if truth is UNKNOWN else None, basis, when, role)


_Said = tuple[Entry, Reason | None]
"""A record, and why what it says of the concept cannot be told; None where it can."""


def _as_said(case: Case, concept: Concept, source: Source, entry: Entry) -> _Said | None:
    """A record with what its source and its value make of it; None where it says nothing."""
    if source.role is _HISTORY and entry.when is not None:
        # A history tells of what was before it: an old infarct is none of the day on which it was noted.
        entry = entry._replace(when=Moment(EVER.start, entry.when.end))
    if source.resource == "Condition" and entry.state is _DENIED and concept.kind is _THERAPY:
        # That a harm by it, or its long-term use, is refuted does not say that it was never given.
        return None
    if source.resource == "Observation" and source.value is None and entry.state is State.RECORDED:
        return _answered(case, source, entry)
    return entry, None


def _answered(case: Case, source: Source, entry: Entry) -> _Said | None:
    """An Observation by the answer that its value gives: yes, no (a denial), or none at all (None).

    An answer that nobody knows is neither yes nor no; nor is one whose words say another thing than its
    codes.
    """
    resource, index = entry.resource, case.chart.index
    value, text = codings(resource.get("valueCodeableConcept"), index.terms.short), text_of(resource)
    yes = has_any(index.affirmations, value) or has_any(source.codes, value) or says_yes(text)
    no = has_any(index.denials, value) or says_no(text)
    unsaid = has_any(index.unsaid_answers, value)
    if (yes, no, unsaid).count(True) > 1:
        return entry, Reason.CONFLICTING
    if yes or no:
        return (entry if yes else entry._replace(state=_DENIED)), None
    if unsaid or (text and says_nothing(text)):
        return None
    if resource.get("valueBoolean"):
        return entry, None
    if any(element.startswith("value") and resource[element] is not None for element in resource):
        return entry, Reason.NO_VALUE if text and not value else Reason.COARSER_CODE
    # A code of LOINC is a question, and says nothing without an answer.
    asked = all(coding.system == "loinc" for coding in entry.codings)
    return None if asked or "dataAbsentReason" in resource else (entry, None)


def _linked(case: Case, concept: Concept, entry: Entry) -> Truth:
    """Whether a record is about what the concept is about: the index cancer, a metastasis, another cancer."""
    if concept.about_other_cancer and not entry.unclear:
        return negation(case.of_index_cancer(entry))
    return focus_of(case, concept, entry)


def _fresh(case: Case, node: Occurred, entry: Entry, when: Moment) -> Truth:
    """Whether a state that does not last (an infection, a pregnancy) began not too long ago to go on."""
    decides = node.feature.windows.decides
    if decides is None or node.within is not None or entry.when is None:
        return TRUE
    inside = relation(when, case.as_of.window(decides))
    return TRUE if inside is TRUE else UNKNOWN


def _severity(case: Case, wanted: CodeSet, entry: Entry) -> Truth:
    found = codings(entry.resource.get("severity"), case.chart.index.terms.short)
    if not found:
        return UNKNOWN
    return TRUE if has_any(wanted, found) else FALSE


def event_times(case: Case, feature: Feature) -> list[Moment]:
    """When the events of a feature took place: those that surely did, and have a date.

    A therapy is an event only if it was given for the index cancer.
    """
    if feature.concept.id not in case.chart.present:
        return []
    key = ("events", feature.concept.id)
    known: list[Moment] | None = case.memory.get(key)
    if known is None:
        purpose = None
        if feature.concept.kind is _THERAPY and case.population is not None:
            purpose = case.chart.index.purpose(case.population.concept)
        found = occurrences(case, Occurred(feature, "", purpose=purpose))
        known = [
            o.entry.when
            for o in found
            if o.role is _MATCH
            and o.truth is TRUE
            and o.entry.when is not None
            and o.entry.state is State.RECORDED
        ]
        case.memory[key] = known
    return known
