"""Notes: what is shown beside a patient (design: gates). A note takes nobody out and changes no verdict."""

from __future__ import annotations

from collections.abc import Iterator

from fhirscreen.engines.evaluator.charts import Chart
from fhirscreen.engines.evaluator.gates import ON_STUDY, enrolments
from fhirscreen.fhir.entries import Resource, codings, modified
from fhirscreen.values.codes import CodeSet
from fhirscreen.values.dates import Moment, parse_moment
from fhirscreen.verdicts.standings import Subject

ELSEWHERE = "on another study"
TRANSFERRED = "transferred out"

ENCOUNTER_ELEMENTS = ("hospitalization", "implicitRules", "modifierExtension", "period", "status", "subject")
"""What `transferred_out` reads of an Encounter."""

_NEVER = {"planned", "cancelled", "entered-in-error"}
_GOING_ON = {"arrived", "triaged", "in-progress", "onleave"}


def noted(subject: Subject, chart: Chart, ours: frozenset[str], criteria: int) -> Subject:
    """The subject with its notes. `ours` are the ids of ResearchStudy that we write."""
    found = []
    if any(
        status in ON_STUDY and subject.study not in named and not named & ours
        for named, status in enrolments(chart)
    ):
        found.append(ELSEWHERE)
    if shown(subject, criteria) and transferred_out(chart):
        found.append(TRANSFERRED)
    return subject._replace(notes=tuple(found))


def shown(subject: Subject, criteria: int) -> bool:
    """Whether a list shows the subject: none of the study's criteria failed, or it is a near miss.

    Only of these it is asked who was transferred out, so that a server need not be asked about the others.
    """
    if subject.status is not None:
        return True
    return len(subject.verdicts) == criteria and subject.near_miss is not None


def transferred_out(chart: Chart) -> bool:
    """Whether the patient was discharged to another hospital by the index date, and not seen here since."""
    encounters = list(_encounters(chart))
    transfers = chart.index.transfers
    left = [when for each, when in encounters if _leaves(each, transfers, chart) and when.start < chart.end]
    if not left:
        return False
    last = max(left, key=lambda when: (when.end, when.start))
    return not any(_here(each, when, last, chart) for each, when in encounters)


def _encounters(chart: Chart) -> Iterator[tuple[Resource, Moment]]:
    """The Encounters that took place, each with when it ended; where that is not known, when it began."""
    for resource in chart.others:  # no source of a plan is of that type
        if resource.get("resourceType") == "Encounter" and resource.get("status") not in _NEVER:
            if modified(resource):
                continue
            when = _date(resource, "end", chart) or _date(resource, "start", chart)
            if when is not None:
                yield resource, when


def _date(encounter: Resource, end: str, chart: Chart) -> Moment | None:
    text = (encounter.get("period") or {}).get(end)
    return None if text is None else parse_moment(text, chart.as_of.zone)


def _leaves(encounter: Resource, transfers: CodeSet, chart: Chart) -> bool:
    disposition = (encounter.get("hospitalization") or {}).get("dischargeDisposition")
    return encounter.get("status") == "finished" and any(
        transfers.matches(coding.system, coding.code)
        for coding in codings(disposition, chart.index.terms.short)
    )


def _here(encounter: Resource, when: Moment, left: Moment, chart: Chart) -> bool:
    """Whether the patient is, or was again, in this hospital after having left it."""
    began = _date(encounter, "start", chart)
    if began is not None and began.start >= chart.end:
        return False
    if began is not None and began.start >= left.end:
        return True
    if _date(encounter, "end", chart) is None:
        return encounter.get("status") in _GOING_ON
    # A stay that began before the transfer, and ended after it, was no end of treatment here.
    return when.start >= min(left.end, chart.end)
