"""Fuzzing the reader by coverage: `python -m tests.fuzz.reading [-runs=N] [CORPUS]`, libFuzzer's options.

Any text is read without an error, the same twice, and every piece of it stands where it says.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["fhirscreen.reading"]):
    from fhirscreen.criteria.wire import write_study
    from fhirscreen.mapping.loading import load_catalogue
    from fhirscreen.reading import Reader, Record, make_study

_READER = Reader(load_catalogue())


def check(data: bytes) -> None:
    """One input: whatever is no UTF-8 in it is replaced."""
    text = data.decode("utf-8", "replace")
    readings = _READER.read(text)
    if readings != _READER.read(text):
        raise AssertionError("read otherwise the second time")
    for reading in readings:
        if reading.start is None or reading.text != text[reading.start : reading.end]:
            raise AssertionError("a piece does not stand where it says")
    if text.strip():
        write_study(make_study(Record("fuzzed", text), _READER))


def main() -> None:
    """Runs until something breaks, or as often as `-runs` says."""
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
