"""From facets to a whole chart: who the person is, which facet fills which slot, in which order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.facets import FACETS, SLOTS, Facet
from fhirscreen.synthetic.facets.defaults import DEFAULTS, settle_confirms

FITTING: dict[str, list[Facet]] = {
    slot: [each for each in FACETS if each.fits and each.slot == slot] for slot in SLOTS
}
DEVIATING: list[Facet] = [each for each in FACETS if not each.fits]
_NAMED = {each.name: each for each in FACETS}
_BIRTHDAY = _NAMED["known-birthday"]
_BIRTH_YEAR = _NAMED["birth-year-far-from-the-bound"]
_OLDEST_CHILDBEARING = 58  # so that women without a facet of their own are clearly beyond it


def compatible(chosen: list[Facet], new: Facet) -> bool:
    """Whether `new` can be in one chart with those chosen: slots, sex, age, what each decides for others."""
    return all(_go_together(each, new) and _go_together(new, each) for each in chosen)


def _go_together(one: Facet, other: Facet) -> bool:
    """One direction of `compatible`; a facet of the person decides the age: no other may ask for one."""
    if one.slot == other.slot or one.slot in other.also:
        return False
    if one.sex and other.sex and one.sex != other.sex:
        return False
    asks_age = other.age is not None or "year-only" in other.traits
    if asks_age and (one.slot == "person" or "year-only" in one.traits):
        return False
    return not (one.age and other.age and one.age[0] > other.age[1])


def _age_range(sex: str, chosen: list[Facet]) -> tuple[int, int]:
    low, high = (_OLDEST_CHILDBEARING if sex == "female" else 47, 79)
    ages = [each.age for each in chosen if each.age]
    if ages:
        low, high = max(age[0] for age in ages), min(age[1] for age in ages)
    return low, high


def birth_of(random: Random, as_of: date, age: int) -> date:
    """A birthday with that age at `as_of`, more than a week from it so that ages hold in the last week."""
    return as_of.replace(year=as_of.year - age) - timedelta(days=random.randint(10, 350))


def compose(patient: str, as_of: date, seed: str, facets: Iterable[Facet] = ()) -> Chart:
    """Builds the chart of one patient: the given facets, and fitting ones everywhere else."""
    chosen = list(facets)
    random = Random(f"{seed}/{patient}")  # noqa: S311  reproducible data, no secret
    sexes = {each.sex for each in chosen if each.sex}
    sex = sexes.pop() if sexes else random.choices(("male", "female"), (7, 3))[0]
    low, high = _age_range(sex, chosen)
    traits = {trait for each in chosen for trait in each.traits}
    chart = Chart(
        id=patient,
        as_of=as_of,
        random=random,
        sex=None if sex == "none" else sex,
        birth=birth_of(random, as_of, random.randint(low, high)),
        scenario=" + ".join(each.name for each in chosen) or "fitting",
        linked=any(each.linked for each in chosen) or random.random() < 0.3,
        traits=traits,
    )
    if traits & {"stage-assessment", "unlinked"}:
        chart.linked = False
    by_slot = {each.slot: each for each in chosen}
    by_slot.setdefault("person", _person(random, chosen))
    for slot in SLOTS:
        if slot in by_slot:
            by_slot[slot].fill(chart)
        elif FITTING[slot]:
            random.choice(FITTING[slot]).fill(chart)
        if slot in DEFAULTS:
            DEFAULTS[slot](chart)
    settle_confirms(chart)
    return chart


def _person(random: Random, chosen: list[Facet]) -> Facet:
    if any("year-only" in each.traits for each in chosen):
        return _BIRTH_YEAR
    if any(each.age for each in chosen):
        return _BIRTHDAY
    return _BIRTH_YEAR if random.random() < 0.1 else _BIRTHDAY


def combine(random: Random, facets: list[Facet], sizes: tuple[int, ...]) -> list[list[Facet]]:
    """Deals every facet once into groups of the sizes given, in turn; a facet that fits none stands alone."""
    groups: list[list[Facet]] = []
    waiting = list(facets)
    random.shuffle(waiting)
    turn = 0
    while waiting:
        group = [waiting.pop(0)]
        for _ in range(sizes[turn % len(sizes)] - 1):
            following = next((each for each in waiting if compatible(group, each)), None)
            if following is None:
                break
            waiting.remove(following)
            group.append(following)
        groups.append(group)
        turn += 1
    return groups
