"""What was found of one patient and study, as parameters that come out of an operation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fhirscreen.api.fhir.declarations import Output
from fhirscreen.bootstrap.services import Looked
from fhirscreen.criteria.studies import Study
from fhirscreen.engines.base import Screened
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import study_uuid
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs import disclosures, wording
from fhirscreen.outputs.actions import next_action
from fhirscreen.outputs.completeness import set_aside_reasons
from fhirscreen.verdicts.proofs import without_birth
from fhirscreen.verdicts.standings import Standing, Subject, Verdict, unmirrored

Part = dict[str, Any]

CRITERION = Output(
    "criterion",
    "BackboneElement",
    "One that failed, is open, or is to be asked in person; a sensitive one is not named",
    "*",
    (
        Output("id", "string", "Its id in the study"),
        Output("says", "string", "What it states"),
        Output("standing", "code", "failed or open"),
        Output("reason", "code", "Why it is open"),
        Output("why", "string", "The same in words, with the value and date that decide"),
        Output("nextAction", "string", "What settles it"),
        Output("evidence", "Reference", "The records that decide", "*"),
    ),
)
STUDY = (
    Output("study", "Reference", "The ResearchStudy"),
    Output(
        "outcome",
        "code",
        "candidate, potential-candidate, failed, gate-closed, not-in-population, or not-evaluated",
    ),
    Output("gate", "code", "What takes the patient out before any criterion"),
    CRITERION,
    Output("note", "string", "What is shown beside the patient", "*"),
)
WHOLE = (
    Output("asOf", "date", "The index date"),
    Output("complete", "boolean", "Whether all of the record was fetched and read"),
    Output("gap", "string", "What was not", "*"),
)


def parameters(parts: Sequence[Part]) -> Resource:
    """A Parameters resource."""
    return {"resourceType": "Parameters", "parameter": list(parts)}


def frame(looked: Looked) -> list[Part]:
    """As of when, and whether all of the record was there."""
    gaps = list(looked.gaps)
    reasons = set_aside_reasons(Screened(set_aside=list(looked.assessed.set_aside)))
    gaps += [f"set aside: {reason} ({number})" for reason, number in reasons.items()]
    return [
        {"name": "asOf", "valueDate": looked.as_of.day.isoformat()},
        {"name": "complete", "valueBoolean": looked.whole},
        *({"name": "gap", "valueString": gap} for gap in gaps),
    ]


def of_study(looked: Looked, study: Study, catalogue: Catalogue) -> list[Part]:
    """Where the patient stands for a study of the panel."""
    found = looked.assessed
    parts: list[Part] = [
        {"name": "study", "valueReference": {"reference": f"ResearchStudy/{study_uuid(study.id)}"}}
    ]
    subject, gate = found.subject(study.id), found.gate(study.id)
    if subject is not None:
        status = subject.status
        parts.append({"name": "outcome", "valueCode": status.value if status is not None else "failed"})
        parts += criteria(subject, study, catalogue, looked.base)
        parts += [{"name": "note", "valueString": note} for note in subject.notes]
    elif gate is not None:
        parts.append({"name": "outcome", "valueCode": "gate-closed"})
        parts.append({"name": "gate", "valueCode": gate.value})
    else:
        outcome = "not-in-population" if found.evaluated else "not-evaluated"
        parts.append({"name": "outcome", "valueCode": outcome})
    return parts


def criteria(subject: Subject, study: Study, catalogue: Catalogue, base: str) -> list[Part]:
    """What failed, then what is open, then what is asked in person; the sensitive ones as one."""
    failed = unmirrored(subject.failed)
    opened = unmirrored(subject.open)
    plain, sensitive = disclosures.part([*failed, *opened, *subject.to_ask], catalogue)
    parts = [_criterion(verdict, study, catalogue, base) for verdict in plain]
    if sensitive:
        standing = Standing.FAILED if any(v.standing is Standing.FAILED for v in sensitive) else Standing.OPEN
        said = {
            "id": disclosures.FURTHER_REVIEW,
            "says": disclosures.FURTHER_REVIEW_SAYS,
        }
        parts.append(_part(said, standing, None))
    return parts


def _criterion(verdict: Verdict, study: Study, catalogue: Catalogue, base: str) -> Part:
    criterion, proof = verdict.criterion, without_birth(verdict.proof)
    said = {
        "id": criterion.id,
        "says": criterion.says,
        "why": wording.say_reason(proof, criterion, catalogue),
    }
    if verdict.standing is Standing.OPEN:
        said["nextAction"] = next_action(proof, criterion, study, catalogue)
    reason = proof.reason.value if proof.reason is not None else None
    part = _part(said, verdict.standing, reason)
    whole = f"{base}/" if base.startswith("http") else ""
    part["part"] += [
        {"name": "evidence", "valueReference": {"reference": f"{whole}{each}"}} for each in proof.evidence
    ]
    return part


def _part(said: dict[str, str], standing: Standing, reason: str | None) -> Part:
    parts: list[Part] = [{"name": name, "valueString": text} for name, text in said.items() if text]
    parts.append({"name": "standing", "valueCode": standing.value})
    if reason is not None:
        parts.append({"name": "reason", "valueCode": reason})
    return {"name": "criterion", "part": parts}
