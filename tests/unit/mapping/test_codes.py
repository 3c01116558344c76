"""Every code in the concepts and the vocabulary says where it is from, and no provenance is left over."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from fhirscreen.mapping.loading import load_catalogue

MAPPINGS = Path(__file__).parents[3] / "mappings"
CONCEPTS = sorted((MAPPINGS / "concepts").glob("*.yaml"))
PROVENANCE = sorted((MAPPINGS / "codes").glob("*.csv"))
COLUMNS = ["system", "code", "display", "source", "verified"]
NOT_CODES = ("names", "narrower_names", "unit", "formula", "windows", "pattern", "from", "implied_by")

Code = tuple[str, str]


@cache
def load(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return data


def systems() -> set[str]:
    return set(load(MAPPINGS / "systems.yaml"))


def codes_in(node: object, known: set[str]) -> Iterator[Code]:
    """Codes of a part of a concept: every list under the short name of a code system."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in known and isinstance(value, list):
                for code in value:
                    assert isinstance(code, str), f"{key} code {code!r} is not quoted"
                    yield key, code
            elif key not in NOT_CODES:
                yield from codes_in(value, known)
    elif isinstance(node, list):
        for child in node:
            yield from codes_in(child, known)


def used_codes() -> dict[Code, str]:
    known = systems()
    paths = [*CONCEPTS, MAPPINGS / "vocabulary.yaml", MAPPINGS / "expansions.yaml"]
    return {code: path.name for path in paths for code in codes_in(load(path), known)}


def provenance(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        assert reader.fieldnames == COLUMNS, path.name
        return list(reader)


def check_digit(digits: str) -> int:
    """Modulus 10 of LOINC: from the right, every other digit is doubled."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number // 10 + number % 10
    return -total % 10


def _product(a: int, b: int) -> int:
    """Product in the dihedral group D5, whose elements are 0-4 (turns) and 5-9 (mirrored)."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5


def verhoeff(digits: str) -> bool:
    """SNOMED CT identifiers end in a Verhoeff check digit (SNOMED CT Technical Implementation Guide)."""
    turn = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    check = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit)
        for _ in range(place % 8):
            number = turn[number]
        check = _product(check, number)
    return check == 0


def test_every_code_has_a_provenance() -> None:
    told = {(row["system"], row["code"]) for path in PROVENANCE for row in provenance(path)}
    missing = {
        f"{system} {code} ({where})"
        for (system, code), where in used_codes().items()
        if (system, code) not in told
    }
    assert not missing


@pytest.mark.parametrize("path", PROVENANCE, ids=lambda path: path.name)
def test_every_provenance_is_used_and_whole(path: Path) -> None:
    used = used_codes()
    rows = provenance(path)
    keys = [(row["system"], row["code"]) for row in rows]
    assert not [key for key in keys if key not in used]
    assert len(keys) == len(set(keys)), "a code has two rows"
    for row in rows:
        assert row["display"], row
        assert row["source"], row
        assert row["verified"] in ("yes", "component-only", "memory"), row


def test_check_digits() -> None:
    wrong = []
    for system, code in used_codes():
        if system == "snomed":
            right = code.isdigit() and verhoeff(code)
        elif system == "loinc" and not code.startswith("LA"):
            digits, _, check = code.partition("-")
            right = digits.isdigit() and check == str(check_digit(digits))
        else:
            continue
        if not right:
            wrong.append(f"{system} {code}")
    assert not wrong


def test_every_unit_is_known() -> None:
    table = load(MAPPINGS / "units.yaml")
    known = {unit for dimension in table["dimensions"].values() for unit in dimension["units"]}
    unknown = {
        f"{name}: {concept['unit']}"
        for path in CONCEPTS
        for name, concept in load(path).items()
        if "unit" in concept and concept["unit"] not in known
    }
    assert not unknown


def test_concepts_are_unique_across_files() -> None:
    seen: dict[str, str] = {}
    for path in CONCEPTS:
        for name in load(path):
            assert name not in seen, f"{name} is in {seen[name]} and in {path.name}"
            seen[name] = path.name


def test_a_code_means_one_value() -> None:
    """A code under two values would make a record say both."""
    known = systems()
    twice = []
    for path in CONCEPTS:
        for name, concept in load(path).items():
            meaning: dict[Code, str] = {}
            for value, entry in (concept.get("values") or {}).items():
                twice += [
                    f"{name}: {code[1]} is {meaning[code]} and {value}"
                    for code in set(codes_in(entry, known))
                    if meaning.setdefault(code, value) != value
                ]
    assert not twice


@pytest.mark.parametrize(
    ("concept", "text", "value"),
    [
        ("t-category", "cT4aN2M0", "T4a"),
        ("t-category", "T4N3M0", "T4"),
        ("t-category", "T1a2", "T1a"),
        ("t-category", "ypT3 N1", "T3"),
        ("t-category", "T10", None),
        ("t-category", "Tissue", None),
        ("n-category", "cT3 cN1 cM0", "N1"),
        ("n-category", "N0(i+)", "N0"),
        ("n-category", "none", None),
        ("m-category", "cT3N2M1a", "M1a"),
        ("m-category", "pT3 pN1", None),
        ("m-category", "mild", None),
        ("stage-group", "Stage IA2", "IA"),
        ("stage-group", "IVA", "IVA"),
        ("stage-group", "invasive", None),
        ("nyha-class", "NYHA class III", "III"),
        ("child-pugh-class", "Child-Pugh A6", "A"),
        ("ecog-performance-status", "ECOG PS 1", "1"),
        ("ecog-performance-status", "1/4", None),
        ("karnofsky-performance-status", "90%", "90"),
    ],
)
def test_patterns_read_what_is_written(concept: str, text: str, value: str | None) -> None:
    entries = {k: v for path in CONCEPTS for k, v in load(path).items()}
    match = re.search(entries[concept]["pattern"], text, re.IGNORECASE)
    assert (match[1] if match else None) == value


def test_what_recurs_has_a_window() -> None:
    """Without one, an episode would never end, and a denial of years ago would speak of now."""
    found = [each for each in load_catalogue() if each.recurs]
    assert len(found) > 15
    assert not [each.id for each in found if each.windows.decides is None]


def test_a_name_means_one_concept() -> None:
    """Names are read without regard to case (eGFR and EGFR would be one)."""
    meaning: dict[str, str] = {}
    twice = [
        f"{name}: {meaning[name.casefold()]} and {concept}"
        for path in CONCEPTS
        for concept, entry in load(path).items()
        for name in (*entry.get("names", ()), *entry.get("narrower_names", ()))
        if meaning.setdefault(name.casefold(), concept) != concept
    ]
    assert not twice


# Codes that once stood for something else than the public lists say: each with the concepts that may hold it.
OTHERWISE: dict[Code, set[str]] = {
    ("snomed", "426356008"): {"solid-organ-transplant"},  # orthotopic transplantation of whole liver
    ("snomed", "313030004"): {"solid-organ-transplant"},  # donor renal transplantation, a procedure
    ("snomed", "86088003"): set(),  # centesis of anything
}


def test_codes_that_were_wrong_do_not_come_back() -> None:
    tables = [load(path) for path in CONCEPTS]
    for (system, code), concepts in OTHERWISE.items():
        text = f'"{code}"'
        holders = {name for table in tables for name, concept in table.items() if text in json.dumps(concept)}
        assert holders == concepts, (system, code)


def test_a_procedure_is_no_diagnosis() -> None:
    sources = load(MAPPINGS / "concepts" / "transplants.yaml")["solid-organ-transplant"]["sources"]
    by_resource = {source["resource"]: source["codes"]["snomed"] for source in sources}
    assert {"426356008", "313030004"} <= set(by_resource["Procedure"])
    assert not {"426356008", "313030004"} & set(by_resource["Condition"])
