"""Eligibility text as headings and criteria: sections, bullets, numbers, stems, run-on paragraphs.

Every letter of the text is in exactly one piece. Linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from fhirscreen.criteria.studies import Kind
from fhirscreen.reading.groups import find_limits
from fhirscreen.reading.headings import INNER, heading_kind, is_title, prefix, stem_kind
from fhirscreen.reading.pieces import Piece

_LINE = re.compile(r"[^\n]+")
_MARKER = re.compile(
    r"\s*(?:[-*•●○▪▫◦■□►➢✓·‣⁃§§>]+(?=\s|[A-Za-z(])|o(?=\s{1,4}\S)|"
    r"\(?\d{1,2}(?:\.\d{1,2}){0,3}[.)](?!\d)|\d{1,2}\.\d{1,2}(?:\.\d{1,2})?(?=\s+[A-Z])|"
    r"\(?[a-zA-Z][.)](?=\s)|\(?[ivxIVX]{1,4}[.)](?=\s)|#\d{1,2}[.):]?)\s*"
)
_NUMBERED = re.compile(r"(?<=[\s;.,])\(?(\d{1,2})[.)]\s?(?=[A-Z])")
_SENTENCE = re.compile(r"(?<=[a-z0-9)%\"])[.]\s+(?=[A-Z][a-z]|[A-Z]{2,}\b|[≥≤<>]|No\b)")
_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|vs|approx|no|dr|prof|incl|excl|resp|cf|ca|inc|st|etc)$", re.IGNORECASE
)
_ALONE = re.compile(r"[\W\d_]*(?:or|and|none|n/?a|not applicable|[A-Za-z])?[\W\d_]*", re.IGNORECASE)
"""A number or letter that counts what stands on the next line, a lone "or", an empty section."""
_LETTERED = re.compile(r"[:;,.]\s*\(?[a-zA-Z0-9]{1,3}$")
"""What counts the members of a list within a sentence: the following: a."""
_DEPENDENT = re.compile(
    r"\s*(?:\(?note\b|this|these|those|such|they|however|otherwise|if|unless|except|exception|"
    r"in (?:this|these|that|such) case|for (?:these|this|example)|also|he|she|it|the above|all of|"
    r"any of|"
    r"[^.]{0,40}\b(?:contracepti\w+|birth control)\b[^.]{0,40}\b(?:is|are|includes?|means?|comprises?)\b|"
    r"(?:[^.]{0,200}\b(?:allowed|permitted|eligible|acceptable|excluded|exception|ineligible|"
    r"exempt|may be|can be|may have|are not required|is not required)\b))",
    re.IGNORECASE,
)
_OPENS = re.compile(
    r"^(?!.*[.;]).*\b(?:with|of|have|has|had|include|including|either|who are)$", re.IGNORECASE
)
"""What ends by a word that needs another one is the line above a list: patients with."""
_ABOVE = re.compile(
    r"\b(?:following|below)(?: [\w-]+){0,4}(?: \([^()]*\))?\W*$|\bas (?:follows|defined by)\W*$",
    re.IGNORECASE,
)
"""What ends by pointing to what stands below it, with a colon or without."""
_OWN_WORDS = re.compile(
    r"\b(?:if|who|which) (?:they |he |she |the \w+ )?(?:have|has|had|with)\b"
    r"(?! (?:had )?(?:(?:any|one|all)\b|the fol))",
    re.IGNORECASE,
)
"""A line that opens a section, and says more of what is below it: excluded if they have an allergy to."""
_LISTED = re.compile(r"\bfollowing\b[^.;:]{0,40}:\s*[-*•]\s", re.IGNORECASE)
"""A list of which the first member stands on the line itself: any of the following: - a."""
_NAMES_A_LIST = re.compile(r"\bthe following\b[^.;:]{0,60}$", re.IGNORECASE)
"""The line above a list that lost its colon: with two or more of the following symptoms."""
_LATE_HEADING = re.compile(r"(?<=\S)\s+((?:Inclusion|Exclusion) Criteria|(?:IN|EX)CLUSION CRITERIA)\s*:?\Z")
"""The heading of what comes next, which lost its line."""
_WRAPPED = 60
_LONG = 160
_STEM = 300


@dataclass(slots=True)
class _Block:
    """Lines that belong together, without the marker before them."""

    start: int
    end: int
    indent: int
    marked: bool
    marker: int


def split(text: str) -> list[Piece]:
    """The pieces of a flattened text, in order; each with the number or letter before it."""
    pieces: list[Piece] = []
    last = 0
    for piece in _pieces(text):
        start = piece.start
        first = next((i for i in range(last, start) if text[i].isalnum()), start)
        if first < start and text[first - 1 : first] == "(":
            first -= 1
        bare = _ALONE.fullmatch(text, piece.start, piece.end) is not None
        pieces.append(replace(piece, start=first, body=start, heading=piece.heading or bare))
        last = piece.end
    rest = [index for index in range(last, len(text)) if text[index].isalnum()]
    if rest:  # a number that counts nothing
        pieces.append(Piece(rest[0], rest[-1] + 1, False, pieces[-1].kind if pieces else None, (), rest[0]))
    return find_limits(pieces, text)


def _pieces(text: str) -> list[Piece]:
    pieces: list[Piece] = []
    kind: Kind | None = None
    stems: list[tuple[int, bool, int, int]] = []  # indent, marked, start, end
    blocks = list(_blocks(text))
    for index, block in enumerate(blocks):
        line = text[block.start : block.end].strip()
        if not any(c.isalnum() for c in line):
            continue
        while stems and not _below(block, stems[-1]):
            stems.pop()
        opened = heading_kind(line)
        if opened is not None:
            kind, stems = opened, []
            pieces.append(Piece(block.start, block.end, True))
            continue
        following = blocks[index + 1] if index + 1 < len(blocks) else None
        nested = following is not None and (
            following.indent > block.indent or (following.marked and not block.marked)
        )
        if is_title(line) and not nested and len(line) < 60:
            stems = []
            pieces.append(Piece(block.start, block.end, True))
            continue
        opens = nested and (_OPENS.search(line) is not None or _ABOVE.search(line) is not None)
        if (
            (line.endswith(":") or opens)
            and following is not None
            and len(line) < _STEM
            and (nested or not block.marked)
        ):
            opened = stem_kind(line)
            pieces.append(Piece(block.start, block.end, True))
            if opened is not None and (not block.marked or (opened is Kind.EXCLUSION and kind is None)):
                kind, stems = opened, []
                if _OWN_WORDS.search(line) is None:
                    continue
            stems.append((block.indent, block.marked, block.start, block.end))
            continue
        found, closes = list(_body(text, block, kind, stems)), False
        for piece in found:
            inner = heading_kind(text[piece.start : piece.end].strip()) if piece.heading else piece.kind
            kind, closes = inner or kind, closes or (piece.heading and inner is not None)
        pieces += found
        if closes:
            stems = []
        elif nested and (
            line.endswith(":") or _LISTED.search(line) or _NAMES_A_LIST.search(line)
        ):  # a criterion with its parts below it
            stems.append((block.indent, block.marked, block.start, block.end))
    return pieces


def _body(
    text: str, block: _Block, kind: Kind | None, stems: list[tuple[int, bool, int, int]]
) -> Iterator[Piece]:
    """The criteria of a block, with the headings that share its lines."""
    late = _LATE_HEADING.search(text, block.start, block.end)
    start, end = block.start, block.end if late is None else late.start()
    above = tuple((s, e) for _, _, s, e in stems)
    while (found := prefix(text, start, end)) is not None:
        yield Piece(start, found[0], True)
        start, kind = found
        above = ()
    for piece in _criteria(text, start, end, kind, above):
        if piece.heading and (inner := heading_kind(text[piece.start : piece.end].strip())) is not None:
            kind = inner
        yield piece if piece.heading or piece.kind is kind else replace(piece, kind=kind)
    if late is not None:
        yield Piece(late.start(1), block.end, True)


def _below(block: _Block, stem: tuple[int, bool, int, int]) -> bool:
    indent, marked, _, _ = stem
    if block.indent > indent:
        return True
    return block.marked and not marked and block.indent >= indent


def _blocks(text: str) -> Iterator[_Block]:
    """Lines joined where one only wraps the one before."""
    current: _Block | None = None
    last_length, blank_since, last_end = 0, True, 0
    for match in _LINE.finditer(text):
        line = match[0]
        stripped = line.strip()
        blank = text.count("\n", last_end, match.start()) > 1
        last_end = match.end()
        if not stripped:
            blank_since = True
            continue
        blank_since = blank_since or blank
        indent = len(line) - len(line.lstrip())
        marker = _MARKER.match(line)
        marked = marker is not None and marker.end() < len(line)
        wraps = (
            current is not None
            and not marked
            and not blank_since
            and (heading_kind(stripped) is None or _ends_it(stripped, indent, current, text, last_length))
            and (
                (current.marked and indent > current.indent and last_length >= _WRAPPED)
                or (
                    last_length >= _WRAPPED
                    and not text[current.start : current.end].rstrip().endswith((":", ".", ";"))
                )
                or stripped[0].islower()
                or (
                    last_length >= _WRAPPED + 15 and indent >= current.indent and text[current.end - 1] != ":"
                )
            )
        )
        if wraps and current is not None:
            current.end = match.start() + len(line.rstrip())
        else:
            if current is not None:
                yield current
            skip = marker.end() if marked and marker is not None else indent
            begin = match.start() + skip
            current = _Block(
                begin, match.start() + len(line.rstrip()), indent, marked, match.start() + indent
            )
        last_length, blank_since = len(line.rstrip()), False
    if current is not None:
        yield current


def _ends_it(line: str, indent: int, current: _Block, text: str, length: int) -> bool:
    """Whether what could be a heading is the end of the line before it: that may affect / eligibility."""
    if length < _WRAPPED or line.endswith(":") or text[current.start : current.end].rstrip()[-1:] in ".;:":
        return False
    hanging = current.marked and indent > current.indent
    return line[0].islower() and (hanging or " " not in line)


def _criteria(
    text: str, start: int, end: int, kind: Kind | None, stems: tuple[tuple[int, int], ...]
) -> Iterator[Piece]:
    """The criteria of one block: inner headings, inline numbers, sentences that stand for themselves."""
    if (
        end - start > _LONG
        and (inner := list(INNER.finditer(text, start, end)))
        and (len(inner) > 1 or inner[0].start() == start)
    ):
        yield from _inner(text, start, end, kind, stems, [(m.start(), m.end()) for m in inner])
        return
    cuts = _numbered(text, start, end) or _sentences(text, start, end)
    for first, last in zip([start, *cuts], [*cuts, end], strict=True):
        if any(c.isalnum() for c in text[first:last]):
            yield from _trimmed(text, first, last, kind, stems)


def _trimmed(
    text: str, start: int, end: int, kind: Kind | None, stems: tuple[tuple[int, int], ...]
) -> Iterator[Piece]:
    while start < end and text[start].isspace():
        start += 1
    marker = _MARKER.match(text, start, end)
    if (
        marker is not None
        and marker.end() < end
        and text[start : marker.end()].strip("-*> .") not in ("", "o")
    ):
        start = marker.end()
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield Piece(start, end, False, kind, stems)


def _inner(
    text: str,
    start: int,
    end: int,
    kind: Kind | None,
    stems: tuple[tuple[int, int], ...],
    found: list[tuple[int, int]],
) -> Iterator[Piece]:
    edges = [*[s for s, _ in found], end]
    if found[0][0] > start and any(c.isalnum() for c in text[start : found[0][0]]):
        yield from _criteria(text, start, found[0][0], kind, stems)
    for index, (first, last) in enumerate(found):
        yield Piece(first, last, True)
        heading = text[first:last].strip()
        inner = heading_kind(heading)
        kind = inner or kind
        above = stems if inner is not None or is_title(heading) else (*stems, (first, last))
        if any(c.isalnum() for c in text[last : edges[index + 1]]):
            yield from _criteria(text, last, edges[index + 1], kind, above)


def _numbered(text: str, start: int, end: int) -> list[int]:
    """Where 1. 2. 3. stand in the middle of a line."""
    cuts: list[int] = []
    wanted = 2
    for match in _NUMBERED.finditer(text, start, end):
        if int(match[1]) == wanted:
            cuts.append(match.start())
            wanted += 1
    return cuts if len(cuts) > 1 else []


def _sentences(text: str, start: int, end: int) -> list[int]:
    cuts: list[int] = []
    first = start
    for match in _SENTENCE.finditer(text, start, end):
        if _ABBREVIATION.search(text, max(first, match.start() - 8), match.start()):
            continue
        if _LETTERED.search(text, max(first, match.start() - 8), match.start()):
            continue
        if text.count("(", first, match.start()) > text.count(")", first, match.start()):
            continue
        cuts.append(match.end())
        first = match.end()
    # What speaks of the sentence before it stays with it.
    return [cut for cut in cuts if _DEPENDENT.match(text, cut, end) is None]
