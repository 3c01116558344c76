"""Why a patient is outside a study's population: which of its sources were looked at, and what they held."""

from __future__ import annotations

from collections.abc import Iterator

from fhirscreen.engines.base import Looked, Outsider, Seen
from fhirscreen.engines.evaluator.cases import MEMBERSHIP, Case, date_text, source_matches
from fhirscreen.engines.evaluator.gates import gate_of
from fhirscreen.fhir.entries import Entry, State
from fhirscreen.mapping.concepts import Role, Source
from fhirscreen.values.codes import CodeSet
from fhirscreen.verdicts.standings import Gate

_NOT_ENOUGH = {
    Role.VISIT: "a visit for a therapy makes no member",
    Role.HISTORY: "a history alone makes no member",
    Role.DISJOINT: "speaks of another disease",
    Role.JUDGEMENT: "for a person to judge, and makes no member",
}


def outsider(case: Case, study: str, *, merged: bool = False) -> Outsider:
    """What was looked at of a patient who is not of the case's population, with the gate closed besides."""
    chart = case.chart
    gate = Gate.MERGED if merged else gate_of(chart, case.site, study)
    if case.population is None:
        return Outsider(study, chart.id, "", (), (), gate)
    concept = case.population.concept
    grouped: dict[tuple[Role, str], list[int]] = {}
    for number in chart.index.numbers(concept):
        source = chart.index.sources[number]
        grouped.setdefault((source.role, source.resource), []).append(number)
    looked = tuple(
        Looked(
            resource,
            role.name.lower(),
            role in MEMBERSHIP,
            CodeSet().union(*(chart.index.sources[number].codes for number in numbers)).systems(),
            tuple(sorted(set(_seen(case, numbers)))),
        )
        for (role, resource), numbers in grouped.items()
    )
    known = {seen.reference for each in looked for seen in each.seen}
    others = [entry for _, entry in case.found(case.malignancies.concept, Role.MATCH)]
    cancers = {
        _told(case, entry, "")
        for entry in others
        if entry.state is not State.DENIED and entry.reference not in known
    }
    return Outsider(study, chart.id, concept.label, looked, tuple(sorted(cancers)), gate)


def _seen(case: Case, numbers: list[int]) -> Iterator[Seen]:
    for number in numbers:
        source = case.chart.index.sources[number]
        for entry in case.chart.entries.get(number, ()):
            yield _told(case, entry, _why(case, source, entry))


def _why(case: Case, source: Source, entry: Entry) -> str:
    if entry.state is State.DENIED:
        return "refuted"
    if entry.when is not None and entry.when.start >= case.chart.end:
        return "after the index date"
    if not source_matches(source, entry, case.chart):
        return "the code fits; its value, site or morphology does not"
    return _NOT_ENOUGH.get(source.role, "")


def _told(case: Case, entry: Entry, why: str) -> Seen:
    code = entry.codings[0].code if entry.codings else ""
    return Seen(entry.reference, code, date_text(entry.when, case.site.zone), why)
