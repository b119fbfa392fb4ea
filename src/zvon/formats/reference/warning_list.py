"""Warning lists: values that are known, and mostly no indicator; many lists in one sorted table.

Upstream's layout is that of MISP (`list.json` with `type`, `matching_attributes`, `list`). What is
kept are 64-bit hashes of everything that could match, sorted, each with the number of its list, so
that a look-up is a binary search in a mapped file, however many lists there are. An address is
looked up once for each prefix length that occurs, a name once for each of its parents.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import ahocorasick
import msgspec
import numpy as np
import re2
from msgspec import Struct
from numpy.typing import NDArray

from zvon.model import url
from zvon.model.observable import Observable, ObservableType

T = ObservableType
_NAMES = (T.DOMAIN, T.REGISTERED, T.HOSTNAME)
_ADDRESSES = (T.IPV4, T.IPV6, T.CIDR)
# What MISP calls the attributes that a list is about, and what that is here.
_TYPES: dict[str, tuple[ObservableType, ...]] = {
    "domain": _NAMES, "hostname": _NAMES, "hostname|port": _NAMES, "domain|ip": _NAMES + _ADDRESSES,
    "ip-src": _ADDRESSES, "ip-dst": _ADDRESSES, "ip-src|port": _ADDRESSES,
    "ip-dst|port": _ADDRESSES, "url": (T.URL,), "uri": (T.URL,), "link": (T.URL,),
    "md5": (T.MD5,), "sha1": (T.SHA1,), "sha256": (T.SHA256,), "sha512": (T.SHA512,),
    "filename|md5": (T.MD5,), "filename|sha1": (T.SHA1,), "filename|sha256": (T.SHA256,),
    "email": (T.EMAIL,), "email-src": (T.EMAIL,), "email-dst": (T.EMAIL,),
    "target-email": (T.EMAIL,), "phone-number": (T.PHONE,), "AS": (T.ASN,),
    "filename": (T.FILENAME,), "user-agent": (T.USERAGENT,), "x509-fingerprint-sha1": (T.FINGERPRINT, T.SHA1),
    "x509-fingerprint-sha256": (T.FINGERPRINT, T.SHA256),
}  # fmt: skip
KINDS = frozenset({"string", "hostname", "cidr", "substring", "regex"})
MAX_ENTRIES = 5_000_000
MAX_PATTERNS = 50_000
_PATTERN = re.compile(r"/(?P<body>.*)/(?P<flags>[a-z]*)\Z", re.DOTALL)

Keys = NDArray[np.uint64]
Numbers = NDArray[np.uint16]


class BadList(ValueError):
    """It is no warning list."""


class ListIn(Struct, kw_only=True):
    """A list as upstream writes it; other fields are ignored."""

    name: str
    type: str = "string"
    description: str = ""
    version: int | str = 0
    entries: list[str] = msgspec.field(name="list")
    matching_attributes: list[str] = []


class ListMeta(Struct, frozen=True, kw_only=True):
    """What is said of a hit: the list's name, what it holds, and which values it is about."""

    slug: str
    name: str
    description: str
    version: str
    types: tuple[ObservableType, ...]
    entries: int
    skipped: int = 0


class Meta(Struct, frozen=True, kw_only=True):
    """Everything of a compiled set but the hashes."""

    lists: tuple[ListMeta, ...]
    lengths4: tuple[int, ...] = ()
    lengths6: tuple[int, ...] = ()
    substrings: tuple[tuple[str, int], ...] = ()
    patterns: tuple[tuple[str, int], ...] = ()


class Compiled(Struct, frozen=True):
    """A set ready to be written: `keys` and `numbers` (same length, by key), and the rest."""

    keys: Keys
    numbers: Numbers
    meta: Meta


def decode(data: bytes, slug: str) -> tuple[ListIn, str]:
    """One list of upstream. Raises `BadList`."""
    try:
        found = msgspec.json.decode(data, type=ListIn)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise BadList(f"{slug}: {problem}") from None
    if found.type not in KINDS:
        raise BadList(f"{slug}: lists of type {found.type!r} are not known")
    if len(found.entries) > MAX_ENTRIES:
        raise BadList(f"{slug}: more than {MAX_ENTRIES} entries")
    return found, slug


def compile_lists(lists: Sequence[tuple[ListIn, str]]) -> Compiled:
    """Lists in one set, in the order given; entries that cannot be read are counted."""
    metas: list[ListMeta] = []
    keys: list[bytes] = []
    numbers: list[int] = []
    lengths: dict[int, set[int]] = {4: set(), 6: set()}
    substrings: list[tuple[str, int]] = []
    patterns: list[tuple[str, int]] = []
    for number, (one, slug) in enumerate(lists):
        skipped = 0
        for entry in one.entries:
            text = entry.strip().lower()
            try:
                if not text:
                    raise BadList("empty")
                if one.type == "regex":
                    patterns.append((_pattern(entry), number))
                elif one.type == "substring":
                    substrings.append((text, number))
                elif one.type == "cidr":
                    network = ip_network(text, strict=False)
                    lengths[network.version].add(network.prefixlen)
                    keys.append(_network_key(network))
                    numbers.append(number)
                else:
                    below = one.type == "hostname" or text.startswith(".")
                    bare = text.removeprefix("*.").strip(".") if below else text
                    keys.append(_hash(f"={bare}"))
                    numbers.append(number)
                    if below:
                        keys.append(_hash(f".{bare}"))
                        numbers.append(number)
            except ValueError:
                skipped += 1
        metas.append(ListMeta(slug=slug, name=one.name, description=one.description,
                              version=str(one.version), types=_types(one.matching_attributes),
                              entries=len(one.entries) - skipped, skipped=skipped))  # fmt: skip
    if len(substrings) + len(patterns) > MAX_PATTERNS:
        raise BadList(f"more than {MAX_PATTERNS} substrings and patterns")
    table = np.frombuffer(b"".join(keys), dtype=">u8").astype(np.uint64)
    order = np.argsort(table, kind="stable")
    return Compiled(
        table[order],
        np.asarray(numbers, dtype=np.uint16)[order],
        Meta(lists=tuple(metas), lengths4=tuple(sorted(lengths[4])),
             lengths6=tuple(sorted(lengths[6])), substrings=tuple(substrings),
             patterns=tuple(patterns)),
    )  # fmt: skip


class WarningLists:
    """A compiled set, for looking up. `keys` and `numbers` may be mapped files."""

    def __init__(
        self, keys: Keys, numbers: Numbers, meta: Meta, disabled: Iterable[str] = ()
    ) -> None:
        self._keys, self._numbers, self.meta = keys, numbers, meta
        off = frozenset(disabled)
        self._types = [frozenset() if m.slug in off else frozenset(m.types) for m in meta.lists]

    def hits(self, value: Observable) -> tuple[ListMeta, ...]:
        """The lists that a value is on, in their order."""
        return self.all_hits([value])[0]

    def all_hits(self, values: Sequence[Observable]) -> list[tuple[ListMeta, ...]]:
        """The lists of each value; one search for all of them."""
        wanted: list[bytes] = []
        owners: list[int] = []
        for n, value in enumerate(values):
            for key in self._candidates(value):
                wanted.append(key)
                owners.append(n)
        found: list[set[int]] = [set() for _ in values]
        if wanted:
            sought = np.frombuffer(b"".join(wanted), dtype=">u8").astype(np.uint64)
            begin = np.searchsorted(self._keys, sought, "left")
            end = np.searchsorted(self._keys, sought, "right")
            for at in np.nonzero(end > begin)[0]:
                found[owners[at]].update(self._numbers[begin[at] : end[at]].tolist())
        for n, value in enumerate(values):
            found[n].update(self._written(value.value.lower()))
        return [
            tuple(self.meta.lists[each] for each in sorted(numbers) if value.type in self._types[each])
            for value, numbers in zip(values, found, strict=True)
        ]  # fmt: skip

    def _candidates(self, value: Observable) -> Iterator[bytes]:
        text = value.value.lower()
        yield _hash(f"={text}")
        host = _host(value)
        if host is None:
            return
        try:
            address = ip_address(host.partition("/")[0])
        except ValueError:
            if host != text:
                yield _hash(f"={host}")
            labels = host.split(".")
            for n in range(len(labels)):
                yield _hash("." + ".".join(labels[n:]))
            return
        given = int(host.partition("/")[2] or address.max_prefixlen)
        lengths = self.meta.lengths4 if address.version == 4 else self.meta.lengths6
        for length in lengths:
            if length <= given:
                yield _network_key(ip_network((address, length), strict=False))

    def _written(self, text: str) -> Iterator[int]:
        if self._automaton is not None:
            for _, owners in self._automaton.iter(text):
                yield from owners
        for pattern, number in self._patterns:
            if pattern.search(text):
                yield number

    @cached_property
    def _automaton(self) -> Any:
        if not self.meta.substrings:
            return None
        owners: dict[str, list[int]] = {}
        for needle, number in self.meta.substrings:
            owners.setdefault(needle, []).append(number)
        made = ahocorasick.Automaton()
        for needle, of in owners.items():
            made.add_word(needle, tuple(of))
        made.make_automaton()
        return made

    @cached_property
    def _patterns(self) -> list[tuple[Any, int]]:
        options = re2.Options()
        options.case_sensitive = False
        return [(re2.compile(body, options), number) for body, number in self.meta.patterns]


def _types(attributes: Iterable[str]) -> tuple[ObservableType, ...]:
    return tuple(dict.fromkeys(t for name in attributes for t in _TYPES.get(name, ())))


def _pattern(entry: str) -> str:
    """The body of `/…/flags`. Raises `BadList` for what cannot run in linear time (RE2)."""
    found = _PATTERN.match(entry.strip())
    body = found["body"] if found else entry
    try:
        re2.compile(body)
    except re2.error as problem:
        raise BadList(f"pattern: {problem}") from None
    return body


def _host(value: Observable) -> str | None:
    match value.type:
        case T.URL:
            try:
                return url.parse(value.value).host.lower()
            except url.BadUrl:
                return None
        case T.EMAIL:
            return value.value.rpartition("@")[2].lower()
        case T.DOMAIN | T.REGISTERED | T.HOSTNAME | T.IPV4 | T.IPV6 | T.CIDR:
            return value.value.lower()
    return None


def _hash(key: str) -> bytes:
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _network_key(network: IPv4Network | IPv6Network) -> bytes:
    return _hash(f"/{network.compressed}")
