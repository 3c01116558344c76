"""Items: the records of a feature, read into values, each with what keeps it from deciding."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from fhirscreen.engines.evaluator.cases import Case, clipped, component_of, date_text
from fhirscreen.engines.evaluator.texts import in_short, says_nothing
from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Entry, Resource, State, concept_text, refuse_values
from fhirscreen.mapping.concepts import Concept, Role, Source
from fhirscreen.values.dates import Moment
from fhirscreen.values.intervals import Interval, compare, exactly, from_comparator, number_text
from fhirscreen.values.numbers import NUMBER, read_decimal
from fhirscreen.values.truth import FALSE, TRUE, UNKNOWN, Truth, conjunction
from fhirscreen.verdicts.reasons import Basis, Reason

# Members by a name of their own: found on their class, for every record, they cost ten times as much.
_MATCH = Role.MATCH
_RECORDED = Basis.RECORDED
_UNCONFIRMED = State.UNCONFIRMED
_NO_VALUES: frozenset[str] = frozenset()
_new = tuple.__new__


class Item(NamedTuple):
    """One record of a feature.

    `interval` is in the concept's canonical unit (measurements); `values` are the names that a category's
    value may mean. `blocked` says why the record cannot decide; with NO_VALUE and `skipped` the one before
    is looked at instead. `holder` carries the reference range. `how` says where a derived value is from.
    `beside`: said by a record of something else (another scale, an event, the cancer's own stage), that
    gives way to a record of the concept itself. `doubted`: blocked by an event that speaks against it.
    """

    when: Moment
    reference: str
    interval: Interval | None = None
    values: frozenset[str] = frozenset()
    blocked: Reason | None = None
    skipped: bool = False
    basis: Basis = _RECORDED
    value: str = ""
    unit: str = ""
    date: str = ""
    staging: str | None = None
    holder: Resource | None = None
    entry: Entry | None = None
    how: str = ""
    beside: bool = False
    doubted: bool = False

    @property
    def unread(self) -> bool:
        """Whether it holds something, in words or a code that nobody can read."""
        return bool(self.value) and not self.values and self.interval is None


READ_FROM_TEXT = "read from text"
FROM_DIAGNOSIS = "from the diagnosis"

_TEXT_QUANTITY = re.compile(rf"\s*([<>]=?|≤|≥)?\s*({NUMBER})\s*(.*?)\s*")
_SIGNS = {"≤": "<=", "≥": ">="}


def measurement_items(case: Case, concept: Concept) -> list[Item]:
    """A measurement's records, of any date up to the index date; read once per case."""
    known: list[Item] | None = case.measured.get(concept.id)
    if known is None:
        known = []
        for source, entry in case.found(concept, _MATCH):
            item = _measurement(case, concept, source, entry)
            if item is not None:
                known.append(item)
        case.measured[concept.id] = known
    return known


def focus_of(case: Case, concept: Concept, entry: Entry) -> Truth:
    """Whether a record is about what the study is about: a record of another cancer is not.

    Nor is one that is measured elsewhere than where the cancer began (`not_at` in a mapping).
    """
    if entry.unclear:
        return UNKNOWN
    if concept.about_metastasis:
        return case.on_metastasis(entry)
    if not concept.about_cancer:
        return TRUE
    linked = case.links.link(entry, case.chart)
    if concept.not_at and linked is not FALSE and "bodySite" in entry.resource:
        return conjunction((linked, case.at_primary(concept, entry)))
    return linked


def _measurement(case: Case, concept: Concept, source: Source, entry: Entry) -> Item | None:
    focus = TRUE
    if concept.about_cancer or concept.about_metastasis or entry.unclear:
        focus = focus_of(case, concept, entry)
    holder = entry.resource if source.component is None else component_of(entry.resource, source, case.chart)
    if focus is FALSE or holder is None:
        return None
    when, reference = clipped(entry.when, case.chart.end), entry.reference
    date = date_text(entry.when, case.site.zone)
    try:
        if source.component is not None:
            refuse_values(holder)  # of the whole record it was seen when it was read
        if plain := _plain_number(case, concept, holder):
            interval, text, unit = plain
            blocked = doubt(focus, entry)
            return _new(
                Item,
                (
                    *(when, reference, interval, _NO_VALUES, blocked, False, _RECORDED, text, unit, date),
                    *(None, holder, entry, "", False, False),
                ),
            )
        if concept.pattern is not None and holder.get("valueString") is not None:
            number = _by_pattern(concept, concept.pattern, string_value(holder))
        else:
            number = read_number(holder, signed=concept.signed)
    except DataError as error:
        case.chart.refuse(entry, error.what)
        return Item(when, reference, blocked=Reason.NOT_FETCHED, date=date, entry=entry)
    if number is None:
        return _unread(Item(when, reference, date=date, entry=entry), text_of(holder))
    interval, text, unit_text, basis = number
    blocked, converted, unit = canonical(case, concept, interval, unit_text)
    if converted is not None and blocked is None and not _plausible(concept, converted):
        blocked = Reason.IMPLAUSIBLE_VALUE
    return Item(
        when,
        reference,
        converted,
        _NO_VALUES,
        blocked or doubt(focus, entry),
        False,
        basis,
        text,
        unit,
        date,
        None,
        holder,
        entry,
        READ_FROM_TEXT if basis is Basis.DERIVED else "",
    )


def doubt(focus: Truth, entry: Entry) -> Reason | None:
    """Why a record with a value is not believed yet: of whichever cancer, or not confirmed."""
    if focus is UNKNOWN:
        return Reason.AMBIGUOUS_FOCUS
    return Reason.UNCONFIRMED if entry.state is _UNCONFIRMED else None


def _plain_number(case: Case, concept: Concept, holder: Resource) -> tuple[Interval, str, str] | None:
    """What nearly every result is, in one pass: a plausible number in a unit that was met before.

    The value in the canonical unit, its text and the unit's UCUM code; None for all else, which takes a
    closer look.
    """
    quantity = holder.get("valueQuantity")
    if not isinstance(quantity, dict) or "comparator" in quantity or concept.pattern is not None:
        return None
    value, unit = quantity.get("value"), quantity.get("code") or quantity.get("unit")
    if value.__class__ not in _NUMBERS or not isinstance(unit, str):
        return None
    code, affine = case.chart.index.conversions.get((concept.id, unit), _NO_CONVERSION)
    if affine is None or code is None:
        return None
    number = float(value)
    converted = number * affine.multiplier + affine.offset
    least, most = concept.plausible
    if (least is not None and converted < least) or (most is not None and converted > most):
        return None
    if converted - converted != 0.0:  # it is not finite
        return None
    return _new(Interval, (converted, converted, False, False)), number_text(number), code


_NUMBERS = (int, float)
_NO_CONVERSION = (None, None)


def _unread(item: Item, text: str) -> Item:
    """A record without a number: words that nobody can read may say one, and block; none falls back."""
    if says_nothing(text):
        return item._replace(blocked=Reason.NO_VALUE, skipped=True, value=in_short(text))
    return item._replace(blocked=Reason.COARSER_CODE, value=in_short(text))


def read_number(holder: Resource, *, signed: bool = False) -> tuple[Interval, str, str, Basis] | None:
    """Value, its text, its unit as sent and the basis, from an Observation or one of its components.

    What is not `signed` is never below zero: `<0.5` is then [0, 0.5). None where there is no number. Raises
    DataError for a value that is not of its type, as a Quantity whose value is not a number.
    """
    quantity = holder.get("valueQuantity")
    if isinstance(quantity, dict):
        value = quantity.get("value")
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DataError("Quantity.value is not a number", expected="a JSON number")
        comparator = quantity.get("comparator")
        interval = (
            exactly(value)
            if comparator is None
            else from_comparator(float(value), comparator, nonnegative=not signed)
        )
        unit = quantity.get("code") or quantity.get("unit") or ""
        return interval, f"{comparator or ''}{number_text(float(value))}", str(unit), _RECORDED
    if quantity is not None:
        raise DataError("valueQuantity is not an object", expected="a Quantity")
    integer = holder.get("valueInteger")
    if integer is not None:
        return exactly(float(whole_number(integer))), str(integer), "", _RECORDED
    both = holder.get("valueRange")
    if both is not None:
        return _range(both)
    text = string_value(holder)
    if text and (match := _TEXT_QUANTITY.fullmatch(text)):
        sign, digits, unit = match.groups()
        sign, found = _SIGNS.get(sign, sign), read_decimal(digits)
        if found is None:
            return None
        interval = from_comparator(found, sign, nonnegative=not signed)
        return interval, f"{sign or ''}{number_text(found)}", unit, Basis.DERIVED
    return None


def _by_pattern(
    concept: Concept, pattern: re.Pattern[str], text: str
) -> tuple[Interval, str, str, Basis] | None:
    """A number, or two of them with what lies between, in words that the mapping has a pattern for."""
    match = pattern.search(unicodedata.normalize("NFKC", text))
    if match is None:
        return None
    written: str | None = match["sign"]
    last: str | None = match["to"]
    low, high, unit = read_decimal(match["value"]), read_decimal(last) if last else None, str(match["unit"])
    if low is None:
        return None
    sign = None if written is None else _SIGNS.get(written, written)
    if high is None:
        interval = from_comparator(low, sign, nonnegative=not concept.signed)
        return interval, f"{sign or ''}{number_text(low)}", unit, Basis.DERIVED
    if sign is not None or high < low:
        return None
    return Interval(low, high), f"{number_text(low)}-{number_text(high)}", unit, Basis.DERIVED


def whole_number(integer: object) -> int:
    """A valueInteger; DataError where it is none."""
    if isinstance(integer, bool) or not isinstance(integer, int):
        raise DataError("valueInteger is not a whole number", expected="a JSON number without a fraction")
    return integer


def string_value(holder: Resource) -> str:
    """The valueString, empty where there is none; DataError where it is no text."""
    text = holder.get("valueString")
    if text is None or isinstance(text, str):
        return text or ""
    raise DataError("valueString is not a string", expected="a text")


def _range(both: object) -> tuple[Interval, str, str, Basis] | None:
    if not isinstance(both, dict):
        raise DataError("valueRange is not an object", expected="a Range")
    ends = [both.get(end) or {} for end in ("low", "high")]
    low, high = (end.get("value") for end in ends)
    if low is None and high is None:
        return None
    named = [str(end.get("code") or end.get("unit")) for end in ends if end.get("code") or end.get("unit")]
    unit = named[0] if named else ""
    if len(set(named)) > 1 or (low is not None and high is not None and low > high):
        raise DataError("the ends of a Range do not belong together", expected="low before high, in one unit")
    interval = Interval(None if low is None else float(low), None if high is None else float(high))
    text = "-".join("" if end is None else number_text(float(end)) for end in (low, high))
    return interval, text, unit, _RECORDED


def canonical(
    case: Case, concept: Concept, interval: Interval, unit_text: str
) -> tuple[Reason | None, Interval | None, str]:
    """Why the unit keeps the value from deciding, the value in the canonical unit, the unit's UCUM code."""
    if concept.unit is None:
        return None, interval, unit_text
    text = unit_text
    if not text:
        text = case.site.default_units.get(concept.id, "")
        if not text:
            units = case.chart.index.units
            if units.dimension(concept.unit) == units.dimension("1") or concept.unit.startswith("{"):
                return None, interval, ""
            return Reason.NO_UNIT, None, ""
    code, affine = case.chart.index.conversion(concept, text, concept.unit)
    if code is None:
        return Reason.INCOMPARABLE_UNIT, None, unit_text
    if affine is None:
        return Reason.INCOMPARABLE_UNIT, None, code
    return None, affine.apply(interval), code


def _plausible(concept: Concept, interval: Interval) -> bool:
    least, most = concept.plausible
    low, high, _, _ = interval
    # What is in order as it stands is so at 12 digits too: only at the bound does it take a closer look.
    if least is not None and high is not None and high < least and compare(high, least) < 0:
        return False
    return most is None or low is None or low <= most or compare(low, most) <= 0


def text_of(holder: Resource) -> str:
    """Free text that a pattern may read: valueString, else the text of the coded value."""
    if holder.get("valueString") is not None:
        return string_value(holder)
    return concept_text(holder.get("valueCodeableConcept"))
