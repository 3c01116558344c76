"""Files of FHIR: NDJSON (plain or gzip) by any file names, and JSON files with Bundles or single resources.

What cannot be read is given back verbatim with its file and line; nothing is dropped in silence.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.references import named_patient
from fhirscreen.fhir.remnants import read_remnant, split_records, told_types
from fhirscreen.fhir.types import RESOURCE_TYPES


class Line(NamedTuple):
    """One resource of a file, or what stands there instead: verbatim, with the reason.

    `patient` (an id, or the `urn:` of an entry) and `types` say of what could not be read whom and what it
    may have been about: without them, anybody and anything. With `rest`, all that followed in its file is
    lost too. With `merges`, a Patient may have said, and cannot be read, whose records follow whose.
    `named_for` is the type that its file is named for, where the resource's is another; `joined`: it stands
    with others where one resource is expected.
    """

    where: str
    resource: Resource | None
    reason: str = ""
    verbatim: str = ""
    full_url: str | None = None
    patient: str | None = None
    types: tuple[str, ...] = ()
    rest: bool = False
    merges: bool = False
    named_for: str | None = None
    joined: bool = False


def read_ndjson(folder: Path) -> Iterator[Line]:
    """Every line of every `.ndjson` and `.ndjson.gz` file below a folder, in the order of their names.

    Raises DataError where there is no such folder or no such file.
    """
    for path in ndjson_files(folder):
        yield from _lines(path, folder)


def ndjson_files(folder: Path) -> list[Path]:
    """Every `.ndjson` and `.ndjson.gz` file below a folder, in the order of their names.

    Raises DataError where there is no such folder or no such file.
    """
    files = [path for path in _files(folder) if path.name.endswith((".ndjson", ".ndjson.gz"))]
    if not files:
        raise DataError(
            "no NDJSON file in the folder",
            where=str(folder),
            expected=".ndjson or .ndjson.gz files",
            remedy="read Bundles with --bundles" if any(folder.rglob("*.json")) else "check the path",
        )
    return files


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        file = folder.exists()
        raise DataError(
            "this is a file, and no folder" if file else "there is no such folder",
            where=str(folder),
            expected="a folder with files of FHIR",
            remedy="give the folder that it lies in: all its files are read" if file else "check the path",
        )
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _lines(path: Path, folder: Path) -> Iterator[Line]:
    name = str(path.relative_to(folder))
    number = 0
    seen: set[str] = set()
    held: list[Line] = []
    named = [kind for kind in _NAMED.findall(path.name) if kind in RESOURCE_TYPES]
    only = named[0] if len(named) == 1 and named != [_BUNDLE] else None

    def lost(types: Iterable[str] = ()) -> tuple[str, ...]:
        """What may have stood where nothing can be read: the one type of the file, else (none) anything."""
        found = {*seen, *named, *types}
        return tuple(found) if len(found) == 1 and _BUNDLE not in found else ()

    with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as file:
        try:
            for number, raw in enumerate(file, 1):
                for line in () if raw.isspace() else _parsed(f"{name}:{number}", raw):
                    if line.resource is None:
                        seen.update(line.types or told_types(line.verbatim))
                        if line.rest:
                            yield line._replace(reason=_BROKEN, types=lost(line.types))
                        elif line.types:
                            yield line
                        else:
                            held.append(line)  # what the file is of is known at its end
                        continue
                    kind = line.resource["resourceType"]
                    seen.add(kind)
                    if kind == _BUNDLE:
                        for entry in unbundled(line.resource, line.where):
                            entry = entry._replace(joined=line.joined)
                            yield entry if entry.resource is None else _named(entry, only)
                    else:
                        yield _named(line, only)
        except (OSError, EOFError, zlib.error):
            yield Line(f"{name}:{number + 1}", None, _BROKEN, "", types=lost(), rest=True)
    for line in held:
        yield line._replace(types=lost(), merges=True)


def _named(line: Line, only: str | None) -> Line:
    """A line that was read, with the one type that its file is named for where it is another."""
    assert line.resource is not None  # noqa: S101 - narrowed by the caller
    return line if only in (None, line.resource["resourceType"]) else line._replace(named_for=only)


_BUNDLE = "Bundle"
_BROKEN = "the file cannot be read any further"


def _parsed(where: str, raw: bytes) -> Iterator[Line]:
    """What stands where one resource is expected: records that follow each other are read one by one."""
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        text = raw.decode("utf-8", "backslashreplace").rstrip("\r\n")
        parts = split_records(text)
        for number, part in enumerate(parts, 1):
            line = _part_of(where, part)
            if line.resource is not None:
                yield line._replace(joined=len(parts) > 1)
            else:
                # Whoever writes a line ends it: this one was cut, and what followed is lost.
                yield line._replace(rest=number == len(parts) and not raw.endswith(b"\n"))
        return
    reason = _refused(data)
    if reason:
        text = raw.decode("utf-8", "backslashreplace").rstrip("\r\n")
        yield _refusal(where, reason, data, text)._replace(rest=not raw.endswith(b"\n"))
    else:
        yield Line(where, data)


def _part_of(where: str, text: str) -> Line:
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError:
        type, patient, merges = read_remnant(text)
        types = (type,) if type else ()
        return Line(where, None, "not JSON, or cut off", text, patient=patient, types=types, merges=merges)
    reason = _refused(data)
    return _refusal(where, reason, data, text) if reason else Line(where, data)


_NAMED = re.compile(r"[A-Z][A-Za-z]+")


def _refusal(where: str, reason: str, data: Any, text: str) -> Line:
    """What is JSON and no resource, with whom and what it names."""
    if not isinstance(data, dict):
        return Line(where, None, reason, text)
    kind = data.get("resourceType")
    known = isinstance(kind, str) and kind in RESOURCE_TYPES and kind != "Bundle"
    return Line(
        where,
        None,
        reason,
        text,
        patient=named_patient(data),
        types=(str(kind),) if known else (),
    )


def _refused(data: Any) -> str:
    """Why something is no resource; empty where it is one."""
    if not isinstance(data, dict):
        return "not a JSON object"
    if not isinstance(data.get("resourceType"), str):
        return "no resourceType"
    if data["resourceType"] not in RESOURCE_TYPES:
        return "not a resource type of R4"
    if not isinstance(data.get("id"), str) and data["resourceType"] != "Bundle":
        return "no id"
    return ""


def read_bundles(folder: Path) -> Iterator[Line]:
    """Every resource of every `.json` file below a folder: Bundles of any type, or single resources.

    Raises DataError where there is no such folder or no such file.
    """
    files = [path for path in _files(folder) if path.suffix == ".json"]
    if not files:
        raise DataError(
            "no JSON file in the folder",
            where=str(folder),
            expected=".json files",
            remedy="read NDJSON with --ndjson" if any(folder.rglob("*.ndjson*")) else "check the path",
        )
    for number, path in enumerate(files, 1):
        # By its number a file can be found without its name, which may be that of a patient.
        name = f"{path.relative_to(folder)} (file {number} of {len(files)})"
        raw = path.read_bytes()
        for line in _parsed(name, raw):
            if line.resource is None:
                yield line._replace(rest=False)
                continue
            for entry in unbundled(line.resource, name):
                yield entry._replace(joined=line.joined)


_WITHHELD = "an entry has no resource"  # R4, bdl-5


def _part(entry: Resource, element: str, inner: str) -> object:
    found = entry.get(element)
    return found.get(inner) if isinstance(found, dict) else None


def unbundled(resource: Resource, where: str, full_url: str | None = None) -> Iterator[Line]:
    """The resources of a Bundle, Bundles in Bundles too; any other resource is itself.

    Entries whose request deletes are left out. A history has the newest version of everything first (R4,
    http.html): the older ones are left out, and all of what was deleted. Entries without an id take it from
    their fullUrl; what a server says about its search is no resource of anybody.
    """
    if resource.get("resourceType") != "Bundle":
        yield Line(where, resource, full_url=full_url)
        return
    entries = resource.get("entry", [])
    if not isinstance(entries, list):
        yield Line(where, None, "Bundle.entry is not a list", orjson.dumps(resource).decode())
        return
    history = resource.get("type") == "history"
    newest: set[str] = set()
    for number, entry in enumerate(entries):
        place = f"{where}:entry[{number}]"
        if not isinstance(entry, dict):
            yield Line(place, None, "not a JSON object", orjson.dumps(entry).decode())
            continue
        inner = entry.get("resource")
        if inner is None or ("search" in entry and _part(entry, "search", "mode") == "outcome"):
            if _part(entry, "request", "method") == "DELETE":
                newest.add(str(_part(entry, "request", "url")))
            elif inner is None and not ("request" in entry or "response" in entry):
                yield Line(place, None, _WITHHELD, orjson.dumps(entry).decode())
            continue
        url = entry.get("fullUrl")
        url = url if isinstance(url, str) else None
        if isinstance(inner, dict):
            if "id" not in inner and url is not None:
                inner = {**inner, "id": url.rsplit(":" if url.startswith("urn:") else "/", 1)[-1]}
            if history:
                reference = f"{inner.get('resourceType')}/{inner.get('id')}"
                if reference in newest:
                    continue
                newest.add(reference)
        reason = _refused(inner)
        if reason:
            yield _refusal(place, reason, inner, orjson.dumps(inner).decode())
        elif inner["resourceType"] == _BUNDLE:
            yield from unbundled(inner, place, url)
        else:
            yield Line(place, inner, "", "", url)
