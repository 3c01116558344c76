"""The wire format is exact: whatever can be built can be written, and reads back equal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fhirscreen.criteria.english import say, spell_id
from fhirscreen.criteria.nodes import Expression
from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.walk import children, concepts, transform, walk
from fhirscreen.criteria.wire import (
    format_yaml,
    parse_json,
    parse_yaml,
    read_expression,
    read_study,
    write_expression,
    write_study,
)
from fhirscreen.exceptions import StudyError
from tests.lib.strategies.criteria import STRATEGIES, all_nodes, expressions, studies

SCHEMA = Path(__file__).parents[2] / "mappings" / "schemas" / "study.schema.json"
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
BY_NAME = {node.__name__: node for node in STRATEGIES}


def test_every_node_has_a_strategy() -> None:
    assert set(STRATEGIES) == all_nodes()


@pytest.mark.parametrize("name", sorted(BY_NAME))
@given(data=st.data())
@settings(max_examples=30)
def test_every_node_reads_back(name: str, data: st.DataObject) -> None:
    expression: Expression = data.draw(STRATEGIES[BY_NAME[name]])
    assert isinstance(expression, BY_NAME[name])
    assert read_expression(write_expression(expression)) == expression


@given(studies())
def test_a_study_reads_back_from_yaml_and_json(study: Study) -> None:
    written = write_study(study)
    assert read_study(written) == study
    assert read_study(parse_yaml(format_yaml(written), "study.yaml")) == study
    assert read_study(parse_json(json.dumps(written), "study.json")) == study


@given(studies())
@settings(max_examples=50)
def test_what_is_written_satisfies_the_schema(study: Study) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(write_study(study))] == []


@given(expressions)
def test_english_is_a_function_of_the_expression_and_names_every_concept(expression: Expression) -> None:
    said = say(expression)
    assert said == say(read_expression(write_expression(expression)))
    assert said.strip()
    for concept in concepts(expression):
        assert spell_id(concept) in said


@given(expressions)
def test_walk_meets_every_child_and_transform_can_leave_all_as_it_is(expression: Expression) -> None:
    met = list(walk(expression))
    assert met[0] == expression
    assert len(met) == 1 + sum(len(list(walk(child))) for child in children(expression))
    assert transform(expression, lambda node: node) == expression


data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("age", "any", "measured", "concept", "at_least", "not", "of", "n", "in", "question")
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


def refusal(data: object) -> StudyError | None:
    """The error that reading raises; None where the data is an expression, which then reads back."""
    try:
        expression = read_expression(data, "study.yaml")
    except StudyError as error:
        return error
    return None if read_expression(write_expression(expression)) == expression else StudyError("not exact")


@given(data)
def test_whatever_is_no_expression_is_refused_with_a_path(data: object) -> None:
    error = refusal(data)
    if error is not None:
        assert error.what
        assert (error.where or "").startswith("study.yaml")
