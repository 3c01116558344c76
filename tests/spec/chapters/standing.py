"""Met, failed, open; and the status of a subject."""

from __future__ import annotations

from tests.lib.records import Resource, given, observation, patient
from tests.spec.codes import CISPLATIN, ECOG, ECOG_0, ECOG_2, HAEMOGLOBIN, PLATELETS
from tests.spec.tables import Chapter, Standing, Table, Topic, case, false, true, unknown

TWO = """\
inclusion:
  - {id: platelets, says: Platelets at least 100, measured: {concept: platelet-count, at_least: 100 10*9/L}}
exclusion:
  - {id: anaemia, says: Haemoglobin below 80 g/L, measured: {concept: haemoglobin, below: 80 g/L}}
"""


def count(value: str) -> Resource:
    """A platelet count."""
    return observation(PLATELETS, f"{value} 10*9/L")


def haemoglobin(value: str) -> Resource:
    """A haemoglobin."""
    return observation(HAEMOGLOBIN, f"{value} g/L")


POLARITY = Topic(
    "polarity",
    "Met, failed, open",
    "An inclusion is met when true and failed when false; an exclusion the reverse; unknown is open for "
    "both. A verdict’s truth is that of the criterion’s own statement.",
    (
        Table(
            "polarity",
            "One inclusion, one exclusion",
            TWO,
            [
                case(
                    "both met",
                    Standing(
                        "candidate",
                        met=("platelets", "anaemia"),
                        verdicts={"platelets": true("o1"), "anaemia": false("o2")},
                    ),
                    count("200"),
                    haemoglobin("120"),
                ),
                case(
                    "the inclusion failed",
                    Standing(
                        None, failed=("platelets",), met=("anaemia",), verdicts={"platelets": false("o1")}
                    ),
                    count("50"),
                    haemoglobin("120"),
                ),
                case(
                    "the exclusion failed",
                    Standing(None, failed=("anaemia",), verdicts={"anaemia": true("o2")}),
                    count("200"),
                    haemoglobin("70"),
                ),
                case(
                    "both open",
                    Standing(
                        "potential-candidate",
                        met=(),
                        open=("platelets", "anaemia"),
                        verdicts={"platelets": unknown("no-record"), "anaemia": unknown("no-record")},
                    ),
                ),
            ],
        ),
    ),
)

STATUS = Topic(
    "status",
    "Status of a subject",
    "All met: `candidate`. None failed, some open: `potential-candidate`. Any failed: not on the list. What "
    "is asked in person (`confirm`) is listed to be asked and never blocks; text that nobody has mapped "
    "(`unread`) does block `candidate`. Nobody is ever called eligible: a person decides that.",
    (
        Table(
            "status-confirm-some",
            "A question that does not arise for everybody",
            TWO
            + """\
  - id: plans
    says: Plans a pregnancy
    conditional: {when: {sex: male}, then: {constant: false}, otherwise: {confirm: "A pregnancy?"}}
""",
            [
                case(
                    "a man",
                    Standing("candidate", open=(), ask=(), verdicts={"plans": false("patient")}),
                    count("200"),
                    haemoglobin("120"),
                ),
                case(
                    "a woman",
                    Standing(
                        "candidate",
                        open=(),
                        ask=("plans",),
                        verdicts={"plans": unknown("ask-in-person", basis="confirm")},
                    ),
                    patient(gender="female"),
                    count("200"),
                    haemoglobin("120"),
                ),
            ],
        ),
        Table(
            "status-confirm",
            "Consent is asked, and never blocks",
            TWO.replace(
                "exclusion:", "  - {id: consent, says: Consents, confirm: asked in person}\nexclusion:"
            ),
            [
                case(
                    "all else met",
                    Standing(
                        "candidate",
                        open=(),
                        ask=("consent",),
                        verdicts={"consent": unknown("ask-in-person", basis="confirm")},
                    ),
                    count("200"),
                    haemoglobin("120"),
                ),
                case(
                    "another open", Standing("potential-candidate", open=("platelets",)), haemoglobin("120")
                ),
                case(
                    "another failed", Standing(None, failed=("platelets",)), count("50"), haemoglobin("120")
                ),
            ],
        ),
        Table(
            "status-unread",
            "Text that nobody has mapped blocks",
            TWO.replace(
                "exclusion:",
                '  - {id: other, says: Another thing, unread: "Suitable for the study"}\nexclusion:',
            ),
            [
                case(
                    "all else met",
                    Standing("potential-candidate", open=("other",), verdicts={"other": unknown("unread")}),
                    count("200"),
                    haemoglobin("120"),
                ),
                case(
                    "another failed", Standing(None, failed=("platelets",)), count("50"), haemoglobin("120")
                ),
            ],
        ),
        Table(
            "status-incomplete",
            "Who could not be read whole is never demoted",
            TWO,
            [
                case(
                    "a failed criterion, and a record that cannot be read",
                    Standing(None, failed=("platelets",), complete=False),
                    count("50"),
                    observation(HAEMOGLOBIN, "120 g/L", on="yesterday"),
                ),
                case(
                    "everything could be read",
                    Standing(None, failed=("platelets",)),
                    count("50"),
                    haemoglobin("120"),
                ),
            ],
        ),
    ),
)

RECOVERABLE = TWO.replace("10*9/L}}", "10*9/L}, recoverable: true, recheck_after: 7 d}").replace(
    "exclusion:",
    '  - {id: ecog, says: ECOG at most 1, finding: {concept: ecog-performance-status, in: ["0", "1"]}}\n'
    "exclusion:",
)

NEAR = Topic(
    "near-misses",
    "Near misses",
    "A failed criterion that can change is recoverable. One recoverable failure alone makes a near miss. An "
    "exclusion that mirrors an inclusion counts once with it.",
    (
        Table(
            "near-miss",
            "One recoverable failure",
            RECOVERABLE,
            [
                case(
                    "low platelets alone",
                    Standing(None, failed=("platelets",), near_miss="platelets"),
                    count("50"),
                    haemoglobin("120"),
                    observation(ECOG, coded=ECOG_0),
                ),
                case(
                    "and something open: still a near miss",
                    Standing(None, failed=("platelets",), open=("ecog",), near_miss="platelets"),
                    count("50"),
                    haemoglobin("120"),
                ),
                case(
                    "two failures",
                    Standing(None, failed=("platelets", "ecog")),
                    count("50"),
                    haemoglobin("120"),
                    observation(ECOG, coded=ECOG_2),
                ),
                case(
                    "one failure that cannot change",
                    Standing(None, failed=("ecog",)),
                    count("200"),
                    haemoglobin("120"),
                    observation(ECOG, coded=ECOG_2),
                ),
                case(
                    "none failed",
                    Standing("candidate", failed=()),
                    count("200"),
                    haemoglobin("120"),
                    observation(ECOG, coded=ECOG_0),
                ),
            ],
        ),
        Table(
            "near-miss-mirrored",
            "An exclusion that mirrors an inclusion",
            """\
inclusion:
  - {id: platelets, says: Platelets at least 100, recoverable: true,
     measured: {concept: platelet-count, at_least: 100 10*9/L}}
exclusion:
  - {id: low-platelets, says: Platelets below 100, recoverable: true, mirrors: platelets,
     measured: {concept: platelet-count, below: 100 10*9/L}}
  - {id: chemotherapy, says: Had chemotherapy, received: {concept: systemic-chemotherapy}}
""",
            [
                case(
                    "both fail together: one failure",
                    Standing(None, failed=("platelets", "low-platelets"), near_miss="platelets"),
                    count("50"),
                ),
                case(
                    "and another failure",
                    Standing(None, failed=("platelets", "low-platelets", "chemotherapy")),
                    count("50"),
                    given(CISPLATIN),
                ),
            ],
        ),
    ),
)

CHAPTER = Chapter(
    "standing",
    "Met, failed, open, and the status of a subject",
    "What the truths of all criteria make of a patient.",
    (POLARITY, STATUS, NEAR),
)
