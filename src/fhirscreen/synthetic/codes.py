"""The codes that the synthetic hospitals write, as literals: nothing here is read from the mappings."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
ICDO3 = "http://terminology.hl7.org/CodeSystem/icd-o-3"
ATC = "http://www.whocc.no/atc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"
AJCC = "http://cancerstaging.org"
LAB = "http://hospital.example/lab"
WARD = "http://hospital.example/ward"
RADIOLOGY = "http://hospital.example/radiology"
SITES = "http://hospital.example/sites"
FLAGS = "http://hospital.example/flags"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ALLERGY_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
ALLERGY_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
DATA_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONSENT_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
CONSENT_CATEGORY = "http://terminology.hl7.org/CodeSystem/consentcategorycodes"
DISPOSITION = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/"

ESCC = (SNOMED, "276804009")
OESOPHAGEAL_CANCER = (SNOMED, "363402007")
ADENOCARCINOMA = (SNOMED, "276803003")
SQUAMOUS = (ICDO3, "8070/3")
KERATINISING = (ICDO3, "8071/3")

CT_CATEGORY = (SNOMED, "399504009")
CN_CATEGORY = (SNOMED, "399534004")
CM_CATEGORY = (SNOMED, "399387003")
PT_CATEGORY = (SNOMED, "384625004")
LOINC_CT = (LOINC, "21905-5")
LOINC_CN = (LOINC, "21906-3")
LOINC_CM = (LOINC, "21907-1")
LOINC_PT = (LOINC, "21899-0")
STAGE_GROUP = (SNOMED, "399537006")
AJCC8 = (SNOMED, "897275008")
AJCC6 = (SNOMED, "444256004")
CT3 = (SNOMED, "1228938002")
CN0 = (SNOMED, "1229967007")
CN3 = (SNOMED, "1229984001")
CM0 = (SNOMED, "1229901006")
HISTOLOGY = (LOINC, "31206-6")
PROGRESSION = (LOINC, "97509-4")
WORSENED = (SNOMED, "271299001")
STABLE = (SNOMED, "359746009")

ECOG = (LOINC, "89247-1")
KARNOFSKY = (LOINC, "89243-0")
ECOG_ANSWERS = ("LA9622-7", "LA9623-5", "LA9624-3", "LA9625-0", "LA9626-8", "LA9627-6")

NEUTROPHILS = (LOINC, "751-8")
NEUTROPHIL_PERCENT = (LOINC, "770-8")
LEUKOCYTES = (LOINC, "6690-2")
PLATELETS = (LOINC, "777-3")
HAEMOGLOBIN = (LOINC, "718-7")
HAEMOGLOBIN_MOLAR = (LOINC, "59260-0")
ALT = (LOINC, "1742-6")
BILIRUBIN = (LOINC, "1975-2")
BILIRUBIN_MOLAR = (LOINC, "14631-6")
CREATININE = (LOINC, "2160-0")
CREATININE_MOLAR = (LOINC, "14682-9")
CLEARANCE_REPORTED = (LOINC, "35591-7")
EGFR = (LOINC, "62238-1")
WEIGHT = (LOINC, "29463-7")
HEIGHT = (LOINC, "8302-2")
TUMOUR_SIZE = (LOINC, "21889-1")
LONGEST = (LOINC, "33728-7")
NECK_NODE_SITE = (ICD10, "C77.1")  # intrathoracic nodes, regional
NYHA = (LOINC, "93124-6")
NYHA_CLASSES = {"I": "420300004", "II": "421704003", "III": "420913000", "IV": "422293003"}

POSITIVE = (SNOMED, "10828004")
NEGATIVE = (SNOMED, "260385009")
REACTIVE = (SNOMED, "11214006")
DETECTED = (SNOMED, "260373001")
NOT_DETECTED = (SNOMED, "260415000")
POSITIVE_ANSWER = (LOINC, "LA6576-8")
NEGATIVE_ANSWER = (LOINC, "LA6577-6")
HBSAG = (LOINC, "5195-3")
ANTI_HBS = (LOINC, "22322-2")
ANTI_HBC = (LOINC, "13952-7")
HBV_DNA = (LOINC, "29615-2")
ANTI_HCV = (LOINC, "16128-1")
HCV_RNA = (LOINC, "11011-4")
HIV_SCREEN = (LOINC, "56888-1")
PREGNANCY_TEST = (LOINC, "2106-3")

MALE = (SNOMED, "248153007")
FEMALE = (SNOMED, "248152002")


def concept(*codes: tuple[str, str], text: str | None = None) -> Json:
    """A CodeableConcept of codings, with a text where the source wrote one."""
    made: Json = {}
    if codes:
        made["coding"] = [{"system": system, "code": code} for system, code in codes]
    if text is not None:
        made["text"] = text
    return made


def quantity(
    value: float, unit: str | None, *, code: str | None = None, comparator: str | None = None
) -> Json:
    """A Quantity. `code` is its UCUM code; without one only the printed unit is sent, as many labs do."""
    made: Json = {"value": value}
    if comparator:
        made["comparator"] = comparator
    if unit is not None:
        made["unit"] = unit
    if code is not None:
        made["system"] = UCUM
        made["code"] = code
    return made
