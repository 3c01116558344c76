"""Scopes: `system/ResearchSubject.rs` and the like, and whether one covers what a route needs.

SMART App Launch 2.x, chapter Scopes and Launch Context: `c` create, `r` read, `u` update, `d` delete, `s`
search; `.read`, `.write` and `.*` of version 1 are read as `.rs`, `.cud` and `.cruds`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from fhirscreen.exceptions import UsageError

ACTIONS = "cruds"
AUDIT = "AuditEvent"
"""The audit trail tells who looks after whom: a wildcard does not open it, only its own name does."""

_FIRST = {"read": "rs", "write": "cud", "*": ACTIONS}
_SCOPE = re.compile(r"system/(?P<type>\*|[A-Z][A-Za-z]{1,63})\.(?P<actions>c?r?u?d?s?|read|write|\*)")


class Scope(NamedTuple):
    """What may be done with a resource type; `*` are all types but the audit trail."""

    type: str
    actions: frozenset[str]

    def covers(self, need: Scope) -> bool:
        """Whether this scope allows everything that is needed."""
        typed = self.type == need.type or (self.type == "*" and need.type != AUDIT)
        return typed and need.actions <= self.actions

    def __str__(self) -> str:
        return f"system/{self.type}.{''.join(each for each in ACTIONS if each in self.actions)}"


def find_scope(text: str) -> Scope | None:
    """A scope of ours; None for any other (`openid`, `launch`, one with a query that narrows it)."""
    match = _SCOPE.fullmatch(text)
    if match is None or not match["actions"]:
        return None
    return Scope(match["type"], frozenset(_FIRST.get(match["actions"], match["actions"])))


def read_scope(text: str) -> Scope:
    """A scope that somebody writes down. Raises UsageError for what is none."""
    scope = find_scope(text)
    if scope is None:
        raise UsageError(
            "a scope cannot be read",
            expected="system/TYPE.ACTIONS, like system/ResearchSubject.rs or system/*.rs",
            remedy="write the actions in the order c, r, u, d, s",
        )
    return scope


def find_scopes(texts: Iterable[str]) -> frozenset[Scope]:
    """Those of the texts that are scopes of ours."""
    return frozenset(scope for text in texts if (scope := find_scope(text)) is not None)


def allow(scopes: Iterable[Scope], need: Scope) -> bool:
    """Whether the scopes together allow what is needed."""
    granted = {a for scope in scopes for a in scope.actions if scope.covers(Scope(need.type, frozenset(a)))}
    return need.actions <= granted
