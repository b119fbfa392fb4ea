"""The grammar of the one search box: what a person types becomes a tree, and the tree a text.

A value, a `"quoted text"`, a pattern with `*`, a network, `field:value`, `-` before what is not
wanted, `OR`, parentheses; what stands side by side holds together. A query speaks of one
occurrence: a value in a record.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_network

from msgspec import Struct

from zvon.model.marking import Pap, Tlp
from zvon.model.observable import ObservableType

MAX_QUERY = 2000
MAX_TERMS = 50
MAX_DEPTH = 20


class Field(StrEnum):
    """What may stand before a colon."""

    TYPE = "type"  # of the value
    ROLE = "role"  # of the value in the record
    AFTER = "after"  # seen at that time or later
    BEFORE = "before"
    SEEN = "seen"  # within so long before now
    SOURCE = "source"
    KIND = "kind"  # of the record
    TAG = "tag"
    TLP = "tlp"
    PAP = "pap"
    LANG = "lang"  # of a text that was read
    TEXT = "text"  # words of the record


class Role(StrEnum):
    """How a value stands in its record, as the store numbers it from 1."""

    SAID = "said"
    SHOWN = "shown"
    NEAR = "near"
    REPORTER = "reporter"
    NAMED = "named"


class Value(Struct, frozen=True):
    """A value, defanged or not; where none is known by it, a part of one, then words."""

    text: str


class Glob(Struct, frozen=True):
    """A part of a value; `*` stands for anything, and upper and lower case are the same."""

    pattern: str


class Network(Struct, frozen=True):
    """Addresses and networks inside of this one, in canonical form."""

    cidr: str


class Term(Struct, frozen=True):
    """`field:text`; the text is in the canonical form of its field."""

    field: Field
    text: str


class Not(Struct, frozen=True):
    """What does not hold."""

    part: "Node"


class And(Struct, frozen=True):
    """All hold of the same occurrence; without parts: whatever there is."""

    parts: tuple["Node", ...]


class Or(Struct, frozen=True):
    """At least one holds; two parts or more."""

    parts: tuple["Node", ...]


Node = Value | Glob | Network | Term | Not | And | Or
Query = Node
EVERYTHING = And(())

_WHY = {
    "QUERY_LONG": "a search has at most {most} characters",
    "QUERY_TERMS": "a search has at most {most} terms",
    "QUERY_DEPTH": "parentheses go at most {most} deep",
    "QUERY_QUOTE": "the quotation mark is not closed",
    "QUERY_OPEN": "the parenthesis is not closed",
    "QUERY_CLOSE": "a parenthesis closes that was never opened",
    "QUERY_EMPTY": "something is missing here",
    "QUERY_FIELD": "there is no field {field}; write it in quotation marks to search for it as it stands",
    "QUERY_SHORT": "a part needs three letters or digits in a row",
    "QUERY_WORD": "{field}: {text} is none of {known}",
    "QUERY_TIME": "{field}: {text} is no date such as 2026-11-01 or 2026-11-01T08:30",
    "QUERY_AGO": "seen: {text} is no time such as 12h, 7d or 4w",
    "QUERY_NAME": "{field}: {text} is no name",
    "QUERY_CHARACTER": "a character that no value may hold",
}


class BadQuery(ValueError):
    """The text is no query. `position` counts characters from 0; `code` is in the catalogue."""

    def __init__(self, code: str, position: int, **params: str | int) -> None:
        super().__init__(f"at character {position + 1}: " + _WHY[code].format(**params))
        self.code = code
        self.position = position
        self.params = params

    @property
    def errors(self) -> list[dict[str, str | int]]:
        """For an answer to a program: what, and where."""
        return [{"code": self.code, "position": self.position}]


def parse(text: str) -> Query:
    """Read what a person typed; an empty text asks for everything. Raises `BadQuery`."""
    if len(text) > MAX_QUERY:
        raise BadQuery("QUERY_LONG", MAX_QUERY, most=MAX_QUERY)
    found = re.search("[\x00\ud800-\udfff]", text)
    if found is not None:
        raise BadQuery("QUERY_CHARACTER", found.start())
    reader = _Reader(text)
    query = reader.either(0)
    if reader.peek() == ")":
        raise BadQuery("QUERY_CLOSE", reader.at)
    return query


def write(query: Query) -> str:
    """The text of a query, for links and saved views: `parse(write(query)) == query`."""
    match query:
        case And(parts):
            return " ".join(_inner(part, Or, And) for part in parts)
        case Or(parts):
            return " OR ".join(_inner(part, Or) for part in parts)
        case Not(part):
            return "-" + _inner(part, And, Or, Not)
        case Value(text):
            return text if _plain(text) else _quoted(text)
        case Glob(pattern):
            return pattern
        case Network(cidr):
            return cidr
        case Term(field, text):
            return f"{field}:{text if _WORD.fullmatch(text) else _quoted(text)}"


def both(query: Query, term: Term) -> Query:
    """What `query` asks for, of which `term` holds too: how a facet narrows a search."""
    return conjunction([query, term])


def conjunction(parts: list[Query]) -> Query:
    """All of `parts`; one inside another is opened, and one alone stays what it is."""
    flat: list[Query] = []
    for part in parts:
        flat += part.parts if isinstance(part, And) else [part]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(parts: list[Query]) -> Query:
    """At least one of `parts`, which are not empty."""
    flat: list[Query] = []
    for part in parts:
        flat += part.parts if isinstance(part, Or) else [part]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def ago(text: str) -> timedelta:
    """How long `12h`, `7d`, `4w` are. Raises `ValueError`."""
    found = re.fullmatch(r"([0-9]{1,4})([hdw])", text)
    if found is None:
        raise ValueError(text)
    return timedelta(hours=int(found[1]) * {"h": 1, "d": 24, "w": 168}[found[2]])


def moment(text: str) -> datetime:
    """The time that `after:` and `before:` name, in UTC where no zone is said."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


_WORD = re.compile(r"[\w+.:/=@-]+")
# Something before a colon that looks like a field: no scheme, no drive, no group of IPv6.
_FIELD = re.compile(r"([A-Za-z]{3,12}):(?![/\\\[(])")
_SCHEMES = frozenset({"mailto", "urn", "tel", "data", "sip", "callto", "http", "https"})
_HEX = re.compile(r"[0-9a-fA-F]{1,4}")
_STARS_AS_LETTERS = re.compile(r"(?i)h\*\*ps?[:\[]")  # h**p://, a way to defang
_RUN = re.compile(r"[^\W_]{3}")
_LANG = re.compile(r"[a-z]{2,3}")
_KIND = re.compile(r"[a-z][a-z_-]{0,30}")


class _Reader:
    """Reads from left to right, and knows where it is."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.terms = 0

    def peek(self) -> str:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def word(self, expected: str) -> bool:
        """Take `expected` when it is the next word."""
        self.peek()
        end = self.at + len(expected)
        if self.text[self.at : end] != expected or not (
            end == len(self.text) or self.text[end].isspace() or self.text[end] == "("
        ):
            return False
        self.at = end
        return True

    def either(self, depth: int) -> Query:
        parts = [self.together(depth)]
        while self.word("OR"):
            if parts[-1] == EVERYTHING:
                raise BadQuery("QUERY_EMPTY", self.at - 2)
            parts.append(self.together(depth))
            if parts[-1] == EVERYTHING:
                raise BadQuery("QUERY_EMPTY", self.at)
        return disjunction(parts)

    def together(self, depth: int) -> Query:
        parts: list[Query] = []
        while self.peek() not in {"", ")"}:
            before = self.at
            if self.word("OR"):
                self.at = before
                break
            if self.word("AND"):
                if not parts or self.peek() in {"", ")"}:
                    raise BadQuery("QUERY_EMPTY", before)
                continue
            parts.append(self.one(depth))
        return conjunction(parts)

    def one(self, depth: int) -> Query:
        start = self.at
        if self.text[start] == "-" and self.text[start + 1 : start + 2].strip():
            self.at += 1
            if depth >= MAX_DEPTH:
                raise BadQuery("QUERY_DEPTH", start, most=MAX_DEPTH)
            part = self.one(depth + 1)
            return part.part if isinstance(part, Not) else Not(part)
        if self.text[start] == "(":
            if depth >= MAX_DEPTH:
                raise BadQuery("QUERY_DEPTH", start, most=MAX_DEPTH)
            self.at += 1
            inner = self.either(depth + 1)
            if self.peek() != ")":
                raise BadQuery("QUERY_OPEN", start)
            if inner == EVERYTHING:
                raise BadQuery("QUERY_EMPTY", start)
            self.at += 1
            return inner
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise BadQuery("QUERY_TERMS", start, most=MAX_TERMS)
        if self.text[start] == '"':
            return Value(_filled(self.quoted(), start))
        return self.term()

    def term(self) -> Query:
        start = self.at
        found = _FIELD.match(self.text, start)
        name = found[1].lower() if found else ""
        if found and name not in _SCHEMES and not _HEX.fullmatch(name):
            behind = self.text[found.end() : found.end() + 1]
            empty = not behind.strip() or behind == ")"
            if empty and name not in _FIELDS:
                return _bare(self.bare(), start)
            if empty:
                raise BadQuery("QUERY_EMPTY", found.end())
            if name not in _FIELDS:
                raise BadQuery("QUERY_FIELD", start, field=found[1])
            self.at = found.end()
            text = self.quoted() if self.text[self.at] == '"' else self.bare()
            field = Field(name)
            return Term(field, _FORMS[field](field, _filled(text, start), start))
        return _bare(self.bare(), start)

    def bare(self) -> str:
        """Up to the next blank, or to a parenthesis that closes what opened before the word."""
        start, open_ = self.at, 0
        while self.at < len(self.text) and not self.text[self.at].isspace():
            char = self.text[self.at]
            if char == "(":
                open_ += 1
            elif char == ")":
                if not open_:
                    break
                open_ -= 1
            self.at += 1
        return self.text[start : self.at]

    def quoted(self) -> str:
        start = self.at
        found = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL).match(self.text, start)
        if found is None:
            raise BadQuery("QUERY_QUOTE", start)
        self.at = found.end()
        return re.sub(r'\\(["\\])', r"\1", found[1])


def _filled(text: str, position: int) -> str:
    stripped = text.strip()
    if not stripped:
        raise BadQuery("QUERY_EMPTY", position)
    return stripped


def _bare(text: str, position: int) -> Query:
    """What a word without field and quotation marks asks for."""
    if "*" in text and not _STARS_AS_LETTERS.match(text):
        if not any(_RUN.search(piece) for piece in text.split("*")):
            raise BadQuery("QUERY_SHORT", position)
        return Glob(re.sub(r"\*+", "*", text))
    if "/" in text and "%" not in text:  # a zone is of one machine
        try:
            return Network(ip_network(text.replace("[.]", "."), strict=False).compressed)
        except ValueError:
            pass
    return Value(text)


def _plain(text: str) -> bool:
    """True when the text, as it stands, is read as this value."""
    try:
        return text not in {"OR", "AND"} and parse(text) == Value(text)
    except BadQuery:
        return False


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _inner(part: Query, *loose: type) -> str:
    return f"({write(part)})" if isinstance(part, loose) else write(part)


def _one_of(known: tuple[str, ...]) -> Callable[[Field, str, int], str]:
    def read(field: Field, text: str, position: int) -> str:
        word = text.lower()
        if word not in known:
            raise BadQuery(
                "QUERY_WORD", position, field=field.value, text=text, known=", ".join(known)
            )
        return word

    return read


def _like(form: re.Pattern[str]) -> Callable[[Field, str, int], str]:
    def read(field: Field, text: str, position: int) -> str:
        if not form.fullmatch(text.lower()):
            raise BadQuery("QUERY_NAME", position, field=field.value, text=text)
        return text.lower()

    return read


def _pap(field: Field, text: str, position: int) -> str:
    word = text.lower().removeprefix("pap:").replace("white", "clear")
    return _one_of(PAPS)(field, word, position)


def _tlp(field: Field, text: str, position: int) -> str:
    word = text.lower().removeprefix("tlp:").replace("white", "clear")
    return _one_of(TLPS)(field, word, position)


def _time(field: Field, text: str, position: int) -> str:
    try:
        at = moment(text)
        if text.isascii() and 1970 <= at.year <= 9000:
            return text.upper()
    except (ValueError, OverflowError):
        pass
    raise BadQuery("QUERY_TIME", position, field=field.value, text=text)


def _ago(_field: Field, text: str, position: int) -> str:
    try:
        ago(text.lower())
    except ValueError:
        raise BadQuery("QUERY_AGO", position, text=text) from None
    return text.lower()


def _any(_field: Field, text: str, _position: int) -> str:
    return text


TLPS = tuple(tlp.label.removeprefix("TLP:").lower() for tlp in Tlp)
PAPS = tuple(pap.name.lower() for pap in Pap)
_FIELDS = frozenset(field.value for field in Field)
_FORMS: dict[Field, Callable[[Field, str, int], str]] = {
    Field.TYPE: _one_of(tuple(kind.value for kind in ObservableType)),
    Field.ROLE: _one_of(tuple(role.value for role in Role)),
    Field.TLP: _tlp,
    Field.PAP: _pap,
    Field.AFTER: _time,
    Field.BEFORE: _time,
    Field.SEEN: _ago,
    Field.LANG: _like(_LANG),
    Field.KIND: _like(_KIND),
    Field.SOURCE: _any,
    Field.TAG: _any,
    Field.TEXT: _any,
}
