"""The CDS Hooks service: a card while the chart opens. Not built yet.

Will hold discovery, the prefetch templates made from a plan, and the cards.
"""

from __future__ import annotations
