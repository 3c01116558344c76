"""What only a person can settle: consent, willingness, judgement, plans, logistics, measurable disease.

Spelling variants, plurals and hyphens need no entry of their own: phrases are looked up as tokens are folded.
"""

from __future__ import annotations

from fhirscreen.reading.items import Role, words

ASKED: dict[Role, dict[str, str]] = {
    Role.MANUAL: {
        **words(
            """
            informed consent | written informed consent | signed informed consent | written consent |
            signed consent | consent form | informed consent form | assent | provide consent |
            give consent | consent to participate | able to consent | sign consent |
            signed written informed consent | icf | ability to consent | capable of giving |
            capacity to consent | signed and dated | parental consent | legal guardian |
            legally authorized representative | consenting | consent
            """,
            "consent",
        ),
        **words(
            """
            willing | willingness | unwilling | unwillingness | agree | agrees | agree to | agreement |
            refuse | refusal | refuses | decline | accept | consents | commit | intention | intend |
            intends | desire | wish | wishes | want | wants | inability or unwillingness | cooperate |
            cooperation | cooperative | understand | understanding | comprehend | comprehension |
            read and write | speak english | english speaking | fluent | literate | language |
            interested in
            """,
            "willingness",
        ),
        **words(
            """
            comply | compliance | compliant | complying | adhere | adherence | noncompliance |
            non compliance | able to comply | inability to comply | unable to comply | adhering |
            follow up | able to follow | protocol requirement | study procedure | attend | attendance |
            complete the study | study visit | scheduled visit | able to complete |
            complete questionnaire | return for follow up | treatment plan
            """,
            "compliance",
        ),
        **words(
            """
            in the opinion of the investigator | in the investigator's opinion | investigator's judgment |
            judgment of the investigator | in the judgment of the investigator | investigator |
            investigator's discretion | discretion of the investigator | opinion of the investigator |
            treating physician | physician's discretion | physician | judged by |
            as judged by the investigator | investigator judgement | at the discretion of |
            considered by the investigator | deemed by the investigator | deemed | opinion | judgment |
            judgement | suitable | unsuitable | unfit | inappropriate | appropriate candidate | interfere |
            interfering | interferes | interference | compromise | jeopardize | pose a risk |
            unacceptable risk | undue risk | increase the risk | confound | preclude | precludes |
            prohibit | prohibits | prohibiting |
            precluding | contraindicate | contraindicated | contraindication | contraindications to |
            any condition that | any other condition | any other reason | other condition | amenable to |
            amenable
            """,
            "judgement",
        ),
        **words(
            """
            measurable | measureable | evaluable | measurable disease | measurable lesion |
            evaluable disease | unidimensionally | bidimensionally | recist | recist criteria |
            target lesion | rano criteria | nonmeasurable | non measurable |
            response evaluation criteria in solid tumor | irrecist | lugano criteria | cheson criteria |
            assessable disease | assessable lesion
            """,
            "measurable disease",
        ),
        **words(
            """
            tumor tissue | tumor sample | tumor specimen | tumor material | archival | archived |
            paraffin | paraffin embedded | ffpe | tissue sample | tissue block | tissue specimen |
            specimen | fresh biopsy | biopsy sample | blood sample | blood draw | venous access |
            serum sample | tissue available | tumor block | amenable to biopsy | accessible for biopsy
            """,
            "specimen",
        ),
        **words(
            """
            recovered | recovery | recovered from | recovery from | not recovered | not fully recovered |
            not yet recovered | have not recovered | has not recovered | unresolved toxicity |
            residual toxicity | persistent toxicity | ongoing toxicity | unresolved |
            toxicity related to prior therapy | adverse event due to | adverse event from | toxic effect |
            resolved to | resolution of | acute effect of | late effect of
            """,
            "recovery",
        ),
        **words(
            """
            swallow | unable to swallow | inability to swallow | able to swallow | swallowing |
            take oral medication | tolerate oral medication | take medication orally | oral intake |
            unable to take oral medication | ability to swallow | receive oral medication
            """,
            "swallowing",
        ),
        **words(
            """
            hypersensitivity to | hypersensitivity reaction to | allergic reaction to | allergy to |
            allergic to | intolerance to | intolerance of | intolerant to | hypersensitivity |
            hypersensitive to | allergic reaction | allergic reaction attributed to | sensitivity to |
            known hypersensitivity | anaphylactic reaction to | idiosyncratic reaction to | excipient |
            hypersensitivity or allergy | allergy or hypersensitivity | known allergy |
            severe allergic reaction | study drug component | component of the study drug |
            anaphylaxis to | adverse reaction to
            """,
            "hypersensitivity",
        ),
        **words(
            """
            investigational | experimental drug | experimental agent | experimental therapy |
            experimental treatment | unlicensed drug | not approved by | investigational drug |
            investigational agent | investigational product | investigational device |
            investigational medicinal product | investigational therapy | investigational treatment |
            other investigational | other experimental | experimental medication | experimental medicine |
            investigational medication | participation in a study
            """,
            "other study",
        ),
        **words(
            """
            acute illness | terminal illness | life threatening illness | uncontrolled illness |
            other illness | concurrent condition | unstable condition | uncontrolled condition |
            medical disease | medical disorder | comorbid disease | physical illness |
            general health | good general health | poor general condition | health problem |
            serious concurrent condition | concurrent medical disease | other disease |
            intercurrent illness | intercurrent disease | concurrent illness | concomitant illness |
            serious illness | medical illness | medical problem | medical condition |
            medical or psychiatric illness | medical or psychiatric condition | serious medical condition |
            concurrent medical condition | underlying medical condition | systemic disease |
            other serious illness | other severe illness | concomitant disease |
            other significant disease | any other disease | other medical condition |
            other concomitant disease | comorbid condition | comorbidity | social situation |
            social condition | unable to | inability to | able to | would limit | would interfere |
            could interfere | might interfere | may interfere | that would | that could | which would |
            which could | likely to | in the investigator's judgment | per investigator |
            general condition | good health | healthy | in good health | physically fit | inadequate |
            per protocol | protocol defined | make the patient | make the subject | undesirable |
            put the patient at risk | safety reasons | unreasonable | hazardous | poor candidate |
            not candidate | not a candidate | candidate for | not suitable | eligible for surgery |
            decision making capacity | could compromise | could affect | may affect | might affect |
            would affect | would make | could make
            """,
            "judgement",
        ),
        **words(
            """
            life expectancy | expected survival | anticipated life expectancy | estimated life expectancy |
            predicted life expectancy | projected life expectancy | expected to live |
            survival expectation | expected survival time | estimated survival | predicted survival |
            anticipated survival | expectancy
            """,
            "life expectancy",
        ),
        **words(
            """
            contraception | contraceptive | contraceptives | birth control | barrier method |
            contraceptive method | effective contraception | double barrier | abstinence | abstain |
            condom | intrauterine device | sperm donation | donate sperm | donating sperm | donate egg |
            donate blood | planning to become pregnant | plan to become pregnant | become pregnant |
            conceive | father a child | childbearing potential | child bearing potential |
            reproductive potential | fertile | wocbp | planned pregnancy | intend to become pregnant |
            planning pregnancy | planning a pregnancy | plan a pregnancy | plans to become pregnant |
            planning to be pregnant | plan to be pregnant |
            plan to | planning to | planned | scheduled to | scheduled for |
            anticipated | anticipate | expected to require
            """,
            "future behaviour",
        ),
        **words(
            """
            nursing home | geographic | geographical | geographically | accessible | reside | residing |
            resident | live within | travel | transportation | telephone | phone | smartphone | internet |
            available for | insurance | affiliated | social security | prisoner | incarcerated |
            institutionalized | imprisoned | detained | guardianship | legal protection |
            legally protected | deprived of liberty | employee | employees | family member | caregiver |
            vulnerable | health insurance | medicare | homeless | judicial | correctional | military |
            legal capacity | legally incompetent | legal incapacity | under legal
            """,
            "logistics",
        ),
        **words(
            """
            participation in another | participating in another | participate in another |
            participation in other | enrolled in another | another clinical trial |
            another clinical study | other clinical trial | other clinical study |
            participation in a clinical trial | concurrent participation | participation in any other |
            concurrent enrollment | currently enrolled | another interventional | another trial |
            another study | other study | interventional study | interventional trial |
            simultaneous participation | participation in clinical trial | participated in another |
            participated in a clinical trial | participated in any other | enrollment in another
            """,
            "other study",
        ),
    },
}
"""Phrases by role, each with what it adds to the role."""
