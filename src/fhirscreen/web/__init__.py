"""The pages: plain HTML, rendered here, without scripts."""

from __future__ import annotations
