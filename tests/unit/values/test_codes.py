from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fhirscreen.exceptions import MappingError
from fhirscreen.values.codes import Codes, CodeSet, Coding, Part, Systems, is_prefix, plain

MAPPINGS = Path(__file__).parents[3] / "mappings"


def codes(data: dict[str, list[str]], excepted: dict[str, list[str]] | None = None) -> CodeSet:
    return CodeSet.from_data(data, excepted)


@pytest.fixture
def systems() -> Systems:
    data: Any = yaml.safe_load((MAPPINGS / "systems.yaml").read_text(encoding="utf-8"))
    return Systems.from_data(data)


@pytest.mark.parametrize(
    ("sent", "short"),
    [
        ("http://loinc.org", "loinc"),
        ("https://loinc.org/", "loinc"),
        ("http://LOINC.org", "loinc"),
        (" http://loinc.org ", "loinc"),
        ("http://loinc.org|2.77", "loinc"),
        ("urn:oid:2.16.840.1.113883.6.1", "loinc"),
        ("http://snomed.info/sct", "snomed"),
        ("http://hl7.org/fhir/sid/icd-10", "icd-10"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "icd-10-cm"),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "icd-10-gm"),
        ("http://fhir.de/CodeSystem/dimdi/icd-10-gm", "icd-10-gm"),
        ("http://terminology.hl7.org/CodeSystem/icd-o-3", "icd-o-3"),
        ("http://www.whocc.no/atc", "atc"),
        ("http://fhir.de/CodeSystem/bfarm/atc", "atc"),
        ("http://www.nlm.nih.gov/research/umls/rxnorm", "rxnorm"),
        ("http://unitsofmeasure.org", "ucum"),
        ("http://cancerstaging.org", "ajcc"),
        ("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "interpretation"),
        ("http://hl7.org/fhir/v2/0078", "interpretation"),
        ("http://hospital.example/lab", "http://hospital.example/lab"),
        ("", ""),
    ],
)
def test_systems_are_known_by_what_servers_send(systems: Systems, sent: str, short: str) -> None:
    assert systems.short(sent) == short
    assert systems.short(sent) == short  # and remembered


def test_systems_go_back_to_urls(systems: Systems) -> None:
    assert systems.url("loinc") == "http://loinc.org"
    assert systems.url("http://hospital.example/lab") == "http://hospital.example/lab"
    assert systems.urls("loinc") == (
        "http://loinc.org", "http://www.loinc.org", "urn:oid:2.16.840.1.113883.6.1",
    )  # fmt: skip
    assert systems.urls("http://hospital.example/lab") == ("http://hospital.example/lab",)
    assert "loinc" in systems
    assert "http://loinc.org" not in systems
    assert {"snomed", "icd-10", "atc"} <= set(systems)
    for name in systems:
        assert systems.short(systems.url(name)) == name


def test_a_canonical_url_with_capitals_is_listed_once() -> None:
    systems = Systems.from_data({"hcpcs": {"url": "https://x.example/HCPCS/", "also": ["urn:oid:1"]}})
    assert systems.urls("hcpcs") == ("https://x.example/HCPCS/", "urn:oid:1")
    assert systems.short("http://X.example/hcpcs") == "hcpcs"


@pytest.mark.parametrize("entry", [None, [], "http://x", {"also": ["http://x"]}])
def test_a_system_needs_a_url(entry: object) -> None:
    with pytest.raises(MappingError) as caught:
        Systems.from_data({"local": entry})
    assert str(caught.value) == "the code system 'local' has no URL\n  expected: {url: …, also: […]}"


def test_a_url_names_one_system() -> None:
    with pytest.raises(MappingError) as caught:
        Systems.from_data({"a": {"url": "http://x"}, "b": {"url": "http://y", "also": ["https://x/"]}})
    assert str(caught.value) == "the URL https://x/ names two code systems, 'a' and 'b'"


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        ("icd-10", "C15", True), ("icd-10-cm", "C15.3", True), ("icd-10-gm", "C15", True),
        ("atc", "L01", True),
        ("icd-o-3", "C15", True), ("icd-o-3", "c15.3", True), ("icd-o-3", "8070/3", False),
        ("loinc", "777-3", False),
        ("snomed", "1", False), ("rxnorm", "1", False), ("icd-9-cm", "150", False), ("icd-o-3", "", False),
    ],
)  # fmt: skip
def test_is_prefix(system: str, code: str, expected: bool) -> None:
    assert is_prefix(system, code) is expected


def test_plain() -> None:
    assert plain(" c15.4 ") == "C154"


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        ("icd-10", "C15", True), ("icd-10", "C15.4", True), ("icd-10", "c154", True),
        ("icd-10-cm", "C15.4", True),
        ("icd-10-gm", "C15.4", True), ("icd-10", "C16", False), ("icd-10", "C1", False),
        ("icd-9-cm", "C15", False),
        ("icd-10-cm", "Z85.01", True), ("icd-10", "Z85.01", False), ("icd-10-cm", "Z85.0", False),
        ("loinc", "777-3", True), ("loinc", "777-34", False), ("loinc", "777", False),
        ("snomed", "777-3", False),
        ("icd-o-3", "8070/3", True), ("icd-o-3", "8070/31", False), ("icd-o-3", "C15.9", True),
        ("atc", "L01AA01", True), ("atc", "l01aa01", True), ("atc", "L02", False),
    ],
)  # fmt: skip
def test_matches(system: str, code: str, expected: bool) -> None:
    found = codes({
        "icd-10": ["C15"], "icd-10-cm": ["Z85.01"], "loinc": ["777-3"], "icd-o-3": ["8070/3", "C15"],
        "atc": ["L01"],
    })  # fmt: skip
    assert found.matches(system, code) is expected
    assert found.matches(system, code) is expected  # and remembered


def test_exceptions_are_taken_out() -> None:
    found = codes({"icd-10": ["J44"], "loinc": ["1", "2"]}, {"icd-10": ["J44.0"], "loinc": ["2"]})
    assert found.matches("icd-10", "J44.1")
    assert not found.matches("icd-10-cm", "J44.01")
    assert found.matches("loinc", "1")
    assert not found.matches("loinc", "2")


def test_an_exception_in_one_variant_of_icd_10_is_of_that_variant() -> None:
    found = codes({"icd-10": ["J44"]}, {"icd-10-cm": ["J44.0"]})
    assert not found.matches("icd-10-cm", "J44.0")
    assert found.matches("icd-10", "J44.0")


def test_union_keeps_each_exception_to_its_own_set() -> None:
    limited = codes({"icd-10": ["J44"]}, {"icd-10": ["J44.0"]})
    both = limited.union(codes({"icd-10-cm": ["J44.01"]}), codes({"loinc": ["1"]}), codes({}))
    assert both.matches("icd-10-cm", "J44.01")
    assert not both.matches("icd-10", "J44.0")
    assert both.matches("icd-10", "J44.9")
    assert both.matches("loinc", "1")
    assert both == codes({"loinc": ["1"]}).union(limited, codes({"icd-10-cm": ["J44.01"]}), limited)


def test_union_does_not_depend_on_the_order() -> None:
    one = codes({"loinc": ["1", "3"]}, {"loinc": ["3"]})
    other = codes({"atc": ["L"]}, {"atc": ["L04"]})
    assert one.union(other) == other.union(one)
    assert one.union(other).parts == tuple(Part(*part) for part in (*other.parts, *one.parts))


def test_union_of_nothing_is_the_set_itself() -> None:
    found = codes({"loinc": ["1"]})
    assert found.union() == found
    assert CodeSet().union(found) == found
    assert not CodeSet().union()


def test_an_empty_set_matches_nothing() -> None:
    assert codes({}) == CodeSet() == codes({"loinc": []}) == codes({}, {"loinc": ["1"]})
    assert not codes({})
    assert codes({"loinc": ["1"]})
    assert not CodeSet().matches("loinc", "1")
    assert CodeSet().systems() == ()
    assert CodeSet().exact == CodeSet().prefixes == frozenset()


def test_what_is_listed_can_be_seen() -> None:
    found = codes({"loinc": ["2", "1"], "icd-10-cm": ["c15.3"]}).union(
        codes({"icd-10-cm": ["C15"], "snomed": ["9"]}, {"snomed": ["8"]})
    )
    assert found.exact == {Coding("loinc", "1"), Coding("loinc", "2"), Coding("snomed", "9")}
    assert found.prefixes == {Coding("icd-10-cm", "C15")}
    assert found.systems() == ("icd-10-cm", "loinc", "snomed")


def test_wire_is_sorted_and_its_digest_stable() -> None:
    found = codes({"loinc": ["2", "1"], "icd-10": ["J44.1", "J44"]}, {"icd-10-cm": ["J44.0"]})
    assert found.wire() == [
        {
            "codes": {"icd-10": ["J44"], "icd-10-cm": ["J44"], "icd-10-gm": ["J44"], "loinc": ["1", "2"]},
            "except": {"icd-10-cm": ["J440"]},
        }
    ]
    assert list(found.wire()[0]["codes"]) == ["icd-10", "icd-10-cm", "icd-10-gm", "loinc"]
    assert codes({"loinc": ["1"]}).wire() == [{"codes": {"loinc": ["1"]}}]
    # printf '[{"codes":{"loinc":["1"]}}]' | sha256sum
    assert codes({"loinc": ["1"]}).digest() == (
        "50e2c5d53b627ab4a49ef721d8d77961799aeea821bd856c034d927a6b505842"
    )
    assert codes({"atc": ["A"], "loinc": ["1", "2"]}).digest() == (
        "a84b377d2e3062b16802ddf9707afeea8bd389f75fb83bc7db06b6e939bcefeb"
    )
    assert CodeSet().digest() != found.digest()


def test_equal_sets_are_equal_objects() -> None:
    one = codes({"icd-10": ["C15", "C15.1"], "loinc": ["1", "2"]})
    other = codes({"loinc": ["2", "1", "1"], "icd-10": ["c15"]})
    one.matches("loinc", "1")
    assert one == other
    assert hash(one) == hash(other)
    assert one.digest() == other.digest()
    assert "remembered" not in repr(one)
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own bytes
    parts = (Part(Codes.from_data({"loinc": ["1"]}), Codes()), Part(Codes.from_data({"atc": ["A"]}), Codes()))
    assert CodeSet(parts).wire() == CodeSet(parts[::-1]).wire()


def test_a_longer_prefix_is_dropped_within_its_system_only() -> None:
    found = Codes.from_data({"icd-10-cm": ["C15.3", "C15", "C16.0"], "atc": ["C153", "L"]})
    assert found.wire() == {"atc": ["C153", "L"], "icd-10-cm": ["C15", "C160"]}


def test_codes_by_themselves() -> None:
    assert not Codes()
    assert Codes.from_data({"atc": ["L"]})
    assert Codes.from_data({"loinc": ["1"]})
    assert not Codes.from_data({"loinc": ["1"]}).has("loinc", "2")
    both = Codes.from_data({"loinc": ["1"], "atc": ["L01"]}).union(
        Codes.from_data({"loinc": ["2"], "atc": ["L"]})
    )
    assert both.wire() == {"atc": ["L"], "loinc": ["1", "2"]}


@pytest.mark.parametrize("listed", ["777-3", 5, None])
def test_codes_are_a_list(listed: Any) -> None:
    with pytest.raises(MappingError) as caught:
        Codes.from_data({"loinc": listed})
    assert str(caught.value) == "the codes of 'loinc' are no list\n  expected: [\"718-7\", …]"


@pytest.mark.parametrize(
    ("code", "what", "remedy"),
    [
        (777, "is no text, but 777", "quote every code"),
        (1e5, "is no text, but 100000.0", "quote every code"),
        (None, "is no text, but None", "quote every code"),
        ("", "is empty: ''", "write the code"),
        (" ", "is empty: ' '", "write the code"),
        (".", "is empty: '.'", "write the code"),
        ("777-3 ", "has spaces around it: '777-3 '", "write the code"),
    ],
)
def test_a_code_is_text(code: object, what: str, remedy: str) -> None:
    with pytest.raises(MappingError) as caught:
        CodeSet.from_data({"loinc": [code]})
    assert caught.value.what == f"a code of 'loinc' {what}"
    assert remedy in (caught.value.remedy or "")


listed_codes = st.dictionaries(
    st.sampled_from(["loinc", "icd-10", "icd-10-cm", "atc", "icd-o-3"]),
    st.lists(st.text("C1.5a/", min_size=1, max_size=4).filter(plain), max_size=4),
    max_size=4,
)


@given(listed_codes, listed_codes, listed_codes)
def test_union_matches_what_either_matches(
    one: dict[str, list[str]], other: dict[str, list[str]], excepted: dict[str, list[str]]
) -> None:
    left, right = codes(one, excepted), codes(other)
    both = left.union(right)
    asked = [(system, code) for data in (one, other, excepted) for system in data for code in data[system]]
    for system, code in asked:
        for tail in ("", "1"):
            either = left.matches(system, code + tail) or right.matches(system, code + tail)
            assert both.matches(system, code + tail) == either
    assert both.digest() == right.union(left).digest()
    json.dumps(both.wire())
