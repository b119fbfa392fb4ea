"""Values of an item in their canonical form, each once; what has none stays in the payload only."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from zvon.model.item import Value, ValueRole
from zvon.model.observable import HASH_LENGTH, BadValue, Observable, ObservableType, canonical

SAID, NAMED, REPORTER = ValueRole.SAID, ValueRole.NAMED, ValueRole.REPORTER

# What logs write where there is nothing.
_NOTHING = frozenset({"", "-", "?", "n/a", "na", "none", "null", "unknown", "(empty)", "<unknown>",
                      "0.0.0.0", "::", "*", "%%1833"})  # fmt: skip  # noqa: S104
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_DOTTED = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
# An address with a port behind it, as logs write it.
_PORT = re.compile(r"(?:\[([0-9a-fA-F:.]+)\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3})[:#]\d{1,5})$")
# Longer ones hardly come twice, and a cache of them would be large.
_REMEMBERED = 256


class Found:
    """Gathers the values of one item."""

    __slots__ = ("_region", "_values", "at")

    def __init__(self, region: str = "SI", at: datetime | None = None) -> None:
        self._values: dict[Observable, Value] = {}
        self._region = region
        self.at = at

    def add(self, type: ObservableType, text: Any, role: ValueRole = SAID) -> bool:
        """Take `text` if it is a value of `type`; a list is taken one by one."""
        if isinstance(text, list):
            return sum(self.add(type, each, role) for each in text) > 0
        if isinstance(text, int) and not isinstance(text, bool) and type is ObservableType.ASN:
            text = str(text)
        if not isinstance(text, str):
            return False
        if type is ObservableType.PHONE:
            return self._take(_phone(text, self._region), role)
        return self._take(observable(type, text), role)

    def address(self, text: Any, role: ValueRole = SAID) -> bool:
        """Take an IPv4 or IPv6 address, or a range."""
        if isinstance(text, list):
            return sum(self.address(each, role) for each in text) > 0
        return isinstance(text, str) and self._take(address(text), role)

    def host(self, text: Any, role: ValueRole = SAID) -> bool:
        """Take an address or a name of the DNS."""
        if isinstance(text, list):
            return sum(self.host(each, role) for each in text) > 0
        return isinstance(text, str) and self._take(host(text), role)

    def machine(self, text: Any, role: ValueRole = SAID) -> bool:
        """Take the name of a machine inside, or its address."""
        if isinstance(text, list):
            return sum(self.machine(each, role) for each in text) > 0
        return isinstance(text, str) and self._take(
            address(text) or observable(ObservableType.HOSTNAME, text), role
        )

    def hash(self, text: Any, role: ValueRole = SAID) -> bool:
        """Take a hash by its length."""
        if isinstance(text, list):
            return sum(self.hash(each, role) for each in text) > 0
        if not isinstance(text, str):
            return False
        kind = HASH_LENGTH.get(len(text.strip()))
        return kind is not None and self._take(observable(kind, text), role)

    def values(self) -> tuple[Value, ...]:
        """What was found, in the order in which it was found."""
        return tuple(self._values.values())

    def __bool__(self) -> bool:
        return bool(self._values)

    def _take(self, found: Observable | None, role: ValueRole) -> bool:
        if found is None:
            return False
        known = self._values.get(found)
        # What an item is about stays that, also when it is mentioned once more.
        if known is None or (known.role is not SAID and role is SAID):
            self._values[found] = Value(found, role, self.at)
        return True


Take = Callable[[Found, Any, ValueRole], bool]
"""Adds what a field holds, in the role it has there; true when it was a value."""


def of(type: ObservableType) -> Take:
    """Takes values of one type."""
    return lambda found, text, role: found.add(type, text, role)


def take_user(found: Found, text: Any, role: ValueRole) -> bool:
    """Takes the name of an account; one with a domain behind `@` is an address as well."""
    return found.add(ObservableType.EMAIL, text, role) or found.add(
        ObservableType.USERNAME, text, role
    )


def take_file(found: Found, text: Any, role: ValueRole) -> bool:
    """Takes the name of a file, or with folders its path."""
    is_path = isinstance(text, str) and ("\\" in text or "/" in text)
    return found.add(ObservableType.FILEPATH if is_path else ObservableType.FILENAME, text, role)


def observable(type: ObservableType, text: str) -> Observable | None:
    """The canonical value, or none; placeholders such as `-` are none."""
    return _remembered(type, text) if len(text) <= _REMEMBERED else _read(type, text)


def address(text: str) -> Observable | None:
    """An IPv4 or IPv6 address or a range, written as such: no number is one."""
    return _address(text) if len(text) <= _REMEMBERED else None


def host(text: str) -> Observable | None:
    """An address, or a name of the DNS with at least two labels."""
    return _host(text) if len(text) <= _REMEMBERED else None


@lru_cache(maxsize=16_384)
def _remembered(type: ObservableType, text: str) -> Observable | None:
    return _read(type, text)


@lru_cache(maxsize=16_384)
def _address(text: str) -> Observable | None:
    if _DOTTED.fullmatch(text) and text not in _NOTHING:  # most are canonical as they come
        return Observable(ObservableType.IPV4, text)
    bare = _PORT.sub(r"\1\2", text.strip())
    if "/" in bare:
        return _read(ObservableType.CIDR, bare)
    if ":" in bare:
        mapped = bare.lower().removeprefix("::ffff:")
        if mapped.count(".") == 3:
            return _read(ObservableType.IPV4, mapped)
        return _read(ObservableType.IPV6, bare)
    return _read(ObservableType.IPV4, bare) if bare.count(".") == 3 else None


@lru_cache(maxsize=16_384)
def _host(text: str) -> Observable | None:
    found = _address(text)
    if found is not None or "." not in text.strip().strip("."):
        return found
    return _read(ObservableType.DOMAIN, text)


def _read(type: ObservableType, text: str) -> Observable | None:
    if text.strip().lower() in _NOTHING:
        return None
    try:
        return canonical(type, text)
    except BadValue:
        return None


def _phone(text: str, region: str) -> Observable | None:
    try:
        return canonical(ObservableType.PHONE, text, region=region)
    except BadValue:
        return None
