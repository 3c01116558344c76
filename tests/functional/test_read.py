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


def test_codes_for_what_no_concept_names_are_shown_as_suggestions(tmp_path: Path) -> None:
    path = write(tmp_path, "Exclusion Criteria:\n\n* Severe pemphigus")
    done = fhirscreen("read", path, "--html", tmp_path / "page.html")
    assert done.code == 0
    assert "“pemphigus” may be icd-10-cm L10 Pemphigus (suggested, not screened with)" in done.out
    page = (tmp_path / "page.html").read_text("utf-8")
    assert '<span class="suggested">pemphigus</span>' in page
    assert "Suggested for “pemphigus”, not screened with: icd-10-cm L10 Pemphigus" in page
    assert fhirscreen("read", path, "-o", tmp_path / "study.yaml").code == 0
    written = (tmp_path / "study.yaml").read_text("utf-8")
    assert "{system: icd-10-cm, code: L10, display: Pemphigus, how: title}" in written
    assert fhirscreen("check", tmp_path / "study.yaml").code == 0
    explained = fhirscreen("explain", tmp_path / "study.yaml")
    assert "L10" not in explained.out


def test_a_terminology_server_has_to_be_set_to_be_asked(tmp_path: Path) -> None:
    done = fhirscreen("read", write(tmp_path, "Inclusion Criteria:\n\n* Tea"), "--terminology")
    assert (done.code, "FHIRSCREEN_TERMINOLOGY" in done.err) == (2, True)


def test_what_cannot_be_read_ends_with_a_message(tmp_path: Path) -> None:
    missing = fhirscreen("read", tmp_path / "none.txt")
    assert (missing.code, "no such file" in missing.err) == (2, True)
    (tmp_path / "old.json").write_text('{"FullStudiesResponse": {}}', encoding="utf-8")
    old = fhirscreen("read", tmp_path / "old.json")
    assert (old.code, "old API" in old.err) == (3, True)


RECORD = {
    "protocolSection": {
        "identificationModule": {"nctId": "NCT00000001", "briefTitle": "A trial <of tea>"},
        "statusModule": {"overallStatus": "RECRUITING"},
        "conditionsModule": {"conditions": ["Esophageal Cancer"]},
        "eligibilityModule": {
            "eligibilityCriteria": "Inclusion Criteria:\n\n* ALT ≤ 2 x ULN\n* Fond of tea\n\n"
            "Exclusion Criteria:\n\n* HIV infection",
            "sex": "ALL",
            "minimumAge": "18 Years",
        },
    }
}


def record(folder: Path, **replaced: str) -> Path:
    text = json.dumps(RECORD, ensure_ascii=False)
    for old, new in replaced.items():
        text = text.replace(old, new)
    path = folder / "NCT00000001.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_study_file_is_written_checked_and_screened(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    done = fhirscreen("read", record(tmp_path), "-o", study)
    assert (done.code, done.out) == (0, "")
    assert "4 criteria: 3 computed, 0 partial, 0 manual, 1 unread" in " ".join(done.err.split())
    assert fhirscreen("check", study).code == 0
    explained = fhirscreen("explain", study)
    assert explained.code == 0
    assert "Observation?combo-code=" in explained.out
    again = fhirscreen("read", record(tmp_path), "-o", study)
    assert (again.code, "is there already" in again.err, "--update" in again.err) == (2, True, True)


def test_a_file_follows_its_record_and_keeps_what_a_person_wrote(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    assert fhirscreen("read", record(tmp_path), "-o", study).code == 0
    mine = study.read_text("utf-8").replace(
        "  unread: Fond of tea\n", "  confirm: Fond of tea?  # ask twice\n"
    )
    study.write_text(mine, encoding="utf-8")
    same = fhirscreen("read", record(tmp_path), "--update", study)
    assert (same.code, "0 of them conflicts" in same.out, study.read_text("utf-8")) == (0, True, mine)
    changed = record(tmp_path, **{"2 x ULN": "3 x ULN", "Fond of tea": "Fond of coffee or tea"})
    done = fhirscreen("read", changed, "--update", study)
    assert done.code == 0
    assert "reworded  inclusion.alanine-aminotransferase" in done.out
    assert "conflict  inclusion.fond-tea" in done.out
    assert "2 differences, 1 of them conflicts to look at" in done.out
    text = study.read_text("utf-8")
    assert "  confirm: Fond of tea?  # ask twice\n" in text
    assert "at_most: 3 ULN" in text
    assert "the record now says otherwise" in fhirscreen("check", study).out.replace("\n", " ")
    lines = fhirscreen("read", "--json", record(tmp_path), "--update", study)
    assert {json.loads(line)["what"] for line in lines.out.splitlines()} == {"reworded", "conflict"}


def test_one_file_is_of_one_record(tmp_path: Path) -> None:
    many = tmp_path / "many.jsonl"
    many.write_text('{"id": "a", "text": "ALT < 3"}\n{"id": "b", "text": "AST < 3"}\n', encoding="utf-8")
    done = fhirscreen("read", many, "-o", tmp_path / "study.yaml")
    assert (done.code, "2 records for one file" in done.err) == (2, True)
    both = fhirscreen("read", record(tmp_path), "-o", tmp_path / "a.yaml", "--update", tmp_path / "b.yaml")
    assert (both.code, "both -o and --update" in both.err) == (2, True)
    assert not list(tmp_path.glob("*.yaml"))
    gone = fhirscreen("read", record(tmp_path), "-o", tmp_path / "none" / "a.yaml")
    assert (gone.code, "cannot be written" in gone.err) == (2, True)


def test_the_page_marks_what_was_understood_and_escapes_the_rest(tmp_path: Path) -> None:
    page = tmp_path / "reading.html"
    assert fhirscreen("read", record(tmp_path), "--html", page).code == 0
    html = page.read_text("utf-8")
    assert 'title="ALT">ALT ≤ 2 x ULN<' in html
    assert "A trial &lt;of tea&gt;" in html
    assert "alanine aminotransferase at most 2 × the upper limit of normal" in html
    assert '<p class="text">Fond of tea</p>' in html
    assert "<script" not in html
