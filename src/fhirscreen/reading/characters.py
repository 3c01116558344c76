"""Eligibility text with one spelling for each sign, and every character where it was.

Full-width and look-alike signs become plain ones, entities and tags become what they mean, padded with
spaces: an offset into the flattened text is an offset into the original.
"""

from __future__ import annotations

import html
import re

_SIGNS: dict[int, str] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width ASCII
    **dict.fromkeys(range(0x20), " "),
    **dict.fromkeys(range(0x7F, 0xA0), " "),
    **dict.fromkeys(
        [0xA0, 0xAD, *range(0x2000, 0x2010), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF], " "
    ),
    **dict.fromkeys(range(0x202A, 0x202F), " "),
    **dict.fromkeys(range(0x2066, 0x206A), " "),
    **dict.fromkeys(map(ord, "‐‑‒–—―−﹣"), "-"),
    **dict.fromkeys(map(ord, "‘’‛′`´"), "'"),
    **dict.fromkeys(map(ord, "“”„″"), '"'),
    **dict.fromkeys(map(ord, "≧⩾≥"), "≥"),
    **dict.fromkeys(map(ord, "≦⩽≤"), "≤"),
    **dict.fromkeys(map(ord, "∼～〜˜"), "~"),
    **dict.fromkeys(map(ord, "×✕╳⨯"), "×"),
    **dict.fromkeys(map(ord, "µμ"), "µ"),
    **dict.fromkeys(map(ord, "⁄∕"), "/"),
    **dict.fromkeys(map(ord, "º˚"), "°"),
    ord("ˆ"): "^",
    ord("。"): ".",
    ord("、"): ",",
    ord("【"): "(",
    ord("】"): ")",
    ord("["): "(",
    ord("]"): ")",
    ord("\\"): " ",  # ClinicalTrials.gov escapes Markdown: \> and \*
    ord("\n"): "\n",
    ord("\r"): "\n",
    ord("\t"): " ",
}
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,10});")
_TAG = re.compile(
    r"</?(?:br|p|li|ul|ol|b|i|em|strong|sup|sub|div|span|u|h[1-6]|table|tbody|tr|td|th|a)(?:\s[^<>\n]{0,200})?/?>",
    re.IGNORECASE,
)
_BREAKS = ("br", "p", "ul", "ol", "di", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ta")


def flatten(text: str) -> str:
    """The text with plain signs: as long as the original, sign by sign."""
    if "&" in text:
        text = _ENTITY.sub(_read_entity, text)
    if "<" in text:
        text = _TAG.sub(_read_tag, text)
    return text.translate(_SIGNS)


def _read_entity(match: re.Match[str]) -> str:
    meant = html.unescape(match[0])
    return meant.ljust(len(match[0])) if len(meant) == 1 else match[0]


def _read_tag(match: re.Match[str]) -> str:
    tag = match[0].lower()
    name = tag.strip("</>")
    if tag.startswith("<li"):
        return "\n- ".ljust(len(tag))
    if tag.startswith("<sup"):
        return "^".ljust(len(tag))
    if name.startswith(_BREAKS):
        return "\n".ljust(len(tag))
    return " " * len(tag)
