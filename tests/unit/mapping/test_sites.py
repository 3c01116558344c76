"""What a site's overlay changes, what it leaves, and what is said of one that does not fit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from fhirscreen.exceptions import SiteError
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Role, Windows
from fhirscreen.mapping.loading import load_catalogue, load_site
from fhirscreen.mapping.sites import LIFELONG, Site
from fhirscreen.values.durations import Duration
from tests.lib.mappings import MAPPINGS

BASE = load_catalogue()
LAB = "http://lab.example"


def read(folder: Path, text: str) -> Site:
    path = folder / "one.yaml"
    path.write_text(f"site: one\n{text}", encoding="utf-8")
    return load_site(path)


def overlaid(folder: Path, text: str) -> Catalogue:
    return BASE.at(read(folder, text))


def refusal(folder: Path, text: str) -> SiteError:
    with pytest.raises(SiteError) as caught:
        overlaid(folder, text)
    assert caught.value.exit_code == 3
    return caught.value


def test_a_site_that_says_nothing_changes_nothing(tmp_path: Path) -> None:
    catalogue = overlaid(tmp_path, "")
    assert catalogue.site.label == "one"
    assert str(catalogue.site.zone) == "UTC"
    assert all(catalogue.concepts[id] is concept for id, concept in BASE.concepts.items())
    assert catalogue.site.complete_since("heart-failure", "Condition") is None


def test_the_shipped_sites_fit_the_shipped_concepts() -> None:
    for path in sorted((MAPPINGS / "sites").glob("*.yaml")):
        assert BASE.at(load_site(path)).site.id == path.stem


def test_complete_sources(tmp_path: Path) -> None:
    site = read(
        tmp_path,
        "complete: {Condition: lifelong, medications: 2015-01-01, Procedure: '2016-01-01'}\n"
        "complete_concepts: {heart-failure: {Condition: 2020-01-01}}",
    )
    assert site.complete_since("epilepsy", "Condition") is LIFELONG
    assert site.complete_since("heart-failure", "Condition") == date(2020, 1, 1)
    assert site.complete_since("heart-failure", "Procedure") == date(2016, 1, 1)
    for kind in (
        "MedicationAdministration",
        "MedicationDispense",
        "MedicationStatement",
        "MedicationRequest",
    ):
        assert site.complete_since("any", kind) == date(2015, 1, 1)
    assert site.complete_since("any", "medications") is None


def test_local_codes_stand_beside_the_concepts_own(tmp_path: Path) -> None:
    catalogue = overlaid(tmp_path, f"local_codes: {{platelet-count: {{'{LAB}': [PLT1]}}}}")
    sources = catalogue.concept("platelet-count").sources
    assert any(source.codes.matches(LAB, "PLT1") for source in sources)
    assert any(source.codes.matches("loinc", "777-3") for source in sources)
    assert {source.resource for source in sources} == {"Observation"}
    assert not any(source.codes.matches(LAB, "PLT1") for source in BASE.concept("platelet-count").sources)


def test_a_local_code_of_a_component_is_a_code_of_its_own(tmp_path: Path) -> None:
    catalogue = overlaid(tmp_path, f"local_codes: {{systolic-blood-pressure: {{'{LAB}': [RRS]}}}}")
    found = [s for s in catalogue.concept("systolic-blood-pressure").sources if s.codes.matches(LAB, "RRS")]
    assert [(source.role, source.component) for source in found] == [(Role.MATCH, None)]


def test_a_local_code_of_a_staged_category_has_one_staging(tmp_path: Path) -> None:
    catalogue = overlaid(tmp_path, f"local_codes: {{t-category: {{'{LAB}': [CT]}}}}")
    sources = [s for s in catalogue.concept("t-category").sources if s.codes.matches(LAB, "CT")]
    assert len({source.staging for source in sources}) == 1


def test_local_values(tmp_path: Path) -> None:
    catalogue = overlaid(tmp_path, f"local_values: {{ecog-performance-status: {{'0': {{'{LAB}': [fit]}}}}}}")
    zero, one = (catalogue.concept("ecog-performance-status").value(name) for name in ("0", "1"))
    assert zero is not None
    assert one is not None
    assert zero.codes.matches(LAB, "fit")
    assert zero.codes.matches("loinc", "LA9622-7")
    assert not one.codes.matches(LAB, "fit")


def test_windows_are_replaced(tmp_path: Path) -> None:
    catalogue = overlaid(tmp_path, "windows: {platelet-count: {decides_within: 14 d}}")
    two_weeks = Duration(days=14)
    assert catalogue.concept("platelet-count").windows == Windows(two_weeks, two_weeks)
    assert catalogue.concept("haemoglobin") is BASE.concept("haemoglobin")


def test_ranges_and_units(tmp_path: Path) -> None:
    site = read(
        tmp_path,
        "default_units: {haemoglobin: g/dL}\n"
        "reference_ranges:\n"
        "  haemoglobin: [{low: 13, high: 17, unit: g/dL, sex: male}, {low: 12, unit: g/dL, sex: female}]\n"
        "  creatinine: {high: 1.2, unit: mg/dL}\n",
    )
    assert BASE.at(site).site.default_units == {"haemoglobin": "g/dL"}
    assert [(r.low, r.high, r.sex) for r in site.reference_ranges["haemoglobin"]] == [
        (13.0, 17.0, "male"),
        (12.0, None, "female"),
    ]
    assert [(r.low, r.high, r.sex) for r in site.reference_ranges["creatinine"]] == [(None, 1.2, None)]


def test_objections_and_orders(tmp_path: Path) -> None:
    site = read(tmp_path, f"objection_flags: {{'{LAB}': [stop]}}\norder_counts_as_given: growth-factor")
    assert site.objection_flags.matches(LAB, "stop")
    assert site.order_counts_as_given == {"growth-factor"}


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("complet: {}", "one.yaml", "unknown key 'complet'"),
        ("time_zone: Berlin", "one.yaml.time_zone", "is 'Berlin'"),
        ("time_zone: Europe", "one.yaml.time_zone", "is 'Europe'"),
        ("complete: {Encounter: lifelong}", "one.yaml.complete.Encounter", "no source of records"),
        ("complete: {Condition: always}", "one.yaml.complete.Condition", "is 'always'"),
        ("complete_concepts: {a: {Condition: 5}}", "one.yaml.complete_concepts.a.Condition", "is 5"),
        ("reference_ranges: {a: [{high: 1}]}", "one.yaml.reference_ranges.a[0].unit", "missing"),
        ("windows: {a: {decides_within: x}}", "one.yaml.windows.a.decides_within", "is 'x'"),
        (f"local_codes: {{a: {{'{LAB}': x}}}}", "one.yaml.local_codes.a", "no list"),
        (f"local_values: {{a: {{b: {{'{LAB}': [1]}}}}}}", "one.yaml.local_values.a.b", "no text"),
        ("default_units: {a: 1}", "one.yaml.default_units.a", "no text"),
    ],
)
def test_a_refusal_of_the_file_names_file_and_path(text: str, where: str, what: str, tmp_path: Path) -> None:
    error = refusal(tmp_path, text)
    assert error.where == where
    assert what in error.what
    assert error.expected


@pytest.mark.parametrize(
    ("text", "where", "what", "hint"),
    [
        (
            "windows: {platelet-cont: {decides_within: 1 d}}",
            "one.yaml.windows",
            "unknown concept 'platelet-cont'",
            "did you mean `platelet-count`",
        ),
        (
            f"local_values: {{ecog-performance-status: {{'6': {{'{LAB}': [x]}}}}}}",
            "one.yaml.local_values",
            "has no value '6'",
            "0, 1, 2, 3, 4, 5",
        ),
        ("default_units: {haemoglobin: g}", "one.yaml.default_units.haemoglobin", "`g` does not fit", "g/L"),
        (
            "default_units: {heart-failure: g}",
            "one.yaml.default_units.heart-failure",
            "a diagnosis and has no unit",
            "take",
        ),
        (
            "reference_ranges: {creatinine: {high: 1, unit: furlong}}",
            "one.yaml.reference_ranges.creatinine",
            "unknown unit `furlong`",
            "UCUM",
        ),
        (
            "local_codes: {platelet-count: {lionc: [PLT]}}",
            "one.yaml.local_codes.platelet-count",
            "unknown code system 'lionc'",
            "did you mean 'loinc'?",
        ),
        (
            "objection_flags: {flags: [stop]}",
            "one.yaml.objection_flags",
            "unknown code system 'flags'",
            "URL",
        ),
        ("order_counts_as_given: [no-such-drug]", "one.yaml.order_counts_as_given", "unknown concept", "a"),
    ],
)
def test_a_refusal_of_what_does_not_fit_the_mappings(
    text: str, where: str, what: str, hint: str, tmp_path: Path
) -> None:
    error = refusal(tmp_path, text)
    assert error.where == where
    assert what in error.what
    assert hint in f"{error.expected} {error.remedy}"


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(SiteError) as caught:
        load_site(tmp_path / "none.yaml")
    assert caught.value.where == str(tmp_path / "none.yaml")


@pytest.mark.parametrize("code", ["0012", "2160-0", "2023-01-05", "NO", "1:30", "1_000", "0x1f"])
def test_an_unquoted_code_is_what_was_written(code: str, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(f"site: one\nlocal_codes: {{platelet-count: {{'{LAB}': [{code}]}}}}\n")
    assert load_site(path).local_codes["platelet-count"].matches(LAB, code)


@pytest.mark.parametrize("code", ["363346000", "1e5", "15.10", "true", "~", "'PLT '"])
def test_a_code_that_reading_would_change_is_refused(code: str, tmp_path: Path) -> None:
    error = refusal(tmp_path, f"local_codes: {{platelet-count: {{'{LAB}': [{code}]}}}}")
    assert error.where == "one.yaml.local_codes.platelet-count"
    assert "a code of" in error.what
    assert "code" in (error.remedy or "")


def test_a_value_named_by_a_number_is_not_another(tmp_path: Path) -> None:
    error = refusal(tmp_path, f"local_values: {{ecog-performance-status: {{01: {{'{LAB}': [x]}}}}}}")
    assert "no value '01'" in error.what


def test_unrelated_codes_tell_that_a_record_is_nothing(tmp_path: Path) -> None:
    site = read(tmp_path, f'unrelated_codes: {{"{LAB}": ["1"], "http://food.example": all}}')
    catalogue = BASE.at(site)
    assert catalogue.tells("MedicationRequest", LAB, "1")
    assert not catalogue.tells("MedicationRequest", LAB, "2")
    assert catalogue.tells("MedicationRequest", "http://food.example", "anything")
    assert not BASE.tells("MedicationRequest", LAB, "1")
    # A system by which no concept finds a record of that type tells nothing of it.
    assert BASE.tells("MedicationRequest", "atc", "N02BE01")
    assert not BASE.tells("Procedure", "atc", "N02BE01")


def test_silence_is_broken_only_where_it_may_be_no(tmp_path: Path) -> None:
    steroid, stroke = "systemic-corticosteroid", "stroke"
    everything = overlaid(
        tmp_path, "complete: {Condition: lifelong, Procedure: lifelong, medications: 2020-01-01}"
    )
    assert "MedicationRequest" in everything.presumes(everything.concept(steroid))
    assert "Condition" not in everything.presumes(everything.concept(steroid))
    assert everything.presumes(everything.concept(stroke)) == {"Condition"}
    only = overlaid(tmp_path, "complete: {Procedure: lifelong}")
    assert not only.presumes(only.concept(steroid))
    assert not everything.presumes(everything.concept("platelet-count"))
