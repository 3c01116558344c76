"""The vocabulary: codes that criteria and gates need and that are no concept's, and what a site adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhirscreen.exceptions import MappingError, SiteError
from fhirscreen.mapping.data import Node
from fhirscreen.mapping.loading import load_catalogue, load_site
from fhirscreen.mapping.vocabularies import read_vocabulary
from tests.lib.mappings import MAPPINGS, as_json, validator

WARD = "http://ward.example"
BROKEN = {
    "an unknown key": "severity: {mild: {snomed: ['1']}}",
    "routes without names": "routes: {snomed: ['26643006']}",
    "a code that is a number": "transfers: {discharge-disposition: [2]}",
    "treatments as a mapping": "treatments: {radiotherapy: true}",
}


def site(folder: Path, text: str) -> Path:
    path = folder / "one.yaml"
    path.write_text(f"site: one\n{text}", encoding="utf-8")
    return path


def test_a_site_adds_its_codes(tmp_path: Path) -> None:
    text = (
        f"local_routes: {{oral: {{'{WARD}': [PO]}}}}\n"
        f"local_severities: {{severe: {{'{WARD}': ['3']}}}}\n"
        f"local_transfers: {{'{WARD}': ['02']}}\n"
    )
    found = load_catalogue().at(load_site(site(tmp_path, text))).vocabulary
    assert found.routes["oral"].matches(WARD, "PO")
    assert found.routes["oral"].matches("snomed", "26643006")
    assert not found.routes["intravenous"].matches(WARD, "PO")
    assert found.severities["severe"].matches(WARD, "3")
    assert found.transfers.matches(WARD, "02")
    assert found.transfers.matches("discharge-disposition", "other-hcf")
    assert not found.transfers.matches("discharge-disposition", "home")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (f"local_routes: {{by-mouth: {{'{WARD}': [PO]}}}}", "one.yaml.local_routes"),
        (f"local_severities: {{bad: {{'{WARD}': ['3']}}}}", "one.yaml.local_severities"),
        ("local_routes: {oral: {snomd: ['1']}}", "one.yaml.local_routes.oral"),
        ("local_transfers: {snomd: ['1']}", "one.yaml.local_transfers"),
    ],
)
def test_a_site_names_what_there_is(text: str, where: str, tmp_path: Path) -> None:
    described = load_site(site(tmp_path, text))
    with pytest.raises(SiteError) as caught:
        load_catalogue().at(described)
    assert caught.value.where == where
    assert caught.value.expected


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_what_is_no_vocabulary_is_refused_by_both(text: str) -> None:
    data = as_json(text)
    assert not validator("vocabulary").is_valid(data)
    with pytest.raises(MappingError) as caught:
        read_vocabulary(Node(data, "vocabulary.yaml"))
    assert (caught.value.where or "").startswith("vocabulary.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("treatments: [radiotherapie]", "unknown concept"),
        ("transfers: {snomd: ['1']}", "unknown code system"),
    ],
)
def test_it_names_concepts_and_systems_that_exist(text: str, said: str, tmp_path: Path) -> None:
    for name in ("units.yaml", "systems.yaml"):
        (tmp_path / name).write_text((MAPPINGS / name).read_text("utf-8"), encoding="utf-8")
    (tmp_path / "concepts").mkdir()
    (tmp_path / "vocabulary.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(MappingError, match=said) as caught:
        load_catalogue(tmp_path)
    assert (caught.value.where or "").startswith("vocabulary.yaml")
