"""Consents: whether what a patient consented to, or refused, objects to being screened for a study.

R4, Consent: the provision at the root sets the base rule, those nested in it are exceptions to it, and so on.
"""

from __future__ import annotations

from typing import Any

from fhirscreen.engines.evaluator.charts import Chart
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Resource, codings
from fhirscreen.fhir.shapes import refuse_modified
from fhirscreen.values.dates import Moment, parse_moment

_NARROWER = ("action", "actor", "class", "data", "dataPeriod", "purpose", "securityLabel")
"""What makes an exception one to a part of research: it speaks of nobody's being screened for a study."""


def consent_objects(chart: Chart) -> bool:
    """Whether a research Consent objects (design: gates): one in force that denies, or one that was refused.

    A refusal stands until the patient consents after it; without dates it stands.
    """
    consents = [each for each in chart.others if each.get("resourceType") == "Consent"]
    if not consents:
        return False
    research = [each for each in consents if _about_research(chart, each)]
    if any(each.get("status") == "active" and _denies(chart, _provision(each)) for each in research):
        return True
    refusals = [
        each
        for each in research
        if each.get("status") == "rejected" and _in_force(chart, _provision(each).get("period"))
    ]
    if not refusals:
        return False
    given = [
        when for each in research if _permits(chart, each) and (when := _signed(chart, each)) is not None
    ]
    return any(_stands(_signed(chart, each), given) for each in refusals)


def _stands(refused: Moment | None, given: list[Moment]) -> bool:
    """Whether no consent came surely after a refusal."""
    return refused is None or not any(when.start >= refused.end for when in given)


def _about_research(chart: Chart, consent: Resource) -> bool:
    found = codings(consent.get("scope"), chart.index.terms.short)
    if all(coding.code != "research" for coding in found):
        return False
    refuse_modified(consent)
    return True


def _provision(consent: Resource) -> dict[str, Any]:
    found = consent.get("provision") or {}
    if not isinstance(found, dict):
        raise DataError("Consent.provision is not an object", expected="a provision")
    refuse_modified(found)
    return found


def _denies(chart: Chart, provision: dict[str, Any], *, nested: bool = False) -> bool:
    """Whether a provision, or an exception in it, denies being screened, or being asked for a study.

    A rule that denies, with exceptions that permit, is how a form for opting in is written down: what the
    patient did not permit there is denied by the form, and is no objection of theirs. What they denied is.
    """
    if not _in_force(chart, provision.get("period")):
        return False
    inside = _inside(provision)
    if (
        provision.get("type") == "deny"
        and (not nested or _covers(chart, provision))
        and not any(_permits_anything(each) for each in inside)
    ):
        return True
    return any(_denies(chart, each, nested=True) for each in inside)


def _inside(provision: dict[str, Any]) -> list[dict[str, Any]]:
    found = provision.get("provision") or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise DataError("Consent.provision.provision is not a list of objects", expected="provisions")
    for each in found:
        refuse_modified(each)
    return found


def _permits_anything(provision: dict[str, Any]) -> bool:
    """Whether a provision permits something, at whatever time: one that has run out denies nothing."""
    return provision.get("type") == "permit" or any(map(_permits_anything, _inside(provision)))


def _covers(chart: Chart, provision: dict[str, Any]) -> bool:
    """Whether an exception is to all of research, or to what screening is by the codes of the vocabulary."""
    codes = provision.get("code")
    if codes:
        short = chart.index.terms.short
        wanted = chart.index.objections
        return any(wanted.matches(c.system, c.code) for each in codes for c in codings(each, short))
    return not any(provision.get(name) for name in _NARROWER)


def _permits(chart: Chart, consent: Resource) -> bool:
    provision = _provision(consent)
    return (
        consent.get("status") == "active"
        and _in_force(chart, provision.get("period"))
        and _permits_anything(provision)
    )


def _signed(chart: Chart, consent: Resource) -> Moment | None:
    text = consent.get("dateTime")
    return None if text is None else parse_moment(text, chart.as_of.zone)


def _in_force(chart: Chart, period: object) -> bool:
    """Whether a period, or none, covers the end of the index date."""
    if not isinstance(period, dict):
        return True
    end, zone = chart.as_of.end, chart.as_of.zone
    start, stop = period.get("start"), period.get("end")
    if isinstance(start, str) and parse_moment(start, zone).start >= end:
        return False
    return not (isinstance(stop, str) and parse_moment(stop, zone).end < end)
