from __future__ import annotations

from typing import Any

import httpx
import pytest

from fhirscreen.bootstrap.readers import make_reader
from fhirscreen.bootstrap.terminologies import FINDINGS, open_terminology
from fhirscreen.criteria.suggestions import Candidate, How
from fhirscreen.exceptions import UsageError
from fhirscreen.reading import Status
from fhirscreen.settings.settings import Settings
from tests.lib.transport import BASE, Server, outcome, reply

SETTINGS = Settings(terminology=BASE)
TEXT = "Exclusion Criteria:\n\n* Fond of tea\n* Pemphigus\n* PEMPHIGUS"


def hit(code: str, display: str, *designations: str, **more: Any) -> dict[str, Any]:
    named = [{"value": each} for each in designations]
    return {
        "system": "http://snomed.info/sct",
        "code": code,
        "display": display,
        "designation": named,
        **more,
    }


def expansion(*contains: dict[str, Any]) -> httpx.Response:
    return reply({"resourceType": "ValueSet", "expansion": {"contains": list(contains)}})


def test_what_a_server_calls_so_is_suggested() -> None:
    hits = (
        hit("1", "Pemphigus foliaceus"),
        hit("2", "Pemphigus", inactive=True),
        hit("3", "Pemphigus"),
        hit("4", "Bullous disease", "Disease of blisters", "Pemphigus"),
        hit("5", "Pemphigus", abstract=True),
        {**hit("6", "Pemphigus"), "system": "http://loinc.org"},
    )
    server = Server([expansion(*hits)])
    warned: list[str] = []
    with open_terminology(SETTINGS, warned.append, server) as lookup:
        assert lookup.find("pemphigus") == (
            Candidate("snomed", "3", "Pemphigus", How.SERVER),
            Candidate("snomed", "4", "Bullous disease", How.SERVER),
        )
        assert lookup.find("PEMPHIGUS") == lookup.find("pemphigus")
        assert lookup.find("of the the") == ()
    assert server.requests[0].url.path == "/r4/ValueSet/$expand"
    asked = server.forms[0]
    assert (asked["url"], asked["filter"], asked["activeOnly"]) == (FINDINGS, "pemphigus", "true")
    assert [form["filter"] for form in server.forms] == ["pemphigus", "of the the"]
    assert warned == []


@pytest.mark.parametrize(
    "trouble",
    [
        outcome(400, "not-found"),
        reply({"resourceType": "Patient"}),
        httpx.Response(200, text="<html>"),
        httpx.ConnectError("refused"),
    ],
    ids=["outcome", "no-value-set", "no-fhir", "unreachable"],
)
def test_trouble_with_the_server_is_a_warning_and_the_reading_goes_on(
    trouble: httpx.Response | Exception,
) -> None:
    warned: list[str] = []
    server = Server([trouble])
    with open_terminology(SETTINGS, warned.append, server) as lookup:
        reader, _ = make_reader(SETTINGS, [lookup])
        readings = [each for each in reader.read(TEXT) if each.status is not Status.HEADING]
        asked = len(server.requests)
        assert lookup.find("urticaria") == ()
    assert len(warned) == 1
    assert "asked no more" in warned[0]
    assert len(server.requests) == asked
    assert [[c.code for s in each.suggestions for c in s.candidates] for each in readings] == [
        [],
        ["L10"],
        ["L10"],
    ]


def test_both_are_shown() -> None:
    server = Server([expansion(hit("3", "Pemphigus"))])
    with open_terminology(SETTINGS, print, server) as lookup:
        reader, _ = make_reader(SETTINGS, [lookup])
        (found,) = reader.read("Exclusion Criteria:\n\n* Pemphigus")[-1].suggestions
    assert [(each.system, each.code) for each in found.candidates] == [("icd-10-cm", "L10"), ("snomed", "3")]


def test_without_a_server_there_is_none_to_ask() -> None:
    with pytest.raises(UsageError, match="no terminology server"), open_terminology(Settings(), print):
        pass
