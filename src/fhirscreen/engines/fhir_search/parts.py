"""A part of the members: fetched step by step, all searches of a step at once, and judged by one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from fhirscreen.engines.base import Gated, Outsider, Screened
from fhirscreen.engines.evaluator.absence import NOT_FETCHED
from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.charts import Chart, aside_of, read_chart
from fhirscreen.engines.evaluator.cohorts import last_survivor
from fhirscreen.engines.evaluator.evaluate import Evaluator, diagnosed, is_member, planned_start
from fhirscreen.engines.evaluator.gates import gate_of
from fhirscreen.engines.evaluator.judgements import give_up, soundly
from fhirscreen.engines.evaluator.notes import ENCOUNTER_ELEMENTS, noted, shown
from fhirscreen.engines.evaluator.outsiders import outsider
from fhirscreen.engines.fhir_search.fetches import Fetched, Fetcher, is_nameless
from fhirscreen.engines.fhir_search.members import Candidates
from fhirscreen.engines.fhir_search.needs import PATIENT, Need, Needs, Place, merged
from fhirscreen.engines.fhir_search.stages import Stage
from fhirscreen.fhir.entries import MEDICATIONS, Resource
from fhirscreen.fhir.references import patient_of, targets
from fhirscreen.fhir_client import Client
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.standings import Gate, Standing, Subject, Verdict

REFERRING = {
    "ResearchSubject": ("study",),
    "Procedure": ("reasonReference",),
    **dict.fromkeys(MEDICATIONS, ("medicationReference", "reasonReference")),
}
"""Per type, the elements whose targets the evaluator reads."""


@dataclass(frozen=True, slots=True)
class Task:
    """What all parts share. `hasty` stops at a study's first failed criterion.

    `unoffered` are clinical types that the server does not have; `gates` the types that gates read;
    `encounters`: whether it has Encounters. `explained`: whoever is outside a population is told why.
    """

    plan: Plan
    as_of: AsOf
    evaluator: Evaluator
    needs: Needs
    stages: Sequence[Stage]
    candidates: Candidates
    unoffered: frozenset[str]
    gates: tuple[str, ...]
    encounters: bool
    hasty: bool
    explained: bool = False


@dataclass(slots=True)
class _Patient:
    """A candidate: the ids whose records are in the chart, what was fetched and what could not be."""

    id: str
    ids: tuple[str, ...]
    had: set[Need] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    admitted: set[int] = field(default_factory=set)
    open: set[int] = field(default_factory=set)
    verdicts: dict[Place, Verdict] = field(default_factory=dict)
    chart: Chart | None = None
    cases: dict[int, Case] = field(default_factory=dict)


class _Asked(NamedTuple):
    """One search: what it is for, the ids whose records are asked for, and the patients whose they are."""

    need: Need
    ids: list[str]
    patients: list[_Patient]


class Part:
    """Some candidates. `screen` fetches and judges them.

    `unknown` are those whom the server does not have; `given_up` how many could not be evaluated.
    """

    def __init__(
        self, task: Task, client: Client, fetcher: Fetcher, families: Iterable[Sequence[str]]
    ) -> None:
        self._task = task
        self._client = client
        self._fetcher = fetcher
        self._known: set[str] = set()
        self._people: dict[str, Resource] = {}
        self._records: dict[str, dict[str, Resource]] = {}
        self._shared: dict[str, Resource] = {}
        self._fresh: set[str] = set()
        self.screened = Screened()
        self.unknown: set[str] = set()
        self.given_up = 0
        concepts = {feature.concept for feature in task.plan.features if feature.concept.about_cancer}
        self._about_cancer = [n for concept in concepts for n in task.evaluator.index.numbers(concept)]
        populations = [study.population for study in task.plan.studies]
        self._populations = [populations.index(each) for each in populations]
        merged_into: dict[str, list[str]] = {}
        survivors = task.candidates.survivors
        for id in sorted(survivors):
            merged_into.setdefault(last_survivor(id, survivors), []).append(id)
        self._patients = [
            _Patient(id, (id, *(other for other in merged_into.get(id, ()) if other != id)))
            for family in families
            for id in family
        ]

    def screen(self) -> Part:
        """Fetches and judges; `screened` holds subjects, gates and what was set aside."""
        base = self._task.needs.context | {PATIENT} | {Need(type) for type in self._task.gates}
        self._fetch(dict.fromkeys((patient.id for patient in self._patients), base))
        self._read(self._patients)
        for patient in self._patients:
            if patient.chart is None:
                self.unknown.add(patient.id)
            else:
                self.screened.patients += 1
                self._soundly(patient, patient.chart, self._admit)
        for stage in self._task.stages:
            self._pass(stage)
        self._pass(tuple(sorted(self._task.needs.of)), last=True)
        self._fetch_encounters()
        for patient in self._patients:
            if patient.chart is not None:
                self._soundly(patient, patient.chart, self._conclude)
        return self

    # --- fetching

    def _fetch(self, wanted: Mapping[str, Iterable[Need]]) -> None:
        """What each patient (by id) needs and has not had: those who need the same together."""
        groups: dict[frozenset[Need], list[_Patient]] = {}
        for patient in self._patients:
            if lacking := frozenset(wanted.get(patient.id, ())) - patient.had:
                groups.setdefault(lacking, []).append(patient)
        asked: list[_Asked] = []
        for lacking in sorted(groups, key=lambda needs: (len(needs), sorted(map(_text, needs)))):
            patients = groups[lacking]
            ids = sorted({id for patient in patients for id in patient.ids})
            offered = (need for need in merged(lacking) if self._fetcher.offers(need.type))
            asked += [_Asked(need, ids, patients) for need in offered]
            for patient in patients:
                patient.had |= lacking
        # All at once, so that this part is soon to be judged, while the next one is fetched.
        for each, fetched in zip(asked, self._client.spread(self._find, asked), strict=True):
            self._add(each.need, fetched, each.patients)

    def _find(self, asked: _Asked) -> Fetched:
        return self._seen(asked.need.type, asked.ids) or self._fetcher.of_patients(asked.need, asked.ids)

    def _add(self, need: Need, fetched: Fetched, patients: list[_Patient]) -> None:
        fresh = [resource for resource in fetched.resources if self._keep(resource)]
        self._blame(need.type, fetched.missing, patients)
        nameless = [each for each in fresh if each["resourceType"] == need.type and is_nameless(each)]
        self.screened.set_aside += [aside_of(each, "about no patient that can be told") for each in nameless]
        self._follow(need.type, fresh, patients)

    def _keep(self, resource: Resource) -> bool:
        """Keeps a resource under the patient whom it is about; False where it is known already."""
        reference = _reference(resource)
        if reference in self._known:
            return False
        self._known.add(reference)
        patient = patient_of(resource)
        if patient is None:
            self._shared[reference] = resource
        elif resource["resourceType"] == "Patient":
            self._people[patient] = resource
        else:
            self._records.setdefault(patient, {})[reference] = resource
            self._fresh.add(patient)
        return True

    def _seen(self, type: str, patients: list[str]) -> Fetched | None:
        """The records that the search for members saw and a source names; None where it did not look."""
        people = self._task.candidates.people
        if type == "Patient" and people:
            return Fetched([people[id] for id in patients if id in people])
        seen = self._task.candidates.records.get(type)
        if seen is None or not all(patient in seen for patient in patients):
            return None
        held = self._task.candidates.held
        owners = {id: patient for patient in patients for id in seen[patient]}
        known = [held[reference] for id in sorted(owners) if (reference := f"{type}/{id}") in held]
        fetched = self._fetcher.by_id(type, sorted(id for id in owners if f"{type}/{id}" not in held))
        return Fetched([*known, *fetched.resources], frozenset(owners[id] for id in fetched.missing))

    def _fetch_encounters(self) -> None:
        """Those of whoever a list shows, for a note: that none came makes no verdict less sure."""
        patients = [patient for patient in self._patients if any(self._shown(patient))]
        if not patients or not self._task.encounters:
            return
        ids = sorted({id for patient in patients for id in patient.ids})
        fetched = self._fetcher.of_patients(Need("Encounter"), ids, ",".join(ENCOUNTER_ELEMENTS))
        found: dict[str, dict[str, Resource]] = {}
        for resource in fetched.resources:
            found.setdefault(patient_of(resource) or "", {})[_reference(resource)] = resource
        for patient in patients:
            if patient.chart is not None:
                own = [found[id] for id in patient.ids if id in found]
                patient.chart.add(each[reference] for each in own for reference in sorted(each))

    def _shown(self, patient: _Patient) -> Iterator[bool]:
        for number in patient.admitted:
            planned = self._task.plan.studies[number]
            subject = Subject(planned.study.id, patient.id, self._verdicts(patient, number))
            yield shown(subject, len(planned.criteria))

    def _follow(self, type: str, fresh: list[Resource], patients: list[_Patient]) -> None:
        """Fetches what these resources refer to, where the evaluator will look there."""
        referred: dict[str, dict[str, set[str]]] = {}
        for resource in fresh:
            for element in REFERRING.get(type, ()):
                for reference in targets(resource.get(element) or []):
                    if reference in self._known:
                        continue
                    kind, _, id = reference.partition("/")
                    referred.setdefault(kind, {}).setdefault(id, set()).add(patient_of(resource) or "")
        for kind in sorted(referred):
            self._resolve(kind, referred[kind], type, patients)

    def _resolve(self, kind: str, referred: dict[str, set[str]], type: str, patients: list[_Patient]) -> None:
        if not self._fetcher.offers(kind):
            return
        fetched = self._fetcher.by_id(kind, sorted(referred))
        for resource in fetched.resources:
            self._keep(resource)
        for id, owners in referred.items():
            if id in fetched.missing:
                self._blame(type, owners, patients)
            else:
                self._known.add(f"{kind}/{id}")  # or there is none such

    def _blame(self, type: str, missing: Iterable[str], patients: list[_Patient]) -> None:
        if lacking := set(missing):
            for patient in patients:
                if not lacking.isdisjoint(patient.ids):
                    patient.missing.add(type)

    # --- judging

    def _read(self, patients: list[_Patient]) -> None:
        """Makes the charts anew of whoever has fresh records."""
        for patient in patients:
            if patient.chart is None or not self._fresh.isdisjoint(patient.ids):
                patient.chart, patient.cases = self._chart(patient), {}
        self._fresh.clear()

    def _chart(self, patient: _Patient) -> Chart | None:
        found = self._people.get(patient.id)
        if found is None:
            if "Patient" not in patient.missing:
                return None
            found = {"resourceType": "Patient", "id": patient.id}
        records = [self._records.get(id, {}) for id in patient.ids]
        return read_chart(
            found,
            [each[reference] for each in records for reference in sorted(each)],
            self._task.evaluator.index,
            self._task.as_of,
            shared=self._shared,
            unfetched=self._task.unoffered,
        )

    def _case(self, patient: _Patient, study: int) -> Case:
        assert patient.chart is not None  # noqa: S101 - whoever has no chart is not judged
        number = self._populations[study]
        if (known := patient.cases.get(number)) is not None:
            return known
        population = self._task.plan.studies[number].population
        made = patient.cases[number] = self._task.evaluator.case(patient.chart, population)
        return made

    def _admit(self, patient: _Patient, chart: Chart) -> None:
        """Population and gates: outside, gated, or open to the criteria of a study."""
        task = self._task
        context = {need.type for need in task.needs.context}
        merged = patient.id in task.candidates.survivors
        gates: dict[int, Gate | None] = {}
        outside: list[Outsider] = []
        for number, planned in enumerate(task.plan.studies):
            # Whose records of the population could not be fetched may be a member, and is shown.
            if is_member(self._case(patient, number)) or context & patient.missing:
                gate = gate_of(chart, task.plan.catalogue.site, planned.study.id)
                gates[number] = Gate.MERGED if merged else gate
            elif task.explained:
                outside.append(outsider(self._case(patient, number), planned.study.id, merged=merged))
        self.screened.outsiders += outside
        for number, gate in gates.items():
            if gate is None:
                patient.admitted.add(number)
                patient.open.add(number)
            else:
                self.screened.gated.append(Gated(task.plan.studies[number].study.id, patient.id, gate))

    def _pass(self, stage: Stage, *, last: bool = False) -> None:
        """One stage for whoever is still open: fetch, then decide in the stage's order.

        The last pass takes what was put off, with every observation that may link a record to a cancer.
        """
        wanted: dict[str, set[Need]] = {}
        for patient in self._patients:
            if places := self._undecided(patient, stage):
                wanted[patient.id] = set().union(*(self._task.needs.of[place] for place in places))
                if last:
                    wanted[patient.id] |= self._task.needs.observations
        if not wanted:
            return
        self._fetch(wanted)
        concerned = [patient for patient in self._patients if patient.id in wanted]
        self._read(concerned)
        for patient in concerned:
            if patient.chart is not None:
                self._soundly(patient, patient.chart, partial(self._decide, stage))

    def _undecided(self, patient: _Patient, stage: Stage) -> list[Place]:
        return [place for place in stage if place[0] in patient.open and place not in patient.verdicts]

    def _decide(self, stage: Stage, patient: _Patient, chart: Chart) -> None:
        task = self._task
        put_off: bool | None = None  # asked where it matters alone
        for place in self._undecided(patient, stage):
            number = place[0]
            if number not in patient.open:
                continue
            if place in task.needs.about_cancer:
                if put_off is None:
                    put_off = self._may_be_linked_later(patient, chart)
                if put_off:
                    continue
            if patient.missing and patient.missing & {need.type for need in task.needs.of[place]}:
                verdict = self._not_fetched(patient, place)
            else:
                verdict = task.evaluator.verdict(self._case(patient, number), *place)
            patient.verdicts[place] = verdict
            if task.hasty and verdict.standing is Standing.FAILED:
                patient.open.discard(number)

    def _may_be_linked_later(self, patient: _Patient, chart: Chart) -> bool:
        """Whether an observation not fetched yet may link one that was to the cancer (specimen, panel)."""
        if self._task.needs.observations <= patient.had:
            return False
        about = [entry for number in self._about_cancer for entry in chart.entries.get(number, ())]
        observed = [entry for entry in about if entry.reference.startswith("Observation/")]
        return any(
            self._case(patient, number).links.link(entry, chart) is not Truth.TRUE
            for number in patient.open
            for entry in observed
        )

    def _soundly(self, patient: _Patient, chart: Chart, work: Callable[[_Patient, Chart], None]) -> None:
        """Does what reads a chart; who cannot be evaluated is in no study and needs nothing more."""
        verdicts, open_ = dict(patient.verdicts), set(patient.open)

        def anew(sound: Chart) -> None:
            if sound is not chart:
                patient.chart, patient.cases = sound, {}
                patient.verdicts, patient.open = verdicts, open_
            work(patient, sound)

        if soundly(chart, anew) is None:
            give_up(chart, self.screened)
            self.given_up += 1
            self.screened.gated = [each for each in self.screened.gated if each.patient != patient.id]
            patient.chart, patient.cases = None, {}
            patient.admitted, patient.open = set(), set()

    def _not_fetched(self, patient: _Patient, place: Place) -> Verdict:
        planned = self._task.plan.studies[place[0]]
        each = planned.criteria[place[1]]
        proof = NOT_FETCHED._replace(says=each.predicate.says)
        return Verdict(planned.study.id, patient.id, each.criterion, proof)

    def _verdicts(self, patient: _Patient, number: int) -> tuple[Verdict, ...]:
        """A patient's verdicts of one study, in the order of its criteria."""
        return tuple(patient.verdicts[place] for place in sorted(patient.verdicts) if place[0] == number)

    def _conclude(self, patient: _Patient, chart: Chart) -> None:
        task = self._task
        whole = not patient.missing and chart.complete
        found = []
        for number in sorted(patient.admitted):
            case, planned = self._case(patient, number), task.plan.studies[number]
            verdicts = self._verdicts(patient, number)
            dates = diagnosed(case), planned_start(case)
            subject = Subject(planned.study.id, patient.id, verdicts, whole, (), *dates)
            found.append(noted(subject, chart, task.evaluator.ours, len(planned.criteria)))
        self.screened.subjects += found
        self.screened.set_aside += chart.unread


def _reference(resource: Resource) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def _text(need: Need) -> str:
    return f"{need.type} {sorted(need.codes or ())}"
