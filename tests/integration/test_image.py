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
    secrets = tmp_path / "secrets"
    subprocess.run([ROOT / "docker" / "secrets.sh", secrets], check=True)
    again = subprocess.run([ROOT / "docker" / "secrets.sh", secrets], check=False, capture_output=True)
    assert again.returncode == 1
    variables = {
        name: str(text).replace("/run/secrets", str(secrets))
        for name, text in compose()["services"]["fhirscreen"]["environment"].items()
    }
    settings = Settings.from_environment(variables)
    password = (secrets / "postgres-password").read_text()
    assert len(password) == 48
    assert settings.store.get_secret_value() == f"postgresql://fhirscreen:{password}@postgres/fhirscreen"
    assert settings.access.mode == "token"
    assert "hapi" in settings.servers
