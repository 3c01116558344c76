"""The stream of patients for benchmarks."""

from __future__ import annotations

from itertools import islice

import orjson

from fhirscreen.synthetic import generate_many


def test_half_are_members_and_records_are_of_a_real_size() -> None:
    patients = list(generate_many(60))
    assert [len(record) for _, record in patients if not 40 <= len(record) <= 60] == []
    assert sum(40 <= len(record) <= 45 for _, record in patients) >= 55
    cancers = [patient for patient, record in patients if any("-cancer-" in each["id"] for each in record)]
    assert len(cancers) == 30


def test_it_is_lazy_and_reproducible() -> None:
    first = orjson.dumps(list(islice(generate_many(10**9, only_members=True), 5)))
    assert first == orjson.dumps(list(generate_many(5, only_members=True)))
