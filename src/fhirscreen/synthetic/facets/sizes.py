"""Facets of tumour length: the greatest dimension of the primary, never of a node or a metastasis."""

from __future__ import annotations

from typing import Any

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import LONGEST, NECK_NODE_SITE, TUMOUR_SIZE, Json, concept, quantity
from fhirscreen.synthetic.facets.registry import facet


def _panel(chart: Chart, value: float, unit: str, ago: int = 19, **options: Any) -> str:
    """The mCODE panel: no value of its own, the greatest dimension as a component."""
    number = quantity(value, unit, code=unit, comparator=options.pop("comparator", None))
    parts: list[Json] = [{"code": concept(LONGEST), "valueQuantity": number}]
    options.setdefault("focus", chart.focus())
    return chart.observe(
        "size", concept(TUMOUR_SIZE), chart.at(ago), category="imaging", components=parts, **options
    )


def _decide(chart: Chart, truth: str, value: str, evidence: str) -> None:
    # A size is not among the assessments that a Condition's stage names.
    if chart.ambiguous or "stage-assessment" in chart.traits:
        chart.open("tumour-length", "ambiguous-focus", evidence)
    else:
        chart.plant("tumour-length", truth, evidence, basis="recorded", value=value)


@facet("size", fits=True)
def length_in_millimetres(chart: Chart) -> None:
    value = chart.random.randint(28, 85)
    _decide(chart, "true", str(value), _panel(chart, value, "mm"))


@facet("size", fits=True)
def length_in_centimetres(chart: Chart) -> None:
    value = chart.random.randint(28, 85) / 10
    found = chart.measure("size", LONGEST, value, "cm", 19, ucum="cm", focus=chart.focus())
    _decide(chart, "true", str(value), found)


@facet("size")
def length_at_the_bound(chart: Chart) -> None:
    _decide(chart, "true", "100", _panel(chart, 100, "mm"))


@facet("size")
def tumour_too_long(chart: Chart) -> None:
    _decide(chart, "false", "12", _panel(chart, 12, "cm"))


@facet("size")
def length_over_a_bound(chart: Chart) -> None:
    _decide(chart, "false", ">10", _panel(chart, 10, "cm", comparator=">"))


@facet("size")
def no_length(chart: Chart) -> None:
    chart.open("tumour-length", "no-record")


@facet("size")
def stale_length(chart: Chart) -> None:
    chart.open("tumour-length", "stale", _panel(chart, 62, "mm", 61))


@facet("size", also=("m",))
def size_of_a_node_only(chart: Chart) -> None:
    """The size of a lymph node says nothing about the length of the tumour."""
    node = chart.diagnose("node", (NECK_NODE_SITE[0], NECK_NODE_SITE[1]), ago=22)
    _panel(chart, 18, "mm", focus=node)
    chart.open("tumour-length", "no-record")
