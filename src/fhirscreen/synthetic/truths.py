"""What is planted: for a patient and a criterion, the truth that a clinician would write down.

The words are those of `verdicts.csv`: truth is `true`, `false` or `unknown`; a reason is the empty text
where a verdict has none. `None` means that the generator does not state that field, because it depends on
how the study words a compound and not on the patient.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NEOADJUVANT = "NCT06907602"
OLIGOMETASTATIC = "NCT06190782"
PROBE = "PROBE"

REASONS = (
    "ask-in-person",
    "unread",
    "not-fetched",
    "bound-in-question",
    "conflicting",
    "ambiguous-focus",
    "coarser-code",
    "unconfirmed",
    "order-only",
    "judgement",
    "stale",
    "no-value",
    "no-unit",
    "incomparable-unit",
    "implausible-value",
    "no-reference-range",
    "censored-value",
    "imprecise-date",
    "not-computable",
    "no-record",
    "absence-presumed",
)

# Per study: inclusion criteria, then exclusion criteria, each with the node that carries its meaning.
INCLUSION: dict[str, dict[str, str]] = {
    NEOADJUVANT: {
        "sex": "constant",
        "age": "age",
        "histology": "finding",
        "t-stage": "finding",
        "n-stage": "finding",
        "m-stage": "finding",
        "tumour-length": "measured",
        "dentate-line": "finding",
        "ecog": "finding",
        "haematological-disease": "condition",
        "liver-dysfunction": "condition",
        "kidney-dysfunction": "condition",
        "neutrophils": "measured",
        "platelets": "measured",
        "haemoglobin": "measured",
        "alt": "measured",
        "bilirubin": "measured",
        "creatinine-clearance": "derived",
        "consent": "confirm",
    },
    OLIGOMETASTATIC: {
        "age": "age",
        "ecog": "finding",
        "histology": "finding",
        "oligometastatic": "judgement",
        "metastasis-count": "count",
        "metastases-per-organ": "count",
        "metastasis-size": "measured",
        "metastasis-proven": "finding",
    },
}
EXCLUSION: dict[str, dict[str, str]] = {
    NEOADJUVANT: {
        "t1-t2": "finding",
        "m1": "finding",
        "pregnancy": "conditional",
        "pregnancy-plans": "conditional",
        "prior-treatment": "received",
        "heart-disease": "condition",
        "lung-disease": "condition",
        "autoimmune-disease": "received",
        "immunodeficiency": "condition",
        "systemic-steroids": "received",
        "neuropathy": "condition",
        "mental-illness": "condition",
        "drug-allergy": "condition",
        "acute-infection": "condition",
        "hiv": "finding",
        "hepatitis-b": "finding",
        "hepatitis-c": "finding",
        "transplant": "condition",
    },
    OLIGOMETASTATIC: {
        "disseminated-or-induced": "condition",
        "perforation": "condition",
        "haemorrhage": "condition",
        "progression-after-pd-1": "sequence",
        "other-exclusions": "unread",
    },
}

# Stated positively ("no liver dysfunction"), so that a patient without the disease makes them TRUE.
POSITIVE_ABSENCES = frozenset({"haematological-disease", "liver-dysfunction", "kidney-dysfunction"})
CONFIRMS = frozenset({"consent", "pregnancy-plans"})
# What can change by itself or by treatment within weeks: one such failure alone is a near miss.
RECOVERABLE = frozenset(
    {
        "neutrophils",
        "platelets",
        "haemoglobin",
        "alt",
        "bilirubin",
        "creatinine-clearance",
        "acute-infection",
        "systemic-steroids",
        "haemorrhage",
    }
)

_BASES = {
    "ask-in-person": "confirm",
    "unread": "missing",
    "not-fetched": "missing",
    "no-record": "missing",
    "absence-presumed": "presumed",
}


def basis_of(reason: str) -> str | None:
    """The basis of an open verdict where design and reason settle it, else None."""
    return _BASES.get(reason)


def studies_of(criterion: str) -> tuple[str, ...]:
    """The shipped studies that have this criterion; shared ids mean the same in both."""
    return tuple(
        study
        for study in (NEOADJUVANT, OLIGOMETASTATIC)
        if criterion in INCLUSION[study] or criterion in EXCLUSION[study]
    )


def node_of(study: str, criterion: str) -> str:
    """The node that carries the criterion's meaning."""
    return INCLUSION[study].get(criterion) or EXCLUSION[study][criterion]


@dataclass(frozen=True, slots=True)
class Planted:
    """One planted verdict. `evidence`, `basis`, `reason` and `value` are None where nothing is claimed.

    `node` is the kind of criteria node that the scenario exercises; `scenario` names the facet.
    """

    study: str
    patient: str
    criterion: str
    truth: str
    basis: str | None
    reason: str | None
    evidence: tuple[str, ...] | None
    value: str | None
    node: str
    scenario: str


def status_of(planted: Iterable[Planted]) -> str:
    """The subject's status that one patient's verdicts of one study give.

    `candidate`, `potential-candidate`, `near-miss` (one recoverable failure alone) or `none`.
    """
    failed: list[str] = []
    is_open = False
    for each in planted:
        if each.criterion in CONFIRMS:
            continue
        wanted = "true" if each.criterion in INCLUSION[each.study] else "false"
        if each.truth == "unknown":
            is_open = True
        elif each.truth != wanted:
            failed.append(each.criterion)
    if not failed:
        return "potential-candidate" if is_open else "candidate"
    return "near-miss" if len(failed) == 1 and failed[0] in RECOVERABLE else "none"
