"""`fhirscreen read` as a user has it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lib.cli import fhirscreen


def write(folder: Path, text: str) -> Path:
    path = folder / "trial.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_criterion_is_one_line_of_json(tmp_path: Path) -> None:
    path = write(tmp_path, "Inclusion Criteria:\n\n* ALT ≤ 2 x ULN\n\nExclusion Criteria:\n\n* Fond of tea")
    done = fhirscreen("read", "--json", path)
    assert done.code == 0
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [line["status"] for line in lines] == ["heading", "computed", "heading", "unread"]
    assert set(lines[0]) == {"source", "text", "start", "end", "status"}
    assert lines[1]["source"] == "trial"
    assert lines[1]["expression"] == {"measured": {"concept": "alanine-aminotransferase", "at_most": "2 ULN"}}
    (atom,) = lines[1]["atoms"]
    assert (atom["high"], atom["high_inclusive"], atom["limit"], atom["low"]) == (2, True, "uln", None)
    assert lines[3]["kind"] == "exclusion"
    assert lines[3]["unread"] == [[lines[3]["start"], lines[3]["end"]]]


def test_people_see_what_was_understood(tmp_path: Path) -> None:
    done = fhirscreen("read", write(tmp_path, "Inclusion Criteria:\n\n* ECOG 0-1\n* Signed consent"))
    assert done.code == 0
    assert "ECOG performance status 0 or 1" in done.out.replace("-", " ").replace("ecog", "ECOG")
    assert "2 criteria: 1 computed, 0 partial, 1 manual, 0 unread" in done.out


def test_what_cannot_be_read_ends_with_a_message(tmp_path: Path) -> None:
    missing = fhirscreen("read", tmp_path / "none.txt")
    assert (missing.code, "no such file" in missing.err) == (2, True)
    (tmp_path / "old.json").write_text('{"FullStudiesResponse": {}}', encoding="utf-8")
    old = fhirscreen("read", tmp_path / "old.json")
    assert (old.code, "old API" in old.err) == (3, True)
