from __future__ import annotations

import gzip
from collections.abc import Sequence

import pytest

from fhirscreen.criteria.records import Record
from fhirscreen.criteria.suggestions import Candidate, How
from fhirscreen.mapping.classifications import FILE
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.reading import Reader, Reading, Status, make_study
from fhirscreen.reading.lookups.icd_10_cm import shipped_icd_10_cm
from fhirscreen.reading.lookups.names import name_keys
from fhirscreen.reading.wire import write_reading
from tests.lib.icd_10_cm import make_index
from tests.lib.mappings import MAPPINGS

ICD = shipped_icd_10_cm()
READER = Reader(load_catalogue(MAPPINGS), [ICD])


def codes(phrase: str) -> list[str]:
    return [each.code for each in ICD.find(phrase)]


def read(text: str) -> Reading:
    (found,) = [r for r in READER.read(f"Exclusion Criteria:\n\n* {text}") if r.status is not Status.HEADING]
    return found


def suggested(text: str) -> list[tuple[str, list[str]]]:
    return [(each.phrase, [c.code for c in each.candidates]) for each in read(text).suggestions]


@pytest.mark.filterwarnings(r"ignore:\w+ is deprecated. Use files:DeprecationWarning")
def test_the_shipped_index_is_what_the_classification_gives() -> None:
    assert gzip.decompress((MAPPINGS / FILE).read_bytes()).decode() == make_index()


@pytest.mark.parametrize(
    ("phrase", "found"),
    [
        ("pemphigus", ["L10"]),  # the category, and none of those below it
        ("Wilson disease", ["E83.01"]),  # with and without 's
        ("Crohns disease", ["K50"]),
        ("Sjogren's syndrome", ["M35.0"]),  # Sjögren syndrome
        ("oesophageal varices", ["I85"]),
        ("nasal polyps", ["J33"]),
        ("peptic ulcers", ["K27"]),  # …, site unspecified
        ("thyroid disorder", ["E07.9"]),  # Disorder of thyroid, unspecified
        ("renal failure", ["N19"]),
        ("kidney transplant", ["Z94.0"]),  # … status
        ("regional enteritis", ["K50"]),  # the other name, in brackets
        ("hepatitis", ["K75.9"]),  # and not hepatitis A
        ("metabolic disease", ["E88.9", "E88.810"]),
        ("polyps", []),  # part of a name
        ("quite bad pemphigus", []),
        ("cancer", []),  # what names everything is no finding
        ("margin", []),  # of a lip
        ("disease", []),
        ("", []),
        ("of the and " * 9, []),
    ],
)
def test_a_phrase_is_found_where_it_is_the_whole_name(phrase: str, found: list[str]) -> None:
    assert codes(phrase) == found


def test_how_a_code_was_found_is_told() -> None:
    assert ICD.find("pemphigus") == (Candidate("icd-10-cm", "L10", "Pemphigus", How.TITLE),)
    (found,) = ICD.find("Graves' disease")
    assert (found.code, found.how) == ("E05.0", How.TERM)


def test_names_are_compared_in_one_spelling() -> None:
    assert name_keys("Diseases of the Liver") == ("disease of liver", "liver disease")
    assert name_keys("hepatic disorders") == ("hepatic disorder", "liver disease")
    assert name_keys("hepatitis A") == ("hepatitis a",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Pemphigus or nasal polyps", [("Pemphigus", ["L10"]), ("nasal polyps", ["J33"])]),
        ("Severe pemphigus", [("pemphigus", ["L10"])]),
        ("Tropical pemphigus", []),  # a word beside it may mean another disease
        ("Pemphigus clinic attendance", []),
        ("ALT above 3 x ULN", []),
        ("History of stroke", []),  # a concept names it
        ("Fond of tea", []),
    ],
)  # fmt: skip
def test_what_no_concept_names_is_suggested_and_decides_nothing(
    text: str, found: list[tuple[str, list[str]]]
) -> None:
    assert suggested(text) == found
    plain = Reader(load_catalogue(MAPPINGS)).read(f"Exclusion Criteria:\n\n* {text}")[-1]
    mine = read(text)
    assert (mine.status, mine.expression, mine.atoms) == (plain.status, plain.expression, plain.atoms)


def test_a_suggestion_lies_where_its_phrase_does() -> None:
    text = "Exclusion Criteria:\n\n* Known pemphigus, or  eosinophilic\noesophagitis"
    spans = [(s, text[s.start : s.end]) for r in READER.read(text) for s in r.suggestions]
    assert [(s.phrase, " ".join(said.split())) for s, said in spans] == [
        ("pemphigus", "pemphigus"),
        ("eosinophilic oesophagitis", "eosinophilic oesophagitis"),
    ]


class Everything:
    """A lookup that knows every phrase."""

    def find(self, phrase: str) -> Sequence[Candidate]:
        return [Candidate("snomed", str(n), phrase, How.SERVER) for n in range(9)]


def test_of_each_lookup_five_are_shown() -> None:
    reader = Reader(load_catalogue(MAPPINGS), [ICD, Everything()])
    (found,) = reader.read("Exclusion Criteria:\n\n* Pemphigus")[-1].suggestions
    assert [each.system for each in found.candidates] == ["icd-10-cm", *["snomed"] * 5]


def test_a_study_file_and_the_json_have_them() -> None:
    record = Record("a-trial", "Exclusion Criteria:\n\n* Pemphigus")
    (criterion,) = make_study(record, READER).criteria
    assert criterion.unread
    assert criterion.read is not None
    assert [each.phrase for each in criterion.read.suggestions] == ["Pemphigus"]
    (reading,) = [r for r in READER.read_record(record) if r.status is not Status.HEADING]
    assert write_reading("a-trial", reading)["suggestions"] == [
        {
            "phrase": "Pemphigus",
            "start": 23,
            "end": 32,
            "candidates": [{"system": "icd-10-cm", "code": "L10", "display": "Pemphigus", "how": "title"}],
        }
    ]
