"""Every engine against the reference, on a drawn batch: many patients, many criteria, one load.

The batch also says what the strategies reach: each reason, basis and truth of each node.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from fhirscreen.criteria.nodes import Expression, Finding, Measured
from fhirscreen.engines.base import Depth, Screened
from fhirscreen.plan.nodes import Plan
from fhirscreen.plan.resolve import resolve
from fhirscreen.values.durations import AsOf
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Standing, Subject
from tests.generative.test_evaluator import catalogue
from tests.lib.engines import ENGINES, InMemoryUnderTest, UnderTest, parameters
from tests.lib.records import Resource, chart
from tests.lib.strategies.records import patients
from tests.lib.strategies.screenable import STRATEGIES, study

PATIENTS, EACH, MORE = 250, 5, 40
"""How many patients a batch has, and how many criteria of each node; of those with most reasons, more."""

UNREACHED = {Reason.NOT_FETCHED: "no server stores what cannot be read"}


def drawn(strategy: SearchStrategy[Any], number: int) -> list[Any]:
    """The same draws in every run: so many that the later ones are rich."""
    found: list[Any] = []

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(one: Any) -> None:
        found.append(one)

    collect()
    return found


@cache
def resources() -> tuple[Resource, ...]:
    """The batch's patients."""
    batches = drawn(patients(most=14), PATIENTS)
    return tuple(r for place, records in enumerate(batches) for r in chart(f"drawn-{place}", records))


@cache
def plan() -> Plan:
    """One study with criteria of every node, and some of two criteria, which somebody may meet."""
    criteria: list[Expression] = []
    for node in sorted(STRATEGIES, key=lambda each: each.__name__):
        number = MORE if node in (Measured, Finding) else EACH
        criteria += drawn(STRATEGIES[node], 2 * number)[-number:]
    pairs = [study(criteria[place::20][:2], f"PAIR-{place}") for place in range(20)]
    return resolve([study(criteria), *pairs], catalogue("complete"))


def ids() -> list[str]:
    """The batch's patients by id."""
    return sorted(r["id"] for r in resources() if r["resourceType"] == "Patient")


def as_of() -> AsOf:
    """The manual's index date."""
    return AsOf(date(2026, 11, 1), plan().catalogue.site.zone)


@pytest.fixture(scope="module")
def opened() -> Iterator[ExitStack]:
    """What engines open and the module closes."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def reference(request: pytest.FixtureRequest) -> Screened:
    """What the reference engine says."""
    engine = InMemoryUnderTest(request)
    engine.load(resources())
    return engine.screen(plan(), as_of(), ids())


@pytest.fixture(scope="module", params=parameters())
def engine(request: pytest.FixtureRequest) -> UnderTest:
    """An engine with the batch in it."""
    made: UnderTest = request.param(request)
    made.load(resources())
    return made


def rows(subject: Subject) -> dict[str, Proof]:
    """A subject's proofs by criterion."""
    return {verdict.criterion.id: verdict.proof for verdict in subject.verdicts}


def test_engines_agree(engine: UnderTest, reference: Screened) -> None:
    """Row by row, proof trees included; and on who is outside, gated or not to be read whole."""
    found = engine.screen(plan(), as_of(), ids())
    ours = {(s.study, s.patient): s for s in found.subjects}
    assert list(ours) == [(s.study, s.patient) for s in reference.subjects]
    for wanted in reference.subjects:
        subject = ours[wanted.study, wanted.patient]
        assert {
            id: (proof, rows(wanted)[id]) for id, proof in rows(subject).items() if proof != rows(wanted)[id]
        } == {}
        assert subject == wanted
    assert (found.gated, found.outside) == (reference.gated, reference.outside)


def test_no_member_is_lost(engine: UnderTest, reference: Screened) -> None:
    """Depth `candidates` lists whom the reference lists; whoever is dropped fails there too."""
    found = engine.screen(plan(), as_of(), ids(), Depth.CANDIDATES)
    wanted = {(s.study, s.patient): s for s in reference.subjects}
    ours = {(s.study, s.patient): s for s in found.subjects}
    for key, subject in wanted.items():
        if subject.status is not None:
            assert ours[key].status is subject.status
            assert rows(ours[key]) == rows(subject)
    for key, subject in ours.items():
        for id, proof in rows(subject).items():
            assert proof == rows(wanted[key])[id]
        if not subject.standing(Standing.FAILED):
            assert len(subject.verdicts) == len(wanted[key].verdicts)
    assert any(s.status is not None for s in reference.subjects)


def test_the_batch_reaches_every_reason(reference: Screened) -> None:
    """What no draw reaches is not tested: each reason and basis occurs, somewhere in a proof tree."""
    found = [each for s in reference.subjects for proof in rows(s).values() for each in whole(proof)]
    assert {proof.reason for proof in found} >= set(Reason) - set(UNREACHED)
    assert {proof.basis for proof in found} == set(Basis)


def whole(proof: Proof) -> Iterator[Proof]:
    """A proof and all below it."""
    yield proof
    for child in proof.children:
        yield from whole(child)


def test_the_reference_is_the_first_engine() -> None:
    assert ENGINES[0] is InMemoryUnderTest
