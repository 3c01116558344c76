"""Screening that runs by itself. Not built yet.

Will hold the schedule of nightly runs, the worker that takes them up, and their resumption after a crash.
"""

from __future__ import annotations
