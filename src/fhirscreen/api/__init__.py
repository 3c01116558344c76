"""The HTTP API. Not built yet.

Will hold the routes; every error is answered as one OperationOutcome shape.
"""

from __future__ import annotations
