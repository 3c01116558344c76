"""The command line as a user has it: in this process, or as one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, NamedTuple

from typer.testing import CliRunner

from fhirscreen.cli.app import app


class Outcome(NamedTuple):
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


def fhirscreen(*arguments: object, **environment: str) -> Outcome:
    """Runs a command in this process; an exception that escapes is raised."""
    result = CliRunner().invoke(
        app, list(map(str, arguments)), env=_clean(environment), prog_name="fhirscreen"
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


def start_fhirscreen(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    """Starts a command as a process of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FHIRSCREEN_")}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "fhirscreen", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=inherited | environment,
    )


def run_fhirscreen(*arguments: object, **environment: str) -> Outcome:
    """Runs a command as a process of its own."""
    with start_fhirscreen(*arguments, **environment) as process:
        out, err = process.communicate(timeout=300)
        return Outcome(process.returncode, out, err)


def _clean(environment: dict[str, str]) -> dict[str, str | None]:
    unset: dict[str, str | None] = {name: None for name in os.environ if name.startswith("FHIRSCREEN_")}
    return unset | environment
