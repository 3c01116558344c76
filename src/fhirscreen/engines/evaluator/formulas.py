"""Derived quantities: each formula with its source, on intervals, the time between its inputs bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from fhirscreen.criteria.amounts import say_unit
from fhirscreen.criteria.bounds import Which
from fhirscreen.criteria.english import join_words
from fhirscreen.engines.evaluator.absence import no_record
from fhirscreen.engines.evaluator.cases import Case
from fhirscreen.engines.evaluator.gaps import gaps, say_item
from fhirscreen.engines.evaluator.items import Item, measurement_items
from fhirscreen.engines.evaluator.measurements import in_range, placed_items, value_within, with_therapies
from fhirscreen.engines.evaluator.selection import Placed, candidates, decide, latest
from fhirscreen.plan.nodes import Feature, FormulaWithin, ValueWithin
from fhirscreen.values.dates import completed_years, local_dates, whole_days_between
from fhirscreen.values.intervals import (
    Interval,
    add,
    compare,
    divide,
    exactly,
    is_point,
    multiply,
    rounded,
    scale,
    subtract,
    text,
)
from fhirscreen.values.truth import UNKNOWN, Truth
from fhirscreen.verdicts.proofs import LACKING, Proof
from fhirscreen.verdicts.reasons import Basis, Reason

WEIGHT_DAYS = 14
"""Weight counts within so many days of the creatinine: dysphagia loses weight fast (design: derived)."""

SAMPLE_DAYS = 1
"""Values of one blood count are of the same sample; a day lets dates without a time agree."""

ALBUMIN_DAYS = 7
"""Albumin changes slowly: calcium is corrected with one of the same week."""


class Outcome(NamedTuple):
    """The values (at 12 digits) that a formula may have for one patient, or why it has none.

    `used` are the further records that went in, `patient` says that the Patient did too; `unsettled` is the
    reason where an interval lies across a bound, and `because` what is wrong with an input, or else with what
    of the patient it was computed. `heights` are those of the same time that differ.
    """

    values: tuple[Interval, ...]
    used: tuple[Item, ...] = ()
    reason: Reason | None = None
    patient: bool = False
    unsettled: Reason = Reason.CENSORED_VALUE
    because: str = ""
    heights: tuple[Item, ...] = ()


Compute = Callable[[Case, FormulaWithin, Item], Outcome]


def formula_within(case: Case, node: FormulaWithin) -> Proof:
    """The proof that the derived quantity lies in the range.

    The first input leads: each record of it that may be the latest is tried.
    """
    lead = node.inputs[0]
    placed = placed_items(case, lead)
    outcomes: dict[int, Outcome] = {}  # by item: components of one Observation share its reference
    for item in placed.certain + placed.possible:
        blocked = item.blocked is not None or item.interval is None
        outcomes[id(item)] = (
            Outcome((), (), item.blocked or Reason.NO_VALUE, because=say_item(lead.concept, item))
            if blocked
            else _FORMULAS[node.formula].compute(case, node, item)
        )
    if node.newest and node.reported is not None:
        return _newest(case, node, node.reported, placed, outcomes)
    return _computed(case, node, placed, outcomes)


def _newest(
    case: Case, node: FormulaWithin, feature: Feature, placed: Placed, outcomes: dict[int, Outcome]
) -> Proof:
    """The result that a laboratory reports, unless what can be computed is newer than every one of them."""
    reported = value_within(case, ValueWithin(feature, node.range, node.says))
    certain, possible = (
        [item for item in items if outcomes[id(item)].values] for items in (placed.certain, placed.possible)
    )
    if reported.reason is Reason.NOT_FETCHED:
        return reported
    theirs = placed_items(case, feature)
    if not (certain or possible):
        computed = _computed(case, node, placed, outcomes)
        # What keeps it from being computed is told where it is more than that something is not on record.
        telling = computed.basis is not Basis.MISSING and computed.reason not in _NOTHING_TO_TELL
        return computed if telling and not (theirs.certain or theirs.possible) else reported
    if theirs.certain or theirs.possible:
        best, other = latest(certain + possible), latest(theirs.certain + theirs.possible)
        if best.when.start < other.when.end:
            return reported
    usable = placed._replace(certain=certain, possible=possible)
    return with_therapies(case, feature, _computed(case, node, usable, outcomes), usable)


_NOTHING_TO_TELL = (Reason.NO_RECORD, Reason.NO_VALUE, Reason.STALE, Reason.NOT_COMPUTABLE)


def _computed(case: Case, node: FormulaWithin, placed: Placed, outcomes: dict[int, Outcome]) -> Proof:
    """The proof by what can be computed; a reported result counts where nothing can."""
    absent = no_record(case, node.inputs[0].concept)

    def judge(item: Item) -> tuple[Truth, Reason | None]:
        outcome = outcomes[id(item)]
        if outcome.reason is not None:
            return UNKNOWN, outcome.reason
        first, *others = [in_range(value, node.range) for value in outcome.values]
        if any(other is not first for other in others):
            return UNKNOWN, Reason.CONFLICTING
        truth = first
        return truth, (outcome.unsettled if truth is UNKNOWN else None)

    proof = decide(placed, Which.LATEST, judge, node.says, absent)
    usable = placed.certain + placed.possible
    best = latest(candidates(placed, Which.LATEST)) if usable else None
    outcome = None if best is None else outcomes[id(best)]
    if (outcome is None or not outcome.values) and not node.newest:
        reported = _reported(case, node)
        if reported is not None:
            return reported
    if best is None or outcome is None:
        return _without_lead(case, node, proof, dated=bool(placed.stale or placed.past))
    evidence = {best.reference, *(item.reference for item in outcome.used)}
    if outcome.patient:
        evidence.add(f"Patient/{case.chart.id}")
    value = " / ".join([text(each) for each in outcome.values])
    return proof._replace(
        basis=Basis.DERIVED,
        evidence=tuple(sorted(evidence | set(proof.evidence))),
        value=value if outcome.values else "",
        unit=(node.concept.unit or "") if outcome.values else "",
        because=proof.because or _why(case, node, best, outcome, proof),
    )


def _without_lead(case: Case, node: FormulaWithin, proof: Proof, *, dated: bool) -> Proof:
    """Names what is missing where no record of the first input counts; `dated`: there is an old one."""
    if proof.reason is Reason.NOT_FETCHED:
        return proof
    missing = _missing_inputs(case, node, None, newer=dated)
    return proof._replace(because=f"{missing}; {proof.because}" if proof.because else missing)


def _why(case: Case, node: FormulaWithin, lead: Item, outcome: Outcome, proof: Proof) -> str:
    """What keeps the formula open, beside the reason: what is missing, or which input is of no use."""
    if proof.truth is not UNKNOWN:
        return outcome.because
    if outcome.reason is not None:
        told = outcome.reason is proof.reason
        return (outcome.because or _missing_inputs(case, node, lead)) if told else ""
    if proof.reason is Reason.IMPRECISE_DATE and outcome.unsettled is Reason.IMPRECISE_DATE:
        return f"{LACKING}the exact date of birth"
    if proof.reason is Reason.CONFLICTING and len(outcome.heights) > 1:
        said = [say_item(node.inputs[-1].concept, item) for item in outcome.heights]
        return join_words(sorted(said), "and")
    if proof.reason is Reason.CONFLICTING and len(outcome.values) > 1:
        unit = say_unit(node.concept.unit or "")
        said = [f"{text(value)} {unit}".rstrip() for value in outcome.values]
        return f"{said[0]} with the actual weight, {said[1]} with the adjusted one"
    return ""


def _missing_inputs(case: Case, node: FormulaWithin, lead: Item | None, *, newer: bool = False) -> str:
    formula = _FORMULAS[node.formula]
    needed = node.inputs[: formula.inputs]
    return gaps(case, needed, lead, days=formula.days, patient=formula.patient, newer=newer)


def needs_patient(node: FormulaWithin) -> bool:
    """Whether the formula takes the patient's sex and age."""
    return _FORMULAS[node.formula].patient


def _reported(case: Case, node: FormulaWithin) -> Proof | None:
    """A result that the laboratory reports itself: it counts only where none can be computed."""
    if node.reported is None:
        return None
    proof = value_within(case, ValueWithin(node.reported, node.range, node.says))
    return None if proof.basis is Basis.MISSING else proof


def _missing(case: Case, feature: Feature) -> Reason:
    """Why a formula has no value where one of its further inputs is not on record."""
    return Reason.NOT_COMPUTABLE if case.chart.whole(feature.concept) else Reason.NOT_FETCHED


def _near(case: Case, feature: Feature, lead: Item, days: int) -> Item | Outcome:
    """The latest record of an input within so many days of the leading one, or why there is none."""
    zone = case.site.zone
    usable = [item for item in measurement_items(case, feature.concept) if not item.skipped]
    near, perhaps = [], []
    for item in usable:
        low, high = whole_days_between(item.when, lead.when, zone)
        if -days <= low and high <= days:
            near.append(item)
        elif low <= days and high >= -days:
            perhaps.append(item)
    if perhaps and not near:
        best = latest(perhaps)
        return Outcome((), (best,), Reason.IMPRECISE_DATE, because=say_item(feature.concept, best))
    if not near:
        if usable:
            return Outcome((), (latest(usable),), Reason.STALE)
        return Outcome((), (), _missing(case, feature))
    best = near[0]
    if len(near) > 1:
        best = latest(near)
        floor = max(item.when.start for item in near)
        tied = [item for item in near if item.when.end > floor]
        if len({item.interval for item in tied}) > 1:
            said = join_words([say_item(feature.concept, item) for item in tied], "and")
            return Outcome((), tuple(tied), Reason.CONFLICTING, because=said)
    if best.blocked is not None or best.interval is None:
        because = say_item(feature.concept, best)
        return Outcome((), (best,), best.blocked or Reason.NO_VALUE, because=because)
    return best


def _latest_ever(case: Case, feature: Feature) -> tuple[Item, ...]:
    """The latest usable record of an input that hardly changes (height); all that may be it and differ."""
    usable = [
        i for i in measurement_items(case, feature.concept) if i.blocked is None and i.interval is not None
    ]
    if len(usable) < 2:
        return tuple(usable)
    floor = max(item.when.start for item in usable)
    found = sorted(usable, key=lambda i: (i.when.end, i.when.start, i.reference), reverse=True)
    tied = {item.interval: item for item in reversed(found) if item.when.end > floor}
    return tuple(sorted(tied.values(), key=lambda item: item.reference)) or (latest(usable),)


def _cockcroft_gault(case: Case, node: FormulaWithin, creatinine: Item) -> Outcome:
    """(140 - age) x weight x (0.85 if female) / (72 x creatinine in mg/dL): Nephron 1976;16:31-41.

    Actual weight. At BMI 30 or more the adjusted weight is tried too: ideal weight (Devine, Drug Intell
    Clin Pharm 1974;8:650-655) + 0.4 x the excess.
    """
    _, weight_feature, height_feature = node.inputs[:3]
    factor = {"male": 1.0, "female": 0.85}.get(str(case.chart.patient.get("gender")))
    birth = case.chart.patient.get("birthDate")
    if factor is None or not isinstance(birth, str):
        return Outcome((), (), Reason.NOT_COMPUTABLE, patient=True)
    weight = _near(case, weight_feature, creatinine, WEIGHT_DAYS)
    if isinstance(weight, Outcome):
        return weight._replace(patient=True)
    young, old = completed_years(birth, *local_dates(creatinine.when, case.site.zone))
    years = subtract(exactly(140.0), Interval(float(young), float(old)))
    heights = _latest_ever(case, height_feature)
    weights = [_of(weight)]
    used = [weight]
    for height in heights:
        adjusted = _adjusted(_of(weight), _of(height), female=factor < 1)
        if adjusted is not None:
            weights.append(adjusted)
            used.append(height)
    values = []
    for kilograms in weights:
        numerator, milligrams = multiply(years, scale(kilograms, factor)), _milligrams(case, node, creatinine)
        value = None
        if numerator is not None and milligrams is not None:
            value = divide(numerator, scale(milligrams, 72.0))
        if value is None:
            return Outcome((), tuple(used), Reason.NOT_COMPUTABLE, patient=True)
        values.append(rounded(value))
    # Where all measurements are numbers, only the year of birth leaves the result open.
    numbers = all(is_point(_of(item)) for item in (creatinine, *used))
    unsettled = Reason.IMPRECISE_DATE if numbers and young != old else Reason.CENSORED_VALUE
    age = str(young) if young == old else f"{young} or {old}"
    told = f"of a {'man' if factor == 1.0 else 'woman'} of {age} years"
    several = heights if len(used) > 2 else ()
    return Outcome(tuple(values), tuple(used), None, True, unsettled, told, several)


def _milligrams(case: Case, node: FormulaWithin, creatinine: Item) -> Interval | None:
    """Creatinine in mg/dL from the mapping's canonical unit."""
    concept = node.inputs[0].concept
    affine = case.chart.index.units.affine(concept.unit or "", "mg/dL", molar_mass=concept.molar_mass)
    return None if affine is None else affine.apply(_of(creatinine))


def _adjusted(weight: Interval, height: Interval, *, female: bool) -> Interval | None:
    """The adjusted weight where the BMI may be 30 or more, else None. Weight in kg, height in cm."""
    metres = scale(height, 0.01)
    squared = multiply(metres, metres)
    index = None if squared is None else divide(weight, squared)
    if index is None or (index.high is not None and compare(index.high, 30.0) < 0):
        return None
    inches_over_60 = subtract(scale(height, 1 / 2.54), exactly(60.0))
    ideal = add(exactly(45.5 if female else 50.0), scale(inches_over_60, 2.3))
    return add(ideal, scale(subtract(weight, ideal), 0.4))


def _of(item: Item) -> Interval:
    assert item.interval is not None  # noqa: S101 - only usable records come here
    return item.interval


def _body_mass_index(case: Case, node: FormulaWithin, weight: Item) -> Outcome:
    """Weight in kg by the square of height in m (WHO Technical Report Series 894)."""
    heights = _latest_ever(case, node.inputs[1])
    if not heights:
        return Outcome((), (), _missing(case, node.inputs[1]))
    values = []
    for height in heights:
        metres = scale(_of(height), 0.01)
        squared = multiply(metres, metres)
        value = None if squared is None else divide(_of(weight), squared)
        if value is None:
            return Outcome((), heights, Reason.NOT_COMPUTABLE)
        values.append(rounded(value))
    return Outcome(tuple(values), heights, heights=heights if len(heights) > 1 else ())


def _corrected_calcium(case: Case, node: FormulaWithin, calcium: Item) -> Outcome:
    """Calcium in mmol/L + 0.02 x (40 - albumin in g/L): Payne, BMJ 1973;4:643-646."""
    albumin = _near(case, node.inputs[1], calcium, ALBUMIN_DAYS)
    if isinstance(albumin, Outcome):
        return albumin
    units = case.chart.index.units
    calcium_concept, albumin_concept = node.inputs[0].concept, node.inputs[1].concept
    molar = units.affine(calcium_concept.unit or "", "mmol/L", molar_mass=calcium_concept.molar_mass)
    grams = units.affine(albumin_concept.unit or "", "g/L", molar_mass=albumin_concept.molar_mass)
    if molar is None or grams is None:
        return Outcome((), (), Reason.NOT_COMPUTABLE)
    correction = scale(subtract(exactly(40.0), grams.apply(_of(albumin))), 0.02)
    return _outcome(add(molar.apply(_of(calcium)), correction), albumin)


def _neutrophils_from_percent(case: Case, node: FormulaWithin, leukocytes: Item) -> Outcome:
    """Leukocytes x percent of neutrophils / 100, of the same sample."""
    percent = _near(case, node.inputs[1], leukocytes, SAMPLE_DAYS)
    if isinstance(percent, Outcome):
        return percent
    product = multiply(_of(leukocytes), _of(percent))
    return _outcome(None if product is None else scale(product, 0.01), percent)


def _neutrophil_lymphocyte_ratio(case: Case, node: FormulaWithin, neutrophils: Item) -> Outcome:
    """Neutrophils by lymphocytes, of the same sample (Zahorec, Bratisl Lek Listy 2001;102:5-14)."""
    lymphocytes = _near(case, node.inputs[1], neutrophils, SAMPLE_DAYS)
    if isinstance(lymphocytes, Outcome):
        return lymphocytes
    return _outcome(divide(_of(neutrophils), _of(lymphocytes)), lymphocytes)


def _outcome(value: Interval | None, *used: Item) -> Outcome:
    if value is None:
        return Outcome((), used, Reason.NOT_COMPUTABLE)
    return Outcome((rounded(value),), used)


class _Formula(NamedTuple):
    """How it is computed; its first `inputs` are needed, the others within `days` of the first (None: ever).

    `patient`: it takes the patient's sex and age too.
    """

    compute: Compute
    inputs: int
    days: int | None = None
    patient: bool = False


_FORMULAS: dict[str, _Formula] = {
    "cockcroft-gault": _Formula(_cockcroft_gault, 2, WEIGHT_DAYS, patient=True),
    "body-mass-index": _Formula(_body_mass_index, 2),
    "corrected-calcium": _Formula(_corrected_calcium, 2, ALBUMIN_DAYS),
    "neutrophils-from-percent": _Formula(_neutrophils_from_percent, 2, SAMPLE_DAYS),
    "neutrophil-lymphocyte-ratio": _Formula(_neutrophil_lymphocyte_ratio, 2, SAMPLE_DAYS),
}


def formulas() -> Iterator[str]:
    """The names of the formulas that exist."""
    yield from _FORMULAS
