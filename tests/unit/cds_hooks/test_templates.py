"""Prefetch templates: stable, few, short, portable, and enough for every concept."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import parse_qsl

import pytest

from fhirscreen.cds_hooks.templates import LONGEST, MOST, make_templates
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.loading import load_catalogue, load_site, mappings_folder


@cache
def shipped() -> Catalogue:
    return load_catalogue()


def at_demo() -> Catalogue:
    return shipped().at(load_site(mappings_folder() / "sites/demo.yaml"))


@pytest.mark.parametrize("roles", [True, False])
@pytest.mark.parametrize("demo", [True, False])
def test_there_are_few_and_they_are_short(*, roles: bool, demo: bool) -> None:
    found = make_templates(at_demo() if demo else shipped(), roles=roles).prefetch
    assert len(found) <= MOST
    assert all(len(text) < LONGEST for text in found.values())
    assert found["patient"] == "Patient/{{context.patientId}}"
    for needed in ("conditions", "procedures", "medicationRequests", "medicationAdministrations", "consents"):
        assert "code=" not in found[needed]
    assert ("roles" in found) is (roles and not demo)


def test_they_stay_within_the_portable_part_of_search() -> None:
    for text in make_templates(shipped(), roles=True).prefetch.values():
        _, mark, query = text.partition("?")
        if mark:
            names = [name for name, _ in parse_qsl(query)]
            assert set(names) <= {"patient", "practitioner", "code", "_count"}, text
        assert set(re.findall(r"{{(.*?)}}", text)) <= {"context.patientId", "userPractitionerId"}


def test_every_code_of_an_observation_is_in_exactly_one() -> None:
    templates = make_templates(at_demo(), roles=False)
    asked = [code for each in templates.all if each.type == "Observation" for code in each.codes]
    needed = {
        coding.code
        for concept in at_demo()
        for source in concept.sources
        if source.resource == "Observation"
        for coding in source.codes.exact
    }
    # What stands in a panel's components is found by the panel's own code.
    panels = {coding.code for coding in at_demo().vocabulary.panels.exact}
    assert "58410-2" in panels
    assert sorted(asked) == sorted(needed | panels)


def test_every_type_that_criteria_or_gates_read_is_known() -> None:
    templates = make_templates(at_demo(), roles=False)
    types = {each.type for each in templates.all}
    assert templates.clinical <= types
    assert templates.gates == {"Consent", "Flag", "ResearchSubject"}
    assert templates.gates <= types
    offered = {each.type for each in templates.all if each.offered}
    assert templates.gates <= offered


def test_a_type_that_does_not_fit_is_read_where_it_is_sent() -> None:
    templates = make_templates(at_demo(), roles=True)
    spare = {each.key: each.text for each in templates.all if not each.offered}
    assert set(spare) == {"roles", "allergies"}
    assert not set(spare) & set(templates.prefetch)
