"""`fhirscreen token`: made, listed, revoked, and what they open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lib.cli import Outcome, fhirscreen
from tests.lib.service import client_of, service_for, serving


def token(folder: Path, *arguments: str) -> Outcome:
    return fhirscreen("token", *arguments, FHIRSCREEN_STORE=f"sqlite:///{folder / 'store.db'}")


def test_a_token_opens_what_it_says_until_it_is_revoked(tmp_path: Path) -> None:
    made = token(
        tmp_path, "add", "worklist", "--scope", "system/ResearchSubject.rs", "--expires", "2999-12-31"
    )
    assert made.code == 0, made.err
    secret = made.out.strip()
    assert secret.startswith("fhirscreen_")
    assert secret not in made.err
    kept = b"".join(each.read_bytes() for each in tmp_path.glob("store.db*"))
    assert secret.encode() not in kept

    listed = token(tmp_path, "list")
    assert "worklist" in listed.out
    assert "2999-12-31" in listed.out
    assert secret not in listed.out

    bearing = {"Authorization": f"Bearer {secret}"}
    with service_for(tmp_path, access={"mode": "token"}) as service, client_of(service) as client:
        assert client.get("/fhir/ResearchSubject", headers=bearing).status_code == 200
        assert client.get("/fhir/ResearchStudy", headers=bearing).status_code == 403
        assert token(tmp_path, "revoke", "worklist").code == 0
        assert client.get("/fhir/ResearchSubject", headers=bearing).status_code == 401
    assert "revoked" in token(tmp_path, "list").out
    assert token(tmp_path, "revoke", "worklist").code == 2


def test_a_service_without_tokens_says_how_the_first_one_is_made(tmp_path: Path) -> None:
    def unheard(event: dict[str, Any]) -> bool:
        return str(event.get("event")).startswith("nobody can ask yet")

    with serving(tmp_path, FHIRSCREEN_ACCESS__MODE="token") as service:
        told = service.wait_for(unheard)
        assert told["remedy"].startswith("fhirscreen token add")
        secret = token(tmp_path, "add", "rivera", "--role", "coordinator").out.strip()
        with service.client(headers={"Authorization": f"Bearer {secret}"}) as client:
            assert client.get("/fhir/ResearchStudy").status_code == 200
        assert service.end() == 0
    with serving(tmp_path, FHIRSCREEN_ACCESS__MODE="token") as service:
        assert service.end() == 0
    assert not any(map(unheard, service.events()))


def test_names_are_told_apart(tmp_path: Path) -> None:
    assert token(tmp_path, "add", "ward", "--role", "coordinator").code == 0
    assert token(tmp_path, "add", "ward", "--role", "admin").code == 2
    assert token(tmp_path, "revoke", "ward").code == 0
    assert token(tmp_path, "add", "ward", "--role", "admin").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "x"),
        ("add", " ", "--role", "admin"),
        ("add", "x", "--scope", "ResearchSubject.read"),
        ("add", "x", "--role", "root"),
        ("add", "x", "--role", "admin", "--expires", "2020-01-01"),
        ("add", "x", "--role", "admin", "--expires", "soon"),
        ("revoke", "nobody"),
    ],
)
def test_what_makes_no_token(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    refused = token(tmp_path, *arguments)
    assert refused.code == 2
    assert refused.out == ""
    assert "fhirscreen_" not in token(tmp_path, "list").out


@pytest.mark.postgres
def test_tokens_stand_in_postgresql_too(tmp_path: Path, postgres_url: str) -> None:
    made = fhirscreen("token", "add", "ward", "--role", "coordinator", FHIRSCREEN_STORE=postgres_url)
    assert made.code == 0, made.err
    bearing = {"Authorization": f"Bearer {made.out.strip()}"}
    access = {"mode": "token"}
    with service_for(tmp_path, store=postgres_url, access=access) as service, client_of(service) as client:
        assert client.get("/fhir/ResearchStudy", headers=bearing).status_code == 200
