"""The words that join concepts and numbers into sentences, by the role they play there.

Spelling variants, plurals and hyphens need no entry of their own: phrases are looked up as tokens are folded.
"""

from __future__ import annotations

from fhirscreen.reading.asked import ASKED
from fhirscreen.reading.cues import CUES
from fhirscreen.reading.items import Role, words
from fhirscreen.reading.narrowing import NARROWING

_JOINING: dict[Role, dict[str, str]] = {
    Role.AND: {
        **words(
            """
            and | as well as | along with | together with | plus | in addition to | and also | but
            """,
        ),
    },
    Role.OR: {
        **words(
            """
            or | and/or | or else | and or | alternatively | versus
            """,
        ),
    },
    Role.NO: {
        **words(
            """
            no | not | without | never | free of | free from | absence of | lack of | nor | neither |
            none | cannot have | exclusion of | negative history of | no evidence of | no known |
            no sign of | devoid of | asymptomatic for
            """,
        ),
        **words(
            """
            do not have | does not have | must not have | should not have | may not have | must not be |
            not be
            """,
            "must",
        ),
    },
    Role.EXCEPT: {
        **words(
            """
            except | except for | excepting | unless | other than | excluding | with the exception of |
            with exception of | exception | exceptions | apart from | aside from | with the exclusion of |
            not including | exclusive of | however | but not | rather than
            """,
        ),
    },
    Role.IF: {
        **words(
            """
            if | in case of | in the presence of | in patient with | in subject with | for patient with |
            for subject with | in participant with | for those with | with known | in case with |
            in the setting of | in the event of | when there is | provided | provided that | as long as |
            when | in the case of | for participant with | patient with | subject with | participant with |
            for patient who have | in patient who have | whose tumor | due to | attributable to
            """,
        ),
    },
    Role.COMPARE: {
        **words(
            """
            greater than or equal to | more than or equal to | equal to or greater than |
            equal to or more than | equal or greater than | equal or more than | greater or equal to |
            greater or equal than | more or equal to | more or equal | greater or equal |
            higher than or equal to | above or equal to | larger than or equal to | at least |
            no less than | not less than | not lower than | not below | no lower than | not under |
            minimum of | a minimum of | minimum | at a minimum | not be less than | not be lower than |
            not be below | must not be less than | must not be below | no fewer than | not fewer than |
            of at least | starting at | is not less than | >or= | over or equal to | more than or equal |
            greater than or equal | or more than or equal to | equal to or above | equal to or over |
            from at least
            """,
            ">=",
        ),
        **words(
            """
            less than or equal to | lower than or equal to | equal to or less than | equal or less than |
            equal to or lower than | less or equal to | less or equal | less or equal than |
            below or equal to | smaller than or equal to | fewer than or equal to | at most |
            no more than | not more than | no greater than | not greater than | not higher than |
            no higher than | not above | not over | not exceed | not exceeding | must not exceed |
            should not exceed | does not exceed | do not exceed | must not be greater than |
            not be greater than | not be more than | not be higher than | up to | up to and including |
            maximum of | a maximum of | maximum | not to exceed | less than or equal | not older than |
            no older than | not be above | not larger than | no larger than | equal to or below |
            must not be more than | must not be above
            """,
            "<=",
        ),
        **words(
            """
            greater than | more than | higher than | larger than | bigger than | above | over | exceeding |
            exceeds | exceed | in excess of | longer than | beyond | of more than | of over | greater |
            superior to | upwards of | more
            """,
            ">",
        ),
        **words(
            """
            less than | lower than | smaller than | below | under | fewer than | shorter than |
            inferior to | of less than | of under | not reaching | less
            """,
            "<",
        ),
        **words(
            """
            equal to or older than | older than or equal to | at least aged | minimum age |
            minimum age of | age minimum | equal or older than | lower age limit | at least the age of |
            have reached the age of | reached the age of | attained the age of
            """,
            ">=old",
        ),
        **words(
            """
            equal to or younger than | younger than or equal to | maximum age | maximum age of |
            age maximum | equal or younger than | upper age limit
            """,
            "<=old",
        ),
        **words(
            """
            older than | over the age of | above the age of | older | past the age of | and older than |
            or older than
            """,
            ">old",
        ),
        **words(
            """
            younger than | under the age of | below the age of | younger | and younger than |
            or younger than
            """,
            "<old",
        ),
        **words(
            """
            equal to | equal | exactly
            """,
            "=",
        ),
    },
    Role.COMPARE_AFTER: {
        **words(
            """
            or more | or greater | or above | and above | or higher | and higher | or over | and over |
            and up | or longer | plus | upwards | or larger | and beyond | or beyond |
            at minimum | at least | or upward | and upward | or equal to or greater | minimum | onward |
            onwards
            """,
            ">=",
        ),
        **words(
            """
            or better | and better | or worse | and worse
            """,
            ">=order",
        ),
        **words(
            """
            or older | and older | or elder | and elder | or olders
            """,
            ">=old",
        ),
        **words(
            """
            or less | or lower | or below | and below | and under | or under | or fewer | or smaller |
            or shorter | maximum | at most
            """,
            "<=",
        ),
        **words(
            """
            or younger | and younger
            """,
            "<=old",
        ),
    },
    Role.RANGE: {
        **words(
            """
            between | ranging from | ranging between | in the range of | range from | range between |
            within the range of | in between | from
            """,
        ),
    },
    Role.AGE: {
        **words(
            """
            age | aged | aging | age of | ages | the age of | chronological age | age range | age between |
            between the age of | age at enrollment | age limit | age group | ageing | aged between
            """,
        ),
    },
    Role.OLD: {
        **words(
            """
            year old | years old | year of age | years of age | of age | yo | y.o | yrs old | old |
            years-old | in age | month of age | week of age | day of age | birthday
            """,
        ),
    },
    Role.ADULT: {
        **words(
            """
            adult | adults | adult patient | adult subject | adult participant
            """,
            "adult",
        ),
    },
    Role.SEX: {
        **words(
            """
            male | man | males only | male patient | male subject | boy | male participant | male sex |
            male gender
            """,
            "male",
        ),
        **words(
            """
            female | woman | lady | female patient | female subject | girl | female participant |
            female sex | female gender
            """,
            "female",
        ),
        **words(
            """
            male and female | male or female | man and woman | man or woman | woman and man |
            woman or man | female or male | female and male | both sexes | either sex | both genders |
            any sex | any gender | either gender | both sex | both gender | all genders | all gender |
            of any gender | of either sex | of either gender | of both sexes | male/female |
            males/females | male female
            """,
            "any",
        ),
    },
    Role.HISTORY: {
        **words("at any time | at any point | at any time in the past | regardless of time", "always"),
        **words(
            """
            history of | history | prior | previous | previously | past | ever | past history of |
            prior history of | previous history of | medical history of | any history of |
            known history of | past medical history of | personal history of | documented history of |
            a history of | antecedent | pre existing | preexisting | earlier | lifetime | have ever |
            previous or current | history or presence of | current or prior | current or previous |
            current or past | past or current | prior or current | history or current evidence of |
            history or evidence of | evidence or history of | presence or history of |
            current or history of | current or prior history of | active or prior | active or history of |
            past or present | prior or concurrent | previous or concurrent | current or a history of |
            history and/or presence of | history of or current | history of or active | has a history of |
            clinical history of
            """,
            "ever",
        ),
    },
    Role.ACTIVE: {
        **words(
            """
            current | currently | ongoing | concurrent | concomitant | concurrently | at present |
            presently | existing | acute or ongoing | current evidence of | active infection with |
            active infection by | active infection due to | acute infection with | ongoing infection with |
            known active infection with
            """,
        ),
        **words(
            """
            active | actively | clinically active | currently active | evidence of active | persistent
            """,
            "activity",
        ),
    },
    Role.RECEIVED: {
        **words(
            """
            received | receipt of | treated with | treated | treated by | exposed to | undergone |
            underwent | had received | have received | prior use of | been treated with | been exposed to |
            administered | took | taken | pretreated with | pre treated with | pretreatment with |
            vaccination with | vaccinated with | immunization with | immunized with | inoculation with |
            have undergone | given | completed | finished |
            last dose of | last | received treatment with | exposure to
            """,
            "ever",
        ),
        **words("have had | has had", "had"),
        **words(
            """
            discontinued | stopped | ceased | halted | withdrawn | stop | discontinue | cease |
            stopping | discontinuing
            """,
            "stopped",
        ),
        **words(
            """
            receiving | taking | undergoing | on | using | currently receiving |
            currently taking | is on | are on | being treated with
            """,
            "now",
        ),
        **words(
            """
            treatment | therapy | treatment with | therapy with | treatment of | regimen |
            line of therapy | line of treatment | line | systemic treatment with | administration of |
            receive | undergo | course of | dose of
            """,
        ),
        **words("use | use of | intake of", "use"),
    },
    Role.SEVERITY: {
        **words(
            """
            severe
            """,
            "severe",
        ),
        **words(
            """
            moderate
            """,
            "moderate",
        ),
        **words(
            """
            mild
            """,
            "mild",
        ),
        **words(
            """
            moderate to severe | moderate or severe
            """,
            "moderate severe",
        ),
        **words(
            """
            mild to moderate | mild or moderate
            """,
            "mild moderate",
        ),
    },
    Role.WITHIN: {
        **words(
            """
            within | within the last | within the past | within the previous | within the preceding |
            within the prior | in the last | in the past | in the previous | in the preceding |
            in the prior | during the last | during the past | during the previous | during the preceding |
            over the last | over the past | for the last | for the past | in last | in past | within last |
            within past | the past | the last | the previous | the preceding | the prior | during |
            less than or equal to the last | during the prior | within the time of | within at least |
            past the
            """,
        ),
    },
    Role.SINCE: {
        **words(
            """
            since | since the last | have elapsed since | elapsed since | must have elapsed since |
            has elapsed since | from the last | after | following completion of | after completion of |
            from completion of | since completion of | since last | after the last | post |
            beyond the last | must have elapsed | elapsed | have passed since | after last dose of |
            since the completion of | after the end of
            """,
        ),
    },
    Role.BEFORE: {
        **words(
            """
            before | prior to | preceding | ahead of | previous to | earlier than | until | before the |
            from before
            """,
        ),
    },
    Role.POSITIVE: {
        **words(
            """
            positive | positivity | seropositivity | seropositive | overexpression | overexpressing |
            expressing | amplified | amplification | mutated | mutation positive | mutant | detectable |
            reactive | positive serology | positive serology for | positive testing for | tests positive for |
            testing positive for | test positive | tested positive | positive testing | positive for |
            test positive for | tested positive for | positive test for |
            positive test | positive result
            """,
            "positive",
        ),
    },
    Role.NEGATIVE: {
        **words(
            """
            negative | negativity | seronegative | undetectable | wild type | nonreactive | non reactive |
            negative for | tested negative for | test negative for | negative test for | negative result
            """,
            "negative",
        ),
    },
    Role.NORMAL: {
        **words(
            """
            within normal limits | within normal limit | within the normal limits | within normal range |
            within the normal range | normal | wnl | in the normal range | in normal range | normal range |
            within institutional normal limits | within the institutional normal range |
            within normal institutional limits | within normal institutional limit |
            within the normal institutional limits | within normal institutional range |
            within the institution's normal limits | within the institution's normal range |
            within the limits of normal | within normal laboratory limits | within normal laboratory range |
            within the laboratory's normal range | within normal institutional limits for age |
            within normal values | within the normal laboratory range | within the reference range |
            within limits of normal | normal limits | within institutional limits |
            institutional normal limits
            """,
        ),
    },
    Role.EXAMPLE: {
        **words(
            """
            e.g. | e.g | eg | for example | such as | including | including but not limited to |
            for instance | like | includes | include | including but not restricted to |
            but not limited to | not limited to | among others
            """,
        ),
    },
}
"""Phrases by role, each with what it adds to the role."""

PHRASES = {**_JOINING, **ASKED, **NARROWING, **CUES}
"""Phrases by role, each with what it adds to the role."""

SPELT_EXACTLY = frozenset(
    (
        "GOT",
        "EOS",
        "MONO",
        "CAD",
        "ALB",
        "BILI",
        "EPO",
        "ESA",
        "RAI",
        "AIDS",
        "TIA",
        "IBD",
        "HCT",
        "ACR",
        "AMC",
    )
)
"""Abbreviations that are common words in small letters, or stand for several things."""

AMBIGUOUS = frozenset((
    "performance status score", "platinum", "biologic", "biologics", "stage", "PS", "perforation", "fistula",
    "progression", "recurrence", "relapse", "cancer", "pulse", "temperature",
    "height", "growth factor", "seizure", "RT", "AP", "Pi", "lactate",
))  # fmt: skip
"""Names of the mappings that mean more than their concept in running text."""

WITH_A_NUMBER = {
    "QTc prolongation": "qtc-interval", "prolonged QTc": "qtc-interval",
    "QTc interval prolongation": "qtc-interval", "prolonged QTc interval": "qtc-interval",
    "FEV1": "forced-expiratory-volume-1-percent-predicted",
    "forced expiratory volume in one second": "forced-expiratory-volume-1-percent-predicted",
    "forced expiratory volume in 1 second": "forced-expiratory-volume-1-percent-predicted",
    "DLCO": "diffusing-capacity-percent-predicted", "TLCO": "diffusing-capacity-percent-predicted",
    "diffusing capacity for carbon monoxide": "diffusing-capacity-percent-predicted",
}  # fmt: skip
"""What the names of other concepts mean too, beside a number whose unit fits."""

NUMBER_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "eighteen": 18, "twenty": 20, "thirty": 30, "forty": 40, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "once": 1, "twice": 2,
}  # fmt: skip
