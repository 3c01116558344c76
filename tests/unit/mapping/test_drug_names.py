"""A wildcard among the names of drugs fits drugs of its concept alone: `*statin` fits nystatin too."""

from __future__ import annotations

import csv
import re
from functools import cache

import pytest

from fhirscreen.mapping.concepts import Concept
from fhirscreen.mapping.drugs import drug_codes, is_substance
from fhirscreen.mapping.loading import load_catalogue
from tests.lib.mappings import MAPPINGS

STRANGERS = {
    "nystatin": "A07AA02", "somatostatin": "H01CB01", "cilastatin": "J01DH51", "aripiprazole": "N05AX12",
    "brexpiprazole": "N05AX16", "azacitidine": "L01BC07", "mitomycin": "L01DC03", "plicamycin": "L01DC02",
    "octreotide": "H01CB02", "lanreotide": "H01CB03", "teriparatide": "H05AA02", "linaclotide": "A06AX04",
    "eptifibatide": "B01AC16", "nesiritide": "C01DX19", "teduglutide": "A16AX08", "atomoxetine": "N06BA09",
    "dapoxetine": "G04BX14", "domperidone": "A03FA03", "ferrous fumarate": "B03AA02",
    "quetiapine fumarate": "N05AH04", "bisoprolol fumarate": "C07AB07", "ipilimumab": "L01FX04",
    "tremelimumab": "L01FX20", "bendamustine": "L01AA09", "estramustine": "L01XX11", "vinpocetine": "N06BX18",
    "vincamine": "C04AX07", "tacrolimus": "L04AD02", "pimecrolimus": "D11AH02", "sorafenib": "L01EX02",
    "regorafenib": "L01EX05", "sermorelin": "H01AC04", "tesamorelin": "H01AC06", "protirelin": "V04CJ02",
    "corticorelin": "V04CD04", "cimetropium": "A03BB05", "clidinium": "A03CA02", "brivudine": "J05AB15",
    "clevudine": "J05AF12", "sulfasalazine": "A07EC01", "trastuzumab deruxtecan": "L01FD04",
    "dihydrotachysterol": "A11CC02", "stanozolol": "A14AA02", "imatinib": "L01EA01", "sunitinib": "L01EX01",
}  # fmt: skip
"""Drugs by their codes of ATC that end or begin as those of another class do, and that no list here names."""
SAME = {("benzodiazepine", "clonazepam"), ("nsaid", "celecoxib")}
"""Drugs that are of the class, and are listed here by a code of another use alone."""
_COMBINED = re.compile(r" and |,|\(")


@cache
def drugs() -> dict[str, set[str]]:
    """The codes of single substances by name, of the lists of codes and of those above."""
    found = {name: {code} for name, code in STRANGERS.items()}
    for path in sorted((MAPPINGS / "codes").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                name = row["display"].lower()
                if row["system"] == "atc" and is_substance(row["code"]) and not _COMBINED.search(name):
                    found.setdefault(name, set()).add(row["code"])
    return found


def fits(pattern: str, name: str) -> bool:
    """Whether a drug is called so, as words that are searched find it."""
    word = re.escape(pattern).replace(r"\*", r"\w*")
    return re.search(rf"(?<!\w){word}(?!\w)", name, re.IGNORECASE) is not None


WITH_WILDCARDS = [
    concept
    for concept in load_catalogue(MAPPINGS)
    if any("*" in name.rstrip("*") for name in concept.drug_names)
]


@pytest.mark.parametrize("concept", WITH_WILDCARDS, ids=lambda concept: concept.id)
def test_a_wildcard_fits_drugs_of_its_concept(concept: Concept) -> None:
    codes = drug_codes([concept])
    strangers = {
        (pattern, name)
        for pattern in concept.drug_names
        if "*" in pattern
        for name, known in drugs().items()
        if fits(pattern, name)
        and not any(codes.matches("atc", code) for code in known)
        and (concept.id, name) not in SAME
    }
    assert strangers == set()


def test_the_lists_hold_drugs_to_compare() -> None:
    assert len(drugs()) > 350
    assert len(WITH_WILDCARDS) > 20
