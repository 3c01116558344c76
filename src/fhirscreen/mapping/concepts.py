"""A Concept: a clinical idea and everything needed to find it in FHIR."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from fhirscreen.values.codes import CodeSet
from fhirscreen.values.durations import Duration


class ConceptKind(StrEnum):
    """What a concept's records hold."""

    MEASUREMENT = "measurement"
    CATEGORY = "category"
    DIAGNOSIS = "diagnosis"
    THERAPY = "therapy"
    EVENT = "event"
    DERIVED = "derived"


FORMULAS = (
    "cockcroft-gault",
    "body-mass-index",
    "corrected-calcium",
    "neutrophils-from-percent",
    "neutrophil-lymphocyte-ratio",
)
"""What a derived quantity may name as its formula: those that the evaluator computes."""


class Role(StrEnum):
    """What a source that matches says about the concept.

    Declared by how much it says: a resource that several sources of a concept match counts under the first.
    """

    MATCH = "sources"
    VISIT = "visits"
    HISTORY = "history"
    JUDGEMENT = "judgement"
    DISJOINT = "disjoint"
    COARSER = "coarser"


@dataclass(frozen=True, slots=True)
class Source:
    """One place in FHIR where a concept is found: a resource type and the codes to match.

    `component`: the value is that component's. `value`: the coded value must match too. `morphology`: the
    mCODE histology extension, or a further coding, must match too. `body_site`: so must the bodySite.
    `staging`: how a TNM category was assessed; None where the source does not say.
    """

    resource: str
    codes: CodeSet
    role: Role = Role.MATCH
    component: CodeSet | None = None
    value: CodeSet | None = None
    morphology: CodeSet | None = None
    body_site: CodeSet | None = None
    staging: str | None = None

    @property
    def plain(self) -> bool:
        """Whether the codes alone say what is a record of it."""
        more = (self.component, self.value, self.morphology, self.body_site)
        return all(codes is None for codes in more)


@dataclass(frozen=True, slots=True)
class ValueName:
    """One value of a category: its codes, the integer that means it, its coarser value.

    `unknown` values say nothing (TX, "not done"). `unsettled` ones say that it was looked for, and is neither
    (indeterminate, equivocal): another record has to tell.
    """

    name: str
    codes: CodeSet
    integer: int | None = None
    parent: str | None = None
    unknown: bool = False
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class Windows:
    """How long a record decides, and how long it is still shown; None is a lifetime."""

    decides: Duration | None
    shows: Duration | None


LIFETIME = Windows(None, None)


@dataclass(frozen=True, slots=True, eq=False)
class Concept:
    """One entry of `mappings/concepts/`: the same for every engine, the reader and the documentation.

    Compared by identity: a catalogue holds one object per concept.

    `unit` is canonical UCUM, in which `plausible` and all bounds are compared; `molar_mass` is in g/mol.
    `about_metastasis`: only records that point to a metastasis count. `about_other_cancer`: those of the
    index cancer do not. A number is positive above `detected_above`, and negative otherwise or, where it is
    given, below `undetected_below`. `needs_confirmation` are values that
    are open until another record confirms them (a reactive screen).
    `condition_stage`: the stage that a Condition of the index cancer states is a value too.
    `regional_sites`: of a cancer, the sites whose nodes are regional and no spread (N, not M).
    `not_at`: of what is about a cancer, the category of sites at which a record is not about where it began.
    `same_organ`: of a cancer, codes that may be of it, or of another cancer of its organ.
    `work_up`: of a spread, how long before the cancer it may be found and be of it.
    `recurs`: of a diagnosis that may come again, so that one that has ended says nothing of now.
    `doses_apart`: of a therapy, how far apart doses of one course may lie.
    `narrower_names`: of what is one of it and not all of it, as pleural mesothelioma is of mesothelioma.
    `drug_names`: of a therapy, further names of its drugs, `*` for any letters: a code that no concept lists,
    and that is called so, may be one of them.
    `shown_with`: of a measurement, therapies that are shown with it where one was given shortly before.
    `computed_as`: of a measurement, the derived quantity that is the same, and decides where it is newer.
    `derived_from` maps another category's values to the values here that it may mean.
    `invalidated_by`: events after which earlier records decide no longer. `unconfirmed_after`: events after
    which a clinical category no longer decides (a T assessed under treatment).
    """

    id: str
    kind: ConceptKind
    label: str
    names: tuple[str, ...] = ()
    narrower_names: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    windows: Windows = LIFETIME
    absence_by_site: bool = False
    about_cancer: bool = False
    about_metastasis: bool = False
    about_other_cancer: bool = False
    sensitive: bool = False
    # measurements
    unit: str | None = None
    plausible: tuple[float | None, float | None] = (None, None)
    molar_mass: float | None = None
    valence: int | None = None
    # categories
    values: tuple[ValueName, ...] = ()
    ordered: bool = False
    pattern: re.Pattern[str] | None = None
    derived_from: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...] = ()
    implied_by: tuple[tuple[str, str], ...] = ()
    condition_stage: bool = False
    sites: str | None = None
    regional_sites: tuple[str, ...] = ()
    same_organ: CodeSet = CodeSet()
    not_at: str | None = None
    persists: tuple[str, ...] = ()
    needs_confirmation: tuple[str, ...] = ()
    detected_above: float | None = None
    undetected_below: float | None = None
    # validity
    invalidated_by: tuple[str, ...] = ()
    unconfirmed_after: tuple[str, ...] = ()
    # diagnoses
    recurs: bool = False
    work_up: Duration | None = None
    # therapies
    shared_use: CodeSet = CodeSet()
    counts_for: CodeSet = CodeSet()
    not_for: CodeSet = CodeSet()
    routes_not: CodeSet = CodeSet()
    elsewhere_after: Duration | None = None
    doses_apart: Duration | None = None
    drug_names: tuple[str, ...] = ()
    # measurements
    computed_as: str | None = None
    shown_with: tuple[str, ...] = ()
    # derived quantities
    formula: str | None = None
    inputs: tuple[str, ...] = ()
    reported_as: str | None = None
    # where it comes from
    note: str | None = None

    @property
    def signed(self) -> bool:
        """Whether values below zero are plausible, as of a base excess: of nothing else are they."""
        return self.plausible[0] is not None and self.plausible[0] < 0

    def value(self, name: str) -> ValueName | None:
        """The value of that name."""
        for value in self.values:
            if value.name == name:
                return value
        return None

    def below(self, names: tuple[str, ...]) -> frozenset[str]:
        """The names and every finer value under them (T4 holds T4a and T4b)."""
        found = set(names)
        grown = True
        while grown:
            finer = {v.name for v in self.values if v.parent in found} - found
            found |= finer
            grown = bool(finer)
        return frozenset(found)

    def leaves(self, name: str) -> frozenset[str]:
        """The finest values that a value may mean: itself where nothing is finer."""
        finer = [v.name for v in self.values if v.parent == name]
        if not finer:
            return frozenset((name,))
        return frozenset().union(*(self.leaves(child) for child in finer))
