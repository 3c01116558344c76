"""What every test may ask for: the real parts, shared over the session, and one Hypothesis profile."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.lib.hapi import Hapi, Servers
from tests.lib.parts import PARTS, SKIPPED, in_ci, missing
from tests.lib.postgres import Cluster, Clusters

# Machines differ in speed, so no deadline; CI repeats itself, a developer explores.
hypothesis.settings.register_profile("fhirscreen", deadline=None, print_blob=True, derandomize=in_ci())
hypothesis.settings.load_profile("fhirscreen")

_SERVERS = pytest.StashKey[Servers]()
_CLUSTERS = pytest.StashKey[Clusters]()
_FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Give the session a folder through which its workers share servers."""
    if worker := getattr(config, "workerinput", None):
        config.stash[_SERVERS] = Servers(Path(worker["servers"]), worker["guardian"])
        config.stash[_CLUSTERS] = Clusters(Path(worker["servers"]), worker["guardian"])
        return
    folder = Path(tempfile.mkdtemp(prefix="fhirscreen-tests-"))
    config.stash[_FOLDER] = folder
    config.stash[_SERVERS] = Servers(folder, os.getpid())
    config.stash[_CLUSTERS] = Clusters(folder, os.getpid())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the session shares its servers."""
    node.workerinput["servers"] = str(node.config.stash[_FOLDER])
    node.workerinput["guardian"] = os.getpid()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers, when all workers are done."""
    if folder := config.stash.get(_FOLDER, None):
        config.stash[_SERVERS].stop()
        config.stash[_CLUSTERS].stop()
        shutil.rmtree(folder, ignore_errors=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose real part is missing; fail it in CI."""
    for name in PARTS:
        if item.get_closest_marker(name) and (reason := missing(name)):
            (pytest.fail if in_ci() else pytest.skip)(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was not tested for want of a real part."""
    reports = terminalreporter.stats.get("skipped", [])
    skipped = sorted(report.nodeid for report in reports if SKIPPED in str(report.longrepr))
    terminalreporter.write_line(f"SKIPPED REAL PARTS: {len(skipped)}")
    for name in skipped:
        terminalreporter.write_line(f"  {name}")


@pytest.fixture(scope="session")
def hapi_servers(pytestconfig: pytest.Config) -> Servers:
    """HAPI servers in any configuration, each started once a session."""
    return pytestconfig.stash[_SERVERS]


@pytest.fixture(scope="module")
def hapi(hapi_servers: Servers) -> Hapi:
    """A real HAPI server that pages to the end; empty at the start of each module."""
    server = hapi_servers.start(max_fetch=0)
    server.clear()
    return server


@pytest.fixture(scope="module")
def hapi_short(hapi_servers: Servers) -> Hapi:
    """A HAPI whose fetch limit stops paging early with HTTP 200; empty at the start of each module."""
    server = hapi_servers.start(max_fetch=1000)
    server.clear()
    return server


@pytest.fixture(scope="session")
def postgres_clusters(pytestconfig: pytest.Config) -> Clusters:
    """PostgreSQL clusters, each started once a session: one of your own may be stopped and restarted."""
    return pytestconfig.stash[_CLUSTERS]


@pytest.fixture(scope="session")
def postgres(postgres_clusters: Clusters) -> Cluster:
    """A real PostgreSQL, shared: make a database of your own in it, and do not restart it."""
    return postgres_clusters.start("shared")


@pytest.fixture(scope="module")
def postgres_url(postgres: Cluster) -> str:
    """The address of an empty PostgreSQL database, a fresh one for each module."""
    return postgres.create()
