"""The in-memory engine: resources from files (or anywhere) gathered by patient, and the evaluator."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from fhirscreen.engines.base import Depth, Engine, Gated, Progress, Screened, SetAside, silent
from fhirscreen.engines.evaluator.charts import Chart, read_chart
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.engines.evaluator.gates import gate_of, notes
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import CLINICAL_TYPES, Resource
from fhirscreen.fhir.folders import Line
from fhirscreen.fhir.references import patient_of, targets
from fhirscreen.fhir.subjects import study_uuid
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf
from fhirscreen.verdicts.standings import Gate, Status


@dataclass(slots=True)
class Cohort:
    """Resources by the patient they are about, with what they share and what could not be read.

    The latest version of a resource wins where an id occurs twice (meta.versionId, then lastUpdated, then
    the later one). `survivors` leads from a merged patient to the one whom the records follow.
    """

    patients: dict[str, Resource] = field(default_factory=dict)
    resources: dict[str, list[Resource]] = field(default_factory=dict)
    shared: dict[str, Resource] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    survivors: dict[str, str] = field(default_factory=dict)
    set_aside: list[SetAside] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    orphans: int = 0

    def chart_resources(self, patient: str) -> list[Resource]:
        """A patient's own resources and those of the patients merged into it."""
        merged = sorted(id for id, survivor in self.survivors.items() if self._last(survivor) == patient)
        found = list(self.resources.get(patient, ()))
        for id in merged:
            found.extend(self.resources.get(id, ()))
        return found

    def _last(self, patient: str) -> str:
        """Follows replaced-by links to the end; a circle ends where it began."""
        seen = {patient}
        while patient in self.survivors and self.survivors[patient] not in seen:
            patient = self.survivors[patient]
            seen.add(patient)
        return patient


def gather(lines: Iterable[Line]) -> Cohort:
    """Gathers resources into a cohort, whatever their order."""
    cohort = Cohort()
    latest: dict[str, Resource] = {}
    places: dict[str, str] = {}
    for line in lines:
        if line.resource is None:
            cohort.set_aside.append(SetAside(line.where, line.reason, line.verbatim))
            continue
        reference = f"{line.resource['resourceType']}/{line.resource['id']}"
        if line.full_url is not None and line.full_url.startswith("urn:"):
            cohort.aliases[line.full_url] = reference
        known = latest.get(reference)
        if known is None or _version(line.resource) >= _version(known):
            latest[reference] = line.resource
            places[reference] = line.where
    for reference in sorted(latest):
        _sort_in(cohort, latest[reference], reference, places[reference])
    for patient in cohort.patients.values():
        for link in patient.get("link", ()):
            if isinstance(link, dict) and link.get("type") == "replaced-by":
                for other in targets(link.get("other"), cohort.aliases):
                    cohort.survivors[str(patient["id"])] = other.removeprefix("Patient/")
    return cohort


def _version(resource: Resource) -> tuple[int, str]:
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    version, updated = meta.get("versionId"), meta.get("lastUpdated")
    number = int(version) if isinstance(version, str) and version.isdecimal() else 0
    return number, updated if isinstance(updated, str) else ""


def _sort_in(cohort: Cohort, resource: Resource, reference: str, where: str) -> None:
    kind = resource["resourceType"]
    if kind == "Patient":
        cohort.patients[str(resource["id"])] = resource
        return
    patient = patient_of(resource, cohort.aliases)
    if patient is None:
        if kind in CLINICAL_TYPES:
            cohort.set_aside.append(
                SetAside(where, "about no patient that can be told", orjson.dumps(resource).decode())
            )
        cohort.shared[reference] = resource
        return
    cohort.resources.setdefault(patient, []).append(resource)


class InMemory:
    """Evaluates every patient of a cohort in this process: the reference engine."""

    name = "memory"

    def __init__(self, cohort: Cohort) -> None:
        self.cohort = cohort

    def screen(
        self,
        plan: Plan,
        as_of: AsOf,
        *,
        depth: Depth = Depth.FULL,
        patients: Collection[str] | None = None,
        progress: Progress = silent,
    ) -> Screened:
        """Screens the cohort, or only `patients`; every member gets every verdict whatever the depth."""
        cohort = self.cohort
        wanted = sorted(cohort.patients if patients is None else set(patients) & set(cohort.patients))
        if patients is not None and (unknown := set(patients) - set(cohort.patients)):
            raise DataError(
                f"{len(unknown)} of the patients asked for are not in the data",
                expected="ids of Patient resources",
            )
        evaluator = Evaluator(plan)
        screened = Screened(patients=len(wanted), set_aside=list(cohort.set_aside))
        screened.outside = {study.study.id: 0 for study in plan.studies}
        known = set(cohort.patients)
        strays = sum(len(found) for id, found in cohort.resources.items() if id not in known)
        if strays:
            screened.gaps.append(f"{strays} resources are about patients who are not in the data")
        for done, id in enumerate(wanted, 1):
            chart = read_chart(
                cohort.patients[id],
                cohort.chart_resources(id),
                evaluator.index,
                as_of,
                shared=cohort.shared,
                aliases=cohort.aliases,
            )
            judge(plan, evaluator, chart, screened, merged=id in cohort.survivors)
            progress(done, len(wanted))
        return finished(screened, plan)


def judge(
    plan: Plan, evaluator: Evaluator, chart: Chart, screened: Screened, *, merged: bool = False
) -> None:
    """Adds one patient to what was screened: outside, gated, or a subject of each study."""
    for aside in chart.set_aside:
        verbatim = orjson.dumps(aside.resource).decode()
        screened.set_aside.append(SetAside(aside.where.split("/")[0], aside.reason, verbatim))
    subjects = {subject.study: subject for subject in evaluator.subjects(chart)}
    ours = frozenset(study_uuid(study.study.id) for study in plan.studies)
    for study in plan.studies:
        id = study.study.id
        subject = subjects.get(id)
        if subject is None:
            screened.outside[id] += 1
            continue
        gate = Gate.MERGED if merged else gate_of(chart, plan.catalogue.site, id)
        if gate is not None:
            screened.gated.append(Gated(id, chart.id, gate))
        else:
            screened.subjects.append(subject._replace(notes=notes(chart, id, ours)))


def finished(screened: Screened, plan: Plan) -> Screened:
    """Sorts what was screened, so that neither order of input nor number of workers shows."""
    order = {study.study.id: number for number, study in enumerate(plan.studies)}
    screened.subjects.sort(key=lambda subject: (order[subject.study], subject.patient))
    screened.gated.sort(key=lambda gated: (order[gated.study], gated.patient))
    screened.set_aside.sort()
    screened.gaps = sorted(set(screened.gaps))
    return screened


def listed(screened: Screened, study: str) -> Mapping[str, Status]:
    """The patients on a study's list, with their status."""
    return {
        subject.patient: subject.status
        for subject in screened.subjects
        if subject.study == study and subject.status is not None
    }


_: type[Engine] = InMemory
