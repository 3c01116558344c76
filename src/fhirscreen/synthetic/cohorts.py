"""The cohort: a few hundred patients whose truth per criterion was planted, and nothing computed about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from random import Random

from fhirscreen.exceptions import UsageError
from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import ATC, Json, concept
from fhirscreen.synthetic.compositions import DEVIATING, combine, compatible, compose
from fhirscreen.synthetic.facets import Facet
from fhirscreen.synthetic.gates import BOTH, DOORS, OTHER_STUDY, OUTSIDERS, RESEARCH_STUDIES, merge
from fhirscreen.synthetic.padding import pad
from fhirscreen.synthetic.truths import PROBE, Planted, status_of

AS_OF = date(2026, 11, 1)
MERGED_PAIRS = 3
PADDING = 9
_OLIGOMETASTATIC = (
    "two-metastases-in-two-organs",
    "single-bone-metastasis",
    "five-organs",
    "four-in-the-liver",
    "large-lung-metastasis",
    "inventory-of-three",
    "proven-liver-metastasis",
    "pleural-metastasis",
    "disseminated-disease",
)
_NEAR_MISSES = (
    "low-platelets",
    "low-neutrophils",
    "high-alt",
    "high-bilirubin",
    "low-clearance",
    "pneumonia-under-treatment",
)


@dataclass(slots=True)
class Cohort:
    """A generated cohort.

    `resources` holds each patient's FHIR R4 resources, the Patient first; `others` what patients share.
    `truths` are stated for members whom no gate stops; `gates[study][patient]` names the gate that does.
    `statuses[study, patient]` is the subject's status the truths give (`truths.status_of`); `notes` is what
    is shown beside a patient; `scenarios` names the facets a patient was made of; `merged` tells into whom
    a duplicate was merged.
    """

    seed: int
    as_of: date
    resources: dict[str, list[Json]] = field(default_factory=dict)
    others: list[Json] = field(default_factory=list)
    truths: list[Planted] = field(default_factory=list)
    members: set[str] = field(default_factory=set)
    gates: dict[str, dict[str, str]] = field(default_factory=lambda: {study: {} for study in BOTH})
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    scenarios: dict[str, str] = field(default_factory=dict)


def shared_resources() -> list[Json]:
    """Medications, organisations, practitioners and research studies that patients refer to."""
    studies = [
        {
            "resourceType": "ResearchStudy",
            "id": identity,
            "identifier": [{"system": "https://clinicaltrials.gov", "value": number}],
            "status": "active",
        }
        for number, identity in [*RESEARCH_STUDIES.items(), ("NCT00000000", OTHER_STUDY)]
    ]
    return [
        {"resourceType": "Organization", "id": "demo-hospital", "active": True, "name": "Demo Hospital"},
        {"resourceType": "Practitioner", "id": "demo-oncologist", "active": True},
        {"resourceType": "Medication", "id": "carboplatin", "code": concept((ATC, "L01XA02"))},
        *studies,
    ]


def _include(cohort: Cohort, chart: Chart, *, gate: str | None = None, gated: tuple[str, ...] = BOTH) -> None:
    """Adds a member with its truths, unless a gate stops it in a study."""
    patient = chart.id
    cohort.resources[patient] = chart.resources
    cohort.members.add(patient)
    cohort.scenarios[patient] = chart.scenario
    for study in (*BOTH, PROBE):
        if gate and (study in gated or (study == PROBE and gated == BOTH)):
            if study != PROBE:
                cohort.gates[study][patient] = gate
            continue
        planted = [each for (of, _), each in chart.planted.items() if of == study]
        cohort.truths.extend(planted)
        if study != PROBE:
            cohort.statuses[study, patient] = status_of(planted)


def check_index_date(as_of: date) -> None:
    """Raises UsageError unless `as_of` is the first of a month: partial dates are planted for that."""
    if as_of.day != 1:
        raise UsageError(
            "the synthetic cohort is planted for the first day of a month",
            where=f"as_of={as_of.isoformat()}",
            expected="a date like 2026-11-01",
        )


def random_group(random: Random) -> list[Facet]:
    """Two to four deviating facets that go together."""
    group: list[Facet] = []
    wanted = random.randint(2, 4)
    for new in random.sample(DEVIATING, k=len(DEVIATING)):
        if len(group) < wanted and compatible(group, new):
            group.append(new)
    return group


def plan_groups(random: Random, patients: int) -> list[list[Facet]]:
    """The facets of each patient: every deviating facet once, an oligometastatic group, some near misses,
    then fitting patients and random mixtures until there are enough; a smaller cohort is a choice of these.
    """
    named = {each.name: each for each in DEVIATING}
    groups = combine(random, DEVIATING, (1, 1, 2, 1, 3))
    groups += [[named[name]] for name in (*_OLIGOMETASTATIC, *_OLIGOMETASTATIC, *_NEAR_MISSES)]
    if patients < len(groups):
        return [groups[index * len(groups) // patients] for index in range(patients)]
    while len(groups) < patients:
        groups.append([] if len(groups) % 3 == 0 else random_group(random))
    random.shuffle(groups)
    return groups


def generate(seed: int = 7, patients: int = 320, as_of: date = AS_OF) -> Cohort:
    """Makes a cohort of about `patients` patients; the same arguments give the same cohort.

    Raises UsageError where `as_of` is not the first of a month.
    """
    check_index_date(as_of)
    random = Random(seed)  # noqa: S311  reproducible data, no secret
    cohort = Cohort(seed=seed, as_of=as_of, others=shared_resources())
    doors = DOORS[: max(0, patients - 10)]
    outsiders = list(OUTSIDERS)[: max(0, patients // 8)] * 2
    special = len(doors) + len(outsiders) + 2 * MERGED_PAIRS
    number = iter(range(1, 10**6))

    def chart_of(facets: list[Facet]) -> Chart:
        chart = compose(f"esc-{next(number):04d}", as_of, str(seed), facets)
        pad(chart, len(chart.resources) + PADDING)
        return chart

    for facets in plan_groups(random, max(1, patients - special)):
        _include(cohort, chart_of(facets))
    for door in doors:
        chart = chart_of([])
        chart.scenario = door.name
        door.act(chart)
        _include(cohort, chart, gate=door.gate, gated=door.studies)
        if door.note:
            cohort.notes[chart.id] = door.note
    for _ in range(MERGED_PAIRS):
        chart = chart_of([])
        chart.scenario = "survivor-of-a-merge"
        duplicate = f"esc-{next(number):04d}"
        cohort.resources[duplicate] = merge(chart, duplicate)
        cohort.scenarios[duplicate] = "merged"
        for study in BOTH:
            cohort.gates[study][duplicate] = "merged"
        cohort.merged[duplicate] = chart.id
        _include(cohort, chart)
    for name in outsiders:
        chart = chart_of([])
        chart.resources = [each for each in chart.resources if not chart.cancer.endswith(f"/{each['id']}")]
        for each in chart.resources:
            if each.get("focus") == [{"reference": chart.cancer}]:
                del each["focus"]  # its cancer is not on record: nothing may refer to it
        OUTSIDERS[name](chart)
        cohort.resources[chart.id] = chart.resources
        cohort.scenarios[chart.id] = name
    return cohort
