"""From the wire to nodes: one function an expression key, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fhirscreen.criteria.bounds import Distinct, Staging, Which
from fhirscreen.criteria.nodes import (
    Age,
    AllOf,
    AnyOf,
    AtLeast,
    Condition,
    Conditional,
    Confirm,
    Constant,
    Count,
    Derived,
    Elapsed,
    Expression,
    Finding,
    Judgement,
    Measured,
    Not,
    Question,
    Received,
    Recorded,
    Sequence,
    Sex,
    Unread,
)
from fhirscreen.criteria.wire.amounts import BOUND_KEYS, read_bounds
from fhirscreen.criteria.wire.fields import Fields, name_kind, read_items, read_text, suggest
from fhirscreen.criteria.wire.places import DEEPEST, Place

Reader = Callable[[object, Place], Expression]


def _age(data: object, place: Place) -> Age:
    return Age(read_bounds(Fields(data, place, BOUND_KEYS)))


def _sex(data: object, place: Place) -> Sex:
    return Sex(read_text(data, place))


def _measured(data: object, place: Place) -> Measured:
    fields = Fields(data, place, ("concept", *BOUND_KEYS, "which", "within"))
    return Measured(
        fields.text("concept"),
        read_bounds(fields),
        fields.choice("which", Which) or Which.LATEST,
        fields.duration_or_none("within"),
    )


def _derived(data: object, place: Place) -> Derived:
    fields = Fields(data, place, ("quantity", *BOUND_KEYS))
    return Derived(fields.text("quantity"), read_bounds(fields))


def _finding(data: object, place: Place) -> Finding:
    fields = Fields(data, place, ("concept", "in", "staging", "which", "within", "sites"))
    return Finding(
        fields.text("concept"),
        fields.words("in"),
        fields.choice("staging", Staging),
        fields.choice("which", Which) or Which.LATEST,
        fields.duration_or_none("within"),
        fields.words("sites"),
    )


def _condition(data: object, place: Place) -> Condition:
    fields = Fields(data, place, ("concept", "active", "within", "severity"))
    return Condition(
        fields.text("concept"),
        fields.flag("active", default=False),
        fields.duration_or_none("within"),
        fields.words("severity"),
    )


def _received(data: object, place: Place) -> Received:
    fields = Fields(data, place, ("concept", "within", "for", "routes", "minimum_duration", "current"))
    return Received(
        fields.text("concept"),
        fields.duration_or_none("within"),
        fields.text_or_none("for"),
        fields.words("routes"),
        fields.duration_or_none("minimum_duration"),
        fields.flag("current", default=False),
    )


_EVENT = "one of condition, received, finding"


def _elapsed(data: object, place: Place) -> Elapsed:
    fields = Fields(data, place, ("since", "which", *BOUND_KEYS))
    match read_expression(fields.value("since", _EVENT), fields.at("since")):
        case Condition() | Received() | Finding() as since:
            return Elapsed(since, read_bounds(fields), fields.choice("which", Which) or Which.LATEST)
        case _:
            raise fields.at("since").error("not an event", expected=_EVENT)


def _sequence(data: object, place: Place) -> Sequence:
    fields = Fields(data, place, ("first", "then", "within"))
    first = read_expression(fields.value("first", _EVENT), fields.at("first"))
    then = read_expression(fields.value("then", _EVENT), fields.at("then"))
    if not isinstance(first, Condition | Received):
        raise fields.at("first").error(
            "not an event that others can follow", expected="condition or received"
        )
    if not isinstance(then, Condition | Received | Finding):
        raise fields.at("then").error("not an event", expected=_EVENT)
    return Sequence(first, then, fields.duration_or_none("within"))


def _count(data: object, place: Place) -> Count:
    fields = Fields(data, place, ("of", "distinct", "within", "complete", *BOUND_KEYS))
    counted = f"{_EVENT}, measured"
    match read_expression(fields.value("of", counted), fields.at("of")):
        case Condition() | Received() | Finding() | Measured() as of:
            return Count(
                of,
                read_bounds(fields),
                fields.choice("distinct", Distinct) or Distinct.RECORD,
                fields.duration_or_none("within"),
                fields.flag("complete", default=True),
            )
        case _:
            raise fields.at("of").error("nothing that can be counted", expected=counted)


def _several(data: object, place: Place) -> tuple[Expression, ...]:
    return tuple(read_expression(item, where) for item, where in read_items(data, place))


def _at_least(data: object, place: Place) -> AtLeast:
    fields = Fields(data, place, ("n", "of"))
    n = fields.whole("n")
    if n is None:
        fields.missing("n", "how many must hold")
    return AtLeast(n, _several(fields.value("of", "a list of expressions"), fields.at("of")))


def _conditional(data: object, place: Place) -> Conditional:
    keys = ("when", "then", "otherwise")
    fields = Fields(data, place, keys)
    when, then, otherwise = (read_expression(fields.value(k, "an expression"), fields.at(k)) for k in keys)
    return Conditional(when, then, otherwise)


def _question(data: object, place: Place) -> Question:
    fields = Fields(data, place, ("id", "readings"))
    readings, where = fields.value("readings", "named expressions"), fields.at("readings")
    if not isinstance(readings, Mapping):
        raise where.error(f"{name_kind(readings)} instead of a mapping", expected="names of readings")
    return Question(
        fields.text("id"),
        tuple(
            (read_text(name, where), read_expression(of, where.key(str(name))))
            for name, of in readings.items()
        ),
    )


def _constant(data: object, place: Place) -> Constant:
    if not isinstance(data, bool):
        raise place.error(f"{name_kind(data)} instead of true or false", expected="true or false")
    return Constant(data)


READERS: dict[str, Reader] = {
    "age": _age,
    "sex": _sex,
    "measured": _measured,
    "derived": _derived,
    "finding": _finding,
    "condition": _condition,
    "received": _received,
    "elapsed": _elapsed,
    "sequence": _sequence,
    "count": _count,
    "all": lambda data, place: AllOf(_several(data, place)),
    "any": lambda data, place: AnyOf(_several(data, place)),
    "at_least": _at_least,
    "not": lambda data, place: Not(read_expression(data, place)),
    "conditional": _conditional,
    "recorded": lambda data, place: Recorded(read_expression(data, place)),
    "judgement": lambda data, place: Judgement(read_expression(data, place)),
    "question": _question,
    "constant": _constant,
    "confirm": lambda data, place: Confirm(read_text(data, place)),
    "unread": lambda data, place: Unread(read_text(data, place)),
}
"""Every expression key. The order is that of the nodes, and of error messages."""


def read_keyed(key: str, data: object, place: Place) -> Expression:
    """The expression under a key of READERS; `place` is that of its value."""
    if place.depth > DEEPEST:
        raise place.error("nested too deeply", expected=f"at most {DEEPEST} levels")
    with place.named():
        return READERS[key](data, place)


def read_expression(data: object, place: Place) -> Expression:
    """An expression: a mapping with exactly one key of READERS. Raises StudyError with the path."""
    if not isinstance(data, Mapping) or len(data) != 1:
        found = f"{len(data)} keys" if isinstance(data, Mapping) else name_kind(data)
        raise place.error(
            f"{found} instead of an expression",
            expected=f"a mapping with exactly one of {', '.join(READERS)}",
            remedy="join several with `all` or `any`",
        )
    ((key, body),) = data.items()
    if key not in READERS:
        raise place.key(str(key)).error(
            f"unknown expression `{key}`",
            expected=f"one of {', '.join(READERS)}",
            remedy=suggest(str(key), tuple(READERS)),
        )
    return read_keyed(key, body, place.key(key))
