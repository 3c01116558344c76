"""What a record holds beside the interesting part: visits, vital signs, further results, common diseases.

Nothing here touches a criterion of the three studies: no leukocytes or percentages (neutrophils are computed
from them), no weight or height, no drug or diagnosis that any criterion asks for.
"""

from __future__ import annotations

from typing import NamedTuple

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import ACT, ATC, ICD10CM, LOINC, RXNORM, SNOMED, Json, concept
from fhirscreen.synthetic.resources import reference_range


class Analyte(NamedTuple):
    """A result that pads: LOINC code, UCUM unit, usual range, digits after the point."""

    code: str
    unit: str
    low: float
    high: float
    digits: int
    category: str = "laboratory"


RESULTS = (
    Analyte("2951-2", "mmol/L", 135, 145, 0),
    Analyte("2823-3", "mmol/L", 3.5, 5.1, 1),
    Analyte("2345-7", "mg/dL", 70, 140, 0),
    Analyte("1920-8", "U/L", 10, 40, 0),
    Analyte("6768-6", "U/L", 40, 130, 0),
    Analyte("1751-7", "g/dL", 3.4, 5.0, 1),
    Analyte("30522-7", "mg/L", 0.5, 12, 1),
    Analyte("6301-6", "{INR}", 0.9, 1.2, 2),
    Analyte("17861-6", "mg/dL", 8.5, 10.4, 1),
    Analyte("3016-3", "m[IU]/L", 0.4, 4.2, 2),
    Analyte("8867-4", "/min", 58, 96, 0, "vital-signs"),
    Analyte("8310-5", "Cel", 36.2, 37.3, 1, "vital-signs"),
    Analyte("59408-5", "%", 94, 99, 0, "vital-signs"),
    Analyte("9279-1", "/min", 12, 19, 0, "vital-signs"),
)
DISEASES = (
    ((ICD10CM, "I10"), "hypertension"),
    ((ICD10CM, "K21.9"), "reflux"),
    ((ICD10CM, "K57.30"), "diverticulosis"),
    ((ICD10CM, "E78.5"), "lipids"),
    ((ICD10CM, "M54.50"), "back-pain"),
    ((ICD10CM, "H25.9"), "cataract"),
)
DRUGS = (
    ((ATC, "A02BC02"), "pantoprazole"),
    ((ATC, "C09AA05"), "ramipril"),
    ((RXNORM, "6809"), "metformin"),
    ((ATC, "C10AA05"), "atorvastatin"),
    ((ATC, "N02BE01"), "paracetamol"),
)


def _encounter(chart: Chart, ago: int, status: str = "finished") -> str:
    made: Json = {"resourceType": "Encounter", "status": status}
    made["class"] = {"system": ACT, "code": "AMB"}
    made["period"] = {"start": chart.at(ago, 9)}
    made["serviceProvider"] = {"reference": "Organization/demo-hospital"}
    return chart.add(made, "visit")


def _result(chart: Chart, analyte: Analyte, ago: int) -> None:
    value = round(chart.random.uniform(analyte.low, analyte.high), analyte.digits or None)
    unit = analyte.unit
    own = [reference_range(analyte.low, analyte.high, unit, code=unit)]
    chart.measure(
        "result",
        (LOINC, analyte.code),
        value,
        unit,
        ago,
        ucum=unit,
        category=analyte.category,
        ranges=own if analyte.category == "laboratory" else None,
    )


def pad(chart: Chart, total: int) -> None:
    """Adds harmless resources until the chart has `total`, drawn by its own generator."""
    random = chart.random
    if len(chart.resources) < total:
        _encounter(chart, 6)
    if len(chart.resources) < total:
        _encounter(chart, -random.randint(2, 14), "planned")
    if len(chart.resources) < total:
        chart.perform("endoscopy", (SNOMED, "76009000"), ago=random.randint(24, 32))
    for code, name in random.sample(DISEASES, k=min(2, max(0, total - len(chart.resources)))):
        chart.diagnose(name, code, ago=random.randint(700, 5000))
    for code, name in random.sample(DRUGS, k=min(2, max(0, total - len(chart.resources)))):
        drug = concept(code, text=name)
        chart.medicate(name, "MedicationStatement", drug, random.randint(100, 900), status="active")
    day = 6
    while len(chart.resources) < total:
        for analyte in RESULTS[: total - len(chart.resources)]:
            _result(chart, analyte, day)
        day += random.randint(5, 40)


def bare_chart(chart: Chart) -> None:
    """A patient of another clinic: a Patient and one common disease, to be padded."""
    resource: Json = {"resourceType": "Patient", "active": True, "gender": chart.sex}
    resource["birthDate"] = chart.birth.isoformat()
    chart.add(resource, "patient")
    chart.resources[-1]["id"] = chart.id
    code, name = chart.random.choice(DISEASES)
    chart.diagnose(name, code, ago=chart.random.randint(100, 4000))
    chart.observe("smoking", concept((LOINC, "72166-2")), chart.at(300), value={"valueString": "never"})
