"""A random draw of criteria that were read as computed, to be judged beside what was made of them.

    python -m benchmarks.audit FILE.jsonl... [--count 200] [--seed 20261122]

A file holds eligibility texts, one `{"id" or "nct", "text"}` a line. Prints one JSON object a criterion: the
trial, the offsets, the section, the words, the expression in English and as it is written in a study file.
The same seed on the same texts and the same version draws the same criteria, whatever the order of the files.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import orjson

from fhirscreen.criteria.english import say_sentence
from fhirscreen.criteria.wire import write_expression
from fhirscreen.mapping.loading import load_catalogue, mappings_folder
from fhirscreen.reading import Reader, Reading, Status


def main() -> None:
    """Reads the texts, draws, and prints what was drawn in the order of the texts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20261122)
    options = parser.parse_args()
    lines = [orjson.loads(line) for path in options.files for line in path.read_bytes().splitlines()]
    texts = {line.get("id") or line["nct"]: line["text"] for line in lines}
    reader = Reader(load_catalogue(mappings_folder()))
    computed = [
        (trial, reading)
        for trial, text in sorted(texts.items())
        for reading in reader.read(text)
        if reading.status is Status.COMPUTED
    ]
    drawn = sorted(random.Random(options.seed).sample(range(len(computed)), options.count))
    for number, at in enumerate(drawn, 1):
        print(_line(number, *computed[at]))


def _line(number: int, trial: str, reading: Reading) -> str:
    assert reading.expression is not None
    drawn = {
        "number": number,
        "trial": trial,
        "start": reading.start,
        "end": reading.end,
        "kind": reading.kind,
        "group": reading.group,
        "text": reading.text,
        "says": say_sentence(reading.expression),
        "expression": write_expression(reading.expression),
        "warnings": reading.warnings,
    }
    return orjson.dumps(drawn).decode()


if __name__ == "__main__":
    main()
