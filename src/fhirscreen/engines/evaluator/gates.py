"""Gates: what takes a member out before any criterion, in the design's order.

A gate closes rather than opens: what was set aside, for it is malformed, or may mean another thing, or is one
of several versions of which none is known to be the later, closes the gate that it speaks of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fhirscreen.engines.evaluator.cases import has_any
from fhirscreen.engines.evaluator.charts import MALFORMED, Chart
from fhirscreen.engines.evaluator.consents import consent_objects
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Resource, codings, loose_codings
from fhirscreen.fhir.references import target
from fhirscreen.fhir.shapes import refuse_modified
from fhirscreen.fhir.subjects import is_as_written, study_names
from fhirscreen.mapping.sites import Site
from fhirscreen.values.codes import Coding
from fhirscreen.values.dates import parse_moment
from fhirscreen.verdicts.standings import Gate

ON_STUDY = {"pending-on-study", "on-study", "on-study-intervention", "on-study-observation", "follow-up"}
"""Statuses of a ResearchSubject who takes part."""
DECLINED = {"ineligible", "not-registered", "off-study", "withdrawn"}
"""Statuses of one whom a person took out, or who took herself out."""


def gate_types(site: Site) -> tuple[str, ...]:
    """The types beside Patient that gates read of a patient; flags only where the site says which object."""
    return ("Consent", "Flag", "ResearchSubject") if site.objection_flags else ("Consent", "ResearchSubject")


def gate_of(chart: Chart, site: Site, study: str) -> Gate | None:
    """The first gate that closes for a member of that study; None where all are open.

    Merged patients are taken out by whoever gathers charts: their records follow the survivor.
    """
    return gates_of(chart, site)(study)


def gates_of(chart: Chart, site: Site) -> Callable[[str], Gate | None]:
    """`gate_of` for many studies of one chart: what is the same for all of them is looked at once."""
    refuse_modified(chart.patient)
    gate: Gate | None = None
    if inactive(chart):
        gate = Gate.INACTIVE
    elif deceased(chart):
        gate = Gate.DECEASED
    elif objected(chart, site):
        gate = Gate.OBJECTED
    if gate is not None:
        return lambda _study: gate
    enrolled = list(enrolments(chart))

    def gate_of_study(study: str) -> Gate | None:
        statuses = {status for named, status in enrolled if study in named}
        if statuses & ON_STUDY:
            return Gate.ON_STUDY
        return Gate.DECLINED if statuses & DECLINED else None

    return gate_of_study


def inactive(chart: Chart) -> bool:
    """Whether the patient's record is no longer in use."""
    if _told(chart.patient, "active") is False:
        return True
    return any(_means(each.get("active"), False) for each in _doubtful(chart, "Patient"))


def deceased(chart: Chart) -> bool:
    """Whether the patient had died by the index date."""
    when = chart.patient.get("deceasedDateTime")
    if when is None:
        died = _told(chart.patient, "deceasedBoolean") is True
    else:
        died = parse_moment(when, chart.as_of.zone).start < chart.as_of.end
    return died or any(_may_have_died(chart, each) for each in _doubtful(chart, "Patient"))


def _may_have_died(chart: Chart, patient: Resource) -> bool:
    """The same of a Patient that was set aside: one with a date of death that cannot be read has died."""
    when = patient.get("deceasedDateTime")
    if not when:
        return _means(patient.get("deceasedBoolean"), True)
    try:
        return parse_moment(when, chart.as_of.zone).start < chart.as_of.end
    except DataError:
        return True


def _doubtful(chart: Chart, kind: str) -> Iterator[Resource]:
    """What was set aside of a type."""
    return (each for each in chart.doubtful if each.get("resourceType") == kind)


def _means(told: object, truth: bool) -> bool:
    """Whether an element says so, be it in another form than R4 gives it."""
    return told is truth or (isinstance(told, str) and told.strip().lower() == str(truth).lower())


def _told(patient: Resource, element: str) -> bool | None:
    """What the Patient says, None where it says nothing. DataError where that is neither true nor false."""
    told = patient.get(element)
    if told is None or isinstance(told, bool):
        return told
    raise DataError(f"{element} is not true or false", expected="true or false")


def objected(chart: Chart, site: Site) -> bool:
    """Whether the patient denies research: by a Consent, or by the site's own flag."""
    if consent_objects(chart):
        return True
    short = chart.index.terms.short
    for resource in chart.others:
        if resource.get("resourceType") == "Flag":
            refuse_modified(resource)
            if _flags(resource, codings(resource.get("code"), short), site):
                return True
    return any(
        _flags(each, loose_codings(each.get("code"), short), site) for each in _doubtful(chart, "Flag")
    )


def _flags(flag: Resource, found: tuple[Coding, ...], site: Site) -> bool:
    """Whether a Flag of these codings is in force, and one by which the site marks an objection."""
    return flag.get("status") == "active" and has_any(site.objection_flags, found)


def enrolments(chart: Chart) -> Iterable[tuple[frozenset[str], str]]:
    """The patient's ResearchSubjects that a person wrote: the names of the study, and the status.

    What a person told us, and we wrote there, is none: the store has it, and may have taken it back.
    """
    for resource in chart.others:
        if resource.get("resourceType") == "ResearchSubject" and not is_as_written(resource):
            refuse_modified(resource)
            yield _names(chart, resource), str(resource.get("status", ""))
    for resource in _doubtful(chart, "ResearchSubject"):
        try:
            if not is_as_written(resource):
                yield _names(chart, resource), str(resource.get("status", ""))
        except MALFORMED:
            continue  # of which study it is, or whose word, cannot be told


def _names(chart: Chart, subject: Resource) -> frozenset[str]:
    """Every name of the study that a ResearchSubject refers to: its id and its identifiers."""
    names: set[str] = set()
    reference = subject.get("study") or {}
    found = target(reference, chart.aliases)
    if found is not None:
        names.add(found.removeprefix("ResearchStudy/"))
        study = chart.find(found)
        if study is not None:
            names |= study_names(study)
    identifier = reference.get("identifier") if isinstance(reference, dict) else None
    if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
        names.add(identifier["value"])
    return frozenset(names)
