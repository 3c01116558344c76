"""HAPI's R4 instance validator, run once over any number of files."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from tests.lib.parts import VALIDATOR_JAR


class Severity(StrEnum):
    """How bad, in FHIR's own words."""

    WARNING = "warning"
    ERROR = "error"
    FATAL = "fatal"


class Problem(NamedTuple):
    """One finding. `line` counts from 1, in a .json file it is 1; `place` is a FHIRPath-like location."""

    file: str
    line: int
    severity: Severity
    place: str
    message: str


class Findings(NamedTuple):
    """How many resources were validated, and every warning and error in them."""

    total: int
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that make a resource invalid."""
        return tuple(problem for problem in self.problems if problem.severity is not Severity.WARNING)


def validate(files: Iterable[Path], definitions: Iterable[Path] = ()) -> Findings:
    """Validate .json and .ndjson files as FHIR R4, offline, in one start of 6 to 15 s.

    `definitions` are folders of StructureDefinitions, CodeSystems and ValueSets; an extension that neither
    they nor R4 define is an error. Codes of systems that have no content here (SNOMED CT, LOINC) are not
    checked. Raises RuntimeError when the validator itself breaks.
    """
    loaded = [argument for folder in definitions for argument in ("--definitions", str(folder))]
    command = ["java", "-Xmx1500m", "-jar", str(VALIDATOR_JAR), *loaded, *map(str, files)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    *lines, verdict = run.stdout.splitlines() or [""]
    if run.returncode not in (0, 1) or not verdict.startswith("TOTAL "):
        raise RuntimeError(f"the validator broke:\n{run.stderr[-2000:]}")
    problems = tuple(_problem(line) for line in lines)
    findings = Findings(int(verdict.split()[1]), problems)
    assert bool(findings.errors) == (run.returncode == 1)
    return findings


def _problem(line: str) -> Problem:
    file, number, severity, place, message = line.split("\t", 4)
    return Problem(file, int(number), Severity(severity), place, message)
