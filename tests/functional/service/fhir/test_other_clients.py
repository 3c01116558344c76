"""fhir-kit-client, which knows nothing of us, against the service as a process."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from fhirscreen.store.databases import Database
from fhirscreen.store.subjects import count_subjects
from tests.functional.service.fhir.conftest import NOW
from tests.lib.facade import STUDY, screened_service, settings_of
from tests.lib.parts import ROOT
from tests.lib.service import serving


@pytest.mark.node
def test_fhir_kit_client_reads_searches_screens_and_decides(tmp_path: Path) -> None:
    with screened_service(tmp_path, NOW, patients=60):
        pass  # what it leaves in the store
    with serving(tmp_path, **settings_of(tmp_path)) as service:
        ran = subprocess.run(
            ["node", "client.mjs", f"{service.url}/fhir", STUDY, "2026-11-02"],
            cwd=ROOT / "tests/npm", capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
    saw = json.loads(ran.stdout)
    database = Database(f"sqlite:///{tmp_path / 'store.db'}")
    with database.reading() as session:
        screening = count_subjects(session, study=STUDY, status="screening")
        listed = count_subjects(session, study=STUDY, status=["candidate", "potential-candidate"])
    database.close()
    assert saw["fhirVersion"] == "4.0.1"
    assert saw["can"] == ["read", "search-type", "update"]
    assert saw["title"].startswith("Neoadjuvant")
    assert saw["criteria"] > 20
    assert len(set(saw["subjects"])) == saw["total"] > 3
    assert set(saw["posted"]) == {saw["patient"]}
    assert saw["outcome"] == "potential-candidate"
    assert saw["matches"] >= 1
    assert (saw["decided"], screening) == ("screening", 1)
    assert saw["listed"] == listed + 1
    assert saw["refused"] == {"status": 404, "type": "OperationOutcome"}
