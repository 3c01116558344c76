"""Facets of performance status: ECOG as integer, code, quantity, text or local code, and Karnofsky."""

from __future__ import annotations

from typing import Any

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import ECOG, ECOG_ANSWERS, KARNOFSKY, LOINC, WARD, Json, concept, quantity
from fhirscreen.synthetic.facets.registry import facet


def _score(
    chart: Chart, value: Json | None, ago: int = 9, code: tuple[str, str] = ECOG, **options: Any
) -> str:
    when = str(options.pop("when", "") or chart.at(ago, 11))
    return chart.observe("ecog", concept(code), when, category="survey", value=value, **options)


def _answer(grade: int) -> Json:
    return {"valueCodeableConcept": concept((LOINC, ECOG_ANSWERS[grade]))}


@facet("ecog", fits=True)
def ecog_by_integer(chart: Chart) -> None:
    grade = chart.random.randint(0, 1)
    chart.true("ecog", _score(chart, {"valueInteger": grade}), value=str(grade))


@facet("ecog", fits=True)
def ecog_by_answer_code(chart: Chart) -> None:
    grade = chart.random.randint(0, 1)
    chart.true("ecog", _score(chart, _answer(grade)), value=str(grade))


@facet("ecog", fits=True)
def ecog_by_quantity(chart: Chart) -> None:
    found = _score(chart, {"valueQuantity": quantity(1, "{score}", code="{score}")})
    chart.true("ecog", found, value="1", basis=None)


@facet("ecog")
def ecog_by_string(chart: Chart) -> None:
    chart.true("ecog", _score(chart, {"valueString": "ECOG 1"}), value="1", basis="derived")


@facet("ecog")
def ecog_by_local_code(chart: Chart) -> None:
    found = _score(chart, {"valueInteger": 0}, code=(WARD, "ECOG"))
    chart.true("ecog", found, value="0")


@facet("ecog")
def ecog_two(chart: Chart) -> None:
    chart.false("ecog", _score(chart, {"valueInteger": 2}), value="2")


@facet("ecog")
def ecog_three_by_answer_code(chart: Chart) -> None:
    chart.false("ecog", _score(chart, _answer(3)), value="3")


@facet("ecog")
def ecog_improved(chart: Chart) -> None:
    """The latest decides, although an earlier one in the window was worse."""
    _score(chart, {"valueInteger": 2}, 24)
    chart.true("ecog", _score(chart, {"valueInteger": 1}, 4), value="1")


@facet("ecog")
def ecog_tied(chart: Chart) -> None:
    day = chart.day(7).isoformat()
    one = _score(chart, {"valueInteger": 1}, when=day)
    two = _score(chart, {"valueInteger": 2}, when=day)
    chart.open("ecog", "conflicting", one, two)


@facet("ecog")
def stale_ecog(chart: Chart) -> None:
    chart.open("ecog", "stale", _score(chart, {"valueInteger": 1}, 45))


@facet("ecog")
def ecog_beyond_both_windows(chart: Chart) -> None:
    _score(chart, {"valueInteger": 1}, 61)
    chart.open("ecog", "no-record")


@facet("ecog")
def no_ecog(chart: Chart) -> None:
    chart.open("ecog", "no-record")


@facet("ecog")
def ecog_not_done(chart: Chart) -> None:
    chart.open("ecog", "no-value", _score(chart, None, absent="not-performed"))


@facet("ecog")
def karnofsky_ninety(chart: Chart) -> None:
    chart.true("ecog", _score(chart, {"valueInteger": 90}, code=KARNOFSKY), basis="derived")


@facet("ecog")
def karnofsky_seventy(chart: Chart) -> None:
    chart.open("ecog", None, _score(chart, {"valueInteger": 70}, code=KARNOFSKY), stated=False)


@facet("ecog")
def karnofsky_fifty(chart: Chart) -> None:
    chart.false("ecog", _score(chart, {"valueInteger": 50}, code=KARNOFSKY), basis="derived")
