"""Sentences: how fragments are joined, negated and excepted, and whether that is sure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations

from fhirscreen.criteria.nodes import (
    AnyOf,
    Confirm,
    Constant,
    Expression,
    Judgement,
    Not,
    Unread,
)
from fhirscreen.criteria.studies import Kind
from fhirscreen.reading.alternatives import lift
from fhirscreen.reading.connectives import how_joined
from fhirscreen.reading.definitions import define, find_definition, require_other, says_absent
from fhirscreen.reading.doubts import asks_nothing, is_opposed, leaves_doubt, reach, restrict
from fhirscreen.reading.fragments import Sort
from fhirscreen.reading.idioms import (
    OTHER_THAN,
    except_after_other,
    gives_names,
    goes_back,
    is_the_rest,
    permits,
    put_beside,
    put_within,
    read_pregnancy_test,
    requires_more,
    spare_cancers,
    spare_narrowed,
)
from fhirscreen.reading.items import JOINS, NARROWER, SUSPECTED, Item, Role
from fhirscreen.reading.lists import (
    absorb,
    drop_glosses,
    keep_objects,
    lend_heading,
    merge_purposes,
    share_qualifiers,
    unwrap_exception,
)
from fhirscreen.reading.negations import Sense, ask_whole, except_but, excepts_last, sense_of
from fhirscreen.reading.opinions import fold_opinions
from fhirscreen.reading.qualifiers import narrow_clinically
from fhirscreen.reading.segments import Segment, kind_of
from fhirscreen.reading.spans import (
    ends_parenthesis,
    find_first,
    has_content,
    opens_with_if,
    split_clauses,
    to_next_no,
)
from fhirscreen.reading.statements import Built, build_segment, flip, join, merge, negate

_SILENT = (Role.FILLER, Role.COLON, Role.DASH, Role.KNOWN, Role.RANGE, Role.STOP)
_BEARING = re.compile(r"child-?\s?bearing|reproductive potential", re.IGNORECASE)
_REACHED = ("judgement", "hypersensitivity", "other study")
"""What a "no" reaches over an "or": no epilepsy or condition that would interfere."""
_OF_WOMEN = ("pregnancy", "lactation")
_TURNS = (Role.NO, Role.EXCEPT, Role.BARRED, Role.ALLOWED, Role.IF)
_MOST_TURNS = 12
"""What turns more often than this is no sentence that anybody wrote."""


@dataclass(frozen=True, slots=True)
class Clauses:
    """The grammar of sentences, over one text, for one kind of criterion."""

    text: str
    kind: Kind
    start: int
    end: int

    def read(self, items: Sequence[Item]) -> Built:
        """What a criterion's items say together."""
        clauses = lend_heading(split_clauses(items))
        made = [(clause, b) for clause in clauses if (b := self._asked(clause)) is not None]
        built = [b for _, b in made]
        if len(built) <= 1:
            return built[0] if built else Built(None)
        if any(leaves_doubt(self.kind, self.text, *pair) for pair in permutations(made, 2)):
            whole = merge(built, Unread(self._said(list(items))))
            return replace(whole, unread=(self._span(items),), complete=False, sure=False)
        parts = [b.expression for b in built if b.expression is not None]
        manual = [b for b in built if b.manual]
        if len(manual) == len(built):
            return Built(None, manual=True)
        return merge(built, join(parts, any_of=self.kind is Kind.EXCLUSION))

    def _asked(self, items: list[Item]) -> Built | None:
        """A clause; what is asked in person keeps its words, for where it stands beside others."""
        made = self._clause(items)
        return None if made is None else self._kept(made, items)

    def _kept(self, made: Built, items: Sequence[Item]) -> Built:
        """What was made of items; what is asked in person as a question in their words."""
        if not made.manual:
            return made
        return replace(made, expression=Confirm(self._said(items) or "what the text asks"))

    def _clause(self, items: list[Item]) -> Built | None:
        if (defined := self._defined(items)) is not None:
            return defined
        items = except_after_other(self._prepared(items), self.text)
        turns = sum(item.role in _TURNS for item in items)
        if turns > _MOST_TURNS or opens_with_if(items) or asks_nothing(self.kind, self.text, items):
            return self._unread(items)
        if not items:
            return None
        at = find_first(items, Role.BARRED)
        if at is not None:
            return self._barred(items, items[:at] + items[at + 1 :])
        at = find_first(items, Role.ALLOWED)
        if at is not None:
            return self._allowed(items, at)
        tested = read_pregnancy_test(items, self.text) if self.kind is Kind.INCLUSION else None
        if tested is not None:
            return tested
        at = find_first(items, Role.EXCEPT)
        if at is not None:
            return self._excepted(items[:at], items[at + 1 :], items[at])
        at = next(
            (i for i, item in enumerate(items) if item.role is Role.IF and i and has_content(items[:i])),
            None,
        )
        if at is not None:
            return self._conditional(items[:at], items[at:])
        items = [i for i in items if i.role is not Role.IF]
        at = find_first(items, Role.NO)
        if at is not None:
            return self._negated(items, at)
        return self._list(items, negated=False)

    def _barred(self, items: list[Item], rest: list[Item]) -> Built | None:
        """What is not allowed, each by itself: "pregnant and breast-feeding women are excluded"."""
        if not rest or self.kind is Kind.EXCLUSION:
            return self._clause(rest) if rest else None
        if any(item.role in _TURNS and item.role is not Role.IF for item in rest):
            return self._unread(items)
        return negate(self._list([item for item in rest if item.role is not Role.IF], negated=True))

    def _prepared(self, items: list[Item]) -> list[Item]:
        """A clause without what says nothing, and with what belongs together as one."""
        roles = {item.role for item in items}
        if Role.MANUAL in roles:
            items = keep_objects(fold_opinions(items, self.text), self.text)
        if Role.ENTITY in roles:
            items = merge_purposes(items, self.text)
        items = except_but(narrow_clinically(items), self.text)
        items = [i for i in items if i.role not in _SILENT or i.role is Role.STOP or i.key == SUSPECTED]
        items = unwrap_exception(drop_glosses(items, self.text))
        items = [
            i for i, after in pairwise([*items, None]) if i is not None and not ends_parenthesis(i, after)
        ]
        if self.kind is Kind.EXCLUSION:
            items = ask_whole(items, self.text)
        return items

    def _defined(self, items: list[Item]) -> Built | None:
        found = find_definition(items, self.text)
        if found is None or (self.kind is Kind.INCLUSION) != found.negated:
            return None
        if not found.told and found.there is not True:
            if found.there is None or not found.negated:
                note = "whether the parentheses say what it is, or that there is none, is not sure"
                shown = self._list(found.by, negated=False)
                return (
                    replace(self._unread(items), atoms=shown.atoms, rules=shown.rules, warnings=(note,))
                    if found.negated
                    else None
                )
            return require_other(
                self._list(found.named, negated=True), self._list(found.by, negated=False)
            ) or self._unread(items)
        by = self._list(found.by, negated=True)
        made = define(self._list(found.named, negated=True), by, told=found.told)
        return negate(made) if made is not None and found.negated else made

    def _unread(self, items: Sequence[Item]) -> Built:
        start, end = self._span(items)
        return Built(Unread(self._said(items)), unread=((start, end),), complete=False)

    def _allowed(self, items: list[Item], at: int) -> Built:
        """What is allowed is no more than that: it decides nothing, and its numbers are shown."""
        rest = items[:at] + items[at + 1 :]
        if permits(items[at], rest, self._said(items)):
            nothing = Constant(value=self.kind is Kind.INCLUSION)
            return Built(nothing, rules=("permission",))
        made = self._unread(items)
        inner = self._clause(rest) if rest and self.kind is Kind.INCLUSION else None
        return made if inner is None else replace(made, atoms=inner.atoms, rules=inner.rules, sure=False)

    def _excepted(self, main: list[Item], exception: list[Item], word: Item) -> Built | None:
        if not has_content(main):
            return self._unread([*main, *exception]) if main or exception else None
        if (
            self.kind is Kind.EXCLUSION
            and (cut := excepts_last(main, exception, word, self.text)) is not None
        ):
            apart = [self._clause(main[:cut]), self._excepted(main[cut + 1 :], exception, word)]
            found = [each for each in apart if each is not None]
            members = [each.expression for each in found if each.expression is not None]
            return merge(found, join(members, any_of=True))
        made = self._clause(main)
        if made is not None and made.complete and requires_more(main):
            return made  # requiring therapy other than aspirin: what is required is judged with the words
        if made is None or not exception or made.manual:
            return made  # who is asked about the whole is asked about its exceptions too
        spared = spare_cancers(made, exception, self.text)
        if spared is not None:
            return spared
        if self.kind is Kind.EXCLUSION and (judged := spare_narrowed(made, exception)) is not None:
            return judged
        said = self.text[word.start : word.end].lower()
        other = self._list([i for i in exception if i.role not in (Role.IF, Role.NO)], negated=True)
        if other.complete and any(i.role in (Role.NO, Role.IF, Role.MANUAL) for i in exception):
            other = replace(other, complete=False)
        beside = False
        if other.complete and other.expression is not None and not other.manual:
            beside = other.sorts <= {Sort.CONDITION, Sort.THERAPY} and said != "unless"
            inner: Expression = Not(other.expression)
        else:
            other = self._unread(exception)
            inner = Unread(self._said(exception))
        if self.kind is Kind.INCLUSION and not isinstance(made.expression, Not):
            return self._spared(made, other)
        if (said in OTHER_THAN and any(item.role in JOINS for item in main)) or goes_back(exception):
            other = replace(other, complete=False, sure=False)  # of the last alone, or of all
        whole = put_beside(made.expression, inner) if beside else put_within(made.expression, inner)
        return merge([made, replace(other, atoms=flip(other.atoms))], whole)

    def _spared(self, made: Built, other: Built) -> Built:
        """`A unless B` as a requirement: of a measured value, B is enough too; of the rest, who can say."""
        parts = [e for e in (made.expression, other.expression) if e is not None]
        merged = merge([made, other], join(parts, any_of=True))
        if made.sorts <= {Sort.MEASURE, Sort.CATEGORY, Sort.AGE}:
            return merged
        return replace(merged, complete=False, sure=False)

    def _conditional(self, main: list[Item], condition: list[Item]) -> Built | None:
        """`A if B`: whoever is not A may be no B, so that only A includes; an exclusion asks for both."""
        made = self._clause(main)
        if made is None:
            return self._unread([*main, *condition])
        if (
            self.kind is Kind.INCLUSION
            and isinstance(made.expression, AnyOf)
            and is_the_rest(made, condition)
        ):
            return made
        other = self._unread(condition)
        if made.expression is None or other.expression is None:
            return merge([made, other], other.expression)
        whole = join([made.expression, other.expression], any_of=self.kind is Kind.INCLUSION)
        return merge([made, other], whole)

    def _negated(self, items: list[Item], at: int) -> Built | None:
        """`A and no B, C or D`: the "no" reaches to the end, or to the next "no"."""
        before, word = items[:at], items[at]
        after, rest = to_next_no(items[at + 1 :])
        scope = self._list(after, negated=True)
        told = None if rest else self._told(before, word, scope)
        if told is not None:
            return told
        joins = []
        while before and before[-1].role in JOINS:
            joins.append(before.pop().role)
        if prefix := [] if joins else _pop_times(before):
            scope = self._list([*prefix, *after], negated=True)
        absent = not scope.complete and any(says_absent(atom) for atom in scope.atoms)
        if absent or is_opposed(self.text, after):
            # "No involvement of nodes (N0)" asks for N0: what is negated is what was not understood.
            return replace(self._unread(items), atoms=scope.atoms, rules=scope.rules, sure=False)
        made = reach(negate(scope), scope, after)
        if self.kind is Kind.EXCLUSION:
            made = self._in_doubt(made, word, items)
        if self.kind is Kind.INCLUSION and before and not joins:
            made = restrict(made, self.text[before[0].start : word.end])
        parts = [made := self._kept(made, [word, *after])]
        left = self._ahead(before, joins)
        if left is not None:
            parts.insert(0, left)
            if Role.OR in joins:
                parts[-1] = made = replace(made, complete=False, sure=False)
        if rest:
            drop = 0
            while drop < len(rest) and rest[drop].role in JOINS:
                drop += 1
            right = self._asked(rest[drop:])
            if right is not None:
                parts.append(right)
                joins += [i.role for i in rest[:drop]]
        if len(parts) == 1:
            return made
        if all(part.manual for part in parts):
            return Built(None, manual=True)
        expressions = [p.expression for p in parts if p.expression is not None]
        merged = merge(parts, join(expressions, any_of=Role.OR in joins))
        return replace(
            merged,
            complete=merged.complete and Role.OR not in joins,
            sure=merged.sure and Role.OR not in joins,
        )

    def _in_doubt(self, made: Built, word: Item, items: list[Item]) -> Built:
        note = "a negation under the exclusion criteria: does it exclude, or is it a requirement?"
        spans = tuple(sorted({*made.unread, (word.start, word.end)}))
        return replace(
            made,
            complete=False,
            unread=spans,
            warnings=(*made.warnings, note),
            expression=Unread(self._said(items)),
        )

    def _ahead(self, before: list[Item], joins: list[Role]) -> Built | None:
        """What stands before a "no", but for a subject: women who can bear a child must not be pregnant."""
        made = self._asked(before) if before else None
        subject = made is not None and made.manual and not joins and _BEARING.search(self._said(before))
        return None if subject else made

    def _told(self, before: list[Item], word: Item, scope: Built) -> Built | None:
        """What a negation excludes where that is sure; None where it is not."""
        start = self.text.rfind(";", self.start, word.start) + 1 or self.start
        sense = sense_of(word, before, self.text, start)
        if (
            self.kind is Kind.INCLUSION
            or sense is Sense.UNSURE
            or not scope.complete
            or scope.manual
            or scope.expression is None
        ):
            return None
        if sense is Sense.BARS:
            return scope
        if any(atom.concept in _OF_WOMEN for atom in scope.atoms):
            return None  # whom a pregnancy cannot be of has none either
        if scope.sorts - {Sort.CONDITION, Sort.THERAPY}:
            return None
        left = self._clause(before) if before else None
        if left is None:
            return negate(scope) if not before else None
        one = len({atom.concept for atom in left.atoms}) == 1
        if not (one and left.complete and left.sorts <= {Sort.CONDITION, Sort.THERAPY}):
            return None
        right = negate(scope)
        parts = [e for e in (left.expression, right.expression) if e is not None]
        return merge([left, right], join(parts, any_of=False))

    def _said(self, items: Sequence[Item]) -> str:
        start, end = self._span(items)
        return " ".join(self.text[start:end].split())

    def _span(self, items: Sequence[Item]) -> tuple[int, int]:
        """Where items stand in the criterion: those that its stem lends stand before it, and do not count."""
        own = [item for item in items if self.start <= item.start and item.end <= self.end]
        return (own[0].start, max(item.end for item in own)) if own else (self.start, self.end)

    def _list(self, items: list[Item], *, negated: bool) -> Built:
        segments, joins = self._segments(absorb(items, self.text))
        if not segments:
            return Built(None)
        share_qualifiers(segments, joins, self.text)
        built = [
            build_segment(segment, self.text, negated=negated or self.kind is Kind.EXCLUSION)
            for segment in segments
        ]
        if all(b.manual for b in built) or (any(b.manual for b in built) and not any(b.atoms for b in built)):
            return Built(None, manual=True)
        if len(built) == 1:
            return built[0]
        lifted = lift(segments, built, joins, self._said([]))
        if lifted is not None:
            return lifted
        any_of, sure, noted = how_joined(self.kind, segments, built, joins, negated=negated)
        parts: list[Expression] = [b.expression for b in built if b.expression is not None]
        unclear = set(joins) <= {Role.COMMA} and any(
            not b.atoms and not b.manual and b.expression is not None for b in built
        )
        whole = join(parts, any_of=any_of)
        if unclear and whole is not None:
            rest = [b.expression for b in built if b.atoms and b.expression is not None]
            apart = Unread(self._said(items))
            either = join(rest, any_of=any_of)
            whole = (
                apart
                if either is None
                else join([e for e in (join([either, apart], any_of=False), apart) if e], any_of=True)
            )
        merged = merge(built, whole)
        if any(item.role in (Role.EXCEPT, Role.ALLOWED, Role.BARRED) for item in items):
            sure, noted = False, ()  # an exception inside of parentheses: of what, cannot be told
        if not sure and noted and merged.complete and not any(b.manual for b in built):
            both, one = join(parts, any_of=False), join(parts, any_of=True)
            if both is not None and one is not None and both != one:
                # All of them in any case, none of them in no case: between the two a person decides.
                merged = replace(merged, expression=AnyOf((both, Judgement(one))))
                sure = True
        asked = [item for item in items if item.role is Role.MANUAL]
        reaches = set(joins) == {Role.OR} and all(item.key in _REACHED for item in asked)
        reaches = reaches and bool(built[0].atoms) and not segments[0].manual
        if negated and any(b.manual for b in built) and not reaches:
            sure, noted = False, (*noted, "how far the negation reaches is not sure")
        if not sure:
            merged = replace(merged, complete=False, sure=False)
        return replace(merged, warnings=(*merged.warnings, *noted), manual=False)

    def _segments(self, items: Sequence[Item]) -> tuple[list[Segment], list[Role]]:
        segments: list[Segment] = [Segment()]
        joins: list[Role] = []
        for at, item in enumerate(items):
            if item.role is Role.COMMA and segments[-1].takes_class(items[at + 1 : at + 2]):
                continue  # heart failure, NYHA class III
            if item.role in JOINS:
                if segments[-1].empty:
                    if joins:
                        joins[-1] = item.role if item.role is not Role.COMMA else joins[-1]
                    continue
                segments.append(Segment())
                joins.append(item.role)
            elif item.role in (Role.OPEN, Role.CLOSE, Role.EXAMPLE):
                if item.role is Role.EXAMPLE and segments[-1].manual and self.kind is Kind.INCLUSION:
                    break  # examples of what is asked in person
                if item.role is Role.EXAMPLE and at and items[at - 1].role is Role.OPEN:
                    # acute (such as malaria) infections: what the examples are of follows
                    bare = bool(segments[-1].modifiers) and not segments[-1].content
                    segments[-1].doubtful |= bare and gives_names(items[at:])
                if item.role is Role.EXAMPLE and segments[-1].empty is False:
                    segments.append(Segment())
                    joins.append(Role.OR)
            elif (
                item.role is Role.ENTITY
                and kind_of(item) is not None
                and segments[-1].entities
                and segments[-1].entities[-1].concepts == item.concepts
            ):
                if item.key == NARROWER:  # pulmonary fibrosis (idiopathic pulmonary fibrosis)
                    segments[-1].entities[-1] = item
                continue  # said twice: human immunodeficiency virus (HIV)
            else:
                segments[-1].take(item)
        while segments and segments[-1].empty:
            segments.pop()
            if joins:
                joins.pop()
        return segments, joins[: max(0, len(segments) - 1)]


def _pop_times(items: list[Item]) -> list[Item]:
    """What ends the items and says when or whether something was, taken from them."""
    cut = len(items)
    while cut and items[cut - 1].role in (Role.HISTORY, Role.RECEIVED, Role.ACTIVE):
        cut -= 1
    found, items[cut:] = items[cut:], []
    return found
