"""What a slot means when no facet fills it: nothing is on record there."""

from __future__ import annotations

from collections.abc import Callable

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.facets.pregnancies import settle_plans, settle_pregnancy
from fhirscreen.synthetic.facets.treatments import settle_untreated


def _silent(criterion: str, node: str) -> Callable[[Chart], None]:
    def settle(chart: Chart) -> None:
        chart.presume(criterion, node)

    return settle


DEFAULTS: dict[str, Callable[[Chart], None]] = {
    "treatment": settle_untreated,
    "pregnancy": settle_pregnancy,
    "blood": _silent("haematological-disease", "condition"),
    "liver": _silent("liver-dysfunction", "condition"),
    "kidney": _silent("kidney-dysfunction", "condition"),
    "heart": _silent("heart-disease", "any"),
    "lung": _silent("lung-disease", "any"),
    "autoimmune": _silent("autoimmune-disease", "all"),
    "steroids": _silent("systemic-steroids", "received"),
    "immunodeficiency": _silent("immunodeficiency", "condition"),
    "neuropathy": _silent("neuropathy", "condition"),
    "mental": _silent("mental-illness", "condition"),
    "allergy": _silent("drug-allergy", "condition"),
    "infection": _silent("acute-infection", "all"),
    "transplant": _silent("transplant", "any"),
    "perforation": _silent("perforation", "any"),
    "haemorrhage": _silent("haemorrhage", "any"),
}


def settle_confirms(chart: Chart) -> None:
    """What is asked of a person, and the text that nobody has read."""
    chart.open("consent", "ask-in-person")
    settle_plans(chart)
    chart.open("other-exclusions", "unread")
