"""Codes: any coding, never a display, prefixes, coarser and disjoint codes, patterns, local codes."""

from __future__ import annotations

from tests.lib.records import Code, condition, observation
from tests.spec.codes import (
    ADENO_MORPHOLOGY,
    ADENOCARCINOMA,
    ANTI_HBS,
    BREAST_CANCER,
    COPD,
    DIABETES,
    ECOG,
    ECOG_1,
    HBSAG,
    HBV_DNA,
    HCG,
    HISTOLOGY,
    KARNOFSKY,
    PLATELETS,
    RESPIRATORY_FAILURE,
    SQUAMOUS,
    SQUAMOUS_MORPHOLOGY,
    STROKE,
    TYPE_2_DIABETES,
    icd,
)
from tests.spec.tables import Chapter, Table, Topic, case, false, true, unknown

COUNT = "measured: {concept: platelet-count, at_least: 100 10*9/L}"
STROKES = "condition: {concept: stroke}"
LOCAL = Code("http://hospital.example/lab", "PLT1", "platelets")

MATCHING = Topic(
    "matching",
    "What matches",
    "Any coding of a concept may match, under any known spelling of its system. Nothing ever matches on a "
    "display or a text.",
    (
        Table(
            "any-coding",
            "A diagnosis of stroke",
            STROKES,
            [
                case("one coding", true("c1", value="230690007"), condition(STROKE)),
                case(
                    "the second of two codings",
                    true("c1", value="230690007"),
                    condition((Code("http://hospital.example/dx", "S1"), STROKE)),
                ),
                case(
                    "the right display with another code",
                    unknown("no-record"),
                    condition(Code("snomed", "195967001", "stroke")),
                ),
                case(
                    "the right text without a code",
                    unknown("no-record"),
                    condition((), code={"text": "Stroke"}),
                ),
                case(
                    "the right code of another system",
                    unknown("no-record"),
                    condition(Code("loinc", "230690007")),
                ),
                case(
                    "a code without a system",
                    unknown("no-record"),
                    condition((), code={"coding": [{"code": "230690007"}]}),
                ),
                case(
                    "the system as an OID",
                    true("c1"),
                    condition(Code("urn:oid:2.16.840.1.113883.6.96", "230690007")),
                ),
                case(
                    "the system with https and a slash",
                    true("c1"),
                    condition(Code("https://snomed.info/sct/", "230690007")),
                ),
                case(
                    "a version in the system",
                    true("c1"),
                    condition(
                        Code("http://snomed.info/sct|http://snomed.info/sct/900000000000207008", "230690007")
                    ),
                ),
            ],
        ),
        Table(
            "icd-prefix",
            "ICD-10 by prefix",
            STROKES,
            [
                case("I63: the category", true("c1"), condition(icd("I63"))),
                case("I63.9: below it", true("c1", value="I63.9"), condition(icd("I63.9"))),
                case("I63.9 in the German edition", true("c1"), condition(Code("icd-10-gm", "I63.9"))),
                case("I639, without the point", true("c1"), condition(Code("icd-10-cm", "I639"))),
                case("I65: another category", unknown("no-record"), condition(icd("I65"))),
                case("G45.1: a transient attack is no stroke", unknown("no-record"), condition(icd("G45.1"))),
                case(
                    "a prefix holds for no code of SNOMED CT",
                    unknown("no-record"),
                    condition(Code("snomed", "2306900070")),
                ),
            ],
        ),
        Table(
            "icd-prefix-but-for",
            "ICD-10 by prefix, but for some below it",
            "condition: {concept: transient-ischaemic-attack}",
            [
                case("G45.1: below G45", true("c1"), condition(icd("G45.1"))),
                case("G45.4: left out of the prefix G45", unknown("no-record"), condition(icd("G45.4"))),
            ],
        ),
        Table(
            "coded-diagnoses",
            "A diagnosis that a study names by codes (ICD-10-CM N31.9, SNOMED CT 397732007)",
            'condition: {concept: "icd-10-cm:N31.9+snomed:397732007"}',
            [
                case("the first code", true("c1", value="N31.9"), condition(Code("icd-10-cm", "N31.9"))),
                case("the second", true("c1", value="397732007"), condition(Code("snomed", "397732007"))),
                case(
                    "another code of its category",
                    unknown("no-record"),
                    condition(Code("icd-10-cm", "N31.0")),
                ),
                case(
                    "the same letters in another classification",
                    unknown("no-record"),
                    condition(Code("icd-10-gm", "N31.9")),
                ),
                case("nothing on record is never no", unknown("no-record")),
            ],
        ),
        Table(
            "local-codes",
            "A site’s own codes",
            COUNT,
            [
                case("the site’s code", true("o1"), observation(LOCAL, "200 10*9/L")),
                case("LOINC still", true("o1"), observation(PLATELETS, "200 10*9/L")),
            ],
            site={"local_codes": {"platelet-count": {"http://hospital.example/lab": ["PLT1"]}}},
        ),
        Table(
            "local-codes-elsewhere",
            "The same code at another site means nothing",
            COUNT,
            [case("an unknown code", unknown("no-record"), observation(LOCAL, "200 10*9/L"))],
        ),
    ),
)

SPECIFIC = Topic(
    "specific",
    "Less specific, disjoint, and for the investigator",
    "Codes that are too coarse for a concept are listed in its mapping: `coarser-code`. A match wins over "
    "them. A finding that excludes the one asked (adenocarcinoma of the same cancer) is false. What only a "
    "person can weigh (COPD where severe dysfunction of the lungs is asked) is `judgement`.",
    (
        Table(
            "coarser",
            "Squamous cell carcinoma of the oesophagus",
            "finding: {concept: oesophageal-squamous-cell-carcinoma}",
            [
                case(
                    "C15: a cancer of the oesophagus, of unknown type",
                    unknown("coarser-code", "c1", value="C15.4"),
                    condition(icd("C15.4")),
                ),
                case("its own code", true("c1"), condition(SQUAMOUS)),
                case(
                    "C15, and its own code: a match wins",
                    true("c2"),
                    condition(icd("C15.4")),
                    condition(SQUAMOUS),
                ),
                case(
                    "C15 with the morphology",
                    true("c1"),
                    condition(icd("C15.4"), morphology=SQUAMOUS_MORPHOLOGY),
                ),
                case(
                    "C15 with the morphology as a further coding",
                    true("c1"),
                    condition((icd("C15.4"), SQUAMOUS_MORPHOLOGY)),
                ),
                case(
                    "C15, and the pathologist’s finding",
                    true("o1"),
                    condition(icd("C15.4")),
                    observation(HISTOLOGY, coded=SQUAMOUS_MORPHOLOGY),
                ),
                case("adenocarcinoma: another type", false("c1"), condition(ADENOCARCINOMA)),
                case(
                    "C15, and adenocarcinoma by the pathologist",
                    false("o1"),
                    condition(icd("C15.4")),
                    observation(HISTOLOGY, coded=ADENO_MORPHOLOGY),
                ),
                case(
                    "unconfirmed, and C15",
                    unknown("unconfirmed", "c2"),
                    condition(icd("C15.4")),
                    condition(SQUAMOUS, verification="provisional"),
                ),
                case(
                    "refuted, and C15",
                    false("c2"),
                    condition(icd("C15.4")),
                    condition(SQUAMOUS, verification="refuted"),
                ),
                case(
                    "adenocarcinoma of another cancer",
                    unknown("coarser-code", "c1"),
                    condition(icd("C15.4")),
                    condition(BREAST_CANCER, id="breast"),
                    observation(HISTOLOGY, coded=ADENO_MORPHOLOGY, focus="breast"),
                ),
            ],
            population="oesophageal-cancer",
        ),
        Table(
            "coarser-diagnosis",
            "Type 2 diabetes",
            "condition: {concept: type-2-diabetes}",
            [
                case("type 2", true("c1"), condition(TYPE_2_DIABETES)),
                case("diabetes, of no stated type", unknown("coarser-code", "c1"), condition(DIABETES)),
            ],
        ),
        Table(
            "judgement-codes",
            "Severe dysfunction of the lungs",
            "condition: {concept: severe-pulmonary-dysfunction}",
            [
                case("chronic respiratory failure", true("c1"), condition(RESPIRATORY_FAILURE)),
                case("COPD: for the investigator", unknown("judgement", "c1"), condition(COPD)),
                case("COPD refuted", false("c1"), condition(COPD, verification="refuted")),
                case("both", true("c2"), condition(COPD), condition(RESPIRATORY_FAILURE)),
            ],
        ),
    ),
)

PATTERNS = Topic(
    "patterns",
    "Patterns, and categories from other categories",
    "A mapping may name a pattern that reads a text; what it reads is `derived`, as is a score that another "
    "one implies (ECOG from Karnofsky). Of the same time, what was recorded goes before what another score "
    "implies, and before words that say the same.",
    (
        Table(
            "ecog-texts",
            "ECOG 0 or 1",
            'finding: {concept: ecog-performance-status, in: ["0", "1"]}',
            [
                case("“ECOG 1”", true("o1", basis="derived", value="1"), observation(ECOG, text="ECOG 1")),
                case("“2”", false("o1", basis="derived"), observation(ECOG, text="2")),
                *(
                    case(f"“{words}”", true("o1", basis="derived", value="1"), observation(ECOG, text=words))
                    for words in (
                        "ECOG: 1",
                        "ECOG=1",
                        "ECOG-PS 1",
                        "ECOG PS: 1",
                        "WHO 1",
                        "Grad 1",
                        "1 - restricted in strenuous activity",
                    )
                ),
                case(
                    "“0-1”: a range",
                    true("o1", basis="derived", value="0-1"),
                    observation(ECOG, text="0-1"),
                ),
                case(
                    "“1 bis 2”: a range of which one part is asked for",
                    unknown("censored-value", "o1", basis="derived"),
                    observation(ECOG, text="1 bis 2"),
                ),
                case(
                    "“2 (was 1)”: not read",
                    unknown("coarser-code", "o1", value="2 (was 1)"),
                    observation(ECOG, text="2 (was 1)"),
                ),
                *(
                    case(f"“{words}”: not read", unknown("coarser-code", "o1"), observation(ECOG, text=words))
                    for words in (
                        "ECOG 1 (at least)",
                        "mind. ECOG 1",
                        "ECOG 1+",
                        "1 - confined to bed",
                        "1 - bettlägerig",
                        "1; now bedridden",
                        "ECOG 0 vor 6 Monaten",
                        "nicht ECOG 1",
                    )
                ),
                case(
                    "“2 - up and about more than half of the day”",
                    false("o1", basis="derived", value="2"),
                    observation(ECOG, text="2 - up and about more than half of the day"),
                ),
                case(
                    "“-1” is no grade",
                    unknown("coarser-code", "o1"),
                    observation(ECOG, text="-1"),
                ),
                case("“ECOG-1”", true("o1", basis="derived"), observation(ECOG, text="ECOG-1")),
                case(
                    "“KPS 80 %”",
                    true("o1", basis="derived"),
                    observation(KARNOFSKY, text="KPS 80 %"),
                ),
                case(
                    "“Karnofsky: 60-70 %”: ECOG 1 or 2",
                    unknown("censored-value", "o1", basis="derived"),
                    observation(KARNOFSKY, text="Karnofsky: 60-70 %"),
                ),
                case(
                    "the display of a code that nobody knows",
                    unknown("coarser-code", "o1"),
                    observation(ECOG, coded=Code("http://hospital.example/ward", "X", "1")),
                ),
            ],
        ),
        Table(
            "ecog-from-karnofsky",
            "ECOG from Karnofsky",
            'finding: {concept: ecog-performance-status, in: ["0", "1"]}',
            [
                case("Karnofsky 90", true("o1", basis="derived"), observation(KARNOFSKY, integer=90)),
                case(
                    "Karnofsky 80",
                    true("o1", basis="derived", value="80"),
                    observation(KARNOFSKY, integer=80),
                ),
                case(
                    "Karnofsky 70: ECOG 1 or 2",
                    unknown("censored-value", "o1", basis="derived"),
                    observation(KARNOFSKY, integer=70),
                ),
                case("Karnofsky 60", false("o1", basis="derived"), observation(KARNOFSKY, integer=60)),
                case(
                    "Karnofsky 85: 80 or 90, and so ECOG 0 or 1",
                    true("o1", basis="derived"),
                    observation(KARNOFSKY, integer=85),
                ),
                case(
                    "Karnofsky 75: ECOG 1 or 2",
                    unknown("censored-value", "o1", basis="derived"),
                    observation(KARNOFSKY, integer=75),
                ),
                case(
                    "Karnofsky 65: ECOG 1 or 2",
                    unknown("censored-value", "o1", basis="derived"),
                    observation(KARNOFSKY, integer=65),
                ),
                case(
                    "Karnofsky 72: no value of the scale",
                    unknown("coarser-code", "o1", basis="derived"),
                    observation(KARNOFSKY, integer=72),
                ),
                case("“KI 90 %”", true("o1", basis="derived"), observation(KARNOFSKY, text="KI 90 %")),
                case(
                    "words that nobody can read, newer than an ECOG",
                    unknown("coarser-code", "o1", basis="derived"),
                    observation(KARNOFSKY, text="reduced", on="2026-10-25"),
                    observation(ECOG, coded=ECOG_1, on="2026-10-10"),
                ),
                case(
                    "words that say that there is no result, newer than an ECOG",
                    true("o2"),
                    observation(KARNOFSKY, text="not assessed", on="2026-10-25"),
                    observation(ECOG, coded=ECOG_1, on="2026-10-10"),
                ),
                case(
                    "a recorded ECOG of the same day goes before",
                    true("o2"),
                    observation(KARNOFSKY, integer=50, on="2026-10-10"),
                    observation(ECOG, coded=ECOG_1, on="2026-10-10"),
                ),
                case(
                    "a newer Karnofsky decides over an older ECOG",
                    false("o1", basis="derived"),
                    observation(KARNOFSKY, integer=50, on="2026-10-25"),
                    observation(ECOG, coded=ECOG_1, on="2026-10-10"),
                ),
            ],
        ),
        Table(
            "nyha-from-diagnosis",
            "NYHA class III or IV",
            "finding: {concept: nyha-class, in: [III, IV]}",
            [
                case(
                    "I50.13", true("c1", basis="derived", value="III"), condition(Code("icd-10-gm", "I50.13"))
                ),
                case(
                    "I50.14", true("c1", basis="derived", value="IV"), condition(Code("icd-10-gm", "I50.14"))
                ),
                case(
                    "I50.12", false("c1", basis="derived", value="II"), condition(Code("icd-10-gm", "I50.12"))
                ),
                case(
                    "I50.05", true("c1", basis="derived", value="IV"), condition(Code("icd-10-gm", "I50.05"))
                ),
                case("I50.9: no class", unknown("no-record"), condition(Code("icd-10-gm", "I50.9"))),
            ],
            text="The German ICD-10 has the class in its codes of heart failure.",
        ),
        Table(
            "detected",
            "A viral load is positive above its threshold, whatever its unit",
            "finding: {concept: hepatitis-b-dna, in: [positive]}",
            [
                case("1000 IU/mL", true("o1", basis="derived"), observation(HBV_DNA, "1000 [IU]/mL")),
                case("0", false("o1", basis="derived"), observation(HBV_DNA, "0 [IU]/mL")),
                case(
                    "<10: below the limit of detection",
                    false("o1", basis="derived"),
                    observation(HBV_DNA, "<10 [IU]/mL"),
                ),
            ],
        ),
        Table(
            "detected-above",
            "A titre is positive above its threshold of 10 mIU/mL",
            "finding: {concept: hepatitis-b-surface-antibody, in: [positive]}",
            [
                case("12 mIU/mL", true("o1", basis="derived"), observation(ANTI_HBS, "12 m[IU]/mL")),
                case("12 IU/L is the same", true("o1", basis="derived"), observation(ANTI_HBS, "12 [IU]/L")),
                case("8 mIU/mL", false("o1", basis="derived"), observation(ANTI_HBS, "8 m[IU]/mL")),
                case(
                    "<20 mIU/mL",
                    unknown("censored-value", "o1", basis="derived"),
                    observation(ANTI_HBS, "<20 m[IU]/mL"),
                ),
                case("12, no unit", unknown("no-unit", "o1", basis="derived"), observation(ANTI_HBS, "12")),
                case(
                    "12 g/L",
                    unknown("incomparable-unit", "o1", basis="derived"),
                    observation(ANTI_HBS, "12 g/L"),
                ),
            ],
        ),
        Table(
            "detected-between",
            "A quantitative hCG as pregnancy test: below 5 IU/L negative, above 25 IU/L positive",
            "finding: {concept: pregnancy-test, in: [positive]}",
            [
                case(
                    "240 IU/L",
                    true("o1", basis="derived", value="positive"),
                    observation(HCG, "240 [IU]/L", on="2026-10-28"),
                ),
                case(
                    "<1 mIU/mL",
                    false("o1", basis="derived"),
                    observation(HCG, "<1 m[IU]/mL", on="2026-10-28"),
                ),
                case("<5 IU/L", false("o1", basis="derived"), observation(HCG, "<5 [IU]/L", on="2026-10-28")),
                case(
                    "12 IU/L",
                    unknown("censored-value", "o1", basis="derived"),
                    observation(HCG, "12 [IU]/L", on="2026-10-28"),
                ),
                case(
                    "5 IU/L",
                    unknown("censored-value", "o1", basis="derived"),
                    observation(HCG, "5 [IU]/L", on="2026-10-28"),
                ),
                case(
                    "25 IU/L",
                    unknown("censored-value", "o1", basis="derived"),
                    observation(HCG, "25 [IU]/L", on="2026-10-28"),
                ),
                case(
                    "240, no unit",
                    unknown("no-unit", "o1", basis="derived"),
                    observation(HCG, "240", on="2026-10-28"),
                ),
                case(
                    "too old",
                    unknown("stale", "o1", basis="derived"),
                    observation(HCG, "1 [IU]/L", on="2026-10-20"),
                ),
            ],
        ),
        Table(
            "interpretations",
            "An interpretation, where there is no value",
            "finding: {concept: hepatitis-b-surface-antigen, in: [positive]}",
            [
                case(
                    "POS",
                    true("o1"),
                    observation(
                        HBSAG,
                        interpretation=[
                            {
                                "coding": [
                                    {
                                        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
                                        "code": "POS",
                                    }
                                ]
                            }
                        ],
                    ),
                ),
                case(
                    "NEG",
                    false("o1"),
                    observation(
                        HBSAG,
                        interpretation=[
                            {
                                "coding": [
                                    {
                                        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
                                        "code": "NEG",
                                    }
                                ]
                            }
                        ],
                    ),
                ),
                case("`true`", true("o1"), observation(HBSAG, boolean=True)),
                case("`false`", false("o1"), observation(HBSAG, boolean=False)),
            ],
        ),
    ),
)

CHAPTER = Chapter("coding", "Codes", "How a record is recognised.", (MATCHING, SPECIFIC, PATTERNS))
