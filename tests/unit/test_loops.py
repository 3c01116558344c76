"""The loop of all background work: nothing that the work does ends it, and stopping is prompt."""

from __future__ import annotations

import threading
import time
from collections import Counter

from fhirscreen.exceptions import StoreBusy
from fhirscreen.loops import Loop

PATIENCE = 10.0


class Work:
    """Raises what it is given, turn by turn; then rests."""

    def __init__(self, *raised: Exception, rest: float = 60.0) -> None:
        self.raised = list(raised)
        self.rest = rest
        self.turns: list[float] = []
        self.rests = threading.Event()

    def __call__(self) -> float:
        self.turns.append(time.monotonic())
        if self.raised:
            raise self.raised.pop(0)
        self.rests.set()
        return self.rest


def test_it_outlives_what_its_work_raises_and_waits_longer_each_time() -> None:
    work = Work(RuntimeError("Patient/p1"), StoreBusy("busy"), RuntimeError("Patient/p1"))
    troubles: Counter[str] = Counter()
    loop = Loop("sender", work, troubled=lambda name: troubles.update([name]), shortest=0.05)
    loop.start()
    assert work.rests.wait(PATIENCE)
    assert loop.stop(PATIENCE)
    assert troubles == {"sender": 3}
    apart = [after - before for before, after in zip(work.turns, work.turns[1:], strict=False)]
    assert len(apart) == 3
    for waited, least in zip(apart, (0.05, 0.1, 0.2), strict=True):
        assert waited >= least


def test_after_a_good_turn_trouble_is_short_again() -> None:
    work = Work(RuntimeError(), RuntimeError(), rest=0.0)
    loop = Loop("sender", work, shortest=0.0)
    assert loop._turn() == loop._turn() == 0.0
    loop = Loop("sender", work, shortest=1.0)
    work.raised = [RuntimeError(), RuntimeError()]
    assert [loop._turn(), loop._turn(), loop._turn()] == [1.0, 2.0, 0.0]
    work.raised = [RuntimeError()] * 40
    waits = [loop._turn() for _ in range(40)]
    assert waits[0] == 1.0
    assert waits[-1] == 30.0, "it never waits for ever"


def test_it_stops_at_once_while_it_rests_and_can_be_woken() -> None:
    work = Work()
    loop = Loop("poller", work)
    loop.start()
    assert work.rests.wait(PATIENCE)
    work.rests.clear()
    loop.wake()
    assert work.rests.wait(PATIENCE), "woken amid a minute's rest"
    began = time.monotonic()
    assert loop.stop(PATIENCE)
    assert time.monotonic() - began < 5


def test_work_that_does_not_end_is_not_waited_for() -> None:
    begun, over = threading.Event(), threading.Event()

    def hang() -> float:
        begun.set()
        over.wait(PATIENCE)
        return 0.0

    loop = Loop("worker", hang)
    loop.start()
    assert begun.wait(PATIENCE)
    assert not loop.stop(0.05)
    assert loop.closing
    over.set()
    assert loop.stop(PATIENCE)
