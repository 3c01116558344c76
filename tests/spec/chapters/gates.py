"""Gates: what takes a member out before any criterion, in one order."""

from __future__ import annotations

from tests.lib.records import Code, Resource, concept, condition, observation, other, patient, reference, url
from tests.spec.codes import OESOPHAGEAL_CANCER, PLATELETS
from tests.spec.tables import Chapter, Gated, Outside, Standing, Table, Topic, case, true

ALWAYS = "constant: true"
TRANSFERRED = Standing("candidate", notes=("transferred out",))
ANOTHER_HOSPITAL = Code("discharge-disposition", "other-hcf", "another hospital")
HOME = Code("discharge-disposition", "home", "home")
OUR_OWN = Code("http://hospital.example/discharge", "06", "transferred")
CANCER = condition(OESOPHAGEAL_CANCER, id="cancer")
NO_RESEARCH = Code("http://hospital.example/flags", "no-research", "wants no part in research")
SITE = {"objection_flags": {"http://hospital.example/flags": ["no-research"]}}


def consent(**elements: object) -> Resource:
    """A consent about research; `provision` denies."""
    found: Resource = {
        "status": "active",
        "scope": concept(Code("consent-scope", "research")),
        "category": [concept(Code("act-code", "RESEARCH"))],
        "policyRule": concept(Code("act-code", "OPTIN")),
        "provision": {"type": "deny"},
    }
    return other("Consent", **(found | elements))


def provision(type: str, *codes: str, **more: object) -> Resource:
    """A provision; `codes` are the last numbers of policies of Germany's broad consent."""
    listed = [concept(Code("mii-consent-policy", f"{POLICY}.{code}", name)) for code, name in _named(codes)]
    return {"type": type, **({"code": listed} if listed else {}), **more}


def _named(codes: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(code, POLICIES[code]) for code in codes]


def excepted(type: str, *exceptions: Resource, on: str | None = None) -> Resource:
    """A research consent whose base rule has exceptions, signed on a day."""
    return consent(provision={"type": type, "provision": list(exceptions)}, dateTime=on)


POLICY = "2.16.840.1.113883.3.1937.777.24.5.3"
POLICIES = {
    "1": "patient data, module",
    "8": "medical data, scientific use",
    "13": "health insurance data, scientific use",
    "26": "contact again, module",
    "29": "contact again for further studies",
}
CLINICAL_TRIALS = {"system": url("act-reason"), "code": "CLINTRCH", "display": "clinical trial research"}
RESEARCH = {"system": url("act-reason"), "code": "HRESCH", "display": "healthcare research"}
MARKETING = {"system": url("act-reason"), "code": "HMARKT", "display": "healthcare marketing"}
ENDED = {"period": {"start": "2021-01-01", "end": "2025-12-31"}}


def enrolled(status: str, study: str = "trial") -> Resource:
    """A ResearchSubject that a person wrote."""
    return other("ResearchSubject", status=status, study=reference(study))


def trial(number: str) -> Resource:
    """The ResearchStudy of that number."""
    return other(
        "ResearchStudy",
        id="trial",
        status="active",
        identifier=[{"system": "https://clinicaltrials.gov", "value": number}],
    )


def encounter(
    start: str | None = None, end: str | None = None, status: str = "finished", left_for: Code | None = None
) -> Resource:
    """A stay or visit; `left_for` is the discharge disposition."""
    period = {name: value for name, value in (("start", start), ("end", end)) if value}
    found: Resource = {
        "status": status,
        "class": {"system": url("act-code"), "code": "IMP", "display": "inpatient"},
    }
    if period:
        found["period"] = period
    if left_for is not None:
        found["hospitalization"] = {"dischargeDisposition": concept(left_for)}
    return other("Encounter", **found)


def flag(status: str = "active") -> Resource:
    """The site's own flag of an objection."""
    return other("Flag", status=status, code=concept(NO_RESEARCH))


ONE = Topic(
    "one",
    "Each gate",
    "Gates apply to members only and come before any criterion, each counted by itself: merged, no longer "
    "active, deceased by the index date, objection to research, already on this study, declined or "
    "screen-failed by a person.",
    (
        Table(
            "gate-active",
            "Inactive records",
            ALWAYS,
            [
                case("active", true(), patient(active=True)),
                case("nothing said", true()),
                case("inactive", Gated("inactive"), patient(active=False)),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
        ),
        Table(
            "gate-no-member",
            "No gate for those outside the population",
            ALWAYS,
            [case("inactive, and no member", Outside(), patient(active=False))],
            population="oesophageal-cancer",
        ),
        Table(
            "gate-deceased",
            "Deceased by the index date",
            ALWAYS,
            [
                case("deceased", Gated("deceased"), patient(deceasedBoolean=True)),
                case("not deceased", true(), patient(deceasedBoolean=False)),
                case("died on the index date", Gated("deceased"), patient(deceasedDateTime="2026-11-01")),
                case("died after it", true(), patient(deceasedDateTime="2026-11-02")),
                case("died in that year, or month", Gated("deceased"), patient(deceasedDateTime="2026")),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
        ),
        Table(
            "gate-objected",
            "Objection to research",
            ALWAYS,
            [
                case("an active consent that denies", Gated("objected"), consent()),
                case("one that permits", true(), consent(provision={"type": "permit"})),
                case("not active", true(), consent(status="inactive")),
                case(
                    "about something else than research",
                    true(),
                    consent(scope=concept(Code("consent-scope", "treatment"))),
                ),
                case(
                    "no longer in force",
                    true(),
                    consent(provision={"type": "deny", "period": {"end": "2025-12-31"}}),
                ),
                case(
                    "not yet in force",
                    true(),
                    consent(provision={"type": "deny", "period": {"start": "2027-01-01"}}),
                ),
                case(
                    "in force until the index date",
                    Gated("objected"),
                    consent(provision={"type": "deny", "period": {"end": "2026-11-01"}}),
                ),
                case("the site’s own flag", Gated("objected"), flag()),
                case("the flag, inactive", true(), flag("inactive")),
                case(
                    "another flag",
                    true(),
                    other(
                        "Flag", status="active", code=concept(Code("http://hospital.example/flags", "diet"))
                    ),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
            site=SITE,
        ),
        Table(
            "gate-consents",
            "Consents with exceptions, and refusals",
            ALWAYS,
            [
                case("denies, but for what is permitted", true(), excepted("deny", provision("permit", "1"))),
                case(
                    "of an opting in, what was not ticked is no objection",
                    true(),
                    excepted("deny", provision("permit", "8")),
                ),
                case(
                    "of an opting in, what has run out is none either",
                    true(),
                    excepted("deny", provision("permit", "8", **ENDED)),
                ),
                case(
                    "scientific use is denied (a withdrawal in part)",
                    Gated("objected"),
                    excepted("deny", provision("permit", "26"), provision("deny", "8")),
                ),
                case(
                    "contact for further studies is denied",
                    Gated("objected"),
                    excepted("deny", provision("permit", "8"), provision("deny", "29")),
                ),
                case(
                    "what is denied is none of ours",
                    true(),
                    excepted("deny", provision("permit", "8"), provision("deny", "13")),
                ),
                case(
                    "denied until last year",
                    true(),
                    excepted("deny", provision("permit", "1"), provision("deny", "8", **ENDED)),
                ),
                case(
                    "every part is denied (a withdrawal)",
                    Gated("objected"),
                    excepted("deny", provision("deny", "1"), provision("deny", "13")),
                ),
                case("permits, but for everything", Gated("objected"), excepted("permit", {"type": "deny"})),
                case(
                    "permits, but for one who does it",
                    true(),
                    excepted(
                        "permit",
                        {
                            "type": "deny",
                            "actor": [
                                {
                                    "role": concept(Code("http://hospital.example/roles", "SPONSOR")),
                                    "reference": {"display": "a company"},
                                }
                            ],
                        },
                    ),
                ),
                case(
                    "permits, but for clinical trials",
                    Gated("objected"),
                    excepted("permit", provision("deny", purpose=[CLINICAL_TRIALS])),
                ),
                case(
                    "permits, but for health care research",
                    Gated("objected"),
                    excepted("permit", provision("deny", purpose=[MARKETING, RESEARCH])),
                ),
                case(
                    "permits, but for marketing",
                    true(),
                    excepted("permit", provision("deny", purpose=[MARKETING])),
                ),
                case(
                    "permits, but for what words name",
                    Gated("objected"),
                    excepted("permit", provision("deny", code=[{"text": "Kontaktaufnahme für Studien"}])),
                ),
                case(
                    "permits, but for scientific use",
                    Gated("objected"),
                    excepted("permit", provision("deny", "8")),
                ),
                case("refused", Gated("objected"), consent(status="rejected", provision=None)),
                case(
                    "refused, and consented later",
                    true(),
                    consent(status="rejected", provision=None, dateTime="2024-03-01"),
                    consent(provision={"type": "permit"}, dateTime="2026-03-01"),
                ),
                case(
                    "refused, and consented later to what is none of ours",
                    Gated("objected"),
                    consent(status="rejected", provision=None, dateTime="2024-03-01"),
                    excepted("deny", provision("permit", "13"), on="2025-03-01"),
                ),
                case(
                    "refused, and consented later to scientific use",
                    true(),
                    consent(status="rejected", provision=None, dateTime="2024-03-01"),
                    excepted("deny", provision("permit", "13"), provision("permit", "8"), on="2025-03-01"),
                ),
                case(
                    "refused, and consented later until last year",
                    Gated("objected"),
                    consent(status="rejected", provision=None, dateTime="2024-03-01"),
                    excepted("deny", provision("permit", "8", **ENDED), on="2025-03-01"),
                ),
                case(
                    "refused, and consented after the index date",
                    Gated("objected"),
                    consent(status="rejected", provision=None, dateTime="2024-03-01"),
                    consent(provision={"type": "permit"}, dateTime="2027-03-01"),
                ),
                case(
                    "consented, and refused later",
                    Gated("objected"),
                    consent(provision={"type": "permit"}, dateTime="2024-03-01"),
                    consent(status="rejected", provision=None, dateTime="2026-03-01"),
                ),
                case(
                    "refused at no known time, and consented",
                    Gated("objected"),
                    consent(status="rejected", provision=None),
                    consent(provision={"type": "permit"}, dateTime="2026-03-01"),
                ),
                *(
                    case(f"`{status}`: nothing is in force", true(), consent(status=status))
                    for status in ("draft", "proposed", "inactive", "entered-in-error")
                ),
                case(
                    "a treatment was refused",
                    true(),
                    consent(status="rejected", scope=concept(Code("consent-scope", "treatment"))),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
            text="A base rule is read with its exceptions; of these, those count that are to all of "
            "research, or to being screened or contacted.",
        ),
        Table(
            "gate-on-study",
            "Already on this study, or declined",
            ALWAYS,
            [
                case("on study", Gated("on-study"), enrolled("on-study"), trial("SPEC-gate-on-study")),
                case("in follow-up", Gated("on-study"), enrolled("follow-up"), trial("SPEC-gate-on-study")),
                case("declined", Gated("declined"), enrolled("not-registered"), trial("SPEC-gate-on-study")),
                case(
                    "failed screening", Gated("declined"), enrolled("ineligible"), trial("SPEC-gate-on-study")
                ),
                case("withdrawn", Gated("declined"), enrolled("withdrawn"), trial("SPEC-gate-on-study")),
                case("being screened", true(), enrolled("screening"), trial("SPEC-gate-on-study")),
                case(
                    "a candidate by our own hand",
                    true(),
                    enrolled("ineligible")
                    | {
                        "extension": [
                            {
                                "url": "https://fhirscreen.org/fhir/StructureDefinition/status-written",
                                "valueCode": "ineligible",
                            }
                        ]
                    },
                    trial("SPEC-gate-on-study"),
                ),
                case(
                    "on study, which is named by its number alone",
                    Gated("on-study"),
                    other(
                        "ResearchSubject",
                        status="on-study",
                        study={"identifier": {"value": "SPEC-gate-on-study"}},
                    ),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
        ),
        Table(
            "co-enrolment",
            "On another study: shown, not taken out",
            ALWAYS,
            [
                case(
                    "on another study",
                    Standing("candidate", notes=("on another study",)),
                    enrolled("on-study"),
                    trial("NCT00000000"),
                ),
                case("off another study", Standing("candidate"), enrolled("off-study"), trial("NCT00000000")),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
            more="co_enrolment: Other studies are allowed.",
        ),
    ),
)

TRANSFERS = Topic(
    "transfers",
    "Transferred out",
    "A patient who was discharged to another hospital, and has not been here since, is shown with a note and "
    "not taken out. Who is on no list needs no note.",
    (
        Table(
            "transferred-out",
            "Discharged to another hospital",
            ALWAYS,
            [
                case(
                    "to another hospital",
                    TRANSFERRED,
                    encounter("2026-10-16", "2026-10-23", left_for=ANOTHER_HOSPITAL),
                ),
                case("home", Standing("candidate"), encounter("2026-10-16", "2026-10-23", left_for=HOME)),
                case(
                    "in the site's own words",
                    TRANSFERRED,
                    encounter("2026-10-16", "2026-10-23", left_for=OUR_OWN),
                ),
                case(
                    "and back since",
                    Standing("candidate"),
                    encounter("2026-10-16", "2026-10-23", left_for=ANOTHER_HOSPITAL),
                    encounter("2026-10-28", "2026-10-28"),
                ),
                case(
                    "and back now",
                    Standing("candidate"),
                    encounter("2026-10-16", "2026-10-23", left_for=ANOTHER_HOSPITAL),
                    encounter("2026-10-30", status="in-progress"),
                ),
                case(
                    "a visit during the stay, and on its last day",
                    TRANSFERRED,
                    encounter("2026-10-16", "2026-10-23", left_for=ANOTHER_HOSPITAL),
                    encounter("2026-10-20", "2026-10-20"),
                    encounter("2026-10-23T09:00:00+02:00", "2026-10-23T09:30:00+02:00"),
                ),
                case(
                    "a ward left while the stay goes on",
                    Standing("candidate"),
                    encounter("2026-10-16", "2026-10-23", left_for=ANOTHER_HOSPITAL),
                    encounter("2026-10-10", status="in-progress"),
                ),
                case(
                    "a visit that is planned, or was cancelled",
                    TRANSFERRED,
                    encounter("2026-10-16", "2026-10-23", left_for=ANOTHER_HOSPITAL),
                    encounter("2026-10-28", "2026-10-28", status="planned"),
                    encounter("2026-10-29", "2026-10-29", status="cancelled"),
                ),
                case(
                    "back, and transferred again",
                    TRANSFERRED,
                    encounter("2026-09-01", "2026-09-05", left_for=ANOTHER_HOSPITAL),
                    encounter("2026-10-16", "2026-10-23", left_for=ANOTHER_HOSPITAL),
                ),
                case(
                    "within a stay that went on here",
                    Standing("candidate"),
                    encounter("2026-10-10", "2026-10-30"),
                    encounter("2026-10-16", "2026-10-23", left_for=ANOTHER_HOSPITAL),
                ),
                case(
                    "at the end of a stay, on the day on which another ended",
                    TRANSFERRED,
                    encounter("2026-10-10", "2026-10-23"),
                    encounter("2026-10-16", "2026-10-23", left_for=ANOTHER_HOSPITAL),
                ),
                case(
                    "years ago, and never back",
                    TRANSFERRED,
                    encounter("2021-03-01", "2021-03-09", left_for=ANOTHER_HOSPITAL),
                ),
                case(
                    "of which the end is not known",
                    TRANSFERRED,
                    encounter("2026-10-16", left_for=ANOTHER_HOSPITAL),
                ),
                case("without a date", Standing("candidate"), encounter(left_for=ANOTHER_HOSPITAL)),
                case(
                    "after the index date",
                    Standing("candidate"),
                    encounter("2026-10-30", "2026-11-03", left_for=ANOTHER_HOSPITAL),
                ),
                case(
                    "not finished",
                    Standing("candidate"),
                    encounter("2026-10-16", "2026-10-23", "in-progress", ANOTHER_HOSPITAL),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
            site={"local_transfers": {"http://hospital.example/discharge": ["06"]}},
        ),
        Table(
            "transferred-out-failed",
            "On no list",
            "constant: false",
            [
                case(
                    "to another hospital, and failed",
                    Standing(None, failed=("criterion",)),
                    encounter("2026-10-16", "2026-10-23", left_for=ANOTHER_HOSPITAL),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
        ),
    ),
)

MERGED = Topic(
    "merged",
    "Merged patients",
    "The records of a patient who was replaced by another follow the survivor; the replaced one is taken "
    "out.",
    (
        Table(
            "gate-merged",
            "Replaced by another",
            "measured: {concept: platelet-count, at_least: 100 10*9/L}",
            [
                case("the survivor", true("gate-merged-2-count"), condition(OESOPHAGEAL_CANCER), key="kept"),
                case(
                    "the replaced one",
                    Gated("merged"),
                    patient(link=[{"other": reference("Patient/kept"), "type": "replaced-by"}]),
                    condition(OESOPHAGEAL_CANCER),
                    observation(PLATELETS, "200 10*9/L", id="count"),
                ),
            ],
            population="oesophageal-cancer",
        ),
        Table(
            "gate-absorbed",
            "The survivor alone says so",
            "measured: {concept: platelet-count, at_least: 100 10*9/L}",
            [
                case(
                    "the survivor",
                    true("gate-absorbed-2-count"),
                    patient(link=[{"other": reference("Patient/gone"), "type": "replaces"}]),
                    condition(OESOPHAGEAL_CANCER),
                ),
                case(
                    "the replaced one",
                    Gated("merged"),
                    condition(OESOPHAGEAL_CANCER),
                    observation(PLATELETS, "200 10*9/L", id="count"),
                    key="gone",
                ),
            ],
            population="oesophageal-cancer",
        ),
    ),
)

ORDER = Topic(
    "order",
    "The order of gates",
    "The first gate that closes counts.",
    (
        Table(
            "gate-order",
            "Several gates at once",
            ALWAYS,
            [
                case("inactive and deceased", Gated("inactive"), patient(active=False, deceasedBoolean=True)),
                case("deceased and objecting", Gated("deceased"), patient(deceasedBoolean=True), consent()),
                case(
                    "objecting and on study",
                    Gated("objected"),
                    consent(),
                    enrolled("on-study"),
                    trial("SPEC-gate-order"),
                ),
                case(
                    "on study and declined before",
                    Gated("on-study"),
                    enrolled("on-study"),
                    enrolled("withdrawn"),
                    trial("SPEC-gate-order"),
                ),
            ],
            population="oesophageal-cancer",
            background=(CANCER,),
            site=SITE,
        ),
    ),
)

CHAPTER = Chapter(
    "gates",
    "Gates",
    "What takes a member out of screening before any criterion is looked at.",
    (ONE, TRANSFERS, MERGED, ORDER),
)
