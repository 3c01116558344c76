"""Work beside requests: workers that take up jobs, the schedule of nightly runs, and what a job does."""

from __future__ import annotations
