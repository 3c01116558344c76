"""The proof of one criterion for one patient, and the case that it is made in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.charts import read_chart
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.plan.nodes import Predicate
from fhirscreen.verdicts.proofs import Proof
from tests.lib.records import Resource
from tests.spec.tables import Table, case, true


def opened(
    criteria: str,
    *records: Resource,
    population: str | None = None,
    site: Mapping[str, Any] | None = None,
    **fetched: Any,
) -> tuple[Case, Predicate, Evaluator]:
    """A case of these records, what the criterion asks, and the evaluator that decides it.

    `fetched` are options of `read_chart`: aliases, shared resources, types that were not fetched.
    """
    table = Table(
        "proof", "says", criteria, [case("the patient", true(), *records)], population, site=site or {}
    )
    evaluator = Evaluator(table.plan())
    (study,) = evaluator.plan.studies
    person, *others = table.resources(0)
    chart = read_chart(person, others, evaluator.index, table.index_date(), **fetched)
    return evaluator.case(chart, study.population), study.criteria[0].predicate, evaluator


def proof(
    criteria: str,
    *records: Resource,
    population: str | None = None,
    site: Mapping[str, Any] | None = None,
    **fetched: Any,
) -> Proof:
    """The proof of a criterion over one patient's records; it says what was asked."""
    found, asked, evaluator = opened(criteria, *records, population=population, site=site, **fetched)
    made = evaluator.verdict(found, 0, 0).proof
    assert made.says == asked.says
    return made


def said(proof: Proof) -> tuple[str, str]:
    """Truth and reason of a proof as text; the reason is empty where there is none."""
    return proof.truth.value, "" if proof.reason is None else proof.reason.value
