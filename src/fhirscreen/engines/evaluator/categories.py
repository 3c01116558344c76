"""Categories: a coded value among several, with its staging, its finer values and its sites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from fhirscreen.criteria.bounds import Staging, Which
from fhirscreen.engines.evaluator.absence import no_value
from fhirscreen.engines.evaluator.cases import Case, body_sites, clipped, date_text, has_any, morphology
from fhirscreen.engines.evaluator.items import (
    FROM_DIAGNOSIS,
    READ_FROM_TEXT,
    Item,
    canonical,
    component_of,
    focus_of,
    read_number,
    text_of,
)
from fhirscreen.engines.evaluator.occurrences import event_times
from fhirscreen.engines.evaluator.selection import Decide, Placed, candidates, decide, place, shown_proof
from fhirscreen.engines.evaluator.texts import names_value, read_text
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Entry, Resource, State, codings, concept_text
from fhirscreen.fhir.references import targets
from fhirscreen.mapping.concepts import Concept, Role, Source
from fhirscreen.plan.nodes import Feature, ValueAmong
from fhirscreen.values.codes import Coding
from fhirscreen.values.dates import EVER, Moment
from fhirscreen.values.intervals import is_above
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth, known
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason, first_reason

# Members by a name of their own: found on their class, for every record, they cost ten times as much.
_ANY = Staging.ANY
_CONFLICTING = Reason.CONFLICTING
_MATCH = Role.MATCH
_UNCONFIRMED = State.UNCONFIRMED
_RECORDED = Basis.RECORDED
_DENIED = State.DENIED

_PREFIX = re.compile(r"^(?:AJCC\s*)?(yp|yc|c|p|r|a)(?=[TNM0-4I])", re.IGNORECASE)
_NUMBERS = frozenset(("valueInteger", "valueQuantity"))
_NOTHING: frozenset[str] = frozenset()
_SAID = frozenset((Reason.CONFLICTING, Reason.COARSER_CODE))
"""Why a value that is on record, and in its window, does not tell whether it is one of those asked for."""
_STAGINGS = {"c": "clinical", "p": "pathological", "yp": "post-therapy", "yc": "post-therapy"}


def value_among(case: Case, node: ValueAmong) -> Proof:
    """The proof that the category's value is one of those asked."""
    feature = node.feature
    items = category_items(case, feature)
    judge = _judge(case, node)
    absent = no_value(case, feature, found=bool(items))
    if persisting := feature.concept.persists:
        # A value that persists (a positive serology) decides for ever, whatever came later.
        lasting = [item for item in items if item.blocked is None and not item.values.isdisjoint(persisting)]
        truths = {judge(item)[0] for item in lasting}
        if len(truths) == 1 and UNKNOWN not in truths:
            return shown_proof(truths.pop(), None, lasting, node.says)
    if feature.staging is _ANY:
        return _any_staging(case, node, items, judge, absent)
    return _decided(case, node, items, judge, absent)


def _decided(case: Case, node: ValueAmong, items: Sequence[Item], judge: Decide, absent: Proof) -> Proof:
    placed = _placed(case, node.feature, items)
    proof = decide(placed, node.feature.which, judge, node.says, absent)
    if not case.memory.get(("doubted", node.feature.concept.id), _NOTHING).isdisjoint(proof.evidence):
        against = {
            item.reference
            for item in _implied(case, node.feature)
            if (item.blocked or _CONFLICTING) is proof.reason
        }
        proof = proof._replace(evidence=tuple(sorted({*proof.evidence, *against})))
    if node.sites and node.feature.sites is not None and proof.evidence:
        decisive = [item for each in placed for item in each if item.reference in proof.evidence]
        if any(item.values & node.spread for item in decisive):
            sites = {item.reference for item in category_items(case, node.feature.sites) if item.values}
            proof = proof._replace(evidence=tuple(sorted({*proof.evidence, *sites})))
    return proof


def _placed(case: Case, feature: Feature, items: Sequence[Item]) -> Placed:
    """The records by window; made once for criteria that ask for different values of the same ones."""
    key = ("placed", id(feature), tuple(map(id, items)))
    known: Placed | None = case.memory.get(key)
    if known is None:
        voided = [time for event in feature.invalidated_by for time in event_times(case, event)]
        known = place(items, feature.windows, case.as_of, voided)
        several = len(known.certain) + len(known.possible) > 1
        tried = candidates(known, Which.LATEST) if several else []
        if any(item.basis is _RECORDED for item in tried):
            # Of records that may be the latest alike, what is only derived gives way to what is recorded.
            beside = {item.reference for item in tried if item.basis is not _RECORDED}
            if beside:
                items = [item for item in items if item.reference not in beside]
                known = place(items, feature.windows, case.as_of, voided)
        case.memory[key] = known
    return known


def _any_staging(case: Case, node: ValueAmong, items: Sequence[Item], judge: Decide, absent: Proof) -> Proof:
    """Clinical, pathological and post-therapy categories together: where their truths differ, conflicting."""
    kinds = sorted({item.staging or "" for item in items})
    if len(kinds) < 2:
        return _decided(case, node, items, judge, absent)
    proofs = [
        _decided(case, node, [i for i in items if (i.staging or "") == kind], judge, absent) for kind in kinds
    ]
    settled = [proof for proof in proofs if proof.truth is not UNKNOWN]
    if not settled:
        return _decided(case, node, items, judge, absent)
    if unsettled := [proof for proof in proofs if proof.reason in _SAID]:
        # What says something, and not which of the two, may contradict the other.
        evidence = tuple(sorted({ref for proof in (*settled, *unsettled) for ref in proof.evidence}))
        reason = first_reason([proof.reason for proof in unsettled if proof.reason is not None])
        return Proof(UNKNOWN, _RECORDED, reason, evidence, says=node.says)
    if len({proof.truth for proof in settled}) == 1:
        best = max(settled, key=lambda proof: (proof.date, proof.evidence))
        return best._replace(evidence=tuple(sorted({ref for p in settled for ref in p.evidence})))
    evidence = tuple(sorted({ref for proof in settled for ref in proof.evidence}))
    return Proof(UNKNOWN, _RECORDED, _CONFLICTING, evidence, says=node.says)


def category_items(case: Case, feature: Feature) -> list[Item]:
    """The records of a category of any date, as staged: those of another staging are left out."""
    key = ("category", feature.concept.id, feature.staging)
    found: list[Item] | None = case.memory.get(key)
    if found is None:
        read = [
            item
            for source, entry in case.found(feature.concept, _MATCH)
            if (item := _read(case, feature.concept, source, entry)) is not None
        ]
        found = [item for each in read if (item := _staged(case, feature, each)) is not None]
        if feature.concept.condition_stage:
            stages = (_staged(case, feature, each) for each in _stages(case, feature.concept))
            found += [item for item in stages if item is not None]
        if feature.derived_from:
            found += _derived(case, feature)
        implied = list(_implied(case, feature)) if feature.implied_by else []
        if implied and any(not item.skipped for item in found):
            doubted = [_contradicted(feature.concept, item, implied) for item in found]
            changed = {each.reference for each, item in zip(doubted, found, strict=True) if each is not item}
            case.memory["doubted", feature.concept.id] = frozenset(changed)
            found = doubted
        else:
            found += implied
        case.memory[key] = found
    return found


def _staged(case: Case, feature: Feature, item: Item) -> Item | None:
    asked = feature.staging
    if asked is None or asked is _ANY:
        return item
    if item.staging is None:
        return item._replace(blocked=item.blocked or Reason.COARSER_CODE)
    if item.staging != asked.value:
        return None
    if asked is Staging.CLINICAL and item.blocked is None:
        begun = [time for event in feature.unconfirmed_after for time in event_times(case, event)]
        if any(item.when.end > time.start + 1 for time in begun) and not item.skipped:
            return item._replace(blocked=Reason.UNCONFIRMED)
    return item


def _read(case: Case, concept: Concept, source: Source, entry: Entry) -> Item | None:
    focus, resource = focus_of(case, concept, entry), entry.resource
    condition = resource.get("resourceType") == "Condition"
    if focus is FALSE or (condition and entry.state is _DENIED):
        return None
    index = case.chart.index
    when, date = clipped(entry.when, case.chart.end), date_text(entry.when, case.site.zone)
    staging = source.staging
    fault: Reason | None = None
    words = False
    if condition:
        names, basis, shown = _from_condition(case, concept, entry)
    else:
        holder = resource if source.component is None else component_of(resource, source, case)
        if holder is None:
            return None
        try:
            names, basis, shown = _from_observation(case, concept, entry, holder)
            if len(names) > 1:
                fault = _unit_fault(case, concept, holder)
        except DataError as error:
            case.chart.refuse(entry, error.what)
            return Item(when, entry.reference, blocked=Reason.NOT_FETCHED, date=date, entry=entry)
        if index.staged(concept):
            staging = _prefixed(entry, codings(holder.get("valueCodeableConcept"), str), staging)
        if not names and shown:
            # Words that name no value are none; those that name several, a code or a number may well be one.
            coded = codings(holder.get("valueCodeableConcept"), str)
            words = not coded and _NUMBERS.isdisjoint(holder) and not names_value(concept, shown)
    # Nothing at all, or a value that says nothing (TX, "not done").
    unsaid = names <= index.unsaid(concept) if names else not shown
    blocked: Reason | None = None
    if unsaid or not names:
        blocked = Reason.NO_VALUE
    elif fault is not None:
        blocked = fault
    elif focus is UNKNOWN:
        blocked = Reason.AMBIGUOUS_FOCUS
    elif entry.state is _UNCONFIRMED:
        blocked = Reason.UNCONFIRMED
    return Item(
        when,
        entry.reference,
        None,
        names,
        blocked,
        unsaid or words,
        basis,
        shown if len(names) != 1 else next(iter(names)),
        "",
        date,
        staging,
        None,
        entry,
        _how(basis, entry),
    )


def _how(basis: Basis, entry: Entry) -> str:
    """Where a derived value is from: the code of a diagnosis, or words."""
    if basis is _RECORDED:
        return ""
    return FROM_DIAGNOSIS if entry.resource.get("resourceType") == "Condition" else READ_FROM_TEXT


def _stages(case: Case, concept: Concept) -> Iterator[Item]:
    """Stages in the index cancer's own records (R4 Condition.stage.summary).

    They have no date of their own: at some time since the cancer began. A stage whose assessment is a record
    of the concept is left to that.
    """
    chart, short, end = case.chart, case.chart.index.terms.short, case.chart.end
    numbers = chart.index.numbers(concept)
    own = {entry.reference for number in numbers for entry in chart.entries.get(number, ())}
    for entry in case.member_evidence():
        for stage in entry.resource.get("stage", ()):
            summary = stage.get("summary")
            coded, text = codings(summary, short), concept_text(summary)
            names = _finest(concept, named(case, concept, coded)) or read_text(concept, text)
            if not own.isdisjoint(targets(stage.get("assessment"), chart.aliases)):
                continue
            kind = codings(stage.get("type"), short)
            stagings = [each.staging for each in concept.sources if has_any(each.codes, kind)]
            if not names and (not (coded or text) or (kind and not stagings)):
                continue
            blocked = Reason.UNCONFIRMED if entry.state is State.UNCONFIRMED else None
            shown = text or (coded[0].code if coded else "")
            # What cannot be read is on record too; where it names values, nothing older decides beside it.
            doubtful = not names and (bool(coded) or names_value(concept, text))
            if names <= chart.index.unsaid(concept):
                blocked = Reason.NO_VALUE
            yield Item(
                Moment(entry.when.start if entry.when else EVER.start, end),
                entry.reference,
                values=names,
                blocked=blocked,
                skipped=blocked is Reason.NO_VALUE and not doubtful,
                basis=Basis.DERIVED,
                value=next(iter(names)) if len(names) == 1 else "" if names else shown,
                staging=stagings[0] if stagings else None,
                entry=entry,
                how="from the stage of the diagnosis",
            )


def _from_condition(case: Case, concept: Concept, entry: Entry) -> tuple[frozenset[str], Basis, str]:
    """A value in a Condition's own code or its histology, else in its bodySite."""
    own = named(case, concept, morphology(entry, case.chart))
    site = named(case, concept, body_sites(entry, case.chart))
    names = _finest(concept, own | site)
    return names, Basis.DERIVED, entry.codings[0].code if entry.codings else ""


def _from_observation(
    case: Case, concept: Concept, entry: Entry, holder: Resource
) -> tuple[frozenset[str], Basis, str]:
    short = case.chart.index.terms.short
    coded = codings(holder.get("valueCodeableConcept"), short)
    if coded:
        names = named(case, concept, coded)
        if names:
            return _finest(concept, names), _RECORDED, coded[0].code
    integer, number_said = holder.get("valueInteger"), ""
    if integer is None and concept.detected_above is None and "valueString" not in holder:
        number = read_number(holder)
        if number is not None and number[0].low == number[0].high and number[0].low is not None:
            integer = number[0].low
    if isinstance(integer, int | float) and not isinstance(integer, bool):
        names = frozenset(v.name for v in concept.values if v.integer is not None and v.integer == integer)
        number_said = f"{integer:g}"
        if names or any(v.integer is not None for v in concept.values):
            return names, _RECORDED, number_said
    boolean = holder.get("valueBoolean")
    if isinstance(boolean, bool):
        name = "positive" if boolean else "negative"
        return (frozenset((name,)) if concept.value(name) else frozenset()), _RECORDED, name
    if concept.detected_above is not None and (detected := _detected(case, concept, holder)):
        return detected[0], Basis.DERIVED, detected[1]
    text = text_of(entry) if holder is entry.resource else str(holder.get("valueString") or "")
    if names := read_text(concept, text):
        return names, Basis.DERIVED, text
    interpreted = [c for i in holder.get("interpretation") or [] for c in codings(i, short)]
    # A value that says nothing to us (an index, a local code) leaves it to the interpretation.
    if interpreted and (names := named(case, concept, interpreted)):
        return names, _RECORDED, interpreted[0].code
    return frozenset(), _RECORDED, coded[0].code if coded else text or number_said


def _detected(case: Case, concept: Concept, holder: Resource) -> tuple[frozenset[str], str] | None:
    """Positive or negative by a number (a viral load, a titre) against the concept's threshold.

    Above nothing (0), the unit does not matter, and what is below a limit of detection is not detected.
    """
    number = read_number(holder)
    if number is None or concept.detected_above is None:
        return None
    interval, text, unit, _ = number
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


def _unit_fault(case: Case, concept: Concept, holder: Resource) -> Reason | None:
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


def _finest(concept: Concept, names: frozenset[str]) -> frozenset[str]:
    """Without those values that a finer one among them says already."""
    if len(names) < 2:
        return names
    return frozenset(name for name in names if not (concept.below((name,)) - {name}) & names)


def _prefixed(entry: Entry, coded: tuple[Coding, ...], staging: str | None) -> str | None:
    """The staging that the value itself says: cT3, pT3, ypT2; a `y` outranks what the code says."""
    for text in (text_of(entry), *(coding.code for coding in coded)):
        if text and not text[0].isdigit() and (match := _PREFIX.match(text)):
            said = _STAGINGS.get(match[1].lower())
            if said is not None and (staging is None or said == "post-therapy"):
                return said
    return staging


def _derived(case: Case, feature: Feature) -> Iterator[Item]:
    """Values that another category implies (ECOG from Karnofsky)."""
    meanings = dict(feature.concept.derived_from)
    for other in feature.derived_from:
        table = dict(meanings[other.concept.id])
        for item in category_items(case, other):
            values = frozenset(name for value in item.values for name in table.get(value, ()))
            if item.blocked is None and values:
                yield item._replace(values=values, basis=Basis.DERIVED)


def _implied(case: Case, feature: Feature) -> Iterator[Item]:
    """Values that an event on record implies where there is no category (a distant metastasis is M1)."""
    for value, event in feature.implied_by:
        for source, entry in case.found(event.concept, _MATCH):
            focus = focus_of(case, event.concept, entry)
            if focus is FALSE or entry.state is _DENIED or source.role is not _MATCH:
                continue
            blocked = Reason.UNCONFIRMED if entry.state is _UNCONFIRMED else None
            if focus is UNKNOWN:
                blocked = Reason.AMBIGUOUS_FOCUS
            yield Item(
                clipped(entry.when, case.chart.end),
                entry.reference,
                date=date_text(entry.when, case.site.zone),
                entry=entry,
                values=frozenset((value,)),
                blocked=blocked,
                basis=Basis.DERIVED,
                value=value,
                staging="clinical",
                how=f"from {_name(event.concept)} on record",
            )


def _name(concept: Concept) -> str:
    return concept.label.partition(" (")[0]


def _contradicted(concept: Concept, item: Item, implied: Sequence[Item]) -> Item:
    """A record that an event speaks against which came later, or may have: M0, and then a metastasis.

    One that is only suspected, or of whichever cancer, leaves it open, where nothing certain contradicts it.
    """
    if item.blocked is not None:
        return item
    doubts = [
        each.blocked or _CONFLICTING
        for each in implied
        if each.when.end >= item.when.end and not concept.below(tuple(each.values)) & item.values
    ]
    return item._replace(blocked=first_reason(doubts)) if doubts else item


def _judge(case: Case, node: ValueAmong) -> Decide:
    def judge(item: Item) -> tuple[Truth, Reason | None]:
        if item.blocked is not None:
            return UNKNOWN, item.blocked
        concept, values = node.feature.concept, item.values
        inside = case.chart.index.inside(concept, values, node.values)
        if inside is FALSE:
            return FALSE, None
        if inside is UNKNOWN:
            # An interval of ordered values (Karnofsky 70 is ECOG 1 or 2) is not a coarser code.
            several = len(values) > 1
            return UNKNOWN, Reason.CENSORED_VALUE if several else Reason.COARSER_CODE
        if concept.needs_confirmation and not values.isdisjoint(concept.needs_confirmation):
            return UNKNOWN, Reason.UNCONFIRMED
        if node.sites and values & node.spread:
            return _only_at(case, node, item)
        return TRUE, None

    return judge


def _only_at(case: Case, node: ValueAmong, item: Item) -> tuple[Truth, Reason | None]:
    """Whether the spread that a value speaks of is recorded at the asked sites and nowhere else."""
    feature = node.feature.sites
    if feature is None:
        return UNKNOWN, Reason.COARSER_CODE
    concept = feature.concept
    recorded: set[str] = set()
    if item.entry is not None:
        recorded |= named(case, concept, body_sites(item.entry, case.chart))
    for each in category_items(case, feature):
        if each.blocked is None:
            recorded |= each.values
    regional = frozenset(case.population.concept.regional_sites) if case.population is not None else _NOTHING
    leaves = [concept.leaves(name) for name in _finest(concept, frozenset(recorded))]
    # Regional nodes are no spread: they neither allow nor forbid what the category speaks of.
    leaves = [each for each in leaves if not each <= regional]
    if not leaves:
        return UNKNOWN, Reason.COARSER_CODE
    if any(not each & node.sites for each in leaves):
        return FALSE, None
    fits = all(each <= node.sites for each in leaves)
    return known(fits) if fits else UNKNOWN, None if fits else Reason.COARSER_CODE


def value_times(case: Case, node: ValueAmong) -> list[tuple[Moment, Truth, Reason | None, Item]]:
    """Each record of the category with what it says, for events in time."""
    judge = _judge(case, node)
    return [
        (item.when, *judge(item), item) for item in category_items(case, node.feature) if not item.skipped
    ]
