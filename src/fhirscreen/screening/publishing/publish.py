"""Publishes a Release: Group, ResearchStudy, ResearchSubject and List, each after what it refers to.

Every resource is looked for by its identifier first. What is there is read, merged and written with
If-Match, again where someone else was faster. What is not is written under the id we gave it, so that two
processes at once write the same resource; a server that gives ids itself gets a conditional create.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhirscreen.exceptions import OutcomeError, UsageError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.references import target
from fhirscreen.fhir.subjects import is_as_written, is_ours, list_uuid, study_uuid, subject_uuid
from fhirscreen.fhir_client import Client, token
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs.resources.lists import without
from fhirscreen.outputs.resources.subjects import NOT_IN_POPULATION, gate_closed, ineligible, standings
from fhirscreen.outputs.resources.vocabulary import identifier_of
from fhirscreen.screening.publishing.holdings import Holding
from fhirscreen.screening.publishing.merges import Fate, is_untouched, merge
from fhirscreen.screening.publishing.patient_maps import PatientMap
from fhirscreen.screening.publishing.releases import TYPES, Publishable, Release
from fhirscreen.verdicts.standings import Status

Progress = Callable[[int, int | None], None]
_CHUNK = 100


@dataclass(slots=True)
class Published:
    """How many resources of each type met each fate; `demoted` are among the updated ResearchSubjects.

    `spared`: earlier subjects that this run does not list and cannot tell to be ineligible.
    """

    fates: dict[str, Counter[Fate]] = field(default_factory=dict)
    demoted: int = 0
    spared: int = 0


def publish(
    release: Release,
    client: Client,
    catalogue: Catalogue,
    patients: PatientMap | None = None,
    progress: Progress = lambda _done, _total: None,
    *,
    replace_newer: bool = False,
) -> Published:
    """Writes a run to a server.

    Raises UsageError, with nothing written, where its patients are of another base and there is no map, and
    where a List there is as of a later day than the run, unless `replace_newer`.
    """
    if patients is None and release.base.rstrip("/") != client.base.rstrip("/"):
        raise UsageError(
            "the run's patients are not those of this server: their ids belong to another base",
            where=release.base,
            expected=client.base,
            remedy="publish to the server that was screened, or say with --patient-map who is who",
        )
    publisher = _Publisher(release, client, catalogue, patients or PatientMap(), progress)
    if not replace_newer:
        publisher.check_newest(release)
    return publisher.run()


def publish_holding(
    holding: Holding,
    client: Client,
    catalogue: Catalogue,
    progress: Progress = lambda _done, _total: None,
    check: Callable[[], None] = lambda: None,
) -> Published:
    """Writes what the store holds to the server that it was screened from, with what people decided.

    `check` is called before each resource is written, and ends the work by raising. A status that a person
    set on the server itself is kept, and whoever has one is on no list.
    """
    return _Publisher(holding, client, catalogue, PatientMap(), progress, check).run()


@dataclass(slots=True)
class _Publisher:
    release: Publishable
    client: Client
    catalogue: Catalogue
    patients: PatientMap
    progress: Progress
    check: Callable[[], None] = lambda: None
    published: Published = field(default_factory=Published)
    renamed: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    doubles: list[tuple[Resource, Resource, Resource]] = field(default_factory=list)
    done: int = 0

    def run(self) -> Published:
        wanted = {kind: list(self.release.resources[kind]) for kind in TYPES}
        wanted["ResearchSubject"] = [self._on_server(each) for each in wanted["ResearchSubject"]]
        total = sum(map(len, wanted.values()))
        for kind in TYPES:
            self._publish_type(kind, wanted[kind], total)
            if kind == "ResearchSubject" and self.release.sweeps:
                self._demote(wanted[kind])
        for subject, first, double in self.doubles:
            self._merge_double(subject, first, double)
        return self.published

    def _merge_double(self, wanted: Resource, first: Resource, double: Resource) -> None:
        """Of two ResearchSubjects of a patient and study ours goes; where it must stay, both say the same.

        That comes of a card that was shown before a publication, and followed after it. It must stay where
        anybody added anything to it, and where the server tells no version, so that nobody could know. Where
        a person set the status of the `first`, nothing is written of the other.
        """
        self.check()
        version = double.get("meta", {}).get("versionId")
        may_go = version and self._ours(double) and is_untouched(double, wanted["id"])
        if may_go and self.client.delete("ResearchSubject", double["id"], if_match=f'W/"{version}"'):
            return
        if self._ours(first):
            self._write(wanted, double)

    def check_newest(self, release: Release) -> None:
        """Raises UsageError where a later run was published of one of the studies."""
        wanted = [_stub(list_uuid(study, release.base)) for study in release.studies]
        newer = {
            str(each.get("title", "a list")): day
            for each in self._find("List", wanted).values()
            if (day := _day(each)) > release.as_of
        }
        if newer:
            raise UsageError(
                f"a later run is on the server: {', '.join(f'{title} of {newer[title]}' for title in newer)}",
                where=str(release.folder),
                expected="a run as of the same day or a later one",
                remedy="publish the newest run, or go back to this one with --replace-newer",
            )

    def _on_server(self, subject: Resource) -> Resource:
        """A ResearchSubject about the server's patient. Raises UsageError where the map lacks one."""
        source = (target(subject.get("individual")) or "").removeprefix("Patient/")
        found = self.patients.target(source)
        if found is None:
            raise UsageError(
                "a patient of the run is not in the patient map",
                expected="a line for every patient on a list",
                remedy="complete the patient map; ResearchSubject.ndjson of the run names them",
            )
        own = self._traced(subject)
        return {**own, "individual": {**subject["individual"], "reference": f"Patient/{found}"}}

    def _traced(self, subject: Resource) -> Resource:
        """With evidence as logical references where the server does not hold it (another base's patients)."""
        if self.patients.targets is None:
            return subject
        return {**subject, "extension": _logical(subject.get("extension", []), self.release.base)}

    def _publish_type(self, kind: str, wanted: Sequence[Resource], total: int) -> None:
        fates = self.published.fates.setdefault(kind, Counter())
        wanted = [self._renamed(each) for each in wanted]
        if kind == "List":
            wanted = [without(each, self.kept) for each in wanted]
        standing = self._find_all(kind, wanted)
        if kind == "ResearchSubject":
            for each in wanted:
                first, *others = standing.get(each["id"]) or (None,)
                self.doubles += [(each, first, double) for double in others if first is not None]

        def write(resource: Resource) -> tuple[Fate, str]:
            return self._write(resource, next(iter(standing.get(resource["id"], ())), None))

        for resource, (fate, id) in zip(wanted, self.client.spread(write, wanted), strict=True):
            fates[fate] += 1
            if fate is Fate.KEPT:
                self.kept.add(f"{kind}/{id}")
            if id != resource["id"]:
                self.renamed[f"{kind}/{resource['id']}"] = f"{kind}/{id}"
            self.done += 1
            self.progress(self.done, total)

    def _find(self, kind: str, wanted: Sequence[Resource]) -> dict[str, Resource]:
        """What stands on the server already, by the id we gave it."""
        return {id: found[0] for id, found in self._find_all(kind, wanted).items()}

    def _find_all(self, kind: str, wanted: Sequence[Resource]) -> dict[str, list[Resource]]:
        """The same with doubles, the one to go on with first."""
        ids = {_own_token(resource): resource["id"] for resource in wanted}
        found: dict[str, dict[str, Resource]] = {}
        for part in self.client.search_each(kind, {}, "identifier", list(ids), most=_CHUNK):
            for resource in part.matches:
                for identifier in resource.get("identifier", ()):
                    key = ids.get(token(identifier.get("system"), identifier.get("value", "")))
                    if key is not None:
                        found.setdefault(key, {})[resource["id"]] = resource
        return {
            key: sorted(those.values(), key=lambda each: _rank(each, key)) for key, those in found.items()
        }

    def _write(self, wanted: Resource, standing: Resource | None) -> tuple[Fate, str]:
        self.check()
        kind, id = wanted["resourceType"], wanted["id"]
        if standing is not None:
            id = standing["id"]
            fate, _ = merge(standing, wanted, self._ours)
            if fate in (Fate.UNCHANGED, Fate.KEPT):
                return fate, id
        elif wanted.get("status") == Status.INELIGIBLE.value:
            return Fate.UNCHANGED, id  # nobody is put on record only to be taken off
        fates = []

        def change(current: Resource | None) -> Resource | None:
            fate, merged = merge(current, wanted, self._ours)
            fates.append(fate)
            return merged

        try:
            self.client.revise(kind, id, change)
        except OutcomeError:
            if standing is not None or fates[-1:] != [Fate.CREATED]:
                raise
            return self._create(wanted)
        # Overtaken by a process that wrote the same: it was created, and not by us.
        return fates[-1], id

    def _create(self, wanted: Resource) -> tuple[Fate, str]:
        """A new resource on a server that gives ids itself; only where nobody created it meanwhile."""
        condition = {"identifier": _own_token(wanted)}
        written = self.client.create(wanted, if_none_exist=condition)
        id = written.id or self._find(wanted["resourceType"], [wanted])[wanted["id"]]["id"]
        return (Fate.CREATED if written.created else Fate.UNCHANGED), id

    def _renamed(self, resource: Resource) -> Resource:
        """With references to what the server gave other ids."""
        return _replaced(resource, self.renamed) if self.renamed else resource

    def _demote(self, wanted: Sequence[Resource]) -> None:
        """Earlier subjects of ours that this run does not list become ineligible, with the reason."""
        listed = {each["id"] for each in wanted}
        fallen: list[tuple[tuple[str, str], Resource]] = []
        for study in self.release.studies:
            id = self.renamed.get(f"ResearchStudy/{study_uuid(study)}", f"ResearchStudy/{study_uuid(study)}")
            for resource in self.client.gather("ResearchSubject", {"study": id}).matches:
                patient = self._patient(resource, study)
                if patient is None or subject_uuid(study, self.release.base, patient) in listed:
                    continue
                if self._ours(resource) and resource["status"] != Status.INELIGIBLE.value:
                    fallen.append(((study, patient), resource))
        failures = self.release.failures({key for key, _ in fallen})
        studies, gates = self.release.criteria(), self.release.gates()
        for key, resource in fallen:
            against = failures.get(key)
            if against is not None and against.gate is not None:
                why = [gate_closed(against.gate)]
            elif against is not None and against.complete and against.verdicts:
                why = standings(against.verdicts, studies[key[0]], self.catalogue)
            elif key in gates:
                why = [gate_closed(gates[key])]
            elif against is None and key[0] in self.release.whole:
                why = [gate_closed(NOT_IN_POPULATION)]
            else:
                self.published.spared += 1
                continue
            fate, _ = self._write(self._traced(ineligible(resource, why)), resource)
            self.published.fates["ResearchSubject"][fate] += 1
            self.published.demoted += fate is Fate.UPDATED

    @property
    def _ours(self) -> Callable[[Resource], bool]:
        """Which status may be written over: a person's that we passed on only where we know it still."""
        return is_as_written if self.release.decides else is_ours

    def _patient(self, resource: Resource, study: str) -> str | None:
        """The run's id of a subject's patient; None where another base's run made the subject."""
        on_server = (target(resource.get("individual")) or "").removeprefix("Patient/")
        source = self.patients.source(on_server)
        if source is None:
            return None
        own = f"urn:uuid:{subject_uuid(study, self.release.base, source)}"
        values = {each.get("value") for each in resource.get("identifier", ())}
        return source if own in values else None


def _stub(id: str) -> Resource:
    """As much of a List as it takes to look for it."""
    return {"resourceType": "List", "id": id, "identifier": identifier_of(id)}


def _day(listing: Mapping[str, Any]) -> str:
    """The day that a List is as of; empty where it has none, or there is no List."""
    return str(listing.get("date", ""))[:10]


def _own_token(resource: Resource) -> str:
    """The identifier that holds the id we gave a resource, as a search value."""
    for identifier in resource["identifier"]:
        if str(identifier.get("value", "")).endswith(resource["id"]):
            return token(identifier.get("system"), identifier["value"])
    raise UsageError(
        f"a {resource['resourceType']} of the run has no identifier of ours",
        remedy="screen again with this version",
    )


def _rank(resource: Resource, id: str) -> tuple[bool, bool, str]:
    """First the one that a person decided about; of ResearchSubjects then what the EHR created from a card.

    Of all else that under our own id; then the lowest id, whoever looks.
    """
    if resource["resourceType"] == "ResearchSubject":
        return is_ours(resource), resource["id"] == id, resource["id"]
    return True, resource["id"] != id, resource["id"]


def _logical(value: Any, base: str) -> Any:
    """A copy whose evidence names the source's resources by identifier: type, base and `Type/id`."""
    if isinstance(value, dict):
        if value.get("url") == "evidence" and "valueReference" in value:
            reference = str(value["valueReference"].get("reference", ""))
            identifier = {"system": base, "value": reference}
            type = reference.partition("/")[0]
            return {"url": "evidence", "valueReference": {"type": type, "identifier": identifier}}
        return {key: _logical(each, base) for key, each in value.items()}
    return [_logical(each, base) for each in value] if isinstance(value, list) else value


def _replaced(value: Any, names: Mapping[str, str]) -> Any:
    """A copy with every `reference` to a renamed resource led to its new name."""
    if isinstance(value, dict):
        return {
            key: names.get(each, each)
            if key == "reference" and isinstance(each, str)
            else _replaced(each, names)
            for key, each in value.items()
        }
    return [_replaced(each, names) for each in value] if isinstance(value, list) else value
