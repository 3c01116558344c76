"""How fast one core decides NCT06907602 in memory, from parsed dicts, beside parsing the same bytes.

    python -m benchmarks.evaluate [--patients 1500] [--repeat 5] [--profile | --instructions]

One process, one thread; seconds are of the process's own CPU, the best of the repeats. Patients come from
the seeded stream (40 to 45 resources each); `members` are the oesophageal cancers alone, all of whom have
every criterion decided, `mixed` is every second one a member. Reach: 3,000 patients a second. What else runs
on the machine changes seconds, and not the interpreter's instructions: `--instructions` counts these instead.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import orjson

from fhirscreen.criteria.wire import load_study
from fhirscreen.engines.evaluator.charts import read_chart
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.mapping.loading import load_catalogue, load_site, mappings_folder
from fhirscreen.plan.resolve import resolve
from fhirscreen.synthetic import AS_OF, NEOADJUVANT, generate_many
from fhirscreen.synthetic.cohorts import shared_resources
from fhirscreen.values.durations import AsOf

REACH = 3000


def best(work: Callable[[], object], repeat: int) -> float:
    """The least CPU seconds of several runs, without the collector in between."""
    seconds = []
    for _ in range(repeat):
        gc.collect()
        gc.disable()
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
        gc.enable()
    return min(seconds)


def instructions(work: Callable[[], object]) -> int:
    """How many instructions the interpreter runs, those of functions in C not counted."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(None)
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--patients", type=int, default=1500)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="where the time goes")
    parser.add_argument("--instructions", action="store_true", help="count instructions, not seconds")
    options = parser.parse_args()
    folder = mappings_folder()
    catalogue = load_catalogue().at(load_site(folder / "sites" / "demo.yaml"))
    evaluator = Evaluator(resolve([load_study(folder / "studies" / f"{NEOADJUVANT}.yaml")], catalogue))
    as_of = AsOf(AS_OF, catalogue.site.zone)
    shared = {f"{each['resourceType']}/{each['id']}": each for each in shared_resources()}
    print(
        f"{'':<10}{'patients':>9}{'MB':>8}{'evaluate/s':>12}{'orjson.loads/s':>16}{'ratio':>8}{'verdicts':>10}"
    )
    for name, only_members in (("members", True), ("mixed", False)):
        lines = [
            orjson.dumps(resources)
            for _, resources in generate_many(options.patients, only_members=only_members)
        ]
        charts: list[list[dict[str, Any]]] = [orjson.loads(line) for line in lines]

        def evaluate(charts: list[list[dict[str, Any]]] = charts) -> int:
            return sum(
                len(subject.verdicts)
                for resources in charts
                for subject in evaluator.subjects(
                    read_chart(resources[0], resources, evaluator.index, as_of, shared=shared)
                )
            )

        def parse(lines: list[bytes] = lines) -> None:
            for line in lines:
                orjson.loads(line)

        verdicts = evaluate()
        if options.instructions:
            print(f"{name:<10}{len(charts):>9}  {instructions(evaluate) / len(charts):,.0f} a patient")
            continue
        evaluating, parsing = best(evaluate, options.repeat), best(parse, options.repeat)
        rate, parsed = len(charts) / evaluating, len(charts) / parsing
        print(
            f"{name:<10}{len(charts):>9}{sum(map(len, lines)) / 1e6:>8.1f}{rate:>12,.0f}{parsed:>16,.0f}"
            f"{parsed / rate:>8.1f}{verdicts:>10,}  (reach {REACH:,}/s)"
        )
        if options.profile:
            profile = cProfile.Profile()
            profile.runcall(evaluate)
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
