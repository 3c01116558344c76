"""YAML and JSON as they are read: nothing guessed, nothing lost, every error with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhirscreen.criteria.wire import format_yaml, load_document, load_study, parse_json, parse_yaml
from fhirscreen.exceptions import MappingError, StudyError


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("on: 2026-05-31", {"on": "2026-05-31"}),
        ("yes: no", {"yes": "no"}),
        ("a: [y, off, 0b1, 0x1f, 12:30:45, 1_000]", {"a": ["y", "off", "0b1", "0x1f", "12:30:45", "1_000"]}),
        ("a: [1, -2, 0, 1.5, 1e3, .5]", {"a": [1, -2, 0, 1.5, 1000.0, 0.5]}),
        ("a: [010, +5, 00, 007.5, 2160-0, 1_0]", {"a": ["010", "+5", "00", "007.5", "2160-0", "1_0"]}),
        ("a: [true, False, null, ~]", {"a": [True, False, None, None]}),
        ("a: 1.5 10*9/L", {"a": "1.5 10*9/L"}),
        ("a: .nan", {"a": ".nan"}),
        ("", None),
    ],
)
def test_yaml_of_the_core_schema(text: str, data: object) -> None:
    assert parse_yaml(text, "f.yaml") == data


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("a: 1\nb: [1, 2\nc: 3", "f.yaml, line 3, column 2", "not YAML"),
        ("a: 1\na: 2", "f.yaml, line 2, column 1", "the key `a` stands here twice"),
        ("a: &x [1]\nb: *x", "f.yaml, line 2, column 4", "alias"),
        ("a: !!python/object:os.system {}", "f.yaml, line 1, column 4", "not YAML"),
        ("? [1]\n: 2", "f.yaml, line 1, column 3", "a key that is not text"),
        ("a: \x07", "f.yaml", "not YAML"),
        ("a: 1\n---\nb: 2", "f.yaml, line 2, column 1", "not YAML"),
        ("[" * 5000, "f.yaml", "nested too deeply"),
    ],
)
def test_what_is_not_yaml(text: str, where: str, what: str) -> None:
    with pytest.raises(StudyError) as caught:
        parse_yaml(text, "f.yaml")
    assert caught.value.where == where
    assert what in caught.value.what


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ('{"a": 1,\n "b": }', "f.json, line 2, column 7", "not JSON"),
        ('{"a": 1, "a": 2}', "f.json", "the key `a` stands twice"),
        ('{"a": NaN}', "f.json", "NaN"),
        ("", "f.json, line 1, column 1", "not JSON"),
        ("[" * 100_000, "f.json", "nested too deeply"),
        ("1" * 5000, "f.json", "not JSON"),
    ],
)
def test_what_is_not_json(text: str, where: str, what: str) -> None:
    with pytest.raises(StudyError) as caught:
        parse_json(text, "f.json")
    assert caught.value.where == where
    assert what in caught.value.what


def test_files(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be read"):
        load_document(tmp_path / "none.yaml")
    with pytest.raises(StudyError, match="cannot be read"):
        load_document(tmp_path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: é".encode("latin-1"))
    with pytest.raises(MappingError, match="not UTF-8"):
        load_document(latin, MappingError)
    marked = tmp_path / "marked.json"
    marked.write_text('\ufeff{"a": 1}', encoding="utf-8")
    assert load_document(marked) == {"a": 1}
    page = tmp_path / "page.yaml"
    page.write_text("<html><body>404</body></html>", encoding="utf-8")
    with pytest.raises(StudyError, match="text instead of a mapping"):
        load_study(page)


def test_yaml_is_written_as_it_is_read() -> None:
    data = {"on": "2026-05-31", "n": "010", "t": "true", "s": "~", "list": [1, 1.5, True, None, "1e3"]}
    assert parse_yaml(format_yaml(data), "f.yaml") == data
