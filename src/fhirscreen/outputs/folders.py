"""Writing a folder, or a file, whole or not at all: made beside its place, then renamed into it."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from fhirscreen.exceptions import UsageError

MARK = "run.json"
"""The file that makes a folder a run of ours."""


def check_folder(out: Path, files: Collection[str]) -> None:
    """Raises UsageError where `out` may not be written or replaced.

    It may where it does not exist, is empty, or is an earlier run: holds `run.json`, and nothing but `files`.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise UsageError("a file stands where the folder is to be", where=str(out), expected="a folder")
    found = {path.name for path in out.iterdir()}
    remedy = "name another folder, or empty this one"
    if found and MARK not in found:
        raise UsageError(
            "the folder holds something that is no run",
            where=str(out),
            expected="a new or empty folder, or an earlier run to replace",
            remedy=remedy,
        )
    if foreign := sorted(found - set(files)):
        raise UsageError(
            f"beside an earlier run the folder holds what no run wrote, such as {foreign[0]!r}",
            where=str(out),
            expected="nothing but an earlier run to replace",
            remedy=remedy,
        )


@contextmanager
def written_whole(out: Path, files: Collection[str]) -> Iterator[Path]:
    """A new folder beside `out` to write into, renamed to `out` at the end; removed where anything fails.

    Raises UsageError as `check_folder` does; OSError where the place cannot be written.
    """
    out = out.resolve()
    check_folder(out, files)
    out.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(4)
    beside, former = (out.with_name(f".{out.name}.{token}.{role}") for role in ("new", "former"))
    beside.mkdir()
    try:
        yield beside
        check_folder(out, files)
        if out.exists():
            out.rename(former)
        try:
            beside.rename(out)
        except OSError:
            if former.exists():
                former.rename(out)
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        if out.exists():
            shutil.rmtree(former, ignore_errors=True)


def write_file(path: Path, text: str) -> None:
    """A file whole or not at all: written beside its place, then put there.

    Raises UsageError where it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(
            f"the file cannot be written: {error.strerror}",
            where=str(path),
            expected="a folder that is there and may be written to",
            remedy="name another place",
        ) from None
