"""Consents: whether what a patient consented to, or refused, objects to being screened for a study.

R4, Consent: the provision at the root sets the base rule, those nested in it are exceptions to it, and so on.
What cannot be read there never opens the gate: a denial of it knows not what is one, a permission is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fhirscreen.engines.evaluator.charts import Chart
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Resource, codings, loose_codings
from fhirscreen.fhir.shapes import fault
from fhirscreen.values.codes import CodeSet
from fhirscreen.values.dates import Moment, parse_moment
from fhirscreen.values.durations import AsOf

_NARROWER = ("action", "actor", "class", "data", "dataPeriod", "securityLabel")
"""What makes an exception one to a part of research: it speaks of nobody's being screened for a study."""

Provision = dict[str, Any]


def consent_objects(chart: Chart) -> bool:
    """Whether a research Consent objects (design: gates): one in force that denies, or one that was refused.

    A refusal stands until the patient consents after it; without dates it stands. One that was set aside
    objects where it says so, and permits nothing. DataError for one that is to be set aside.
    """
    sound = [each for each in chart.others if each.get("resourceType") == "Consent"]
    doubtful = [each for each in chart.doubtful if each.get("resourceType") == "Consent"]
    if not sound and not doubtful:
        return False
    short = chart.index.terms.short
    for each in sound:
        codings(each.get("scope"), short)
    sound = [each for each in sound if _about_research(each, short)]
    for each in sound:
        _check(each)
    research = sound + [each for each in doubtful if _about_research(each, short)]
    reading = _Reading(chart.as_of, short, chart.index.objections)
    if any(_is_active(each) and reading.denies(_root(each)) for each in research):
        return True
    refusals = [
        each for each in research if each.get("status") == "rejected" and reading.may_be_in_force(_root(each))
    ]
    given = [when for each in sound if reading.permits(each) and (when := reading.signed(each)) is not None]
    return any(_stands(reading.signed(each), given) for each in refusals)


def _stands(refused: Moment | None, given: list[Moment]) -> bool:
    """Whether no consent came surely after a refusal."""
    return refused is None or not any(when.start >= refused.end for when in given)


def _about_research(consent: Resource, short: Callable[[str], str]) -> bool:
    return any(coding.code == "research" for coding in loose_codings(consent.get("scope"), short))


def _check(consent: Resource) -> None:
    """DataError for a Consent that has not the form of R4, or a modifier that nobody here knows."""
    wrong = fault({name: value for name, value in consent.items() if value is not None})
    if wrong is not None:
        raise DataError(wrong, expected="a Consent in the form of FHIR R4")


def _is_active(consent: Resource) -> bool:
    """Whether a Consent is in force by its status; one whose status cannot be read may be."""
    status = consent.get("status")
    return status == "active" or not isinstance(status, str)


def _root(consent: Resource) -> Provision:
    found = consent.get("provision")
    return found if isinstance(found, dict) else {"provision": found}


def _inside(provision: Provision) -> list[Provision]:
    found = provision.get("provision")
    return [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]


def _listed(value: object) -> list[object]:
    """The elements of a list; what stands where a list should is its only one."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _is_denial(provision: Provision) -> bool:
    """Whether it denies, by its type; one whose type cannot be read may."""
    type = provision.get("type")
    return type == "deny" or not isinstance(type, str | None)


def _permits_anything(provision: Provision) -> bool:
    """Whether a provision permits something, at whatever time: one that has run out denies nothing."""
    return provision.get("type") == "permit" or any(map(_permits_anything, _inside(provision)))


class _Reading(NamedTuple):
    """What reading a provision depends on."""

    as_of: AsOf
    short: Callable[[str], str]
    objections: CodeSet

    def denies(self, provision: Provision, *, nested: bool = False) -> bool:
        """Whether a provision, or an exception in it, denies being screened, or being asked for a study.

        A rule that denies, with exceptions that permit, is how a form for opting in is written down: what the
        patient did not permit there is denied by the form, and no objection of theirs. What they denied is.
        """
        if not self.may_be_in_force(provision):
            return False
        inside = _inside(provision)
        if (
            _is_denial(provision)
            and (not nested or self._covers(provision) is not False)
            and not any(_permits_anything(each) for each in inside)
        ):
            return True
        return any(self.denies(each, nested=True) for each in inside)

    def _covers(self, provision: Provision) -> bool | None:
        """Whether an exception is to all of research, or to what screening is; None where it may be.

        Nobody here reads words, so they may speak of it.
        """
        codes = _listed(provision.get("code"))
        if not codes and any(provision.get(name) for name in _NARROWER):
            return False
        named = [self._is_research(each) for each in codes or _listed(provision.get("purpose"))]
        if not named or True in named:
            return True
        return None if None in named else False

    def _is_research(self, concept: object) -> bool | None:
        """Whether a code is one of the vocabulary's `objections`; None where words or no system say so."""
        found = loose_codings(concept, self.short)
        if any(self.objections.matches(each.system, each.code) for each in found):
            return True
        return False if any(each.system for each in found) else None

    def permits(self, consent: Resource) -> bool:
        """Whether a Consent of no later than the index date permits research, or what screening is."""
        when = self.signed(consent)
        dated = when is not None and when.end <= self.as_of.end
        return dated and consent.get("status") == "active" and self._grants(_root(consent))

    def _grants(self, provision: Provision) -> bool:
        if not (self._is_in_force(provision) and self._covers(provision) is True):
            return False
        return provision.get("type") == "permit" or any(map(self._grants, _inside(provision)))

    def signed(self, consent: Resource) -> Moment | None:
        """When it was signed; None where that is not told, or cannot be read."""
        return self._moment(consent.get("dateTime"))

    def may_be_in_force(self, provision: Provision) -> bool:
        """Whether its period, or none, covers the end of the index date, as far as it can be read."""
        start, stop = self._period(provision)
        return not (start is not None and start.start >= self.as_of.end) and not (
            stop is not None and stop.end < self.as_of.end
        )

    def _is_in_force(self, provision: Provision) -> bool:
        """Whether it surely does."""
        start, _ = self._period(provision)
        return not (start is not None and start.end > self.as_of.end) and self.may_be_in_force(provision)

    def _period(self, provision: Provision) -> tuple[Moment | None, Moment | None]:
        period = provision.get("period")
        if not isinstance(period, dict):
            return None, None
        return self._moment(period.get("start")), self._moment(period.get("end"))

    def _moment(self, text: object) -> Moment | None:
        try:
            return None if text is None else parse_moment(text, self.as_of.zone)
        except DataError:
            return None
