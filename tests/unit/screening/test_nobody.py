"""Where there is no patient nothing is screened: on a server as in files."""

from __future__ import annotations

import pytest

from fhirscreen.engines.base import Engine
from fhirscreen.engines.fhir_search import FhirSearch
from fhirscreen.engines.in_memory import InMemory, gather
from fhirscreen.exceptions import DataError
from fhirscreen.screening.runs import Run, screen
from tests.lib.demo import demo_as_of, demo_plan
from tests.lib.searchable import Searchable


def screened(engine: Engine, *, strict: bool = True, patients: list[str] | None = None) -> Run:
    return screen(
        demo_plan(), engine, demo_as_of(), base="x", sources=["place x"], strict=strict, patients=patients
    )


def test_a_server_without_patients_is_refused_as_files_are() -> None:
    with pytest.raises(DataError, match="there is no patient in the data"):
        screened(InMemory(gather([])))
    with Searchable([]).client() as client:
        with pytest.raises(DataError, match="there is no patient") as raised:
            screened(FhirSearch(client))
        assert (raised.value.exit_code, raised.value.where) == (3, "place x")
        # The service asks again tomorrow.
        assert screened(FhirSearch(client), strict=False).screened.patients == 0


def test_who_is_not_there_is_said_with_the_place() -> None:
    with Searchable([]).client() as client:
        with pytest.raises(DataError, match="not on the server") as raised:
            screened(FhirSearch(client), patients=["somebody"])
        assert (raised.value.exit_code, raised.value.where) == (3, client.base)
    assert "somebody" not in str(raised.value)
