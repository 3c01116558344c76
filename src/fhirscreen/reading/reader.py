"""The reader: eligibility text into criteria, each with its status. Deterministic; never raises on text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from fhirscreen.criteria.nodes import Confirm, Expression, Judgement, Question, Unread
from fhirscreen.criteria.records import Record
from fhirscreen.criteria.studies import Kind
from fhirscreen.criteria.walk import walk
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Concept
from fhirscreen.reading.abbreviations import drop_abbreviations
from fhirscreen.reading.ages import from_birthday, read_ages, read_sex
from fhirscreen.reading.arising import leave_out_men
from fhirscreen.reading.bounds import bind_numbers, bind_windows
from fhirscreen.reading.categories import read_categories
from fhirscreen.reading.characters import flatten
from fhirscreen.reading.clauses import Clauses
from fhirscreen.reading.contradictions import find_contradiction
from fhirscreen.reading.fragments import Atom, Sort
from fhirscreen.reading.items import JOINS, Item, Role
from fhirscreen.reading.kinds import name_infections, name_kinds, note_stages
from fhirscreen.reading.lasting import note_lengths
from fhirscreen.reading.lexicon import Abbreviations, Lexicon
from fhirscreen.reading.lookups import Lookup
from fhirscreen.reading.lookups.stretches import suggest
from fhirscreen.reading.measures import Measures
from fhirscreen.reading.names import (
    ask_both_sexes,
    ask_findings,
    doubt_risks,
    keep_names_whole,
    name_elided,
)
from fhirscreen.reading.negations import read_prefixes
from fhirscreen.reading.occasions import drop_occasions, merge_extents, name_alone, spell_longer_times
from fhirscreen.reading.orders import read_orders
from fhirscreen.reading.pairs import read_pressures, share_units
from fhirscreen.reading.pieces import Piece
from fhirscreen.reading.qualifiers import join_severities, note_proof, read_grades, share_heads
from fhirscreen.reading.readings import Reading, Status
from fhirscreen.reading.registered import merge
from fhirscreen.reading.reservations import find_reservation, judge_examples
from fhirscreen.reading.rivals import doubt_rivals, doubt_unconditional
from fhirscreen.reading.sexes import read_by_sex
from fhirscreen.reading.smoking import read_smokers
from fhirscreen.reading.statements import Built
from fhirscreen.reading.stems import read_stem
from fhirscreen.reading.structure import split
from fhirscreen.reading.tokens import tokenise

_SHORT = 160
_LONGEST = 4000
"""A longer criterion than this is no sentence: it is kept, and not read."""

_ADEQUATE = re.compile(
    r"(?:in)?adequate|normal|sufficient|insufficient|acceptable|satisfactory|good|impaired", re.IGNORECASE
)
_FUNCTION = re.compile(r"\b(?:functions?|reserves?|parameters|results|values|condition)\b", re.IGNORECASE)
_DANGLING = re.compile(r"\bfollowing\b[^:;(]{0,60}:?\s*$", re.IGNORECASE)
"""What ends by naming what follows is the line above a list, whatever the list looks like."""
_EXPLAINED = re.compile(
    r"\.\s+[^.]{0,40}\b(?:contracepti\w+|birth control)\b[^.]{0,40}\b(?:is|are|includes?|means?)\b",
    re.IGNORECASE,
)
"""A sentence that says what contraception is, behind the one that asks for it: a person asks about both."""
_HALF_LIFE = re.compile(r"\bhalf[\s-]?li(?:fe|ves)\b", re.IGNORECASE)
_PROOF = re.compile(r"histol|cytol|pathol|biops|microscop|histopath", re.IGNORECASE)
_SMOKES = re.compile(r"smok", re.IGNORECASE)
_PREFIX = re.compile(r"\bnon\b", re.IGNORECASE)
_EXAMINED = re.compile(r"\b(?:baseline|screening|pre-?treatment|pre-?study|initial)\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_REQUIRES = re.compile(
    r"\b(?:must|should|shall|(?:is|are) required|"
    r"(?<!who )(?<!that )(?<!which )(?<!would )(?<!may )(?:has|have) to (?!have\b)\w+|"
    r"(?:will|may|can) be (?:enrolled|included|entered|admitted|considered)\b(?=.*\bdiscretion))\b",
    re.IGNORECASE,
)
_DENIES = re.compile(r"\b(?:not|no|none|never|without|cannot|neither|nor|free)\b", re.IGNORECASE)
_ASIDE = re.compile(r"\([^()]*\)")
_FIRST_WORDS = 3
_OR = ("or", "and/or", "either")
_LONE = ("or", "and/or", "and")
_NUMBERS = (Role.NUMBER, Role.LIMIT)
_VALUES = (Role.NUMBER, Role.BOUND)
_TIMES = (Role.WITHIN, Role.BEFORE, Role.NUMBER)
_SCALES = (Role.ENTITY, Role.CATEGORY, Role.WORD)
"""What a stage of the reading needs to find anything."""
_KINDS = (Role.NARROWING, Role.NUMBER, Role.BOUND, Role.WORD)
_PLAIN = (Sort.AGE, Sort.SEX, Sort.MEASURE, Sort.CATEGORY)


@dataclass(slots=True)
class _Sheet:
    """One text while it is read: its abbreviations, and what lines above others lend, each read once."""

    flat: str
    introduced: Abbreviations
    stems: dict[tuple[tuple[tuple[int, int], ...], Kind], tuple[list[Item], bool | None]] = field(
        default_factory=dict
    )


class Reader:
    """Reads eligibility text by the concepts and units of a catalogue.

    `lookups` are asked for what no concept names: they suggest, and decide nothing.
    """

    __slots__ = ("_cancers", "_concepts", "_lexicon", "_lookups", "_units")

    def __init__(self, catalogue: Catalogue, lookups: Sequence[Lookup] = ()) -> None:
        self._lookups = tuple(lookups)
        self._concepts = dict(catalogue.concepts)
        self._cancers = frozenset(each.id for each in self._concepts.values() if each.about_cancer)
        self._lexicon = Lexicon(catalogue)
        self._units = catalogue.units

    @property
    def concepts(self) -> tuple[Concept, ...]:
        """Every concept that can be read."""
        return tuple(self._concepts.values())

    def find_concepts(self, text: str) -> list[Concept]:
        """The concepts that a text names, in its order."""
        flat = flatten(text)
        return [
            concept for item in self._lexicon.find(tokenise(flat, 0, len(flat))) for concept in item.concepts
        ]

    def read(self, text: str) -> list[Reading]:
        """Every heading and criterion of the text, in order; together they hold its every letter."""
        flat = flatten(text)
        sheet = _Sheet(flat, self._lexicon.introduce(flat))
        read = _alternate([self._read(text, sheet, piece) for piece in split(flat)])
        read = doubt_unconditional(doubt_rivals(read, self._cancers))
        return [self._suggest(flat, reading) for reading in read] if self._lookups else read

    def read_record(self, record: Record) -> list[Reading]:
        """What the record's own fields ask for, then its text; where the two disagree, a warning."""
        return merge(record, self.read(record.text))

    def _read(self, text: str, sheet: _Sheet, piece: Piece) -> Reading:
        flat = sheet.flat
        said = text[piece.start : piece.end]
        if piece.heading:
            return Reading(said, piece.start, piece.end, Status.HEADING)
        kind = piece.kind or Kind.INCLUSION
        group = " ".join(text[piece.stems[-1][0] : piece.stems[-1][1]].split()) if piece.stems else None
        warnings = (
            () if piece.kind else ("no heading says whether this includes or excludes: read as an inclusion",)
        )
        here = ((piece.start, piece.end),)

        def say(
            status: Status,
            expression: Expression,
            spans: tuple[tuple[int, int], ...] = (),
            atoms: tuple[Atom, ...] = (),
            rules: tuple[str, ...] = (),
        ) -> Reading:
            return Reading(
                said, piece.start, piece.end, status, kind, group, expression, atoms, spans, warnings, rules
            )

        if piece.end - piece.start > _LONGEST:
            warnings = (*warnings, "too long to be one criterion")
            return say(Status.UNREAD, Unread(_plain(said)), here)
        if _HALF_LIFE.search(flat, piece.body, piece.end) is not None:
            warnings = (*warnings, "a time in half-lives: no record says how long a drug's is")
        built = self._build(sheet, piece, kind)
        expression = built.expression
        warnings = (*warnings, *built.warnings)
        whole = built.complete and expression is not None and _DANGLING.search(said) is None
        understood = built.atoms or whole
        explained = (whole or not understood) and _EXPLAINED.search(flat, piece.body, piece.end) is not None
        if built.manual or explained or (not understood and _asks_for_function(flat[piece.body : piece.end])):
            return say(Status.MANUAL, Confirm(_plain(said)), rules=("manual",))
        if not understood:
            return say(Status.UNREAD, Unread(_plain(said)), here)
        if expression is not None:
            expression = leave_out_men(expression)
        if whole and expression is not None:
            return say(Status.COMPUTED, expression, (), built.atoms, built.rules)
        spans = tuple(span for span in built.unread if piece.start <= span[0] and span[1] <= piece.end)
        if expression is None or not built.sure or not _marks(expression):
            expression = Unread(_plain(said))
        return say(Status.PARTIAL, expression, spans, built.atoms, built.rules)

    def _suggest(self, flat: str, reading: Reading) -> Reading:
        if (
            reading.status not in (Status.PARTIAL, Status.UNREAD)
            or reading.start is None
            or reading.end is None
            or reading.end - reading.start > _LONGEST
        ):
            return reading
        items = self._lexicon.find(tokenise(flat, reading.start, reading.end))
        spans = reading.unread or ((reading.start, reading.end),)
        return replace(reading, suggestions=suggest(flat, items, spans, self._lookups))

    def _items(self, sheet: _Sheet, start: int, end: int) -> list[Item]:
        tokens = drop_abbreviations(tokenise(sheet.flat, start, end), self._lexicon.names)
        items = self._lexicon.find(tokens, sheet.introduced)
        roles = {item.role for item in items}
        if Role.ENTITY in roles:
            items = keep_names_whole(items, sheet.flat, self._lexicon)
        if Role.NARROWING in roles:
            items = doubt_risks(items, sheet.flat)
        if Role.MANUAL in roles and Role.SEX in roles:
            items = ask_both_sexes(items, sheet.flat)
        if not roles.isdisjoint(JOINS):
            items = name_infections(items, self._lexicon, sheet.flat) if Role.NARROWING in roles else items
            items = name_elided(items, sheet.flat, self._lexicon)
            items = share_heads(items, sheet.flat, self._lexicon)
        if Role.SEVERITY in roles:
            items = join_severities(items)
        if _PROOF.search(sheet.flat, start, end) is not None:
            items = note_proof(items, sheet.flat)
        if _PREFIX.search(sheet.flat, start, end) is not None:
            items = read_prefixes(items)
        if Role.COMPARE_AFTER in roles:
            items = read_orders(items, sheet.flat)
        if not roles.isdisjoint(_NUMBERS):
            items = share_units(note_lengths(bind_numbers(items), sheet.flat))
        items = items if roles.isdisjoint(_TIMES) else spell_longer_times(bind_windows(items))
        if _SMOKES.search(sheet.flat, start, end) is not None:
            items = read_smokers(items, sheet.flat)
        if _EXAMINED.search(sheet.flat, start, end) is not None:
            items = ask_findings(items, sheet.flat)
        if not roles.isdisjoint(_KINDS):
            items = note_stages(name_kinds(items, self._lexicon, sheet.flat), sheet.flat)
        if Role.WORD in roles:
            items = merge_extents(name_alone(items, self._lexicon, sheet.flat))
        return drop_occasions(items, sheet.flat) if Role.ANCHOR in roles else items

    def _build(self, sheet: _Sheet, piece: Piece, kind: Kind) -> Built:
        flat = sheet.flat
        items = self._items(sheet, piece.body, piece.end)
        known = sheet.stems.get((piece.stems, kind))
        if known is None:
            known = sheet.stems[piece.stems, kind] = self._stems(sheet, piece, kind)
        carried, sure = known
        named = any(item.role is Role.ENTITY for item in items)
        before = [i for i in carried if i.role is not Role.WINDOW and (named or i.role is not Role.NARROWING)]
        after = [i for i in carried if i.role is Role.WINDOW]
        if before and before[0].role is Role.AGE:
            items = [*before, *items]
            before = []
        # Each stage looks at every item: those that could find nothing are left out.
        roles = {item.role for item in items}
        numbers = not roles.isdisjoint(_VALUES)
        if numbers or Role.ADULT in roles:
            items = read_ages(items)
        if not roles.isdisjoint(_SCALES):
            items = read_grades(read_categories(items, self._concepts))
        if numbers or Role.NORMAL in roles:
            items = self._measure(items, roles, flat, kind)
        if Role.SEX in roles or Role.ADULT in roles:
            items = read_sex(items)
        while items and items[-1].role in (Role.STOP, *JOINS):
            items.pop()
        built = Clauses(flat, kind, piece.start, piece.end).read(
            [*before, *items, *after] if items else items
        )
        if kind is Kind.INCLUSION and Sort.AGE in built.sorts:
            expression, noted = from_birthday(built.expression)
            built = replace(built, expression=expression, warnings=(*built.warnings, *noted))
        if (
            not sure
            and not built.manual
            and not (built.sorts and built.sorts <= set(_PLAIN) and sure is None)
        ):
            note = "it stands under a line that was not read whole"
            built = replace(built, complete=False, warnings=(*built.warnings, note))
        if piece.limited and not built.manual:
            note = "it stands under a line that may hold for one group alone, or for some"
            built = replace(built, complete=False, warnings=(*built.warnings, note))
        built = judge_examples(kind, built, flat, piece.body)
        lines = [flat[start:end] for start, end in ((piece.body, piece.end), *piece.stems)]
        against = None if built.manual else find_contradiction(kind, built, lines)
        if against is not None:
            return replace(built, complete=False, sure=False, warnings=(*built.warnings, against))
        said = flat[piece.body : piece.end]
        held = find_reservation(kind, built, said, flat, below=bool(piece.stems)) if built.complete else None
        if held is not None:
            return replace(built, complete=False, sure=False, warnings=(*built.warnings, held))
        if kind is Kind.EXCLUSION and not built.manual and _requires(flat, piece, whole=built.complete):
            note = "a requirement under the exclusion criteria: does it exclude, or is it asked for?"
            return replace(built, complete=False, sure=False, warnings=(*built.warnings, note))
        return built

    def _measure(self, items: list[Item], roles: set[Role], flat: str, kind: Kind) -> list[Item]:
        measures = Measures(flat, self._units, kind)
        if Role.SLASH in roles:
            items = read_pressures(items, self._lexicon, flat, kind)
        if Role.SEX in roles:
            items = read_by_sex(items, measures.read)
        return measures.read(items)

    def _stems(self, sheet: _Sheet, piece: Piece, kind: Kind) -> tuple[list[Item], bool | None]:
        """What the stems above say of a criterion, and whether that is all they say; None: but for words."""
        carried: list[Item] = []
        sure: bool | None = True
        for start, end in piece.stems:
            items = self._items(sheet, start, end)
            if len(items) <= 2 and any(i.role is Role.AGE for i in items):
                carried.append(next(i for i in items if i.role is Role.AGE))
                continue
            lent, whole = read_stem(items, sheet.flat[start:end], start, kind)
            carried += lent
            sure = False if sure is False or whole is False else None if whole is None else sure
        return carried, sure


def _alternate(readings: list[Reading]) -> list[Reading]:
    """Where a line ends or begins with "or", neither it nor its neighbour is asked for by itself.

    Nor are the lines around an "or" that stands alone; nor do those around an "and" exclude by themselves.
    """
    found = list(readings)
    for index, reading in enumerate(readings):
        words = reading.text.lower().strip(" .;,:-*()").split()
        if not words:
            continue
        if len(words) == 1 and words[0] in _LONE:
            neighbours = _beside(readings, index)
        elif reading.status is Status.HEADING:
            continue
        elif words[-1] in _OR:
            neighbours = (index, index + 1)
        elif words[0] in _OR:
            neighbours = (index - 1, index)
        else:
            continue
        pair = [found[each] for each in neighbours if 0 <= each < len(found)]
        if all((each.kind is Kind.EXCLUSION) != (words == ["and"]) for each in pair):
            continue  # each of them excludes, or is asked for
        for each in neighbours:
            if 0 <= each < len(found) and found[each].status in (Status.COMPUTED, Status.PARTIAL):
                together = words == ["and"]
                note = "only with the line beside it" if together else "an alternative to the line beside it"
                doubted = replace(
                    found[each], status=Status.PARTIAL, expression=Unread(_plain(found[each].text))
                )
                found[each] = replace(doubted, warnings=(*found[each].warnings, note))
    return found


def _beside(readings: Sequence[Reading], index: int) -> tuple[int, ...]:
    """The criteria around a lone "or"; all of a group where it stands between groups."""
    before = [i for i in range(index - 1, -1, -1) if readings[i].status is not Status.HEADING]
    after = [i for i in range(index + 1, len(readings)) if readings[i].status is not Status.HEADING]
    if not (before and after) or readings[before[0]].kind is not readings[after[0]].kind:
        return ()
    if readings[before[0]].group == readings[after[0]].group:
        return before[0], after[0]
    return (*_of_one_group(readings, before), *_of_one_group(readings, after))


def _of_one_group(readings: Sequence[Reading], indices: Sequence[int]) -> list[int]:
    """The first of them, with those that go on in its group; who stands under no line is alone."""
    group = readings[indices[0]].group
    if group is None:
        return [indices[0]]
    return list(takewhile(lambda index: readings[index].group == group, indices))


def _requires(text: str, piece: Piece, *, whole: bool) -> bool:
    """Whether it, or a line above it, says what must be: patients must have an ECOG of 0 or 1.

    Of what is not read whole only the first words count: what follows may be a remark.
    """
    for start, end in ((piece.body, piece.end), *piece.stems):
        said = " ".join(_ASIDE.sub("", text[start:end]).split())
        found = _REQUIRES.search(said)
        if found is None or _DENIES.search(said) is not None:
            continue
        if whole or start != piece.body or len(said[: found.start()].split()) <= _FIRST_WORDS:
            return True
    return False


def _asks_for_function(text: str) -> bool:
    """Whether it asks for adequate function of an organ without saying what that is."""
    return (
        len(text) < _SHORT
        and _DIGIT.search(text) is None
        and _ADEQUATE.search(text) is not None
        and _FUNCTION.search(text) is not None
    )


def _plain(text: str) -> str:
    return " ".join(text.split()) or text


def _marks(expression: Expression) -> bool:
    """Whether an expression says somewhere that something was not read, or is for a person."""
    return any(isinstance(node, Unread | Judgement | Confirm | Question) for node in walk(expression))
