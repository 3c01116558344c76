"""Categories: a coded value among several, with its staging, its finer values and its sites."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fhirscreen.criteria.bounds import Staging, Which
from fhirscreen.engines.evaluator.absence import NO_RECORD, no_value
from fhirscreen.engines.evaluator.cases import Case, body_sites, clipped, component_of, date_text, has_any
from fhirscreen.engines.evaluator.findings import (
    finest,
    named,
    read_diagnosis,
    read_value,
    say_leaves,
)
from fhirscreen.engines.evaluator.implied import beside_events, beside_older_events, implied_items
from fhirscreen.engines.evaluator.items import (
    FROM_DIAGNOSIS,
    READ_FROM_TEXT,
    Item,
    doubt,
    focus_of,
)
from fhirscreen.engines.evaluator.occurrences import event_times
from fhirscreen.engines.evaluator.selection import (
    Decide,
    Placed,
    candidates,
    decide,
    lone,
    place,
    shown_proof,
)
from fhirscreen.engines.evaluator.texts import in_short, names_value, read_text
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Entry, State, codings, concept_text, refuse_values
from fhirscreen.fhir.references import targets
from fhirscreen.mapping.concepts import Concept, Role, Source
from fhirscreen.plan.nodes import Feature, ValueAmong
from fhirscreen.values.dates import EVER, Moment
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth, known
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason, first_reason

# Members by a name of their own: found on their class, for every record, they cost ten times as much.
_ANY = Staging.ANY
_CONFLICTING = Reason.CONFLICTING
_MATCH = Role.MATCH
_RECORDED = Basis.RECORDED
_DENIED = State.DENIED

_new = tuple.__new__
_NOTHING: frozenset[str] = frozenset()
_SAID = frozenset((Reason.CONFLICTING, Reason.COARSER_CODE))
"""Why a value that is on record, and in its window, does not tell whether it is one of those asked for."""


def value_among(case: Case, node: ValueAmong) -> Proof:
    """The proof that the category's value is one of those asked."""
    feature = node.feature
    items = category_items(case, feature)
    if not (feature.implied_by or node.sites):
        only = lone(case, feature, items)
        if only is not None:
            truth, reason = _says(case, node, only)
            return shown_proof(truth, reason, items, node.says)
    judge = _judge(case, node)
    absent = NO_RECORD if case.whole else no_value(case, feature, found=bool(items))
    if persisting := feature.concept.persists:
        # A value that persists (a positive serology) decides for ever, whatever came later.
        lasting = [item for item in items if item.blocked is None and not item.values.isdisjoint(persisting)]
        if lasting:
            truths = {judge(item)[0] for item in lasting}
            if len(truths) == 1 and UNKNOWN not in truths:
                return shown_proof(truths.pop(), None, lasting, node.says)
    if len(items) > 1 and feature.staging is _ANY:
        return _any_staging(case, node, items, judge, absent)
    return _decided(case, node, items, judge, absent)


def _decided(case: Case, node: ValueAmong, items: Sequence[Item], judge: Decide, absent: Proof) -> Proof:
    feature = node.feature
    placed = _placed(case, feature, items)
    proof = decide(placed, feature.which, judge, node.says, absent)
    if not (feature.implied_by or node.sites):
        return proof
    if node.feature.implied_by and any(
        item.doubted and item.blocked is proof.reason and item.reference in proof.evidence
        for each in placed
        for item in each
    ):
        against = {
            item.reference
            for item in implied_items(case, node.feature)
            if (item.blocked or _CONFLICTING) is proof.reason
        }
        proof = proof._replace(evidence=tuple(sorted({*proof.evidence, *against})))
    elif node.feature.implied_by and proof.truth is not UNKNOWN:
        proof = beside_older_events(case, node, placed, proof)
    if node.sites and node.feature.sites is not None and proof.evidence:
        decisive = [item for each in placed for item in each if item.reference in proof.evidence]
        if any(item.values & node.spread for item in decisive):
            sites = {item.reference for item in category_items(case, node.feature.sites) if item.values}
            proof = proof._replace(evidence=tuple(sorted({*proof.evidence, *sites})))
        if proof.reason is Reason.COARSER_CODE and not proof.because:
            proof = proof._replace(because=_vague_sites(case, node, decisive))
    return proof


def _vague_sites(case: Case, node: ValueAmong, items: Sequence[Item]) -> str:
    """Which of the recorded sites may be one that is asked for, and may be another."""
    feature = node.feature.sites
    if feature is None:
        return ""
    concept, said = feature.concept, []
    for name in sorted(_sites_of(case, feature, items)):
        leaves = concept.leaves(name)
        if leaves & node.sites and leaves - node.sites:
            said.append(say_leaves(concept, name))
    return f"recorded less precisely than the criterion asks: {'; '.join(said)}" if said else ""


def _placed(case: Case, feature: Feature, items: Sequence[Item]) -> Placed:
    """The records by window; made once for criteria that ask for different values of the same ones."""
    key = ("placed", id(feature), *map(id, items))
    known: Placed | None = case.memory.get(key)
    if known is None:
        voided = [time for event in feature.invalidated_by for time in event_times(case, event)]
        known = place(items, feature.windows, case.as_of, voided)
        if len(items) > 1 and len(known.certain) + len(known.possible) > 1:
            tried = candidates(known, Which.LATEST)
            if recorded := [item for item in tried if item.basis is _RECORDED and item.values]:
                # Of records that may be the latest alike, what says the same in other words gives way.
                aside = {id(each) for each in tried if _gives_way(feature.concept, each, recorded)}
                if aside:
                    items = [item for item in items if id(item) not in aside]
                    known = place(items, feature.windows, case.as_of, voided)
        case.memory[key] = known
    return known


def _gives_way(concept: Concept, item: Item, recorded: Sequence[Item]) -> bool:
    """Whether a derived value is left out beside recorded ones: it is of something else, or says the same."""
    if item.basis is _RECORDED:
        return False
    said = concept.below(tuple(item.values))
    return item.beside or any(said & concept.below(tuple(each.values)) for each in recorded)


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
    concept, staging = feature.concept, feature.staging
    # Only beside events it matters in which window a record is.
    key = (concept.id, staging, feature.windows if feature.implied_by else None)
    found: list[Item] | None = case.memory.get(key)
    if found is None:
        found = []
        for source, entry in case.found(concept, _MATCH):
            read = _read(case, concept, source, entry)
            if read is not None and staging is not None and staging is not _ANY:
                read = _staged(case, feature, read)
            if read is not None:
                found.append(read)
        if concept.condition_stage:
            stages = (_staged(case, feature, each) for each in _stages(case, concept))
            found += [item for item in stages if item is not None]
        if feature.derived_from:
            found += _derived(case, feature)
        if feature.implied_by:
            found = beside_events(case, feature, found)
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
    focus, resource = TRUE, entry.resource
    if concept.about_cancer or concept.about_metastasis or entry.unclear:
        focus = focus_of(case, concept, entry)
    condition = resource.get("resourceType") == "Condition"
    if focus is FALSE or (condition and entry.state is _DENIED):
        return None
    chart, staging, numeric = case.chart, source.staging, False
    when, date = clipped(entry.when, chart.end), date_text(entry.when, case.site.zone)
    if condition:
        names, basis, shown, fault, unsaid, _ = read_diagnosis(case, concept, entry)
    else:
        holder = resource if source.component is None else component_of(resource, source, chart)
        if holder is None:
            return None
        try:
            if source.component is not None:
                refuse_values(holder)  # of the whole record it was seen when it was read
            names, basis, shown, fault, unsaid, stated = read_value(case, concept, holder)
        except DataError as error:
            chart.refuse(entry, error.what)
            return Item(when, entry.reference, blocked=Reason.NOT_FETCHED, date=date, entry=entry)
        numeric = "valueQuantity" in holder
        if stated is not None and stated != staging:
            if stated != "post-therapy" and staging not in (None, "post-therapy"):
                # A value pT3 under the code of the clinical T.
                fault, staging = (fault if unsaid or not names else _CONFLICTING), None
            elif staging != "post-therapy":
                staging = stated
    blocked = fault or doubt(focus, entry)
    how = "" if basis is _RECORDED else _how(basis, entry, numeric=numeric)
    return _new(
        Item,
        (
            *(when, entry.reference, None, names, blocked, unsaid, basis, shown, "", date, staging, None),
            *(entry, how, False, False),
        ),
    )


def _how(basis: Basis, entry: Entry, *, numeric: bool) -> str:
    """Where a derived value is from: the code of a diagnosis, or words; of a number it needs no word."""
    if basis is _RECORDED or numeric:
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
            names = finest(concept, named(case, concept, coded)) or read_text(concept, text)
            if not own.isdisjoint(targets(stage.get("assessment"), chart.aliases)):
                continue
            kind = codings(stage.get("type"), short)
            stagings = [each.staging for each in concept.sources if has_any(each.codes, kind)]
            if not names and (not (coded or text) or (kind and not stagings)):
                continue
            blocked = Reason.UNCONFIRMED if entry.state is State.UNCONFIRMED else None
            shown = text or (coded[0].code if coded else "")
            if names <= chart.index.unsaid(concept):
                # A list of stages has no order: words that name no value of this one may speak of another.
                nothing = bool(names) or not (coded or names_value(concept, text))
                blocked = Reason.NO_VALUE if nothing else Reason.COARSER_CODE
            yield Item(
                Moment(entry.when.start if entry.when else EVER.start, end),
                entry.reference,
                values=names,
                blocked=blocked,
                skipped=blocked is Reason.NO_VALUE,
                basis=Basis.DERIVED,
                value=next(iter(names)) if len(names) == 1 else "" if names else in_short(shown),
                staging=stagings[0] if stagings else None,
                entry=entry,
                how="from the stage of the diagnosis",
                beside=True,
            )


def _derived(case: Case, feature: Feature) -> Iterator[Item]:
    """Values that another category implies (ECOG from Karnofsky)."""
    meanings = dict(feature.concept.derived_from)
    for other in feature.derived_from:
        table = dict(meanings[other.concept.id])
        for item in category_items(case, other):
            values = frozenset(name for value in item.values for name in table.get(value, ()))
            # One that cannot decide stands in the way of older ones here too.
            if not item.skipped and (values or item.blocked is not None):
                yield item._replace(values=values, basis=Basis.DERIVED, beside=True)


def _judge(case: Case, node: ValueAmong) -> Decide:
    return lambda item: _says(case, node, item)


def _says(case: Case, node: ValueAmong, item: Item) -> tuple[Truth, Reason | None]:
    """What one record says by itself."""
    if item.blocked is not None:
        return UNKNOWN, item.blocked
    truth, reason = case.chart.index.said(node, item.values)
    if truth is TRUE and node.sites and item.values & node.spread:
        return _only_at(case, node, item)
    return truth, reason


def _only_at(case: Case, node: ValueAmong, item: Item) -> tuple[Truth, Reason | None]:
    """Whether the spread that a value speaks of is recorded at the asked sites and nowhere else."""
    feature = node.feature.sites
    if feature is None:
        return UNKNOWN, Reason.COARSER_CODE
    concept = feature.concept
    recorded = _sites_of(case, feature, [item])
    regional = frozenset(case.population.concept.regional_sites) if case.population is not None else _NOTHING
    leaves = [concept.leaves(name) for name in recorded]
    # Regional nodes are no spread: they neither allow nor forbid what the category speaks of.
    leaves = [each for each in leaves if not each <= regional]
    if not leaves:
        return UNKNOWN, Reason.COARSER_CODE
    if any(not each & node.sites for each in leaves):
        return FALSE, None
    fits = all(each <= node.sites for each in leaves)
    return known(fits) if fits else UNKNOWN, None if fits else Reason.COARSER_CODE


def _sites_of(case: Case, feature: Feature, items: Sequence[Item]) -> frozenset[str]:
    """The sites that those records name themselves, and those of the metastases on record."""
    recorded: set[str] = set()
    for item in items:
        if item.entry is not None:
            recorded |= named(case, feature.concept, body_sites(item.entry, case.chart))
    for each in category_items(case, feature):
        if each.blocked is None:
            recorded |= each.values
    return finest(feature.concept, frozenset(recorded))


def value_times(case: Case, node: ValueAmong) -> list[tuple[Moment, Truth, Reason | None, Item]]:
    """Each record of the category with what it says, for events in time."""
    judge = _judge(case, node)
    return [
        (item.when, *judge(item), item) for item in category_items(case, node.feature) if not item.skipped
    ]
