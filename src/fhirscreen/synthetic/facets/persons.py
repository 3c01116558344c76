"""Facets of the person: age as an interval, sex."""

from __future__ import annotations

from datetime import date

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.facets.registry import facet


def _patient(chart: Chart, birth: str | None) -> None:
    chart.birth_text = birth
    resource: dict[str, object] = {"resourceType": "Patient", "active": True}
    if chart.sex:
        resource["gender"] = chart.sex
    if birth:
        resource["birthDate"] = birth
    chart.add(resource, "patient")
    chart.resources[-1]["id"] = chart.id
    chart.true("sex")
    if chart.sex is None:
        chart.open("sex-male", "no-record", node="sex", stated=False)
    else:
        chart.plant("sex-male", "true" if chart.sex == "male" else "false", chart.reference, node="sex")


def _born(chart: Chart, years: int, *, days: int = 0) -> None:
    """Sets a birthday `years` before `as_of`, moved by `days`."""
    first = date(chart.as_of.year - years, chart.as_of.month, chart.as_of.day)
    chart.birth = date.fromordinal(first.toordinal() + days)


@facet("person", fits=True)
def known_birthday(chart: Chart) -> None:
    _patient(chart, chart.birth.isoformat())
    chart.true("age", chart.reference, value=str(chart.age))


@facet("person", fits=True)
def birth_year_far_from_the_bound(chart: Chart) -> None:
    _patient(chart, str(chart.birth.year))
    chart.true("age", chart.reference)


@facet("person", sex="male", age=(18, 18))
def eighteenth_birthday_today(chart: Chart) -> None:
    _born(chart, 18)
    _patient(chart, chart.birth.isoformat())
    chart.true("age", chart.reference, value="18")


@facet("person", sex="male", age=(17, 17))
def eighteen_tomorrow(chart: Chart) -> None:
    _born(chart, 18, days=1)
    _patient(chart, chart.birth.isoformat())
    chart.false("age", chart.reference, value="17")


@facet("person", sex="male", age=(18, 18))
def birth_year_straddles_the_bound(chart: Chart) -> None:
    _born(chart, 18, days=-30)
    _patient(chart, str(chart.birth.year))
    chart.open("age", "imprecise-date", chart.reference)


@facet("person", sex="male", age=(17, 17))
def birth_month_straddles_the_bound(chart: Chart) -> None:
    _born(chart, 18, days=12)
    _patient(chart, chart.birth.isoformat()[:7])
    chart.open("age", "imprecise-date", chart.reference)


@facet("person", sex="male", traits=("no-birth",), also=("clearance", "pregnancy"))
def no_birth_date(chart: Chart) -> None:
    _patient(chart, None)
    chart.open("age", "no-record", stated=False)


@facet("person", sex="none", age=(60, 79), also=("clearance", "pregnancy", "alt"))
def no_gender(chart: Chart) -> None:
    _patient(chart, chart.birth.isoformat())
    chart.true("age", chart.reference, value=str(chart.age))
