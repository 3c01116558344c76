"""Who is told of changes, once, and how: counts and links by webhook and e-mail, and no patient data.

What is to be told is put into the store's outbox in the transaction that stores the changes; a sender takes
it from there and tries again until it went out.
"""

from __future__ import annotations
