"""Codes, the short names of their systems, and sets of them that match exactly or by prefix."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from fhirscreen.exceptions import MappingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ICD_10 = ("icd-10", "icd-10-cm", "icd-10-gm")
"""The variants that the key `icd-10` means in the mappings."""

_PREFIXED = frozenset({*ICD_10, "atc"})
_ICD_O_3 = "icd-o-3"
_REMEMBERED = 1 << 16


class Coding(NamedTuple):
    """A code in a system; the system is its short name, or its URL where the mappings have no name for it."""

    system: str
    code: str


class Systems:
    """The short names of code systems, by every URL and OID under which servers send them."""

    __slots__ = ("_remembered", "_short", "_spellings", "_url")

    def __init__(
        self,
        short_by_url: Mapping[str, str],
        url_by_short: Mapping[str, str],
        spellings: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self._short = dict(short_by_url)
        self._url = dict(url_by_short)
        self._spellings = {name: tuple(urls) for name, urls in (spellings or {}).items()}
        self._remembered: dict[str, str] = {}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Systems:
        """From `{short name: {url: …, also: [other URLs and OIDs]}}`.

        Raises MappingError for an entry of another shape and for a URL with two names.
        """
        short: dict[str, str] = {}
        url: dict[str, str] = {}
        listed: dict[str, list[str]] = {}
        for name, entry in data.items():
            try:
                url[name] = entry["url"]
                spellings = listed[name] = [entry["url"], *entry.get("also", ())]
            except (TypeError, KeyError, AttributeError):
                raise MappingError(
                    f"the code system '{name}' has no URL", expected="{url: …, also: […]}"
                ) from None
            for spelling in spellings:
                if short.setdefault(_bare(spelling), name) != name:
                    raise MappingError(
                        f"the URL {spelling} names two code systems, '{short[_bare(spelling)]}' and '{name}'"
                    )
        return cls(short, url, listed)

    def __contains__(self, name: object) -> bool:
        return name in self._url

    def __iter__(self) -> Any:
        return iter(self._url)

    def short(self, url: str) -> str:
        """The short name of a system, or the URL itself where it has none.

        A version (`|2024`), a trailing slash, `https` and capitals make no difference.
        """
        name = self._remembered.get(url)
        if name is None:
            name = self._short.get(_bare(url), url)
            if len(self._remembered) < _REMEMBERED:
                self._remembered[url] = name
        return name

    def url(self, short: str) -> str:
        """The canonical URL of a system; what is no short name is taken for a URL and comes back."""
        return self._url.get(short, short)

    def urls(self, short: str) -> tuple[str, ...]:
        """Every known spelling of a system, the canonical URL first: what a server may be searched for."""
        canonical = self.url(short)
        return (canonical, *sorted(set(self._spellings.get(short, ())) - {canonical}))


def _bare(url: str) -> str:
    bare = url.partition("|")[0].strip().rstrip("/").lower()
    return "http" + bare[5:] if bare.startswith("https:") else bare


def is_prefix(system: str, code: str) -> bool:
    """Whether a listed code stands for all that begin with it: ICD-10, ATC, and topography in ICD-O-3."""
    return system in _PREFIXED or (system == _ICD_O_3 and code[:1] in {"C", "c"})


def plain(code: str) -> str:
    """A code of a prefix system as it is compared: without dots and spaces, in capitals."""
    return code.replace(".", "").replace(" ", "").upper()


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes that match exactly, and codes (plain) that match whatever begins with them."""

    exact: frozenset[Coding] = frozenset()
    prefixes: frozenset[Coding] = frozenset()

    @classmethod
    def from_data(cls, data: Mapping[str, Iterable[object]]) -> Codes:
        """From `{system: [codes]}`; `icd-10` stands for its three variants.

        A prefix that another covers is dropped, so that equal sets are equal objects.
        Raises MappingError for what is no list of codes, and for an empty code.
        """
        exact: set[Coding] = set()
        prefixes: set[Coding] = set()
        for system, codes in data.items():
            if isinstance(codes, str) or not hasattr(codes, "__iter__"):
                raise MappingError(f"the codes of '{system}' are no list", expected='["718-7", …]')
            variants = ICD_10 if system == "icd-10" else (system,)
            for each in codes:
                code = _read_code(system, each)
                if is_prefix(system, code):
                    prefixes.update([Coding(variant, plain(code)) for variant in variants])
                else:
                    exact.add(Coding(system, code))
        return cls(frozenset(exact), _shortest(prefixes))

    def __bool__(self) -> bool:
        return bool(self.exact or self.prefixes)

    def all(self) -> tuple[frozenset[Coding], frozenset[Coding]]:
        """What is listed: to match exactly, and as prefixes."""
        return self.exact, self.prefixes

    def union(self, *others: Codes) -> Codes:
        """What any of them has."""
        exact = self.exact.union(*(each.exact for each in others))
        return Codes(exact, _shortest(self.prefixes.union(*(each.prefixes for each in others))))

    def has(self, system: str, code: str) -> bool:
        """Whether the code is one of these."""
        if (system, code) in self.exact:
            return True
        if not self.prefixes:
            return False
        bare = plain(code)
        return any(prefix.system == system and bare.startswith(prefix.code) for prefix in self.prefixes)

    def wire(self) -> dict[str, list[str]]:
        """`{system: [codes]}`, sorted, each variant of ICD-10 by itself."""
        result: dict[str, list[str]] = {}
        for system, code in sorted(self.exact | self.prefixes):
            result.setdefault(system, []).append(code)
        return result


def _read_code(system: str, code: object) -> str:
    """A code as text. Raises MappingError for a number, which may have lost what it was written with."""
    if not isinstance(code, str):
        raise MappingError(
            f"a code of '{system}' is no text, but {code!r}",
            expected='text, such as "718-7"',
            remedy="quote every code: a number may not be what was written",
        )
    if code != code.strip() or not plain(code):
        problem = "has spaces around it" if plain(code) else "is empty"
        raise MappingError(
            f"a code of '{system}' {problem}: {code!r}",
            expected='text, such as "718-7"',
            remedy="no code of a record could match it: write the code, or take it out",
        )
    return code


def _shortest(prefixes: Iterable[Coding]) -> frozenset[Coding]:
    given = frozenset(prefixes)
    if len(given) < 2:
        return given
    kept: set[Coding] = set()
    for prefix in sorted(given):  # a prefix sorts before what it covers
        if not any((prefix.system, prefix.code[:length]) in kept for length in range(1, len(prefix.code))):
            kept.add(prefix)
    return frozenset(kept)


class Part(NamedTuple):
    """Codes that are in a set but for some."""

    included: Codes
    excepted: Codes


@dataclass(frozen=True, slots=True)
class CodeSet:
    """The codes that mean something: parts, each of codes but for exceptions.

    Immutable, hashable and equal by content; answers are remembered.
    """

    parts: tuple[Part, ...] = ()
    _remembered: dict[tuple[str, str], bool] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @classmethod
    def from_data(
        cls,
        codes: Mapping[str, Iterable[object]],
        excepted: Mapping[str, Iterable[object]] | None = None,
    ) -> CodeSet:
        """From `{system: [codes]}` and the codes that are taken out again. Raises MappingError."""
        return cls.of(Codes.from_data(codes), Codes.from_data(excepted) if excepted else None)

    @classmethod
    def of(cls, included: Codes, excepted: Codes | None = None) -> CodeSet:
        """From codes that are already read."""
        return cls((Part(included, excepted or Codes()),) if included else ())

    @property
    def exact(self) -> frozenset[Coding]:
        """All codes that are listed to match exactly, exceptions not considered."""
        return frozenset().union(*(part.included.exact for part in self.parts))

    @property
    def prefixes(self) -> frozenset[Coding]:
        """All prefixes that are listed, exceptions not considered."""
        return _shortest(prefix for part in self.parts for prefix in part.included.prefixes)

    def __bool__(self) -> bool:
        return bool(self.parts)

    def matches(self, system: str, code: str) -> bool:
        """Whether a code, its system by short name, is in the set."""
        key = (system, code)
        answer = self._remembered.get(key)
        if answer is None:
            answer = any(
                part.included.has(system, code) and not part.excepted.has(system, code) for part in self.parts
            )
            if len(self._remembered) < _REMEMBERED:
                self._remembered[key] = answer
        return answer

    def systems(self) -> tuple[str, ...]:
        """The short names of the systems that the set has codes of, sorted."""
        found = [coding for part in self.parts for codes in part.included.all() for coding in codes]
        return tuple(sorted({coding.system for coding in found}))

    def union(self, *others: CodeSet) -> CodeSet:
        """What any of the sets has; an exception takes out of its own set only."""
        every = {part for each in (self, *others) for part in each.parts}
        if len(every) < 2:
            return CodeSet(tuple(every))
        limited = {part for part in every if part.excepted}
        plain_codes = Codes().union(*(part.included for part in every - limited))
        parts = [Part(plain_codes, Codes())] if plain_codes else []
        return CodeSet((*parts, *sorted(limited, key=_wire_text)))

    def wire(self) -> list[dict[str, dict[str, list[str]]]]:
        """The parts as plain data, sorted: `[{codes: {system: [codes]}, except: {…}}]`."""
        return [_wire(part) for part in sorted(self.parts, key=_wire_text)]

    def digest(self) -> str:
        """A SHA-256 in hexadecimal that is the same wherever and whenever the set is the same."""
        return sha256(json.dumps(self.wire(), separators=(",", ":")).encode()).hexdigest()


def _wire(part: Part) -> dict[str, dict[str, list[str]]]:
    wire = {"codes": part.included.wire()}
    if part.excepted:
        wire["except"] = part.excepted.wire()
    return wire


def _wire_text(part: Part) -> str:
    return json.dumps(_wire(part))
