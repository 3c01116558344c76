"""ResearchSubjects: who is listed, with what is open; and who was, with what failed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from fhirscreen.criteria.studies import Study
from fhirscreen.engines.base import Screened
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.references import target
from fhirscreen.fhir.subjects import (
    CANONICAL,
    DECISION_EXTENSION,
    STATUS_EXTENSION,
    identifier_values,
    is_ours,
    study_uuid,
    subject_uuid,
    written_status,
)
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs import disclosures
from fhirscreen.outputs.actions import next_action
from fhirscreen.outputs.resources.vocabulary import (
    GATE_EXTENSION,
    NOTE_EXTENSION,
    STANDING_EXTENSION,
    identifier_of,
)
from fhirscreen.plan.nodes import Plan
from fhirscreen.verdicts.standings import Standing, Status, Subject, Verdict, ordered

NOT_IN_POPULATION = "not-in-population"
"""Code of `gate-closed` for a patient whose record no longer shows the study's disease."""


def research_subjects(
    screened: Screened,
    plan: Plan,
    base: str,
    existing: Iterable[Resource] = (),
    looked_at: Collection[str] | None = None,
) -> dict[str, list[Resource]]:
    """The ResearchSubjects of each study, listed ones first in the list's order, then those who fell off.

    `existing`: ResearchSubjects that earlier runs made. One whose patient this run looked at (`looked_at`;
    None for everybody) and who fits no longer becomes `ineligible` with the reason. Whose data could not be
    read whole keeps the status; a status that a person set is left alone, and nothing is written for it. One
    that has another id on the server (it was created from a card) is known by the identifier that we gave it.
    """
    numbers = [each.study.id for each in plan.studies]
    before: dict[str, Resource] = {}
    for resource in existing:
        if looked_at is not None and _patient(resource) not in looked_at:
            continue
        known = {**resource, "id": _given_id(resource, numbers, base)}
        if known["id"] not in before or not is_ours(known):  # of two, the one that a person decided about
            before[known["id"]] = known
    found = {}
    for each in plan.studies:
        study = each.study
        listed = ordered([subject for subject in screened.subjects if subject.study == study.id])
        made = {}
        for subject in listed:
            id = subject_uuid(study.id, base, subject.patient)
            status = subject.status
            if status is not None and (id not in before or is_ours(before[id])):
                made[id] = listed_subject(subject, status, study, base, plan.catalogue)
        found[study.id] = list(made.values())
        fallen = {id: before[id] for id in sorted(before) if _about(before[id], study) and id not in made}
        found[study.id] += _fallen(fallen, screened, study, base, plan.catalogue)
    return found


def _given_id(resource: Resource, studies: Sequence[str], base: str) -> str:
    """The id that we gave a ResearchSubject, which is its identifier wherever it stands; else its own."""
    patient = _patient(resource)
    given = {f"urn:uuid:{id}": id for id in (subject_uuid(study, base, patient) for study in studies)}
    found = [given[each] for each in identifier_values(resource) if each in given]
    return found[0] if found else str(resource.get("id"))


def _patient(subject: Resource) -> str:
    return (target(subject.get("individual")) or "").removeprefix("Patient/")


def listed_subject(
    subject: Subject, status: Status, study: Study, base: str, catalogue: Catalogue
) -> Resource:
    """The ResearchSubject of a candidate or potential candidate."""
    id = subject_uuid(study.id, base, subject.patient)
    why = standings(subject.standing(Standing.OPEN), study, catalogue)
    extensions = [written(status.value), *notes(subject.notes), *why]
    return research_subject(id, study.id, subject.patient, status.value, extensions)


def research_subject(
    id: str, study: str, patient: str, status: str, extensions: Sequence[Mapping[str, Any]]
) -> Resource:
    """A ResearchSubject; `extensions` say how it came to its status.

    Its place on the list is the List's to say: it changes when others come and go, and the patient does not.
    """
    resource: Resource = {"resourceType": "ResearchSubject", "id": id}
    if extensions:
        resource["extension"] = list(extensions)
    return resource | {
        "identifier": identifier_of(id),
        "status": status,
        "study": {"reference": f"ResearchStudy/{study_uuid(study)}"},
        "individual": {"reference": f"Patient/{patient}"},
    }


def written(status: str) -> dict[str, Any]:
    """The mark of a status that is ours."""
    return {"url": STATUS_EXTENSION, "valueCode": status}


def notes(said: Iterable[str]) -> list[dict[str, Any]]:
    """What is shown beside the patient."""
    return [{"url": NOTE_EXTENSION, "valueString": note} for note in said]


def decision(
    because: str, criteria: Iterable[str] = (), *, by: str = "", at: str = "", withheld: Iterable[str] = ()
) -> dict[str, Any]:
    """A person's reason for the status that they set, the criteria that it rests on, who and when.

    `withheld` says what of it may not be told to who reads this, and why.
    """
    said = [("because", because)] if because else []
    said += [("criterion", each) for each in criteria]
    said += [("by", by)] if by else []
    parts = [{"url": url, "valueString": text} for url, text in said]
    parts += [{"url": "at", "valueDateTime": at}] if at else []
    parts += [{"url": "withheld", "valueString": each} for each in withheld]
    return {"url": DECISION_EXTENSION, "extension": parts}


def ineligible(existing: Resource, why: Sequence[Mapping[str, Any]]) -> Resource:
    """An earlier ResearchSubject of ours as `ineligible`; `why` are extensions that give the reason."""
    return _revised(existing, Status.INELIGIBLE.value, why)


def gate_closed(gate: str) -> dict[str, Any]:
    """The reason of a patient who is out before any criterion: a gate's code, or NOT_IN_POPULATION."""
    return {"url": GATE_EXTENSION, "valueCode": gate}


def standings(verdicts: Sequence[Verdict], study: Study, catalogue: Catalogue) -> list[dict[str, Any]]:
    """An extension a verdict, in the study's order; the sensitive ones as one that names none of them."""
    plain, sensitive = disclosures.part(verdicts, catalogue)
    found = [_standing(verdict, study, catalogue) for verdict in plain]
    if sensitive:
        review = {"url": "criterion", "valueString": disclosures.FURTHER_REVIEW}
        stands = {"url": "standing", "valueCode": sensitive[0].standing.value}
        found.append({"url": STANDING_EXTENSION, "extension": [review, stands]})
    return found


def _standing(verdict: Verdict, study: Study, catalogue: Catalogue) -> dict[str, Any]:
    criterion, proof = verdict.criterion, verdict.proof
    parts: list[dict[str, Any]] = [
        {"url": "criterion", "valueString": criterion.id},
        {"url": "standing", "valueCode": verdict.standing.value},
    ]
    if proof.reason is not None:
        parts.append({"url": "reason", "valueCode": proof.reason.value})
    if verdict.standing is Standing.OPEN and (action := next_action(proof, criterion, study, catalogue)):
        parts.append({"url": "nextAction", "valueString": action})
    parts += [{"url": "evidence", "valueReference": {"reference": each}} for each in proof.evidence]
    return {"url": STANDING_EXTENSION, "extension": parts}


def _about(resource: Resource, study: Study) -> bool:
    reference = resource.get("study")
    return (
        isinstance(reference, dict) and reference.get("reference") == f"ResearchStudy/{study_uuid(study.id)}"
    )


def _fallen(
    fallen: Mapping[str, Resource], screened: Screened, study: Study, base: str, catalogue: Catalogue
) -> list[Resource]:
    subjects = {subject_uuid(study.id, base, s.patient): s for s in screened.subjects if s.study == study.id}
    gates = {subject_uuid(study.id, base, g.patient): g.gate for g in screened.gated if g.study == study.id}
    found = []
    for id, resource in fallen.items():
        if not is_ours(resource):
            continue
        subject = subjects.get(id)
        if subject is not None and subject.complete:
            found.append(ineligible(resource, standings(subject.failed, study, catalogue)))
        elif subject is not None:
            # Never demoted on part of the data: the status stays, with what speaks against it.
            status = written_status(resource) or Status.POTENTIAL_CANDIDATE.value
            found.append(_revised(resource, status, standings(subject.failed, study, catalogue)))
        elif id in gates:
            found.append(ineligible(resource, [gate_closed(gates[id].value)]))
        elif screened.complete:
            found.append(ineligible(resource, [gate_closed(NOT_IN_POPULATION)]))
    return found


def _revised(existing: Resource, status: str, why: Sequence[Mapping[str, Any]]) -> Resource:
    """The same ResearchSubject with another status and reasons; what others added to it stays."""
    found = existing.get("extension", ())
    others = [each for each in found if not str(each.get("url")).startswith(f"{CANONICAL}/")]
    kept = {key: value for key, value in existing.items() if key != "meta"}
    return {**kept, "extension": [*others, written(status), *why], "status": status}
