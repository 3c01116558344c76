from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirscreen.exceptions import UsageError
from fhirscreen.fhir_client.queries import Query, escape, slices, token


def test_separators_in_values_are_escaped() -> None:
    assert escape(r"a,b|c$d\e") == r"a\,b\|c\$d\\e"
    assert token("http://loinc.org", "777-3") == "http://loinc.org|777-3"
    assert token(None, "a|b") == r"a\|b"
    assert token("", "x") == "|x"


def test_an_empty_value_is_refused() -> None:
    with pytest.raises(UsageError, match="code"):
        Query.of("Observation", {"code": ""})


@pytest.mark.parametrize(
    ("name", "impersonal"),
    [
        ("code", True),
        ("code:in", True),
        ("medication.code", True),
        ("_has:Observation:patient:code", True),
        ("_has:Observation:patient:identifier", False),
        ("_has:Observation:patient", False),
        ("subject", False),
        ("subject:Patient", False),
        ("patient.name", False),
        ("_id", False),
        ("identifier", False),
        ("never-heard-of", False),
    ],
)
def test_what_may_stand_in_a_url(name: str, impersonal: bool) -> None:
    assert Query.of("Observation", {name: "x", "_count": "5"}).impersonal is impersonal


@pytest.mark.parametrize(
    ("link", "dropped"),
    [
        ("https://x/r4/Observation?code=1&date=ge2020&date=le2021&subject=7", ()),
        ("https://x/r4/Observation?code=9&date=ge2020&date=le2021&subject:Patient=7&_count=10", ()),
        ("https://x/r4/Observation?code=1&date=ge2020&subject=7", ("date",)),
        ("https://x/r4/Observation?code:in=1&date=ge2020&date=le2021", ("code", "subject")),
        ("https://x/r4/Observation", ("code", "date", "subject")),
    ],
)
def test_parameters_that_a_self_link_lacks(link: str, dropped: tuple[str, ...]) -> None:
    pairs = [("code", "1"), ("date", "ge2020"), ("date", "le2021"), ("subject", "7"), ("_count", "99")]
    assert Query.of("Observation", pairs).dropped(link) == dropped


@given(st.lists(st.text(max_size=20), max_size=40), st.integers(1, 60), st.none() | st.integers(1, 5))
def test_slices_keep_all_values_in_order_and_fit(values: list[str], room: int, most: int | None) -> None:
    cut = list(slices(values, room, most))
    assert [value for part in cut for value in part] == values
    for part in cut:
        assert part
        assert most is None or len(part) <= most
        assert len(part) == 1 or len(quote_plus(",".join(part))) <= room
