"""The image of the service: its steps run outside of a container, and what they make is started."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from fhirscreen import __version__
from fhirscreen.settings.settings import Settings
from tests.lib.parts import ROOT
from tests.lib.service import Serving

DOCKERFILE = ROOT / "docker" / "service" / "Dockerfile"
COMPOSE = ROOT / "docker" / "compose.yaml"


def outside() -> dict[str, str]:
    """The environment, less what would lead back into this source."""
    return {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "FHIRSCREEN_"))}


def compose() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    return data


def composed(folder: Path) -> dict[str, str]:
    """What the composition sets for the service, its secrets made in a folder."""
    secrets = folder / "secrets"
    subprocess.run([ROOT / "docker" / "secrets.sh", secrets], check=True)
    return {
        name: str(text).replace("/run/secrets", str(secrets))
        for name, text in compose()["services"]["fhirscreen"]["environment"].items()
    }


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the Dockerfile's build stage makes, by the steps that stand in it."""
    target = tmp_path_factory.mktemp("image") / "fhirscreen"
    steps = re.findall(
        r"^RUN (\S+/build\.sh) (\w+) /opt/fhirscreen$", DOCKERFILE.read_text("utf-8"), re.MULTILINE
    )
    assert [step for _, step in steps] == ["packages", "program"]
    for script, step in steps:
        done = subprocess.run(
            [ROOT / script, step, target], env=outside(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    return target


def test_what_the_image_holds_serves(installed: Path, tmp_path: Path) -> None:
    variables = outside() | {
        "FHIRSCREEN_STORE": f"sqlite:///{tmp_path}/x.db",
        "FHIRSCREEN_STUDIES": "NCT06907602",
    }
    process = subprocess.Popen(
        [installed / "bin" / "fhirscreen", "serve", "--port", "0"],
        cwd=tmp_path,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with Serving(process) as service, service.client() as client:
        assert client.get("/health/ready").json()["status"] == "ready"
        assert "fhirscreen_open_studies 1.0" in client.get("/metrics").text
        assert client.get("/openapi.json").json()["info"]["version"] == __version__
        assert service.end() == 0


def test_the_first_token_is_made_beside_the_service(installed: Path, tmp_path: Path) -> None:
    program = installed / "bin" / "fhirscreen"
    variables = outside() | composed(tmp_path)
    variables |= {"FHIRSCREEN_STORE": f"sqlite:///{tmp_path}/x.db", "FHIRSCREEN_HOST": "127.0.0.1"}
    del variables["FHIRSCREEN_STORE_FILE"]
    process = subprocess.Popen(
        [program, "serve", "--port", "0"],
        cwd=tmp_path,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with Serving(process) as service, service.client() as client:
        assert client.get("/fhir/ResearchStudy").status_code == 401
        # What `docker compose exec fhirscreen` runs.
        secret = subprocess.run(
            [program, "token", "add", "rivera", "--role", "coordinator"],
            cwd=tmp_path, env=variables, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        bearing = {"Authorization": f"Bearer {secret}"}
        assert client.get("/fhir/ResearchStudy", headers=bearing).json()["total"] == 2
        assert service.end() == 0


def test_the_image_holds_nothing_to_build_with(installed: Path) -> None:
    names = {path.name for path in installed.glob("lib/python*/site-packages/*")}
    assert {"fhirscreen", "uvicorn"} <= names
    assert not {"pip", "hatchling", "pytest", "mypy"} & names


def test_the_image_runs_as_nobody_in_particular() -> None:
    last = DOCKERFILE.read_text("utf-8").rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert "COPY --from=build /opt/fhirscreen /opt/fhirscreen" in last


def test_every_part_of_the_composition_is_watched_and_reached_from_here_alone() -> None:
    services = compose()["services"]
    assert set(services) == {"postgres", "hapi", "fhirscreen"}
    for service in services.values():
        assert service["healthcheck"]["test"][0] == "CMD"
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        if "build" in service:
            assert (COMPOSE.parent / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_the_composition_sets_what_can_be_set(tmp_path: Path) -> None:
    settings = Settings.from_environment(composed(tmp_path))
    secrets = tmp_path / "secrets"
    again = subprocess.run([ROOT / "docker" / "secrets.sh", secrets], check=False, capture_output=True)
    assert again.returncode == 1
    password = (secrets / "postgres-password").read_text()
    assert len(password) == 48
    assert settings.store.get_secret_value() == f"postgresql://fhirscreen:{password}@postgres/fhirscreen"
    assert settings.access.mode == "token"
    assert settings.access.session_secret is not None
    assert len(settings.access.session_secret.get_secret_value()) == 48
    assert settings.url == "http://localhost:8000"
    assert "hapi" in settings.servers
