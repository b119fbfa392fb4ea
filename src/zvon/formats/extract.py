"""Find addresses, numbers and fingerprints in text, in one pass, each with its place.

Positions are half-open ranges of code points, and `text[start:end] == raw`. What only looks like
an address is left out: file names, versions, dates, two sentences without a blank between them.
"""

import re
from collections.abc import Callable, Iterator

from msgspec import structs

from zvon.formats import defang, grammar
from zvon.formats.limit import MAX_MENTIONS
from zvon.model import name as names
from zvon.model import suffix, url
from zvon.model.iban import length as iban_length
from zvon.model.observable import HASH_LENGTH, BadValue, Observable, ObservableType, canonical
from zvon.model.report import Mention
from zvon.model.verdict import Span

T = ObservableType
REGIONS = ("SI", "HR")

# Suffixes of files that are top-level domains too. Nobody writes these as a bare domain.
_FILE_TLDS = frozenset({"zip", "mov", "sh", "py", "md", "ps", "so", "ai", "app", "pl", "rs", "cc"})
_SURE_FILE_TLDS = frozenset({"zip", "mov", "sh", "py", "md", "ps"})
# Two-letter top-level domains that are words of our languages: `naslov.Na`, `paket.ne pride`.
_WORD_TLDS = frozenset({"to", "na", "ne", "za", "do", "pa", "ta", "po", "is", "at", "it", "no",
                        "my", "so", "be", "in", "am", "as", "us"})  # fmt: skip
_FILE_CUE = re.compile(
    r"(?i)(?:datotek|priponk|prilog|privit|file|attach|skript|script)\w*:?\s*[\"'„(]?$"
)
_VERSION_CUE = re.compile(
    r"(?i)(?:\bv|\bver|\bversion|različic\w*|verzij\w*|build|firmware)[. :]*$"
)
_ID_CUE = re.compile(r"(?i)(?:oib|emšo|emso|davčn\w*|davcn\w*|matičn\w*|jmbg|id|št|br|ref|tracking|faktur\w*|račun\w*|racun\w*)[.: #]*(?:št\w*|broj|number|no)?[.: #]*$")  # fmt: skip
_TRAILING = ".,;:!?…'’\"*_~|\\–—"
_PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}
_CUE_WINDOW = 24


def extract(text: str, *, region: str = "SI", part: str = "text") -> list[Mention]:
    """All mentions in `text`, in order; at most `MAX_MENTIONS`.

    `region` is the country in which local telephone numbers are read first; `part` names the
    text in the spans.
    """
    found: list[Mention] = []
    at = 0
    while len(found) < MAX_MENTIONS:
        match = grammar.CANDIDATE.search(text, at)
        if match is None:
            break
        mention = _read(text, match, region)
        if mention is None:
            at = _after_refusal(text, match)
            continue
        found.append(_in_part(mention, part))
        assert mention.span is not None
        at = mention.span.end
    return found


def _in_part(mention: Mention, part: str) -> Mention:
    assert mention.span is not None
    return structs.replace(mention, span=Span(mention.span.start, mention.span.end, part))


def _after_refusal(text: str, match: re.Match[str]) -> int:
    """Go on behind the first word of what was refused: the rest may hold something real."""
    end = match.start() + 1
    while end < match.end() and not text[end].isspace() and text[end] not in "([{<,;":
        end += 1
    return end


def _read(text: str, match: re.Match[str], region: str) -> Mention | None:
    # `lastgroup` may name an inner group; the outer ones are the keys of `_READERS`.
    return next(
        reader(text, match, region) for kind, reader in _READERS.items() if match[kind] is not None
    )


def _mention(text: str, start: int, end: int, value: Observable) -> Mention:
    return Mention(observable=value, span=Span(start, end), raw=text[start:end])


def _try(kind: ObservableType, raw: str, region: str = "SI") -> Observable | None:
    try:
        return canonical(kind, raw, region=region)
    except BadValue:
        return None


def _trimmed(text: str, start: int, end: int) -> int:
    """The end of an address without the punctuation of the sentence around it."""
    while end > start:
        char = text[end - 1]
        opener = _PAIRS.get(char)
        unbalanced = opener is not None and text.count(char, start, end) > text.count(
            opener, start, end
        )
        if not unbalanced and char not in _TRAILING:
            break
        end -= 1
    return end


def _url(text: str, match: re.Match[str], _region: str) -> Mention | None:
    start, end = match.start(), match.end()
    if match["rest"] is None:
        end = _joined(text, match.end("authority"), match["authority"], end)
    end = _trimmed(text, start, end)
    raw = text[start:end]
    try:
        # Blanks stand in it only where dots and slashes were pulled apart.
        parts = url.parse(re.sub(r"[ \t]+", "", defang.refang(raw)))
    except url.BadUrl:
        return None
    if parts.host_kind == "name" and "." not in parts.host:
        return None
    return _mention(text, start, end, Observable(T.URL, str(parts)))


def _joined(text: str, at: int, host: str, end: int) -> int:
    """Follow a host over blanks (`posta-si . paket.example/i`) until its suffix exists."""
    joined, stop = host, at
    for _ in range(8):
        if _complete(joined):
            break
        more = grammar.SPACED_LABEL.match(text, stop)
        if more is None:
            return end
        joined, stop = f"{joined}.{more['label']}", more.end()
    if stop == at or not _complete(joined):
        return end
    rest = grammar.SPACED_REST.match(text, stop)
    return rest.end() if rest else stop


def _complete(host: str) -> bool:
    try:
        name = names.canonical(defang.refang(host).rpartition("@")[2])
    except names.BadName:
        return True  # nothing to gain by going on
    return "." in name and suffix.known(name)


def _email(text: str, match: re.Match[str], _region: str) -> Mention | None:
    raw = match["email"]
    value = _try(T.EMAIL, defang.refang(raw))
    if value is None or not suffix.known(value.value.rpartition("@")[2]):
        return None
    if re.search(defang.BARE_AT, raw) and not re.search(rf"{defang.BARE_DOT}|\[|\(", raw):
        return None  # "we met at posta.si" is no address
    return _mention(text, *match.span("email"), value)


def _hash(text: str, match: re.Match[str], _region: str) -> Mention | None:
    raw = match["hash"]
    if raw.isdigit() or raw.isalpha() or len(set(raw)) < 6:
        return None
    value = _try(HASH_LENGTH[len(raw)], raw)
    return _mention(text, *match.span("hash"), value) if value else None


def _iban(text: str, match: re.Match[str], _region: str) -> Mention | None:
    # A word in capitals behind the number looks like one group more, so the country decides.
    start, end = match.span("iban")
    left = iban_length(text[start : start + 2]) or 0
    stop = start
    while left and stop < end:
        left -= text[stop].isalnum()
        stop += 1
    value = None if left else _try(T.IBAN, text[start:stop])
    return _mention(text, start, stop, value) if value else None


def _simple(
    kind: ObservableType, group: str
) -> Callable[[str, re.Match[str], str], Mention | None]:
    def read(text: str, match: re.Match[str], _region: str) -> Mention | None:
        value = _try(kind, match[group])
        return _mention(text, *match.span(group), value) if value else None

    return read


def _ipv4(text: str, match: re.Match[str], _region: str) -> Mention | None:
    start, end = match.span("ipv4")
    if _VERSION_CUE.search(text, max(0, start - _CUE_WINDOW), start):
        return None
    if match["ipv4rest"] is not None:
        end = _trimmed(text, start, end)
        try:
            return _mention(
                text, start, end, Observable(T.URL, url.canonical(defang.refang(text[start:end])))
            )
        except url.BadUrl:
            return None
    plain = (
        defang.refang(text[start:end])
        if match["mask"] is None
        else defang.refang(text[start : match.start("mask")])
    )
    if any(len(octet) > 1 and octet[0] == "0" for octet in plain.split(".")):
        return None
    if match["mask"] is not None:
        network = _try(T.CIDR, plain + match["mask"])
        return _mention(text, start, end, network) if network else None
    value = _try(T.IPV4, plain)
    return _mention(text, start, end, value) if value else None


def _ipv6(text: str, match: re.Match[str], _region: str) -> Mention | None:
    raw = match["ipv6"]
    # A time of day has no letter, no empty group and few parts.
    if raw.count(":") < 2 or not ("::" in raw.replace("[:]", ":") or raw.count(":") == 7):
        return None
    value = _try(T.IPV6, raw.replace("[:]", ":"))
    if value is None or len(value.value) < 5:
        return None
    return _mention(text, *match.span("ipv6"), value)


def _phone(text: str, match: re.Match[str], region: str) -> Mention | None:
    start, end = match.span("phone")
    raw = text[start:end]
    if _ID_CUE.search(text, max(0, start - _CUE_WINDOW), start):
        return None
    international = raw.startswith(("+", "00"))
    regions = (region, *(r for r in REGIONS if r != region))
    for country in regions[:1] if international else regions:
        value = _try(T.PHONE, "+" + raw[2:] if raw.startswith("00") else raw, country)
        if value is not None:
            return _mention(text, start, end, value)
    return None


def _spaced(text: str, match: re.Match[str], region: str) -> Mention | None:
    """A name pulled apart; or, where sentences only look like one, the name before the blank."""
    found = _pulled_apart(text, match)
    if found is not None:
        return found
    plain = grammar.NAME.match(text, match.start())
    return _name(text, plain, region) if plain else None


def _pulled_apart(text: str, match: re.Match[str]) -> Mention | None:
    start, end = match.span("spaced")
    end = _trimmed(text, start, end)
    live = re.sub(r"[ \t]+", "", text[start:end])
    try:
        name = names.canonical(live.partition("/")[0])
    except names.BadName:
        return None
    written = re.split(r"[ \t]*\.[ \t]*", re.split(r"[ \t]*/", text[start:end], maxsplit=1)[0])
    if not suffix.known(name) or suffix.is_suffix(name) or not written[-1].islower():
        return None
    if any(label.isdigit() for label in written):
        return None  # "št. 12. si / je"
    if match["web"] is None and len(written) == 2 and name.rpartition(".")[2] in _WORD_TLDS:
        return None
    if "/" not in live:
        return _mention(text, start, end, Observable(T.DOMAIN, name))
    try:
        return _mention(text, start, end, Observable(T.URL, url.canonical(live)))
    except url.BadUrl:
        return None


def _name(text: str, match: re.Match[str], _region: str) -> Mention | None:
    start, end = match.span("name")
    rest = match["namerest"]
    if rest is not None or match["nameport"] is not None:
        end = _trimmed(text, start, end)
    raw = text[start:end]
    live = defang.refang(raw)
    host = re.split(r"[/?:]", live, maxsplit=1)[0]
    try:
        name = names.canonical(host)
    except names.BadName:
        return None
    if not suffix.known(name) or suffix.is_suffix(name) or _is_prose(text, start, raw, name, rest):
        return None
    if rest is not None and len(rest) > 1:
        try:
            return _mention(text, start, end, Observable(T.URL, url.canonical(live)))
        except url.BadUrl:
            return None
    return _mention(text, start, end, Observable(T.DOMAIN, name))


def _is_prose(text: str, start: int, raw: str, name: str, rest: str | None) -> bool:
    """True for a file name, an abbreviation or a sentence end that looks like a domain."""
    labels = name.split(".")
    if re.search(defang.BARE_DOT, raw):
        return rest is None and len(labels) < 3 and not re.search(r"[-\d]", labels[0])
    if defang.is_defanged(raw) or (rest is not None and len(rest) > 1) or labels[0] == "www":
        return False
    tld = labels[-1]
    if tld in _SURE_FILE_TLDS or (
        tld in _FILE_TLDS and _FILE_CUE.search(text, max(0, start - _CUE_WINDOW), start)
    ):
        return True
    if all(label.isdigit() for label in labels[:-1]) and len(labels[0]) < 3:
        return True  # "10.in 12. uro"
    written = raw.split(".")
    if written[-1][:1].isupper() and not written[-1].isupper():
        return True  # "naslov.To"
    return tld in _WORD_TLDS and len(labels) == 2 and labels[0].isalpha()


_READERS: dict[str, Callable[[str, re.Match[str], str], Mention | None]] = {
    "url": _url,
    "cve": _simple(T.CVE, "cve"),
    "hash": _hash,
    "iban": _iban,
    "wallet": _simple(T.WALLET, "wallet"),
    "email": _email,
    "ipv4": _ipv4,
    "phone": _phone,
    "ipv6": _ipv6,
    "spaced": _spaced,
    "name": _name,
}


def protected(mentions: list[Mention]) -> Iterator[tuple[int, int]]:
    """Ranges that are no card number, because they are something else."""
    for mention in mentions:
        if mention.span is not None and mention.observable.type in {
            T.URL,
            T.IBAN,
            T.PHONE,
            T.WALLET,
        }:
            yield mention.span.start, mention.span.end
