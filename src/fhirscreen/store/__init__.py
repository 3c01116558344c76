"""Runs, reviews and jobs in a database. Not built yet.

Will hold the tables and the queries over them: what each run found, what a person decided about a
candidate, and which jobs are due. It keeps no copy of a patient's record.
"""

from __future__ import annotations
