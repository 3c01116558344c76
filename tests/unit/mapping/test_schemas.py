"""The published schemas say what the loader takes: no key more, none less, and the same shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fhirscreen.engines.evaluator.formulas import formulas
from fhirscreen.exceptions import MappingError, SiteError
from fhirscreen.fhir.entries import CLINICAL_TYPES
from fhirscreen.mapping.concepts import FORMULAS, ConceptKind, Role
from fhirscreen.mapping.loading import load_catalogue, load_site
from tests.lib.mappings import MAPPINGS, as_json, load_text, validator

CONCEPT, SITE, VOCABULARY = validator("concept"), validator("site"), validator("vocabulary")
SHIPPED = [(CONCEPT, path) for path in sorted((MAPPINGS / "concepts").glob("*.yaml"))]
SHIPPED.append((VOCABULARY, MAPPINGS / "vocabulary.yaml"))
SHIPPED.append((validator("expansions"), MAPPINGS / "expansions.yaml"))
SHIPPED += [(SITE, path) for path in sorted((MAPPINGS / "sites").glob("*.yaml"))]

PLATELETS = """
platelet-count:
  kind: measurement
  label: platelet count
  sources: [{resource: Observation, codes: {loinc: ["777-3"]}}]
  unit: 10*9/L
"""
HOSPITAL = "site: one\n"


def definition(schema: Any, name: str) -> Any:
    return schema.schema["$defs"][name]


@pytest.mark.parametrize(("schema", "path"), SHIPPED, ids=lambda value: getattr(value, "name", ""))
def test_a_shipped_file_is_valid(schema: Any, path: Path) -> None:
    errors = [
        f"{list(e.absolute_path)}: {e.message}" for e in schema.iter_errors(as_json(path.read_text("utf-8")))
    ]
    assert errors == []


@pytest.mark.parametrize(
    ("broken", "properties"),
    [
        ("kind: measurement\n  zz: 1", definition(CONCEPT, "concept")),
        ("kind: measurement\n  sources: [{zz: 1}]", definition(CONCEPT, "source")),
        ("kind: measurement\n  windows: {zz: 1}", definition(CONCEPT, "windows")),
        ("kind: category\n  values: {a: {zz: 1}}", definition(CONCEPT, "value")),
    ],
    ids=["concept", "source", "windows", "value"],
)
def test_the_schema_of_concepts_has_the_keys_of_the_loader(
    broken: str, properties: Any, tmp_path: Path
) -> None:
    with pytest.raises(MappingError) as caught:
        load_text(tmp_path, f"some-concept:\n  {broken}\n")
    assert (caught.value.expected or "").split(", ") == sorted(properties["properties"])


@pytest.mark.parametrize(
    ("broken", "properties"),
    [
        ("zz: 1", SITE.schema),
        ("windows: {alt: {zz: 1}}", definition(SITE, "windows")),
        ("reference_ranges: {alt: {zz: 1}}", definition(SITE, "range")),
    ],
    ids=["site", "windows", "range"],
)
def test_the_schema_of_sites_has_the_keys_of_the_loader(broken: str, properties: Any, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(HOSPITAL + broken, encoding="utf-8")
    with pytest.raises(SiteError) as caught:
        load_site(tmp_path / "one.yaml")
    assert (caught.value.expected or "").split(", ") == sorted(properties["properties"])


def test_the_schemas_list_what_the_program_knows() -> None:
    systems = sorted(load_catalogue().systems)
    for schema in (CONCEPT, SITE):
        assert definition(schema, "resource")["enum"] == [*_in_order(), "medications"]
    for schema in (CONCEPT, SITE, VOCABULARY):
        assert sorted(definition(schema, "system")["anyOf"][0]["enum"]) == systems
    concept = definition(CONCEPT, "concept")["properties"]
    assert concept["kind"]["enum"] == list(ConceptKind)
    assert set(Role) < set(concept)
    assert concept["formula"]["enum"] == list(FORMULAS)


def _in_order() -> list[str]:
    listed = definition(CONCEPT, "resource")["enum"][:-1]
    assert sorted(listed) == sorted(CLINICAL_TYPES)
    return list(listed)


def test_every_formula_of_the_mappings_is_computed() -> None:
    assert sorted(FORMULAS) == sorted(formulas())


BROKEN_CONCEPTS = {
    "no kind": "c: {label: x}",
    "an unknown kind": "c: {kind: lab}",
    "an unknown key": "c: {kind: measurement, units: g/L}",
    "an id in capitals": "Platelets: {kind: measurement}",
    "an id with a space": "platelet count: {kind: measurement}",
    "no mapping": "c: measurement",
    "a label that is a number": "c: {kind: measurement, label: 5}",
    "names that are numbers": "c: {kind: measurement, names: [1, 2]}",
    "an unknown resource": "c: {kind: event, sources: [{resource: Encounter, codes: {snomed: ['1']}}]}",
    "a source without a resource": "c: {kind: event, sources: [{codes: {snomed: ['1']}}]}",
    "a source without codes": "c: {kind: event, sources: [{resource: Condition}]}",
    "a source with empty codes": "c: {kind: event, sources: [{resource: Condition, codes: {}}]}",
    "an unknown system": "c: {kind: event, sources: [{resource: Condition, codes: {snomd: ['1']}}]}",
    "codes that are one text": "c: {kind: event, sources: [{resource: Condition, codes: {snomed: '1'}}]}",
    "a code that is a number": "c: {kind: event, sources: [{resource: Condition, codes: {loinc: [7773]}}]}",
    "an empty code": "c: {kind: event, sources: [{resource: Condition, codes: {icd-10: ['.']}}]}",
    "an unknown staging": "c: {kind: event, sources: {resource: Condition, codes: {loinc: [a]}, staging: c}}",
    "sources that are a text": "c: {kind: event, sources: Condition}",
    "a window without its first": "c: {kind: measurement, windows: {shows_within: 90 d}}",
    "a window that is no duration": "c: {kind: measurement, windows: {decides_within: a while}}",
    "a window as a number": "c: {kind: measurement, windows: {decides_within: 28}}",
    "an unknown absence": "c: {kind: event, absence: always}",
    "an unknown about": "c: {kind: event, about: tumour}",
    "sensitive as a text": "c: {kind: event, sensitive: 'yes'}",
    "one plausible number": "c: {kind: measurement, plausible: [3]}",
    "plausible texts": "c: {kind: measurement, plausible: ['0', '9']}",
    "a molar mass of nothing": "c: {kind: measurement, molar_mass: 0}",
    "a molar mass as a text": "c: {kind: measurement, molar_mass: 88.4 g/mol}",
    "half a valence": "c: {kind: measurement, valence: 1.5}",
    "values as a list": "c: {kind: category, values: [a, b]}",
    "an unknown key of a value": "c: {kind: category, values: {a: {code: {loinc: ['1']}}}}",
    "a number that is no integer": "c: {kind: category, values: {a: {integer: 0.5}}}",
    "a formula outside a derived": "c: {kind: measurement, formula: body-mass-index}",
    "a derived without a formula": "c: {kind: derived, from: [body-weight]}",
    "a derived without inputs": "c: {kind: derived, formula: body-mass-index}",
    "an unknown formula": "c: {kind: derived, formula: bmi, from: [body-weight]}",
    "inputs outside a derived": "c: {kind: measurement, from: [body-weight]}",
}


@pytest.mark.parametrize("text", BROKEN_CONCEPTS.values(), ids=BROKEN_CONCEPTS)
def test_what_is_no_concept_is_refused_by_both(text: str, tmp_path: Path) -> None:
    assert CONCEPT.is_valid(as_json(PLATELETS))
    assert not CONCEPT.is_valid(as_json(PLATELETS + text))
    with pytest.raises(MappingError) as caught:
        load_text(tmp_path, PLATELETS + text)
    assert caught.value.where is not None
    assert caught.value.expected


BROKEN_SITES = {
    "no name": "label: x",
    "an unknown key": "site: one\ncomplet: {Condition: lifelong}",
    "no mapping": "- site: one",
    "an unknown source": "site: one\ncomplete: {Conditions: lifelong}",
    "a source that is complete for no time": "site: one\ncomplete: {Condition: true}",
    "a year alone": "site: one\ncomplete: {Condition: 2015}",
    "a date that never was": "site: one\ncomplete: {Condition: '2015-02-30'}",
    "a time": "site: one\ncomplete: {Condition: 2015-01-01 10:00:00}",
    "complete as a text": "site: one\ncomplete: lifelong",
    "a unit that is a number": "site: one\ndefault_units: {alt: 5}",
    "a range without a unit": "site: one\nreference_ranges: {alt: {low: 0, high: 40}}",
    "a range without limits": "site: one\nreference_ranges: {alt: {unit: U/L}}",
    "a range of texts": "site: one\nreference_ranges: {alt: {high: '40', unit: U/L}}",
    "a range for nobody": "site: one\nreference_ranges: {alt: {high: 40, unit: U/L, sex: woman}}",
    "a window without its first": "site: one\nwindows: {alt: {shows_within: 90 d}}",
    "local codes as a list": "site: one\nlocal_codes: {alt: ['GPT']}",
    "a local code that is a number": "site: one\nlocal_codes: {alt: {'http://lab.example': [12]}}",
    "local values without a value": "site: one\nlocal_values: {ecog: {'http://lab.example': ['0']}}",
    "orders as a number": "site: one\norder_counts_as_given: 3",
    "flags as a text": "site: one\nobjection_flags: no-research",
    "routes as a list": "site: one\nlocal_routes: {oral: ['PO']}",
    "a severity that is a number": "site: one\nlocal_severities: {severe: {'http://ward.example': [3]}}",
    "transfers as a list": "site: one\nlocal_transfers: ['02']",
}


@pytest.mark.parametrize("text", BROKEN_SITES.values(), ids=BROKEN_SITES)
def test_what_is_no_site_is_refused_by_both(text: str, tmp_path: Path) -> None:
    assert SITE.is_valid(as_json(HOSPITAL))
    assert not SITE.is_valid(as_json(text))
    path = tmp_path / "one.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SiteError) as caught:
        load_site(path)
    assert (caught.value.where or "").startswith("one.yaml")
    assert caught.value.expected
