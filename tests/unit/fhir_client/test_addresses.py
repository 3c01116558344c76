from __future__ import annotations

import pytest

from fhirscreen.exceptions import UsageError
from fhirscreen.fhir_client.addresses import Base

BASE = Base.read("https://fhir.example.org/r4/")


@pytest.mark.parametrize("text", ["", "fhir.example.org", "ftp://x/r4", "https://", "https://x/r4?a=1"])
def test_a_base_that_cannot_be_called_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="base"):
        Base.read(text)


def test_a_base_loses_its_slash_and_its_credentials() -> None:
    base = Base.read("https://nurse:secret@fhir.example.org:8443/r4/")
    assert base.url == "https://fhir.example.org:8443/r4"
    assert base.credentials == ("nurse", "secret")


@pytest.mark.parametrize(
    ("url", "shared"),
    [
        ("https://fhir.example.org/other?page=2", True),
        ("https://FHIR.example.org:443/r4", True),
        ("http://fhir.example.org/r4", False),
        ("https://fhir.example.org:8443/r4", False),
        ("https://fhir.example.org.evil.org/r4", False),
        ("https://fhir.example.org@evil.org/r4", False),
        ("https://fhir.example.org:x/r4", False),
    ],
)
def test_origins(url: str, shared: bool) -> None:
    assert BASE.shares_origin(url) is shared


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://fhir.example.org/r4/Patient/pat-1", "https://fhir.example.org/r4/Patient/…"),
        ("https://fhir.example.org/r4/List/Anna/$x", "https://fhir.example.org/r4/List/…/$x"),
        (
            "https://fhir.example.org/r4/Observation?subject=Patient/7&code=a,b",
            "https://fhir.example.org/r4/Observation (code, subject)",
        ),
        ("https://fhir.example.org/r4/metadata", "https://fhir.example.org/r4/metadata"),
        ("https://fhir.example.org/r4?_getpages=12-34", "https://fhir.example.org/r4 (_getpages)"),
        ("https://other.example.org/r4/Patient/7?x=8", "https://other.example.org/…"),
        ("Patient/_search", "https://fhir.example.org/r4/Patient/_search"),
    ],
)
def test_what_is_shown_has_no_ids_and_no_values(url: str, shown: str) -> None:
    assert BASE.show(url) == shown
