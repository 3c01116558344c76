"""From a run to the store: the run itself, where each member stands now, and what changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from fhirscreen.screening.absorptions import absorbed
from fhirscreen.store.changes import StoredChange
from fhirscreen.store.merges import carry_over
from fhirscreen.store.recordings import record_subjects
from fhirscreen.store.runs import EVERYBODY, SOME, Cause, RunState, StoredRun, begin_run, end_run, find_run

if TYPE_CHECKING:
    from fhirscreen.screening.runs import Run


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was stored: the run as it ended, the changes that people are to be told of, and who was absorbed.

    `absorbed`: patients merged into one of those whom the run looked at, whose subjects it took out as well.
    """

    run: StoredRun
    changes: tuple[StoredChange, ...]
    absorbed: tuple[str, ...] = ()


def record_run(
    session: Session,
    run: Run,
    *,
    cause: Cause,
    source: str,
    versions: Mapping[str, int],
    patients: Collection[str] | None,
    by: str,
    began: datetime,
    at: datetime,
) -> Recorded:
    """Stores a run in one transaction. `patients`: whom it was limited to, None for everybody.

    Where something could not be read or fetched, nobody is taken to have left a population. Who was evaluated
    from newer data while a long run went on stays as they are.
    Raises StoreError; ValueError for a cause that does not go with `patients`: a run of some must never
    pass for one of everybody.
    """
    check_cause(cause, patients)
    setting = run.setting
    described = run.describe()
    stored = begin_run(
        session,
        cause=cause,
        source=source,
        base=setting.base,
        as_of=setting.as_of.day,
        engine=setting.engine,
        depth=setting.depth.value,
        studies=versions,
        mappings=str(described["mappings"]),
        by=by,
        at=began,
    )
    survivors = run.screened.survivors
    others = absorbed(session, setting.base, survivors, patients, versions) if patients is not None else []
    changes = record_subjects(
        session,
        run=stored.id,
        base=setting.base,
        subjects=run.screened.subjects,
        gated=[*run.screened.gated, *others],
        looked_at=patients if run.complete else (),
        studies=versions,
        at=at,
        began=began,
    )
    carry_over(session, setting.base, survivors, at)
    counts = {
        "patients": described["patients"],
        "not_whole": described["patients_not_whole"],
        "set_aside": described["set_aside"]["count"],
        "studies": {id: each.data() for id, each in run.attrition.items()},
    }
    state: RunState = "done" if run.complete else "incomplete"
    end_run(session, stored.id, state=state, counts=counts, statement=run.statement(), at=at)
    names = tuple(dict.fromkeys(each.patient for each in others))
    return Recorded(find_run(session, stored.id) or stored, tuple(changes), names)


def check_cause(cause: str, patients: Collection[str] | None) -> Cause:
    """The cause. Raises ValueError where a run of some has the cause of one of everybody, or the reverse."""
    for known in EVERYBODY if patients is None else SOME:
        if cause == known:
            return known
    raise ValueError(f"a run of {'everybody' if patients is None else 'some'} is not caused by {cause!r}")
