"""Texts: the value of a category that words say, and only where they say one without doubt."""

from __future__ import annotations

import re
import unicodedata

from fhirscreen.engines.evaluator.remarks import understood
from fhirscreen.mapping.concepts import Concept

_NOTHING: frozenset[str] = frozenset()

_OR = (
    r"\d?\s*(?:[-\u2013\u2014/~\u2192&\u3001\u6216\u81f3\u5230]|->|=>|\b(?:or|vs|versus|to|and|and/or|bis|oder|od|und|bzw|evtl)\b\.?)"
    r"\s*(?:stage\s*)?(?:yc|yp|c|p)?"
)
_NEXT = {
    "T": r"T?(?:[0-4X]|is)|[a-d]\b",
    "N": r"N?[0-3X]|N\+|[a-c]\b",
    "M": r"M?[01X]|[a-d]\b",
    "I": r"I?[IVX]+[A-D]?\b|[A-D]\b",
    "0": r"[IVX]+[A-D]?\b",
    "A": r"[ABC]\d{0,2}\b",
}
_ALTERNATIVES = {first: re.compile(f"{_OR}(?:{after})", re.IGNORECASE) for first, after in _NEXT.items()}
"""By how a value begins: how another one follows that may hold as well (T2-3, II or III, A/B)."""
_FAMILIES = {"B": "A", "C": "A"}

_OTHER = re.compile(r"(?:yc|yp|c|p)?[TNM][0-4X+]", re.IGNORECASE)
"""Where the next category begins: what is doubtful there leaves this one as it is."""
_DOUBT = re.compile(
    r"^\s*\(?\?|\b(?:excluded|unlikely|possibl[ey]|probabl[ey]|likely|maybe|perhaps|suspected|suspicious|susp|"
    r"doubtful|versus|vs|"
    r"rul(?:e|ed|ing) out|unsure|uncertain|unsicher|nicht sicher|eventuell|evtl|"
    r"or (?:higher|worse|more|less|lower)|"
    r"fraglich|unklar|verdacht|v\.\s?a\.|ausgeschlossen|unwahrscheinlich|"
    r"(?:not|un|nicht) ?confirmed|unbestätigt|nicht bestätigt|false|falsch)(?![^\W\d_])|"
    r"可能|疑|待定|待查|考虑",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"\s*(?:[.,]\d|(?:[.,]\d+)?\s*(?:cm|mm)\b)|[\s-]*(?:weighted|gewichtet|hyperintens|signal)", re.IGNORECASE
)
"""What makes a T2 no category: a size (T 2 cm), or a sequence of MRI."""
_SPACE = re.compile(r"\s")
_AGAIN = {
    letter: re.compile(
        rf"(?<![a-z])(?:[a-z]{{1,4}}(?=[{letter}]))?({letter}\s?(?:is|X|\+|[0-4](?:mi|[a-d])?))(?![a-z\d])",
        re.IGNORECASE,
    )
    for letter in "TNM"
}
"""The same category once more: what it was before, or what another method says."""
_NEITHER = r"indeterm|equivoc|inconcl|borderl|grenzw|weak|schwach"
_OPPOSITES = {
    "positive": re.compile(rf"\b(?:neg|non?\b|not\b|nicht|kein|absent|{_NEITHER})|阴|弱", re.IGNORECASE),
    "negative": re.compile(rf"\b(?:pos|reac|reak|detected|nachgew|amplif|{_NEITHER})|阳|弱", re.IGNORECASE),
}
"""Details beside a result that speak against it."""


def read_text(concept: Concept, text: str) -> frozenset[str]:
    """The value that a concept's pattern reads in a text; none where it is in doubt, or may be another.

    Where the pattern has a group `to` that matches, the values from the one to the other. What its group
    `rest` holds has to be understood, every word of it. Forms of one letter (full width, Ⅲ) are one (NFKC).
    """
    text = unicodedata.normalize("NFKC", text)
    match = concept.pattern.search(text) if concept.pattern is not None and text else None
    if match is None:
        return _NOTHING
    named = {name: value for name, value in match.groupdict().items() if value is not None}
    last, beside = named.pop("to", None), named.pop("rest", "")
    # A pattern with several spellings of a value names its groups by the values.
    group: str | int = next(iter(named), 1)
    first = (group if isinstance(group, str) else _SPACE.sub("", match[1])).lower()
    names = [value.name for value in concept.values]
    found = [name for name in names if name.lower() == first]
    if not found:
        return _NOTHING
    rest = text[match.end("to" if last else group) :]
    if (
        not understood(beside)
        or _doubtful(match[group], rest)
        or (first in _OPPOSITES and _OPPOSITES[first].search(rest))
    ):
        return _NOTHING
    if last is None:
        return frozenset(found)
    ends = sorted(names.index(name) for name in (found[0], last) if name in names)
    return frozenset(names[ends[0] : ends[1] + 1]) if len(ends) == 2 else _NOTHING


def _doubtful(value: str, rest: str) -> bool:
    first = value[0].upper()
    alternative = _ALTERNATIVES.get(_FAMILIES.get(first, first))
    if (alternative is not None and alternative.match(rest)) or (first == "T" and _MEASURE.match(rest)):
        return True
    if again := _AGAIN.get(first):
        said = _SPACE.sub("", value).upper()
        if any(_SPACE.sub("", each).upper() != said for each in again.findall(rest)):
            return True
    other = _OTHER.search(rest)
    return _DOUBT.search(rest[: other.start()] if other else rest) is not None


_NO_RESULT = re.compile(
    r"[\s\-\u2013\u2014\u2212_./*]*|\W*(?:"
    r"(?:test )?not (?:done|performed|tested|assessed|available|applicable|reported|received|measured|"
    r"examined|evaluable|determined|recorded|known)|"
    r"tnp|qns|n/?a|n\.\s?a\.|unknown|pending|in progress|to follow|cancell?ed|missing|"
    r"(?:quantity|sample|specimen|material) (?:not sufficient|insufficient|missing)|"
    r"insufficient (?:quantity|sample|specimen|material)|no (?:sample|specimen|material|result|value)|"
    r"(?:(?:sample|specimen) )?(?:ha?emoly[sz]ed|clotted|lipa?emic)|"
    r"(?:probe )?(?:hämolytisch|geronnen|lipämisch)|"
    r"nicht (?:durchgeführt|bestimmt|bestimmbar|getestet|beurteilbar|erhoben|auswertbar|gemessen|messbar|"
    r"bekannt|untersucht|verfügbar)|"
    r"zu wenig material|kein material|keine angabe|k\.\s?a\.|unbekannt|folgt|ausstehend|in arbeit|storniert|"
    r"entfällt|fehlt|未检测|未检|未查|未做|未测|待报告"
    r")\W*(?:\([^()]*\)\W*)?",
    re.IGNORECASE,
)
"""Words that say that there is no result."""


def says_nothing(text: str) -> bool:
    """Whether a text, if there is one, only says that there is no result. Any other words may say one."""
    return _NO_RESULT.fullmatch(unicodedata.normalize("NFKC", text)) is not None


_NO = re.compile(r"\W*(?:no|nein|non|none|keine?s?|nicht|negativ(?:e)?|false|falsch|否|无)\W*", re.IGNORECASE)


def says_no(text: str) -> bool:
    """Whether a text only says that something is not so."""
    return _NO.fullmatch(unicodedata.normalize("NFKC", text)) is not None


_YES = re.compile(r"\W*(?:yes|ja|oui|true|wahr|是)\W*", re.IGNORECASE)


def says_yes(text: str) -> bool:
    """Whether a text only says that something is so."""
    return _YES.fullmatch(unicodedata.normalize("NFKC", text)) is not None


def names_value(concept: Concept, text: str) -> bool:
    """Whether a text holds the name of a value, unread as it may be."""
    names = "|".join(re.escape(value.name) for value in concept.values)
    return (
        bool(names)
        and re.search(rf"(?<![a-z\d])(?:yc|yp|[cpra])?(?:{names})(?![a-z])", text, re.IGNORECASE) is not None
    )


_LONGEST = 60


def in_short(text: str) -> str:
    """What a verdict shows of words: a short line as it stands; of a longer text only that it is in words.

    A paragraph is no value, may hold names and dates of a person, and cut short it says another thing.
    """
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST and "\n" not in text.strip() else "in words"
