"""A call of CDS Hooks: what none of its words may hold."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from fhirscreen.cds_hooks.calls import CallError, check, read_call
from fhirscreen.cds_hooks.feedback import Feedback
from tests.lib.ehr import make_call

NUL = "a\x00b"


@pytest.mark.parametrize("where", ["hookInstance", "userId", "encounterId"])
def test_no_word_holds_a_nul(where: str) -> None:
    """PostgreSQL stores none."""
    call: dict[str, Any] = make_call("p1", {})
    part = call if where in call else call["context"]
    assert read_call("trials-patient-view", orjson.dumps(call)).patient == "p1"
    part[where] = NUL
    with pytest.raises(CallError) as caught:
        read_call("trials-patient-view", orjson.dumps(call))
    assert where in str(caught.value)


@pytest.mark.parametrize("where", ["card", "id"])
def test_no_word_of_feedback_holds_one(where: str) -> None:
    said = {"card": "c", "outcome": "accepted", "outcomeTimestamp": "2026-11-02T08:00:00Z"}
    ids = {"acceptedSuggestions": [{"id": NUL if where == "id" else "s"}]}
    item = said | ids | ({"card": NUL} if where == "card" else {})
    check(Feedback, {"feedback": [said | {"acceptedSuggestions": [{"id": "s"}]}]})
    with pytest.raises(CallError):
        check(Feedback, {"feedback": [item]})
