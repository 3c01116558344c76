"""What is read: records of ClinicalTrials.gov (API v2), plain text, and many texts as JSON lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fhirscreen.criteria.records import Record, RegisteredAge
from fhirscreen.exceptions import StudyError

_AGE = re.compile(r"(\d+)\s*(Year|Month|Week|Day|Hour|Minute)s?", re.IGNORECASE)
_UNITS = {"year": "a", "month": "mo", "week": "wk", "day": "d", "hour": "h", "minute": "min"}
_SURROGATE = re.compile("[\ud800-\udfff]")
_EXPECTED = "a study record of the ClinicalTrials.gov API v2, with `protocolSection`"
_SUFFIXES = (".json", ".jsonl", ".ndjson", ".txt")


def read_records(path: Path) -> Iterator[Record]:
    """The records of a file, by its suffix.

    Raises StudyError for a file that cannot be read or is none of these; where a line of many is wrong, with
    its number.
    """
    if path.suffix not in _SUFFIXES:
        raise StudyError(
            f"`{path.suffix or path.name}` is no kind of file that can be read",
            where=str(path),
            expected="a record (.json), a text (.txt), or texts (.jsonl)",
            remedy="save the eligibility text as .txt",
        )
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise StudyError(
            "the file cannot be read", where=str(path), expected="a file", remedy=error.strerror
        ) from None
    except UnicodeDecodeError:
        raise StudyError(
            "the file is not UTF-8", where=str(path), expected="text in UTF-8", remedy="save it as UTF-8"
        ) from None
    if path.suffix == ".txt":
        yield Record(path.stem, content)
    elif path.suffix == ".json":
        yield parse_record(_json(content, str(path)), str(path))
    else:
        yield from parse_lines(content, str(path))


def parse_lines(content: str, where: str = "") -> Iterator[Record]:
    """One record a line: `{"id", "text"}`."""
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        place = f"{where}:{number}"
        data = _json(line, place)
        if (
            not isinstance(data, dict)
            or not isinstance(data.get("text"), str)
            or not isinstance(data.get("id"), str | int)
        ):
            raise StudyError("a line is no text with an id", where=place, expected='{"id": "…", "text": "…"}')
        yield Record(_sound(str(data["id"])), _sound(data["text"]))


def _json(content: str, where: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise StudyError(
            "this is no JSON", where=where, expected="JSON", remedy="check that the file is whole"
        ) from None


def parse_record(data: Any, where: str = "") -> Record:
    """A record of the ClinicalTrials.gov API v2. Raises StudyError for another version or shape."""
    if not isinstance(data, dict):
        raise StudyError("this is no study record", where=where, expected=_EXPECTED)
    if "protocolSection" not in data:
        _refuse(data, where)
    protocol = data["protocolSection"]
    eligibility = _module(protocol, "eligibilityModule", where)
    identity = _module(protocol, "identificationModule", where)
    number = identity.get("nctId")
    if not isinstance(number, str) or not number:
        raise StudyError(
            "the record has no number",
            where=f"{where}: identificationModule.nctId",
            expected="like NCT06907602",
        )
    text = eligibility.get("eligibilityCriteria")
    if text is not None and not isinstance(text, str):
        raise StudyError(
            "the eligibility text is no text",
            where=f"{where}: eligibilityModule.eligibilityCriteria",
            expected="text",
        )
    status = _text(protocol, "statusModule", "overallStatus")
    if not text:
        withheld = status in ("WITHHELD", "NO_LONGER_AVAILABLE")
        raise StudyError(
            "the record is withheld" if withheld else "the record has no eligibility text",
            where=f"{where}: {number}",
            expected="eligibilityModule.eligibilityCriteria",
            remedy="read the protocol's own text from a .txt file",
        )
    number, text = _sound(number), _sound(text)
    design = protocol.get("designModule")
    phases = design.get("phases") if isinstance(design, dict) else None
    conditions = protocol.get("conditionsModule")
    named = conditions.get("conditions") if isinstance(conditions, dict) else None
    sponsor = protocol.get("sponsorCollaboratorsModule")
    sex = str(eligibility.get("sex", "")).lower()
    return Record(
        number,
        text,
        _line(identity.get("briefTitle")) or _line(identity.get("officialTitle")),
        "-".join(_phase(p) for p in phases) if isinstance(phases, list) and phases else None,
        status,
        tuple(dict.fromkeys(filter(None, map(_line, named)))) if isinstance(named, list) else (),
        _line(_text({"s": sponsor.get("leadSponsor")}, "s", "name")) if isinstance(sponsor, dict) else None,
        sex if sex in ("male", "female") else None,
        _age(eligibility.get("minimumAge")),
        _age(eligibility.get("maximumAge")),
    )


def _refuse(data: dict[str, Any], where: str) -> None:
    if "FullStudiesResponse" in data or "StudyFieldsResponse" in data or "Study" in data:
        raise StudyError(
            "this is a record of the registry's old API",
            where=where,
            expected=_EXPECTED,
            remedy="fetch the record from API v2 (/api/v2/studies/NCT…)",
        )
    if "studies" in data:
        raise StudyError(
            "this is an answer with several studies",
            where=where,
            expected=_EXPECTED,
            remedy="save each of `studies` as a file",
        )
    raise StudyError("this is no study record", where=where, expected=_EXPECTED)


def _module(protocol: Any, name: str, where: str) -> dict[str, Any]:
    found = protocol.get(name) if isinstance(protocol, dict) else None
    if not isinstance(found, dict):
        raise StudyError(f"the record has no {name}", where=where, expected=_EXPECTED)
    return found


def _text(protocol: dict[str, Any], module: str, key: str) -> str | None:
    found = protocol.get(module)
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else None


def _sound(text: str) -> str:
    """The text without halves of surrogate pairs, which no UTF-8 can hold; as long as it was."""
    return _SURROGATE.sub("\ufffd", text)


def _line(value: object) -> str | None:
    return " ".join(_sound(value).split()) or None if isinstance(value, str) else None


def _phase(name: object) -> str:
    """The code of FHIR's `research-study-phase`: `EARLY_PHASE1` → `early-phase-1`."""
    words = re.sub(r"phase(?=[0-9])", "phase-", str(name).lower().replace("_", "-"))
    return "n-a" if words == "na" else words


def _age(value: object) -> RegisteredAge | None:
    match = _AGE.fullmatch(value.strip()) if isinstance(value, str) else None
    return RegisteredAge(float(match[1]), _UNITS[match[2].lower()]) if match else None
