"""What screening needs of a server, and what each thing that it lacks costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fhirscreen.fhir.entries import CLINICAL_TYPES, MEDICATIONS
from fhirscreen.fhir_client import Capabilities
from fhirscreen.plan.queries import Query, code_parameter

GATE_TYPES = {"Patient": "", "Consent": "patient", "Flag": "patient", "ResearchSubject": "individual"}
"""What gates read, and the parameter that finds it for patients."""

SHOWN_TYPES = (*CLINICAL_TYPES, "Medication", *GATE_TYPES, "Encounter")
"""The resource types that screening may ask a server for."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something asked of a server: whether it is there, and what its absence costs."""

    what: str
    met: bool
    cost: str = ""


def patient_parameter(resource: str) -> str:
    """The search parameter that narrows a type to patients (R4: `patient` of the clinical types)."""
    return GATE_TYPES.get(resource, "patient") or "_id"


def lacks(capabilities: Capabilities, query: Query) -> Iterator[str]:
    """What a server lacks for one search of a criterion, in words."""
    if query.resource not in capabilities.types:
        yield f"no {query.resource}: what only it records stays unknown"
        return
    for name in sorted({name for name, _ in query.parameters if not name.startswith("_")}):
        if not capabilities.searches(query.resource, name):
            yield f"no search of {query.resource} by {name}: the whole type is fetched"
    parameter = patient_parameter(query.resource)
    if parameter != "_id" and not capabilities.searches(query.resource, parameter):
        yield f"no search of {query.resource} by {parameter}: it cannot be asked for by patient"


def _cost(resource: str) -> str:
    if resource == "Encounter":
        return "who was transferred out is not shown"
    return "its gate stays open" if resource in GATE_TYPES else "what only it records stays unknown"


def needs(capabilities: Capabilities) -> list[Need]:
    """Everything that screening asks of a server, as its CapabilityStatement answers."""
    found = []
    for resource in SHOWN_TYPES:
        there = resource in capabilities.types
        found.append(Need(resource, there, _cost(resource)))
        if not there or resource == "Medication":
            continue
        parameter = patient_parameter(resource)
        if parameter != "_id":
            met = capabilities.searches(resource, parameter)
            found.append(Need(f"{resource} by {parameter}", met, "cannot be fetched for members alone"))
        if resource in CLINICAL_TYPES and resource not in MEDICATIONS:
            name = code_parameter(resource)
            met = capabilities.searches(resource, name)
            found.append(Need(f"{resource} by {name}", met, "fetched whole, more bytes"))
    batch = bool(capabilities.interactions & {"batch", "transaction"})
    found.append(Need("batch", batch, "more requests where many small ones are sent"))
    everything = "Patient" in capabilities.types and "everything" in capabilities.types["Patient"].operations
    found.append(Need("Patient/$everything", everything, "nothing: screening does not use it"))
    conditional = all(
        each.conditional_create
        for name in ("ResearchSubject", "ResearchStudy", "List", "Group")
        if (each := capabilities.types.get(name)) is not None
    )
    found.append(Need("conditional create", conditional, "publish relies on the ids it gives itself"))
    return found
