"""A stream of patients for benchmarks: as many as wanted, one at a time, of a real record's size."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import Json
from fhirscreen.synthetic.cohorts import AS_OF, check_index_date, random_group
from fhirscreen.synthetic.compositions import birth_of, compose
from fhirscreen.synthetic.padding import bare_chart, pad

SIZES = (40, 45)


def generate_many(
    n: int, seed: int = 7, *, as_of: date = AS_OF, only_members: bool = False
) -> Iterator[tuple[str, list[Json]]]:
    """Yields `n` patients as (id, resources of 40 to 45), every second one a member unless all are asked for.

    Members are fitting or mixtures of facets, as in `generate`; the shared resources that they refer to are
    those of `shared_resources()`. No truth is handed out: benchmarks time, they do not judge.
    Raises UsageError where `as_of` is not the first of a month.
    """
    check_index_date(as_of)
    random = Random(f"many/{seed}")  # noqa: S311  reproducible data, no secret
    for number in range(1, n + 1):
        patient = f"syn-{number:07d}"
        if only_members or number % 2:
            facets = [] if random.random() < 0.3 else random_group(random)
            chart = compose(patient, as_of, f"many/{seed}", facets)
        else:
            own = Random(f"many/{seed}/{patient}")  # noqa: S311
            sex = own.choice(("male", "female"))
            chart = Chart(patient, as_of, own, sex=sex, birth=birth_of(own, as_of, own.randint(25, 90)))
            bare_chart(chart)
        pad(chart, chart.random.randint(*SIZES))
        yield patient, chart.resources
