"""From flattened text to typed tokens, in one pass of one pattern."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple


class Kind(Enum):
    """What a token is."""

    WORD = auto()
    NUMBER = auto()
    COMPARATOR = auto()
    LIMIT = auto()
    CATEGORY = auto()
    SIGN = auto()


class Token(NamedTuple):
    """A piece of the text. `key` is what phrases are looked up by.

    Of a number: `value`, the text of its unit, the limit that it is a multiple of, and whether a hyphen
    joins it to the unit. `value` is the operator of a comparator (`>=`), `tail` the rest of a category.
    """

    kind: Kind
    start: int
    end: int
    text: str
    key: str
    value: float = 0.0
    unit: str = ""
    limit: str = ""


_LIMIT = r"""
  (?i:
    (?:the\s+|institutional\s+|institution's\s+|laboratory\s+|laboratories'?\s+|laboratory's\s+|local\s+|lab\s+
      |site\s+|center\s+|centre\s+|reference\s+|age-?(?:adjusted|appropriate)\s+|our\s+|their\s+|study\s+){0,5}
    (?:ULNs?\b|UNLs?\b|LSN\b|IULN\b|UNR\b|LLNs?\b|LNLs?\b|ILLN\b
      |(?:upper|higher|lower)\s+(?:normal\s+|reference\s+|institutional\s+|laboratory\s+|lab\s+)*(?:limits?|ranges?|bound(?:ary)?|values?|levels?)
       (?:\s*\(?\s*(?:ULN|LLN)\s*\)?)?
       (?:\s+normals?\b(?!\s+rang)|\s+(?:of|for|in)\s+(?:the\s+|each\s+|our\s+)?(?:(?:institutional|institution's|institution|laboratory|laboratories'?|local|lab|central|site's|reference|study|normal)\s*)*
          (?:normals?(?:ity)?(?:\s+(?:range|value|limit)s?)?|ranges?|values?|reference(?:\s+ranges?)?)?)?
      |(?:upper|lower)\s+normal\b
      |normal\s+(?:upper|lower)\s+limits?(?:\s+of\s+normal)?
      |upper\s+limits?(?:\s+normals?\b)?)
    (?:\s*\(\s*I?(?:ULN|UNL|LLN|LNL)\s*\))?
  )
"""
_VOLUME = (
    r"(?:µ[lL]|u[lL]|mc[lL]|micro\s?[lL]\b|m[lL]|d[lL]|[lL](?:it(?:er|re)s?)?|mm\s?\^?\s?[3³]|mm\s?c\b|cmm|"
    r"cm\s?\^?\s?[3³]|cu\.?\s?mm|mm|"
    r"micro-?lit(?:er|re)s?|milli-?lit(?:er|re)s?|deci-?lit(?:er|re)s?|cubic\s+milli-?met(?:er|"
    r"re)s?|ccm|m\^?3|100\s?m[lL])"
)
_CELLS = (
    r"(?:\s*(?:cells?|platelets?|plts?|neutrophils?|leu[ck]ocytes?|lymphocytes?|thrombocytes?|"
    r"WBCs?|copies|GPT)\b)?"
)
_POWER = r"(?:[xX×*·]\s*)?10\s*(?:\^|\*\*?|[eE]|exp\s?)?\s*[({]?\s*(?:1[0-2]|0?[3-9]|[³-⁹⁰¹²]+)(?!\d)\s*[)}]?"
_TIME = (
    r"(?:years?|yrs?\b\.?|months?|mos?\b|weeks?|wks?\b|days?|hours?|hrs?\b|minutes?|mins?\b|seconds?|secs?\b)"
)
_MASS = r"(?:k|m|µ|u|mc|n|p)?(?:g|gm|gr|gram|grams|gms)"
_UNIT = rf"""
    {_POWER}{_CELLS}(?:\s*(?:/|\bper\b|\s[lL]-1)\s*{_VOLUME}?)?
    |[KkGTM]\s*/\s*{_VOLUME}
    |(?:thousand|million|billion)?{_CELLS}\s*(?:/|\bper\b)\s*{_VOLUME}
    |m[lL]\s*(?:/|\bper\b)\s*min(?:ute)?s?(?:\s*(?:/|\bper\b)\s*(?:\(?1[.,]73\s*(?:sq\.?\s*)?m(?:eter)?s?\s?\^?[2²]?\)?|m\s?\^?[2²]))?
    |m[lL]\s*/\s*(?:sec|s)(?:\s*/\s*1[.,]73\s*m\s?\^?[2²]?)?|m[lL]\s*/\s*m\b
    |{_MASS}\s*(?:/|%|\bper\b)\s*(?:100\s*m[lL]|{_VOLUME}|day|d\b|24\s*-?\s*h(?:ou)?rs?|24\s*h|kg(?:\s*/\s*(?:day|d\b|h\b|min))?|m\s?\^?[2²]|g\b|mg\b|mmol\b|cm\s?\^?[2²])?(?:\s*creat\w*)?
    |(?:gm?|mg)\s?%
    |(?:m|µ|u|mc|n|p|f)?mol(?:es?)?\s*(?:/|\bper\b)\s*(?:{_VOLUME}|mol)
    |(?:m|µ|u)?[eE]q\s*/\s*{_VOLUME}
    |(?:m|k|µ|u)?I?U\s*/\s*(?:{_VOLUME}|kg)|(?:international\s+)?units?\s*(?:/|\bper\b)\s*{_VOLUME}
    |(?:mm|cm|m)\s*/?\s*H[gG]\b|kPa\b|mm\s?/\s?h(?:r|our)?\b
    |kg\s*(?:/|\bper\b)\s*(?:\(?m\s?\^?\(?[2²]\)?|m2|square\s+met(?:er|re)s?|sq\.?\s?m)
    |kilograms?(?:\s*(?:/|\bper\b)\s*(?:m\s?\^?[2²]|square\s+met(?:er|re)s?|met(?:er|re)s?\s+squared))?
    |beats?(?:\s*(?:/|\bper\b)\s*min(?:ute)?s?)?|bpm\b|breaths?\s*(?:/|\bper\b)\s*min(?:ute)?s?|/\s*min(?:ute)?s?
    |pack[\s-]*years?|-?\s*{_TIME}
    |%|percent\b|per\s+cent\b
    |°\s*[CF]\b|°|℃|℉|degrees?\s*(?:C(?:elsius)?|F(?:ahrenheit)?|centigrade)?\b
    |(?:mm|cm|µm)\s?\^?\s?[2²3³]?|m\s?\^?[2²]|millimet(?:er|re)s?|centimet(?:er|re)s?|inch(?:es)?|feet|lbs?\b\.?|pounds?|kgs?\b
    |cc\b|m[lL]\b|[µu][lL]\b|mc[lL]\b|liters?\b|litres?\b|L\b|msecs?\b|ms\b|milliseconds?
    |(?:m|µ|n)M\b|c?Gy\b|mSv\b|m?Ci\b|METs?\b|ppm\b|copies\b|IU\b|h\b|s\b|y\b(?=[\s.,;)]*(?:old|o\b|$))|y\.?o\b|d\b|g\b|m\b(?!\.)
"""
_NUMBER = (
    r"\d{1,3}(?:,\s?\d{3})+(?:\.\d+)?(?![\d,])|\d{1,3}(?:[ ]\d{3})+(?![\d])|\d+(?:[.,·]\d+)+|\d+|"
    r"(?<![\d\w])\.\d+"
)

_WORD = r"[^\W\d_]+(?:'[a-z]{1,2}\b)?"
_LIMIT_BEGINS = (
    r"(?:the|institution|laborator|local|lab|site|cent|reference|age|our|their|study|"
    r"I?ULN|UNL|LSN|UNR|I?LLN|LNL|"
    r"upper|higher|lower|normal)"
)
_TOKEN = re.compile(
    rf"""
    (?P<plain>(?!{_LIMIT_BEGINS}|(?:y?[cp]|[ra])?[TNM](?:[0-4xX+]|is)){_WORD})
    |(?P<category>(?:y?[cp]|[ra])?(?:T(?:is|[0-4][a-d]?|[xX])|N(?:[0-3][a-c]?|[xX]|\+)|M(?:[01][a-d]?|[xX]))
        (?:\s?[-~]\s?[0-4][a-d]?(?![\d\w%]))?(?![a-z\d]|[-/][A-Z]{{2}})(?!(?!y?[cp]?[TNM][0-4xX])[A-Z]))
    |(?P<limit>{_LIMIT})
    |(?P<number>{_NUMBER})
        (?:\s*(?:[xX×*]|times?|-?\s?folds?(?:\s+(?:of|above|over|greater\s+than))?)?\s*(?:of\s+|above\s+)?(?P<multiple>{_LIMIT})
          |\s*(?:[xX×*]|times|-?\s?fold)\s*(?:the\s+|institutional\s+)*(?P<normal>normal(?:\s+(?:range|value|limit)s?)?\b|N\b)
          |\s*(?P<unit>{_UNIT})(?![A-Za-z]))?
    |(?P<comparator>[<>]\s*(?:/\s*|or\s*|\s*/?\s*or\s*)?=|=\s*[<>]|≥\s*=?|≤\s*=?|[<>](?!\s*[<>])|=)
    |(?P<word>{_WORD})
    |(?P<sign>[^\s\w]|_)
    """,
    re.VERBOSE,
)
_KINDS = {
    "plain": Kind.WORD,
    "category": Kind.CATEGORY,
    "limit": Kind.LIMIT,
    "number": Kind.NUMBER,
    "multiple": Kind.NUMBER,
    "normal": Kind.NUMBER,
    "unit": Kind.NUMBER,
    "comparator": Kind.COMPARATOR,
    "word": Kind.WORD,
    "sign": Kind.SIGN,
}


def tokenise(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """The tokens of a flattened text between two offsets. Every letter and digit is in one."""
    found = []
    for match in _TOKEN.finditer(text, start, len(text) if end is None else end):
        kind = _KINDS[match.lastgroup or "sign"]
        raw = match[0]
        if kind is Kind.WORD:
            token = Token(kind, match.start(), match.end(), raw, fold(raw))
        elif kind is Kind.NUMBER:
            token = _number(match)
        elif kind is Kind.COMPARATOR:
            token = Token(kind, match.start(), match.end(), raw, _operator(raw))
        elif kind is Kind.LIMIT:
            token = Token(kind, match.start(), match.end(), raw, raw.lower(), limit=_limit(raw))
        else:
            token = Token(kind, match.start(), match.end(), raw, raw.lower())
        found.append(token)
    return found


def _number(match: re.Match[str]) -> Token:
    digits, unit, multiple = match["number"], match["unit"] or "", match["multiple"]
    limit = _limit(multiple) if multiple else "uln" if match["normal"] else ""
    end = match.end() if unit or limit else match.end("number")
    value = read_number(digits, unit)
    key = digits if not unit else digits + fold(unit.strip(" -"))[:1]
    return Token(Kind.NUMBER, match.start(), end, match[0], key, value, unit.strip(" -"), limit)


def _operator(text: str) -> str:
    if text[0] == "≥" or (">" in text and "=" in text):
        return ">="
    if text[0] == "≤" or ("<" in text and "=" in text):
        return "<="
    return text[0]


def _limit(text: str) -> str:
    low = text.lower()
    return "lln" if "lower" in low or "lln" in low or "lnl" in low else "uln"


_SMALL_VOLUME = re.compile(r"/\s*(?:µ|u|mc|mm|cu|c?mm|micro)|per\s+(?:µ|micro|cubic|mm)", re.IGNORECASE)


def read_number(digits: str, unit: str = "") -> float:
    """A number with its decimal and thousands marks resolved: 1,500 · 1.500.000 · 50.000 /mm³ · 1,5."""
    plain = digits.replace(" ", "").replace("·", ".")
    parts = re.split(r"[.,]", plain)
    if len(parts) == 1:
        return float(plain)
    marks = [c for c in plain if c in ".,"]
    thousands = all(len(part) == 3 for part in parts[1:])
    if len(set(marks)) == 1 and thousands and parts[0] not in {"", "0"}:
        if marks[0] == "," or len(marks) > 1 or _SMALL_VOLUME.search(unit):
            return float("".join(parts))
        return float(plain)
    if len(set(marks)) == 1 and len(marks) > 1:  # 1.2.3: a section number, and no amount
        return float(parts[0] + "." + parts[1])
    return float("".join(parts[:-1]) + "." + parts[-1])


_BRITISH = re.compile(
    r"ae(?!r)|oe(?=[sdmt])|our(?=s?$|ed$|ing$)|ys(?=e[ds]?$|ing$)|(?<=\w{2})is(?=e[ds]?$|ing$|ation$|able$)"
)
_AMERICAN = {"ae": "e", "oe": "e", "our": "or", "ys": "yz", "is": "iz"}
_IRREGULAR = {
    "metastases": "metastasis", "diagnoses": "diagnosis", "biopsies": "biopsy", "carcinomata": "carcinoma",
    "women": "woman", "men": "man", "children": "child", "leucocyte": "leukocyte", "tumours": "tumor",
    "litre": "liter", "centre": "center", "fibre": "fiber", "enrolment": "enrollment", "enrolled": "enrolled",
    "leukaemia": "leukemia", "his": "his", "this": "this", "is": "is", "has": "has", "was": "was", "as": "as",
    "does": "does", "its": "its", "us": "us", "yes": "yes", "less": "less", "gas": "gas", "aids": "aids",
    "prognoses": "prognosis", "thromboses": "thrombosis", "stenoses": "stenosis", "viruses": "virus",
    "years": "year", "plus": "plus", "thus": "thus", "minus": "minus", "otherwise": "otherwise",
    "exercise": "exercise", "disease": "disease", "diseases": "disease", "raise": "raise", "rise": "rise",
    ""
    "anaesthesia": "anesthesia", "haemodialysis": "hemodialysis", "goes": "goes", "toes": "toe",
}  # fmt: skip


@lru_cache(maxsize=1 << 16)
def fold(word: str) -> str:
    """A word as phrases are looked up by: lower case, singular, in American spelling."""
    low = word.lower()
    known = _IRREGULAR.get(low)
    if known is not None:
        return known
    if low.endswith(("'s", "s'")):
        low = low[:-2]
    if len(low) > 3:
        if low.endswith("ies") and len(low) > 5:
            low = low[:-3] + "y"
        elif low.endswith(("sses", "shes", "ches", "xes")):
            low = low[:-2]
        elif low.endswith("s") and not low.endswith(("ss", "us", "is")):
            low = low[:-1]
    return _BRITISH.sub(lambda match: _AMERICAN[match[0]], low) if len(low) > 4 else low
