"""One patient's record off a server: whole, merged or not; and who is not there."""

from __future__ import annotations

from typing import Any

import pytest

from fhirscreen.engines.fhir_search import fetch_record
from fhirscreen.exceptions import DataError
from tests.lib.demo import demo_plan
from tests.lib.ehr import chart, charts
from tests.lib.searchable import Searchable

PATIENT = "esc-0001"
MERGED: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "old",
    "link": [{"type": "replaced-by", "other": {"reference": f"Patient/{PATIENT}"}}],
}
THEIRS: dict[str, Any] = {
    "resourceType": "Condition",
    "id": "of-old",
    "subject": {"reference": "Patient/old"},
    "code": {"text": "something"},
}


@pytest.mark.parametrize("merged", [False, True])
def test_a_record_is_whole_and_holds_that_of_who_was_merged(*, merged: bool) -> None:
    server = Searchable([*chart(PATIENT), *charts()["shared"], *([MERGED, THEIRS] if merged else [])])
    with server.client() as client:
        record = fetch_record(client, demo_plan(), PATIENT)
    names = [line.where for line in record.lines]
    assert ("Condition/of-old" in names, "Patient/old" in names) == (merged, merged)
    assert len(names) == len(set(names))
    assert {f"Condition/{each['id']}" for each in chart(PATIENT) if each["resourceType"] == "Condition"} <= {
        *names
    }
    assert (record.unfetched, record.gaps) == (frozenset(), ())


def test_who_is_not_there_is_so_whatever_else_the_server_refuses() -> None:
    server = Searchable(chart(PATIENT), refuse=lambda type, _form: type == "Consent")
    with server.client() as client, pytest.raises(DataError):
        fetch_record(client, demo_plan(), "nobody")


def test_the_longest_search_is_begun_first() -> None:
    server = Searchable(chart(PATIENT))
    with server.client(concurrency=1) as client:
        fetch_record(client, demo_plan(), PATIENT)
    types = [type for type, _ in server.searches if type != "Patient"]
    assert types[:3] == ["Observation", "Condition", "Procedure"]
    assert types[3:] == sorted(types[3:])
