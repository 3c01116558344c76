"""Units of measure: what labs write, as UCUM codes; and conversion between them.

Every conversion is one float64 operation, `value * multiplier` (for temperatures `value * multiplier +
offset`), so that every engine does the same. The multiplier is the exact rational

    factor(from) * [valence and molar mass, where dimensions differ] / factor(to)

rounded once to float64. Source of the codes: the Unified Code for Units of Measure (UCUM 2.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from fhirscreen.exceptions import MappingError
from fhirscreen.values.intervals import Interval, add, exactly, scale
from fhirscreen.values.spellings import Spellings

if TYPE_CHECKING:
    from collections.abc import Mapping

_REMEMBERED = 1 << 14


class Affine(NamedTuple):
    """A conversion: `value * multiplier + offset`."""

    multiplier: float
    offset: float = 0.0

    def apply(self, interval: Interval) -> Interval:
        """The interval in the other unit."""
        scaled = scale(interval, self.multiplier)
        return scaled if self.offset == 0.0 else add(scaled, exactly(self.offset))


@dataclass(frozen=True, slots=True)
class Unit:
    """What a UCUM code is: `value * factor + offset` is the value in its dimension's base unit."""

    dimension: str
    factor: Fraction
    offset: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Dimension:
    """What units can be converted among each other, by the base unit that their factors refer to.

    `substance` is the dimension in moles that this one becomes when divided by a molar mass (`by: mass`) or
    by a valence (`by: valence`); `same_as` are dimensions whose base units are taken as equal, one to one.
    """

    name: str
    base: str
    substance: str | None = None
    by: str | None = None
    same_as: frozenset[str] = frozenset()


class UnitTable:
    """The units that are known, their spellings, and the conversions between them; immutable."""

    __slots__ = ("_conversions", "_dimensions", "_spellings", "_units")

    def __init__(
        self, units: Mapping[str, Unit], dimensions: Mapping[str, Dimension], spellings: Spellings
    ) -> None:
        self._units = dict(units)
        self._dimensions = dict(dimensions)
        self._spellings = spellings
        self._conversions: dict[tuple[str, str, float | None, int | None], tuple[Affine | None]] = {}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> UnitTable:
        """From the data of `mappings/units.yaml`:

            dimensions: {name: {base: code, units: {code: factor | {factor: …, offset: …}},
                                substance: name, by: mass | valence, same_as: [names]}}
            parts: {spelling of what stands between slashes: its UCUM code}
            powers: {spelling of a power of ten before a slash: its exponent}
            synonyms: {spelling of a whole unit: its UCUM code}

        Factors are numbers or fractions as text (`5/9`) and are taken exactly as written.
        Raises MappingError for another shape, an unknown code or name, and a code in two dimensions.
        """
        try:
            units, dimensions = _read(data["dimensions"])
            spellings = Spellings(
                units,
                parts=data.get("parts", {}),
                powers=data.get("powers", {}),
                synonyms=data.get("synonyms", {}),
            )
        except (TypeError, KeyError, AttributeError):
            raise MappingError(
                "the table of units has another shape",
                expected="dimensions: {name: {base: code, units: {code: factor}}}, parts, powers, synonyms",
            ) from None
        return cls(units, dimensions, spellings)

    def __contains__(self, code: object) -> bool:
        return code in self._units

    def codes(self) -> tuple[str, ...]:
        """Every UCUM code that is known, sorted."""
        return tuple(sorted(self._units))

    def normalise(self, text: str) -> str | None:
        """The UCUM code of a unit as it was sent (`K/uL` is `10*3/uL`); None where it is not known.

        Capitals count only where they tell two known units apart.
        """
        return self._spellings.code(text)

    def dimension(self, code: str) -> str | None:
        """The name of a UCUM code's dimension; None for an unknown code."""
        unit = self._units.get(code)
        return None if unit is None else unit.dimension

    def factor(self, code: str) -> float | None:
        """The factor from a UCUM code to its dimension's base unit; None for an unknown code."""
        unit = self._units.get(code)
        return None if unit is None else float(unit.factor)

    def affine(
        self, from_code: str, to_code: str, *, molar_mass: float | None = None, valence: int | None = None
    ) -> Affine | None:
        """The conversion between two UCUM codes; None where they do not fit.

        `molar_mass` (g/mol) leads from mass to moles and back, `valence` from equivalents to moles.
        """
        key = (from_code, to_code, molar_mass, valence)
        known = self._conversions.get(key)
        if known is None:
            known = (self._conversion(from_code, to_code, molar_mass, valence),)
            if len(self._conversions) < _REMEMBERED:
                self._conversions[key] = known
        return known[0]

    def multiplier(
        self, from_code: str, to_code: str, *, molar_mass: float | None = None, valence: int | None = None
    ) -> float | None:
        """The number that converts by `value * multiplier`; None where none is enough."""
        affine = self.affine(from_code, to_code, molar_mass=molar_mass, valence=valence)
        return None if affine is None or affine.offset != 0.0 else affine.multiplier

    def convert(
        self,
        value: float | Interval,
        from_code: str,
        to_code: str,
        *,
        molar_mass: float | None = None,
        valence: int | None = None,
    ) -> Interval | None:
        """The value in another unit; None where units do not fit. Raises DataError for what is not finite."""
        affine = self.affine(from_code, to_code, molar_mass=molar_mass, valence=valence)
        if affine is None:
            return None
        return affine.apply(value if isinstance(value, Interval) else exactly(value))

    def _conversion(
        self, from_code: str, to_code: str, molar_mass: float | None, valence: int | None
    ) -> Affine | None:
        source, target = self._units.get(from_code), self._units.get(to_code)
        if source is None or target is None:
            return None
        bridge = self._bridge(
            self._dimensions[source.dimension], self._dimensions[target.dimension], molar_mass, valence
        )
        if bridge is None:
            return None
        multiplier = source.factor * bridge / target.factor
        offset = (source.offset * bridge - target.offset) / target.factor
        return Affine(float(multiplier), float(offset))

    def _bridge(
        self, source: Dimension, target: Dimension, molar_mass: float | None, valence: int | None
    ) -> Fraction | None:
        """What a value in the source's base unit is multiplied by to be in the target's."""
        if source.name == target.name or target.name in source.same_as or source.name in target.same_as:
            return Fraction(1)
        divisors = {"mass": molar_mass, "valence": valence}
        down, up = _moles(source, divisors), _moles(target, divisors)
        if down is None or up is None or down[0] != up[0]:
            return None
        return up[1] / down[1]


def _moles(dimension: Dimension, divisors: Mapping[str, float | None]) -> tuple[str, Fraction] | None:
    """The dimension in moles that a dimension leads to, and what to divide by on the way."""
    if dimension.substance is None or dimension.by is None:  # both or neither
        return dimension.name, Fraction(1)
    divisor = divisors[dimension.by]
    return None if divisor is None else (dimension.substance, _exact(divisor))


def _exact(number: object) -> Fraction:
    """A number exactly as it is written in decimal: 0.1 is one tenth."""
    return Fraction(str(number))


def _read(data: Mapping[str, Any]) -> tuple[dict[str, Unit], dict[str, Dimension]]:
    units: dict[str, Unit] = {}
    dimensions: dict[str, Dimension] = {}
    for name, entry in data.items():
        same_as = frozenset(entry.get("same_as", ()))
        dimensions[name] = Dimension(name, entry["base"], entry.get("substance"), entry.get("by"), same_as)
        for code, factor in entry["units"].items():
            if code in units:
                raise MappingError(
                    f"the unit {code} is in two dimensions, {units[code].dimension} and {name}"
                )
            units[code] = _unit(code, name, factor)
    for dimension in dimensions.values():
        _check(dimension, dimensions, units)
    return units, dimensions


def _unit(code: str, dimension: str, data: object) -> Unit:
    factor, offset = (data["factor"], data.get("offset", 0)) if isinstance(data, dict) else (data, 0)
    try:
        unit = Unit(dimension, _exact(factor), _exact(offset))
    except (ValueError, ZeroDivisionError):
        unit = Unit(dimension, Fraction(0))
    if unit.factor <= 0:
        raise MappingError(f"the factor of {code} is no positive number", expected='a number, or "5/9"')
    return unit


def _check(dimension: Dimension, dimensions: Mapping[str, Dimension], units: Mapping[str, Unit]) -> None:
    base = units.get(dimension.base)
    if base is None or base.dimension != dimension.name or base.factor != 1 or base.offset != 0:
        raise MappingError(f"the base of {dimension.name}, {dimension.base}, is not among its units as 1")
    named = dimension.same_as if dimension.substance is None else {*dimension.same_as, dimension.substance}
    for other in sorted(named):
        if other not in dimensions:
            raise MappingError(f"the dimension {dimension.name} names '{other}', which is not known")
    if (dimension.substance is None) != (dimension.by is None) or dimension.by not in {
        None,
        "mass",
        "valence",
    }:
        raise MappingError(
            f"the dimension {dimension.name} leads to moles by '{dimension.by}'",
            expected="both `substance` and `by: mass` or `by: valence`, or neither",
        )
