"""What narrows a diagnosis or a therapy by what no record says of it: uncontrolled, symptomatic, adjuvant.

Spelling variants, plurals and hyphens need no entry of their own: phrases are looked up as tokens are folded.
"""

from __future__ import annotations

from fhirscreen.reading.items import Role, words

NARROWING: dict[Role, dict[str, str]] = {
    Role.NARROWING: {
        **words(
            """
            uncontrolled | not controlled | not controlled by medication | not controlled with medication |
            not controlled by therapy | not controlled with therapy | not controlled by treatment |
            not controlled with treatment | not controlled by medical therapy |
            not controlled with medical therapy | not adequately controlled by medication |
            not adequately controlled with medication | uncontrolled by medication |
            uncontrolled by medical therapy | inadequately controlled by medication |
            that is not controlled | not adequately controlled |
            not well controlled | inadequately controlled | poorly controlled |
            insufficiently controlled | uncontrollable | symptomatic | unstable | untreated | refractory |
            intractable | uncompensated | decompensated | clinically significant | clinically relevant |
            clinically important | clinically apparent | clinically manifest | clinically unstable |
            clinically evident | significant | relevant | important | major | life threatening | chronic |
            acute | recent | recurrent | relapsed | relapsing | recurring | progressive | progressing |
            advanced | locally advanced | locally recurrent | unresectable | inoperable | non resectable |
            nonresectable | resectable | resected | completely resected | operable | localized |
            invasive | inflammatory | primary | inherited | congenital | hereditary | familial |
            extensive | limited stage | extensive stage | newly diagnosed | previously untreated |
            treatment naive | chemotherapy naive | de novo | triple negative | hormone receptor positive |
            hormone sensitive | hormone refractory | castration resistant | castrate resistant |
            platinum resistant | platinum sensitive | platinum refractory | marked | persistent | serious |
            frequent | repeated | repeat | redo | multiple | complicated | disabling | debilitating |
            severe uncontrolled | resistant | new onset | advanced stage | high risk | low grade |
            high grade | poorly differentiated | well differentiated | moderately differentiated |
            symptomatically unstable | intermittent | extra cranial | early stage | incurable |
            synchronous | bilateral | unilateral | not amenable to curative therapy |
            not amenable to surgery | under treatment | under poor control | out of control |
            despite treatment | despite medical therapy | despite medication | despite optimal therapy |
            despite medical treatment | overt | requiring treatment | requiring therapy |
            not adequately treated | cannot be controlled | that cannot tolerate surgery |
            cannot tolerate surgery | that cannot be controlled | that can not be controlled |
            not responding to treatment | systemic | high dose | low dose | chronic systemic | adjuvant |
            neoadjuvant | neo adjuvant | adjuvant or neoadjuvant | neoadjuvant or adjuvant | palliative |
            definitive | curative | first line | second line | third line | front line | frontline |
            firstline | second-line or later | salvage | induction | consolidation | maintenance |
            intensive | myelosuppressive | wide field | limited field | whole brain | full dose |
            therapeutic dose | for metastatic disease | for advanced disease | for recurrent disease |
            metastatic setting | advanced setting | adjuvant setting | neoadjuvant setting |
            first line setting | palliative setting | recurrent setting | for locally advanced disease |
            for relapsed disease | for recurrent or metastatic disease |
            for advanced or metastatic disease | for metastatic or recurrent disease |
            for locally advanced or metastatic disease | curative intent | palliative intent |
            of curative intent | regular | routine | prolonged | long term | continuous | prophylactic |
            therapeutic | full therapeutic dose
            """,
        ),
        **words(
            """
            other | another | any other | additional | controlled | asymptomatic |
            clinically stable | neurologically stable | allogeneic | autologous | minor | cumulative |
            unmanageable | unmanaged | hemorrhagic | ischemic | bacterial | viral | fungal |
            opportunistic | infectious | non infectious | thromboembolic | autoimmune | immune mediated |
            malignant | benign | idiopathic | drug induced | treatment related | previously treated |
            partially treated | post operative | postoperative | congestive | obstructive | restrictive |
            diffuse | focal | generalized | moderate | end stage | terminal | late stage |
            active or uncontrolled | bulky | residual | bilateral | contralateral | ipsilateral | distal |
            proximal | nonsquamous | non squamous | squamous | platinum based | platinum containing |
            taxane based | taxane containing | standard | conventional | concomitant systemic |
            cytotoxic | combination | single agent | monotherapy | approved | unapproved | weekly |
            daily | secondary | definite | probable | sustained | nonsustained | non sustained |
            complete | incomplete | permanent | transient | temporary | reversible | irreversible |
            sudden | rapidly progressive | rapidly progressing | episodic | paroxysmal | occasional |
            overwhelming | non healing | nonhealing | unhealed | latent | castrate | life limiting |
            long standing | longstanding | short term | well controlled | adequately controlled |
            medically controlled | not medically controlled | medically uncontrolled |
            medically significant | medically refractory | medically controlled with |
            pharmacologically uncontrolled | drug resistant | treatment resistant | therapy resistant |
            treatment refractory | steroid refractory | steroid dependent | end organ | late |
            early onset | late onset | juvenile | adult onset | solitary | single | superficial | deep |
            large | small | massive | gross | occult | macroscopic | microscopic | limited | minimal |
            unexplained | undiagnosed | uncomplicated | inadequately treated | not stable | in remission |
            in complete remission | stable treated | treated and stable | previously resected |
            surgically resected | completely treated | non small cell histology |
            progressively worsening | worsening | rapidly deteriorating | poorly managed |
            poorly compensated | compensated | under control | well compensated | severe uncontrolled |
            of unknown origin | of unknown cause | of unknown etiology | nonspecific | non specific |
            atypical | classic | typical | elective | emergent | full field | extended field |
            involved field | small field | large field | local | regional | locoregional | loco regional |
            interstitial | substantial | curatively intended | sequential | unstable dose of |
            increasing doses of | physiologic doses of |
            replacement doses of | physiological doses of | nonpharmacologic | intra articular |
            intraarticular | intralesional | depot | long acting | short acting | experimental |
            off label | over the counter | prescription | chronic daily | daily use of | chronic use of |
            long term use of | regular use of | frequent use of | prolonged use of | intermittent use of |
            repeated use of | excessive | heavy | immediate | delayed | lesional | functional | organic |
            structural | traumatic | non traumatic | nontraumatic | post traumatic | posttraumatic |
            perioperative | intraoperative | preoperative | disease related | tumor related |
            cancer related | malignancy related | alcohol related | immune related | infection related |
            surgery related | radiation induced | steroid induced | chemotherapy induced |
            treatment induced | alcohol induced | disease modifying | resistant to therapy |
            refractory to treatment | refractory to therapy | unresponsive to treatment |
            unresponsive to therapy | requiring surgery | requiring hospital admission |
            requiring surgical intervention | requiring medical intervention | with symptoms |
            with clinical symptoms | that is symptomatic | that are symptomatic | causing symptoms |
            that causes symptoms | that cause symptoms | with major symptoms | with complications |
            at rest | on exertion | at high risk | at risk of progression | high doses of |
            high dose of | low doses of | any dose of | clinically meaningful
            """,
        ),
        **words(
            """
            pelvis | thorax | abdomen | neck | chest | spinal | cerebral | intracranial | visceral |
            cutaneous | ocular | retinal | venous | arterial | peripheral | central | pulmonary |
            cardiac | cardiovascular | gastrointestinal | intestinal | hepatic | renal | ventricular |
            vascular | hematological | hematologic | neurological | neurologic | psychiatric |
            respiratory | esophageal | endocrine | metabolic | pelvic | thoracic | abdominal | cranial |
            mediastinal | gastro intestinal | head and neck | lumbar
            """,
            "place",
        ),
        **words(
            "stable | a stable dose of | stable doses of | stable dose of | a stable regimen of", "steady"
        ),
        **words("intravenous | oral | parenteral", "route"),
        **words(
            """
            topical | inhaled | intranasal | injectable | intra articular | intraarticular |
            intralesional | intraocular | ophthalmic | dermal | transdermal | rectal | epidural
            """,
            "local",
        ),
        **words("metastatic | disseminated", "metastatic"),
        **words(
            """
            that is progressing or requires active treatment | requires active treatment |
            that is progressing or requiring active treatment | requiring active treatment |
            that is progressing or has required active treatment | that requires active treatment |
            that is progressing | that has progressed | requiring active therapy |
            progressing or requiring active treatment | require active treatment |
            despite optimal medical management | despite optimal management | despite adequate treatment |
            despite adequate therapy | despite maximal medical therapy | despite standard therapy |
            despite appropriate therapy | despite optimal treatment | despite standard treatment |
            despite antihypertensive therapy | despite adequate medical therapy |
            requiring treatment | requiring therapy | requiring medication | requires treatment |
            requires therapy | which require treatment | requiring intervention |
            requiring hospitalization | requiring drainage | requiring systemic treatment |
            requiring systemic therapy | requiring medical treatment | requiring medical therapy | overt
            """,
            "treated",
        ),
        **words(
            """
            requiring treatment with | requires treatment with | require treatment with |
            required treatment with | requiring therapy with | requiring systemic treatment with |
            requiring systemic therapy with | requiring | that require | that requires | which require |
            which requires | who require | that required | which required | needing | despite |
            that has required | that have required | in need of | requires | need for | the need for |
            requirement for | a need for | necessity of | a requirement for | who need | patients needing
            """,
            "needs",
        ),
        **words(
            """
            resulting in | associated with | characterized by | manifested by | as evidenced by |
            leading to | complicated by | accompanied by
            """,
            "rest",
        ),
    },
}
"""Phrases by role, each with what it adds to the role."""
