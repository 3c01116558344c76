from __future__ import annotations

from fhirscreen.fhir_client import Capabilities, TypeCapabilities
from fhirscreen.plan.queries import Query
from fhirscreen.screening.needs import lacks, needs


def able(*types: TypeCapabilities) -> Capabilities:
    return Capabilities("4.0.1", "Test", None, {each.type: each for each in types})


def test_a_type_that_is_missing_stays_unknown() -> None:
    (said,) = lacks(able(), Query("Procedure", (("code", "x"),)))
    assert "no Procedure" in said


def test_a_parameter_that_is_missing_costs() -> None:
    observation = TypeCapabilities("Observation", parameters=frozenset({"patient"}))
    assert list(lacks(able(observation), Query("Observation", (("code", "x"),)))) == [
        "no search of Observation by code: the whole type is fetched"
    ]
    assert not list(lacks(able(observation), Query("Observation")))


def test_every_need_that_is_not_met_says_its_cost() -> None:
    found = needs(able(TypeCapabilities("Observation", parameters=frozenset({"patient"}))))
    assert {need.what: need.met for need in found}["Observation by patient"] is True
    for need in found:
        assert need.met or need.cost, need.what
