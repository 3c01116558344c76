"""Verdicts as rows: `verdicts.csv` for people and other programs, `verdicts.parquet` with the proofs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from fhirscreen.engines.base import Gated
from fhirscreen.verdicts.standings import Subject, Verdict

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = (
    "study", "patient", "criterion", "kind", "truth", "basis", "reason", "value", "unit", "date", "evidence",
)  # fmt: skip
"""The columns of `verdicts.csv`, in their order."""

GATED = b"fhirscreen.gated"
"""Key of the Parquet file's metadata."""

_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?!\d)", re.ASCII)
_BATCH = 20_000


def sort_verdicts(subjects: Iterable[Subject]) -> Iterator[tuple[Subject, Verdict]]:
    """Every verdict with its subject, by study, patient and criterion id."""
    for subject in sorted(subjects, key=lambda s: (s.study, s.patient)):
        for verdict in sorted(subject.verdicts, key=lambda v: v.criterion.id):
            yield subject, verdict


def write_csv(path: Path, subjects: Iterable[Subject]) -> None:
    """Writes a row a verdict, UTF-8, lines ended by a line feed; nothing is an empty field.

    Raises OSError where the file cannot be written.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_fields(verdict) for _, verdict in sort_verdicts(subjects))


def _fields(verdict: Verdict) -> tuple[str, ...]:
    proof, criterion = verdict.proof, verdict.criterion
    return (
        verdict.study,
        verdict.patient,
        criterion.id,
        criterion.kind.value,
        proof.truth.value,
        proof.basis.value,
        proof.reason.value if proof.reason is not None else "",
        proof.value,
        proof.unit,
        proof.date,
        " ".join(proof.evidence),
    )


def parquet_schema() -> pa.Schema:
    """The columns of the CSV, typed, and beside them the standing, number, day, wholeness and proof.

    `number` is `value` where that is a plain decimal with a unit (a code is none); `day` the date where it
    names one; `complete` whether all data of the patient was read; `proof` the whole proof tree as JSON.
    """
    import pyarrow as pa  # noqa: PLC0415 - slow to import

    word = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            ("study", word),
            ("patient", pa.string()),
            ("criterion", word),
            ("kind", word),
            ("truth", word),
            ("basis", word),
            ("reason", word),
            ("standing", word),
            ("value", pa.string()),
            ("number", pa.float64()),
            ("unit", word),
            ("date", pa.string()),
            ("day", pa.date32()),
            ("evidence", pa.list_(pa.string())),
            ("complete", pa.bool_()),
            ("proof", pa.string()),
        ]
    )


def write_parquet(path: Path, subjects: Iterable[Subject], gated: Iterable[Gated] = ()) -> None:
    """Writes a row a verdict with its proof tree; null where the CSV has an empty field.

    Whom a gate took out has no verdict: they stand in the file's metadata, under `GATED`, as JSON lists of
    study, patient and gate. Raises OSError where the file cannot be written.
    """
    import pyarrow as pa  # noqa: PLC0415 - slow to import
    import pyarrow.parquet as pq  # noqa: PLC0415

    schema = parquet_schema().with_metadata({GATED: orjson.dumps([list(each) for each in sorted(gated)])})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        rows = sort_verdicts(subjects)
        while batch := [_record(*row) for row in islice(rows, _BATCH)]:
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=schema))


def _record(subject: Subject, verdict: Verdict) -> dict[str, object]:
    proof = verdict.proof
    record: dict[str, object] = {
        name: text or None for name, text in zip(COLUMNS, _fields(verdict), strict=True)
    }
    day = _DAY.match(proof.date)
    record |= {
        "standing": verdict.standing.value,
        "number": float(proof.value) if proof.unit and _DECIMAL.fullmatch(proof.value) else None,
        "day": date.fromisoformat(day[0]) if day else None,
        "evidence": list(proof.evidence),
        "complete": subject.complete,
        "proof": orjson.dumps(proof.tree()).decode(),
    }
    return record
