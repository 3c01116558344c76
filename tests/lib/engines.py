"""Every engine as the tests run it: one class each, and the registry of them.

An engine under test is loaded once with everybody's resources and then asked for some of the patients, so
that a server is filled once a module. DuckDB and Spark have their place here when they exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import ClassVar, Protocol

import pytest

from fhirscreen.engines.base import Depth, Screened
from fhirscreen.engines.evaluator.cohorts import Cohort, gather
from fhirscreen.engines.fhir_search import FhirSearch
from fhirscreen.engines.in_memory import InMemory
from fhirscreen.fhir.folders import Line
from fhirscreen.fhir_client import Client
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf
from tests.lib.hapi import Hapi
from tests.lib.records import Resource


class UnderTest(Protocol):
    """An engine with data in it."""

    name: ClassVar[str]
    marks: ClassVar[tuple[pytest.MarkDecorator, ...]]
    one_plan: ClassVar[bool]
    """Whether a run costs so much that many studies should share one."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        """Takes the real part that it needs from the fixtures."""

    def load(self, resources: Iterable[Resource]) -> None:
        """Fills it; what was there before is gone."""

    def add(self, resources: Iterable[Resource]) -> None:
        """Adds to what is there; RuntimeError where it takes no such resources."""

    def screen(
        self, plan: Plan, as_of: AsOf, patients: Collection[str], depth: Depth = Depth.FULL
    ) -> Screened:
        """Screens some of the patients."""


class InMemoryUnderTest:
    """The reference engine."""

    name: ClassVar[str] = "memory"
    marks: ClassVar[tuple[pytest.MarkDecorator, ...]] = ()
    one_plan: ClassVar[bool] = False

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.cohort = Cohort()

    def load(self, resources: Iterable[Resource]) -> None:
        self.resources: list[Resource] = []
        self.add(resources)

    def add(self, resources: Iterable[Resource]) -> None:
        self.resources += resources
        self.cohort = gather(Line("test", resource) for resource in self.resources)

    def screen(
        self, plan: Plan, as_of: AsOf, patients: Collection[str], depth: Depth = Depth.FULL
    ) -> Screened:
        return InMemory(self.cohort).screen(plan, as_of, depth=depth, patients=patients)


class SearchUnderTest:
    """The search engine, over a real server."""

    name: ClassVar[str] = "search"
    marks: ClassVar[tuple[pytest.MarkDecorator, ...]] = (pytest.mark.hapi,)
    one_plan: ClassVar[bool] = True

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.server: Hapi = request.getfixturevalue("hapi")
        self.client = request.getfixturevalue("opened").enter_context(Client(self.server.base))

    def load(self, resources: Iterable[Resource]) -> None:
        self.server.clear()
        self.add(resources)

    def add(self, resources: Iterable[Resource]) -> None:
        """More resources; RuntimeError where the server refuses one. What others refer to goes first."""
        listed = list(resources)
        self.server.load(r for r in listed if r["resourceType"] == "ResearchStudy")
        self.server.load(r for r in listed if r["resourceType"] != "ResearchStudy")

    def screen(
        self, plan: Plan, as_of: AsOf, patients: Collection[str], depth: Depth = Depth.FULL
    ) -> Screened:
        return FhirSearch(self.client).screen(plan, as_of, depth=depth, patients=patients)


ENGINES: tuple[type[UnderTest], ...] = (InMemoryUnderTest, SearchUnderTest)
"""Every engine that exists, the reference first."""


def parameters() -> list[object]:
    """The engines as parameters of a test, each with the marks of the real part that it needs."""
    return [pytest.param(engine, id=engine.name, marks=engine.marks) for engine in ENGINES]
