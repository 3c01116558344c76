"""Who is told about new candidates, and how. Not built yet.

Will hold subscriptions of coordinators to studies and the messages themselves, in which a sensitive
concept is named only as "further review needed".
"""

from __future__ import annotations
