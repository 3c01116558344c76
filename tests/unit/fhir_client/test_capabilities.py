from __future__ import annotations

from typing import Any

import httpx
import pytest

from fhirscreen.exceptions import NotFhir, WrongFhirVersion
from fhirscreen.fhir_client.capabilities import Capabilities, read_capabilities
from tests.lib.transport import BASE, Server, html, outcome, reply

TOKENS = "https://auth.example.org/token"
STATEMENT: dict[str, Any] = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "software": {"name": "Some server", "version": "1.2"},
    "rest": [
        {"mode": "client", "resource": [{"type": "Binary"}]},
        {
            "mode": "server",
            "searchParam": [{"name": "_id", "type": "token"}],
            "interaction": [{"code": "transaction"}, {"code": "batch"}],
            "resource": [
                {
                    "type": "Observation",
                    "searchParam": [
                        {"name": "code", "type": "token"},
                        {"name": "subject", "type": "reference"},
                    ],
                    "operation": [{"name": "lastn"}],
                    "conditionalCreate": True,
                },
                {"type": "Patient"},
            ],
        },
    ],
}


def fetch(statement: httpx.Response) -> Capabilities:
    server = Server(lambda _request: statement)
    with server.client() as client:
        capabilities = client.capabilities
        assert client.capabilities is capabilities
        assert [request.url.path for request in server.requests] == [httpx.URL(f"{BASE}/metadata").path]
        return capabilities


def test_what_the_server_can_do() -> None:
    found = fetch(reply(STATEMENT))
    assert (found.fhir_version, found.software, found.software_version) == ("4.0.1", "Some server", "1.2")
    assert found.interactions == {"transaction", "batch"}
    assert found.types.keys() == {"Observation", "Patient"}
    observation = found.types["Observation"]
    assert observation.parameters == {"_id", "code", "subject"}
    assert observation.operations == {"lastn"}
    assert observation.conditional_create
    assert not found.types["Patient"].conditional_create
    assert found.searches("Observation", "subject:Patient")
    assert found.searches("Observation", "code:in")
    assert not found.searches("Observation", "value-quantity")
    assert not found.searches("Condition", "code")


def test_the_smart_configuration() -> None:
    smart = {
        "token_endpoint": TOKENS,
        "capabilities": ["client-confidential-asymmetric"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "scopes_supported": ["system/*.read"],
    }
    with Server(lambda _request: reply(smart)).client() as client:
        found = client.smart
    assert found is not None
    assert found.token_endpoint == TOKENS
    assert found.capabilities == {"client-confidential-asymmetric"}
    assert (found.token_methods, found.scopes) == (
        frozenset({"private_key_jwt"}),
        frozenset({"system/*.read"}),
    )
    assert found.signing_algorithms == frozenset()


def test_a_server_without_a_smart_configuration() -> None:
    with Server(lambda _request: html(404)).client() as client:
        assert client.smart is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"fhirVersion": "5.0.0"}, r"R5 \(5\.0\.0\)"),
        ({"fhirVersion": "3.0.2"}, "STU 3"),
        ({"resourceType": "Conformance", "fhirVersion": "1.0.2"}, "DSTU 2"),
        ({"fhirVersion": None}, "does not tell"),
        ({"fhirVersion": "<script>"}, "does not tell"),
    ],
)
def test_other_versions_are_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(WrongFhirVersion, match=says) as caught:
        read_capabilities(STATEMENT | change, BASE)
    assert caught.value.remedy


def test_r4b_is_read() -> None:
    assert read_capabilities(STATEMENT | {"fhirVersion": "4.3.0"}, BASE).fhir_version == "4.3.0"


@pytest.mark.parametrize("statement", [html(), reply({"swagger": "2.0"}), reply({"resourceType": "Bundle"})])
def test_what_is_no_statement(statement: httpx.Response) -> None:
    with pytest.raises(NotFhir):
        fetch(statement)


def test_a_statement_that_says_almost_nothing() -> None:
    found = read_capabilities({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}, BASE)
    assert (found.software, found.types) == ("unnamed", {})


@pytest.mark.parametrize(
    "subset",
    [
        pytest.param(outcome(400, "not-supported"), id="refused"),
        pytest.param(reply({k: v for k, v in STATEMENT.items() if k != "rest"}), id="too-little"),
    ],
)
def test_a_server_without_elements_is_asked_for_all(subset: httpx.Response) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/metadata"):
            return html(404)
        return subset if b"_elements" in request.url.query else reply(STATEMENT)

    with Server(answer).client() as client:
        assert client.capabilities.searches("Observation", "code")
