"""May a brand's row be changed like this? What a desk writes must not blind the node.

An official name is never proposed for a block and may clear a report, so a wrong one would protect
an attacker: it can be no public suffix, no platform's name and nobody else's. An alias that is an
ordinary word would raise an alarm at every name with it.
"""

import re
from collections.abc import Iterator

from zvon.model.brand import Brand, Registry, lure_words
from zvon.model.name import BadName, canonical
from zvon.model.suffix import is_private, is_suffix

MOST = 100
MOST_TEXT = 1000
LEAST_ALIAS = 2
LEAST_DISTINCTIVE = 4
_ID = re.compile(r"(?:[a-z]{2}|x)\.[a-z0-9][a-z0-9-]{0,38}")
_WORD = re.compile(r"[a-z0-9]+")
_SENDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._&-]{1,10}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_LOGO = re.compile(r"[0-9a-f]{16}")
_LISTS = ("official", "hosts", "shared", "abroad", "mail", "senders", "sender_ids", "short_codes", "distinctive",
          "words", "context", "called", "exclude", "favicons", "logos", "templates")  # fmt: skip


class BadBrand(ValueError):
    """The row cannot stand; `errors` say which field and why."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{one['field']}: {one['reason']}" for one in errors))
        self.errors = errors


def check(brand: Brand, registry: Registry) -> list[str]:
    """Check a row against the registry that it would enter; return warnings for people.

    Names that the brand has already are not judged anew. Raises `BadBrand`.
    """
    errors = [{"field": field, "reason": reason} for field, reason in _errors(brand, registry)]
    if errors:
        raise BadBrand(errors[:20])
    return list(_warnings(brand, registry))


def _errors(brand: Brand, registry: Registry) -> Iterator[tuple[str, str]]:
    if not _ID.fullmatch(brand.id):
        yield "id", "two letters of a country or x, a dot, and a word: si.posta"
    if not 0 < len(brand.name.strip()) <= MOST:
        yield "name", f"1 to {MOST} characters"
    if not re.fullmatch(r"[A-Z]{2}|", brand.country):
        yield "country", "two capital letters, or empty"
    if not re.fullmatch(r"[a-z]{2,30}", brand.sector):
        yield "sector", "one word in lower case"
    for field in _LISTS:
        if len(getattr(brand, field)) > MOST:
            yield field, f"at most {MOST} entries"
    if not brand.official:
        yield "official", "at least one domain"
    known = registry.by_id.get(brand.id)
    before = frozenset(known.names) if known else frozenset()
    for field, names in (("official", brand.official), ("hosts", brand.hosts)):
        for name in names:
            if name not in before:
                yield from ((field, f"{name}: {why}") for why in refused(name, brand, registry))
    for field, names in (("official", brand.official), ("hosts", brand.hosts)):
        yield from ((field, f"{name}: how we know it is one letter of s, d, b, c")
                    for name, how in names.items() if how not in set("sdbc"))  # fmt: skip
    yield from _words(brand)
    yield from _senders(brand)


def refused(name: str, brand: Brand, registry: Registry) -> Iterator[str]:
    """Why `name` cannot be an official name of `brand`; nothing when it can."""
    try:
        right = canonical(name)
    except BadName as problem:
        yield str(problem)
        return
    if right != name:
        yield f"write {right}"
    elif "." not in name or is_suffix(name):
        yield "is a public suffix or a platform, and nobody's alone"
    elif is_private(name) and name in brand.official:
        yield "lies on a platform; name it among the hosts"
    for other in registry.brands:
        if other.id != brand.id:
            for taken in other.names:
                if name == taken or name.endswith(f".{taken}") or taken.endswith(f".{name}"):
                    yield f"is of {other.name} ({taken})"


def _words(brand: Brand) -> Iterator[tuple[str, str]]:
    for field in ("distinctive", "words", "context", "exclude"):
        for word in getattr(brand, field):
            if field == "exclude" and "." in word:
                yield from _name(field, word)
            elif not _WORD.fullmatch(word):
                yield field, f"{word!r}: letters a–z and digits, accents folded"
            elif len(word) < LEAST_ALIAS:
                yield field, f"{word!r}: at least {LEAST_ALIAS} characters"
            elif field in {"distinctive", "words"} and word in lure_words():
                yield field, f"{word!r} is a word of lures and would match everything"
            elif field == "distinctive" and len(word) < LEAST_DISTINCTIVE:
                yield field, f"{word!r}: shorter than {LEAST_DISTINCTIVE}, so it is a word"
    for word in brand.abroad:
        if word not in brand.distinctive:
            yield "abroad", f"{word!r} is not among the distinctive"
    for name in brand.shared:
        yield from _name("shared", name)
    for text in brand.called:
        if not LEAST_ALIAS <= len(text.strip()) <= MOST:
            yield "called", f"{text!r}: {LEAST_ALIAS} to {MOST} characters"
    for text in brand.templates:
        if not 20 <= len(text) <= MOST_TEXT:
            yield "templates", f"20 to {MOST_TEXT} characters each"


def _name(field: str, name: str) -> Iterator[tuple[str, str]]:
    try:
        right = canonical(name)
    except BadName as problem:
        yield field, f"{name!r}: {problem}"
        return
    if right != name:
        yield field, f"{name!r}: write {right}"


def _senders(brand: Brand) -> Iterator[tuple[str, str]]:
    for domain in brand.mail:
        try:
            right = canonical(domain)
        except BadName as problem:
            yield "mail", f"{domain}: {problem}"
            continue
        if right != domain or is_suffix(domain):
            yield "mail", f"{domain}: write a domain of your own, {right}"
    for address in brand.senders:
        if not re.fullmatch(r"[^@\s]{1,64}@[^@\s]{3,190}", address):
            yield "senders", f"{address!r} is no mail address"
    for sign in brand.sender_ids:
        if not _SENDER_ID.fullmatch(sign):
            yield "sender_ids", f"{sign!r}: 2 to 11 letters and digits"
    for code in brand.short_codes:
        if not _SHORT_CODE.fullmatch(code):
            yield "short_codes", f"{code!r}: 3 to 8 digits"
    for logo in brand.logos:
        if not _LOGO.fullmatch(logo):
            yield "logos", f"{logo!r}: 16 hexadecimal digits"


def _warnings(brand: Brand, registry: Registry) -> Iterator[str]:
    for other in registry.brands:
        if other.id == brand.id:
            continue
        for word in sorted({*brand.distinctive, *brand.words} & {*other.distinctive, *other.words}):
            yield f"{word!r} also means {other.name}; message and suffix decide whose it is"
    for word in brand.distinctive:
        if len(word) < LEAST_DISTINCTIVE + 2:
            yield f"{word!r} is short for a word that matches at once"
