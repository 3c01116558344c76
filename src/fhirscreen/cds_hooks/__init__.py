"""CDS Hooks 2.0: at a visit, one card that names the studies which the patient may fit.

`visits` is the door: `templates` says what an EHR is to send along, `calls` and `prefetches` read it,
`fetches` gets the rest, `decisions` finds the studies, `cards` says it, `feedback` takes what came of it.
"""

from __future__ import annotations
