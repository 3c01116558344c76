"""Gaps: what a formula misses of one patient, by name, so that exactly that can be asked for."""

from __future__ import annotations

from collections.abc import Sequence

from fhirscreen.criteria.amounts import say_unit
from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.items import Item, measurement_items
from fhirscreen.mapping.concepts import Concept
from fhirscreen.plan.nodes import Feature
from fhirscreen.values.dates import whole_days_between
from fhirscreen.values.durations import Duration
from fhirscreen.verdicts.proofs import LACKING

SEXES = ("male", "female")
"""What a formula can use; `other` and `unknown` do not tell."""


def gaps(
    case: Case, inputs: Sequence[Feature], lead: Item | None, *, days: int | None, patient: bool, newer: bool
) -> str:
    """What is missing, in words that begin with `LACKING`; empty where nothing is.

    `lead` is the record of the first input that the others must lie within `days` of; where there is none
    (`newer`: none that is new enough), they must lie within `days` of the index date to be of use with the
    one that is to come. `patient`: the patient's sex and date of birth are needed too.
    """
    first, *others = (feature.concept for feature in inputs)
    missing = [] if lead is not None else [f"newer {name(first)}" if newer else name(first)]
    if patient:
        missing += [] if case.chart.patient.get("gender") in SEXES else ["sex"]
        missing += [] if isinstance(case.chart.patient.get("birthDate"), str) else ["date of birth"]
    for concept in others:
        usable = [item for item in measurement_items(case, concept) if not item.skipped]
        if not usable:
            missing.append(name(concept))
        elif days is not None and not any(_near(case, item, lead, days) for item in usable):
            missing.append(_beside(case, first, concept, lead, days))
    return LACKING + ", ".join(missing) if missing else ""


def _near(case: Case, item: Item, lead: Item | None, days: int) -> bool:
    if lead is None:
        return item.when.end > _since(case, days)
    low, high = whole_days_between(item.when, lead.when, case.site.zone)
    return low <= days and high >= -days


def _since(case: Case, days: int) -> float:
    return case.as_of.window(Duration(days=days)).start


def _beside(case: Case, first: Concept, concept: Concept, lead: Item | None, days: int) -> str:
    """An input that must be measured anew; with the first one, where that lies too far back to be joined."""
    within = f"within {days} days of" if days > 1 else "with"
    if lead is None:
        return f"{name(concept)} {within} it"
    if lead.when.end > _since(case, days):
        return f"{name(concept)} {within} the {name(first)}"
    return f"newer {name(first)}, and {name(concept)} {within} it"


def name(concept: Concept) -> str:
    """A concept's label without what it adds in brackets."""
    return concept.label.partition(" (")[0]


def say_item(concept: Concept, item: Item) -> str:
    """A record of an input as it is told: "body weight 700 kg, 2026-10-26"."""
    said = " ".join(part for part in (name(concept), item.value, say_unit(item.unit)) if part)
    return ", ".join(part for part in (said, item.date[:10]) if part)
