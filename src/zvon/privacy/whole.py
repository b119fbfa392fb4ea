"""A part that is one value of a known type, as fields of structured formats are.

The format says what the value is, so a bare `mnovak` is an account although no word says so. Its
canonical form is that of the same value in running text: one entity, one pseudonym.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from ipaddress import IPv6Network, ip_address, ip_network

from zvon.model.name import BadName, canonical
from zvon.privacy import names
from zvon.privacy.fold import fold
from zvon.privacy.identifiers import (
    fold_host,
    international,
    is_private,
    owner,
    path,
    refang,
    url_host,
)
from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.pseudonym import TOKEN

VICTIM = "victim"
_DOCUMENTATION = IPv6Network("2001:db8::/32")
Inside = tuple[int, int, str, str]
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_WORDS = re.compile(
    r"[^\W\d_](?:[^\W\d_A-ZÀ-ÖØ-ÞŠŽČĆĐ]+|[A-ZÀ-ÖØ-ÞŠŽČĆĐ]+(?![^\W\d_A-ZÀ-ÖØ-ÞŠŽČĆĐ]))?"
)
"""Words between marks, digits and capitals; a run of capitals is one word."""


def take(reading: Reading, kind: str, side: str) -> bool:
    """Add the one mention of a part whose whole text is a value of type `kind`; true when it is one.

    A value that is not what the format calls it is left to the detectors. One of the `victim` is
    never kept.
    """
    start = len(reading.text) - len(reading.text.lstrip())
    end = len(reading.text.rstrip())
    if not kind or start >= end or TOKEN.search(reading.text, start, end):
        return False  # nothing there, or one of ours already
    found = _mention(reading, start, end, kind)
    if found is None:
        return False
    if side == VICTIM:
        found.fixed = found.fixed or "remove"
    elif side:
        found.side = side
    return reading.add(found)


def _people(raw: str, lang: str | None) -> Iterator[Inside]:
    """Persons in the words of a file's name: `Račun_IgorKos.pdf` is Igor Kos's."""
    last = max(raw.rfind("/"), raw.rfind("\\")) + 1
    found = list(_WORDS.finditer(_ENDING.sub("", raw), last))
    if len(found) < 2:
        return
    starts: list[int] = []
    said = ""
    for word in found:
        said += " " if said else ""
        starts.append(len(said))
        said += word[0][0].upper() + word[0][1:]
    inner = Reading("", said, lang)
    names.detect(inner)
    for mention in inner.mentions:
        if mention.type == "NAME":
            a = bisect_right(starts, mention.start) - 1
            b = bisect_right(starts, mention.end - 1) - 1
            yield found[a].start(), found[b].end(), "NAME", mention.value


def _mention(reading: Reading, start: int, end: int, kind: str) -> Mention | None:
    raw = reading.text[start:end]
    plain = refang(raw)
    new = Mention(reading.part, start, end, kind, raw, fold(raw), defanged=plain != raw)
    match kind:
        case "EMAIL":
            local, at, host = plain.lower().rpartition("@")
            if not local or not at or " " in plain:
                return None
            name = _name(host)
            new.value, new.owner = f"{local}@{name or host}", owner(name or host)
        case "HOST" | "DOMAIN":
            name = _name(plain)
            if not name:
                return None
            new.value, new.owner = name, owner(name) if "." in name else ""
            new.type = kind if "." not in name or owner(name) != name else "DOMAIN"
        case "URL":
            host, what = url_host(raw)
            if not host:
                return None
            new.value, new.owner = plain, owner(host) if what == "name" else host
        case "IP" | "CIDR":
            return _address(new, plain)
        case "NAME":
            words = fold(raw).replace(",", " ").split()
            new.value = names.person(words)
        case "ORG":
            new.value = names.organisation(raw)
        case "PHONE":
            digits = "".join(filter(str.isdecimal, raw))
            if len(digits) < 6:
                return None
            new.country, new.value = international(raw, digits, reading.lang)
        case "IBAN":
            new.value = "".join(raw.split()).replace("-", "").upper()
            new.country = new.value[:2].lower()
        case "MAC":
            new.value = "".join(char for char in raw.lower() if char in "0123456789abcdef")
        case "FILE" | "PATH":
            new.value = raw
            new.inside = (*path.insides(raw), *_people(raw, reading.lang))
        case "USER":
            new.value = fold(raw.rpartition("\\")[2])
        case _:
            pass
    return new


def _name(text: str) -> str:
    try:
        return canonical(fold_host(text))
    except BadName:
        return ""


def _address(new: Mention, plain: str) -> Mention | None:
    """An address or a network, whichever it is; a private one never stays."""
    try:
        if "/" in plain:
            net = ip_network(plain, strict=False)
            new.type, new.value, first = "CIDR", str(net), net.network_address
        else:
            first = ip_address(plain.strip("[]"))
            new.type, new.value = "IP", str(first)
    except ValueError:
        return None
    if first in _DOCUMENTATION:
        new.fixed = "keep"  # what a victim's address became, or nobody's
    elif is_private(first):
        new.fixed = "remove"
    return new
