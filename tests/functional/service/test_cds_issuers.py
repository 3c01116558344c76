"""Two EHRs that call one service: neither gets at the other's server, or at the other's cards."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fhirscreen.bootstrap.services import Service
from fhirscreen.store import cards
from tests.functional.service.test_cds_feedback import overridden
from tests.functional.service.test_cds_hooks import FITS, SITE, VIEW, prefetch
from tests.functional.service.test_cds_tokens import CALLED, NOW, US, bearing
from tests.lib import signing
from tests.lib.demo import STUDIES
from tests.lib.ehr import chart, charts, make_call
from tests.lib.searchable import Searchable
from tests.lib.service import client_of, service_for
from tests.lib.signing import Hands, ec, sign
from tests.lib.transport import BASE

HOSPITAL, CLINIC = "https://ehr.example.org", "https://other-clinic.example"


@contextmanager
def two_ehrs(folder: Path, server: Searchable, *hospital: str) -> Iterator[tuple[Service, TestClient]]:
    """`hospital`: the servers that are set for the hospital's EHR; none is for the clinic's."""
    issuers: list[dict[str, Any]] = []
    for issuer, kid in ((HOSPITAL, "ec-1"), (CLINIC, "ec-2")):
        file = folder / f"{kid}.json"
        file.write_text(json.dumps(signing.key_set(ec(kid))), "utf-8")
        issuers.append({"issuer": issuer, "keys_file": str(file)})
    issuers[0]["fhir_servers"] = list(hospital)
    given: dict[str, Any] = {"studies": list(STUDIES), "site": SITE, "public_url": US}
    given |= {"access": {"mode": "token"}, "cds": {"issuers": issuers}}
    given["servers"] = {"hospital": {"url": BASE, "token": "our-own"}}
    with (
        service_for(folder, clock=Hands(NOW), transport=lambda _: server, **given) as service,
        client_of(service) as client,
    ):
        yield service, client


def signed(issuer: str, audience: str = CALLED) -> dict[str, str]:
    claims = signing.claims(NOW, iss=issuer, aud=audience, sub="x", jti=str(uuid.uuid4()))
    return bearing(sign(ec("ec-1" if issuer == HOSPITAL else "ec-2"), claims))


def asked(server: Searchable) -> set[str | None]:
    return {request.headers.get("Authorization") for request in server.requests}


@pytest.mark.parametrize("issuer", [HOSPITAL, CLINIC])
def test_our_own_credentials_are_for_the_ehr_that_may_have_them(tmp_path: Path, issuer: str) -> None:
    server = Searchable([*chart(FITS), *charts()["shared"]])
    with two_ehrs(tmp_path, server, BASE) as (_, ehr):
        answer = ehr.post(VIEW, json=make_call(FITS, fhirServer=BASE), headers=signed(issuer))
        if issuer == HOSPITAL:
            assert (answer.status_code, asked(server)) == (200, {"Bearer our-own"})
            assert answer.json()["cards"]
        else:
            assert (answer.status_code, asked(server)) == (412, set())


def test_an_ehr_names_no_server_but_its_own(tmp_path: Path) -> None:
    server = Searchable([*chart(FITS), *charts()["shared"]])
    with two_ehrs(tmp_path, server, "https://ehr.example.org/r4") as (_, ehr):
        lent = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "x", "subject": "x"}
        call = make_call(FITS, fhirServer=BASE, fhirAuthorization=lent)
        assert ehr.post(VIEW, json=call, headers=signed(HOSPITAL)).status_code == 412
        assert asked(server) == set()
        assert ehr.post(VIEW, json=call, headers=signed(CLINIC)).status_code == 200
        assert asked(server) == {"Bearer t"}


def test_feedback_is_on_cards_of_the_same_ehr(tmp_path: Path) -> None:
    own = "https://ehr.example.org/r4"
    with two_ehrs(tmp_path, Searchable([]), own) as (service, ehr):
        call = make_call(FITS, prefetch(ehr, FITS))
        (card,) = ehr.post(VIEW, json=call, headers=signed(HOSPITAL)).json()["cards"]
        told = {"feedback": [overridden(card["uuid"], "patient-declined")]}
        path = f"{VIEW}/feedback"
        assert ehr.post(path, json=told, headers=signed(CLINIC)).status_code == 404
        with service.database.reading() as session:
            assert cards.refused(session, own, FITS) == set()
        assert ehr.post(path, json=told, headers=signed(HOSPITAL)).status_code == 200
        with service.database.reading() as session:
            assert cards.refused(session, own, FITS), "of the only server of that EHR, not of ours"
