"""The OpenAPI document against the service, by schemathesis: what is documented is so, whatever is sent."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.functional.service.fhir.conftest import NOW
from tests.lib.facade import screened_service, settings_of
from tests.lib.parts import ROOT
from tests.lib.service import serving

# 400 is never right for what the document allows. 422 is for what is well formed and cannot be done, such as
# a criterion about a concept that is not known here; 412 and 428 are preconditions.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "412", "422", "428", "502"]
[checks.missing_required_header]
expected-statuses = ["400", "401", "403", "406", "415", "422", "428"]
[[operations]]  # R4, http.html: 400 where the id of the body is not that of the address
include-operation-id = "updateResearchSubject"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "404", "412", "422", "428"]
"""


def test_the_document_is_true(tmp_path: Path) -> None:
    with screened_service(tmp_path, NOW, patients=12):
        pass  # what it leaves in the store
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [
        str(ROOT / ".venv/bin/schemathesis"), "--config-file", str(config), "--no-color", "run",
        "--seed", "20261102", "--max-examples", "4", "--phases", "coverage,fuzzing",
        "--continue-on-failure", "--no-shrink", "--warnings", "off",
    ]  # fmt: skip
    with serving(tmp_path, **settings_of(tmp_path)) as service:
        ran = subprocess.run(
            [*command, f"{service.url}/openapi.json"],
            cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert not [event for event in service.events() if event["event"] == "unforeseen"]
    assert ran.returncode == 0, ran.stdout
    assert "No issues found" in ran.stdout
