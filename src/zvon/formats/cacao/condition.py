"""Conditions as CACAO writes them: comparison expressions of the STIX 2.1 patterning grammar.

Read: `__name__:value = 'text'`, `!=`, `<`, `<=`, `>`, `>=`, `IN ('a', 'b')`, `LIKE 'a%'`, `NOT`
before any of these tests, `EXISTS __name__:value`, `AND`, `OR`, brackets, `==` and `[...]` as other
tools write them, and `NOT (...)`. `:value` may be left out. `MATCHES` and the tests of subnets are
refused. Written is what every STIX parser reads: `NOT` goes down to the comparisons.
"""

import math
import re
from collections.abc import Iterator

from msgspec import Struct

from zvon.model.playbook_condition import (
    MAX_DEPTH,
    MAX_LIST,
    MAX_TERMS,
    Among,
    Comparison,
    Condition,
    Every,
    Exists,
    Opposite,
    Reference,
    Scalar,
    Some,
    Test,
)

MAX_TEXT = 10_000

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<name>__[A-Za-z_][A-Za-z0-9_-]{0,199}?__(?::value)?)"
    r"|(?P<number>-?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?)(?![\w.])|(?P<test>==|!=|<>|<=|>=|=|<|>)"
    r"|(?P<mark>[()\[\],])|(?P<word>[A-Za-z]+)(?!\w))"
)
_TESTS = {"=": Test.EQUAL, "==": Test.EQUAL, "!=": Test.UNEQUAL, "<>": Test.UNEQUAL,
          "<": Test.LESS, "<=": Test.MOST, ">": Test.MORE, ">=": Test.LEAST}  # fmt: skip
_ENDS = {"(": ")", "[": "]"}


class BadCondition(ValueError):
    """The text is no condition that we can read; `at` is the character where it stops making sense."""

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(f"character {at + 1}: {reason}")
        self.at = at
        self.reason = reason


class Token(Struct, frozen=True):
    """One word of a condition, and where it stands."""

    kind: str
    text: str
    at: int


def read_condition(text: str) -> Condition:
    """Read a condition. Raises `BadCondition`."""
    if len(text) > MAX_TEXT:
        raise BadCondition(MAX_TEXT, f"longer than {MAX_TEXT} characters")
    reader = _Reader(list(_tokens(text)), len(text))
    found = reader.any_of(0)
    rest = reader.peek()
    if rest is not None:
        raise BadCondition(rest.at, f"{rest.text!r} was not expected here")
    return found


def write_condition(condition: Condition) -> str:
    """Write a condition so that `read_condition` gives one that holds for the same values."""
    match condition:
        case Every((one,)) | Some((one,)):
            return write_condition(one)
        case Every(of):
            return " AND ".join(_within(each, Some) for each in of)
        case Some(of):
            return " OR ".join(_within(each, Every) for each in of)
        case Opposite(of):
            return _negated(of)
        case Exists(name):
            return f"EXISTS {name}:value"
        case Among(name, values):
            return f"{name}:value IN ({', '.join(map(_literal, values))})"
        case Comparison(name, test, value):
            return f"{name}:value {_spoken(test)} {_right(value)}"


def _negated(condition: Condition) -> str:
    match condition:
        case Every(of):
            return write_condition(Some(tuple(Opposite(each) for each in of)))
        case Some(of):
            return write_condition(Every(tuple(Opposite(each) for each in of)))
        case Opposite(of):
            return write_condition(of)
        case Exists(name):
            return f"NOT EXISTS {name}:value"
        case Among(name, values):
            return f"{name}:value NOT IN ({', '.join(map(_literal, values))})"
        case Comparison(name, test, value):
            return f"{name}:value NOT {_spoken(test)} {_right(value)}"


def _within(condition: Condition, other: type[Every | Some]) -> str:
    shown = condition
    turned = False
    while isinstance(shown, Opposite | Every | Some):
        if isinstance(shown, Opposite):
            shown, turned = shown.of, not turned
        elif len(shown.of) == 1:
            shown = shown.of[0]
        else:
            break
    text = write_condition(condition)
    joins = Every if isinstance(shown, Some) is turned else Some
    if isinstance(shown, Every | Some) and joins is other:
        return f"({text})"
    return text


def _spoken(test: Test) -> str:
    return test.value.upper()


def _right(value: Scalar | Reference) -> str:
    return f"{value.name}:value" if isinstance(value, Reference) else _literal(value)


def _literal(value: Scalar) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        if not text[at:].strip():
            return
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise BadCondition(at, "this cannot be read")
        kind = found.lastgroup
        yield Token(kind, found[kind], found.start(kind))
        at = found.end()


class _Reader:
    """Goes down at most `MAX_DEPTH` levels, so that no text can exhaust the stack."""

    def __init__(self, tokens: list[Token], end: int) -> None:
        self.tokens = tokens
        self.at = 0
        self.end = end
        self.terms = 0

    def peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, wanted: str) -> Token:
        token = self.peek()
        if token is None:
            raise BadCondition(self.end, f"something is missing: {wanted}")
        self.at += 1
        return token

    def word(self, *words: str) -> bool:
        token = self.peek()
        if token is not None and token.kind == "word" and token.text.upper() in words:
            self.at += 1
            return True
        return False

    def any_of(self, level: int) -> Condition:
        parts = [self.all_of(level)]
        while self.word("OR"):
            parts.append(self.all_of(level))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def all_of(self, level: int) -> Condition:
        parts = [self.one(level)]
        while self.word("AND"):
            parts.append(self.one(level))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def one(self, level: int) -> Condition:
        token = self.take("a comparison")
        if level >= MAX_DEPTH - 3:
            raise BadCondition(token.at, f"nested deeper than {MAX_DEPTH} levels")
        if token.kind == "mark" and token.text in _ENDS:
            inner = self.any_of(level + 1)
            closing = self.take(f"the closing {_ENDS[token.text]!r}")
            if closing.text != _ENDS[token.text]:
                raise BadCondition(closing.at, f"expected {_ENDS[token.text]!r}")
            return inner
        if token.kind == "word" and token.text.upper() == "NOT":
            return Opposite(self.one(level + 1))
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise BadCondition(token.at, f"more than {MAX_TERMS} comparisons")
        if token.kind == "word" and token.text.upper() == "EXISTS":
            return Exists(self.name(self.take("a variable")))
        return self.comparison(self.name(token))

    def comparison(self, name: str) -> Condition:
        turned = self.word("NOT")
        token = self.take("a test such as =")
        made: Condition
        if token.kind == "test":
            test = _TESTS[token.text]
            right = self.right()
            made = Comparison(name, test, right)
        elif token.kind == "word" and token.text.upper() == "LIKE":
            made = Comparison(name, Test.LIKE, self.right())
        elif token.kind == "word" and token.text.upper() == "IN":
            made = Among(name, self.values())
        else:
            raise BadCondition(token.at, f"{token.text!r} is no test that we know")
        return Opposite(made) if turned else made

    def right(self) -> Scalar | Reference:
        token = self.take("a value")
        if token.kind == "name":
            return Reference(self.name(token))
        return self.value(token)

    def values(self) -> tuple[Scalar, ...]:
        first = self.take("'('")
        if first.text != "(":
            raise BadCondition(first.at, "expected '('")
        found = [self.value(self.take("a value"))]
        while (token := self.take("')'")).text == ",":
            found.append(self.value(self.take("a value")))
            if len(found) > MAX_LIST:
                raise BadCondition(token.at, f"more than {MAX_LIST} values")
        if token.text != ")":
            raise BadCondition(token.at, "expected ')'")
        return tuple(found)

    def name(self, token: Token) -> str:
        if token.kind != "name":
            raise BadCondition(token.at, f"{token.text!r} is no variable such as __name__:value")
        return token.text.removesuffix(":value")

    def value(self, token: Token) -> Scalar:
        if token.kind == "text":
            text = re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
            if len(text) > 2000:
                raise BadCondition(token.at, "a text of more than 2000 characters")
            return text
        if token.kind == "number":
            return _number(token)
        if token.kind == "word" and token.text.lower() in {"true", "false"}:
            return token.text.lower() == "true"
        raise BadCondition(token.at, f"{token.text!r} is no value")


def _number(token: Token) -> int | float:
    value = int(token.text) if token.text.lstrip("-").isdigit() else float(token.text)
    if isinstance(value, int) and abs(value) < 2**63:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise BadCondition(token.at, "a number that is too large")
