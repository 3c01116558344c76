"""The completeness statement: what was read, what was set aside, what could not be fetched."""

from __future__ import annotations

from collections import Counter

from fhirscreen.engines.base import Depth, Remark, Screened, shown_place
from fhirscreen.outputs.remedies import Remedy, remedy_of
from fhirscreen.outputs.wording import count_patients
from fhirscreen.values.durations import AsOf

SET_ASIDE_FILE = "set-aside.ndjson"


def is_complete(screened: Screened) -> bool:
    """Whether everything was read and fetched, for every patient."""
    return screened.complete and all(subject.complete for subject in screened.subjects)


def statement(screened: Screened) -> list[str]:
    """What a reader must know before relying on the lists, in sentences; no patient data."""
    if is_complete(screened):
        return [f"All data of {count_patients(screened.patients)} was read; nothing was set aside."]
    said = []
    if screened.set_aside:
        number = len(screened.set_aside)
        said.append(
            "1 record was set aside: it could not be read, or belongs to nobody in the data."
            if number == 1
            else f"{number} records were set aside: they could not be read, or belong to nobody in the data."
        )
    partial = len({subject.patient for subject in screened.subjects if not subject.complete})
    if partial:
        said.append(
            f"The data of {count_patients(partial)} could not be read whole: what is missing there is open, "
            "and nobody is taken off a list for it."
        )
    return said + [gap if gap.endswith(".") else f"{gap}." for gap in screened.gaps]


def in_sentence(remark: Remark) -> str:
    """What is odd about records that were read: what, how often, and one place."""
    times = f"{remark.times} times, for instance at " if remark.times > 1 else ""
    return f"{remark.what} ({times}{remark.where})"


def set_aside_reasons(screened: Screened) -> dict[str, int]:
    """How many records were set aside for each reason, the most frequent first."""
    reasons = Counter(aside.reason for aside in screened.set_aside)
    return dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))


def set_aside_places(screened: Screened) -> dict[str, str]:
    """For each of those reasons one place, and how many more there are; no id of a record."""
    places: dict[str, list[str]] = {}
    for aside in screened.set_aside:
        places.setdefault(aside.reason, []).append(shown_place(aside.where))
    said = {}
    for reason, found in places.items():
        more = len(found) - 1
        said[reason] = min(found, key=lambda each: (len(each), each)) + (f", and {more} more" if more else "")
    return said


def set_aside_remedies(screened: Screened) -> dict[str, Remedy]:
    """What was expected instead, and what to do, for each of those reasons."""
    return {reason: remedy_of(reason) for reason in set_aside_reasons(screened)}


def time_statement(as_of: AsOf) -> str:
    """What the index date does and does not leave out."""
    return (
        f"Evaluated as of the end of {as_of.day.isoformat()} ({as_of.zone.key}). What happened later is left "
        "out; what was recorded later about an earlier time is not."
    )


def depth_statement(depth: Depth) -> str | None:
    """What depth `candidates` leaves undecided; None at full depth."""
    if depth is Depth.FULL:
        return None
    return (
        "Depth `candidates`: a patient is looked at up to the first failed criterion. Later criteria are "
        "undecided there. Near misses are only those of whom every criterion was decided nonetheless; who "
        "else failed one criterion alone cannot be told."
    )
