"""What several processes do to one store at the same moment. A process is a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fhirscreen.store import jobs, studies, subjects, tokens
from fhirscreen.store.databases import Database
from tests.lib.subjects import BASE, STUDY, study, subject

AT = datetime(2026, 5, 31, 4, tzinfo=UTC)


def migrate(database: Database, _me: int) -> bool:
    """Bring the tables up."""
    database.migrate()
    return database.ready()


def lease(database: Database, me: int) -> list[str]:
    """Lease and finish jobs until there is none."""
    taken: list[str] = []
    while True:
        with database.begin() as session:
            job = jobs.lease(session, f"w{me}", ["screen"], AT, 60)
        if job is None:
            return taken
        taken.append(job.id)
        with database.begin() as session:
            assert jobs.finish(session, job.id, f"w{me}", at=AT)


def enqueue(database: Database, me: int) -> list[str]:
    """Ask for the same work again and again, ending it when it is one's own turn."""
    made = []
    for _ in range(20):
        with database.begin() as session:
            made.append(jobs.enqueue(session, "nightly", {"me": me}, by="x", at=AT, key="nightly").id)
        with database.begin() as session:
            if job := jobs.lease(session, f"w{me}", ["nightly"], AT, 60):
                jobs.finish(session, job.id, f"w{me}", at=AT)
    return made


def once(database: Database, _me: int) -> list[bool]:
    """Take ticks and spend nonces that the others want too; which were one's own."""
    mine = []
    for each in range(30):
        with database.begin() as session:
            mine.append(jobs.fired(session, "nightly", AT + timedelta(days=each)))
            seen = tokens.seen_jti(session, "ehr", str(each), AT + timedelta(days=99), AT)
        mine.append(not seen)
    return mine


def put(database: Database, me: int) -> list[int]:
    """Write versions of one study; which they became."""
    made = []
    for each in range(10):
        written = study(STUDY, "stage", f"c{me}-{each}")
        with database.begin() as session:
            made.append(studies.put_study(session, written, text="", by="x", at=AT)[0].version)
    return made


def record(database: Database, me: int) -> int:
    """Record the same patients, each time as they stand for oneself; how many changes that made."""
    made = 0
    for each in range(5):
        word = ("true", "no-record")[(me + each) % 2]
        found = [subject(f"p{n}", {"stage": "true", "platelets": word}) for n in range(20)]
        with database.begin() as session:
            made += len(
                subjects.record_subjects(
                    session, run=None, base=BASE, subjects=found, gated=(), looked_at=None,
                    studies={STUDY: 1}, at=AT,
                )
            )  # fmt: skip
    return made


RACES: dict[str, Callable[[Database, int], Any]] = {
    each.__name__: each for each in (migrate, lease, enqueue, once, put, record)
}


def race(name: str, url: str, processes: int = 2) -> list[Any]:
    """Runs one of the above in several processes at once; what each gave."""
    command = [sys.executable, "-W", "error", "-m", "tests.lib.racing", name, url]
    pipe = subprocess.PIPE
    running = [
        subprocess.Popen([*command, str(me)], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        for me in range(processes)
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()  # it is there
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=120) for process in running]
    failed = [error for process, (_, error) in zip(running, said, strict=True) if process.returncode]
    if failed:
        raise AssertionError("\n".join(failed))
    return [json.loads(output) for output, _ in said]


def main(arguments: Sequence[str]) -> None:
    name, url, me = arguments
    database = Database(url)
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(RACES[name](database, int(me))))
    database.close()


if __name__ == "__main__":
    main(sys.argv[1:])
