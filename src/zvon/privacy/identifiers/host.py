"""Names of hosts and domains, and who registered them."""

import re
from functools import lru_cache

from zvon.model import suffix
from zvon.model.name import BadName, canonical
from zvon.privacy.identifiers.shape import DOT, NAME, defanged, put, refang
from zvon.privacy.identifiers.zones import Zones
from zvon.privacy.mentions import Reading
from zvon.privacy.tables import hosts

_DOMAIN = re.compile(rf"(?<![\w@./\\-])(?:{NAME})(?![\w@]|-\w)", re.IGNORECASE)
_FILE = re.compile(
    r"(?<![\w/\\@.-])\.?[\w!{][\w.+(){}!'&-]{0,120}\.([A-Za-z0-9]{2,5})(?![\w@]|\.\w)"
)
_LAST_DOT = re.compile(rf".*{DOT}", re.IGNORECASE | re.DOTALL)
_TWO_LETTERS = re.compile(r"[a-z]{2}")
# Names that the root does not know and that organisations and documentation use.
_RESERVED = frozenset({"test", "invalid", "localhost"})
# Labels, neither first nor registered, under which organisations keep what is not for outside.
_INSIDE = frozenset({"int", "intern", "interno", "internal", "intra", "intranet", "corp", "lan", "local"})  # fmt: skip
_SHORTEST = 5


@lru_cache(maxsize=65536)
def owner(host: str) -> str:
    """The name that somebody registered, or the inside name of an organisation."""
    labels = host.split(".")
    if labels[-1] in hosts().internal:
        return ".".join(labels[-2:])
    return suffix.registered(host) or host


def fold_host(text: str) -> str:
    """Lower case; the diacritics stay, because they are part of the name."""
    return text.lower().rstrip(".")


@lru_cache(maxsize=4096)
def _exists(tld: str) -> bool:
    return tld in hosts().internal or tld in _RESERVED or suffix.known(tld)


@lru_cache(maxsize=16384)
def host_name(text: str) -> str | None:
    """The canonical name of `text` as written, or `None` when its last label exists nowhere."""
    try:
        name = canonical(fold_host(refang(text)))
    except BadName:
        return None
    return name if _exists(name.rpartition(".")[2]) else None


def is_internal(name: str) -> bool:
    """True for names that only exist inside an organisation: `dc1.lipa.local`, `git.int.lipa.example`."""
    labels = name.split(".")
    return labels[-1] in hosts().internal or not _INSIDE.isdisjoint(labels[1:-2])


def files(reading: Reading, zones: Zones) -> None:
    """Names of files: what ends in a known extension."""
    known = hosts().files
    for start, end in zones.dot:
        for found in _FILE.finditer(reading.text, start, end):
            if found[1].lower() in known:
                put(reading, found.start(), found.end(), "FILE", found[0])


def domains(reading: Reading, zones: Zones) -> None:
    """Names of hosts and domains in running text."""
    for start, end in zones.dot:
        for found in _DOMAIN.finditer(reading.text, start, end):
            _take(reading, found.start(), found[0])


def _take(reading: Reading, start: int, raw: str) -> None:
    name = host_name(raw)
    if name is None or _TWO_LETTERS.search(name) is None:
        return
    last = _LAST_DOT.sub("", raw)
    if last[:1].isupper() and not last.isupper() and "[" not in raw:
        return  # a sentence that began without a space: `konec.Na`
    if len(name) < _SHORTEST:
        return
    if raw.count(".") >= 2 and max(map(len, name.split("."))) < 2:
        return
    registered = owner(name)
    put(reading, start, start + len(raw), "DOMAIN" if registered == name else "HOST", name,
        owner=registered, defanged=defanged(raw), fixed="remove" if is_internal(name) else "")  # fmt: skip
