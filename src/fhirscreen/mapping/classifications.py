"""ICD-10-CM as it is shipped: what its categories and subcategories are called.

The index is made from the tabular list (NCHS and CMS; in the public domain in the United States) by
`python -m tests.lib.icd_10_cm`. It is read when it is asked for the first time, once in a process.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fhirscreen.mapping.folders import mappings_folder

FILE = "lookups/icd-10-cm.tsv.gz"
"""Where the index is in the folder of the mappings."""


class Index(NamedTuple):
    """`keys`: from a name in one spelling to codes, each with a letter; `titles`: from a code to its own."""

    keys: dict[str, str]
    titles: dict[str, str]


@cache
def read_index(path: Path) -> Index:
    """The index in a file."""
    keys, _, titles = gzip.decompress(path.read_bytes()).decode().partition("\n\n")
    return Index(
        dict(line.split("\t", 1) for line in keys.split("\n")),
        dict(line.split("\t", 1) for line in titles.splitlines()),
    )


def shipped_index() -> Path:
    """The file that is shipped, whatever mappings are in use."""
    return mappings_folder() / FILE
