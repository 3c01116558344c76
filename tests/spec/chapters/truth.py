"""Truth: strong Kleene logic, and that rewriting a criterion changes nothing."""

from __future__ import annotations

from itertools import product

from tests.lib.records import Resource, condition, observation
from tests.spec.codes import ALT, HAEMOGLOBIN, LIVER_METASTASIS, PLATELETS, WEIGHT
from tests.spec.tables import Case, Chapter, Expected, Table, Topic, case, false, true, unknown

A = "{measured: {concept: platelet-count, at_least: 100 10*9/L}}"
B = "{measured: {concept: haemoglobin, at_least: 100 g/L}}"
C = "{measured: {concept: body-weight, at_least: 50 kg}}"
ATOMS = {
    "a": (PLATELETS, "200 10*9/L", "50 10*9/L"),
    "b": (HAEMOGLOBIN, "120 g/L", "80 g/L"),
    "c": (WEIGHT, "70 kg", "40 kg"),
}
NAMES = {"T": "true", "F": "false", "U": "unknown"}


def records(truths: str) -> list[Resource]:
    """One record for each atom that is TRUE or FALSE; none for what is UNKNOWN."""
    found = []
    for (name, (code, high, low)), truth in zip(ATOMS.items(), truths, strict=False):
        if truth != "U":
            found.append(observation(code, high if truth == "T" else low, id=name))
    return found


def says(truths: str) -> str:
    """`A true, B unknown`."""
    return ", ".join(f"{name.upper()} {NAMES[truth]}" for name, truth in zip(ATOMS, truths, strict=False))


def row(truths: str, truth: str, evidence: str = "") -> Case:
    """A patient with these truths, the truth of the whole and the atoms that decide it."""
    expected: Expected = {"T": true(*evidence), "F": false(*evidence)}.get(truth) or unknown(
        "no-record", *evidence
    )
    if truth == "U":
        expected = unknown("no-record", *evidence, basis="missing")
    return case(says(truths), expected, *records(truths))


def pairs(wanted: str) -> list[Case]:
    """All nine patients of two atoms; `wanted` are truths with the atoms that decide."""
    found = []
    for (one, other), result in zip(product("TUF", repeat=2), wanted.split(), strict=True):
        found.append(row(one + other, result[0], result[1:]))
    return found


CHAPTER = Chapter(
    "truth",
    "Truth",
    "Every statement about a patient is true, false or unknown, and unknown is never quietly taken for one "
    "of the others. Criteria are joined by the strong logic of Kleene: false < unknown < true.",
    (
        Topic(
            "kleene",
            "And, or, not",
            "*And* is the least of the truths, *or* the greatest; *not* swaps true and false and keeps "
            "unknown. So one false settles an *and*, and one true an *or*, whatever else is unknown. A here "
            "is “platelets at least 100”, B “haemoglobin at least 100 g/L”; what is unknown has no record.",
            (
                Table("and", "And", f"all: [{A}, {B}]", pairs("Tab U Fb U U Fb Fa Fa Fab")),
                Table("or", "Or", f"any: [{A}, {B}]", pairs("Tab Ta Ta Tb U U Tb U Fab")),
                Table("not", "Not", f"not: {A}", [row("T", "F", "a"), row("U", "U"), row("F", "T", "a")]),
            ),
        ),
        Topic(
            "at-least",
            "At least so many of several",
            "True if enough are true; false if the true and the unknown together are too few; else unknown.",
            (
                Table(
                    "at-least-2-of-3",
                    "Two of three",
                    f"at_least: {{n: 2, of: [{A}, {B}, {C}]}}",
                    [
                        row("TTT", "T", "abc"),
                        row("TTU", "T", "ab"),
                        row("TTF", "T", "ab"),
                        row("TUU", "U"),
                        row("TUF", "U"),
                        row("UUF", "U"),
                        row("TFF", "F", "bc"),
                        row("UFF", "F", "bc"),
                        row("FFF", "F", "abc"),
                    ],
                ),
            ),
        ),
        Topic(
            "conditional",
            "If, then, otherwise",
            "The branch that applies decides. Where the condition is unknown, a truth that both branches "
            "share decides all the same; otherwise the whole is unknown, for the condition’s own reason.",
            (
                Table(
                    "conditional",
                    "If A, then B, otherwise C",
                    f"conditional: {{when: {A}, then: {B}, otherwise: {C}}}",
                    [
                        row("TTF", "T", "b"),
                        row("TFT", "F", "b"),
                        row("TUT", "U"),
                        row("FTF", "F", "c"),
                        row("FFT", "T", "c"),
                        row("FTU", "U"),
                        row("UTT", "T", "bc"),
                        row("UFF", "F", "bc"),
                        row("UTF", "U"),
                        row("UTU", "U"),
                    ],
                ),
                Table(
                    "conditional-limit",
                    "A limit that is wider with liver metastases",
                    """\
conditional:
  when: {condition: {concept: liver-metastasis}}
  then: {measured: {concept: alanine-aminotransferase, at_most: 5 ULN}}
  otherwise: {measured: {concept: alanine-aminotransferase, at_most: 2.5 ULN}}
""",
                    [
                        case(
                            "not known whether there are liver metastases; within both limits",
                            true("alt"),
                            observation(ALT, "50 U/L", high="40 U/L", id="alt"),
                        ),
                        case(
                            "not known; beyond both limits",
                            false("alt"),
                            observation(ALT, "300 U/L", high="40 U/L", id="alt"),
                        ),
                        case(
                            "not known; between the limits: the metastases would settle it",
                            unknown("no-record"),
                            observation(ALT, "150 U/L", high="40 U/L", id="alt"),
                        ),
                        case(
                            "liver metastases; between the limits",
                            true("alt", value="150", unit="U/L"),
                            observation(ALT, "150 U/L", high="40 U/L", id="alt"),
                            condition(LIVER_METASTASIS),
                        ),
                    ],
                ),
            ),
        ),
        Topic(
            "rewrites",
            "Rewriting changes nothing",
            "Two ways to write one statement have the same truth, reason and evidence: a double negation, "
            "and “not (A and B)” as “not A or not B” (De Morgan).",
            (
                Table(
                    "double-negation",
                    "Not not A",
                    f"not: {{not: {A}}}",
                    [row("T", "T", "a"), row("U", "U"), row("F", "F", "a")],
                ),
                Table(
                    "not-and",
                    "Not (A and B)",
                    f"not: {{all: [{A}, {B}]}}",
                    pairs("Fab U Tb U U Tb Ta Ta Tab"),
                ),
                Table(
                    "or-of-nots",
                    "Not A, or not B",
                    f"any: [{{not: {A}}}, {{not: {B}}}]",
                    pairs("Fab U Tb U U Tb Ta Ta Tab"),
                ),
                Table(
                    "not-or", "Not (A or B)", f"not: {{any: [{A}, {B}]}}", pairs("Fab Fa Fa Fb U U Fb U Tab")
                ),
                Table(
                    "and-of-nots",
                    "Not A, and not B",
                    f"all: [{{not: {A}}}, {{not: {B}}}]",
                    pairs("Fab Fa Fa Fb U U Fb U Tab"),
                ),
                Table(
                    "nested",
                    "(A and B) and C is all three",
                    f"all: [{{all: [{A}, {B}]}}, {C}]",
                    [
                        row("TTT", "T", "abc"),
                        row("TUF", "F", "c"),
                        row("UTT", "U"),
                        row("FFT", "F", "ab"),
                    ],
                ),
            ),
        ),
    ),
)
