"""Bundles of any type: what they hold, and what of a history still stands."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path
from typing import Any

from fhirscreen.fhir.folders import Line, read_bundles, read_ndjson, unbundled


def lines(type: str, *entries: Any) -> list[Line]:
    return list(unbundled({"resourceType": "Bundle", "type": type, "entry": list(entries)}, "file"))


def version(code: str) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": "1", "code": {"text": code}}


def test_a_history_holds_the_newest_version_alone() -> None:
    found = lines("history", {"resource": version("new")}, {"resource": version("old")})
    assert [line.resource for line in found] == [version("new")]
    assert len(lines("collection", {"resource": version("new")}, {"resource": version("old")})) == 2


def test_what_a_history_has_deleted_is_gone() -> None:
    deletion = {"request": {"method": "DELETE", "url": "Condition/1"}}
    assert lines("history", deletion, {"resource": version("old")}) == []
    again = lines("history", {"resource": version("again")}, deletion, {"resource": version("old")})
    assert [line.resource for line in again] == [version("again")]


def test_an_id_may_stand_in_the_full_url_alone() -> None:
    nameless = {"resourceType": "Condition"}
    urls = ("urn:uuid:0-1", "https://server.example/fhir/Condition/c1")
    found = lines("collection", *({"fullUrl": url, "resource": nameless} for url in urls))
    assert [line.resource["id"] for line in found if line.resource] == ["0-1", "c1"]


def test_what_a_server_says_about_its_search_is_nothing_set_aside() -> None:
    outcome = {"search": {"mode": "outcome"}, "resource": {"resourceType": "OperationOutcome"}}
    assert lines("searchset", outcome) == []


def test_what_is_no_entry_is_given_back() -> None:
    (line,) = lines("collection", "stray")
    assert (line.resource, line.where, line.verbatim) == (None, "file:entry[0]", '"stray"')


def test_a_byte_order_mark_hides_nobody(tmp_path: Path) -> None:
    for name in ("patients.ndjson", "patient.json"):
        (tmp_path / name).write_bytes(BOM_UTF8 + b'{"resourceType":"Patient","id":"1"}\r\n')
    for lines in (read_ndjson(tmp_path), read_bundles(tmp_path)):
        assert [line.resource for line in lines] == [{"resourceType": "Patient", "id": "1"}]
