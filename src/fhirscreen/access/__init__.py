"""Who may ask, for what: tokens verified, scopes and roles, what is audited, which servers may be asked.

Pure of HTTP: `api` and `web` hand in what a request carries, and get who asks or why not (ADR 0026).
"""

from __future__ import annotations
