"""The index of ICD-10-CM that is shipped, made anew: `python -m tests.lib.icd_10_cm`.

Each category and subcategory but those of external causes (V to Y), by its title and its inclusion terms,
less what says only that nothing more is known ("unspecified", "NOS").
"""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from collections.abc import Iterator

from fhirscreen.criteria.suggestions import How
from fhirscreen.mapping.classifications import FILE
from fhirscreen.mapping.loading import mappings_folder
from fhirscreen.reading.lookups.icd_10_cm import LETTERS
from fhirscreen.reading.lookups.names import name_keys

_ASIDE = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])")
_NOTHING_MORE = re.compile(
    r",?\s+(?:NOS|not otherwise specified)$"
    r"|,\s*unspecified(?:\s+(?:type|organism|site|part|cause|severity))?$"
    r"|,\s*(?:site|organism|type|cause) unspecified$|^unspecified\s+|(?<=transplant) status$",
    re.IGNORECASE,
)
_OTHER = re.compile(r"\[([a-z][a-z ]+)\]")
"""Another name, in brackets; not an abbreviation, nor a person."""
_WORD = 7
_DISEASE = re.compile(r"\w{4,}(?:is|ia|oma|ism|pathy|thorax|rrhea|megaly|edema)|.*\W.*")
"""What a term says by itself, without the title above it ("Margin", "Axis")."""
_EXTERNAL = "VWXY"
_SUBSTANCES = ("T36", "T65")
_NOTHING = ("B99", "C80", "R69", "R99", "T14", "T78.4", "Z52.9", "Z65")
"""Illness, cancer, infection, injury: what names a class of everything is no finding."""


def _names(name: str) -> Iterator[str]:
    """A name, and it without what stands in brackets and what says that nothing more is known."""
    yield name
    yield from (aside for aside in _OTHER.findall(name) if " " in aside or len(aside) >= _WORD)
    bare = _ASIDE.sub("", name)
    while (less := _NOTHING_MORE.sub("", bare)) != bare:
        bare = less
    yield bare


def make_index() -> str:
    """The text of the index: lines `key TAB code letter …`, an empty line, lines `code TAB title`."""
    import simple_icd_10_cm as icd

    keys: dict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    titles: dict[str, str] = {}
    for code in icd.get_all_codes(with_dots=True):
        if code[0] in _EXTERNAL or not icd.is_category_or_subcategory(code):
            continue
        substance = _SUBSTANCES[0] <= code[:3] <= _SUBSTANCES[1]
        if icd.is_extended_subcategory(code) or substance or code.startswith(_NOTHING):
            continue
        titles[code] = icd.get_description(code)
        terms = [term for term in icd.get_inclusion_term(code) if _DISEASE.fullmatch(term)]
        told = [(titles[code], How.TITLE), *((term, How.TERM) for term in terms)]
        for text, how in told:
            for name in _names(text):
                for key in name_keys(name):
                    keys[key].setdefault((code, LETTERS[how]))
    lines = [
        f"{key}\t" + " ".join(f"{code}{letter}" for code, letter in sorted(found))
        for key, found in sorted(keys.items())
    ]
    named = {code for found in keys.values() for code, _ in found}
    return "\n".join([*lines, "", *(f"{code}\t{titles[code]}" for code in sorted(named))]) + "\n"


def main() -> None:
    """Writes the file; it has no time in it, so that the same index gives the same bytes."""
    path = mappings_folder() / FILE
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(make_index().encode(), 9, mtime=0))
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
