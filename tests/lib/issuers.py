"""A real OpenID provider, `oidc-provider` of npm, on the loopback; signed in at as a person does."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any
from urllib.parse import urljoin

import httpx

from tests.lib.parts import ROOT

CLIENT_SECRET = "s3cret:/+ of the pages"  # noqa: S105 - of a provider that lives as long as a test
_STEPS = 20


@contextmanager
def issuer(*services: str) -> Iterator[str]:
    """A provider that sends people back to services at these addresses; gives its own."""
    process = subprocess.Popen(
        ["node", "issuer.mjs", *services],
        cwd=ROOT / "tests/npm", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = next(line for line in process.stdout if line.startswith("http")).strip()
        yield url
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def access(issuer: str, **given: Any) -> dict[str, Any]:
    """Settings of a service that trusts it."""
    return {
        "mode": "oidc",
        "issuer": issuer,
        "audience": "fhirscreen",
        "client_id": "pages",
        "client_secret": CLIENT_SECRET,
        "roles_claim": "realm_access.roles",
        "roles": {"trial-nurse": "coordinator", "designer": "designer"},
        "name_claim": "preferred_username",
    } | given


def sign_in_at(address: str, login: str, back: str) -> str:
    """Does what the provider asks of a person at an address, until it leads back; gives where to."""
    with httpx.Client(timeout=30) as client:
        answer = client.get(address)
        for _ in range(_STEPS):
            if answer.is_redirect:
                address = urljoin(str(answer.url), answer.headers["location"])
                if address.startswith(back):
                    return address
                answer = client.get(address)
                continue
            action = re.search(r'action="([^"]+)"', answer.text)
            assert action is not None, answer.text
            form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
            answer = client.post(
                urljoin(str(answer.url), unescape(action[1])), data=form | {"login": login, "password": "x"}
            )
    raise AssertionError("the provider does not lead back")


def token_of(issuer: str, scope: str, resource: str) -> str:
    """An access token of the provider for a program."""
    form = {"grant_type": "client_credentials", "scope": scope, "resource": resource}
    answer = httpx.post(f"{issuer}/token", data=form, auth=("worklist", "s3cret"), timeout=30)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])
