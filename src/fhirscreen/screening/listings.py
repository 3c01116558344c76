"""What the store holds as the R4 resources that runs write: ResearchSubjects and screening Lists."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.orm import Session

from fhirscreen.criteria.studies import Study
from fhirscreen.exceptions import StudyError
from fhirscreen.fhir.entries import Resource
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs.disclosures import FURTHER_REVIEW, is_sensitive
from fhirscreen.outputs.resources.lists import screening_list
from fhirscreen.outputs.resources.subjects import (
    decision,
    gate_closed,
    notes,
    research_subject,
    standings,
    written,
)
from fhirscreen.screening.disclosures import publish_reason, say_withheld, tell_criteria
from fhirscreen.store.reviews import StoredReview
from fhirscreen.store.runs import EVERYBODY, StoredRun, list_runs
from fhirscreen.store.standings import LISTED, StoredSubject, StoredVerdict
from fhirscreen.store.studies import Recruiting, find_study
from fhirscreen.store.subjects import find_subjects
from fhirscreen.verdicts.proofs import read_proof
from fhirscreen.verdicts.standings import Standing, Status, Verdict

_LOOK_BACK = 50
_UNSAID = "no reason given"


def subject_resource(
    stored: StoredSubject,
    verdicts: Sequence[StoredVerdict],
    study: Study | None,
    catalogue: Catalogue,
    review: StoredReview | None = None,
    *,
    full: bool,
) -> Resource:
    """The ResearchSubject of whoever has a status: ours, with what is open or failed, or a person's.

    `study` is the version that the verdicts are of; without it nothing is said of criteria. `review`: the
    newest decision. `full`: whether a person's reason, and sensitive criteria, may be told (`disclosures`);
    what may not is named in the extension `person-decision`, so that nobody writes back what stands instead.
    """
    extensions = [written(stored.status)] if stored.status is not None else []
    if stored.person_status is not None:
        extensions.append(_decided(stored, review, study, catalogue, full=full))
    extensions += _reasons(stored, verdicts, study, catalogue)
    status = stored.current_status or ""
    resource = research_subject(stored.id, stored.study, stored.patient, status, extensions)
    _anchor(resource, stored.base)
    meta = {"versionId": str(stored.version), "lastUpdated": stored.changed_at.isoformat()}
    return {"resourceType": resource["resourceType"], "id": stored.id, "meta": meta} | resource


def _decided(
    stored: StoredSubject,
    review: StoredReview | None,
    study: Study | None,
    catalogue: Catalogue,
    *,
    full: bool,
) -> dict[str, Any]:
    """What a person decided, as it may be told."""
    names = named_criteria(study, catalogue)
    criteria = tell_criteria(review.bears_on if review is not None else (), names, full=full)
    return decision(
        (stored.person_reason or "") if full else "",
        criteria,
        by=stored.person_by or "",
        at=stored.person_at.isoformat(timespec="milliseconds") if stored.person_at is not None else "",
        withheld=say_withheld(stored.person_reason, criteria, full=full),
    )


def named_criteria(study: Study | None, catalogue: Catalogue) -> dict[str, str]:
    """The ids of a study's criteria as they may be told to anybody, by id."""
    return {
        each.id: FURTHER_REVIEW if is_sensitive(each, catalogue) else each.id
        for each in (study.criteria if study is not None else ())
    }


def published_subject(
    stored: StoredSubject,
    verdicts: Sequence[StoredVerdict],
    study: Study | None,
    catalogue: Catalogue,
    review: StoredReview | None = None,
) -> Resource:
    """The same as it is put on the server that was screened; ineligible where nobody was ever listed.

    A person's status is marked as written by us, so that what somebody sets there is told from it, and has
    the decision with it, so that it is told from our own; a reason that may name what is sensitive is
    withheld (`disclosures.publish_reason`). `review`: the newest decision.
    """
    status = stored.current_status or Status.INELIGIBLE.value
    extensions = [written(status)]
    if stored.person_status is not None:
        rests_on = review.bears_on if review is not None else {}
        because = publish_reason(stored.person_reason, rests_on, named_criteria(study, catalogue))
        extensions.append(decision(because or _UNSAID))
    extensions += _reasons(stored, verdicts, study, catalogue)
    return research_subject(stored.id, stored.study, stored.patient, status, extensions)


def _reasons(
    stored: StoredSubject, verdicts: Sequence[StoredVerdict], study: Study | None, catalogue: Catalogue
) -> list[dict[str, Any]]:
    """What stands beside the status: notes, and the gate, or what failed or is open."""
    if stored.gate is not None:
        return [*notes(stored.notes), gate_closed(stored.gate)]
    return [*notes(stored.notes), *_why(stored, verdicts, study, catalogue)]


def _anchor(resource: Resource, base: str) -> None:
    """Makes what points into the screened server whole addresses: patients and records are not with us."""
    if not base.startswith(("http://", "https://")):
        return
    resource["individual"] = _whole(resource["individual"], base)
    for extension in resource.get("extension", ()):
        for part in extension.get("extension", ()):
            if "valueReference" in part:
                part["valueReference"] = _whole(part["valueReference"], base)


def _whole(reference: Mapping[str, str], base: str) -> dict[str, str]:
    return {"reference": f"{base}/{reference['reference']}"}


def _why(
    stored: StoredSubject, verdicts: Sequence[StoredVerdict], study: Study | None, catalogue: Catalogue
) -> list[dict[str, Any]]:
    """What failed, where anything did; else what is open."""
    if study is None:
        return []
    for standing in (Standing.FAILED, Standing.OPEN):
        if found := verdicts_of(stored, verdicts, study, standing):
            return standings(found, study, catalogue)
    return []


def verdicts_of(
    stored: StoredSubject, verdicts: Sequence[StoredVerdict], study: Study, standing: Standing
) -> list[Verdict]:
    """Those of a subject's stored verdicts that have a standing, on criteria that the study has."""
    found = (_verdict(stored, each, study, standing) for each in verdicts)
    return [each for each in found if each is not None]


def _verdict(stored: StoredSubject, each: StoredVerdict, study: Study, standing: Standing) -> Verdict | None:
    if each.standing != standing.value:
        return None
    try:
        criterion = study.criterion(each.criterion)
    except StudyError:  # a criterion of another version: the next run writes it anew
        return None
    return Verdict(stored.study, stored.patient, criterion, read_proof(each.proof))


def list_resource(
    session: Session, study: Study, base: str, zone: ZoneInfo, *, recruits: bool = True
) -> Resource | None:
    """The screening List of a study over one base; None where nothing was ever screened there.

    Where the site does not recruit (`recruits`) it is retired. One made under an earlier version of the
    criteria says so.
    """
    run = covering_run(session, study.id, base)
    subjects = find_subjects(session, study=study.id, base=base, status=LISTED)
    looked_at = subjects or find_subjects(session, study=study.id, base=base, limit=1)
    if run is None and not looked_at:
        return None
    since = [each.evaluated_at for each in looked_at if run is None or each.run != run.id]
    days = [moment.astimezone(zone).date() for moment in since] + ([run.as_of] if run else [])
    said = [*([study.banner] if study.banner else []), *(run.statement if run else ())]
    newest = find_study(session, study.id)
    current = run is None or newest is None or run.studies[study.id] == newest.version
    if not current:
        said.append("The criteria have changed since everybody was screened: who fits them is not known yet.")
    if not recruits:
        said.append("The site does not recruit for this study now: nobody is screened for it.")
    resource = screening_list(
        study,
        base,
        max(days),
        [{"id": each.id, "status": each.current_status} for each in subjects],
        said,
        complete=run is not None and run.state == "done" and current,
    )
    if not recruits:
        resource["status"] = "retired"
    return versioned(resource)


def site_status(study: Study, said: Recruiting | None, day: date) -> str:
    """`ResearchStudy.status` as a site has it on that day (R4, research-study-status).

    What the site said of recruiting goes first: where it does not recruit, an active study is closed to
    accrual there, or approved where it has not opened yet. Its List is retired then.
    """
    if said is None:
        return study.status
    if said.recruits(day):
        return "active"
    if study.status != "active":
        return study.status
    awaited = said.open and said.opens is not None and said.opens > day
    return "approved" if awaited else "closed-to-accrual"


def covering_run(session: Session, study: str, base: str) -> StoredRun | None:
    """The newest run that looked at everybody of a base for a study, and ended."""
    before: str | None = None
    while runs := list_runs(session, _LOOK_BACK, before, base=base, causes=EVERYBODY):
        for each in runs:
            if study in each.studies and each.state in ("done", "incomplete"):
                return each
        before = runs[-1].id
    return None


def versioned(resource: Resource, stamp: Mapping[str, str] | None = None) -> Resource:
    """The resource with a version that is another where its content is."""
    mark = hashlib.blake2b(orjson.dumps(resource), digest_size=16).hexdigest()
    meta = {"versionId": mark, **(stamp or {})}
    return {"resourceType": resource["resourceType"], "id": resource["id"], "meta": meta} | resource
