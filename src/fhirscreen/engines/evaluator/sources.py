"""The sources of a plan by number, and what codes, values and units mean there; each looked up once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from fhirscreen.fhir.entries import MEDICATIONS, Entry, Resource, Terms, codings
from fhirscreen.mapping.concepts import Concept, Role, Source
from fhirscreen.mapping.drugs import Named, drug_pattern, may_hold
from fhirscreen.plan.features import code_set
from fhirscreen.plan.nodes import Plan, Purpose, ValueAmong
from fhirscreen.values.codes import CodeSet, Coding
from fhirscreen.values.quantities import Affine, UnitTable
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth
from fhirscreen.verdicts.reasons import Reason

REMEMBERED = 1 << 16
"""So many codes and units are remembered at most, whatever records hold."""
_SEVERAL = frozenset((*MEDICATIONS, "AllergyIntolerance"))
"""Types that may say by more than one code, or elsewhere than in `code`, what a resource is about."""


Records = dict[str, list[tuple[Source, bool, list[Entry]]]]
"""By concept: each source that has entries, whether its codes alone say what is a record of it, and these."""


class Met(NamedTuple):
    """A code of a type: the sources that it belongs to, whether it says what a record is about, and itself
    (nothing where there is no code); `idle` where no record of that code alone is of any use to the plan.
    """

    numbers: tuple[int, ...]
    tells: bool
    coding: tuple[Coding, ...]
    idle: bool = False


class SourceIndex:
    """Numbers the sources of a plan and finds those that a code belongs to.

    `codes` has an entry for each type that any source is of: every code met so far there; `lone` those of the
    types that say in `code`, and nowhere else, what a resource is about. `conversions` are those met so far,
    by concept and unit as sent; `readings` what codes that were met mean as values of a category.
    """

    __slots__ = (
        "_by_type",
        "_concepts",
        "_described",
        "_drugs",
        "_given",
        "_names",
        "_nodes",
        "_numbers",
        "_presumed",
        "_purposes",
        "_said",
        "_sites",
        "_staged",
        "_tells",
        "_terminologies",
        "_unsaid",
        "_unsettled",
        "affirmations",
        "codes",
        "conversions",
        "denials",
        "lone",
        "not_at",
        "objections",
        "presumed_types",
        "readings",
        "sources",
        "terms",
        "transfers",
        "treatments",
        "units",
        "unsaid_answers",
    )

    def __init__(self, plan: Plan) -> None:
        self.terms: Terms = plan.catalogue.terms
        self.units: UnitTable = plan.catalogue.units
        self.objections: CodeSet = plan.catalogue.vocabulary.objections
        self.transfers: CodeSet = plan.catalogue.vocabulary.transfers
        self.affirmations: CodeSet = plan.catalogue.vocabulary.affirmations
        self.denials: CodeSet = plan.catalogue.vocabulary.denials
        self.unsaid_answers: CodeSet = plan.catalogue.vocabulary.unsaid
        self.treatments: tuple[str, ...] = plan.catalogue.vocabulary.treatments
        self.not_at: dict[str, CodeSet] = {
            concept.id: CodeSet().union(*(v.codes for v in plan.catalogue.concept(concept.not_at).values))
            for concept in {feature.concept for feature in plan.features}
            if concept.not_at is not None
        }
        self.sources: list[Source] = []
        self._numbers: dict[str, tuple[int, ...]] = {}
        self._by_type: dict[str, list[int]] = {}
        self._concepts: list[str] = []
        self._unsaid: dict[str, frozenset[str]] = {}
        self._unsettled: dict[str, frozenset[str]] = {}
        self._names: dict[tuple[str, Coding], frozenset[str]] = {}
        self._presumed = {
            feature.concept.id: plan.catalogue.presumes(feature.concept) for feature in plan.features
        }
        self._tells = plan.catalogue.tells
        named = Named(plan.catalogue.displays)
        self._given = [
            (feature.concept, drug_pattern(feature.concept, named))
            for feature in {feature.concept.id: feature for feature in plan.features}.values()
            if self._presumed[feature.concept.id].intersection(MEDICATIONS)
        ]
        self._terminologies = frozenset().union(
            *(plan.catalogue.readable.get(kind, frozenset()) for kind in MEDICATIONS)
        )
        self.readings: dict[tuple[str, Coding | tuple[Coding, ...]], Any] = {}
        self._drugs: dict[tuple[tuple[Coding, ...], str], frozenset[str] | None] = {}
        self.presumed_types = frozenset().union(*self._presumed.values())
        self._said: dict[tuple[int, frozenset[str]], tuple[Truth, Reason | None]] = {}
        self._nodes: list[ValueAmong] = []
        self._purposes: dict[str, Purpose] = {}
        self._sites: dict[str, CodeSet] = {}
        self.conversions: dict[tuple[str, str], tuple[str | None, Affine | None]] = {}
        self.codes: dict[str, dict[tuple[str | None, str | None], Met]] = {}
        for feature in plan.features:
            concept = feature.concept
            if concept.id not in self._numbers:
                first = len(self.sources)
                self.sources.extend(concept.sources)
                self._concepts.extend(concept.id for _ in concept.sources)
                self._numbers[concept.id] = tuple(range(first, len(self.sources)))
                self._unsaid[concept.id] = frozenset(v.name for v in concept.values if v.unknown)
                self._unsettled[concept.id] = frozenset(v.name for v in concept.values if v.unsettled)
        self._staged = frozenset(
            feature.concept.id
            for feature in plan.features
            if any(source.staging is not None for source in feature.concept.sources)
        )
        self._described = [
            (concept, source, source.plain)
            for concept, source in zip(self._concepts, self.sources, strict=True)
        ]
        for number, source in enumerate(self.sources):
            self._by_type.setdefault(source.resource, []).append(number)
            self.codes[source.resource] = {}
        self.lone = {kind: known for kind, known in self.codes.items() if kind not in _SEVERAL}

    def numbers(self, concept: Concept) -> tuple[int, ...]:
        """The numbers of a concept's sources, in their order."""
        return self._numbers[concept.id]

    def of_type(self, resource_type: str) -> Sequence[int]:
        """The numbers of the sources of that type."""
        return self._by_type.get(resource_type, ())

    def conversion(self, concept: Concept, unit: str, canonical: str) -> tuple[str | None, Affine | None]:
        """The UCUM code of a unit as it was sent, and the conversion to the concept's `canonical` unit."""
        key = (concept.id, unit)
        found = self.conversions.get(key)
        if found is None:
            code, affine = self.units.normalise(unit), None
            if code is not None:
                affine = self.units.affine(
                    code, canonical, molar_mass=concept.molar_mass, valence=concept.valence
                )
            found = (code, affine)
            if len(self.conversions) < REMEMBERED:
                self.conversions[key] = found
        return found

    def purpose(self, cancer: Concept) -> Purpose:
        """What a therapy is given for that is given for the cancer."""
        found = self._purposes.get(cancer.id)
        if found is None:
            found = self._purposes[cancer.id] = Purpose(True, code_set(cancer, Role.MATCH))
        return found

    def sites(self, cancer: Concept) -> CodeSet:
        """The body sites that the cancer's own sources name."""
        found = self._sites.get(cancer.id)
        if found is None:
            named = [source.body_site for source in cancer.sources if source.body_site is not None]
            found = self._sites[cancer.id] = CodeSet().union(*named)
        return found

    def presumes(self, concept: Concept) -> frozenset[str]:
        """The types whose silence may mean no: a record there that tells nothing is no silence."""
        return self._presumed[concept.id]

    def presuming(self, resource_type: str) -> frozenset[int]:
        """The sources of the concepts that a record of the type may be of though no code tells so."""
        ids = [id for id, types in self._presumed.items() if resource_type in types]
        return frozenset(number for id in ids for number in self._numbers[id])

    def alone(self, numbers: Iterable[int], matched: Iterable[int]) -> tuple[int, ...]:
        """Those sources of a component's code that it is a record of by itself.

        Not those of a concept of which one of the `matched` sources of the whole asks for a component.
        """
        asked = {self._concepts[number] for number in matched if self.sources[number].component is not None}
        return tuple(
            number
            for number in sorted(numbers)
            if self.sources[number].component is None and self._concepts[number] not in asked
        )

    def staged(self, concept: Concept) -> bool:
        """Whether a category is one of those that are assessed clinically or pathologically."""
        return concept.id in self._staged

    def unsaid(self, concept: Concept) -> frozenset[str]:
        """The values of a category that say nothing (TX)."""
        return self._unsaid[concept.id]

    def unsettled(self, concept: Concept) -> frozenset[str]:
        """The values of a category that leave open which of the others holds (indeterminate)."""
        return self._unsettled[concept.id]

    def said(self, node: ValueAmong, names: frozenset[str]) -> tuple[Truth, Reason | None]:
        """Whether what the names of a value may mean is among those asked for, and why that is open."""
        key = (id(node), names)
        found = self._said.get(key)
        if found is None:
            found = self._weigh(node, names)
            if len(self._said) < REMEMBERED:
                self._said[key] = found
                self._nodes.append(node)  # else another could have its id
        return found

    def _weigh(self, node: ValueAmong, names: frozenset[str]) -> tuple[Truth, Reason | None]:
        concept, asked = node.feature.concept, node.values
        if not names.isdisjoint(self.unsettled(concept)) and not names <= asked:
            return UNKNOWN, Reason.UNCONFIRMED
        # What they may mean, down to the finest values.
        leaves = frozenset().union(*(concept.leaves(name) for name in names))
        if leaves.isdisjoint(asked) and names.isdisjoint(asked):
            return FALSE, None
        if not (leaves <= asked or names <= asked):
            # An interval of ordered values (Karnofsky 70 is ECOG 1 or 2) is not a coarser code.
            return UNKNOWN, Reason.CENSORED_VALUE if len(names) > 1 else Reason.COARSER_CODE
        if not names.isdisjoint(concept.needs_confirmation):
            return UNKNOWN, Reason.UNCONFIRMED
        return TRUE, None

    def numbers_of(self, id: str) -> tuple[int, ...]:
        """The numbers of a concept's sources by its id; none where the plan does not ask for it."""
        return self._numbers.get(id, ())

    def of_any(self, resource: Resource, ids: Sequence[str]) -> bool:
        """Whether the code of a resource belongs to one of these concepts."""
        wanted = {number for id in ids for number in self.numbers_of(id)}
        found = codings(resource.get("code"), str)
        kind = str(resource.get("resourceType"))
        return any(wanted.intersection(self.find(kind, c.system, c.code)) for c in found)

    def names(self, concept: Concept, coding: Coding) -> frozenset[str]:
        """The values of a category that a coding means."""
        key = (concept.id, coding)
        found = self._names.get(key)
        if found is None:
            found = self._names[key] = frozenset(
                value.name for value in concept.values if value.codes.matches(coding.system, coding.code)
            )
        return found

    def by_concept(self, entries: Mapping[int, list[Entry]]) -> Records:
        """Entries by number of their source as those of each concept, its sources in their order."""
        found: Records = {}
        described = self._described
        for number in sorted(entries):
            concept, source, plain = described[number]
            if concept in found:
                found[concept].append((source, plain, entries[number]))
            else:
                found[concept] = [(source, plain, entries[number])]
        return found

    def find(self, resource_type: str, system: str, code: str) -> tuple[int, ...]:
        """The sources whose codes match; `system` as the resource has it, or a short name."""
        known = self.codes.get(resource_type)
        if known is None:
            return ()
        return (known.get((system, code)) or self.meet(resource_type, system, code)).numbers

    def tells(self, resource_type: str, system: str, code: str) -> bool:
        """Whether a code says what a record of that type is about; `system` as for `find`."""
        known = self.codes.get(resource_type)
        return known is not None and (
            (known.get((system, code)) or self.meet(resource_type, system, code)).tells
        )

    def may_be(self, found: tuple[Coding, ...], words: str) -> frozenset[str] | None:
        """The concepts that a drug of which no code tells may be of; None: any.

        Only the words of a code of a known terminology are believed to name its drug, and classes of ATC.
        """
        key = (found, words)
        if key not in self._drugs:
            known = [coding for coding in found if coding.system in self._terminologies]
            classes = [coding for coding in known if coding.system == "atc"]
            answer = None
            if known and (words or classes):
                answer = frozenset(
                    concept.id
                    for concept, pattern in self._given
                    if pattern.search(words) or any(may_hold(concept, *each) for each in classes)
                )
            if len(self._drugs) >= REMEMBERED:
                return answer
            self._drugs[key] = answer
        return self._drugs[key]

    def meet(self, resource_type: str, system: str | None, code: str | None) -> Met:
        """What a code is that was not met before in a type that a source is of; it is kept in `codes`."""
        coding = Coding(self.terms.short(system) if system else "", code.strip() if code else "")
        numbers = tuple(
            number
            for number in self.of_type(resource_type)
            if self.sources[number].codes.matches(coding.system, coding.code)
        )
        tells = bool(code) and self._tells(resource_type, coding.system, coding.code)
        idle = not numbers and (tells or resource_type not in self.presumed_types)
        met = Met(numbers, tells, (coding,) if code else (), idle)
        known = self.codes[resource_type]
        if len(known) < REMEMBERED:
            known[system, code] = met
        return met
