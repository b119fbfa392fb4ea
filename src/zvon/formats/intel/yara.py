"""YARA rules as objects (YARA 4.5 grammar): name, tags, meta, and a fingerprint of what they match.

A tokenizer of our own: nothing is compiled and nothing is run. The rule stays verbatim.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from zvon.formats.intel.cell import value_of
from zvon.formats.intel.moment import any_form, believable
from zvon.formats.lines import text_of
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options, Value, ValueRole
from zvon.model.marking import Tlp, parse_tlp
from zvon.model.observable import BadValue, Observable, ObservableType, canonical

MAX_RULE = 1 << 20  # bytes of one rule
MAX_TOKENS = 200_000

_START = re.compile(rb"(?m)^[ \t]*(?:(?:private|global)\s+){0,2}rule\s+[A-Za-z_]\w{0,127}\s*[:{]")
# What is never closed runs to its end, so that no text is walked through twice.
_COMMENT = r"//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
_TEXT = r"\"(?:[^\"\\\n]|\\.)*+\"?"
_PATTERN = r"/(?![/*])(?:[^/\\\n]|\\.)++/?[is]*"
_TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<comment>{_COMMENT})|(?P<text>{_TEXT})"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<var>\$\w*)|(?P<sign>.)",
    re.DOTALL,
)
_HEX = re.compile(r"\{[0-9a-fA-F?\s\[\]()|~\-/*]*+\}")
_REGEX = re.compile(_PATTERN, re.DOTALL)
_BRACE = re.compile(rf"{_COMMENT}|{_TEXT}|(?:=|matches)\s*+{_PATTERN}|[{{}}]".encode(), re.DOTALL)
_SAID = re.compile(
    r"\b([A-Za-z_]\w{0,127}+)\s*+=\s*+(?:\"((?:[^\"\\\n]|\\.)*+)\"|(-?\d+|true|false))"
)
_STRING = re.compile(
    r"(\$\w{0,127}+)\s*+=\s*+(\"(?:[^\"\\\n]|\\.)*+\"|\{[^{}]*+\}|/(?:[^/\\\n]|\\.)++/[is]*)"
)
_HASH_KEYS = ("hash", "md5", "sha1", "sha256", "sample")


def sniff(sample: bytes, name: str) -> Guess | None:
    """A file in which a rule begins."""
    found = _START.findall(sample)
    if not found or b"condition" not in sample:
        return None
    return Guess(94 if name.lower().endswith((".yar", ".yara")) else 90, "KEYS",
                 {"keys": "rule, condition"})  # fmt: skip


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One object for each rule; its name is the value."""
    for at, piece, whole in _rules(chunks):
        place = f"byte {at}"
        if not whole:
            yield Bad(
                place, "The rule is never closed, or longer than a rule may be.", piece[:4096]
            )
            continue
        try:
            yield _item(place, text_of(piece), options)
        except (BadRule, BadValue) as problem:
            yield Bad(place, f"No rule: {problem}.", piece[:4096])


class BadRule(ValueError):
    """The text is not one rule; says why."""


def _rules(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Each rule with the byte that it begins at, and whether it is whole."""
    rest, at = b"", 0
    for chunk in chunks:
        rest += chunk
        while True:
            start = _START.search(rest)
            if start is None:
                keep = min(len(rest), 512)
                at, rest = at + len(rest) - keep, rest[len(rest) - keep :]
                break
            end = _end(rest, start.end() - 1)
            if end is None:
                if len(rest) - start.start() > MAX_RULE:
                    yield at + start.start(), rest[start.start() :], False
                    at, rest = at + start.end(), rest[start.end() :]
                    continue
                at, rest = at + start.start(), rest[start.start() :]
                break
            yield at + start.start(), rest[start.start() : end], True
            at, rest = at + end, rest[end:]
    start = _START.search(rest)
    if start is not None:
        yield at + start.start(), rest[start.start() :], False


def _end(body: bytes, start: int) -> int | None:
    """Where the brace that opens at or after `start` is closed."""
    depth = 0
    for found in _BRACE.finditer(body, start):
        if found[0] == b"{":
            depth += 1
        elif found[0] == b"}":
            depth -= 1
            if depth == 0:
                return found.end()
    return None


def _item(place: str, text: str, options: Options) -> Item:
    head, _, body = text.partition("{")
    words = re.findall(r"[A-Za-z_]\w*", _bare(head.partition(":")[0]))
    if "rule" not in words or words[-1] == "rule":
        raise BadRule("it has no name")
    name = words[-1]
    tags = tuple(re.findall(r"[A-Za-z_]\w*", _bare(head.partition(":")[2])))
    sections = _sections(body.rpartition("}")[0])
    if "condition" not in sections:
        raise BadRule("it has no condition")
    meta = _meta(sections.get("meta", ""))
    strings = _strings(sections.get("strings", ""))
    matched = _bare(sections.get("strings", "") + sections["condition"])
    payload: dict[str, Any] = {
        "name": name,
        "meta": {key: said if len(said) > 1 else said[0] for key, said in meta.items()},
        "strings": strings,
        "condition": _bare(sections["condition"]),
        "rule": text,
        "sha256": hashlib.sha256(" ".join(matched.split()).encode()).hexdigest(),
    }
    at = _when(meta)
    values = [Value(canonical(ObservableType.YARA_RULE, name))]
    values += [Value(each, ValueRole.NAMED) for each in _samples(meta)]
    return Item(
        kind=ItemKind.OBJECT, position=place, payload=payload, values=tuple(dict.fromkeys(values)),
        at=at if at is not None and believable(at, options.received_at) else None,
        title=(meta.get("description") or [name])[0][:300], tags=("yara", *tags)[:50],
        tlp=_tlp(meta),
    )  # fmt: skip


def _bare(text: str) -> str:
    """Text without its comments."""
    kept = [found[0] for found in _TOKEN.finditer(text) if found["comment"] is None]
    return "".join(kept[:MAX_TOKENS]).strip()


def _sections(body: str) -> dict[str, str]:
    """`meta`, `strings` and `condition`, as they stand."""
    starts: list[tuple[int, int, str]] = []
    at = 0
    for _ in range(MAX_TOKENS):
        found = _REGEX.match(body, at) or _HEX.match(body, at) or _TOKEN.match(body, at)
        if found is None:
            break
        groups = found.groupdict()
        if groups.get("word") in {"meta", "strings", "variables", "condition"}:
            colon = re.compile(r"\s*:").match(body, found.end())
            if colon is not None:
                starts.append((found.start(), colon.end(), found[0]))
        at = found.end()
    ends = [start for start, _, _ in starts[1:]] + [len(body)]
    return {name: body[begin:end] for (_, begin, name), end in zip(starts, ends, strict=True)}


def _meta(text: str) -> dict[str, list[str]]:
    """What the author says of the rule; a key may stand several times."""
    said: dict[str, list[str]] = {}
    for found in _SAID.finditer(_bare(text)):
        value = found[2] if found[2] is not None else found[3]
        said.setdefault(found[1], []).append(value.replace('\\"', '"').replace("\\\\", "\\")[:4000])
    return said


def _strings(text: str) -> list[dict[str, str]]:
    """What the rule looks for: the name of each string and how it is written, with its hash."""
    out: list[dict[str, str]] = []
    for found in _STRING.finditer(_bare(text)):
        written = found[2]
        kind = {'"': "text", "{": "hex"}.get(written[0], "regex")
        plain = " ".join(written.split())
        digest = hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()
        out.append({"name": found[1], "kind": kind, "sha256": digest})
        if len(out) == 10_000:
            break
    return out


def _samples(meta: dict[str, list[str]]) -> Iterator[Observable]:
    """The hashes of the files that the rule was made from."""
    for key, said in meta.items():
        if key.lower().startswith(_HASH_KEYS):
            for each in said:
                found = value_of(each)
                if found is not None:
                    yield found


def _when(meta: dict[str, list[str]]) -> datetime | None:
    for key in ("modified", "last_modified", "updated", "date", "creation_date"):
        for each in meta.get(key, ()):
            found = any_form(each)
            if found is not None:
                return found
    return None


def _tlp(meta: dict[str, list[str]]) -> Tlp | None:
    said = [each for key in ("tlp", "sharing", "TLP") for each in meta.get(key, ())]
    return max(map(parse_tlp, said), default=None)


FORMAT = Format(name="yara", sniff=sniff, decode=decode)
