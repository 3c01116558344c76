"""The addresses that a call may make us ask: those that are set, to the letter, and nothing they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.functional.service.test_cds_fetching import LENT
from tests.functional.service.test_cds_hooks import FITS, SITE, VIEW, cards
from tests.lib.demo import STUDIES
from tests.lib.ehr import chart, charts, make_call, noon
from tests.lib.searchable import Searchable
from tests.lib.service import client_of, service_for
from tests.lib.transport import BASE, reply

LOCAL = "http://127.0.0.1:8080/fhir"
HOST = BASE.removeprefix("https://")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"https://user:secret@{HOST}", 400),
        (f"https://{HOST}@evil.example/r4", 400),
        (f"{BASE}?x=1", 400),
        (f"{BASE}#x", 400),
        (f"{BASE}\n", 400),
        (f"file:///{HOST}", 400),
        (f"ftp://{HOST}", 400),
        (f"http://{HOST}", 412),
        (f"HTTPS://{HOST}", 400),
        (BASE.upper().replace("HTTPS", "https"), 412),
        (f"{BASE}/../admin", 412),
        (f"{BASE}/Patient", 412),
        (f"https://{HOST.replace('/', '.evil.example/', 1)}", 412),
        (f"https://{HOST.replace('/', ':444/', 1)}", 412),
        (f"https://{HOST.replace('/', './', 1)}", 412),
        ("http://localhost:8080/fhir", 412),
        ("http://2130706433:8080/fhir", 412),
        ("http://0x7f000001:8080/fhir", 412),
        ("http://017700000001:8080/fhir", 412),
        ("http://127.1:8080/fhir", 412),
        ("http://[::1]:8080/fhir", 412),
        ("http://[::ffff:127.0.0.1]:8080/fhir", 412),
        ("http://0.0.0.0:8080/fhir", 412),
        ("http://127.0.0.1/fhir", 412),
        ("http://169.254.169.254/latest/meta-data", 412),
        ("http://[fd00:ec2::254]/latest", 412),
    ],
)
def test_another_spelling_is_another_server_and_is_never_asked(
    tmp_path: Path, address: str, status: int
) -> None:
    server = Searchable([*chart(FITS), *charts()["shared"]])
    call = make_call(FITS, fhirServer=address, fhirAuthorization=LENT)
    with (
        service_for(
            tmp_path,
            clock=noon,
            transport=lambda _: server,
            cds={"required": False, "fhir_servers": [BASE, LOCAL]},
            studies=list(STUDIES),
            site=SITE,
        ) as service,
        client_of(service) as ehr,
    ):
        answer = ehr.post(VIEW, json=call)
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert server.requests == []
    assert not [each for each in ("secret", "evil", FITS) if each in answer.text]


class Leading(Searchable):
    """Answers a type's search with what leads elsewhere."""

    def __init__(self, type: str, answer: httpx.Response) -> None:
        self._led, self._elsewhere = type, answer
        super().__init__([*chart(FITS), *charts()["shared"]])

    def _respond(self, request: httpx.Request) -> httpx.Response:
        return self._elsewhere if f"/{self._led}" in request.url.path else super()._respond(request)


def onward(url: str) -> dict[str, Any]:
    conditions = [each for each in chart(FITS) if each["resourceType"] == "Condition"]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": "next", "url": url}],
        "entry": [{"resource": each, "search": {"mode": "match"}} for each in conditions],
    }


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"Location": "http://169.254.169.254/latest"}),
        httpx.Response(307, headers={"Location": "https://evil.example/r4/Condition/_search"}),
        httpx.Response(308, headers={"Location": "//evil.example/r4"}),
        reply(onward("https://evil.example/r4?page=2")),
        reply(onward("http://[::1]:8080/admin")),
        reply(onward(f"https://x:y@evil.example/{HOST}?page=2")),
    ],
    ids=[
        "to metadata",
        "to another host",
        "no scheme",
        "next",
        "next to loopback",
        "next with userinfo",
    ],
)
def test_where_an_allowed_server_leads_to_is_not_followed(tmp_path: Path, answer: httpx.Response) -> None:
    server = Leading("Condition", answer)
    with (
        service_for(
            tmp_path,
            clock=noon,
            transport=lambda _: server,
            cds={"required": False, "fhir_servers": BASE},
            studies=list(STUDIES),
            site=SITE,
        ) as service,
        client_of(service) as ehr,
    ):
        assert cards(ehr, make_call(FITS, fhirServer=BASE, fhirAuthorization=LENT)) == []
    assert server.requests
    assert {request.url.host for request in server.requests} == {httpx.URL(BASE).host}
