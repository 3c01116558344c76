"""Who asks, and what their role lets them do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fhirscreen.access.scopes import Scope, allow, find_scopes, read_scope
from fhirscreen.exceptions import NotAllowed


class Role(StrEnum):
    """What a person is here for."""

    COORDINATOR = "coordinator"
    INVESTIGATOR = "investigator"
    DESIGNER = "designer"
    ADMIN = "admin"


ROLE_SCOPES: Mapping[Role, frozenset[Scope]] = {
    role: find_scopes(text.split())
    for role, text in {
        Role.COORDINATOR: "system/*.rs system/ResearchSubject.u system/ResearchStudy.u system/List.u",
        Role.INVESTIGATOR: "system/*.rs system/ResearchSubject.u",
        Role.DESIGNER: "system/ResearchStudy.cruds system/Group.rs system/OperationDefinition.rs",
        Role.ADMIN: "system/*.cruds system/AuditEvent.rs",
    }.items()
}
"""What each role stands for. A designer sees no patient."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a name for the audit trail, scopes and roles.

    Where somebody has both scopes and roles, a route needs the leave of both: a program that was granted
    little may not do for an admin what an admin may. With neither, nothing is allowed.
    """

    name: str
    scopes: frozenset[Scope] = frozenset()
    roles: frozenset[Role] = frozenset()

    @property
    def role(self) -> str:
        """The roles, as one text."""
        return ",".join(sorted(self.roles))

    @property
    def small_cells_hidden(self) -> bool:
        """Whether counts under 5 are hidden from this caller: those who design studies need none."""
        return self.roles == {Role.DESIGNER}

    @property
    def sensitive_shown(self) -> bool:
        """Whether sensitive criteria are shown in full: to those who care for a study's patients.

        Where nobody signs in, whoever sits at this machine may read the record itself.
        """
        return self == LOCAL or bool(self.roles & {Role.COORDINATOR, Role.INVESTIGATOR})

    def may(self, need: str) -> bool:
        """Whether the caller is allowed what a scope names, like `system/ResearchSubject.rs`."""
        wanted = read_scope(need)
        by_role = [scope for role in self.roles for scope in ROLE_SCOPES[role]]
        grants = [each for each in (self.scopes, by_role) if each]
        return bool(grants) and all(allow(each, wanted) for each in grants)

    def check(self, need: str) -> None:
        """Raises NotAllowed where the caller may not do what a scope names."""
        if not self.may(need):
            raise NotAllowed(
                "this is not allowed to who asks",
                expected=f"the scope {need}, or a role that stands for it",
                remedy="ask whoever runs this service for it",
            )


LOCAL = Caller("local", roles=frozenset({Role.ADMIN}))
"""Whoever reaches a service without access control: only this machine's users can."""
