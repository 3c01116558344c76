"""The coordinator's worklist in a browser. Not built yet.

Will hold the pages and their templates.
"""

from __future__ import annotations
