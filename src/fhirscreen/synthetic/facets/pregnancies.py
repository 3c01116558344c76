"""Facets of pregnancy: not applicable to men, after 55, after the womb's removal or the menopause."""

from __future__ import annotations

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import ICD10CM, NEGATIVE, POSITIVE, PREGNANCY_TEST, SNOMED, concept
from fhirscreen.synthetic.facets.registry import facet

CRITERION = "pregnancy"


def settle_pregnancy(chart: Chart) -> None:
    """Without a facet of its own: a man, or a person beyond childbearing age."""
    if "no-birth" in chart.traits and chart.sex != "male":
        chart.open(CRITERION, None)
    else:
        chart.false(CRITERION, stated=False)


def settle_plans(chart: Chart) -> None:
    """Whether a pregnancy is planned is asked of women up to 55."""
    if chart.sex == "male" or ("no-birth" not in chart.traits and chart.age > 55):
        chart.false("pregnancy-plans", stated=False)
    else:
        chart.open("pregnancy-plans", "ask-in-person")


def _test(chart: Chart, answer: tuple[str, str], ago: int) -> str:
    value = {"valueCodeableConcept": concept(answer)}
    return chart.observe("pregnancy-test", concept(PREGNANCY_TEST), chart.at(ago), value=value)


@facet("pregnancy", sex="female", age=(32, 50))
def no_pregnancy_test(chart: Chart) -> None:
    chart.open(CRITERION, "no-record", stated=False)


@facet("pregnancy", sex="female", age=(55, 55))
def no_pregnancy_test_at_fifty_five(chart: Chart) -> None:
    chart.open(CRITERION, "no-record", stated=False)


@facet("pregnancy", sex="female", age=(56, 56))
def no_pregnancy_test_at_fifty_six(chart: Chart) -> None:
    settle_pregnancy(chart)


@facet("pregnancy", sex="female", age=(32, 50))
def fresh_negative_test(chart: Chart) -> None:
    # That no pregnancy is on record stands beside the test, and is presumed.
    found = _test(chart, NEGATIVE, 3)
    chart.false(CRITERION, found, basis="presumed", reason="absence-presumed", node="any")


@facet("pregnancy", sex="female", age=(32, 50))
def old_negative_test(chart: Chart) -> None:
    chart.open(CRITERION, "stale", _test(chart, NEGATIVE, 20), stated=False)


@facet("pregnancy", sex="female", age=(32, 45))
def positive_test(chart: Chart) -> None:
    chart.true(CRITERION, _test(chart, POSITIVE, 3), stated=False)


@facet("pregnancy", sex="female", age=(32, 45))
def pregnant(chart: Chart) -> None:
    found = chart.diagnose("pregnancy", (SNOMED, "77386006"), ago=90)
    chart.true(CRITERION, found, stated=False)


@facet("pregnancy", sex="female", age=(32, 45))
def breastfeeding(chart: Chart) -> None:
    found = chart.diagnose("lactation", (ICD10CM, "Z39.1"), ago=60)
    chart.true(CRITERION, found, stated=False)


@facet("pregnancy", sex="female", age=(40, 54))
def hysterectomy(chart: Chart) -> None:
    chart.perform("hysterectomy", (SNOMED, "236886002"), ago=2500)
    settle_pregnancy(chart)


@facet("pregnancy", sex="female", age=(46, 54))
def menopause(chart: Chart) -> None:
    chart.diagnose("menopause", (SNOMED, "76498008"), ago=900)
    settle_pregnancy(chart)
