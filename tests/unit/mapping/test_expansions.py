"""Value sets: the codes that are shipped, and those that a terminology server adds."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from fhirscreen.bootstrap import make_catalogue
from fhirscreen.exceptions import MappingError, ServerError
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.settings.settings import Settings
from tests.lib.mappings import load_text
from tests.lib.transport import BASE, Server, reply

SHIPPED = load_catalogue()
SYSTEM = "http://snomed.info/sct"
RARE = "1234567890102"


def expansion(*codes: str, total: int) -> httpx.Response:
    contains = [{"system": SYSTEM, "code": code} for code in codes]
    return reply({"resourceType": "ValueSet", "expansion": {"total": total, "contains": contains}})


def finds(catalogue: object, code: str, concept: str = "malignancy") -> bool:
    assert isinstance(catalogue, type(SHIPPED))
    return any(source.codes.matches("snomed", code) for source in catalogue.concept(concept).sources)


def test_a_source_has_the_shipped_codes_of_its_value_set() -> None:
    assert finds(SHIPPED, "363358000")
    assert not finds(SHIPPED, RARE)
    assert len(SHIPPED.expansions) == 64


def test_a_terminology_server_adds_to_them() -> None:
    server = Server([expansion(RARE, "254701007", total=2)])
    catalogue = make_catalogue(Settings(terminology=BASE), transport=server)
    assert finds(catalogue, RARE)
    assert finds(catalogue, "363358000")
    assert not finds(catalogue, "254701007")  # what the source excepts stays out
    assert catalogue.expansions != SHIPPED.expansions
    assert catalogue.digest == SHIPPED.digest
    asked = server.forms[0]["url"]
    assert asked.startswith(f"{SYSTEM}?fhir_vs=ecl/<< 363346000")


def test_part_of_a_value_set_is_refused() -> None:
    server = Server([expansion(RARE, total=5000), expansion(RARE, total=5000)])
    with pytest.raises(ServerError, match="only part"):
        make_catalogue(Settings(terminology=BASE), transport=server)


def test_an_empty_value_set_is_refused() -> None:
    with pytest.raises(MappingError, match="no code"):
        make_catalogue(Settings(terminology=BASE), transport=Server([expansion(total=0)]))


def test_a_value_set_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="names no value set"):
        load_text(
            tmp_path,
            """
some-disease:
  kind: diagnosis
  sources: [{resource: Condition, expansion: nothing, codes: {snomed: ["1"]}}]
""",
        )
