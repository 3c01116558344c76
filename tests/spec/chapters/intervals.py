"""Values and dates are intervals: comparators, ranges, and the four comparisons."""

from __future__ import annotations

from tests.lib.records import Code, Resource, concept, condition, observation, quantity
from tests.spec.codes import (
    ADDITIONAL_DIMENSION,
    ALT,
    BLOOD_COUNT,
    DIASTOLIC,
    HBSAG,
    LEUKOCYTES,
    OESOPHAGEAL_CANCER,
    OWN_PANEL,
    PLATELETS,
    POSITIVE,
    PRESSURE,
    SYSTOLIC,
    TUMOUR_PANEL,
    TUMOUR_SIZE,
)
from tests.spec.tables import Case, Chapter, Expected, Table, Topic, case, false, true, unknown


def count(value: str) -> Resource:
    """A platelet count in 10*9/L."""
    return observation(PLATELETS, f"{value} 10*9/L")


def written(text: str) -> Resource:
    """A platelet count in words."""
    return observation(PLATELETS, text=text)


def spread(low: int | None, high: int | None) -> Resource:
    """A platelet count that is a range."""
    ends = {"low": low, "high": high}
    return observation(
        PLATELETS,
        valueRange={end: quantity(f"{value} 10*9/L") for end, value in ends.items() if value is not None},
    )


def bounds(wanted: dict[str, str]) -> list[Case]:
    """A row a value; T, F or U."""
    meant: dict[str, Expected] = {"T": true("o1"), "F": false("o1"), "U": unknown("censored-value", "o1")}
    return [case(f"{value} × 10⁹/L", meant[truth], count(value)) for value, truth in wanted.items()]


def echo(text: str) -> Resource:
    """An ejection fraction in words."""
    return observation(Code("loinc", "10230-1", "ejection fraction"), text=text)


COMPARISONS = Topic(
    "comparisons",
    "At least, above, at most, below",
    "A value is compared with a bound as it is written: `at_least` and `at_most` include it, `above` and "
    "`below` do not. A range needs both.",
    (
        Table(
            "ejection-fraction",
            "An ejection fraction of at least 50 %, as echocardiography writes it",
            "measured: {concept: left-ventricular-ejection-fraction, at_least: 50 %}",
            [
                case("“50-55 %”", true("o1", basis="derived", value="50-55", unit="%"), echo("50-55 %")),
                case("“EF 55-60%”", true("o1", basis="derived"), echo("EF 55-60%")),
                case("“LVEF: 55 %”", true("o1", basis="derived"), echo("LVEF: 55 %")),
                case("“>55 %”", true("o1", basis="derived"), echo(">55 %")),
                case("“45 bis 55 %”", unknown("censored-value", "o1", basis="derived"), echo("45 bis 55 %")),
                case("“EF < 40 %”", false("o1", basis="derived"), echo("EF < 40 %")),
                case("“55-50 %”: not read", unknown("coarser-code", "o1"), echo("55-50 %")),
                case("“EF normal”: not read", unknown("coarser-code", "o1"), echo("EF normal")),
                case(
                    "“EF 55 %, früher 30 %”: not read",
                    unknown("coarser-code", "o1"),
                    echo("EF 55 %, früher 30 %"),
                ),
            ],
            text="A mapping may have a pattern for a number in words, or two of them with what lies between.",
        ),
        Table(
            "at-least",
            "At least 100",
            "measured: {concept: platelet-count, at_least: 100 10*9/L}",
            bounds({"99.9": "F", "100": "T", "100.1": "T"}),
        ),
        Table(
            "above",
            "Above 100",
            "measured: {concept: platelet-count, above: 100 10*9/L}",
            bounds({"99.9": "F", "100": "F", "100.1": "T"}),
        ),
        Table(
            "at-most",
            "At most 100",
            "measured: {concept: platelet-count, at_most: 100 10*9/L}",
            bounds({"99.9": "T", "100": "T", "100.1": "F"}),
        ),
        Table(
            "below",
            "Below 100",
            "measured: {concept: platelet-count, below: 100 10*9/L}",
            bounds({"99.9": "T", "100": "F", "100.1": "F"}),
        ),
        Table(
            "between",
            "From 100 to below 200",
            "measured: {concept: platelet-count, at_least: 100 10*9/L, below: 200 10*9/L}",
            bounds({"99": "F", "100": "T", "199": "T", "200": "F"}),
        ),
    ),
)

CENSORED = Topic(
    "censored",
    "Values that are only bounded",
    "`<0.5` is an interval, and so is a range from low to high. A comparison that the interval cannot "
    "settle is unknown, `censored-value`. The value is shown with its sign.",
    (
        Table(
            "censored-at-least",
            "At least 100",
            "measured: {concept: platelet-count, at_least: 100 10*9/L}",
            [
                *bounds(
                    {
                        "<100": "F",
                        "<=100": "U",
                        "<101": "U",
                        "<50": "F",
                        ">100": "T",
                        ">=100": "T",
                        ">99": "U",
                        ">50": "U",
                    }
                ),
                case("the sign is shown", true("o1", value=">=100", unit="10*9/L"), count(">=100")),
            ],
        ),
        Table(
            "censored-above",
            "Above 100",
            "measured: {concept: platelet-count, above: 100 10*9/L}",
            bounds({"<=100": "F", ">100": "T", ">=100": "U", "<100.1": "U"}),
        ),
        Table(
            "censored-at-most",
            "At most 100",
            "measured: {concept: platelet-count, at_most: 100 10*9/L}",
            bounds({"<=100": "T", "<100": "T", ">100": "F", ">=100": "U", "<101": "U"}),
        ),
        Table(
            "censored-below",
            "Below 100",
            "measured: {concept: platelet-count, below: 100 10*9/L}",
            bounds({"<100": "T", "<=100": "U", ">=100": "F", ">99": "U"}),
        ),
        Table(
            "ranges",
            "A value from low to high",
            "measured: {concept: platelet-count, at_least: 100 10*9/L}",
            [
                case("100 to 150", true("o1", value="100-150"), spread(100, 150)),
                case("50 to 99", false("o1"), spread(50, 99)),
                case("50 to 150", unknown("censored-value", "o1"), spread(50, 150)),
                case("from 100 on", true("o1"), spread(100, None)),
                case("up to 100", unknown("censored-value", "o1"), spread(None, 100)),
            ],
        ),
        Table(
            "censored-zero",
            "A count is never negative",
            "measured: {concept: platelet-count, at_least: 0 10*9/L}",
            [case("<10", true("o1"), count("<10"))],
        ),
        Table(
            "text-values",
            "A number in a text is read, and `derived`",
            "measured: {concept: alanine-aminotransferase, at_most: 40 U/L}",
            [
                case(
                    "“< 5 U/L”",
                    true("o1", basis="derived", value="<5", unit="U/L"),
                    observation(ALT, text="< 5 U/L"),
                ),
                case("“55 U/L”", false("o1", basis="derived"), observation(ALT, text="55 U/L")),
                case("“≤40 U/L”", true("o1", basis="derived"), observation(ALT, text="≤40 U/L")),
                case("“55”: no unit", unknown("no-unit", "o1", basis="derived"), observation(ALT, text="55")),
                case("“haemolysed”", unknown("no-value", "o1"), observation(ALT, text="haemolysed")),
                case(
                    "“raised”: no number",
                    unknown("coarser-code", "o1", value="raised"),
                    observation(ALT, text="raised"),
                ),
            ],
        ),
        Table(
            "text-marks",
            "Marks in a number: read where they can mean one number only",
            "measured: {concept: platelet-count, at_least: 100 10*9/L}",
            [
                case("“99,5 10*9/L”", false("o1", basis="derived", value="99.5"), written("99,5 10*9/L")),
                case("“220 000 /uL”", true("o1", basis="derived", value="220000"), written("220 000 /uL")),
                case(
                    "“1.234,5 10*9/L”", true("o1", basis="derived", value="1234.5"), written("1.234,5 10*9/L")
                ),
                case(
                    "“220,000 /uL”",
                    unknown("coarser-code", "o1", value="220,000 /uL"),
                    written("220,000 /uL"),
                ),
                case("“220.000 /uL”", unknown("coarser-code", "o1"), written("220.000 /uL")),
            ],
            text="A comma or point before exactly three digits parts thousands in one country and decimals "
            "in another: what may be either is not read.",
        ),
    ),
)

ABSENT = concept(Code("data-absent-reason", "error", "measurement error"))

PARTS = Topic(
    "parts",
    "Components",
    "A value may be one of several components of an observation. A component is read as the observation that "
    "it would be by itself: its own code, value, reference range, interpretation and reason for having no "
    "value, and the status, the time and the subject of the whole, which is the evidence.",
    (
        Table(
            "components",
            "Systolic pressure below 140 mm Hg",
            'measured: {concept: systolic-blood-pressure, below: "140 mm[Hg]"}',
            [
                case("by its own code", true("o1"), observation(SYSTOLIC, "130 mm[Hg]")),
                case(
                    "as a component",
                    true("o1", value="130"),
                    observation(PRESSURE, parts=[(DIASTOLIC, "90 mm[Hg]"), (SYSTOLIC, "130 mm[Hg]")]),
                ),
                case(
                    "another component alone",
                    unknown("no-record"),
                    observation(PRESSURE, parts=[(DIASTOLIC, "90 mm[Hg]")]),
                ),
                case(
                    "the later of both",
                    false("o2"),
                    observation(SYSTOLIC, "130 mm[Hg]", on="2026-10-10"),
                    observation(PRESSURE, parts=[(SYSTOLIC, "150 mm[Hg]")]),
                ),
            ],
        ),
        Table(
            "tumour-size",
            "A tumour of at most 10 cm",
            "measured: {concept: tumour-size, at_most: 10 cm}",
            [
                case("greatest dimension", true("o1"), observation(TUMOUR_SIZE, "42 mm")),
                case(
                    "the greatest dimension of the panel",
                    false("o1", value="11"),
                    observation(TUMOUR_PANEL, parts=[(TUMOUR_SIZE, "11 cm"), (ADDITIONAL_DIMENSION, "4 cm")]),
                ),
                case("the panel's own value", false("o1", value="110"), observation(TUMOUR_PANEL, "110 mm")),
                case(
                    "the panel's own value beside its component: the component counts",
                    true("o1", value="9"),
                    observation(TUMOUR_PANEL, "11 cm", parts=[(TUMOUR_SIZE, "9 cm")]),
                ),
                case(
                    "another dimension alone",
                    unknown("no-value", "o1"),
                    observation(TUMOUR_PANEL, parts=[(ADDITIONAL_DIMENSION, "4 cm")]),
                ),
            ],
            population="oesophageal-cancer",
            background=(condition(OESOPHAGEAL_CANCER, id="cancer"),),
        ),
        Table(
            "panel",
            "A platelet count in a panel",
            "measured: {concept: platelet-count, at_least: 100 10*9/L}",
            [
                case(
                    "as a component of a blood count",
                    true("o1", value="150", unit="10*9/L"),
                    observation(BLOOD_COUNT, parts=[(LEUKOCYTES, "4 10*9/L"), (PLATELETS, "150 10*9/L")]),
                ),
                case(
                    "of a panel that no mapping knows, in another unit",
                    false("o1", value="90", unit="10*3/uL"),
                    observation(OWN_PANEL, parts=[(PLATELETS, "90 10*3/uL")]),
                ),
                case(
                    "the later of both decides",
                    false("o2"),
                    observation(PLATELETS, "150 10*9/L", on="2026-10-10"),
                    observation(BLOOD_COUNT, parts=[(PLATELETS, "90 10*9/L")]),
                ),
                case(
                    "a component without a value leaves it to the one before",
                    false("o1"),
                    observation(PLATELETS, "90 10*9/L", on="2026-10-10"),
                    observation(
                        BLOOD_COUNT, component=[{"code": concept(PLATELETS), "dataAbsentReason": ABSENT}]
                    ),
                ),
                case(
                    "the whole is preliminary",
                    unknown("no-record"),
                    observation(BLOOD_COUNT, status="preliminary", parts=[(PLATELETS, "150 10*9/L")]),
                ),
                case(
                    "two components that differ",
                    unknown("conflicting", "o1"),
                    observation(BLOOD_COUNT, parts=[(PLATELETS, "150 10*9/L"), (PLATELETS, "90 10*9/L")]),
                ),
            ],
        ),
        Table(
            "panel-limits",
            "ALT in a panel, at most twice the upper limit of normal",
            "measured: {concept: alanine-aminotransferase, at_most: 2 ULN}",
            [
                case(
                    "the component's own range",
                    true("o1", value="70"),
                    observation(
                        OWN_PANEL,
                        component=[
                            {
                                "code": concept(ALT),
                                "valueQuantity": quantity("70 U/L"),
                                "referenceRange": [{"high": quantity("35 U/L")}],
                            }
                        ],
                    ),
                ),
                case(
                    "a range of the whole is none of it",
                    unknown("no-reference-range", "o1"),
                    observation(OWN_PANEL, high="35 U/L", parts=[(ALT, "70 U/L")]),
                ),
            ],
        ),
        Table(
            "panel-category",
            "HBsAg in a panel",
            "finding: {concept: hepatitis-b-surface-antigen, in: [positive]}",
            [
                case(
                    "its coded value",
                    true("o1"),
                    observation(
                        OWN_PANEL,
                        component=[{"code": concept(HBSAG), "valueCodeableConcept": concept(POSITIVE)}],
                    ),
                ),
                case(
                    "its interpretation",
                    false("o1"),
                    observation(
                        OWN_PANEL,
                        component=[
                            {
                                "code": concept(HBSAG),
                                "interpretation": [concept(Code("interpretation", "NEG", "negative"))],
                            }
                        ],
                    ),
                ),
            ],
        ),
    ),
)

CHAPTER = Chapter(
    "intervals",
    "Values are intervals",
    "How a value is compared with a bound.",
    (COMPARISONS, CENSORED, PARTS),
)
