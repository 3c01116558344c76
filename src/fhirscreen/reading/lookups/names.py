"""Names as they are compared: one spelling, number and word for the same name."""

from __future__ import annotations

import re
import unicodedata

from fhirscreen.reading.characters import flatten
from fhirscreen.reading.tokens import fold

_WORD = re.compile(r"[^\W_]+(?:'[a-z]{1,2}\b)?")
_BARE = re.compile(r"(?<=[a-z])(?:'s?|s')(?![a-z])", re.IGNORECASE)
_DROPPED = frozenset({"the", "a", "an"})
_SAME = {
    "disorder": "disease", "syndrome": "disease", "illness": "disease", "pulmonary": "lung",
    "renal": "kidney", "hepatic": "liver", "cardiac": "heart", "bleeding": "hemorrhage",
}  # fmt: skip
LONGEST = 8
"""A name of more words than this is nothing that a criterion says."""
_TURNED = re.compile(r"disease of (.+)")


def name_keys(name: str) -> tuple[str, ...]:
    """What a name is compared by: its words, then with one word for those that mean the same in any name.

    Of the second, `disease of liver` is `liver disease`. Empty where no word is left, or more than eight are.
    """
    if not name.isascii():
        plain = unicodedata.normalize("NFKD", flatten(name))
        name = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = [fold(word) for word in _WORD.findall(_BARE.sub("", name) if "'" in name else name)]
    last = len(words) - 1  # hepatitis A
    words = [word for at, word in enumerate(words) if at == last or word not in _DROPPED]
    if len(words) > LONGEST:
        return ()
    exact = " ".join(words)
    alike = " ".join(_SAME.get(word, word) for word in words)
    turned = _TURNED.fullmatch(alike)
    keys = (exact, turned[1] + " disease" if turned else alike)
    return tuple(dict.fromkeys(key for key in keys if key and key != "disease"))
