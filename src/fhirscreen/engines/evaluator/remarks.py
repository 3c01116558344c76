"""Remarks: what may stand after a category in words and leaves it as it is. Any other word leaves it open."""

from __future__ import annotations

import re

_PREFIX = r"(?<![a-z])(?:y?(?:c|p|us?|eus?|mri?|i|ct|pet)?\s?)"
_OPEN = r"(?:\s?(?:\?|\(\s?\?\s?\)|\((?:suspected|susp\.?|v\.\s?a\.|fraglich|possible)\)))?"
"""That another category is doubtful leaves this one as it is."""
_END = r"(?:(?![a-z\d])|(?=[cp]?[TNM]\s?[\dX]))"
_CATEGORY = (
    rf"{_PREFIX}[TNM]\s?(?:\?|(?:is|X|\+|[0-4](?:mi|[a-d])?\d?)"
    rf"(?:\s?[-\u2013\u2014/~]\s?[TNM]?(?:X|[0-4](?:mi|[a-d])?|[a-d]))?{_OPEN}){_END}"
)
_NUMBERED = r"(?<![a-z\d])(?:L[0-2X]|V[0-2X]|Pn[01X]|R[0-2X]|G[1-4X]|sm[1-3]|S[0-3])(?![a-z\d])"
_ADDED = (
    r"\((?:\d{1,2}\s?/\s?\d{1,2}|\d{1,2}|m|sn|f|mi|is|dcis|lcis|[iy][-+]|mol[-+]|cy[-+]|"
    r"hep|pul|oss|bra|lym|mar|ple|per|adr|ski|oth|\d+(?:[.,]\d+)?\s?[cm]m|[4-9]|1[0-5])\)"
)
_EDITION = (
    r"\b(?:AJCC|UICC|TNM|FIGO)(?:[\s,:]*(?:v(?:ersion)?\.?\s?)?[5-9](?:th\b|\.)?(?!\d))?"
    r"|\b[5-9](?:th\b|\.)(?=\s*(?:ed|auf))|\b(?:edition|auflage)\b|\bed\."
)
_POINTS = r"\b\d{1,2}\s?(?:points?|pts?|punkte?)\b\.?|\(\d{1,2}\s?(?:points?|pts?|punkte?)\)"
_WORDS = (
    r"\b(?:stage|stadium|category|kategorie|class|klasse|group|disease|tumou?r|carcinoma|karzinom|"
    r"(?:un|ir)?resectable|(?:ir)?resektabel|(?:in)?operabel|(?:in)?operable|pulmonary|hepatic|osseous|"
    r"pul|hep|oss|oligometasta(?:sis|tic)|metastatic|by|per|laut|im|in der|in the|clinical(?:ly)?|"
    r"klinisch|(?:endo)?sonograph(?:y|ie|isch|ically)|ultrasound|eus|ct|mrt?|mri|pet(?:[-/]ct)?)\b|期"
)
_REMARK = re.compile(
    rf"{_CATEGORY}|{_NUMBERED}|{_ADDED}|{_EDITION}|{_POINTS}|{_WORDS}|"
    r"[\s,;:.()\[\]]|(?<![-(\[])-(?=\s?(?:[cpyu]{0,2}[TNM]\s?[\dX]))",
    re.IGNORECASE,
)


def understood(rest: str) -> bool:
    """Whether every word after a category is known to leave it as it is: another category, an edition."""
    at = 0
    while at < len(rest):
        match = _REMARK.match(rest, at)
        if match is None:
            return False
        at = match.end()
    return True
