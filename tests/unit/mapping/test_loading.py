"""What the loader makes of concepts, and what it says of what it refuses: file, path, expected, remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fhirscreen.exceptions import MappingError
from fhirscreen.fhir.entries import MEDICATIONS
from fhirscreen.mapping.concepts import LIFETIME, ConceptKind, Role, Windows
from fhirscreen.mapping.data import read_yaml
from fhirscreen.mapping.loading import load_catalogue, mappings_folder
from fhirscreen.values.durations import Duration
from tests.lib.mappings import MAPPINGS, load_text

STAGED = """
some-category:
  kind: category
  values:
    a: {codes: {snomed: ["1"]}, integer: 4}
    a1: {parent: a}
    a2: {parent: a}
    aa: {parent: a1}
    x: {unknown: true}
"""


_READ = ["0012", "+5", -5, 0.5, 1000.0, "no", True, None, "1", "2020-01-01"]


def refusal(folder: Path, text: str) -> MappingError:
    with pytest.raises(MappingError) as caught:
        load_text(folder, text)
    return caught.value


def test_the_shipped_mappings_load_from_their_folder() -> None:
    assert mappings_folder() == MAPPINGS
    catalogue = load_catalogue()
    platelets = catalogue.concept("platelet-count")
    assert platelets.kind is ConceptKind.MEASUREMENT
    assert platelets.windows == Windows(Duration(days=28), Duration(days=90))
    assert [source.role for source in platelets.sources] == [Role.MATCH]
    assert platelets.sources[0].codes.matches("loinc", "777-3")


def test_a_concept_has_defaults(tmp_path: Path) -> None:
    concept = load_text(tmp_path, "some-event: {kind: event}").concept("some-event")
    assert concept.label == "some event"
    assert concept.windows == LIFETIME
    assert not concept.absence_by_site
    assert not concept.about_cancer
    assert not concept.signed


@pytest.mark.parametrize(
    ("plausible", "signed"),
    [("[-30, 30]", True), ("[null, 30]", False), ("[0, 30]", False), ("[0.1, null]", False)],
)
def test_values_may_be_negative_where_that_is_plausible(plausible: str, signed: bool, tmp_path: Path) -> None:
    text = f"base-excess: {{kind: measurement, plausible: {plausible}}}"
    assert load_text(tmp_path, text).concept("base-excess").signed is signed


def test_medications_stand_for_four_types(tmp_path: Path) -> None:
    text = "drug: {kind: therapy, sources: {resource: medications, codes: {atc: [L01]}}}"
    concept = load_text(tmp_path, text).concept("drug")
    assert tuple(source.resource for source in concept.sources) == MEDICATIONS


def test_a_source_counts_under_the_role_that_says_most(tmp_path: Path) -> None:
    source = '{resource: Condition, codes: {snomed: ["1"]}}'
    text = f"d: {{kind: diagnosis, coarser: {source}, judgement: {source}, sources: {source}}}"
    roles = [source.role for source in load_text(tmp_path, text).concept("d").sources]
    assert roles == [Role.MATCH, Role.JUDGEMENT, Role.COARSER]


def test_exceptions_are_taken_out(tmp_path: Path) -> None:
    text = (
        "d: {kind: event, sources: {resource: Condition, codes: {icd-10: [K22]}, except: {icd-10: [K22.8]}}}"
    )
    codes = load_text(tmp_path, text).concept("d").sources[0].codes
    assert codes.matches("icd-10-cm", "K22.2")
    assert not codes.matches("icd-10-gm", "K22.81")


def test_values_hold_finer_ones(tmp_path: Path) -> None:
    concept = load_text(tmp_path, STAGED).concept("some-category")
    assert concept.below(("a1",)) == {"a1", "aa"}
    assert concept.leaves("a") == {"aa", "a2"}
    assert concept.leaves("a2") == {"a2"}
    assert concept.value("b") is None


@pytest.mark.parametrize(
    ("text", "where", "what", "remedy"),
    [
        ("c: {kind: lab}", "some.yaml:c.kind", "kind is unknown", None),
        ("c: {kind: event, sorces: []}", "some.yaml:c", "unknown key 'sorces'", "did you mean 'sources'?"),
        ("c: {kind: event, qqqq: 1}", "some.yaml:c", "unknown key 'qqqq'", "remove it"),
        (
            "c: {kind: event, history: [{resource: Condition, codes: {snomed: ['1']}}, {resource: Goal}]}",
            "some.yaml:c.history[1].resource",
            "is 'Goal'",
            None,
        ),
        (
            "c: {kind: event, windows: {decides_within: soon}}",
            "some.yaml:c.windows.decides_within",
            "is 'soon'",
            None,
        ),
        ("c: {kind: category, values: {a: {integer: x}}}", "some.yaml:c.values.a.integer", "no", None),
        ("c: {kind: category, pattern: '(a'}", "some.yaml:c.pattern", "no regular expression", None),
        ("c: {kind: category, pattern: a}", "some.yaml:c.pattern", "has no group", None),
        ("c: {kind: measurement, plausible: [3, 3]}", "some.yaml:c.plausible", "is empty", None),
        ("c: {kind: category, from: {d: [x]}}", "some.yaml:c.from.d", "is not a mapping", None),
        ("Upper: {kind: event}", "some.yaml", "has the id 'Upper'", None),
        ("7: {kind: event}", "some.yaml", "has the id 7", None),
        ("[c]", "some.yaml", "is not a mapping", None),
    ],
)
def test_a_refusal_names_file_and_path(
    text: str, where: str, what: str, remedy: str | None, tmp_path: Path
) -> None:
    error = refusal(tmp_path, text)
    assert error.where == where
    assert what in error.what
    assert error.expected
    assert error.remedy == remedy
    assert error.exit_code == 3


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("c: {kind: event, invalidated_by: [no-such]}", "some.yaml:c", "unknown concept 'no-such'"),
        ("c: {kind: event, sites: no-such}", "some.yaml:c", "unknown concept 'no-such'"),
        ("c: {kind: measurement, unit: furlong}", "some.yaml:c.unit", "unit 'furlong' is unknown"),
        ("c: {kind: category, values: {a: {parent: b}}}", "some.yaml:c", "there is no value 'b'"),
        ("c: {kind: category, persists: [b], values: {a: {}}}", "some.yaml:c", "there is no value 'b'"),
        (
            "c: {kind: category, needs_confirmation: b, values: {a: {}}}",
            "some.yaml:c",
            "there is no value 'b'",
        ),
        ("c: {kind: category, implied_by: {b: c}, values: {a: {}}}", "some.yaml:c", "there is no value 'b'"),
        (
            "c: {kind: category, from: {d: {x: a}}, values: {a: {}}}\nd: {kind: category}",
            "some.yaml:c.from",
            "d has no value 'x'",
        ),
        (
            "c: {kind: category, from: {d: {x: b}}, values: {a: {}}}\nd: {kind: category, values: {x: {}}}",
            "some.yaml:c",
            "there is no value 'b'",
        ),
        (
            "c: {kind: event, sources: {resource: Condition, codes: {snommed: ['1']}}}",
            "some.yaml:c",
            "unknown code system 'snommed'",
        ),
        ("c: {kind: therapy, not_for: {icd10: [K50]}}", "some.yaml:c", "unknown code system 'icd10'"),
    ],
)
def test_what_a_concept_refers_to_must_exist(text: str, where: str, what: str, tmp_path: Path) -> None:
    error = refusal(tmp_path, text)
    assert error.where == where
    assert what in error.what


@pytest.mark.parametrize(("unit", "remedy"), [("g/dl", "write `g/dL`"), ("furlong", "add it there")])
def test_a_unit_that_is_unknown_comes_with_what_to_do(unit: str, remedy: str, tmp_path: Path) -> None:
    error = refusal(tmp_path, f"c: {{kind: measurement, unit: {unit}}}")
    assert error.where == "some.yaml:c.unit"
    assert remedy in str(error.remedy)


def test_a_misspelt_concept_is_guessed(tmp_path: Path) -> None:
    error = refusal(tmp_path, "platelets: {kind: measurement}\nc: {kind: event, invalidated_by: platelet}")
    assert error.remedy == "did you mean `platelets`?"


def test_a_concept_stands_in_one_place(tmp_path: Path) -> None:
    error = refusal(tmp_path, "c: {kind: event}\nd: {kind: event}\nc: {kind: diagnosis}\n")
    assert error.where == str(tmp_path / "concepts" / "some.yaml") + ":3"
    assert "'c' stands twice" in error.what
    (tmp_path / "concepts" / "other.yaml").write_text("c: {kind: event}\n", encoding="utf-8")
    error = refusal(tmp_path, "c: {kind: event}")
    assert error.where == "some.yaml"
    assert "concept 'c' is defined twice" in error.what


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [(b"c: [1, 2\nd: 3", ":2", "expected"), (b"c: {kind: \xff}", "", "cannot be read")],
    ids=["no YAML", "no UTF-8"],
)
def test_a_file_that_cannot_be_read(text: bytes, place: str, what: str, tmp_path: Path) -> None:
    load_text(tmp_path, "")
    file = tmp_path / "concepts" / "some.yaml"
    file.write_bytes(text)
    with pytest.raises(MappingError) as caught:
        load_catalogue(tmp_path)
    assert caught.value.where == f"{file}{place}"
    assert what in caught.value.what


def test_a_folder_without_units(tmp_path: Path) -> None:
    (tmp_path / "concepts").mkdir()
    with pytest.raises(MappingError) as caught:
        load_catalogue(tmp_path)
    assert caught.value.where == str(tmp_path / "units.yaml")


def test_the_digest_is_that_of_the_data(tmp_path: Path) -> None:
    first = load_text(tmp_path, "c: {kind: event}\nd: {kind: event}").digest
    assert load_text(tmp_path, "# the same\nd: {kind: event}\nc: {kind: event}").digest == first
    assert load_text(tmp_path, "c: {kind: event}\nd: {kind: diagnosis}").digest != first


def test_shipped_mappings_say_the_same_from_another_folder(tmp_path: Path) -> None:
    copied = shutil.copytree(MAPPINGS, tmp_path / "elsewhere")
    assert load_catalogue(copied).digest == load_catalogue().digest


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: [0012, +5, -5, .5, 1e3, no, TRUE, ~, '1', 2020-01-01]", {"a": _READ}),
        ("2: a\ntrue: b", {2: "a", True: "b"}),
        ("a: &one [1]\nb: *one", {"a": [1], "b": [1]}),
        ("a: !!set {b}", {"a": {"b"}}),
        ("a: !!str 1", {"a": "1"}),
        ("", None),
    ],
)
def test_yaml_is_read_by_its_core_types_and_tags(tmp_path: Path, text: str, data: object) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(text, encoding="utf-8")
    assert repr(read_yaml(file)) == repr(data)


@pytest.mark.parametrize("text", ["a: !!str [b]", "a: !other b", "1: a\n1: b"])
def test_yaml_that_says_nothing_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MappingError):
        read_yaml(file)
