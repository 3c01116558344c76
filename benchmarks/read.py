"""How many criteria one core reads a second, beside one plain pattern over the same text as the floor.

    python -m benchmarks.read FILE.jsonl [--repeat 5] [--profile]

FILE.jsonl holds eligibility texts, one `{"id", "text"}` a line. One process, one thread; seconds are of the
process's own CPU, the best of the repeats, without loading the mappings. Reach: 3,000 criteria a second.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import re
from pathlib import Path

from benchmarks.evaluate import best
from fhirscreen.mapping.loading import load_catalogue, mappings_folder
from fhirscreen.reading import Reader, Status, read_records

REACH = 3000
_WORDS = re.compile(r"(\w+)|([^\w\s])")


def main() -> None:
    """Reads the texts and prints what it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    texts = [record.text for record in read_records(options.file)]
    reader = Reader(load_catalogue(mappings_folder()))
    gc.collect()
    gc.freeze()  # as the command does
    gc.set_threshold(50_000, 20, 50)
    readings = [reading for text in texts for reading in reader.read(text)]
    count = sum(reading.status is not Status.HEADING for reading in readings)
    if options.profile:
        with cProfile.Profile() as profile:
            for text in texts:
                reader.read(text)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return
    seconds = best(lambda: [reader.read(text) for text in texts], options.repeat)
    floor = best(
        lambda: [[match.lastgroup for match in _WORDS.finditer(text)] for text in texts], options.repeat
    )
    print(f"{count} criteria in {len(texts)} texts")
    print(f"  read:  {seconds:8.3f} s  {count / seconds:10,.0f}/s  (reach {REACH:,})")
    print(f"  floor: {floor:8.3f} s  {count / floor:10,.0f}/s  one pattern over the same text")


if __name__ == "__main__":
    main()
