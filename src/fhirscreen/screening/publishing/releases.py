"""A Release: a finished run as it is read back from its folder, to be published."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from fhirscreen.criteria.studies import Criterion, Kind, Population, Study
from fhirscreen.criteria.wire import read_expression
from fhirscreen.exceptions import BadInput, DataError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.models import model_fault
from fhirscreen.outputs.resources.vocabulary import CRITERIA, EXPRESSION_EXTENSION
from fhirscreen.outputs.rows import GATED
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Standing, Verdict

TYPES = ("Group", "ResearchStudy", "ResearchSubject", "List")
"""What is published, each after what it refers to."""

_REMEDY = "give the folder that `fhirscreen screen ... -o OUT` wrote"


@dataclass(frozen=True, slots=True)
class Failures:
    """What speaks against a member of a study; `complete` is False where not all data could be read.

    `gate`: what took the member out before any criterion, where that is known here.
    """

    verdicts: tuple[Verdict, ...]
    complete: bool
    gate: str | None = None


class Publishable(Protocol):
    """What is published: a run that was written, or what the store holds."""

    @property
    def base(self) -> str:
        """The base that the patients' ids belong to."""
        ...

    @property
    def studies(self) -> tuple[str, ...]:
        """The studies, by number."""
        ...

    @property
    def resources(self) -> Mapping[str, tuple[Resource, ...]]:
        """The resources, by type."""
        ...

    @property
    def whole(self) -> frozenset[str]:
        """The studies of which everybody was seen: who is not found is in no population."""
        ...

    @property
    def decides(self) -> bool:
        """Whether what people decided is in it, and goes before what it passed on earlier."""
        ...

    @property
    def sweeps(self) -> bool:
        """Whether subjects that stand on the server and are not in it are to be looked for."""
        ...

    def failures(self, patients: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Failures]:
        """By study and patient: what speaks against those of them who are members."""
        ...

    def gates(self) -> Mapping[tuple[str, str], str]:
        """By study and patient: the gate that took a member out before any criterion."""
        ...

    def criteria(self) -> Mapping[str, Study]:
        """The studies by number, with their criteria."""
        ...


@dataclass(frozen=True, slots=True)
class Release:
    """A run's resources by type, the base that its patient ids belong to, and whether it saw everything.

    A run of some patients (`complete` is False) has no List: it knows nothing of the others on it.
    """

    folder: Path
    base: str
    as_of: str
    complete: bool
    studies: tuple[str, ...]
    resources: Mapping[str, tuple[Resource, ...]]
    decides = False
    sweeps = True

    @property
    def whole(self) -> frozenset[str]:
        """The studies of which everybody was seen."""
        return frozenset(self.studies) if self.complete else frozenset()

    def failures(self, patients: Collection[tuple[str, str]]) -> dict[tuple[str, str], Failures]:
        """By study and patient: what the run found of those asked for, as far as they were members."""
        if not patients:
            return {}
        import pyarrow.parquet as pq  # noqa: PLC0415 - slow to import

        table = pq.read_table(
            self.folder / "verdicts.parquet",
            columns=[
                "study", "patient", "criterion", "truth", "basis", "reason", "standing", "evidence",
                "complete",
            ],
            filters=[("patient", "in", sorted({patient for _, patient in patients}))],
        )  # fmt: skip
        criteria = {
            (study.id, criterion.id): criterion
            for study in self.criteria().values()
            for criterion in study.criteria
        }
        rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in table.to_pylist():
            rows.setdefault((row["study"], row["patient"]), []).append(row)
        return {
            key: Failures(
                tuple(_verdict(row, criteria) for row in found if row["standing"] == Standing.FAILED.value),
                all(row["complete"] for row in found),
            )
            for key, found in rows.items()
            if key in patients
        }

    def gates(self) -> dict[tuple[str, str], str]:
        """By study and patient: the gate that took a member out before any criterion."""
        import pyarrow.parquet as pq  # noqa: PLC0415 - slow to import

        metadata = pq.read_schema(self.folder / "verdicts.parquet").metadata or {}
        gated = orjson.loads(metadata.get(GATED, b"[]"))
        return {(study, patient): gate for study, patient, gate in gated}

    def criteria(self) -> dict[str, Study]:
        """The run's studies by number, with their criteria as the Groups hold them and nothing else."""
        found: dict[str, list[Criterion]] = {}
        for group in self.resources["Group"]:
            for each in group.get("characteristic", ()):
                study, id = _name(each)
                kind = Kind.EXCLUSION if each["exclude"] else Kind.INCLUSION
                text = next(e["valueString"] for e in each["extension"] if e["url"] == EXPRESSION_EXTENSION)
                says = str(each["code"].get("text", id))
                expression = read_expression(orjson.loads(text), id)
                found.setdefault(study, []).append(Criterion(id, kind, says, expression))
        return {id: Study(id, id, Population(None), tuple(each)) for id, each in found.items()}


def _name(characteristic: Mapping[str, Any]) -> tuple[str, str]:
    code = next(c["code"] for c in characteristic["code"]["coding"] if c.get("system") == CRITERIA)
    # An id may hold dots in a study's number and none in a criterion's: split at the last.
    study, _, id = str(code).rpartition(".")
    return study, id


def _verdict(row: Mapping[str, Any], criteria: Mapping[tuple[str, str], Criterion]) -> Verdict:
    reason = Reason(row["reason"]) if row["reason"] else None
    proof = Proof(Truth(row["truth"]), Basis(row["basis"]), reason, tuple(row["evidence"]))
    return Verdict(row["study"], row["patient"], criteria[row["study"], row["criterion"]], proof)


def read_release(folder: Path) -> Release:
    """Reads a run's folder. Raises DataError where it is none, or not whole."""
    if not folder.is_dir():
        raise DataError("there is no such folder", where=str(folder), expected="a run", remedy=_REMEDY)
    run = _read(folder / "run.json")
    try:
        base, studies = str(run["base"]), tuple(run["studies"])
        as_of, limited = str(run["as_of"]), bool(run["limited_to_some_patients"])
        complete = run["complete"] is True and not limited
    except (KeyError, TypeError):
        raise DataError(
            "run.json is not one of a run",
            where=str(folder),
            expected="base, as_of, complete, studies",
            remedy=_REMEDY,
        ) from None
    resources = {kind: _read_lines(folder / f"{kind}.ndjson", kind) for kind in TYPES}
    if limited:
        resources["List"] = ()  # earlier versions wrote one of the patients looked at alone
    if not (folder / "verdicts.parquet").is_file():
        raise DataError(
            "a file of the run is missing", where=str(folder / "verdicts.parquet"), remedy=_REMEDY
        )
    release = Release(folder, base, as_of, complete, studies, resources)
    try:
        release.criteria()
    except (BadInput, KeyError, StopIteration, TypeError, ValueError):
        raise DataError(
            "the criteria cannot be read back", where=str(folder / "Group.ndjson"), remedy=_REMEDY
        ) from None
    return release


def _read(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except OSError:
        raise DataError("a file of the run is missing", where=str(path), remedy=_REMEDY) from None
    except orjson.JSONDecodeError:
        raise DataError("a file of the run is not JSON", where=str(path), remedy=_REMEDY) from None


def _read_lines(path: Path, kind: str) -> tuple[Resource, ...]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        raise DataError("a file of the run is missing", where=str(path), remedy=_REMEDY) from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            resource = orjson.loads(line)
            if resource["resourceType"] != kind or not isinstance(resource["id"], str):
                raise ValueError  # noqa: TRY301 - answered below, as what cannot be read is
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise DataError(
                f"a line is no {kind}",
                where=f"{path}:{number}",
                expected="a resource with its id",
                remedy=_REMEDY,
            ) from None
        fault = model_fault(resource)
        if fault is not None:
            raise DataError(
                f"a {kind} breaks R4: {fault}",
                where=f"{path}:{number}",
                expected="what a run wrote, unchanged",
                remedy=_REMEDY,
            )
        found.append(resource)
    return tuple(found)
