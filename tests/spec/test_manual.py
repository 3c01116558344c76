"""Runs the manual: every row of every table on every engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest
import yaml

from fhirscreen.criteria.walk import walk
from fhirscreen.engines.base import Screened
from fhirscreen.engines.evaluator.cohorts import gather
from fhirscreen.engines.in_memory import InMemory
from fhirscreen.fhir.folders import Line
from fhirscreen.plan.resolve import resolve
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Gate, Subject, Verdict
from fhirscreen.verdicts.standings import Standing as Stands
from tests.lib.engines import UnderTest, parameters
from tests.lib.records import short
from tests.lib.strategies.criteria import all_nodes
from tests.spec.contents import CHAPTERS
from tests.spec.tables import Expected, Gated, Outcome, Outside, Standing, Table, catalogue_at

TABLES = {f"{c.id}/{t.id}/{table.id}": table for c in CHAPTERS for t in c.topics for table in t.tables}
EXCLUSIONS: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(
    (Path(__file__).parent / "exclusions.yaml").read_text("utf-8")
)
ROWS = {f"{name}/{n + 1}": (table, n) for name, table in TABLES.items() for n in range(len(table.cases))}


class Manual:
    """The manual's patients in one engine, and what it found, table by table."""

    def __init__(self, engine: UnderTest) -> None:
        self.engine = engine
        self._found: dict[str, Screened] = {}
        gaps = EXCLUSIONS.get(engine.name, {})
        self.refused, self.differs = gaps.get("refused", {}), gaps.get("differs", {})
        engine.load(
            r for row, (table, n) in ROWS.items() if row not in self.refused for r in table.resources(n)
        )

    def screened(self, name: str) -> Screened:
        """What the engine found for a table's patients."""
        if name not in self._found:
            self._screen(name)
        return self._found[name]

    def _screen(self, name: str) -> None:
        wanted = {name: TABLES[name]}
        if self.engine.one_plan:
            key = (TABLES[name].site_file(), TABLES[name].as_of)
            wanted = {n: t for n, t in TABLES.items() if (t.site_file(), t.as_of) == key}
        first = next(iter(wanted.values()))
        plan = resolve([t.study() for t in wanted.values()], catalogue_at(first.site_file()))
        everybody = [
            t.patient(n)
            for each, t in wanted.items()
            for n in range(len(t.cases))
            if f"{each}/{n + 1}" not in self.refused
        ]
        found = self.engine.screen(plan, first.index_date(), everybody)
        self._found |= dict.fromkeys(wanted, found)


@pytest.fixture(scope="module")
def opened() -> Iterator[ExitStack]:
    """What engines open and the module closes."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module", params=parameters())
def manual(request: pytest.FixtureRequest) -> Manual:
    """The manual loaded into one engine."""
    engine: UnderTest = request.param(request)
    return Manual(engine)


@pytest.mark.parametrize("name", TABLES)
def test_table(manual: Manual, name: str) -> None:
    """Every patient of the table has the verdict that the manual says."""
    table, found = TABLES[name], manual.screened(name)
    wrong = []
    for number, each in enumerate(table.cases):
        row = f"{name}/{number + 1}"
        if row in manual.refused:
            continue
        problems = list(differences(table, number, each.expected, found))
        excluded = manual.differs.get(row)
        if excluded is None:
            wrong += [f"{number + 1}. {each.says}: {problem}" for problem in problems]
        elif not problems:
            wrong.append(f"{number + 1}. {each.says}: excluded ({excluded}), and passes")
    assert not wrong, "\n".join([table.says, *wrong])


def differences(table: Table, number: int, expected: Outcome, found: Screened) -> Iterator[str]:
    """What is not as expected, one line each."""
    patient, study = table.patient(number), table.study().id
    subject = next((s for s in found.subjects if (s.study, s.patient) == (study, patient)), None)
    gates = [g.gate.value for g in found.gated if (g.study, g.patient) == (study, patient)]
    if isinstance(expected, Gated):
        if gates != [expected.gate]:
            yield f"gates {gates} instead of {expected.gate}"
    elif isinstance(expected, Outside):
        if subject is not None or gates:
            yield "a member"
    elif subject is None:
        yield f"no member, or gated {gates}"
    elif isinstance(expected, Expected):
        (verdict,) = subject.verdicts
        yield from wrong_verdict(verdict, expected)
    else:
        yield from wrong_standing(subject, expected)


def wrong_verdict(verdict: Verdict, expected: Expected) -> Iterator[str]:
    """What is not as expected in one verdict."""
    proof, patient = verdict.proof, verdict.patient
    reason = proof.reason.value if proof.reason else ""
    evidence = tuple(short(reference, patient) for reference in proof.evidence)
    found = (proof.truth.value, proof.basis.value, reason, tuple(sorted(evidence)))
    wanted = (expected.truth, expected.basis, expected.reason, tuple(sorted(expected.evidence)))
    if found != wanted:
        yield f"{verdict.criterion.id}: {_text(found)} instead of {_text(wanted)}"
    if list(proof.evidence) != sorted(set(proof.evidence)):
        yield f"{verdict.criterion.id}: evidence is not sorted: {' '.join(evidence)}"
    if not all(each.says for each in parts(proof)):
        yield f"{verdict.criterion.id}: a proof that does not say of what"
    for name in ("value", "unit", "date"):
        one = getattr(expected, name)
        if one is not None and getattr(proof, name) != one:
            yield f"{verdict.criterion.id}: {name} {getattr(proof, name)!r} instead of {one!r}"


def parts(proof: Proof) -> Iterator[Proof]:
    """A proof and all that it is made of."""
    yield proof
    for child in proof.children:
        yield from parts(child)


def _text(verdict: tuple[str, str, str, tuple[str, ...]]) -> str:
    truth, basis, reason, evidence = verdict
    return " ".join([truth, basis, reason or "-", f"[{' '.join(evidence)}]"])


def wrong_standing(subject: Subject, expected: Standing) -> Iterator[str]:
    """What is not as expected in the whole of a patient."""
    found = subject.status.value if subject.status else None
    if found != expected.status:
        yield f"status {found} instead of {expected.status}"
    met = tuple(v.criterion.id for v in subject.standing(Stands.MET))
    lists = {
        "met": met,
        "failed": tuple(v.criterion.id for v in subject.failed),
        "open": tuple(v.criterion.id for v in subject.open),
        "ask": tuple(v.criterion.id for v in subject.to_ask),
    }
    for name, ids in lists.items():
        wanted = getattr(expected, name)
        if wanted is not None and wanted != ids:
            yield f"{name}: {' '.join(ids) or 'none'} instead of {' '.join(wanted) or 'none'}"
    near = subject.near_miss.criterion.id if subject.near_miss else None
    if near != expected.near_miss:
        yield f"near miss {near} instead of {expected.near_miss}"
    if subject.complete != expected.complete:
        yield f"complete {subject.complete} instead of {expected.complete}"
    if subject.notes != expected.notes:
        yield f"notes {subject.notes} instead of {expected.notes}"
    for verdict in subject.verdicts:
        if verdict.criterion.id in expected.verdicts:
            yield from wrong_verdict(verdict, expected.verdicts[verdict.criterion.id])


def test_ids_are_unique() -> None:
    """Patients of all tables live side by side on one server."""
    repeated = [id for id, times in Counter(table.id for table in TABLES.values()).items() if times > 1]
    assert not repeated


def test_ids_fit_fhir() -> None:
    """An id has at most 64 characters (R4, datatypes)."""
    ids = [r["id"] for table in TABLES.values() for n in range(len(table.cases)) for r in table.resources(n)]
    assert all(len(id) <= 64 for id in ids)
    assert len({*ids}) == len(ids)


def test_refusals(manual: Manual) -> None:
    """What an engine is said to refuse it does refuse."""
    taken = []
    for row in manual.refused:
        table, number = ROWS[row]
        try:
            manual.engine.add(table.resources(number))
        except RuntimeError:
            continue
        taken.append(row)
    assert taken == [], "no longer refused"


def test_exclusions_name_rows() -> None:
    """An exclusion of what is not in the manual is a slip, as is one without a reason."""
    listed = [
        gap
        for gaps in EXCLUSIONS.values()
        for kind in ("refused", "differs")
        for gap in gaps.get(kind, {}).items()
    ]
    assert all(row in ROWS and reason for row, reason in listed)
    assert {kind for gaps in EXCLUSIONS.values() for kind in gaps} <= {"refused", "differs"}


def test_order_of_input_does_not_matter() -> None:
    """The same resources in any order: the same verdicts, proofs included."""
    resources = [r for table, n in ROWS.values() for r in table.resources(n)]
    mixed = list(resources)
    Random(20261101).shuffle(mixed)  # noqa: S311 - no secret
    found = []
    for each in (resources, mixed, resources[::-1]):
        cohort = gather(Line("manual", resource) for resource in each)
        engine = InMemory(cohort)
        everybody = {name: [t.patient(n) for n in range(len(t.cases))] for name, t in TABLES.items()}
        found.append(
            [
                engine.screen(t.plan(), t.index_date(), patients=everybody[name]).subjects
                for name, t in TABLES.items()
            ]
        )
    assert found[0] == found[1] == found[2]


def test_the_manual_shows_every_reason_node_and_gate() -> None:
    """What no table shows has no meaning that anybody could look up."""
    outcomes = [each.expected for table in TABLES.values() for each in table.cases]
    verdicts = [each for each in outcomes if isinstance(each, Expected)]
    verdicts += [v for each in outcomes if isinstance(each, Standing) for v in each.verdicts.values()]
    assert {verdict.reason for verdict in verdicts} - {""} == {reason.value for reason in Reason}
    assert {verdict.basis for verdict in verdicts} == {basis.value for basis in Basis}
    assert {each.gate for each in outcomes if isinstance(each, Gated)} == {gate.value for gate in Gate}
    used = {
        type(node)
        for table in TABLES.values()
        for criterion in table.study().criteria
        for node in walk(criterion.expression)
    }
    assert used == all_nodes()
