"""Population and index cancer: who belongs to a study, and which records are about its cancer."""

from __future__ import annotations

from tests.lib.records import Code, concept, condition, observation, other, reference
from tests.spec.codes import (
    ADENO_MORPHOLOGY,
    ADENOCARCINOMA,
    BREAST_CANCER,
    CLINICAL_T,
    ECOG,
    ECOG_1,
    HISTOLOGY,
    JUNCTION,
    LIVER_METASTASIS,
    LUNG_TOPOGRAPHY,
    MALIGNANT,
    MIDDLE_THIRD,
    OESOPHAGEAL_CANCER,
    OESOPHAGUS,
    PLATELETS,
    PROSTATE_CANCER,
    PROSTATE_NEOPLASM,
    SQUAMOUS,
    SQUAMOUS_MORPHOLOGY,
    STAGE_GROUP,
    T3,
    TUMOUR_SIZE,
    icd,
    snomed,
)
from tests.spec.tables import Chapter, Outside, Table, Topic, case, false, presumed, true, unknown

ALWAYS = "constant: true"
SIZE = "measured: {concept: tumour-size, at_most: 10 cm}"
CANCER = condition(OESOPHAGEAL_CANCER, id="cancer")
BREAST = condition(BREAST_CANCER, id="breast")
LIVER = Code("snomed", "10200004", "liver")
LUNG_SITE = Code("snomed", "39607008", "lung")
NODE_SITE = Code("snomed", "59441001", "lymph node")
STAGE_THREE = Code("ajcc", "III")
RELATED = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-condition"

MEMBERSHIP = Topic(
    "membership",
    "Who is a member",
    "A study names its population, normally its cancer. A patient is a member when any source of that cancer "
    "holds matching or less specific evidence that is not refuted. Verdicts exist for members only; the "
    "others are counted, and never called false. A history code alone makes no member.",
    (
        Table(
            "members",
            "Members of a study of oesophageal cancer",
            ALWAYS,
            [
                case("a code of the cancer", true(), condition(OESOPHAGEAL_CANCER)),
                case("a finer code, by prefix of ICD-10", true(), condition(icd("C15.4", "middle third"))),
                case("resolved: it was there", true(), condition(OESOPHAGEAL_CANCER, clinical="resolved")),
                case(
                    "unconfirmed: not refuted",
                    true(),
                    condition(OESOPHAGEAL_CANCER, verification="unconfirmed"),
                ),
                case("without any date", true(), condition(OESOPHAGEAL_CANCER, on=None)),
                case("refuted", Outside(), condition(OESOPHAGEAL_CANCER, verification="refuted")),
                case(
                    "entered in error",
                    Outside(),
                    condition(OESOPHAGEAL_CANCER, clinical=None, verification="entered-in-error"),
                ),
                case(
                    "one record refuted, another not",
                    true(),
                    condition(OESOPHAGEAL_CANCER, verification="refuted"),
                    condition(SQUAMOUS),
                ),
                case("a history code alone", Outside(), condition(Code("icd-10-cm", "Z85.01", "history"))),
                case("another cancer", Outside(), condition(BREAST_CANCER)),
                case("no record at all", Outside()),
                case(
                    "diagnosed after the index date",
                    Outside(),
                    condition(OESOPHAGEAL_CANCER, on="2026-11-02"),
                ),
                case("diagnosed on the index date", true(), condition(OESOPHAGEAL_CANCER, on="2026-11-01")),
            ],
            population="oesophageal-cancer",
        ),
        Table(
            "coarser-members",
            "Less specific evidence makes a member too",
            ALWAYS,
            [
                case("prostate cancer", true(), condition(PROSTATE_CANCER)),
                case(
                    "a neoplasm of the prostate, of unstated behaviour", true(), condition(PROSTATE_NEOPLASM)
                ),
                case("the same, refuted", Outside(), condition(PROSTATE_NEOPLASM, verification="refuted")),
            ],
            population="prostate-cancer",
        ),
        Table(
            "members-by-site",
            "A malignant neoplasm of no site, with its bodySite",
            ALWAYS,
            [
                case("the oesophagus", true(), condition(MALIGNANT, site=OESOPHAGUS)),
                case("the same by ICD-10 C80.9", true(), condition(icd("C80.9"), site=OESOPHAGUS)),
                case("a part of the oesophagus", true(), condition(MALIGNANT, site=MIDDLE_THIRD)),
                case("the junction with the stomach", Outside(), condition(MALIGNANT, site=JUNCTION)),
                case("another site", Outside(), condition(MALIGNANT, site=LIVER)),
                case("no site", Outside(), condition(MALIGNANT)),
                case(
                    "the same, refuted",
                    Outside(),
                    condition(MALIGNANT, site=OESOPHAGUS, verification="refuted"),
                ),
            ],
            population="oesophageal-cancer",
        ),
        Table(
            "histology-by-site",
            "It is less specific than a squamous cell carcinoma, unless its histology says it",
            "finding: {concept: oesophageal-squamous-cell-carcinoma}",
            [
                case("no histology", unknown("coarser-code", "c1"), condition(MALIGNANT, site=OESOPHAGUS)),
                case(
                    "squamous",
                    true("c1"),
                    condition(MALIGNANT, site=OESOPHAGUS, morphology=SQUAMOUS_MORPHOLOGY),
                ),
                case(
                    "adenocarcinoma",
                    false("c1"),
                    condition(MALIGNANT, site=OESOPHAGUS, morphology=ADENO_MORPHOLOGY),
                ),
            ],
            population="oesophageal-cancer",
        ),
        Table(
            "everybody",
            "A population of everybody",
            ALWAYS,
            [case("no record at all", true()), case("any cancer", true(), condition(BREAST_CANCER))],
        ),
    ),
)

LINKS = Topic(
    "links",
    "Which records are about the index cancer",
    "The population also names the index cancer. Stage, histology, size, markers and metastases count only "
    "when a record is linked to it: by its focus, by a related condition, as assessment of the cancer’s "
    "stage, or by a specimen of something linked. Without a link they count when the patient has exactly one "
    "active malignancy; else they are unknown, `ambiguous-focus`. What is about the patient needs no link.",
    (
        Table(
            "one-cancer",
            "No link, and one active malignancy",
            SIZE,
            [
                case("the only cancer", true("o1"), observation(TUMOUR_SIZE, "4 cm")),
                case(
                    "several codes of one cancer are one",
                    true("o1"),
                    condition(icd("C15.4")),
                    observation(TUMOUR_SIZE, "4 cm"),
                ),
                case(
                    "another cancer, no longer active",
                    true("o1"),
                    condition(BREAST_CANCER, clinical="resolved"),
                    observation(TUMOUR_SIZE, "4 cm"),
                ),
                case(
                    "another cancer, refuted",
                    true("o1"),
                    condition(BREAST_CANCER, verification="refuted"),
                    observation(TUMOUR_SIZE, "4 cm"),
                ),
                case(
                    "a metastasis is no malignancy of its own",
                    true("o1"),
                    condition(LIVER_METASTASIS),
                    observation(TUMOUR_SIZE, "4 cm"),
                ),
                case(
                    "another active cancer",
                    unknown("ambiguous-focus", "o1"),
                    condition(BREAST_CANCER),
                    observation(TUMOUR_SIZE, "4 cm"),
                ),
                case(
                    "another active cancer, by its topography in ICD-O-3",
                    unknown("ambiguous-focus", "o1"),
                    condition(LUNG_TOPOGRAPHY),
                    observation(TUMOUR_SIZE, "4 cm"),
                ),
                case(
                    "another active cancer, of a site that is not said",
                    unknown("ambiguous-focus", "o1"),
                    condition(MALIGNANT),
                    observation(TUMOUR_SIZE, "4 cm"),
                ),
                case(
                    "a cancer of no site, and its bodySite is that of the index cancer",
                    true("o1"),
                    condition(MALIGNANT, site=OESOPHAGUS),
                    observation(TUMOUR_SIZE, "4 cm"),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
        ),
        Table(
            "own-record-of-another-cancer",
            "What another cancer’s own record says is about that cancer",
            "finding: {concept: histologic-type, in: [squamous]}",
            [
                case(
                    "the index cancer’s histology",
                    true("c1", basis="derived"),
                    condition(OESOPHAGEAL_CANCER, morphology=SQUAMOUS_MORPHOLOGY),
                ),
                case(
                    "another cancer’s, and that one is over",
                    unknown("no-record"),
                    condition(BREAST_CANCER, clinical="resolved", morphology=ADENO_MORPHOLOGY),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
        ),
        Table(
            "second-cancers",
            "A cancer other than the index cancer",
            "condition: {concept: second-malignancy}",
            [
                case("none", presumed()),
                case("further records of the index cancer", presumed(), condition(icd("C15.4"))),
                case("its history", presumed(), condition(Code("icd-10-cm", "Z85.01", "history"))),
                case("another", true("c1"), condition(BREAST_CANCER)),
                case("one of a site that is not said", unknown("judgement", "c1"), condition(MALIGNANT)),
                case("one in the oesophagus", presumed(), condition(MALIGNANT, site=OESOPHAGUS)),
                case(
                    "one of a site that is not said, in ICD-10",
                    unknown("judgement", "c1"),
                    condition(icd("C80.9")),
                ),
                case(
                    "a history of a cancer of some digestive organ",
                    unknown("judgement", "c1"),
                    condition(icd("Z85.0")),
                ),
                case(
                    "a history of some cancer",
                    unknown("judgement", "c1"),
                    condition(snomed("266987004", "history of cancer")),
                ),
                case("a history of another organ’s cancer", true("c1"), condition(icd("Z85.3"))),
                case(
                    "the same, in SNOMED CT",
                    true("c1"),
                    condition(snomed("428262008", "history of prostate cancer")),
                ),
                case(
                    "a history of a cancer of an organ that is not named",
                    unknown("judgement", "c1"),
                    condition(icd("Z85.8")),
                ),
                case(
                    "a history of skin cancer that is no melanoma",
                    presumed(),
                    condition(Code("icd-10-cm", "Z85.828", "history of skin cancer")),
                ),
                case(
                    "a cancer of the skin of which the kind is not said",
                    unknown("judgement", "c1"),
                    condition(Code("icd-o-3", "C44.3", "skin of face")),
                ),
                case(
                    "lymph nodes",
                    presumed(),
                    condition(Code("icd-o-3", "C77.0", "lymph nodes of head and neck")),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
            site={"complete": {"Condition": "lifelong"}},
        ),
        Table(
            "second-cancers-of-the-organ",
            "The same, where the index cancer is one histology of its organ",
            "condition: {concept: second-malignancy}",
            [
                case("the organ’s cancer, less precisely", presumed(), condition(icd("C15.4"))),
                case(
                    "a history of the organ’s cancer: perhaps of this one",
                    unknown("ambiguous-focus", "c1"),
                    condition(Code("icd-10-cm", "Z85.01", "history")),
                ),
                case(
                    "another histology: perhaps a revised diagnosis",
                    unknown("ambiguous-focus", "c1"),
                    condition(ADENOCARCINOMA),
                ),
                case("another organ", true("c1"), condition(BREAST_CANCER)),
            ],
            population="oesophageal-squamous-cell-carcinoma",
            background=(condition(SQUAMOUS, id="cancer"),),
            site={"complete": {"Condition": "lifelong"}},
        ),
        Table(
            "second-cancers-of-the-lung",
            "Likewise in the lung",
            "condition: {concept: second-malignancy}",
            [
                case("the lung’s cancer, less precisely", presumed(), condition(icd("C34.1"))),
                case(
                    "a history of it",
                    unknown("ambiguous-focus", "c1"),
                    condition(Code("icd-10-cm", "Z85.118", "history")),
                ),
                case(
                    "small cell lung cancer",
                    unknown("ambiguous-focus", "c1"),
                    condition(snomed("254632001", "small cell lung cancer")),
                ),
                case("oesophageal cancer", true("c1"), condition(OESOPHAGEAL_CANCER)),
            ],
            population="non-small-cell-lung-cancer",
            background=(condition(snomed("254637007", "non-small cell lung cancer"), id="cancer"),),
            site={"complete": {"Condition": "lifelong"}},
        ),
        Table(
            "second-cancers-of-any-kind",
            "A second cancer, in a study for cancers of any kind",
            "condition: {concept: second-malignancy}",
            [
                case("one record of one", presumed(), BREAST),
                case(
                    "two records: of one cancer, or of two",
                    unknown("ambiguous-focus", "breast", "c1"),
                    BREAST,
                    condition(icd("C61")),
                ),
            ],
            population="malignancy",
            site={"complete": {"Condition": "lifelong"}},
        ),
        Table(
            "index-cancer-over",
            "No link, and the index cancer is in remission",
            SIZE,
            [
                case(
                    "a history of it besides",
                    true("o1"),
                    condition(Code("icd-10-cm", "Z85.01", "history")),
                    observation(TUMOUR_SIZE, "4 cm"),
                ),
                case(
                    "a history of another cancer",
                    unknown("ambiguous-focus", "o1"),
                    condition(icd("Z85.3")),
                    observation(TUMOUR_SIZE, "4 cm"),
                ),
                case(
                    "the only cancer on record leaves no doubt", true("o1"), observation(TUMOUR_SIZE, "4 cm")
                ),
                case(
                    "another cancer is the one that is active",
                    unknown("ambiguous-focus", "o1"),
                    BREAST,
                    observation(TUMOUR_SIZE, "4 cm"),
                ),
                case(
                    "linked, it counts", true("o1"), BREAST, observation(TUMOUR_SIZE, "4 cm", focus="cancer")
                ),
            ],
            population="oesophageal-cancer",
            background=(condition(OESOPHAGEAL_CANCER, id="cancer", clinical="remission"),),
        ),
        Table(
            "two-cancers",
            "Two active malignancies: only a link tells",
            SIZE,
            [
                case("no link", unknown("ambiguous-focus", "o1"), observation(TUMOUR_SIZE, "4 cm")),
                case(
                    "focus on the index cancer", true("o1"), observation(TUMOUR_SIZE, "4 cm", focus="cancer")
                ),
                case(
                    "focus on the other cancer: no record of this one",
                    unknown("no-record"),
                    observation(TUMOUR_SIZE, "4 cm", focus="breast"),
                ),
                case(
                    "related condition in an extension",
                    true("o1"),
                    observation(
                        TUMOUR_SIZE,
                        "4 cm",
                        extension=[{"url": RELATED, "valueReference": reference("cancer")}],
                    ),
                ),
                case(
                    "assessment of the index cancer’s stage",
                    true("size"),
                    condition(OESOPHAGEAL_CANCER, assessed_by=["size"]),
                    observation(TUMOUR_SIZE, "4 cm", id="size"),
                ),
                case(
                    "assessment of the other cancer’s stage",
                    unknown("no-record"),
                    condition(BREAST_CANCER, assessed_by=["size"]),
                    observation(TUMOUR_SIZE, "4 cm", id="size"),
                ),
                case(
                    "a specimen of nothing that is linked",
                    unknown("ambiguous-focus", "o1"),
                    other("Specimen", id="sample"),
                    observation(TUMOUR_SIZE, "4 cm", specimen="sample"),
                ),
                case(
                    "a record of this cancer, and a later one of the other",
                    true("o1", value="4"),
                    observation(TUMOUR_SIZE, "4 cm", on="2026-10-10", focus="cancer"),
                    observation(TUMOUR_SIZE, "20 cm", on="2026-10-25", focus="breast"),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER, BREAST),
        ),
        Table(
            "specimens",
            "The specimen of a record that is linked by itself",
            """\
all:
  - measured: {concept: tumour-size, at_most: 10 cm}
  - finding: {concept: t-category, staging: clinical, in: [T3]}
""",
            [
                case(
                    "one specimen",
                    true("size", "t"),
                    other("Specimen", id="sample"),
                    observation(CLINICAL_T, coded=T3, focus="cancer", specimen="sample", id="t"),
                    observation(TUMOUR_SIZE, "4 cm", specimen="sample", id="size"),
                ),
                case(
                    "two specimens",
                    unknown("ambiguous-focus", "size"),
                    other("Specimen", id="sample"),
                    other("Specimen", id="another"),
                    observation(CLINICAL_T, coded=T3, focus="cancer", specimen="sample", id="t"),
                    observation(TUMOUR_SIZE, "4 cm", specimen="another", id="size"),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER, BREAST),
        ),
        Table(
            "specimens-of-pathology",
            "The specimen of a pathology report, whatever else the study asks",
            SIZE,
            [
                case(
                    "a report with a link, and a size with its specimen alone",
                    true("size"),
                    other("Specimen", id="sample"),
                    observation(HISTOLOGY, coded=SQUAMOUS_MORPHOLOGY, focus="cancer", specimen="sample"),
                    observation(TUMOUR_SIZE, "4 cm", specimen="sample", id="size"),
                ),
                case(
                    "a report of the other cancer",
                    unknown("ambiguous-focus", "size"),
                    other("Specimen", id="sample"),
                    observation(HISTOLOGY, coded=ADENO_MORPHOLOGY, focus="breast", specimen="sample"),
                    observation(TUMOUR_SIZE, "4 cm", specimen="sample", id="size"),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER, BREAST),
        ),
        Table(
            "category-links",
            "Categories and diagnoses of a cancer need the link too",
            """\
all:
  - finding: {concept: t-category, staging: clinical, in: [T3]}
  - condition: {concept: liver-metastasis}
""",
            [
                case(
                    "both linked",
                    true("c1", "o1"),
                    observation(CLINICAL_T, coded=T3, focus="cancer"),
                    condition(
                        LIVER_METASTASIS, extension=[{"url": RELATED, "valueReference": reference("cancer")}]
                    ),
                ),
                case(
                    "neither linked",
                    unknown("ambiguous-focus", "c1", "o1"),
                    observation(CLINICAL_T, coded=T3),
                    condition(LIVER_METASTASIS),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER, BREAST),
        ),
        Table(
            "stage-groups",
            "A stage group that is linked links its members",
            "finding: {concept: t-category, staging: clinical, in: [T3]}",
            [
                case(
                    "by its focus",
                    true("t"),
                    observation(CLINICAL_T, coded=T3, id="t"),
                    observation(STAGE_GROUP, coded=STAGE_THREE, focus="cancer", hasMember=[reference("t")]),
                ),
                case(
                    "as assessment of the cancer’s stage",
                    true("t"),
                    condition(OESOPHAGEAL_CANCER, assessed_by=["group"]),
                    observation(CLINICAL_T, coded=T3, id="t"),
                    observation(STAGE_GROUP, coded=STAGE_THREE, id="group", hasMember=[reference("t")]),
                ),
                case(
                    "not linked itself",
                    unknown("ambiguous-focus", "t"),
                    observation(CLINICAL_T, coded=T3, id="t"),
                    observation(STAGE_GROUP, coded=STAGE_THREE, hasMember=[reference("t")]),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER, BREAST),
        ),
        Table(
            "about-a-metastasis",
            "What is about a metastasis points to one",
            "measured: {concept: metastasis-size, which: every, at_most: 5 cm}",
            [
                case(
                    "focus on a metastasis",
                    true("o1", value="4"),
                    condition(LIVER_METASTASIS, id="metastasis"),
                    observation(TUMOUR_SIZE, "4 cm", focus="metastasis"),
                ),
                case(
                    "focus on the cancer itself",
                    unknown("no-record"),
                    observation(TUMOUR_SIZE, "4 cm", focus="cancer"),
                ),
                case("no focus", unknown("no-record"), observation(TUMOUR_SIZE, "4 cm")),
                case(
                    "focus on a refuted metastasis",
                    unknown("no-record"),
                    condition(LIVER_METASTASIS, id="metastasis", verification="refuted"),
                    observation(TUMOUR_SIZE, "4 cm", focus="metastasis"),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
        ),
        Table(
            "size-elsewhere",
            "A size that is measured elsewhere is not the primary’s",
            SIZE,
            [
                case(
                    "in the oesophagus",
                    false("o1"),
                    observation(TUMOUR_SIZE, "12 cm", bodySite=concept(OESOPHAGUS)),
                ),
                *(
                    case(
                        f"in the {site.name}, after that of the primary",
                        true("o1", value="4"),
                        observation(TUMOUR_SIZE, "4 cm", on="2026-10-10"),
                        observation(TUMOUR_SIZE, "12 cm", on="2026-10-25", bodySite=concept(site)),
                    )
                    for site in (LIVER, LUNG_SITE, NODE_SITE)
                ),
                case(
                    "in the liver alone",
                    unknown("no-record"),
                    observation(TUMOUR_SIZE, "3 cm", bodySite=concept(LIVER)),
                ),
                case(
                    "somewhere that nobody knows",
                    unknown("ambiguous-focus", "o1"),
                    observation(
                        TUMOUR_SIZE, "3 cm", bodySite=concept(Code("http://hospital.example/sites", "X"))
                    ),
                ),
                case(
                    "somewhere in words",
                    unknown("ambiguous-focus", "o1"),
                    observation(TUMOUR_SIZE, "3 cm", bodySite={"text": "Leber"}),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
        ),
        Table(
            "about-somebody-else",
            "An observation in the record that is about somebody else",
            "measured: {concept: platelet-count, at_least: 100 10*9/L}",
            [
                case(
                    "about a relative: the patient’s own decides",
                    true("o1"),
                    other("RelatedPerson", id="donor"),
                    observation(PLATELETS, "200 10*9/L", on="2026-10-10"),
                    observation(PLATELETS, "20 10*9/L", on="2026-10-25", focus="donor"),
                ),
                case(
                    "about a relative by an identifier",
                    unknown("no-record"),
                    observation(PLATELETS, "20 10*9/L")
                    | {"focus": [{"type": "RelatedPerson", "identifier": {"value": "donor"}}]},
                ),
                case(
                    "about what is not told",
                    unknown("ambiguous-focus", "o2"),
                    observation(PLATELETS, "200 10*9/L", on="2026-10-10"),
                    observation(PLATELETS, "20 10*9/L", on="2026-10-25")
                    | {"focus": [{"display": "the newborn"}]},
                ),
                case(
                    "about a disease of the patient’s",
                    true("o1"),
                    observation(PLATELETS, "200 10*9/L", focus="cancer"),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
            text="The focus of an Observation may be a child, a donor, a spouse, or a device (R4).",
        ),
        Table(
            "two-histologies",
            "Two histologies of one cancer",
            "finding: {concept: oesophageal-squamous-cell-carcinoma}",
            [
                case(
                    "both of one day",
                    unknown("conflicting", "o1", "o2"),
                    observation(HISTOLOGY, coded=SQUAMOUS_MORPHOLOGY),
                    observation(HISTOLOGY, coded=ADENO_MORPHOLOGY),
                ),
                case(
                    "an adenocarcinoma later",
                    unknown("conflicting", "o1", "o2"),
                    observation(HISTOLOGY, coded=SQUAMOUS_MORPHOLOGY, on="2026-10-10"),
                    observation(HISTOLOGY, coded=ADENO_MORPHOLOGY, on="2026-10-25"),
                ),
                case(
                    "an adenocarcinoma, revised to squamous",
                    true("o2"),
                    observation(HISTOLOGY, coded=ADENO_MORPHOLOGY, on="2026-10-10"),
                    observation(HISTOLOGY, coded=SQUAMOUS_MORPHOLOGY, on="2026-10-25"),
                ),
                case(
                    "adenosquamous is for a person to judge",
                    unknown("judgement", "o1"),
                    observation(HISTOLOGY, coded=Code("icd-o-3", "8560/3", "adenosquamous carcinoma")),
                ),
                case(
                    "an adenocarcinoma of the other cancer",
                    true("o1"),
                    BREAST,
                    observation(HISTOLOGY, coded=SQUAMOUS_MORPHOLOGY, focus="cancer"),
                    observation(HISTOLOGY, coded=ADENO_MORPHOLOGY, on="2026-10-25", focus="breast"),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
        ),
        Table(
            "about-the-patient",
            "Performance status is about the patient",
            'finding: {concept: ecog-performance-status, in: ["0", "1"]}',
            [case("two cancers, no link", true("o1"), observation(ECOG, coded=ECOG_1))],
            population="oesophageal-cancer",
            background=(CANCER, BREAST),
        ),
    ),
)

CHAPTER = Chapter(
    "population",
    "Population and index cancer",
    "Before any criterion: is the patient one whom the study is about?",
    (MEMBERSHIP, LINKS),
)
