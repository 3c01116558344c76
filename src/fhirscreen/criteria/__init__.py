"""What a trial asks for: the nodes of the criteria language, their wire format, English and lint. Pure.

`nodes` and `studies` hold the language, `bounds` its numbers, `wire` reads and writes YAML and JSON,
`walk` goes through expressions, `english` says them, and `checks` finds what is wrong with a study.
"""

from __future__ import annotations
