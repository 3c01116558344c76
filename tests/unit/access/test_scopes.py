"""Scopes and roles: what they allow, and what they do not."""

from __future__ import annotations

import pytest

from fhirscreen.access.callers import LOCAL, ROLE_SCOPES, Caller, Role
from fhirscreen.access.scopes import find_scopes, read_scope
from fhirscreen.exceptions import NotAllowed, UsageError


def caller(scopes: str = "", *roles: Role) -> Caller:
    return Caller("x", find_scopes(scopes.split()), frozenset(roles))


@pytest.mark.parametrize(
    ("scopes", "need", "allowed"),
    [
        ("system/ResearchSubject.rs", "system/ResearchSubject.r", True),
        ("system/ResearchSubject.rs", "system/ResearchSubject.s", True),
        ("system/ResearchSubject.rs", "system/ResearchSubject.u", False),
        ("system/ResearchSubject.r", "system/ResearchSubject.rs", False),
        ("system/ResearchSubject.r system/ResearchSubject.s", "system/ResearchSubject.rs", True),
        ("system/*.r system/ResearchSubject.s", "system/ResearchSubject.rs", True),
        ("system/ResearchSubject.rs", "system/ResearchStudy.r", False),
        ("system/*.rs", "system/ResearchStudy.r", True),
        ("system/*.rs", "system/ResearchStudy.u", False),
        ("system/*.cud", "system/ResearchStudy.u", True),
        ("system/*.cud", "system/ResearchStudy.r", False),
        ("system/*.read", "system/List.rs", True),
        ("system/*.read", "system/List.u", False),
        ("system/List.write", "system/List.cud", True),
        ("system/*.*", "system/List.cruds", True),
        ("system/*.cruds", "system/AuditEvent.s", False),
        ("system/*.cruds system/AuditEvent.rs", "system/AuditEvent.s", True),
        ("user/*.cruds patient/*.rs", "system/List.r", False),
        ("openid profile fhirUser", "system/List.r", False),
        ("system/Observation.rs?category=laboratory", "system/Observation.r", False),
        ("system/List.sr", "system/List.r", False),
        ("SYSTEM/List.r", "system/List.r", False),
        ("", "system/List.r", False),
    ],
)
def test_what_scopes_allow(scopes: str, need: str, allowed: bool) -> None:
    assert caller(scopes).may(need) is allowed


@pytest.mark.parametrize(
    ("role", "need", "allowed"),
    [
        (Role.COORDINATOR, "system/ResearchSubject.rs", True),
        (Role.COORDINATOR, "system/ResearchSubject.u", True),
        (Role.COORDINATOR, "system/AuditEvent.s", False),
        (Role.INVESTIGATOR, "system/ResearchSubject.u", True),
        (Role.INVESTIGATOR, "system/ResearchStudy.u", False),
        (Role.DESIGNER, "system/ResearchStudy.u", True),
        (Role.DESIGNER, "system/ResearchSubject.r", False),
        (Role.DESIGNER, "system/Patient.r", False),
        (Role.DESIGNER, "system/List.r", False),
        (Role.ADMIN, "system/AuditEvent.s", True),
        (Role.ADMIN, "system/AuditEvent.d", False),
        (Role.ADMIN, "system/ResearchStudy.u", True),
    ],
)
def test_what_roles_allow(role: Role, need: str, allowed: bool) -> None:
    assert caller("", role).may(need) is allowed


def test_every_role_stands_for_something() -> None:
    assert set(ROLE_SCOPES) == set(Role)
    assert all(ROLE_SCOPES.values())


def test_a_program_that_was_granted_little_may_do_little_for_an_admin() -> None:
    both = caller("system/ResearchSubject.rs", Role.ADMIN)
    assert both.may("system/ResearchSubject.r")
    assert not both.may("system/ResearchStudy.u")
    assert not caller("system/*.cruds", Role.DESIGNER).may("system/ResearchSubject.r")


def test_several_roles_add_up() -> None:
    assert caller("", Role.DESIGNER, Role.INVESTIGATOR).may("system/ResearchSubject.u")


def test_what_is_missing_is_named() -> None:
    with pytest.raises(NotAllowed) as caught:
        caller("system/List.r").check("system/ResearchSubject.u")
    assert "system/ResearchSubject.u" in str(caught.value)


def test_small_cells_are_hidden_from_who_only_designs() -> None:
    assert caller("", Role.DESIGNER).small_cells_hidden
    assert not caller("", Role.DESIGNER, Role.COORDINATOR).small_cells_hidden
    assert not LOCAL.small_cells_hidden


def test_a_scope_reads_back() -> None:
    assert str(read_scope("system/ResearchSubject.crs")) == "system/ResearchSubject.crs"
    assert str(read_scope("system/*.write")) == "system/*.cud"
    for wrong in (
        "ResearchSubject.r",
        "system/ResearchSubject.",
        "system/x.r",
        "system/A.rx",
        "system/*.r\n",
    ):
        with pytest.raises(UsageError):
            read_scope(wrong)
