"""Studies, runs, verdicts, people's decisions and jobs in a database: SQLite, or PostgreSQL by its URL.

Of a patient it keeps the id, the verdicts with the value, date and reference that decided, and what people
said about it; never a record. Every function takes a `Session` of `Database.begin()` first and the time as
an argument, and returns frozen dataclasses.
"""

from __future__ import annotations
