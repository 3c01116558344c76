"""`verdicts.csv` to the letter, and the same rows typed in Parquet."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from fhirscreen.engines.base import Screened
from fhirscreen.outputs.rows import COLUMNS, write_csv, write_parquet
from tests.unit.outputs.conftest import IDS


def test_the_header_is_the_published_one() -> None:
    assert ",".join(COLUMNS) == "study,patient,criterion,kind,truth,basis,reason,value,unit,date,evidence"


@pytest.fixture
def lines(screened: Screened, tmp_path: Path) -> list[str]:
    write_csv(tmp_path / "v.csv", reversed(screened.subjects))
    raw = (tmp_path / "v.csv").read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    return raw.decode("utf-8").splitlines()


def test_a_row_a_member_and_criterion_sorted(lines: list[str], screened: Screened) -> None:
    rows = list(csv.reader(lines[1:]))
    assert len(rows) == len(screened.subjects) * len(IDS)
    keys = [tuple(row[:3]) for row in rows]
    assert keys == sorted(keys)


def test_fields(lines: list[str]) -> None:
    assert lines[0] == ",".join(COLUMNS)
    assert (
        "NCT00000001,e-near-miss,platelets,inclusion,false,recorded,,<90,10*9/L,2026-10-26T08:15:00+01:00,"
        "Observation/p"
    ) in lines
    assert "NCT00000001,c-no-stage,t1-t2,exclusion,unknown,missing,no-record,,,," in lines
    assert "NCT00000001,a-candidate,consent,inclusion,unknown,confirm,ask-in-person,,,," in lines


def test_evidence_is_separated_by_spaces(screened: Screened, tmp_path: Path) -> None:
    first = screened.subjects[0]
    verdict = first.verdicts[0]
    two = verdict._replace(proof=verdict.proof._replace(evidence=("Observation/1", "Observation/2")))
    write_csv(tmp_path / "v.csv", [first._replace(verdicts=(two,))])
    assert (tmp_path / "v.csv").read_text().endswith(",Observation/1 Observation/2\n")


def test_parquet_has_the_same_rows_typed_with_proofs(
    lines: list[str], screened: Screened, tmp_path: Path
) -> None:
    write_parquet(tmp_path / "v.parquet", screened.subjects)
    rows = pq.read_table(tmp_path / "v.parquet").to_pylist()
    expected = list(csv.DictReader(lines))
    assert len(rows) == len(expected)
    for row, line in zip(rows, expected, strict=True):
        assert {c: row[c] or "" for c in COLUMNS[:-1]} == {c: line[c] for c in COLUMNS[:-1]}
        assert " ".join(row["evidence"]) == line["evidence"]
        assert orjson.loads(row["proof"])["truth"] == line["truth"]
    stale = next(row for row in rows if row["reason"] == "stale")
    assert (stale["number"], stale["day"], stale["standing"]) == (140.0, date(2026, 9, 1), "open")
    code = next(row for row in rows if row["value"] == "86406008")
    assert code["number"] is None, "a code is no number"
    censored = next(row for row in rows if row["value"] == "<90")
    assert (censored["number"], censored["day"]) == (None, date(2026, 10, 26))
