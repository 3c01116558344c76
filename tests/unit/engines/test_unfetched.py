"""A filtered or truncated fetch makes nothing absent."""

from __future__ import annotations

import tempfile
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fhirscreen.criteria.wire import parse_yaml, read_study
from fhirscreen.engines.evaluator.charts import read_chart
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.loading import load_catalogue, load_site
from fhirscreen.plan.resolve import resolve
from fhirscreen.values.durations import AsOf
from tests.lib.records import Code, Resource, chart, condition, observation

STROKE = Code("snomed", "230690007")
PLATELETS = Code("loinc", "777-3")
SITE = "site: whole\ncomplete: {Condition: lifelong, Observation: lifelong}\n"


@cache
def catalogue() -> Catalogue:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.yaml"
        path.write_text(SITE, "utf-8")
        return load_catalogue().at(load_site(path))


def proof(criterion: str, records: list[Resource], *unfetched: str) -> tuple[str, str, str]:
    head = "study: S1\ntitle: A study\npopulation: all\ninclusion:\n"
    study = read_study(parse_yaml(f"{head}  - {{id: c, says: says, {criterion}}}\n", "test"))
    plan = resolve([study], catalogue())
    evaluator = Evaluator(plan)
    person, *rest = chart("p", records)
    as_of = AsOf(date(2026, 11, 1), plan.catalogue.site.zone)
    read = read_chart(person, rest, evaluator.index, as_of, unfetched=unfetched)
    (subject,) = evaluator.subjects(read)
    assert subject.complete == (not unfetched)
    found = subject.verdicts[0].proof
    return found.truth.value, found.basis.value, found.reason.value if found.reason else ""


EVER, NOW = "condition: {concept: stroke}", "condition: {concept: stroke, active: true}"
COUNT = "measured: {concept: platelet-count, at_least: 100 10*9/L}"
ANY = "measured: {concept: platelet-count, at_least: 100 10*9/L, which: any}"
EVERY = "measured: {concept: platelet-count, at_least: 100 10*9/L, which: every}"
REFUTED = condition(STROKE, verification="refuted")
TRUE = ("true", "recorded", "")
MISSING, UNSURE = ("unknown", "missing", "not-fetched"), ("unknown", "recorded", "not-fetched")
LOW, HIGH = observation(PLATELETS, "50 10*9/L"), observation(PLATELETS, "200 10*9/L")


@pytest.mark.parametrize(
    ("criterion", "records", "unfetched", "wanted"),
    [
        (EVER, [], (), ("false", "presumed", "absence-presumed")),
        (EVER, [], ("Condition",), MISSING),
        (EVER, [], ("Observation",), ("false", "presumed", "absence-presumed")),
        (EVER, [condition(STROKE)], ("Condition",), TRUE),
        (
            EVER,
            [condition(STROKE, verification="refuted")],
            ("Condition",),
            UNSURE,
        ),
        (
            NOW,
            [condition(STROKE, clinical="resolved")],
            ("Condition",),
            UNSURE,
        ),
        (COUNT, [], ("Observation",), MISSING),
        (COUNT, [HIGH], (), TRUE),
        (COUNT, [HIGH], ("Observation",), UNSURE),
        (ANY, [HIGH], ("Observation",), TRUE),
        (ANY, [LOW], ("Observation",), UNSURE),
        (EVERY, [LOW], ("Observation",), ("false", "recorded", "")),
        (EVERY, [HIGH], ("Observation",), UNSURE),
        (f"recorded: {{{EVER}}}", [], ("Condition",), MISSING),
        (f"count: {{of: {{{EVER}}}, at_most: 1}}", [], ("Condition",), MISSING),
        (
            f"elapsed: {{since: {{{EVER}}}, at_least: 1 mo}}",
            [],
            ("Condition",),
            MISSING,
        ),
    ],
)
def test_nothing_is_absent(
    criterion: str, records: list[Any], unfetched: tuple[str, ...], wanted: Any
) -> None:
    assert proof(criterion, records, *unfetched) == wanted
