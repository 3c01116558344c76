"""The real parts that tests run against, and what to say where one is missing.

A test that needs a part carries its marker. Where the part is missing the test is skipped and counted in
the summary; in CI (`CI=true`) it fails.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
HAPI_JAR = ROOT / "docker/hapi/target/hapi.jar"
VALIDATOR_JAR = ROOT / "docker/validator/target/validator.jar"
NODE_CLIENT = ROOT / "tests/npm/node_modules/fhir-kit-client/dist/index.js"
NODE_ISSUER = ROOT / "tests/npm/node_modules/oidc-provider/lib/index.js"
SKIPPED = "REAL PART MISSING"


class Part(NamedTuple):
    """Programs to be found on the path, files to exist, and what provides both."""

    programs: tuple[str, ...]
    files: tuple[Path, ...]
    remedy: str


PARTS: Mapping[str, Part] = MappingProxyType(
    {
        "hapi": Part(("java",), (HAPI_JAR,), "make parts"),
        "validator": Part(("java",), (VALIDATOR_JAR,), "make parts"),
        "browser": Part(("chromium",), (), "make parts"),
        "node": Part(("node",), (NODE_CLIENT, NODE_ISSUER), "make parts"),
        "postgres": Part(("pg_ctlcluster",), (), "apt-get install postgresql"),
    }
)


def in_ci() -> bool:
    """Whether a missing part is a failure."""
    return os.environ.get("CI") == "true"


def missing(name: str) -> str | None:
    """Why the part cannot be used, as a line for the summary; None when it is here."""
    part = PARTS[name]
    lacks = [program for program in part.programs if shutil.which(program) is None]
    lacks += [str(file.relative_to(ROOT)) for file in part.files if not file.exists()]
    return f"{SKIPPED}: {name} (no {', '.join(lacks)}; {part.remedy})" if lacks else None
