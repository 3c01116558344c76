"""Many studies, generated from the shipped concepts: as a hospital has them open at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from fhirscreen.criteria.wire import format_yaml, read_study
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Concept, ConceptKind

OWN = "oesophageal-cancer"
"""The cancer of the synthetic patients."""

CANCERS = (
    OWN,
    "gastro-oesophageal-junction-cancer",
    "gastric-cancer",
    "lung-cancer",
    "non-small-cell-lung-cancer",
    "breast-cancer",
    "colorectal-cancer",
    "prostate-cancer",
)

FEWEST, MOST = 15, 30


def make_studies(
    catalogue: Catalogue, number: int, cancers: Sequence[str] = CANCERS, seed: int = 11
) -> Iterator[dict[str, Any]]:
    """So many studies of 15 to 30 criteria each, as study files have them; the cancers in turn."""
    for place in range(number):
        random = Random(f"studies/{seed}/{place}")
        yield _study(catalogue, f"BENCH{place:04d}", cancers[place % len(cancers)], random)


def write_studies(studies: Iterator[dict[str, Any]], folder: Path) -> None:
    """A file a study."""
    for study in studies:
        read_study(study)
        (folder / f"{study['study']}.yaml").write_text(format_yaml(study), "utf-8")


def _study(catalogue: Catalogue, id: str, cancer: str, random: Random) -> dict[str, Any]:
    total = random.randint(FEWEST, MOST)
    inclusion: list[dict[str, Any]] = [{"id": "age", "says": "Adult", "age": {"at_least": "18 a"}}]
    exclusion: list[dict[str, Any]] = []
    concepts = [each for each in catalogue if each.id not in CANCERS and each.id != "malignancy"]
    for concept in random.sample(concepts, k=len(concepts)):
        if len(inclusion) + len(exclusion) == total:
            break
        criterion = {"id": concept.id, "says": concept.label}
        match concept.kind:
            case ConceptKind.MEASUREMENT if concept.unit and None not in concept.plausible:
                inclusion.append(criterion | {"measured": _bounds(concept, random)})
            case ConceptKind.CATEGORY if len(concept.values) > 1:
                inclusion.append(criterion | {"finding": _values(concept, random)} | _gate(random))
            case ConceptKind.DIAGNOSIS:
                exclusion.append(criterion | {"condition": {"concept": concept.id}})
            case ConceptKind.THERAPY:
                within = {"within": random.choice(("28 d", "6 mo", "2 a"))} if random.random() < 0.5 else {}
                exclusion.append(criterion | {"received": {"concept": concept.id} | within})
            case _:
                continue
    return {
        "study": id,
        "title": f"A generated study of {cancer}",
        "population": {"cancer": cancer},
        "inclusion": inclusion,
        "exclusion": exclusion,
    }


def _bounds(concept: Concept, random: Random) -> dict[str, Any]:
    """A bound that most patients keep: near an end of what is plausible."""
    low, high = concept.plausible
    assert low is not None
    assert high is not None
    share = random.uniform(0.02, 0.2)
    if random.random() < 0.5:
        return {"concept": concept.id, "at_least": f"{low + share * (high - low):.4g} {concept.unit}"}
    return {"concept": concept.id, "at_most": f"{high - share * (high - low):.4g} {concept.unit}"}


def _values(concept: Concept, random: Random) -> dict[str, Any]:
    names = [value.name for value in concept.values if not value.unknown]
    return {"concept": concept.id, "in": sorted(random.sample(names, k=max(1, len(names) - 1)))}


def _gate(random: Random) -> dict[str, str]:
    return {"weight": "gate"} if random.random() < 0.1 else {}
