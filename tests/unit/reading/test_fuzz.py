"""A short walk of the fuzzer; `python -m tests.fuzz.reading` goes on for as long as one likes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SEEDS = (
    "Inclusion Criteria:\n\n* ALT ≤ 2 x ULN (≤ 5 x ULN if liver metastases)\n* Age 18 to 75 years",
    "Exclusion Criteria:\n1. No prior chemotherapy within 4 weeks, unless T3N1M0; HIV or hepatitis B/C",
)


def test_the_fuzzer_finds_nothing(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this machine")
    for number, seed in enumerate(SEEDS):
        (tmp_path / f"{number}.txt").write_text(seed, encoding="utf-8")
    command = [sys.executable, "-m", "tests.fuzz.reading", "-runs=1000", "-max_len=300", "-seed=1"]
    found = [f"-artifact_prefix={tmp_path}/", str(tmp_path)]
    # A process inherits the most memory that its starter ever held: without one between, libFuzzer would take
    # that of the tests for its own.
    between = [sys.executable, "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"]
    done = subprocess.run(
        [*between, *command, *found], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Done 1000 runs" in done.stderr
