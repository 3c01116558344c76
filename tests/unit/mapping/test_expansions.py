"""Value sets: the codes that are shipped, and those that a terminology server adds."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from fhirscreen.bootstrap import make_catalogue
from fhirscreen.engines.evaluator.cohorts import gather
from fhirscreen.engines.in_memory import InMemory
from fhirscreen.exceptions import MappingError, ServerError
from fhirscreen.fhir.folders import Line
from fhirscreen.mapping.concepts import Concept, Role
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.mapping.sites import LIFELONG
from fhirscreen.plan.resolve import resolve
from fhirscreen.settings.settings import Settings
from tests.lib.mappings import load_text
from tests.lib.proofs import said
from tests.lib.records import condition
from tests.lib.transport import BASE, Server, form_of, reply
from tests.spec.codes import snomed
from tests.spec.tables import Table, case, true

SHIPPED = load_catalogue()
SYSTEM = "http://snomed.info/sct"
RARE = "1234567890102"
OTHER = "2345678901104"
SQUAMOUS = "oesophageal-squamous-cell-carcinoma"


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


def terminology(**codes: list[str]) -> Server:
    """A server that knows those codes of value sets by the code that their URL begins with; else its root."""

    def answer(request: httpx.Request) -> httpx.Response:
        root = re.findall(r"<< (\d+)", form_of(request)["url"])[0]
        found = codes.get(f"of_{root}", [root])
        return expansion(*found, total=len(found))

    return Server(answer)


def test_a_terminology_server_adds_to_them() -> None:
    server = terminology(of_363346000=[RARE, "254701007"])
    catalogue = make_catalogue(Settings(terminology=BASE), transport=server)
    assert finds(catalogue, RARE)
    assert finds(catalogue, "363358000")
    assert not finds(catalogue, "254701007")  # what the source excepts stays out
    assert catalogue.expansions != SHIPPED.expansions
    assert catalogue.digest == SHIPPED.digest
    asked = server.forms[0]["url"]
    assert asked.startswith(f"{SYSTEM}?fhir_vs=ecl/<< 363346000")


def test_a_subtype_that_only_the_server_knows_is_the_index_cancer_and_no_second_one() -> None:
    server = terminology(of_363346000=[RARE, OTHER], of_363402007=[RARE])
    catalogue = make_catalogue(Settings(terminology=BASE), transport=server)
    complete = replace(catalogue.site, complete={"Condition": LIFELONG})
    catalogue = replace(catalogue, site=complete)

    def verdict(population: str, *codes: str) -> tuple[str, str]:
        table = Table(
            "rare",
            "No second cancer",
            "condition: {concept: second-malignancy}",
            [case("", true(), *(condition(snomed(code, "")) for code in codes))],
            population,
        )
        plan = resolve([table.study()], catalogue)
        lines = [Line("rare", each) for each in table.resources(0)]
        found = InMemory(gather(lines)).screen(plan, table.index_date())
        return said(found.subjects[0].verdicts[0].proof)

    for population in ("oesophageal-cancer", "oesophageal-squamous-cell-carcinoma"):
        assert verdict(population, RARE) == ("false", "absence-presumed")
        assert verdict(population, "276804009", RARE) == ("false", "absence-presumed")
        assert verdict(population, "276804009", OTHER) == ("true", "")


def test_a_subtype_that_only_the_server_knows_has_no_histology_that_could_be_read() -> None:
    catalogue = make_catalogue(Settings(terminology=BASE), transport=terminology(of_363402007=[RARE]))
    found = {
        s.role for s in catalogue.concept(SQUAMOUS).sources if s.plain and s.codes.matches("snomed", RARE)
    }
    assert found == {Role.COARSER}


@pytest.mark.parametrize(
    "concept", [c for c in SHIPPED if c.about_cancer and c.id.endswith("-cancer")], ids=lambda c: c.id
)
def test_every_organ_s_cancer_has_its_value_set(concept: Concept) -> None:
    """A subtype without one would be a member of nothing, and a second cancer."""
    server = terminology()
    make_catalogue(Settings(terminology=BASE), transport=server)
    roots = {root for form in server.forms for root in re.findall(r"<< (\d+)", form["url"])[:1]}
    own = {c.code for s in concept.sources if s.role is Role.MATCH for c in s.codes.exact}
    assert own & roots


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
