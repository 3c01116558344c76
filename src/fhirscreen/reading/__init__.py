"""From eligibility text to criteria, with character offsets. Pure. Not built yet.

Will hold the readers of ClinicalTrials.gov v2 records and of plain text, the grammar that turns a
sentence into criteria, and the account of what was understood, and what was not.
"""

from __future__ import annotations
