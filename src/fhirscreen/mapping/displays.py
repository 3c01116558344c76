"""What codes are called: the displays of `mappings/codes/*.csv`, to be shown and never to be matched."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from fhirscreen.mapping.concepts import Concept, Role
from fhirscreen.values.codes import ICD_10, CodeSet, is_prefix, plain

Displays = Mapping[tuple[str, str], str]
"""From a system's short name and a code, as it is compared, to what it is called."""

# A drug's code (J01DD04) begins as a diagnosis may (J01.9).
_ATC = re.compile(r"[A-Z]\d\d[A-Z][A-Z]\d\d", re.ASCII)
_CHAPTER = "(prefix)"
_SEMANTIC_TAG = re.compile(r" \([a-z/ ]+\)$")


def load_displays(folder: Path) -> dict[tuple[str, str], str]:
    """The displays of every list in a folder of codes; the first one of a code holds."""
    found: dict[tuple[str, str], str] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                display = _SEMANTIC_TAG.sub("", row["display"] or "")
                # A whole chapter (F01 to F99) is no name of what is recorded.
                if display and not (row["display"] or "").endswith(_CHAPTER):
                    found.setdefault((row["system"], _compared(row["system"], row["code"])), display)
    return found


def call(code: str, concepts: Iterable[Concept], displays: Displays) -> str:
    """What a recorded code is called, among the codes by which the concepts are found; empty where unknown.

    The system of a recorded value is not kept: it is one in which a concept lists the code. What no list
    names, a local code, is called as the concept that it stands for.
    """
    label = ""
    for concept in concepts:
        for source in concept.sources:
            for codes in (source.codes, source.value, source.morphology):
                for system in codes.systems() if codes is not None else ():
                    if codes is None or not codes.matches(system, code):
                        continue
                    if (system in ICD_10 and _ATC.fullmatch(code)) or (system == "atc" and "." in code):
                        continue
                    if found := _named(system, code, codes, displays):
                        return found
                    if source.role is Role.MATCH:
                        label = label or concept.label
    return label


def _named(system: str, code: str, codes: CodeSet, displays: Displays) -> str:
    """The display of the code, or of the nearest code above it that still belongs to the set."""
    systems = ICD_10 if system in ICD_10 else (system,)
    compared = _compared(system, code)
    while compared and codes.matches(system, compared):
        for each in systems:
            if found := displays.get((each, compared)):
                return found
        if not is_prefix(system, code):
            break
        compared = compared[:-1]
    return ""


def _compared(system: str, code: str) -> str:
    return plain(code) if is_prefix(system, code) else code
