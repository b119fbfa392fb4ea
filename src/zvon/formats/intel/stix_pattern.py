"""Comparisons out of a STIX pattern (STIX 2.1, 9; the same grammar in 2.0, part 5).

Only what a value can be taken from is understood: which property, which operator, which literals.
How observations are combined (AND, OR, FOLLOWEDBY, WITHIN) is checked for balance, and stays in the
pattern, which is kept whole.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

MAX_PATTERN = 1024 * 1024

_TOKEN = re.compile(
    r"""\s+
    | (?P<time>[th]b?'(?:[^'\\]|\\.)*')
    | (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<path>[a-z][a-z0-9-]*+:[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*
        (?:\.(?:'(?:[^'\\]|\\.)*'|[A-Za-z0-9_-]+)|\[(?:\*|-?\d+)\])*)
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<word>[A-Za-z][A-Za-z0-9_-]*+)
    | (?P<sign>==|!=|<>|<=|>=|[=<>(),\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)
_SIMPLE = re.compile(r"\[\s*([a-z][a-z0-9-]*:[A-Za-z0-9_.'-]+?)\s*=\s*'([^'\\]*)'\s*\]")
_OPERATORS = frozenset({"=", "==", "!=", "<>", "<", ">", "<=", ">=", "IN", "LIKE", "MATCHES",
                        "ISSUBSET", "ISSUPERSET"})  # fmt: skip
_CLOSING = {"]": "[", ")": "("}
_LIKE_ANY = re.compile("[%_]")


class BadPattern(ValueError):
    """The pattern cannot be taken apart; it is still kept as it came."""


class Comparison(Struct, frozen=True):
    """`path` in lower case without quotes and list steps; `values` as text."""

    path: str
    operator: str
    values: tuple[str, ...]
    negated: bool = False

    @property
    def names_values(self) -> tuple[str, ...]:
        """The literals that are values of the property: equal to it, or one of its ranges."""
        if self.negated:
            return ()
        if self.operator in {"=", "==", "IN", "ISSUBSET"}:
            return self.values
        if self.operator == "LIKE":  # `_` stands for one character, and in names for itself
            return tuple(value for value in self.values if not _LIKE_ANY.search(value))
        return ()


def comparisons(pattern: str) -> list[Comparison]:
    """Every comparison of the pattern, in its order. Raises `BadPattern`."""
    if len(pattern) > MAX_PATTERN:
        raise BadPattern(f"The pattern is longer than {MAX_PATTERN} characters.")
    simple = _SIMPLE.fullmatch(pattern)
    if simple is not None:  # nine of ten, and read ten times as fast
        return [Comparison(_plain(simple[1]), "=", (simple[2],))]
    tokens = list(_tokens(pattern))
    found: list[Comparison] = []
    opened: list[str] = []
    at = 0
    while at < len(tokens):
        kind, text = tokens[at]
        at += 1
        if kind == "sign" and text in "[(":
            opened.append(text)
        elif kind == "sign" and text in _CLOSING:
            if not opened or opened.pop() != _CLOSING[text]:
                raise BadPattern("The brackets of the pattern do not match.")
        elif kind == "path" and "[" in opened:
            comparison, at = _comparison(text, tokens, at)
            found.append(comparison)
    if opened or not found:
        raise BadPattern("The pattern holds no complete observation.")
    return found


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:
            raise BadPattern(f"The pattern has an unexpected character at {at}.")
        at = token.end()
        if token.lastgroup is not None:
            yield token.lastgroup, token[0]


def _comparison(path: str, tokens: list[tuple[str, str]], at: int) -> tuple[Comparison, int]:
    """The comparison that begins with `path`, and the place behind it."""
    rest = [*tokens[at : at + 3], ("", ""), ("", ""), ("", "")]
    negated = rest[0][1].upper() == "NOT"
    if negated:
        rest, at = rest[1:], at + 1
    operator = rest[0][1].upper()
    if operator not in _OPERATORS:
        raise BadPattern(f"{path} is compared with nothing.")
    at += 1
    values: list[str] = []
    if operator == "IN":
        if tokens[at : at + 1] != [("sign", "(")]:
            raise BadPattern("IN needs a list in brackets.")
        at += 1
        while at < len(tokens) and tokens[at][1] != ")":
            if tokens[at][1] != ",":
                values.append(_literal(*tokens[at]))
            at += 1
        at += 1
    elif at < len(tokens):
        values.append(_literal(*tokens[at]))
        at += 1
    if not values:
        raise BadPattern(f"{path} is compared with nothing.")
    return Comparison(
        _plain(path), operator, tuple(values), negated or operator in {"!=", "<>"}
    ), at


def _literal(kind: str, text: str) -> str:
    if kind == "text":
        return _unescaped(text[1:-1])
    if kind == "time":
        return _unescaped(text[text.index("'") + 1 : -1])
    if kind in {"number", "word"}:
        return text
    raise BadPattern(f"{text!r} is no literal.")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) if "\\" in text else text


def _plain(path: str) -> str:
    return re.sub(r"\[[^\]]*\]|'", "", path).lower()
