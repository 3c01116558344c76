"""A Chart without the resources that have not the form of R4."""

from __future__ import annotations

from fhirscreen.engines.base import SetAside
from fhirscreen.engines.evaluator.charts import Chart, aside_of, read_chart
from fhirscreen.engines.evaluator.sources import SourceIndex
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Resource, codings
from fhirscreen.fhir.shapes import fault


def repaired(chart: Chart) -> Chart | None:
    """The chart without its malformed resources, which are set aside; None where none is malformed.

    A malformed Patient keeps only what identifies it, so that age, sex and vital status are not known. What
    closes a gate in what was set aside closes it all the same.
    """
    faults = {id(each): found for each in chart.resources if (found := fault(each)) is not None}
    patient, wrong = chart.patient, fault(chart.patient)
    if not faults and wrong is None:
        return None
    unfetched = set(chart.unfetched)
    aside: list[tuple[SetAside, frozenset[int] | None]] = []
    named: set[int] = set()
    doubtful = [*chart.doubtful, *(each for each in chart.others if id(each) in faults)]
    if wrong is not None:
        doubtful.append(patient)
        aside.append((aside_of(patient, wrong), None))
        patient = {name: patient[name] for name in ("resourceType", "id") if name in patient}
        unfetched.add("Patient")
    for each in chart.resources:
        if id(each) in faults:
            numbers = frozenset(_named(chart.index, each))
            named |= numbers
            aside.append((aside_of(each, faults[id(each)]), numbers or None))
            if not numbers:
                unfetched.add(str(each.get("resourceType")))
    sound = [each for each in chart.resources if id(each) not in faults]
    again = read_chart(
        patient,
        sound,
        chart.index,
        chart.as_of,
        shared=chart.shared,
        aliases=chart.aliases,
        unfetched=unfetched,
        lost=chart.lost,
        doubtful=doubtful,
    )
    again.set_aside = (*again.set_aside, *(each for each, _ in aside))
    again.spoilt = (*again.spoilt, *aside)
    again.named |= named
    again.touched |= named
    return again


def _named(index: SourceIndex, resource: Resource) -> tuple[int, ...]:
    """The sources that the code of a malformed resource names; none where what it is of may be malformed."""
    if "component" in resource:
        return ()
    try:
        found = codings(resource.get("code"), str)
    except DataError:
        return ()
    return tuple(n for c in found for n in index.find(str(resource.get("resourceType")), c.system, c.code))
