"""One patient's record under construction, and the truths that are planted with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from fhirscreen.synthetic.codes import Json, concept, quantity
from fhirscreen.synthetic.resources import (
    SUBJECTS,
    allergy,
    condition,
    medication,
    moment,
    observation,
    procedure,
)
from fhirscreen.synthetic.truths import (
    POSITIVE_ABSENCES,
    PROBE,
    Planted,
    basis_of,
    node_of,
    studies_of,
)


@dataclass(slots=True)
class Chart:
    """The record of one patient. Facets add resources to it and plant what they mean.

    `sex` None is a patient without `gender`; `birth` is the true date of birth and `birth_text` what the
    record says of it. `linked` has the staging point to the cancer; `ambiguous` says that it does not
    although a second cancer is active. `treated` is the day when treatment of the index cancer began.
    """

    id: str
    as_of: date
    random: Random
    sex: str | None = "male"
    birth: date = date(1960, 1, 1)
    birth_text: str | None = None
    scenario: str = ""
    linked: bool = False
    ambiguous: bool = False
    cancer: str = ""
    diagnosed: date = date(2026, 10, 1)
    treated: date | None = None
    resources: list[Json] = field(default_factory=list)
    planted: dict[tuple[str, str], Planted] = field(default_factory=dict)
    traits: set[str] = field(default_factory=set)
    _counts: Counter[str] = field(default_factory=Counter)

    @property
    def reference(self) -> str:
        """Reference to the patient."""
        return f"Patient/{self.id}"

    def day(self, ago: int) -> date:
        """The day that lies `ago` days before `as_of`."""
        return self.as_of - timedelta(days=ago)

    def at(self, ago: int, hour: int = 8) -> str:
        """A dateTime `ago` days before `as_of`."""
        return moment(self.day(ago), hour)

    def age_on(self, day: date) -> int:
        """Completed years on a day."""
        return day.year - self.birth.year - ((day.month, day.day) < (self.birth.month, self.birth.day))

    @property
    def age(self) -> int:
        """Completed years at `as_of`."""
        return self.age_on(self.as_of)

    # ---- records

    def add(self, resource: Json, name: str) -> str:
        """Adds a resource of this patient under an id made of patient and name; returns its reference."""
        self._counts[name] += 1
        kind = resource["resourceType"]
        resource["id"] = f"{self.id}-{name}-{self._counts[name]}"
        if kind != "Patient":
            resource[SUBJECTS.get(kind, "subject")] = {"reference": self.reference}
        self.resources.append(resource)
        return f"{kind}/{resource['id']}"

    def observe(self, name: str, code: Json, when: str | None, **options: Any) -> str:
        """Adds an Observation; options as of `resources.observation`."""
        return self.add(observation(code, when, **options), name)

    def measure(
        self,
        name: str,
        code: tuple[str, str],
        value: float,
        unit: str | None,
        ago: int = 6,
        *,
        ucum: str | None = None,
        comparator: str | None = None,
        when: str | None = None,
        **options: Any,
    ) -> str:
        """Adds an Observation with a quantity, by default six days old."""
        printed = unit.replace("umol", "µmol").replace("ukat", "µkat") if unit else None
        number = {"valueQuantity": quantity(value, printed, code=ucum, comparator=comparator)}
        return self.observe(name, concept(code), when or self.at(ago), value=number, **options)

    def diagnose(self, name: str, *codes: tuple[str, str], ago: int = 400, **options: Any) -> str:
        """Adds a Condition with its onset `ago` days back; options as of `resources.condition`."""
        onset = options.pop("onset", None) or self.day(ago).isoformat()
        return self.add(condition(concept(*codes), onset, **options), name)

    def perform(self, name: str, *codes: tuple[str, str], ago: int = 60, **options: Any) -> str:
        """Adds a Procedure; options as of `resources.procedure`."""
        performed = None if "period" in options else str(options.pop("when", "") or self.day(ago).isoformat())
        return self.add(procedure(concept(*codes), performed, **options), name)

    def medicate(
        self, name: str, kind: str, drug: tuple[str, str] | Json, ago: int = 60, **options: Any
    ) -> str:
        """Adds a medication resource of type `kind`; options as of `resources.medication`."""
        item = concept(drug) if isinstance(drug, tuple) else drug
        when = str(options.pop("when", "") or self.at(ago, 10))
        options.setdefault("status", "active" if kind == "MedicationRequest" else "completed")
        return self.add(medication(kind, item, when, **options), name)

    def react(self, name: str, code: tuple[str, str], **options: Any) -> str:
        """Adds an AllergyIntolerance."""
        return self.add(allergy(concept(code), self.day(900).isoformat(), **options), name)

    def focus(self) -> str | None:
        """The reference that staging carries to its cancer, where this record links it."""
        return self.cancer if self.linked else None

    # ---- truths

    def plant(
        self,
        criterion: str,
        truth: str,
        *evidence: str,
        basis: str | None = None,
        reason: str | None = "",
        value: str | None = None,
        node: str | None = None,
        stated: bool = True,
    ) -> None:
        """Plants one truth in every study that has the criterion (`PROBE` for the probe's own ids).

        `stated=False` claims nothing about the evidence. A truth planted before stays.
        """
        for study in studies_of(criterion) or (PROBE,):
            if (study, criterion) in self.planted:
                continue
            self.planted[study, criterion] = Planted(
                study=study,
                patient=self.id,
                criterion=criterion,
                truth=truth,
                basis=basis,
                reason=reason,
                evidence=tuple(sorted(evidence)) if stated else None,
                value=value,
                node=node or node_of(study, criterion),
                scenario=self.scenario,
            )

    def true(self, criterion: str, *evidence: str, basis: str | None = "recorded", **claims: Any) -> None:
        """Plants TRUE."""
        self.plant(criterion, "true", *evidence, basis=basis, **claims)

    def false(self, criterion: str, *evidence: str, basis: str | None = "recorded", **claims: Any) -> None:
        """Plants FALSE."""
        self.plant(criterion, "false", *evidence, basis=basis, **claims)

    def open(self, criterion: str, reason: str | None, *evidence: str, **claims: Any) -> None:
        """Plants UNKNOWN with its reason (None: open for a reason that the study's wording decides)."""
        claims.setdefault("stated", bool(evidence) or reason == "no-record")
        basis = claims.pop("basis", None) or basis_of(reason or "")
        self.plant(criterion, "unknown", *evidence, basis=basis, reason=reason, **claims)

    def presume(self, criterion: str, node: str | None = None) -> None:
        """Plants what the site's complete sources say of a thing that is nowhere on record."""
        truth = "true" if criterion in POSITIVE_ABSENCES else "false"
        self.plant(criterion, truth, basis="presumed", reason="absence-presumed", node=node)

    def shift_months(self, months: int) -> date:
        """The first day of the month that lies `months` before that of `as_of`."""
        index = self.as_of.year * 12 + self.as_of.month - 1 - months
        return date(index // 12, index % 12 + 1, 1)
