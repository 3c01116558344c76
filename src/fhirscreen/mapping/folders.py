"""Where the mappings are."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from fhirscreen.exceptions import MappingError


def mappings_folder() -> Path:
    """Where the shipped mappings are: inside an installed package, or beside `src/` in a checkout.

    Raises MappingError where neither exists.
    """
    installed = Path(str(resources.files("fhirscreen"))) / "mappings"
    checkout = Path(__file__).resolve().parents[3] / "mappings"
    for folder in (installed, checkout):
        if (folder / "concepts").is_dir():
            return folder
    raise MappingError(
        "the mappings are not installed", expected="the folder mappings/", remedy="install again"
    )
