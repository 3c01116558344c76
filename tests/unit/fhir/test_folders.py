"""NDJSON, gzip and bundles from folders: what cannot be read is given back with its place."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from fhirscreen.engines.evaluator.cohorts import gather
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import CLINICAL_TYPES
from fhirscreen.fhir.folders import read_bundles, read_ndjson

GOOD = '{"resourceType": "Patient", "id": "p1"}'


def test_every_line_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "b.ndjson").write_text(f"{GOOD}\n\n  \n{GOOD.replace('p1', 'p2')}", "utf-8")
    (tmp_path / "deep" / "a.ndjson.gz").write_bytes(gzip.compress(GOOD.replace("p1", "p3").encode()))
    (tmp_path / "note.txt").write_text("not read", "utf-8")
    found = list(read_ndjson(tmp_path))
    assert [(line.where, line.resource and line.resource["id"]) for line in found] == [
        ("b.ndjson:1", "p1"),
        ("b.ndjson:4", "p2"),
        ("deep/a.ndjson.gz:1", "p3"),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"resourceType": "Patient", "id": ', "not JSON, or cut off"),
        ("[1]", "not a JSON object"),
        ('"text"', "not a JSON object"),
        ('{"id": "p1"}', "no resourceType"),
        ('{"resourceType": 7, "id": "p1"}', "no resourceType"),
        ('{"resourceType": "Patient"}', "no id"),
        ('{"resourceType": "Patient", "id": 7}', "no id"),
    ],
)
def test_a_bad_line_is_given_back_verbatim(line: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x.ndjson").write_text(f"{GOOD}\n{line}\n{GOOD}\n", "utf-8")
    first, last, bad = sorted(read_ndjson(tmp_path), key=lambda each: each.resource is None)
    assert (bad.where, bad.resource, bad.reason, bad.verbatim) == ("x.ndjson:2", None, reason, line)
    assert first.resource == last.resource == {"resourceType": "Patient", "id": "p1"}
    assert first.reason == ""


def test_bytes_that_are_no_text_are_escaped(tmp_path: Path) -> None:
    (tmp_path / "x.ndjson").write_bytes(b'{"resourceType": "\xff"}\r\n')
    (line,) = read_ndjson(tmp_path)
    assert line.resource is None
    assert line.verbatim == '{"resourceType": "\\xff"}'


def test_a_file_that_is_cut_off_says_so(tmp_path: Path) -> None:
    whole = gzip.compress("\n".join([GOOD] * 2000).encode())
    (tmp_path / "x.ndjson.gz").write_bytes(whole[:-12])
    *read, last = read_ndjson(tmp_path)
    assert all(line.resource for line in read)
    assert last.resource is None
    assert last.reason == "the file cannot be read any further"
    assert last.where == f"x.ndjson.gz:{len(read) + 1}"


BY_HERSELF = '{"resourceType": "Condition", "asserter": {"reference": "Patient/p9"}, '
ONE = "x.json (file 1 of 1)"
PROCEDURE = '{"resourceType": "Procedure", "id": "r1"}'


@pytest.mark.parametrize(
    ("name", "others", "line", "types", "patient"),
    [
        ("Procedure.ndjson", "", "garbage", ("Procedure",), None),
        ("part-7.ndjson", PROCEDURE, "garbage", ("Procedure",), None),
        ("part-7.ndjson", f"{PROCEDURE}\n{GOOD}", "garbage", (), None),
        ("Procedure.ndjson", GOOD, "garbage", (), None),
        ("part-7.ndjson", "", "garbage", (), None),
        ("Procedure.ndjson", "", "[1, 2]", ("Procedure",), None),
        ("Procedure.ndjson", "", '{"resourceType": "Prcedure", "id": "1"}', ("Procedure",), None),
        ("Procedure.ndjson", "", '{"resourceType": "Condition", "id": "1", "co', ("Condition",), None),
        ("Condition.ndjson", "", '{"a": {"resourceType": "Medication"}, "co', (), None),
        ("Condition.ndjson", "", '{"resourceType": "Bundle", "entry": [{"resou', (), None),
        (
            "Condition.ndjson",
            "",
            BY_HERSELF + '"subject": {"display": "x", "reference": "https://ehr.example/Patient/p1"}, "co',
            ("Condition",),
            "p1",
        ),
        (
            "Condition.ndjson",
            "",
            '{"resourceType": "Condition", "recorder": {"reference": "Patient/p9"}, "subject": {"refe',
            ("Condition",),
            None,
        ),
        ("Condition.ndjson", "", '{"subject": {"reference": "Patient/p', ("Condition",), None),
        (
            "Condition.ndjson",
            "",
            '{"resourceType": "Condition", "subject": {"reference": "urn:uuid:1"}}',
            ("Condition",),
            "urn:uuid:1",
        ),
        (
            "Patient.ndjson",
            "",
            '{"resourceType": "Patient", "link": [7, {"other": {"reference": "Patient/p2"}}]}',
            ("Patient",),
            "p2",
        ),
    ],
)
def test_what_a_bad_line_may_have_been_about(
    name: str, others: str, line: str, types: tuple[str, ...], patient: str | None, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(f"{line}\n{others}\n", "utf-8")
    (bad,) = (each for each in read_ndjson(tmp_path) if each.resource is None)
    assert (bad.types, bad.patient, bad.rest) == (types, patient, False)


def of(id: str, patient: str, more: str = "") -> str:
    """A condition of a patient as text."""
    named = f'"id": "{id}", "subject": {{"reference": "Patient/{patient}"}}'
    return f'{{"resourceType": "Condition", {named}, {more}"code": {{"text": "a }}{{ b \\" {{"}}}}'


@pytest.mark.parametrize("gap", ["", " ", "\t", "\r"])
def test_records_that_share_a_line_are_all_read_and_it_is_said(gap: str, tmp_path: Path) -> None:
    joined = of("c1", "p1") + gap + of("c2", "p2")
    (tmp_path / "Condition.ndjson").write_text(f"{joined}\n{of('c3', 'p3')}\n", "utf-8")
    found = list(read_ndjson(tmp_path))
    assert [line.resource and line.resource["id"] for line in found] == ["c1", "c2", "c3"]
    assert [line.joined for line in found] == [True, True, False]
    (remark,) = gather(found).remarks
    assert remark.what == "several records stand where one is expected"
    (tmp_path / "Condition.json").write_text(f"{joined}\n", "utf-8")
    assert [line.resource and line.resource["id"] for line in read_bundles(tmp_path)] == ["c1", "c2"]


WHOLE = of("c1", "p1")
MEDICATION = '"contained": [{"resourceType": "Medication", "code": {"text": "x"}}], '


@pytest.mark.parametrize(
    ("text", "read", "types", "patient"),
    [
        pytest.param(WHOLE + of("c2", "p2")[:-9], ["c1"], ("Condition",), "p2", id="the second is cut"),
        pytest.param(WHOLE[:-5] + of("c2", "p2"), [], (), None, id="the first is cut, in a text"),
        pytest.param(WHOLE[:37] + of("c2", "p2"), [], (), None, id="the first is cut, before its patient"),
        pytest.param(WHOLE[:92] + of("c2", "p2"), [], (), None, id="the first is cut, after a colon"),
        pytest.param(f"{WHOLE},{of('c2', 'p2')}", [], (), None, id="a comma between them"),
        pytest.param(f"{WHOLE}}}{of('c2', 'p2')}", [], (), None, id="a brace too many"),
        pytest.param(of("c1", "p1", MEDICATION)[:-9], [], ("Condition",), "p1", id="another is contained"),
        pytest.param(
            of("c1", "p1", MEDICATION)[:140] + of("c2", "p2"), [], (), None, id="cut within what is contained"
        ),
        pytest.param(of("c1", "p1", '"onset": NaN, '), [], ("Condition",), "p1", id="no number"),
    ],
)
def test_of_a_damaged_line_only_what_is_surely_of_one_record_is_known(
    text: str, read: list[str], types: tuple[str, ...], patient: str | None, tmp_path: Path
) -> None:
    (tmp_path / "part-1.ndjson").write_text(f"{text}\n{GOOD}\n", "utf-8")
    found = list(read_ndjson(tmp_path))
    assert [line.resource["id"] for line in found if line.resource] == [*read, "p1"]
    (bad,) = (line for line in found if line.resource is None)
    assert (bad.types, bad.patient) == (types, patient)


LINK = '"link": [{"other": {"reference": "Patient/p9"}, "type": "replaced-by"}]'


@pytest.mark.parametrize(
    ("text", "patient", "merges"),
    [
        ('{"resourceType": "Patient", "id": "p2", "name": [', None, True),
        (f'{{"resourceType": "Patient", "id": "p2", {LINK[:60]}', None, True),
        (f'{{"resourceType": "Patient", "id": "p2", {LINK}, "name', "p9", False),
        ('{"resourceType": "Patient", "id": "p2", "name": [NaN]}', None, False),
        ("garbage", None, True),
    ],
)
def test_a_damaged_patient_may_have_said_whose_records_follow_whose(
    text: str, patient: str | None, merges: bool, tmp_path: Path
) -> None:
    (tmp_path / "Patient.ndjson").write_text(f"{GOOD}\n{text}\n{GOOD.replace('p1', 'p3')}\n", "utf-8")
    (bad,) = (line for line in read_ndjson(tmp_path) if line.resource is None)
    assert (bad.types, bad.patient, bad.merges) == (("Patient",), patient, merges)
    cohort = gather(read_ndjson(tmp_path))
    assert bool(cohort.missing) is merges
    assert set(cohort.missing_of) == ({patient} if patient else set())


@pytest.mark.parametrize("id", ["", '"id": "b1", '])
def test_a_bundle_may_be_a_line(id: str, tmp_path: Path) -> None:
    entries = ", ".join(f'{{"resource": {each}}}' for each in (of("c1", "p1"), of("c2", "p2"), '{"id": "x"}'))
    bundle = f'{{"resourceType": "Bundle", {id}"type": "collection", "entry": [{entries}]}}'
    (tmp_path / "Bundle.ndjson").write_text(f"{GOOD}\n{bundle}\n{bundle[:80]}\n", "utf-8")
    found = list(read_ndjson(tmp_path))
    assert [(line.where, line.resource["id"]) for line in found if line.resource] == [
        ("Bundle.ndjson:1", "p1"),
        ("Bundle.ndjson:2:entry[0]", "c1"),
        ("Bundle.ndjson:2:entry[1]", "c2"),
    ]
    assert not any(line.named_for for line in found)
    bad = [line for line in found if line.resource is None]
    assert [(line.where, line.types) for line in bad] == [
        ("Bundle.ndjson:2:entry[2]", ()),
        ("Bundle.ndjson:3", ()),  # cut off: it may have held anything of anybody
    ]
    assert gather(found).missing == set(CLINICAL_TYPES)


def test_a_last_line_without_an_end_that_is_whole_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.ndjson").write_text(f"{GOOD}\n{GOOD}", "utf-8")
    assert all(line.resource for line in read_ndjson(tmp_path))


def test_a_last_line_that_is_cut_loses_the_rest_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "Procedure.000.ndjson"
    path.write_text(f'{PROCEDURE}\n{{"resourceType": "Procedure", "id', "utf-8")
    *_, last = read_ndjson(tmp_path)
    assert (last.resource, last.rest, last.where) == (None, True, "Procedure.000.ndjson:2")
    assert last.types == ("Procedure",)
    path.write_text(f'{GOOD}\n{{"resourceType": "Procedure", "id', "utf-8")
    *_, last = read_ndjson(tmp_path)
    assert last.types == ()  # of a file of several types, anything may have followed
    assert last.verbatim == '{"resourceType": "Procedure", "id'


def test_bundles_and_single_resources(tmp_path: Path) -> None:
    entry = '{"fullUrl": "urn:uuid:7", "resource": {"resourceType": "Condition", "id": "c1"}}'
    inner = f'{{"resource": {{"resourceType": "Bundle", "entry": [{entry}]}}}}'
    (tmp_path / "b.json").write_text(f'{{"resourceType": "Bundle", "entry": [{entry}, {inner}]}}', "utf-8")
    (tmp_path / "a.json").write_text(GOOD, "utf-8")
    (tmp_path / "c.json").write_text("{", "utf-8")
    (tmp_path / "d.json").write_text('{"resourceType": "Bundle"}', "utf-8")
    found = list(read_bundles(tmp_path))
    assert [(line.where, line.full_url) for line in found] == [
        ("a.json (file 1 of 4)", None),
        ("b.json (file 2 of 4):entry[0]", "urn:uuid:7"),
        ("b.json (file 2 of 4):entry[1]:entry[0]", "urn:uuid:7"),
        ("c.json (file 3 of 4)", None),
    ]
    assert found[3].reason == "not JSON, or cut off"


@pytest.mark.parametrize(
    ("bundle", "where", "reason"),
    [
        ('{"resourceType": "Bundle", "entry": 7}', ONE, "Bundle.entry is not a list"),
        (
            '{"resourceType": "Bundle", "entry": [{"resource": 7}]}',
            f"{ONE}:entry[0]",
            "not a JSON object",
        ),
        (
            '{"resourceType": "Bundle", "entry": [{"resource": {"id": "1"}}]}',
            f"{ONE}:entry[0]",
            "no resourceType",
        ),
        (
            '{"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:1"}]}',
            f"{ONE}:entry[0]",
            "an entry has no resource",
        ),
    ],
)
def test_a_bad_bundle(bundle: str, where: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(bundle, "utf-8")
    (line,) = read_bundles(tmp_path)
    assert (line.where, line.resource, line.reason) == (where, None, reason)
    assert line.verbatim


def test_no_folder_and_no_files(tmp_path: Path) -> None:
    for read, expected in ((read_ndjson, ".ndjson or .ndjson.gz files"), (read_bundles, ".json files")):
        with pytest.raises(DataError) as missing:
            list(read(tmp_path / "nowhere"))
        assert missing.value.what == "there is no such folder"
        assert missing.value.where == str(tmp_path / "nowhere")
        with pytest.raises(DataError) as empty:
            list(read(tmp_path))
        assert empty.value.expected == expected
        assert empty.value.where == str(tmp_path)
