"""Hypothesis strategies for the criteria language: one for each class of the union, and for whole studies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fhirscreen.criteria import nodes
from fhirscreen.criteria.bounds import Bound, Bounds, Distinct, Limit, Staging, Which
from fhirscreen.criteria.nodes import (
    INDEX_CANCER,
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
from fhirscreen.criteria.records import Record, RegisteredAge
from fhirscreen.criteria.studies import (
    READ_STATUSES,
    STATUSES,
    Answer,
    Criterion,
    Kind,
    OpenQuestion,
    Population,
    ReadNote,
    Span,
    Study,
    Weight,
)
from fhirscreen.criteria.suggestions import Candidate, How, Suggestion

UNITS = ("10*9/L", "g/L", "g/dL", "umol/L", "mL/min", "U/L", "%", "[IU]/mL", "cm", "kg/m2", "mm[Hg]")
TIMES = ("a", "mo", "wk", "d", "h")

texts = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters="\ufeff"), min_size=1, max_size=30
).filter(str.strip)
ids = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)
words = st.lists(texts, max_size=3, unique=True).map(tuple)
durations = st.builds("{} {}".format, st.integers(0, 400), st.sampled_from(("d", "wk", "mo", "a", "h")))
maybe_durations = st.none() | durations
numbers = st.integers(-1000, 1000).map(float) | st.floats(allow_nan=False, allow_infinity=False)
whichs = st.sampled_from(Which)


@st.composite
def ranges(draw: st.DrawFn, units: SearchStrategy[tuple[str | None, Limit | None]]) -> Bounds:
    """A range of one or two ends; where both have the same unit, some value lies between them."""
    unit, limit = draw(units)
    low, high = sorted((draw(numbers), draw(numbers)))
    closed_low, closed_high = draw(st.booleans()), draw(st.booleans())
    ends = draw(st.sampled_from(("low", "high", "both")))
    if ends == "both" and low == high:
        closed_low = closed_high = True
    return Bounds(
        Bound(low, unit, limit, closed_low) if ends != "high" else None,
        Bound(high, unit, limit, closed_high) if ends != "low" else None,
    )


def _with_unit(*units: str | None) -> SearchStrategy[tuple[str | None, Limit | None]]:
    return st.tuples(st.sampled_from(units), st.none())


bounds = ranges(_with_unit(*UNITS, None) | st.tuples(st.none(), st.sampled_from(Limit)))
year_bounds = ranges(_with_unit("a"))
time_bounds = ranges(_with_unit(*TIMES))
count_bounds = ranges(_with_unit(None))


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    """A finding; sites only beside values."""
    values = draw(words)
    return Finding(
        draw(ids),
        values,
        draw(st.none() | st.sampled_from(Staging)),
        draw(whichs),
        draw(maybe_durations),
        draw(words) if values else (),
    )


measured = st.builds(Measured, ids, bounds, whichs, maybe_durations)
codes = st.lists(
    st.sampled_from(("icd-10-cm:N31.9", "icd-10:L10", "snomed:397732007", "icd-10-gm:A00.0")),
    min_size=1,
    max_size=3,
    unique=True,
).map("+".join)
conditions = st.builds(Condition, ids | codes, st.booleans(), maybe_durations, words)
received = st.builds(
    Received,
    ids,
    maybe_durations,
    st.none() | st.just(INDEX_CANCER) | ids,
    words,
    maybe_durations,
    st.booleans(),
)

LEAVES: dict[type, SearchStrategy[Any]] = {
    Age: st.builds(Age, year_bounds),
    Sex: st.builds(Sex, st.sampled_from(("male", "female"))),
    Measured: measured,
    Derived: st.builds(Derived, ids, bounds),
    Finding: findings(),
    Condition: conditions,
    Received: received,
    Elapsed: st.builds(
        Elapsed, conditions | received | findings(), time_bounds, st.sampled_from((Which.FIRST, Which.LATEST))
    ),
    Sequence: st.builds(Sequence, conditions | received, conditions | received | findings(), maybe_durations),
    Count: st.builds(
        Count,
        conditions | received | findings() | measured,
        count_bounds,
        st.sampled_from(Distinct),
        maybe_durations,
        st.booleans(),
    ),
    Constant: st.builds(Constant, st.booleans()),
    Confirm: st.builds(Confirm, texts),
    Unread: st.builds(Unread, texts),
}


def compounds(inner: SearchStrategy[Expression]) -> dict[type, SearchStrategy[Any]]:
    """Every compound over an expression."""
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return {
        AllOf: st.builds(AllOf, several),
        AnyOf: st.builds(AnyOf, several),
        AtLeast: several.flatmap(lambda of: st.builds(AtLeast, st.integers(1, len(of)), st.just(of))),
        Not: st.builds(Not, inner),
        Conditional: st.builds(Conditional, inner, inner, inner),
        Recorded: st.builds(Recorded, inner),
        Judgement: st.builds(Judgement, inner),
        Question: st.builds(
            Question,
            ids,
            st.dictionaries(texts, inner, min_size=2, max_size=3).map(lambda named: tuple(named.items())),
        ),
    }


expressions: SearchStrategy[Expression] = st.recursive(
    st.one_of(*LEAVES.values()), lambda inner: st.one_of(*compounds(inner).values()), max_leaves=8
)
STRATEGIES: dict[type, SearchStrategy[Any]] = {**LEAVES, **compounds(expressions)}


def all_nodes() -> frozenset[type]:
    """Every class of the union."""
    return frozenset(get_args(nodes.Expression))


spans = st.builds(Span, texts) | st.tuples(texts, st.integers(0, 999), st.integers(1, 99)).map(
    lambda drawn: Span(drawn[0], drawn[1], drawn[1] + drawn[2])
)


suggestions = st.builds(
    Suggestion,
    texts,
    st.integers(0, 999),
    st.integers(0, 999),
    st.lists(
        st.builds(Candidate, texts, texts, texts, st.sampled_from(How)), min_size=1, max_size=2
    ).map(tuple),
)  # fmt: skip


notes = st.builds(
    ReadNote,
    st.sampled_from(READ_STATUSES),
    texts,
    st.lists(texts, max_size=2, unique=True).map(tuple),
    st.lists(texts, max_size=2, unique=True).map(tuple),
    st.none() | texts,
    st.lists(suggestions, max_size=2).map(tuple),
)


def criteria(id: str, kind: Kind) -> SearchStrategy[Criterion]:
    """A criterion of that id and kind."""
    origins = st.none() | spans.flatmap(lambda span: st.tuples(st.just(span), st.none() | notes))
    plain = _criteria(id, kind)
    return st.builds(
        lambda one, origin: one if origin is None else replace(one, source=origin[0], read=origin[1]),
        plain,
        origins,
    )


def _criteria(id: str, kind: Kind) -> SearchStrategy[Criterion]:
    return st.builds(
        Criterion,
        st.just(id),
        st.just(kind),
        texts,
        expressions,
        st.sampled_from(Weight),
        st.booleans(),
        st.booleans(),
        maybe_durations,
        st.none(),
        st.none() | texts,
    )


answers = st.builds(Answer, texts, texts, st.dates(date(2000, 1, 1), date(2100, 1, 1)).map(date.isoformat))
questions = st.builds(OpenQuestion, ids, texts, st.integers(1, 9), st.none() | answers)


ages = st.builds(RegisteredAge, st.integers(0, 120).map(float), st.sampled_from(("a", "mo", "d")))
records = st.builds(
    Record,
    texts,
    texts,
    title=st.none() | texts,
    status=st.none() | texts,
    conditions=st.lists(texts, max_size=2, unique=True).map(tuple),
    sex=st.sampled_from((None, "male", "female")),
    minimum_age=st.none() | ages,
    maximum_age=st.none() | ages,
)


@st.composite
def studies(draw: st.DrawFn) -> Study:
    """A study that reads well; an exclusion may mirror an inclusion."""
    names = draw(st.lists(ids, max_size=4, unique=True))
    cut = draw(st.integers(0, len(names)))
    inclusion = [draw(criteria(name, Kind.INCLUSION)) for name in names[:cut]]
    exclusion = [draw(criteria(name, Kind.EXCLUSION)) for name in names[cut:]]
    mirrored: bool = draw(st.booleans())
    if inclusion and exclusion and mirrored:
        exclusion[0] = replace(exclusion[0], mirrors=inclusion[0].id)
    optional = st.none() | texts
    plain = Study(
        draw(st.from_regex(r"NCT[0-9]{8}", fullmatch=True)),
        draw(texts),
        Population(draw(st.none() | ids)),
        (*inclusion, *exclusion),
        tuple(draw(st.lists(questions, max_size=2))),
        draw(texts),
        draw(st.sampled_from(STATUSES)),
        draw(optional),
        draw(optional),
        draw(optional),
        draw(optional),
        draw(optional),
        draw(optional),
    )
    return replace(plain, record=draw(st.none() | records))
