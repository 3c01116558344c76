"""Studies as a user names them: a file, a folder of files, or the number of a shipped one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire import load_study
from fhirscreen.exceptions import Faults, UsageError

_SUFFIXES = (".yaml", ".yml", ".json")


def find_files(given: Iterable[str], mappings: Path) -> list[Path]:
    """The study files that are meant, each once, in the order given; a folder's by name.

    Raises UsageError for what is neither a file, nor a folder with studies, nor a shipped number.
    """
    found: dict[Path, None] = {}
    for name in given:
        found.update(dict.fromkeys(_files(name, mappings)))
    return list(found)


def find_studies(given: Iterable[str], mappings: Path) -> list[Study]:
    """The studies that are meant. Raises UsageError as `find_files`, StudyError for a file that is none."""
    faults, found = Faults(), []
    for path in find_files(given, mappings):
        with faults:
            found.append(load_study(path))
    faults.check()
    return distinct(found)


def distinct(studies: Sequence[Study]) -> list[Study]:
    """The studies, if no two have the same number; UsageError otherwise."""
    for number, times in Counter(study.id for study in studies).items():
        if times > 1:
            raise UsageError(
                f"the study {number} is given {times} times",
                expected="each study once",
                remedy="leave one of its files out",
            )
    return list(studies)


def shipped(mappings: Path) -> dict[str, Path]:
    """The studies that come with the mappings, by number."""
    return {path.stem: path for path in sorted((mappings / "studies").glob("*.yaml"))}


def _files(name: str, mappings: Path) -> list[Path]:
    path = Path(name)
    if path.is_file():
        return [path]
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.suffix in _SUFFIXES and each.is_file())
        if not files:
            raise UsageError("the folder holds no study", where=name, expected="files .yaml, .yml or .json")
        return files
    known = shipped(mappings)
    for number, file in known.items():
        if number.casefold() == name.casefold():
            return [file]
    raise UsageError(
        "there is no such study",
        where=name,
        expected=f"a file, a folder of study files, or a shipped number ({', '.join(known)})",
        remedy="check the path; docs/ tells how to write a study file",
    )
