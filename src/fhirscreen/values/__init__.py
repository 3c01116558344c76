"""What a criterion and a record are made of: truths, intervals, dates, quantities and codes.

Pure, and on the hot path: named tuples, and parsing that is remembered by its text.
"""

from __future__ import annotations
