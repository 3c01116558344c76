"""CDS Hooks 2.0: at a visit, one card that names the studies which the patient may fit.

`templates` says what an EHR is to send along, `calls` and `prefetches` read it, `fetches` gets the rest,
`decisions` finds the studies, `cards` says it, `feedback` takes what the user made of it; `visits` is the door.
"""

from __future__ import annotations
