"""The mappings are found in a checkout, and in what a user installs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fhirscreen.mapping.loading import mappings_folder
from tests.lib.parts import ROOT


def data_files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.suffix in {".yaml", ".json"}}


def run(*command: str, cwd: Path = ROOT, path: str | None = None) -> str:
    environment = os.environ | ({"PYTHONPATH": path} if path else {})
    done = subprocess.run([*command], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with fhirscreen installed from its wheel, without network or index."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    (wheel,) = folder.glob("*.whl")
    target = folder / "installed"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "install", "--no-deps", "--no-index", "--target", str(target), str(wheel))
    return target


def test_a_checkout_uses_its_own_mappings() -> None:
    assert mappings_folder() == ROOT / "mappings"


def test_a_wheel_carries_every_mapping(installed: Path) -> None:
    carried = data_files(installed / "fhirscreen/mappings")
    assert carried == data_files(ROOT / "mappings")
    assert len(carried) > 10


def test_an_installed_fhirscreen_reads_the_mappings_it_carries(installed: Path, tmp_path: Path) -> None:
    code = "from fhirscreen.mapping.loading import *; load_catalogue(); print(mappings_folder())"
    said = run(sys.executable, "-W", "error", "-c", code, cwd=tmp_path, path=str(installed))
    assert Path(said) == installed / "fhirscreen/mappings"


def test_an_installed_fhirscreen_has_its_command(installed: Path, tmp_path: Path) -> None:
    said = run(sys.executable, str(installed / "bin/fhirscreen"), "--help", cwd=tmp_path, path=str(installed))
    assert "screen" in said
