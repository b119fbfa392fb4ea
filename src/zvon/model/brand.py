"""The protected names: who is imitated, and which names are really theirs.

The registry that ships is data, `brands.toml`; a node's desks change it (`store.brand`). A row that
its brand has not verified may match lookalikes and keeps its official names from being proposed,
but it never clears a report.
"""

import tomllib
from collections.abc import Iterable
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from msgspec import Struct, convert

CONFIRMED = "c"
"""How we know a name that the brand's own desk named."""


class Brand(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One protected name.

    `official` and `hosts` map a name to how we know it (s named in published material, d seen in
    use, b believed, c confirmed by the brand's desk). `mail` are its mail domains, `senders` single
    addresses, `sender_ids` what an SMS shows as its sender, `short_codes` its short numbers.
    `distinctive` aliases match at once, `words` need a co-signal. Of the distinctive ones, `abroad`
    are names of firms in other countries too, so they need a co-signal. `context` are tokens that belong to the brand; `called` is what running text calls it,
    accents folded. `exclude` are ordinary words nearby, and whole names of others. `shared` are
    hosts of the brand where anybody may publish: never blocked as a name, but no sign of the brand. `favicons` are MurmurHash3 values of its icons, `logos` perceptual hashes (16 hex
    digits), `templates` texts of its own messages. `country` is empty for a brand of no one country.
    """

    id: str
    name: str
    country: str
    sector: str
    official: dict[str, str]
    hosts: dict[str, str] = {}
    shared: tuple[str, ...] = ()
    mail: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    sender_ids: tuple[str, ...] = ()
    short_codes: tuple[str, ...] = ()
    distinctive: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    abroad: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    favicons: tuple[int, ...] = ()
    logos: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    verified_by: str = ""

    @property
    def official_text(self) -> str:
        """The official domains for people, `posta.si`."""
        return ", ".join(self.official)

    @property
    def names(self) -> tuple[str, ...]:
        """Every official domain and host."""
        return (*self.official, *self.hosts)


class BadRegistry(ValueError):
    """The brand registry contradicts itself."""


class Registry(Struct, frozen=True, dict=True, eq=False):
    """Brands with what is looked up in them. Build it once for a state of the registry.

    `version` names the state; two registries of one version are the same.
    """

    brands: tuple[Brand, ...]
    version: str

    @cached_property
    def by_id(self) -> dict[str, Brand]:
        """The brands by id."""
        return {brand.id: brand for brand in self.brands}

    @cached_property
    def by_name(self) -> dict[str, Brand]:
        """The brands by each official domain and host."""
        return {name: brand for brand in self.brands for name in brand.names}

    @cached_property
    def _by_sender(self) -> dict[str, Brand]:
        return {
            sign.casefold(): brand
            for brand in self.brands
            for sign in (*brand.senders, *brand.sender_ids, *brand.short_codes)
        }

    @cached_property
    def _by_mail(self) -> dict[str, Brand]:
        return {domain: brand for brand in self.brands for domain in brand.mail}

    @cached_property
    def _shared(self) -> dict[str, Brand]:
        return {name: brand for brand in self.brands for name in brand.shared}

    def official(self, name: str) -> Brand | None:
        """The brand whose official domain `name` is or lies below; the longest match wins.

        `name` is an A-label in lower case without the final dot. A host where anybody may publish
        is nobody's word, so it is not official.
        """
        names, shared = self.by_name, self._shared
        while name:
            if name in shared:
                return None
            if name in names:
                return names[name]
            _, _, name = name.partition(".")
        return None

    def publisher(self, name: str) -> Brand | None:
        """The brand that lets anybody publish at `name`."""
        while name:
            if name in self._shared:
                return self._shared[name]
            _, _, name = name.partition(".")
        return None

    def official_names(self) -> frozenset[str]:
        """Every official domain and host of the registry."""
        return frozenset(self.by_name)

    def sender(self, sender: str) -> Brand | None:
        """The brand that sends as `sender`: a mail address, a sender id or a short code.

        A mail address counts when it is named itself, or its domain is one of the brand's mail
        domains. Says nothing of whether the sender is genuine: both can be forged.
        """
        sender = sender.strip().casefold()
        return self._by_sender.get(sender) or self._by_mail.get(sender.rpartition("@")[2])


def built(brands: Iterable[Brand], version: str) -> Registry:
    """A registry of `brands`. Raises `BadRegistry` when an id or an official name repeats."""
    found = Registry(tuple(brands), version)
    for seen in ([b.id for b in found.brands], [name for b in found.brands for name in b.names]):
        if len(set(seen)) < len(seen):
            twice = {item for item in seen if seen.count(item) > 1}
            raise BadRegistry(f"named twice in the registry: {', '.join(sorted(twice))}")
    return found


@cache
def _data() -> dict[str, Any]:
    folder = files("zvon.model")
    return tomllib.loads((folder / "brands.toml").read_text(encoding="utf-8"))


@cache
def _world() -> list[dict[str, Any]]:
    """The brands of no one country, in a file of their own."""
    text = (files("zvon.model") / "brands_world.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["brand"]
    return rows


@cache
def shipped() -> Registry:
    """The registry that ships with this program, in the order of its files."""
    return built((convert(row, Brand) for row in (*_data()["brand"], *_world())), version())


def registry() -> tuple[Brand, ...]:
    """The brands of the registry that ships. Raises `BadRegistry`, see `built`."""
    return shipped().brands


def version() -> str:
    """The version of the registry that ships with this program."""
    return str(_data()["version"])


@cache
def lure_words() -> frozenset[str]:
    """Words that lures put beside a brand, accents folded."""
    return frozenset(_data()["lure"])


@cache
def weak_lure_words() -> frozenset[str]:
    """Words that stand beside a world-wide name in lures, and in honest names beside others."""
    return frozenset(_data()["weak_lure"])


@cache
def cheap_suffixes() -> frozenset[str]:
    """Top-level domains where a name costs next to nothing."""
    return frozenset(_data()["cheap"])


def by_id() -> dict[str, Brand]:
    """The brands that ship, by id."""
    return shipped().by_id


def official(name: str) -> Brand | None:
    """The brand that ships and owns `name`, see `Registry.official`."""
    return shipped().official(name)


def official_names() -> frozenset[str]:
    """Every official domain and host of the registry that ships."""
    return shipped().official_names()
