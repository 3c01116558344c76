"""The codes that the manual's records carry, by the name of what they mean."""

from __future__ import annotations

from tests.lib.records import Code


def loinc(code: str, name: str) -> Code:
    """A code of LOINC."""
    return Code("loinc", code, name)


def snomed(code: str, name: str) -> Code:
    """A code of SNOMED CT."""
    return Code("snomed", code, name)


def icd(code: str, name: str = "") -> Code:
    """A code of the WHO's ICD-10."""
    return Code("icd-10", code, name)


def atc(code: str, name: str = "") -> Code:
    """A code of ATC."""
    return Code("atc", code, name)


# Measurements
STAGE_GROUP = loinc("21908-9", "clinical stage group")
PLATELETS = loinc("777-3", "platelet count")
HAEMOGLOBIN = loinc("718-7", "haemoglobin")
ALT = loinc("1742-6", "ALT")
BILIRUBIN = loinc("1975-2", "total bilirubin")
CREATININE = loinc("2160-0", "creatinine")
CLEARANCE = loinc("2164-2", "creatinine clearance")
WEIGHT = loinc("29463-7", "body weight")
HEIGHT = loinc("8302-2", "body height")
LEUKOCYTES = loinc("6690-2", "leukocytes")
NEUTROPHILS = loinc("751-8", "neutrophils")
NEUTROPHIL_PERCENT = loinc("770-8", "neutrophils, percent")
LYMPHOCYTES = loinc("731-0", "lymphocytes")
CALCIUM = loinc("17861-6", "calcium")
ALBUMIN = loinc("1751-7", "albumin")
INR = loinc("6301-6", "INR")
PRESSURE = loinc("85354-9", "blood pressure")
SYSTOLIC = loinc("8480-6", "systolic pressure")
DIASTOLIC = loinc("8462-4", "diastolic pressure")
BLOOD_COUNT = loinc("58410-2", "blood count panel")
OWN_PANEL = Code("http://hospital.example/labs", "PANEL", "the laboratory's own panel")
TEMPERATURE = loinc("8310-5", "body temperature")
TUMOUR_PANEL = loinc("21889-1", "size of the tumour")
ADDITIONAL_DIMENSION = loinc("33729-5", "additional dimension")
TUMOUR_SIZE = loinc("33728-7", "tumour size")

# Categories and their values
ECOG = loinc("89247-1", "ECOG performance status")
ECOG_0 = loinc("LA9622-7", "ECOG 0")
ECOG_1 = loinc("LA9623-5", "ECOG 1")
ECOG_2 = loinc("LA9624-3", "ECOG 2")
KARNOFSKY = loinc("89243-0", "Karnofsky performance status")
CLINICAL_T = loinc("21905-5", "clinical T")
PATHOLOGICAL_T = loinc("21899-0", "pathological T")
T = loinc("21911-3", "T, however assessed")
CLINICAL_N = loinc("21906-3", "clinical N")
CLINICAL_M = loinc("21907-1", "clinical M")
T1, T2, T3, T4, T4A, T4B, TX = (Code("ajcc", value) for value in ("T1", "T2", "T3", "T4", "T4a", "T4b", "TX"))
YPT2 = Code("ajcc", "ypT2")
M0, M1, M1A, MX = (Code("ajcc", value) for value in ("M0", "M1", "M1a", "MX"))
HBSAG = loinc("5196-1", "HBsAg")
ANTI_HBS = loinc("22322-2", "anti-HBs")
HIV_SCREEN = loinc("56888-1", "HIV screen")
HBV_DNA = loinc("42595-9", "HBV DNA")
HCG = loinc("19080-1", "hCG")
PREGNANCY_TEST = loinc("2106-3", "pregnancy test")
NYHA = loinc("88020-3", "NYHA functional class")
HISTOLOGY = loinc("31206-6", "histology")
DISEASE_STATUS = loinc("97509-4", "cancer disease status")
PROGRESSING = snomed("271299001", "worse")
POSITIVE = snomed("10828004", "positive")
NEGATIVE = snomed("260385009", "negative")
NOT_DONE = snomed("373121007", "test not done")
INDETERMINATE = snomed("82334004", "indeterminate")
LACTATION = snomed("169745008", "breast feeding")

# Diagnoses
OESOPHAGEAL_CANCER = snomed("363402007", "oesophageal cancer")
SQUAMOUS = snomed("276804009", "squamous cell carcinoma of the oesophagus")
ADENOCARCINOMA = snomed("276803003", "adenocarcinoma of the oesophagus")
MALIGNANT = snomed("363346000", "malignant neoplasm, of no site")
OESOPHAGUS = snomed("32849002", "oesophagus")
MIDDLE_THIRD = snomed("19000002", "middle third of the oesophagus")
JUNCTION = snomed("25271004", "gastro-oesophageal junction")
LUNG_TOPOGRAPHY = Code("icd-o-3", "C34.1", "upper lobe of the lung")
SQUAMOUS_MORPHOLOGY = Code("icd-o-3", "8070/3", "squamous cell carcinoma")
ADENO_MORPHOLOGY = Code("icd-o-3", "8140/3", "adenocarcinoma")
BREAST_CANCER = snomed("254837009", "breast cancer")
PROSTATE_CANCER = snomed("399068003", "prostate cancer")
PROSTATE_NEOPLASM = snomed("126906006", "neoplasm of prostate")
LIVER_METASTASIS = snomed("94381002", "liver metastasis")
LUNG_METASTASIS = snomed("94391008", "lung metastasis")
METASTASIS = snomed("128462008", "metastatic disease")
COPD = snomed("13645005", "COPD")
RESPIRATORY_FAILURE = icd("J96.1", "chronic respiratory failure")
STROKE = snomed("230690007", "stroke")
STROKE_HISTORY = snomed("275526006", "history of stroke")
DIABETES = snomed("73211009", "diabetes")
TYPE_2_DIABETES = snomed("44054006", "type 2 diabetes")
ATRIAL_FIBRILLATION = snomed("49436004", "atrial fibrillation")
INFARCTION = snomed("22298006", "myocardial infarction")
PNEUMONIA = snomed("233604007", "pneumonia")
NEUROPATHY = snomed("386033004", "neuropathy")
RHEUMATOID_ARTHRITIS = snomed("69896004", "rheumatoid arthritis")
LYMPHOMA = snomed("118600007", "lymphoma")
MILD, MODERATE, SEVERE = (
    snomed("255604002", "mild"), snomed("6736007", "moderate"), snomed("24484000", "severe"),
)  # fmt: skip

# Sites
NECK_NODES = icd("C77.0", "nodes of head, face and neck")
PREGNANCY = snomed("77386006", "pregnancy")
SUPRACLAVICULAR_NODE = snomed("76838003", "supraclavicular lymph node")
LIVER = snomed("10200004", "liver")
NODE = snomed("94392001", "lymph node metastasis")

# Therapies
CISPLATIN = atc("L01XA01", "cisplatin")
METHOTREXATE = atc("L01BA01", "methotrexate")
FLUOROURACIL = atc("L01BC02", "fluorouracil")
PEMBROLIZUMAB = atc("L01FF02", "pembrolizumab")
PARACETAMOL = atc("N02BE01", "paracetamol")
PREDNISOLONE = atc("H02AB06", "prednisolone")
FILGRASTIM = atc("L03AA02", "filgrastim")
CHEMOTHERAPY = snomed("367336001", "chemotherapy")
RADIOTHERAPY = snomed("108290001", "radiotherapy")
OESOPHAGECTOMY = snomed("45900003", "oesophagectomy")
ORAL = snomed("26643006", "oral")
PER_OS = Code("http://ward.example", "PO", "by mouth")
INTRAVENOUS = snomed("47625008", "intravenous")
TOPICAL = snomed("6064005", "topical")
