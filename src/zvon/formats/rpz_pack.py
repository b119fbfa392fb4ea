"""Rules packed into DNS messages as tightly as compression allows (RFC 1035, 4.1.4).

An owner name is handled as its *key*: the labels from the right, parted by blanks, so that
`*.evil.example` is `example evil *`. Keys in order put a name before all names below it, and what
stands next to each other shares its parents.
"""

import struct

from zvon.formats import rpz

# A compression pointer has 14 bits.
MAX_POINTER = 0x3FFF
# So that nearly every name in a message can still be pointed to.
MESSAGE = 16_000

_HEAD = struct.Struct("!HHI")
_LENGTH = [bytes((n,)) for n in range(64)]


def key_of(owner: str) -> str:
    """The key of an owner name that is relative to its zone."""
    return " ".join(owner.split(".")[::-1])


def owner_of(key: str) -> str:
    """The owner name of a key."""
    return ".".join(key.split(" ")[::-1])


class Packer:
    """Puts records into the body of one message, pointing to names that stand there already.

    `start` is where the body begins in the message. The question holds the zone's name at octet
    12, so every owner ends with a pointer to it. Targets are compressed too: CNAME, NS and SOA are
    the types whose data may be (RFC 3597, 4).
    """

    def __init__(self, start: int) -> None:
        self.start = start
        self.body = bytearray()
        self.count = 0
        self._owners: dict[str, bytes] = {"": b"\xc0\x0c"}
        self._names: dict[str, bytes] = {"": b"\0"}
        self._tails: dict[tuple[str, int], bytes] = {}

    def __len__(self) -> int:
        return len(self.body)

    def rules(self, lines: list[str], ttl: int) -> None:
        """Append the CNAMEs of rules; a line is a key, a tab and the target.

        Raises `RpzError` for a target that we do not offer.
        """
        body, owners, start, tails = self.body, self._owners, self.start, self._tails
        for line in lines:
            key, _, target = line.partition("\t")
            while True:
                pointer = owners.get(key)
                if pointer is not None:
                    body += pointer
                    break
                at = start + len(body)
                if at <= MAX_POINTER:
                    owners[key] = (0xC000 | at).to_bytes(2)
                key, _, label = key.rpartition(" ")
                body += _LENGTH[len(label)]
                body += label.encode("ascii")
            tail = tails.get((target, ttl))
            if tail is not None:
                body += tail
            else:
                self._first(target, ttl)
        self.count += len(lines)

    def record(self, key: str, rtype: int, ttl: int, data: bytes) -> None:
        """Append a record whose data is complete."""
        self._put(key, self._owners)
        self.body += rpz.record(rtype, ttl, data)
        self.count += 1

    def soa(self, serial: int, ttl: int) -> None:
        """Append the zone's SOA."""
        self._put("", self._owners)
        at = self._open(rpz.SOA, ttl)
        self._put(key_of(rpz.MNAME), self._names)
        self._put(key_of(rpz.RNAME), self._names)
        self.body += rpz.soa_numbers(serial)
        self._close(at)
        self.count += 1

    def ns(self, ttl: int) -> None:
        """Append the zone's NS."""
        self._put("", self._owners)
        at = self._open(rpz.NS, ttl)
        self._put(key_of(rpz.MNAME), self._names)
        self._close(at)
        self.count += 1

    def _first(self, target: str, ttl: int) -> None:
        """What follows the owner, for a target that this message does not hold yet."""
        key = key_of(rpz.check_target(target).removesuffix("."))
        at = self._open(rpz.CNAME, ttl)
        self._put(key, self._names)
        self._close(at)
        pointer = self._names.get(key)
        if pointer is not None:
            self._tails[target, ttl] = rpz.record(rpz.CNAME, ttl, pointer)

    def _open(self, rtype: int, ttl: int) -> int:
        """Begin the data of a record; returns where it begins."""
        self.body += _HEAD.pack(rtype, rpz.IN, ttl) + b"\0\0"
        return len(self.body)

    def _close(self, at: int) -> None:
        """Write how long the data that began at `at` is."""
        struct.pack_into("!H", self.body, at - 2, len(self.body) - at)

    def _put(self, key: str, seen: dict[str, bytes]) -> None:
        """A name, as far as it does not stand in the message yet."""
        body = self.body
        while True:
            pointer = seen.get(key)
            if pointer is not None:
                body += pointer
                return
            at = self.start + len(body)
            if at <= MAX_POINTER:
                seen[key] = (0xC000 | at).to_bytes(2)
            key, _, label = key.rpartition(" ")
            body += _LENGTH[len(label)]
            body += label.encode("ascii")
