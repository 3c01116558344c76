from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from fhirscreen.exceptions import NotFhir, OutcomeError
from fhirscreen.fhir_client.exchanges import Answer
from fhirscreen.fhir_client.expansions import ExpandedCode
from tests.lib.transport import BASE, Server, form_of, outcome, reply

SYSTEM = "http://snomed.info/sct"


def code(number: int, **more: Any) -> dict[str, Any]:
    return {"system": SYSTEM, "code": str(number), "display": f"code {number}", **more}


def expansion(contains: list[dict[str, Any]], **more: Any) -> httpx.Response:
    return reply({"resourceType": "ValueSet", "expansion": {"contains": contains, **more}})


def test_nested_codes_are_flattened_and_abstract_ones_left_out() -> None:
    tree = [
        code(1, abstract=True, contains=[code(2), code(3, inactive=True)]),
        code(2),
        {"display": "a heading"},
    ]
    parameters = [{"name": "version", "valueUri": f"{SYSTEM}|2026"}]
    server = Server([expansion(tree, total=4, parameter=parameters)])
    with server.client() as client:
        found = client.expand(url="http://example.org/vs", text="code")
    assert found.codes == (
        ExpandedCode(SYSTEM, "2", "code 2", False),
        ExpandedCode(SYSTEM, "3", "code 3", True),
    )
    assert (found.versions, found.whole) == ((f"{SYSTEM}|2026",), True)
    assert server.requests[0].url.path == "/r4/ValueSet/$expand"
    assert server.forms == [{"url": "http://example.org/vs", "filter": "code", "count": "1000"}]


def test_pages_are_fetched_until_all_are_there() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        offset = int(form_of(request).get("offset", 0))
        return expansion([code(n) for n in range(offset, min(offset + 1000, 2500))], total=2500)

    with Server(answer).client() as client:
        found = client.expand(id="vs-1")
    assert (len(found.codes), found.total, found.whole) == (2500, 2500, True)


def test_a_server_that_gives_the_same_page_again_is_not_whole() -> None:
    server = Server([expansion([code(n) for n in range(1000)], total=5000)])
    with server.client() as client:
        found = client.expand(id="vs-1")
    assert (len(found.codes), found.whole, len(server.requests)) == (1000, False, 2)


def test_a_value_set_of_ours_is_sent() -> None:
    server = Server([expansion([code(1)])])
    with server.client() as client:
        assert client.expand(value_set={"resourceType": "ValueSet"}).whole
    sent = {each["name"]: each for each in orjson.loads(server.requests[0].content)["parameter"]}
    assert sent["valueSet"]["resource"] == {"resourceType": "ValueSet"}
    assert sent["count"]["valueInteger"] == 1000


def test_what_cannot_be_expanded() -> None:
    with Server([outcome(404, "not-found")]).client() as client, pytest.raises(OutcomeError):
        client.expand(url="http://example.org/unknown")
    with Server([reply({"resourceType": "ValueSet"})]).client() as client, pytest.raises(NotFhir):
        client.expand(id="x")
    with Server([reply({})]).client() as client, pytest.raises(TypeError):
        client.expand(id="x", url="y")


def test_an_answer_knows_its_version() -> None:
    assert Answer(200, None, httpx.Headers({"ETag": 'W/"2"'}), BASE).etag == 'W/"2"'
