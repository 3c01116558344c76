"""Bad input as a table: the exit code, and the four parts of the error: what, where, expected, remedy."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fhirscreen import synthetic
from tests.lib.cli import Outcome, fhirscreen
from tests.lib.demo import STUDIES
from tests.lib.loopback import CAPABILITIES, HTML, Canned, json_of, outcome_of, serve

AT = ("--as-of", "2026-11-01", "--site", "demo")
Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("sound")
    synthetic.write_ndjson(synthetic.generate(patients=12), folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def screened(folder: Path, *options: object) -> Outcome:
    return fhirscreen("screen", STUDIES[0], "--ndjson", folder, *AT, "--json", *options)


def told(outcome: Outcome, what: str, where: str) -> None:
    """The message has all four parts, and `what` and `where` in theirs."""
    said = " ".join(outcome.err.split())
    for part in ("where: ", "expected: ", "remedy: "):
        assert part in said, (part, outcome.err)
    assert what in said, outcome.err
    assert where in said.partition("where: ")[2].partition(" expected: ")[0], outcome.err
    assert "Traceback" not in outcome.err


def only(*names: str) -> Change:
    """Leaves these files alone, empty where they are not there."""

    def change(folder: Path) -> None:
        for path in folder.iterdir():
            if path.name not in names:
                path.unlink()
        for name in names:
            (folder / name).touch()

    return change


def adding(name: str, content: bytes) -> Change:
    return lambda folder: (folder / name).write_bytes(content)


def turning(name: str, turn: Callable[[bytes], bytes]) -> Change:
    return lambda folder: (folder / name).write_bytes(turn((folder / name).read_bytes()))


NOBODY = b'{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/nobody"}}\n'
HEAD = b'{"resourceType":"Observation","id":"x","status":"final","note":[{"text":"'
HUGE = HEAD + b"a" * 5_000_000 + b'"}]}\n'
BROKEN = "the file cannot be read any further"


@pytest.mark.parametrize(
    ("change", "code", "what", "where"),
    [
        pytest.param(adding("zz.ndjson", b"not JSON\n"), 5, "not JSON", "zz.ndjson:1", id="no-json"),
        pytest.param(adding("zz.ndjson", b'{"resourceType":'), 5, BROKEN, "zz.ndjson:1", id="cut-line"),
        pytest.param(adding("zz.ndjson", b'{"id":"a"}\n'), 5, "no resourceType", "zz.ndjson:1", id="no-type"),
        pytest.param(
            adding("zz.ndjson", b'{"resourceType":"Troll","id":"a"}\n'),
            5,
            "not a resource type of R4",
            "zz.ndjson:1",
            id="wrong-type",
        ),
        pytest.param(
            adding("zz.ndjson", NOBODY), 5, "about a patient who is not in", "zz.ndjson:1", id="stray"
        ),
        pytest.param(adding("zz.ndjson", HUGE), 5, "about no patient", "zz.ndjson:1", id="huge-line"),
        pytest.param(
            adding("more.ndjson.gz", gzip.compress(b"{}\n" * 999, mtime=0)[:-9]),
            5,
            BROKEN,
            "more.ndjson.gz:",
            id="cut-gzip",
        ),
        pytest.param(adding("more.ndjson.gz", b"hello\n"), 5, BROKEN, "more.ndjson.gz:1", id="no-gzip"),
        pytest.param(only("Patient.ndjson.none"), 3, "no NDJSON file", "ndjson", id="no-file"),
        pytest.param(only("Encounter.json"), 3, "--bundles", "ndjson", id="bundles-folder"),
        pytest.param(only("Observation.ndjson"), 3, "there is no patient", "ndjson", id="no-patient"),
        pytest.param(only("Nothing.ndjson"), 3, "there is no patient", "ndjson", id="empty-file"),
    ],
)
def test_files(
    sound: dict[str, bytes], tmp_path: Path, change: Change, code: int, what: str, where: str
) -> None:
    folder = tmp_path / "ndjson"
    folder.mkdir()
    for name, content in sound.items():
        (folder / name).write_bytes(content)
    change(folder)
    outcome = screened(folder)
    assert outcome.code == code, outcome.err
    told(outcome, what, where)
    assert (outcome.out == "") is (code == 3)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(turning("Patient.ndjson", lambda raw: b"\xef\xbb\xbf" + raw), id="bom"),
        pytest.param(turning("Observation.ndjson", lambda raw: raw.replace(b"\n", b"\r\n")), id="crlf"),
        pytest.param(turning("Observation.ndjson", lambda raw: raw + b"\n \n" + raw), id="ids-twice"),
        pytest.param(adding("more.ndjson", b""), id="empty-file"),
        pytest.param(adding("more.ndjson.gz", b""), id="empty-gzip"),
    ],
)
def test_files_that_are_sound(sound: dict[str, bytes], tmp_path: Path, change: Change) -> None:
    folder = tmp_path / "ndjson"
    folder.mkdir()
    for name, content in sound.items():
        (folder / name).write_bytes(content)
    before = screened(folder).json
    change(folder)
    outcome = screened(folder)
    assert outcome.code == 0, outcome.err
    assert outcome.err == ""
    assert outcome.json["subjects"] == before["subjects"]
    assert outcome.json["run"]["set_aside"]["count"] == 0


def test_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "Patient.ndjson"
    file.write_text("")
    outcome = screened(file)
    assert outcome.code == 3
    told(outcome, "this is a file, and no folder", str(file))


def test_no_name_of_a_file_of_bundles_is_shown(sound: dict[str, bytes], tmp_path: Path) -> None:
    entries = [{"resource": json.loads(line)} for line in sound["Patient.ndjson"].splitlines()]
    entries.append({"resource": {"resourceType": "Observation", "id": "x", "colour": "blue"}})
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    (tmp_path / "Jane_Roe.json").write_text(json.dumps(bundle))
    (tmp_path / "Jane_Roe_2.json").write_text("{")
    outcome = fhirscreen("screen", STUDIES[0], "--bundles", tmp_path, *AT, "--json")
    assert outcome.code == 5
    told(outcome, "Observation has the field colour, which R4 does not know", "JSON file 1 of ")
    assert "Jane" not in outcome.err + outcome.out


ANSWERS = {
    "html": (HTML, "The answer is HTML"),
    "401": (Canned(401), "does not know who is asking (401)"),
    "403": (outcome_of(403, "forbidden", "Jane"), "does not allow this (403, forbidden)"),
    "404": (Canned(404), "(404)"),
    "500": (outcome_of(500, "exception", "Jane"), "refused (500, exception)"),
    "outcome-with-200": (outcome_of(200, "security", "Jane"), "answers 200, yet reports an error (security)"),
    "r5": (json_of(CAPABILITIES | {"fhirVersion": "5.0.0"}), "speaks FHIR R5 (5.0.0)"),
    "another-resource": (json_of({"resourceType": "Patient", "id": "x"}), "/metadata brings Patient"),
    "empty": (Canned(200), "The answer is empty"),
    "redirect": (Canned(302), "redirects (302)"),
}


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_servers(name: str) -> None:
    answer, what = ANSWERS[name]
    with serve({"/metadata": answer}) as base:
        outcome = fhirscreen("screen", STUDIES[0], "--server", base)
    assert outcome.code == 4
    assert outcome.out == ""
    told(outcome, what, f"{base}/metadata")
    assert "Jane" not in outcome.err
    assert ("words are withheld here" in outcome.err) is ("Jane" in answer.body)


def test_a_server_that_answers_searches_with_an_error() -> None:
    for status in (200, 400):
        refusal = outcome_of(status, "exception", "Jane")
        with serve({"/metadata": json_of(CAPABILITIES)}, otherwise=refusal) as base:
            outcome = fhirscreen("screen", STUDIES[0], "--server", base)
        assert outcome.code == 4
        told(outcome, "exception", "/_search")
        assert "Jane" not in outcome.err


def test_nobody_answers() -> None:
    outcome = fhirscreen("screen", STUDIES[0], "--server", "http://127.0.0.1:1/fhir")
    assert outcome.code == 4
    told(outcome, "Nothing answers", "127.0.0.1:1")


STUDY = (
    "study: S\ntitle: T\npopulation: {{cancer: oesophageal-cancer}}\ninclusion: [{{id: a, says: A, {}}}]\n"
)


@pytest.mark.parametrize(
    ("asked", "what", "where"),
    [
        ("measured: {concept: platelet-cuont, at_least: 1 10*9/L}", "unknown concept", "S.a"),
        ("measured: {concept: platelet-count, at_least: 1 furlong}", "furlong", "S.a"),
        ("measured: {concept: platelet-count, at_lest: 1}", "unknown key", "inclusion[0].measured"),
        ("age: [18]", "a list instead of a mapping", "inclusion[0].age"),
    ],
)
def test_studies(sound: dict[str, bytes], tmp_path: Path, asked: str, what: str, where: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(STUDY.format(asked))
    (tmp_path / "Patient.ndjson").write_bytes(sound["Patient.ndjson"])
    outcome = fhirscreen("screen", path, "--ndjson", tmp_path)
    assert outcome.code == 3, outcome.err
    assert what in outcome.err
    assert re.search(rf"where: .*{re.escape(where)}", outcome.err), outcome.err
    assert "expected: " in outcome.err
    assert fhirscreen("check", path).code == 3
