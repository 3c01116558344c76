"""A Vocabulary: codes that criteria and gates need and that are no concept's (`mappings/vocabulary.yaml`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from fhirscreen.mapping.data import Node
from fhirscreen.mapping.sites import Site
from fhirscreen.values.codes import CodeSet


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`routes` and `severities` by the names that criteria use; `transfers`: discharge to another hospital.

    `affirmations`, `denials` and `unsaid`: values of Observations that say that something is so, is not so,
    or nothing. `objections` are of what a Consent denies who does not want to be screened for studies.
    `panels` are of Observations that hold results as components. `treatments` are the concepts whose planned
    start is a patient's deadline.
    """

    routes: Mapping[str, CodeSet] = field(default_factory=dict)
    severities: Mapping[str, CodeSet] = field(default_factory=dict)
    transfers: CodeSet = CodeSet()
    treatments: tuple[str, ...] = ()
    panels: CodeSet = CodeSet()
    affirmations: CodeSet = CodeSet()
    denials: CodeSet = CodeSet()
    unsaid: CodeSet = CodeSet()
    objections: CodeSet = CodeSet()

    def at(self, site: Site) -> Vocabulary:
        """With a site's own codes beside these."""
        return replace(
            self,
            routes=_joined(self.routes, site.local_routes),
            severities=_joined(self.severities, site.local_severities),
            transfers=self.transfers.union(site.local_transfers),
        )

    def code_sets(self) -> Iterator[CodeSet]:
        """All of its codes."""
        yield from (*self.routes.values(), *self.severities.values(), self.transfers, self.panels)
        yield from (self.affirmations, self.denials, self.unsaid, self.objections)


def read_vocabulary(node: Node) -> Vocabulary:
    """What the file says; raises MappingError, naming the path, for whatever does not belong there."""
    node.only("routes", "severities", "transfers", "treatments", "panels", "answers", "objections")
    answers = Node(node.mapping("answers"), f"{node.where}.answers", node.error)
    answers.only("yes", "no", "unsaid")
    return Vocabulary(
        named_codes(node, "routes"),
        named_codes(node, "severities"),
        node.codes("transfers"),
        node.texts("treatments"),
        node.codes("panels"),
        answers.codes("yes"),
        answers.codes("no"),
        answers.codes("unsaid"),
        node.codes("objections"),
    )


def named_codes(node: Node, key: str) -> dict[str, CodeSet]:
    """The code lists by name under a key."""
    names = Node(node.mapping(key), f"{node.where}.{key}", node.error)
    return {str(name): names.codes(name) for name in names.data}


def _joined(ours: Mapping[str, CodeSet], local: Mapping[str, CodeSet]) -> dict[str, CodeSet]:
    return {name: codes.union(local[name]) if name in local else codes for name, codes in ours.items()}
