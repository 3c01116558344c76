"""A Cohort: resources gathered by the patient they are about, whatever order they came in."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from fhirscreen.engines.base import Remark, SetAside, shown_place
from fhirscreen.engines.evaluator.versions import TWICE, Found, newest
from fhirscreen.fhir.elements import ELEMENTS, unknown_elements
from fhirscreen.fhir.entries import CLINICAL_TYPES, STATUSES, Resource, modified
from fhirscreen.fhir.folders import Line
from fhirscreen.fhir.references import may_be_anybodys, patient_of, targets


@dataclass(slots=True)
class Cohort:
    """Resources by the patient they are about, with what they share and what could not be read.

    The latest version of a resource wins where an id occurs twice (`newest`).
    `survivors` leads from a merged patient to the one whom the records follow; `lost` counts merges into
    patients who are not in the data.
    `odd` says of records that were read what they should not be, expected and remedy: how often, and a place.
    `missing` are types of which a part is lost for anybody, `missing_of` those that are lost for one patient.
    `places` are where each resource stands. `doubled` are, by patient, records that stand twice and differ,
    of which none is known to be the later one; `rivals` are those that gates read, the Patient among them.
    Of `set_aside`, `unattributed` can be read and may be of anybody, as may `nameless`, which cannot be read.
    """

    patients: dict[str, Resource] = field(default_factory=dict)
    resources: dict[str, list[Resource]] = field(default_factory=dict)
    shared: dict[str, Resource] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    survivors: dict[str, str] = field(default_factory=dict)
    lost: int = 0
    missing: set[str] = field(default_factory=set)
    missing_of: dict[str, set[str]] = field(default_factory=dict)
    set_aside: list[SetAside] = field(default_factory=list)
    unattributed: list[tuple[SetAside, Resource]] = field(default_factory=list)
    nameless: list[tuple[SetAside, frozenset[str]]] = field(default_factory=list)
    odd: dict[tuple[str, str, str], tuple[int, str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    doubled: dict[str, list[tuple[SetAside, Resource]]] = field(default_factory=dict)
    rivals: dict[str, list[Resource]] = field(default_factory=dict)
    _merged: dict[str, list[str]] | None = None

    def merged_into(self, patient: str) -> list[str]:
        """The patients whose records follow this one, sorted."""
        if self._merged is None:
            merged: dict[str, list[str]] = {}
            for id in sorted(self.survivors):
                merged.setdefault(last_survivor(id, self.survivors), []).append(id)
            self._merged = merged  # when it is whole: other threads read it
        return [id for id in self._merged.get(patient, ()) if id != patient]

    def miss(self, line: Line) -> None:
        """Notes what a line that could not be read may have said, and of whom: without a name, of anybody.

        Nothing is missing with a type that decides nothing (an Organization). Of somebody whose Patient,
        consent or enrolment could not be read, anything may be.
        """
        aside = SetAside(line.where, line.reason, line.verbatim)
        self.set_aside.append(aside)
        patient = line.patient
        if patient is not None and patient.startswith("urn:"):
            found = self.aliases.get(patient, "")
            patient = found.removeprefix("Patient/") if found.startswith("Patient/") else None
        types = frozenset(line.types)
        lost = types.intersection(_DECIDED_BY)
        if not types or (patient is not None and not types.isdisjoint(_OF_PERSONS)):
            lost = lost.union(CLINICAL_TYPES)
        if (line.rest or line.merges) and "Patient" in types:
            lost = lost.union(CLINICAL_TYPES)  # who was merged into whom is lost with them
        if not lost:
            return
        if patient is not None and not line.rest:
            self.missing_of.setdefault(patient, set()).update(lost)
            return
        self.missing |= lost
        self.nameless.append((aside, lost))

    @property
    def remarks(self) -> list[Remark]:
        """What is odd about the records, sorted."""
        return [Remark(*said, *found) for said, found in sorted(self.odd.items())]

    def look_at(self, line: Line, resource: Resource) -> None:
        """Notes what is odd about a record, which is read all the same (ADR 0030)."""
        kind = resource["resourceType"]
        if line.named_for is not None:
            said = (
                f"{kind} stands in a file that is named for {line.named_for}",
                "one resource type a file, as Bulk Data writes them",
                "export again if it should not be there; it was read as what it says it is",
            )
            self._note(said, line.where)
        if line.joined:
            said = (
                "several records stand where one is expected",
                "one resource a line in NDJSON, one resource or Bundle a file in JSON",
                "put a line break between them where they are written; all of them were read",
            )
            self._note(said, line.where)
        for name in unknown_elements(resource):
            said = (
                f"{kind} has {name}, which R4 does not know",
                "elements of FHIR R4, and extensions for all else",
                "export it as R4; what that field says was not read, all else of the record was",
            )
            self._note(said, line.where)
        if modified(resource):
            said = (
                f"{kind} has a modifierExtension or implicitRules, which are not known here",
                "no modifier that changes what a record says",
                "ask who sends it what it means: until then, the record settles nothing",
            )
            self._note(said, line.where)
        statuses = STATUSES.get(kind)
        if statuses is not None and resource.get("status") not in statuses:
            said = (
                f"{kind} has {'a status that R4 does not know' if 'status' in resource else 'no status'}",
                f"one of {', '.join(statuses)}",
                "send the status: until then, the record settles nothing (unconfirmed)",
            )
            self._note(said, line.where)

    def _note(self, said: tuple[str, str, str], where: str) -> None:
        where = shown_place(where)
        times, place = self.odd.get(said, (0, where))
        # By length first: line 9 stands before line 10.
        self.odd[said] = times + 1, min(place, where, key=lambda each: (len(each), each))

    def unfetched(self, patient: str) -> frozenset[str]:
        """The types of which records of a patient may be missing."""
        found = self.missing | self.missing_of.get(patient, set())
        for id in self.merged_into(patient) if self.missing_of else ():
            found |= self.missing_of.get(id, set())
        return frozenset(found)

    def chart_resources(self, patient: str) -> list[Resource]:
        """A patient's own resources and those of the patients merged into it."""
        found = list(self.resources.get(patient, ()))
        for id in self.merged_into(patient):
            found.extend(self.resources.get(id, ()))
        return found

    def doubtful(self, patient: str) -> list[Resource]:
        """What may close a gate for a patient, and is set aside: `rivals`, those of the merged ones too.

        Whether somebody has died, or is no longer active, her own record says.
        """
        found = list(self.rivals.get(patient, ()))
        for id in self.merged_into(patient) if self.rivals else ():
            found.extend(each for each in self.rivals.get(id, ()) if not _is_person(each))
        return found


_GATES = frozenset(("Consent", "ResearchSubject"))
_OF_PERSONS = _GATES | {"Patient", "Flag"}
_DECIDED_BY = _GATES.union(CLINICAL_TYPES, ("Flag",))
_OF_PATIENTS = _GATES.union(CLINICAL_TYPES)


def last_survivor(patient: str, survivors: Mapping[str, str]) -> str:
    """Follows replaced-by links to the end; a circle ends where it would close."""
    seen = {patient}
    while patient in survivors and survivors[patient] not in seen:
        patient = survivors[patient]
        seen.add(patient)
    return patient


def survivors_of(patients: Iterable[Resource], aliases: Mapping[str, str] | None = None) -> dict[str, str]:
    """From each merged patient to the one whom the records follow (R4, Patient.link).

    The patient's own `replaced-by` link says so, or the survivor's `replaces`, where that is all there is: of
    several survivors the least id. Of patients whose links lead back to themselves, the one with the least id
    is taken for the survivor.
    """
    found: dict[str, str] = {}
    absorbed: dict[str, str] = {}
    for patient in patients:
        id, links = str(patient["id"]), patient.get("link")
        for link in links if isinstance(links, list) else ():
            kind = link.get("type") if isinstance(link, dict) else None
            if kind not in ("replaced-by", "replaces"):
                continue
            for other in targets(link.get("other"), aliases):
                named = other.removeprefix("Patient/")
                if kind == "replaced-by":
                    found[id] = named
                else:
                    absorbed[named] = min(id, absorbed.get(named, id))
    found = absorbed | found
    for id in sorted(found):
        seen, last = {id}, found[id]
        while last in found and last not in seen:
            seen.add(last)
            last = found[last]
        if last == id:
            del found[id]
    return found


def known_survivors(survivors: Mapping[str, str], known: Container[str]) -> dict[str, str]:
    """Those merges whose survivor is in the data; a patient of any other is screened for itself."""
    return {id: to for id, to in survivors.items() if last_survivor(id, survivors) in known}


def gather(lines: Iterable[Line], *, remarking: bool = True) -> Cohort:
    """Gathers resources into a cohort, whatever their order.

    Without `remarking` nothing is noted of what is odd about records that are read: nobody is told of it.
    """
    cohort = Cohort()
    latest: dict[str, Resource] = {}
    places = cohort.places
    twice: dict[str, dict[bytes, Found]] = {}
    unread: list[Line] = []
    for line in lines:
        resource = line.resource
        if resource is None:
            unread.append(line)
            continue
        kind = resource["resourceType"]
        if remarking and _is_odd(line, resource, kind):
            cohort.look_at(line, resource)
        reference, url = f"{kind}/{resource['id']}", line.full_url
        if url is not None and url.startswith("urn:"):
            cohort.aliases[url] = reference
        if reference in latest:
            known = latest[reference]
            if reference not in twice and resource == known:
                continue
            found = twice.setdefault(reference, {_content(known): (places[reference], known)})
            found.setdefault(_content(resource), (line.where, resource))
            continue
        latest[reference] = resource
        places[reference] = line.where
    for reference in sorted(twice):
        _settle(cohort, latest, reference, newest(list(twice[reference].values())))
    for reference in sorted(latest):
        _sort_in(cohort, latest[reference], reference, places[reference])
    for line in unread:
        cohort.miss(line)
    people = [
        *cohort.patients.values(),
        *(p for each in cohort.rivals.values() for p in each if _is_person(p)),
    ]
    merged = survivors_of(people, cohort.aliases)
    cohort.survivors = known_survivors(merged, cohort.patients)
    cohort.lost = len(merged) - len(cohort.survivors)
    return cohort


def _is_odd(line: Line, resource: Resource, kind: str) -> bool:
    """Whether there may be anything to remark about a record."""
    elements, statuses = ELEMENTS.get(kind), STATUSES.get(kind)
    return (
        line.named_for is not None
        or line.joined
        or (elements is not None and not elements.issuperset(resource))
        or (statuses is not None and resource.get("status") not in statuses)
    )


_COMPARED = _OF_PERSONS.union(CLINICAL_TYPES, ("Medication",))


def _is_person(resource: Resource) -> bool:
    return bool(resource["resourceType"] == "Patient")


def _settle(cohort: Cohort, latest: dict[str, Resource], reference: str, found: list[Found]) -> None:
    """Takes the version of a record that holds; where that cannot be told, sets them aside, all of them."""
    where, last = max(found, key=lambda each: _content(each[1]))
    latest[reference], cohort.places[reference] = last, where
    if last["resourceType"] not in _COMPARED or all(_said(each) == _said(last) for _, each in found):
        return
    _set_aside_twice(cohort, found)
    if _is_person(last):
        latest[reference] = _agreed([resource for _, resource in found])
    else:
        del latest[reference]


def _content(resource: Resource) -> bytes:
    return orjson.dumps(resource, option=orjson.OPT_SORT_KEYS)


def _by_content(found: Found) -> tuple[bytes, str]:
    return _content(found[1]), found[0]


def _said(resource: Resource) -> Resource:
    """What a resource says of somebody: neither how it is stored nor how it is shown."""
    return {name: value for name, value in resource.items() if name not in ("meta", "text")}


def _agreed(patients: list[Resource]) -> Resource:
    """What all versions of a Patient say alike."""
    first, *others = patients
    return {
        name: value
        for name, value in first.items()
        if all(name in other and other[name] == value for other in others)
    }


def _set_aside_twice(cohort: Cohort, found: list[Found]) -> None:
    """Sets records aside that stand twice and differ: what they may say is open, of whom they are about."""
    for where, resource in sorted(found, key=_by_content):
        kind, patient = resource["resourceType"], patient_of(resource, cohort.aliases)
        aside = SetAside(where, TWICE, orjson.dumps(resource).decode())
        cohort.set_aside.append(aside)
        if patient is None:
            if kind in _OF_PATIENTS and may_be_anybodys(resource):
                cohort.unattributed.append((aside, resource))
        elif kind in CLINICAL_TYPES:
            told = SetAside(f"{kind}/{resource['id']}", TWICE, aside.verbatim)
            cohort.doubled.setdefault(patient, []).append((told, resource))
        else:
            cohort.missing_of.setdefault(patient, set()).add(kind)
            cohort.rivals.setdefault(patient, []).append(resource)


def _sort_in(cohort: Cohort, resource: Resource, reference: str, where: str) -> None:
    kind = resource["resourceType"]
    if kind == "Patient":
        cohort.patients[str(resource["id"])] = resource
        return
    patient = patient_of(resource, cohort.aliases)
    if patient in cohort.resources:
        cohort.resources[patient].append(resource)
        return
    if patient is None:
        if kind in _OF_PATIENTS:
            aside = SetAside(where, "about no patient that can be told", orjson.dumps(resource).decode())
            cohort.set_aside.append(aside)
            if may_be_anybodys(resource):
                cohort.unattributed.append((aside, resource))
        cohort.shared[reference] = resource
        return
    cohort.resources[patient] = [resource]
