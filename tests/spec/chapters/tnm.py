"""TNM: staging, what a category leaves open, sites, and what implies a category."""

from __future__ import annotations

from typing import Any

from tests.lib.records import (
    Code,
    Resource,
    concept,
    condition,
    given,
    observation,
    ordered,
    procedure,
    reference,
)
from tests.spec.codes import (
    BREAST_CANCER,
    CISPLATIN,
    CLINICAL_M,
    CLINICAL_N,
    CLINICAL_T,
    LIVER_METASTASIS,
    M0,
    M1,
    M1A,
    METASTASIS,
    MX,
    NECK_NODES,
    NODE,
    OESOPHAGEAL_CANCER,
    OWN_PANEL,
    PATHOLOGICAL_T,
    RADIOTHERAPY,
    STAGE_GROUP,
    SUPRACLAVICULAR_NODE,
    T2,
    T3,
    T4,
    T4A,
    T4B,
    TX,
    YPT2,
    T,
)
from tests.spec.tables import Chapter, Table, Topic, case, false, true, unknown

CANCER = condition(OESOPHAGEAL_CANCER, id="cancer")
CLINICAL = "finding: {concept: t-category, staging: clinical, in: [T3, T4a]}"
ANYHOW = "finding: {concept: t-category, staging: any, in: [T3, T4a]}"
SEVENTH_EDITION = Code("snomed", "443830009", "AJCC 7th edition")
POPULATION = "oesophageal-cancer"


def clinical(value: Code, on: str = "2026-10-20", **more: Any) -> Resource:
    """A clinical T."""
    return observation(CLINICAL_T, coded=value, on=on, **more)


def _words(text: str) -> Resource:
    """A clinical T in words."""
    return observation(CLINICAL_T, text=text)


def pathological(value: Code, on: str = "2026-10-20") -> Resource:
    """A pathological T."""
    return observation(PATHOLOGICAL_T, coded=value, on=on)


def distant(value: Code, on: str = "2026-10-20", **more: Any) -> Resource:
    """A clinical M."""
    return observation(CLINICAL_M, coded=value, on=on, **more)


def nodes(text: str) -> Resource:
    """A clinical N in words."""
    return observation(CLINICAL_N, text=text)


VALUES = Topic(
    "values",
    "What a category leaves open",
    "A value that is one of those asked, or finer, is true. One that is less specific (T4 without a or b) is "
    "`coarser-code`. X says nothing: `no-value`, and the category before it is looked at.",
    (
        Table(
            "n-involved",
            "Involved nodes",
            "finding: {concept: n-category, staging: clinical, in: [N1, N2, N3]}",
            [
                case("“cN+”", true("o1", basis="derived", value="N+"), nodes("cN+")),
                case("“N+ (2/12)”", true("o1", basis="derived"), nodes("N+ (2/12)")),
                case("N+, by a code", true("o1"), observation(CLINICAL_N, coded=Code("ajcc", "cN+"))),
                case("“N0”", false("o1", basis="derived"), nodes("N0")),
                case("“N0/N+”: either", unknown("coarser-code", "o1"), nodes("N0/N+")),
                case("“kein N+”: not read", unknown("coarser-code", "o1"), nodes("kein N+")),
                case(
                    "“pN+” under the code of the clinical N",
                    unknown("conflicting", "o1", basis="derived"),
                    nodes("pN+"),
                ),
            ],
        ),
        Table(
            "n-exactly",
            "N1",
            "finding: {concept: n-category, staging: clinical, in: [N1]}",
            [
                case(
                    "“cN+”: which is not said", unknown("coarser-code", "o1", basis="derived"), nodes("cN+")
                ),
                case("“cN1”", true("o1", basis="derived"), nodes("cN1")),
            ],
        ),
        Table(
            "t-values",
            "Clinical T3 or T4a",
            CLINICAL,
            [
                case("T3", true("o1", value="T3"), clinical(T3)),
                case("cT3, in AJCC’s own spelling", true("o1", value="T3"), clinical(Code("ajcc", "cT3"))),
                case("T3, by SNOMED CT", true("o1", value="T3"), clinical(Code("snomed", "1228938002"))),
                case("T4a", true("o1"), clinical(T4A)),
                case("T4b", false("o1"), clinical(T4B)),
                case("T2", false("o1"), clinical(T2)),
                case("T4 without a or b", unknown("coarser-code", "o1"), clinical(T4)),
                case("TX", unknown("no-value", "o1"), clinical(TX)),
                case("TX after T3", true("o1"), clinical(T3, on="2026-10-10"), clinical(TX)),
                case("no T at all", unknown("no-record")),
                case("43 days old", unknown("stale", "o1"), clinical(T3, on="2026-09-19")),
                case("42 days old", true("o1"), clinical(T3, on="2026-09-20")),
                case(
                    "T3 by an older edition: as it was recorded",
                    true("o1", value="T3"),
                    observation(CLINICAL_T, coded=T3, method=concept(SEVENTH_EDITION)),
                ),
            ],
            population=POPULATION,
            background=(CANCER,),
        ),
        Table(
            "t-finer",
            "T4 asked: its finer values are in it",
            "finding: {concept: t-category, staging: clinical, in: [T4]}",
            [
                case("T4", true("o1"), clinical(T4)),
                case("T4b", true("o1"), clinical(T4B)),
                case("T3", false("o1"), clinical(T3)),
            ],
            population=POPULATION,
            background=(CANCER,),
        ),
    ),
)

STAGING = Topic(
    "staging",
    "Clinical, pathological, after therapy, any",
    "A criterion names how the category was assessed. `any` takes all; where their truths differ it is "
    "`conflicting`. A category whose code does not say how it was assessed is less specific than one asked.",
    (
        Table(
            "staging-clinical",
            "Clinical asked",
            CLINICAL,
            [
                case("clinical", true("o1"), clinical(T3)),
                case("pathological alone: no clinical record", unknown("no-record"), pathological(T3)),
                case("both", true("o1"), clinical(T3), pathological(T2)),
                case("after therapy, by the value’s own prefix", unknown("no-record"), clinical(YPT2)),
                case("however assessed", unknown("coarser-code", "o1"), observation(T, coded=T3)),
                case(
                    "however assessed, but the value says c",
                    true("o1"),
                    observation(T, coded=Code("ajcc", "cT3")),
                ),
                case(
                    "however assessed, but the value says p",
                    unknown("no-record"),
                    observation(T, coded=Code("ajcc", "pT3")),
                ),
            ],
            population=POPULATION,
            background=(CANCER,),
        ),
        Table(
            "staging-pathological",
            "Pathological asked",
            "finding: {concept: t-category, staging: pathological, in: [T3]}",
            [
                case("pathological", true("o1"), pathological(T3)),
                case("clinical alone", unknown("no-record"), clinical(T3)),
            ],
            population=POPULATION,
            background=(CANCER,),
        ),
        Table(
            "staging-post-therapy",
            "After therapy asked",
            "finding: {concept: t-category, staging: post-therapy, in: [T2]}",
            [
                case("ypT2 under a code of pathology", true("o1"), pathological(YPT2)),
                case("pT2", unknown("no-record"), pathological(T2)),
            ],
            population=POPULATION,
            background=(CANCER,),
        ),
        Table(
            "staging-any",
            "Any asked",
            ANYHOW,
            [
                case("clinical alone", true("o1"), clinical(T3)),
                case("however assessed", true("o1"), observation(T, coded=T3)),
                case("clinical and pathological agree", true("o1", "o2"), clinical(T3), pathological(T4A)),
                case("they differ", unknown("conflicting", "o1", "o2"), clinical(T3), pathological(T2)),
                case(
                    "they differ, on different days",
                    unknown("conflicting", "o1", "o2"),
                    clinical(T3, on="2026-10-10"),
                    pathological(T2),
                ),
                case("one says nothing", true("o1"), clinical(T3), pathological(TX)),
                case(
                    "one says it less precisely",
                    unknown("coarser-code", "o1", "o2"),
                    clinical(T3),
                    pathological(T4),
                ),
                case(
                    "neither says anything",
                    unknown("no-value", "o2"),
                    clinical(TX, on="2026-10-10"),
                    pathological(TX),
                ),
            ],
            population=POPULATION,
            background=(CANCER,),
        ),
    ),
)

TREATED = Topic(
    "treated",
    "After treatment began",
    "A clinical T that is dated after the treatment of the cancer began does not decide: `unconfirmed`.",
    (
        Table(
            "t-after-treatment",
            "A clinical T, and treatment",
            CLINICAL,
            [
                case("before treatment", true("o1"), clinical(T3), given(CISPLATIN, on="2026-10-25")),
                case(
                    "after it began",
                    unknown("unconfirmed", "o1"),
                    clinical(T3),
                    given(CISPLATIN, on="2026-10-15"),
                ),
                case(
                    "after radiotherapy began",
                    unknown("unconfirmed", "o1"),
                    clinical(T3),
                    procedure(RADIOTHERAPY, on="2026-10-15"),
                ),
                case(
                    "after treatment was ordered: not begun",
                    true("o1"),
                    clinical(T3),
                    ordered(CISPLATIN, on="2026-10-15"),
                ),
                case(
                    "after treatment of another cancer",
                    true("o1"),
                    condition(BREAST_CANCER, id="breast", clinical="resolved"),
                    clinical(T3),
                    given(CISPLATIN, on="2026-10-15", reason="breast"),
                ),
            ],
            population=POPULATION,
            background=(CANCER,),
        ),
    ),
)

M_CATEGORY = """\
finding:
  concept: m-category
  staging: clinical
  in: [M0, M1]
  sites: [cervical-lymph-node, supraclavicular-lymph-node]
"""

SITES = Topic(
    "sites",
    "M1 and its sites",
    "M1 and M1a without a site are less specific (`coarser-code`) where the criterion allows some sites "
    "only. All recorded sites must be among those; another one speaks against it. ICD-10 has one code for "
    "the nodes of head, face and neck with the supraclavicular ones (C77.0): a site that codes in ICD-10 "
    "alone leaves it to a person, who is told what the code may mean, unless `bodySite` says which nodes "
    "they are.",
    (
        Table(
            "m-sites",
            "M0, or M1 by cervical and supraclavicular nodes alone",
            M_CATEGORY,
            [
                case("M0", true("o1"), distant(M0)),
                case("M1 without a site", unknown("coarser-code", "o1"), distant(M1)),
                case("M1a without a site", unknown("coarser-code", "o1"), distant(M1A)),
                case(
                    "M1, supraclavicular node as its site",
                    true("o1"),
                    distant(
                        M1, bodySite={"coding": [{"system": "http://snomed.info/sct", "code": "76838003"}]}
                    ),
                ),
                case(
                    "M1, liver as its site",
                    false("o1"),
                    distant(
                        M1, bodySite={"coding": [{"system": "http://snomed.info/sct", "code": "10200004"}]}
                    ),
                ),
                case(
                    "M1, and a node metastasis with that site",
                    true("c1", "o1"),
                    distant(M1),
                    condition(NODE, site=SUPRACLAVICULAR_NODE),
                ),
                case(
                    "M1, and a liver metastasis", false("c1", "o1"), distant(M1), condition(LIVER_METASTASIS)
                ),
                case(
                    "M1, a node and a liver metastasis",
                    false("c1", "c2", "o1"),
                    distant(M1),
                    condition(NODE, site=SUPRACLAVICULAR_NODE),
                    condition(LIVER_METASTASIS),
                ),
                case(
                    "M1, and a node metastasis somewhere",
                    unknown("coarser-code", "c1", "o1"),
                    distant(M1),
                    condition(NODE),
                ),
                case(
                    "M1, and ICD-10 C77.0: nodes of the head, the face or the neck",
                    unknown("coarser-code", "c1", "o1"),
                    distant(M1),
                    condition(NECK_NODES),
                ),
                case(
                    "M1, and C77.0 with the site in bodySite",
                    true("c1", "o1"),
                    distant(M1),
                    condition(NECK_NODES, site=SUPRACLAVICULAR_NODE),
                ),
                case("M0, and C77.0: a node alone is no M1", true("o1"), distant(M0), condition(NECK_NODES)),
                case(
                    "M1, and metastases somewhere",
                    unknown("coarser-code", "c1", "o1"),
                    distant(M1),
                    condition(METASTASIS),
                ),
                case(
                    "M1, and a refuted liver metastasis",
                    unknown("coarser-code", "o1"),
                    distant(M1),
                    condition(LIVER_METASTASIS, verification="refuted"),
                ),
                case("MX", unknown("no-value", "o1"), distant(MX)),
            ],
            population=POPULATION,
            background=(CANCER,),
        ),
    ),
)

IMPLIED = Topic(
    "implied",
    "A distant metastasis is M1",
    "A distant metastasis on record, without an M category, is M1: `derived`. An M category that was "
    "recorded goes before, as long as its window lasts. A metastasis that is active does not expire: "
    "whenever it was noted, it is so on the index date, unless a newer record denies it. One that nobody "
    "calls active keeps its date; one from before the cancer may be of another.",
    (
        Table(
            "m-implied",
            "M0 asked",
            "finding: {concept: m-category, staging: clinical, in: [M0]}",
            [
                case(
                    "a liver metastasis, no M",
                    false("c1", basis="derived", value="M1"),
                    condition(LIVER_METASTASIS, on="2026-10-01"),
                ),
                case(
                    "a liver metastasis that is still active, and M0 after it: both are shown",
                    true("c1", "o1"),
                    condition(LIVER_METASTASIS, on="2026-10-01"),
                    distant(M0),
                ),
                case(
                    "one that has ended, and M0 after it",
                    true("o1"),
                    condition(LIVER_METASTASIS, on="2026-10-01", clinical="resolved"),
                    distant(M0),
                ),
                case(
                    "M0, and a suspected metastasis later",
                    unknown("unconfirmed", "c1", "o1"),
                    condition(LIVER_METASTASIS, on="2026-10-25", verification="provisional"),
                    distant(M0),
                ),
                case(
                    "M0, which came after the suspicion",
                    true("o1"),
                    condition(LIVER_METASTASIS, on="2026-10-01", verification="provisional"),
                    distant(M0),
                ),
                case(
                    "M0 of this cancer, and a metastasis of whichever of two later",
                    unknown("ambiguous-focus", "c1", "o1"),
                    condition(BREAST_CANCER, id="breast"),
                    condition(LIVER_METASTASIS, on="2026-10-25"),
                    distant(M0, focus="cancer"),
                ),
                case(
                    "noted long before the window, and active",
                    false("c1", basis="derived", value="M1", date="2025-03-01"),
                    condition(LIVER_METASTASIS, on="2025-03-01"),
                ),
                case(
                    "noted before the window, and resolved since",
                    unknown("stale", "c1", basis="derived"),
                    condition(LIVER_METASTASIS, on="2026-09-01", clinical="resolved"),
                ),
                case(
                    "M1 too long ago, and an active metastasis",
                    false("c1", basis="derived"),
                    condition(LIVER_METASTASIS, on="2026-06-01"),
                    distant(M1, on="2026-06-01"),
                ),
                case(
                    "M0 too long ago, and a metastasis after it",
                    false("c1", basis="derived"),
                    condition(LIVER_METASTASIS, on="2026-08-15"),
                    distant(M0, on="2026-08-10"),
                ),
                case(
                    "M0 too long ago, and a metastasis before it",
                    unknown("stale", "o1"),
                    condition(LIVER_METASTASIS, on="2026-08-01"),
                    distant(M0, on="2026-08-10"),
                ),
                case(
                    "a liver metastasis, and MX",
                    false("c1", basis="derived"),
                    condition(LIVER_METASTASIS, on="2026-10-01"),
                    distant(MX),
                ),
                case(
                    "unconfirmed",
                    unknown("unconfirmed", "c1", basis="derived"),
                    condition(LIVER_METASTASIS, on="2026-10-01", verification="provisional"),
                ),
                case(
                    "refuted",
                    unknown("no-record"),
                    condition(LIVER_METASTASIS, on="2026-10-01", verification="refuted"),
                ),
                case(
                    "refuted since",
                    unknown("no-record"),
                    condition(LIVER_METASTASIS, on="2026-07-05"),
                    condition(LIVER_METASTASIS, on="2026-10-20", verification="refuted"),
                ),
                case(
                    "recorded and refuted on one day",
                    unknown("conflicting", "c1", basis="derived"),
                    condition(LIVER_METASTASIS, on="2026-10-05"),
                    condition(LIVER_METASTASIS, on="2026-10-05", verification="refuted"),
                ),
                case(
                    "noted before the window, and not said to be active",
                    unknown("stale", "c1", basis="derived"),
                    condition(LIVER_METASTASIS, on="2026-09-01", clinical=None),
                ),
                case(
                    "from before the cancer",
                    unknown("ambiguous-focus", "c1", basis="derived"),
                    condition(LIVER_METASTASIS, on="2015-01-01"),
                ),
                case(
                    "90 days before the cancer: its work-up found it first",
                    false("c1", basis="derived"),
                    condition(LIVER_METASTASIS, on="2024-10-03"),
                ),
                case(
                    "91 days before the cancer",
                    unknown("ambiguous-focus", "c1", basis="derived"),
                    condition(LIVER_METASTASIS, on="2024-10-02"),
                ),
                case("a lymph node is none", unknown("no-record"), condition(NODE, on="2026-10-01")),
                case(
                    "of another cancer",
                    unknown("no-record"),
                    condition(BREAST_CANCER, id="breast"),
                    condition(
                        LIVER_METASTASIS,
                        on="2026-10-01",
                        extension=[
                            {
                                "url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-condition",
                                "valueReference": {"reference": "breast"},
                            }
                        ],
                    ),
                ),
                case(
                    "not linked to either of two cancers",
                    unknown("ambiguous-focus", "c1", basis="derived"),
                    condition(BREAST_CANCER, id="breast"),
                    condition(LIVER_METASTASIS, on="2026-10-01"),
                ),
            ],
            population=POPULATION,
            background=(condition(OESOPHAGEAL_CANCER, id="cancer", on="2025-01-01"),),
        ),
        Table(
            "m-implied-sites",
            "An implied M1 has the site of its metastasis",
            M_CATEGORY,
            [
                case(
                    "a liver metastasis",
                    false("c1", basis="derived"),
                    condition(LIVER_METASTASIS, on="2026-10-01"),
                ),
                *(
                    case(code, false("c1", basis="derived"), condition(Code("icd-10", code), on="2026-10-01"))
                    for code in ("C78.3", "C78.4", "C78.8", "C79.1", "C79.8")
                ),
            ],
            population=POPULATION,
            background=(CANCER,),
        ),
    ),
)


def _in_words(words: str) -> Resource:
    """A clinical M in words."""
    return observation(CLINICAL_M, text=words)


TEXTS = Topic(
    "texts",
    "Categories in words",
    "A mapping may name a pattern for text: what it reads is `derived`. The edition of the staging is "
    "evidence; no category is converted between editions.",
    (
        Table(
            "t-texts",
            "Clinical T3 or T4a, as text",
            CLINICAL,
            [
                case("“cT3”", true("o1", basis="derived", value="T3"), observation(CLINICAL_T, text="cT3")),
                case("“T3 N1 M0”", true("o1", basis="derived"), observation(CLINICAL_T, text="T3 N1 M0")),
                case(
                    "“T4”", unknown("coarser-code", "o1", basis="derived"), observation(CLINICAL_T, text="T4")
                ),
                case(
                    "“pT3” under a code of clinical staging",
                    unknown("conflicting", "o1", basis="derived"),
                    observation(CLINICAL_T, text="pT3"),
                ),
                case("“ypT3”: after therapy", unknown("no-record"), observation(CLINICAL_T, text="ypT3")),
                case(
                    "“T2-3”, after “T2”: one of several, which an older record does not settle",
                    unknown("coarser-code", "o2", value="T2-3"),
                    observation(CLINICAL_T, text="T2", on="2026-10-05"),
                    observation(CLINICAL_T, text="T2-3", on="2026-10-20"),
                ),
                case("“T3?”", unknown("coarser-code", "o1"), observation(CLINICAL_T, text="T3?")),
                case(
                    "“tumour of 3 cm”",
                    unknown("coarser-code", "o1", value="tumour of 3 cm"),
                    observation(CLINICAL_T, text="tumour of 3 cm"),
                ),
                case(
                    "“T 3 cm” is a size",
                    unknown("coarser-code", "o1"),
                    observation(CLINICAL_T, text="T 3 cm"),
                ),
                case(
                    "the text of the coded value",
                    true("o1", basis="derived"),
                    observation(CLINICAL_T, valueCodeableConcept={"text": "cT3"}),
                ),
            ],
            population=POPULATION,
            background=(CANCER,),
        ),
        Table(
            "m-words",
            "Words beside a category",
            "finding: {concept: m-category, staging: clinical, in: [M0]}",
            [
                *(
                    case(f"“{words}”", true("o1", basis="derived", value="M0"), _in_words(words))
                    for words in (
                        "cM0",
                        "M0, AJCC 8",
                        "cT3 cN1 cM0, G2",
                        "cM0 (CT)",
                        "M0 laut PET-CT",
                        "cM0(i+)",
                    )
                ),
                *(
                    case(f"“{words}”: not read", unknown("coarser-code", "o1"), _in_words(words))
                    for words in (
                        "M0, suspicious liver lesion",
                        "cM0, V. a. Lebermetastase",
                        "M0 (pending PET-CT)",
                        "M0 cannot be assessed",
                        "cM0 soweit beurteilbar",
                        "M0, Staging unvollständig",
                        "M0 (2024)",
                        "M0 before progression",
                        "M0 -> M1",
                        "cM0 trotz Lungenrundherd",
                        "kein M1",
                        "M1 ausgeschlossen",
                        "keine Fernmetastasen",
                    )
                ),
            ],
            population=POPULATION,
            background=(CANCER,),
            text="A word that is known to leave the category as it is (another category, an edition, a "
            "method) may stand beside it. Any other may say the opposite: the record is open, and shows it.",
        ),
        Table(
            "t-words",
            "Words beside a T",
            CLINICAL,
            [
                *(
                    case(
                        f"“{words}”",
                        true("o1", basis="derived", value="T3"),
                        observation(CLINICAL_T, text=words),
                    )
                    for words in ("uT3 (EUS)", "cT3 N+", "cT3, UICC 8. Auflage", "cT3 laut MRT")
                ),
                *(
                    case(
                        f"“{words}”: not read",
                        unknown("coarser-code", "o1"),
                        observation(CLINICAL_T, text=words),
                    )
                    for words in (
                        "cT2 mindestens",
                        "mind. cT2",
                        "T3 or higher",
                        "T3 cannot be assessed",
                        "cT3 nicht gesichert",
                        "T3 vs. T2",
                        "cT3, DD cT2",
                        "T3 -> T4b",
                        "cT3, Z. n. Radiochemotherapie",
                        "T3 vor RCT, aktuell T1",
                        "cT3 des Magens",
                        "T3 (wrong patient)",
                    )
                ),
            ],
            population=POPULATION,
            background=(CANCER,),
        ),
        Table(
            "t-modalities",
            "cT3 in a code on 10 October, and newer words",
            CLINICAL,
            [
                *(
                    case(f"“{words}”", false("o1", basis="derived"), _words(words))
                    for words in (
                        "uT2",
                        "usT2",
                        "mrT2",
                        "iT2",
                        "EUS: T2",
                        "c T2",
                        "T 2",
                        "uT1b N0",
                        "cT2 cN1 cM0",
                    )
                ),
                *(
                    case(
                        f"“{words}”: not read",
                        unknown("coarser-code", "o1"),
                        _words(words),
                    )
                    for words in ("rT2", "aT2", "T2 (previously T3)", "T2-weighted: thick wall")
                ),
                case(
                    "“ymrT2”: after therapy, and no clinical one",
                    true("clinical"),
                    observation(CLINICAL_T, text="ymrT2"),
                ),
                case(
                    "“uT2” under a code that says no staging: clinical",
                    false("o1", basis="derived"),
                    observation(T, text="uT2"),
                ),
            ],
            population=POPULATION,
            background=(CANCER, clinical(T3, on="2026-10-10", id="clinical")),
            text="c is all that is known before treatment, imaging and endosonography included (UICC and "
            "AJCC, 8th edition); y is after it. A category of a recurrence (r) or an autopsy (a) is "
            "another one.",
        ),
        Table(
            "t-words-beside-code",
            "A code and words of the same day",
            CLINICAL,
            [
                case(
                    "words that say the same give way",
                    true("o1"),
                    clinical(T3),
                    observation(CLINICAL_T, text="cT3"),
                ),
                case(
                    "less precise words too",
                    false("o1"),
                    clinical(T4B),
                    observation(CLINICAL_T, text="cT4"),
                ),
                case(
                    "words that say another thing stand beside it",
                    unknown("conflicting", "o1", "o2", basis="derived"),
                    clinical(T3),
                    observation(CLINICAL_T, text="cT2"),
                ),
                case(
                    "words that nobody can read too",
                    unknown("coarser-code", "o1", "o2"),
                    clinical(T3),
                    observation(CLINICAL_T, text="T2-3"),
                ),
                case(
                    "both components of one panel",
                    true("o1", value="T3"),
                    observation(
                        OWN_PANEL,
                        component=[
                            {"code": concept(CLINICAL_T), "valueCodeableConcept": concept(T3)},
                            {"code": concept(CLINICAL_T), "valueString": "cT3"},
                        ],
                    ),
                ),
                case(
                    "words beside the code of one record: the code counts",
                    true("o1"),
                    clinical(T3, valueCodeableConcept={**concept(T3), "text": "cT2"}),
                ),
            ],
            population=POPULATION,
            background=(CANCER,),
        ),
    ),
)


def _staged(summary: Resource, kind: Code | None = None, on: str = "2026-10-01", **more: Any) -> Resource:
    """The cancer with a stage of its own."""
    stage = {"summary": summary, **({"type": concept(kind)} if kind else {}), **more}
    return condition(OESOPHAGEAL_CANCER, id="cancer", on=on, stage=[stage])


STAGE_III = concept(Code("ajcc", "III"))
GROUP = "finding: {concept: stage-group, staging: clinical, in: [III]}"

STATED = Topic(
    "stated",
    "The stage that a Condition states",
    "`Condition.stage.summary` of the index cancer counts as stage group, `derived`: it has no date of its "
    "own, and was made at some time since the cancer began. It gives way to an assessment on record. Its "
    "`stage.type` tells how it was assessed.",
    (
        Table(
            "stage-summary",
            "Stage III, clinically",
            GROUP,
            [
                case(
                    "clinical, of a cancer that began inside the window",
                    true("cancer", basis="derived", value="III"),
                    _staged(STAGE_III, STAGE_GROUP),
                ),
                case(
                    "in words that the pattern reads",
                    true("cancer", basis="derived", value="III"),
                    _staged({"text": "Stage III"}, STAGE_GROUP),
                ),
                case(
                    "in words that doubt it: on record, and not to be read",
                    unknown("coarser-code", "cancer", basis="derived", value="Stage II or III"),
                    _staged({"text": "Stage II or III"}, STAGE_GROUP),
                ),
                case(
                    "a code that is not known",
                    unknown("coarser-code", "cancer", basis="derived", value="9999"),
                    _staged(
                        {"coding": [{"system": "http://hospital.example/stages", "code": "9999"}]},
                        STAGE_GROUP,
                    ),
                ),
                case("empty", unknown("no-record"), _staged({}, STAGE_GROUP)),
                case(
                    "of another kind, which is no stage group",
                    unknown("no-record"),
                    _staged({"text": "T3"}, CLINICAL_T),
                ),
                case(
                    "of a cancer that began before it",
                    unknown("imprecise-date", "cancer", basis="derived"),
                    _staged(STAGE_III, STAGE_GROUP, on="2026-02-01"),
                ),
                case(
                    "of no stated staging",
                    unknown("coarser-code", "cancer", basis="derived"),
                    _staged(STAGE_III),
                ),
                case(
                    "beside a stage that was observed",
                    false("o1"),
                    _staged(STAGE_III, STAGE_GROUP),
                    observation(STAGE_GROUP, coded=Code("ajcc", "II")),
                ),
                case(
                    "an assessment is on record",
                    false("group"),
                    _staged(STAGE_III, STAGE_GROUP, assessment=[reference("group")]),
                    observation(STAGE_GROUP, coded=Code("ajcc", "II"), id="group"),
                ),
                case(
                    "of another cancer",
                    unknown("no-record"),
                    CANCER,
                    condition(BREAST_CANCER, clinical="resolved", stage=[{"summary": STAGE_III}]),
                ),
            ],
            population=POPULATION,
        ),
    ),
)

CHAPTER = Chapter(
    "tnm",
    "TNM",
    "Tumour, node and metastasis categories.",
    (VALUES, STAGING, TREATED, SITES, IMPLIED, TEXTS, STATED),
)
