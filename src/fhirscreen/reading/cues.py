"""What a sentence says of the whole, and what it may leave unsaid.

Spelling variants, plurals and hyphens need no entry of their own: phrases are looked up as tokens are folded.
"""

from __future__ import annotations

from fhirscreen.reading.items import SUSPECTED, Role, words

CUES: dict[Role, dict[str, str]] = {
    Role.ALLOWED: {
        **words(
            """
            allowed | permitted | eligible | acceptable | may be included | can be included |
            may be enrolled | can be enrolled | are eligible | is eligible | may participate |
            permissible | may enroll | may be eligible | are allowed | is allowed | are permitted |
            is permitted | will be allowed | will be eligible | not excluded | not exclude |
            will not be excluded | not an exclusion | does not exclude | may receive | may have |
            may continue | may have received | can participate | are acceptable | is acceptable |
            may have had | not be excluded | remain eligible
            """,
        ),
    },
    Role.BARRED: {
        **words(
            """
            excluded | ineligible | not eligible | not allowed | not permitted | prohibited |
            exclusionary | will be excluded | are excluded | is excluded | are not eligible |
            is not eligible | not be eligible | should be excluded | must be excluded | not acceptable |
            are ineligible | is not allowed | are not allowed | is not permitted | are not permitted |
            not be allowed | may not participate | cannot participate | not be included |
            must not be included | should not be included | cannot be included | will not be included |
            not be enrolled | disallowed | is prohibited | are prohibited | will not be eligible |
            not be entered | will not be entered | not be randomized | not be registered |
            not be considered | not enter | exclude | not be permitted
            """,
        ),
    },
    Role.KNOWN: {
        **words(
            """
            known or suspected | suspected or known | confirmed or suspected | suspected or confirmed |
            documented or suspected | proven or suspected | diagnosed or suspected | suspected or proven |
            known or suspected history of | known and/or suspected | known/suspected | suspected/known |
            suspected/confirmed | confirmed/suspected
            """,
            SUSPECTED,
        ),
    },
    Role.EXEMPT: {
        **words(
            """
            basal cell carcinoma | basal cell skin cancer | basal cell carcinoma of the skin |
            basal cell cancer | basal or squamous cell skin cancer | squamous cell skin cancer |
            squamous cell carcinoma of the skin | non melanoma skin cancer | nonmelanoma skin cancer |
            non melanomatous skin cancer | nonmelanomatous skin cancer |
            basal cell or squamous cell carcinoma of the skin | basal cell | squamous cell |
            basal or squamous cell carcinoma of the skin | basal cell or squamous cell skin cancer |
            basal and squamous cell skin cancer | basal or squamous cell carcinoma |
            carcinoma in situ of the cervix | cervical carcinoma in situ | carcinoma in situ of cervix |
            in situ cervical cancer | in situ carcinoma of the cervix | in situ cervical carcinoma |
            cervical cancer in situ | in situ cancer of the cervix | carcinoma in situ of the breast |
            ductal carcinoma in situ | dcis | carcinoma in situ | in situ carcinoma | in situ cancer |
            in situ breast cancer | adequately treated | curatively treated | properly treated |
            treated basal | in situ | in situ cervix cancer |
            basal cell carcinoma or squamous cell carcinoma of the skin | skin basal cell carcinoma |
            basalioma | adequately treated basal cell | cervical intraepithelial neoplasia |
            effectively treated | appropriately treated | cured | curatively resected |
            lobular carcinoma in situ | squamous skin cancer | basal skin cancer | carcinoma of the skin |
            basocellular carcinoma | cone biopsied | surgically cured |
            in situ carcinoma of the uterine cervix | carcinoma in situ of the uterine cervix |
            carcinoma in situ of uterine cervix | in situ uterine cervical cancer
            """,
        ),
    },
    Role.ANCHOR: {
        **words(
            """
            enrollment | enrolment | study enrollment | trial enrollment | registration |
            study registration | randomization | randomisation | study entry | entry |
            entry into the study | entry on study | entry onto study | inclusion | study inclusion |
            trial entry | inclusion in the study | inclusion into the study | first dose |
            the first dose of study drug | first dose of study drug | first dose of study treatment |
            first dose of study medication | first dose of study therapy |
            first dose of investigational product | first dose of trial treatment |
            first dose of trial drug | first dose of study intervention | first dose of the study drug |
            first dose of ip | first dose of investigational drug | first administration of study drug |
            first administration of study treatment | first administration of study medication |
            first study treatment | first study dose | study dose | first study drug administration |
            first study drug dose |
            start of study treatment | start of study drug | start of study therapy | start of treatment |
            start of therapy | start of the study | start of study | start of trial treatment |
            start of protocol therapy | start of protocol treatment | start of study medication |
            initiation of study treatment | initiation of study drug | initiation of treatment |
            initiation of therapy | initiation of study therapy | initiation of protocol therapy |
            initiation of study medication | beginning of study treatment | beginning treatment |
            starting study treatment | starting study drug | starting treatment | starting study therapy |
            starting the study drug | starting protocol therapy | starting the trial |
            starting the study | study treatment | study drug | study therapy | protocol therapy |
            protocol treatment | study treatment start | screening | the screening visit |
            screening visit | study start | study day 1 | day 1 | cycle 1 day 1 | c1d1 | day 0 | cycle 1 |
            day 1 of cycle 1 | day 1 of treatment | day 1 of study treatment | study day 0 |
            informed consent | signing informed consent | signing of informed consent |
            signing the informed consent | signing consent | consent | baseline | baseline visit |
            treatment | treatment start | therapy | study | the trial | trial | this study | this trial |
            entering the study | entering study | study participation | participation |
            drug administration | study drug administration | study drug initiation | dosing |
            first treatment | trial treatment | planned treatment | leukapheresis |
            enrollment in the study | enrollment into the study | enrollment in this study |
            first infusion | first injection | administration of study drug | first vaccination |
            vaccination | visit 1 | first visit | planned start of treatment | planned first dose |
            allocation | randomisation visit | receiving study drug | study initiation |
            date of enrollment | date of randomization | date of registration | date of inclusion |
            treatment initiation | being enrolled | recruitment | study inclusion date |
            investigational product administration | cohort entry | the start of the study |
            study commencement | treatment assignment | assignment | the initiation of the study |
            registration to the study | index visit | run in | first study visit | the study visit |
            first day of treatment | first day of study treatment | first day of study drug |
            first scheduled day of protocol treatment | trial registration | trial start |
            trial inclusion | study randomization | start of chemotherapy in this study
            """,
        ),
        **words(
            """
            first dose | the first dose | first administration | first infusion | first injection |
            administration | the administration | initiation | initiation of treatment |
            initiation of therapy | start of treatment | start of therapy | starting treatment |
            beginning treatment | commencement | start | first treatment | treatment initiation |
            starting | initiating | beginning | commencing | starting therapy | first dosing |
            first day of treatment | day 1 of treatment | treatment start | onset of treatment |
            commencement of treatment | beginning of treatment | the first administration |
            initial dose | first drug administration | receiving the first dose
            """,
            "dose",
        ),
    },
    Role.FILLER: {
        **words(
            """
            at the time of signing an informed consent | at the time of signing informed consent form |
            at time of signing informed consent | at the time of signing the icf |
            at the time of signing icf | at time of informed consent |
            at the time of informed consent form | at time of consent | a | an | the | of | to | be | is |
            are | was | were | been | being | has | have | had | having | do | does | did | must |
            should | shall | will | can | may | who | that | which | whose | patient | subject |
            participant | individual | people | person | volunteer | case | candidate | adult patient |
            pt | pts | with | for | in | at | on | by | as | from | their | his | her | they | he | she |
            it | its | this | these | those | any | all | each | some | there | must have | should have |
            must be | should be | required | requirement | criteria | criterion | level | value | count |
            concentration | score | status | function | result | laboratory value | laboratory |
            measured | measurement | determined | assessed | calculated | estimated | defined as |
            defined by | defined | as defined by | such that | namely | i.e. | i.e | ie | viz | meet |
            meeting | met | show | showing | demonstrate | demonstrated | demonstrating | evaluated |
            obtained | adequate | sufficient | acceptable limit | organ function | bone marrow function |
            marrow function | hematologic function | hematological function | hepatic function |
            liver function | renal function | kidney function | coagulation function | cardiac function |
            bone marrow reserve | adequate organ function | organ system function | hematology |
            biochemistry | blood count | serum | plasma | baseline | at baseline | at screening |
            screening | at the time of screening | at the time of enrollment | at time of enrollment |
            at enrollment | at study entry | at the time of study entry | at inclusion |
            at the time of inclusion | at the time of consent | at the time of informed consent |
            at the time of signing informed consent | at the time of signing the informed consent form |
            on the day of signing informed consent | on day of signing informed consent |
            at registration | at the time of registration | at time of registration | at randomization |
            at the time of randomization | at diagnosis of study | at entry | upon entry |
            at presentation | eligible patient | eligible subject | performance | classification | class |
            grade scale | scale | category | institutional | also | both | following | as follow |
            the following | able to be | if applicable | inclusive | including the extremes | gender |
            race | ethnicity | of any race | ethnic | regardless of | type | kind | form | based on |
            according to | per | using | via | has been | have been | case of | clinical | clinically |
            enrolled | included | patient population | population | with a | respectively |
            male and female patient | male or female patient | one of the following | as shown by |
            shown | used | schedule | experienced | trial entry | any grade | of any grade | any reason |
            for any reason | regardless of etiology | etiology | reason | local laboratory |
            prolongation of | prolongation | tnm classification | current tnm classification | tnm |
            castrate level of | castrate levels of | castration level of | occurrence of | already |
            on screening chest computed tomography | on screening chest ct scan | on chest ct scan |
            on screening chest ct | on chest ct |
            new diagnosis of | alone | functional class | functional |
            world health organization | formula |
            cockcroft gault formula | cockcroft gault | cockcroft and gault | by cockcroft gault |
            using the cockcroft gault formula | according to cockcroft gault | cockcroft gault equation |
            using cockcroft gault | cockroft | cockcroft | gault | equation | cockroft gault | index |
            documented | documentation | confirmed | proven | verified | known | evidence | diagnosis |
            diagnosed | presence | present | existence | existing | established | histologically |
            cytologically | pathologically | histologic | histological | cytological | cytologic |
            pathological | pathologic | histopathologically | histopathological | microscopically |
            confirmation | biopsy proven | radiological evidence | radiographic evidence | signs | sign |
            self reported | reported | suffering | suffer | presenting | present with | have a diagnosis |
            carry | exhibit | carrying a diagnosis | identified | detected | so | then | institution |
            oncology group | hospital | man and woman | number | rate | time | times | point | points |
            score of | disease of | where | when | whom | we | our | least | range | range of | ranging |
            upper | renal: | hepatic: | hematologic: | hematological: | hematopoietic: | bone marrow: |
            liver: | kidney: | cardiac: | cardiovascular: | coagulation: | hematology: | chemistry: |
            biochemistry: | pulmonary: | ctcae | nci ctcae | nci ctc | ctc | nci |
            common terminology criteria for adverse event | common terminology criteria |
            common toxicity criteria | nci common toxicity criteria |
            national cancer institute common terminology criteria for adverse event |
            national cancer institute common toxicity criteria |
            national cancer institute common terminology criteria | who grade | urine or serum |
            serum or urine | urine and/or serum | blood or urine | urine or blood | serum and/or urine |
            serum or plasma | swog | of either | either | infected with | infection with | affected by |
            total number of | t staging evaluation | n staging evaluation | staging evaluation |
            t staging | you | this trial | any form of | any type of | any kind of |
            previously diagnosed | known to have |
            known to be | thought to have | believed to have | sign or symptom of | signs or symptoms of |
            signs and symptoms of | symptoms or signs of | evidence of any | any evidence of |
            objective evidence of | clinical evidence of | clinical diagnosis of |
            definitive diagnosis of | established diagnosis of | initial diagnosis of |
            confirmed diagnosis of | primary diagnosis of | a diagnosis of any | clinical history or |
            clinically documented | clinically diagnosed | clinically confirmed | radiologically |
            radiographically | radiologically confirmed | radiographically confirmed |
            radiologically documented | radiographically documented | serologically | genetically |
            genetically confirmed | laboratory confirmed | immunohistochemically | ultrasonographically |
            physician diagnosed | doctor diagnosed | medically documented | medically diagnosed |
            documented evidence of | documented diagnosis of | performed | repeat | repeated at |
            as measured by | as assessed by | as determined by | as calculated by | as estimated by |
            measured by | assessed by | determined by | calculated by | estimated by | documented by |
            confirmed by | evaluated by | detected by | shown by | demonstrated by | diagnosed by |
            echocardiogram | echocardiography | muga | muga scan | multigated acquisition scan |
            multiple gated acquisition scan | multi gated acquisition scan |
            radionuclide ventriculography | radionuclide angiography | ecg | ekg | electrocardiogram |
            12 lead ecg | 12 lead electrocardiogram | screening ecg | electrocardiography | spirometry |
            pulmonary function test | pulmonary function testing | ultrasound | ultrasonography | x ray |
            chest x ray | radiograph | physical examination | clinical examination | medical history |
            laboratory test | laboratory testing | laboratory parameter | laboratory criteria |
            blood test | lab test | lab result | lab value | local lab | central lab |
            central laboratory | test result | clinical laboratory test | clinical laboratory |
            screening laboratory | screening test | testing not required | resting | sitting | supine |
            seated | at the screening visit | at screening visit | the screening visit | screening visit |
            at visit 1 | visit 1 | at the baseline visit | at baseline visit | baseline visit |
            at the enrollment visit | at the time of the screening visit | during screening |
            during the screening period | during screening period | during the screening phase |
            during the screening visit | at time of screening | at time of randomization |
            at time of inclusion | at time of enrolment | at the time of study inclusion |
            at time of study entry | on screening | upon screening | upon enrollment | upon study entry |
            at trial entry | at study start | at study enrollment | at study screening |
            at study inclusion | on the day of screening | on the day of enrollment |
            on the day of randomization | on the day of inclusion | on day 1 | at day 1 | to participate |
            to be eligible | to be enrolled | to be included | to enroll | to enter the study |
            in order to | in general | currently diagnosed with | overall | approximately | inclusively |
            of any kind | of any type | of any form | of any severity | of any cause | of any etiology |
            of any origin | whatever | self report of | by history | per history |
            by medical history | on physical examination | at physical examination | and/or its |
            as such | itself | them | your | my | expanded common toxicity criteria |
            cancer institute of canada | ncic ctg | mellitus | reference range | normal range of |
            the reference range | n staging | mri | mri scan | ct scan | pet/ct | pet scan | chest ct |
            chest ct scan | bone scan | computed tomography scan | computed tomography ( ct ) scan |
            magnetic resonance imaging | imaging study | other evaluation | by imaging | on imaging |
            baseline chest ct scan
            """,
        ),
    },
}
"""Phrases by role, each with what it adds to the role."""
