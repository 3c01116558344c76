"""NDJSON and Bundles of a cohort: complete, and the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import orjson

from fhirscreen.synthetic import generate, write_bundles, write_ndjson


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_ndjson_holds_every_resource_once(tmp_path: Path) -> None:
    cohort = generate(patients=80)
    paths = write_ndjson(cohort, tmp_path / "one")
    lines = [orjson.loads(line) for path in paths for line in path.read_bytes().splitlines()]
    expected = [*cohort.others, *(each for record in cohort.resources.values() for each in record)]
    assert len(lines) == len(expected)
    assert {path.stem for path in paths} == {each["resourceType"] for each in expected}
    write_ndjson(generate(patients=80), tmp_path / "two")
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two")


def test_bundles_load_in_order_and_keep_merged_patients_together(tmp_path: Path) -> None:
    cohort = generate(patients=80)
    paths = write_bundles(cohort, tmp_path)
    assert paths[0].stem == "shared"
    known: set[str] = set()
    for path in paths:
        bundle = orjson.loads(path.read_bytes())
        assert bundle["type"] == "transaction"
        urls = {entry["request"]["url"] for entry in bundle["entry"]}
        assert len(urls) == len(bundle["entry"])
        assert not urls & known
        known |= urls
    for duplicate, survivor in cohort.merged.items():
        assert f"Patient/{duplicate}" in (tmp_path / f"{survivor}.json").read_text()
