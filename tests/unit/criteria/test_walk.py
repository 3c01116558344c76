"""Walks through expressions."""

from __future__ import annotations

from pathlib import Path

from fhirscreen.criteria.nodes import AnyOf, Constant, Expression, Question, Sex, Unread
from fhirscreen.criteria.studies import Kind
from fhirscreen.criteria.walk import atoms, concepts, transform, walk_paths
from fhirscreen.criteria.wire import load_study, parse_yaml, read_expression

STUDIES = Path(__file__).parents[3] / "mappings" / "studies"
EXPRESSION = read_expression(
    parse_yaml(
        """
        any:
          - elapsed: {since: {received: {concept: radiotherapy, for: breast-cancer}}, at_least: 28 d}
          - not: {question: {id: q, readings: {a: {sex: male}, b: {condition: {concept: stroke}}}}}
          - conditional:
              when: {received: {concept: chemotherapy, for: index-cancer}}
              then: {derived: {quantity: body-mass-index, at_least: 18 kg/m2}}
              otherwise: {count: {of: {finding: {concept: metastasis-site}}, at_most: 3}}
        """,
        "",
    )
)


def test_paths_are_those_of_the_wire() -> None:
    assert [path for path, _ in walk_paths(EXPRESSION)] == [
        "",
        "any[0]",
        "any[0].elapsed.since",
        "any[1]",
        "any[1].not",
        "any[1].not.question.readings.a",
        "any[1].not.question.readings.b",
        "any[2]",
        "any[2].conditional.when",
        "any[2].conditional.then",
        "any[2].conditional.otherwise",
        "any[2].conditional.otherwise.count.of",
    ]


def test_atoms_are_what_is_evaluated() -> None:
    names = [type(atom).__name__ for atom in atoms(EXPRESSION)]
    assert names == ["Elapsed", "Sex", "Condition", "Received", "Derived", "Count"]


def test_concepts_once_and_without_the_index_cancer() -> None:
    assert concepts(EXPRESSION) == (
        "radiotherapy",
        "breast-cancer",
        "stroke",
        "chemotherapy",
        "body-mass-index",
        "metastasis-site",
    )


def test_transform_answers_a_question() -> None:
    def answer(node: Expression) -> Expression:
        return dict(node.readings)["a"] if isinstance(node, Question) else node

    changed = transform(EXPRESSION, answer)
    assert isinstance(changed, AnyOf)
    assert Sex("male") in atoms(changed)
    assert not any(isinstance(node, Question) for _, node in walk_paths(changed))
    assert transform(EXPRESSION, lambda node: Constant(True)) == Constant(True)


def test_the_shipped_studies_have_every_criterion_that_was_agreed() -> None:
    second, first = (load_study(file) for file in sorted(STUDIES.glob("*.yaml")))
    assert [c.id for c in first.criteria if c.kind is Kind.INCLUSION] == [
        "sex",
        "age",
        "histology",
        "t-stage",
        "n-stage",
        "m-stage",
        "tumour-length",
        "dentate-line",
        "ecog",
        "haematological-disease",
        "liver-dysfunction",
        "kidney-dysfunction",
        "neutrophils",
        "platelets",
        "haemoglobin",
        "alt",
        "bilirubin",
        "creatinine-clearance",
        "consent",
    ]
    assert [c.id for c in first.criteria if c.kind is Kind.EXCLUSION] == [
        "t1-t2",
        "m1",
        "pregnancy",
        "pregnancy-plans",
        "prior-treatment",
        "heart-disease",
        "lung-disease",
        "autoimmune-disease",
        "immunodeficiency",
        "systemic-steroids",
        "neuropathy",
        "mental-illness",
        "drug-allergy",
        "acute-infection",
        "hiv",
        "hepatitis-b",
        "hepatitis-c",
        "transplant",
    ]
    assert [c.id for c in second.criteria if c.kind is Kind.INCLUSION] == [
        "age",
        "ecog",
        "histology",
        "oligometastatic",
        "metastasis-count",
        "metastases-per-organ",
        "metastasis-size",
        "metastasis-proven",
    ]
    assert [c.id for c in second.criteria if c.kind is Kind.EXCLUSION] == [
        "disseminated-or-induced",
        "perforation",
        "haemorrhage",
        "progression-after-pd-1",
        "other-exclusions",
    ]
    for study in (first, second):
        assert study.population.cancer == "oesophageal-cancer"
        for criterion in study.criteria:
            decided = (
                criterion.asks or isinstance(criterion.expression, Unread | Constant) or criterion.id == "age"
            )
            assert decided or criterion.next_action, criterion.id
    assert [c.id for c in first.criteria if not c.ranked] == ["n-stage", "pregnancy"]
    assert second.banner
