"""Attack 3: everything that there is (OIB, EMŠO, phones, IPv4) is tried without the key.

Such spaces are small: all IPv4 addresses are hashed in half an hour. Who enumerates one comes to
the true value, too, so it is enough to try the true values, under every function that needs no
secret and every key that can be guessed.
"""

import hashlib
import re
from base64 import b32encode, b64encode
from collections.abc import Callable, Iterable, Sequence

from zvon.privacy.attack.finding import Finding, none_allowed
from zvon.privacy.pseudonym import ALPHABET, KEY_BYTES, LENGTH, Domain

SPACES = {"IPv4": 2**32, "OIB": 10**10, "EMSO": 100 * 366 * 1000, "PHONE": 10**8}
"""How many values an enumeration has to try; each is within reach of one computer."""

MIN_MATCH = 8
_CODE = re.compile(r"[0-9a-z]{8,}")
_KINDS = ("person", "org", "user", "phone", "iban", "nid", "card", "ip", "net", "host", "wallet")
_HASHES: tuple[Callable[[bytes], bytes], ...] = tuple(
    lambda data, name=name: hashlib.new(name, data).digest()  # type: ignore[misc]
    for name in ("md5", "sha1", "sha224", "sha256", "sha512", "blake2b", "blake2s", "sha3_256")
)


def dictionary(pairs: Sequence[tuple[str, str]], names: Iterable[str] = ()) -> Finding:
    """How many pseudonyms an enumeration finds; `pairs` are (canonical original, pseudonym).

    `names` are what somebody could take for a key: names and identifiers of groups, epochs,
    organisations. A single hit is too many. By chance a code of 12 characters matches once in
    2**60 tries.
    """
    domains = [Domain("", "", key) for key in _keys(names)]
    hits = tries = 0
    for original, token in pairs:
        codes = _CODE.findall(token.lower())
        found = False
        for text in _forms(original):
            for written in _public(text):
                tries += 1
                found = found or any(code[:LENGTH] in written for code in codes)
            for domain in domains:
                for kind in _KINDS:
                    tries += 1
                    made = domain.code(kind, text)[:LENGTH]
                    found = found or any(code[:LENGTH] == made for code in codes)
        hits += found
    return none_allowed(
        "dictionary", hits, len(pairs), tries / 2**60, tries=tries, keys=len(domains),
        functions=len(_HASHES), spaces=SPACES,
    )  # fmt: skip


def _forms(original: str) -> list[str]:
    """Spellings of a value that a scheme may have taken."""
    value = original.partition("|")[0]
    digits = re.sub(r"\D", "", value)
    return list(dict.fromkeys(f for f in (value, value.lower(), value.upper(), digits) if f))


def _public(text: str) -> Iterable[str]:
    """The value under each public function, in each usual way to write it."""
    data = text.encode("utf-8", "surrogatepass")
    for made in _HASHES:
        digest = made(data)
        yield digest.hex()
        yield b32encode(digest).decode().lower()
        yield b64encode(digest, b"-_").decode().lower()
        yield _crockford(digest)
    yield data.hex()
    yield b64encode(data).decode().lower()
    yield b32encode(data).decode().lower()
    yield text.lower()[::-1]


def _crockford(digest: bytes) -> str:
    number, bits = int.from_bytes(digest), len(digest) * 8
    return "".join(ALPHABET[number >> shift & 31] for shift in range(bits - 5, -1, -5))


def _keys(names: Iterable[str]) -> Iterable[bytes]:
    """Keys that somebody tries: all equal, counting, and made of names."""
    yield bytes(KEY_BYTES)
    yield b"\xff" * KEY_BYTES
    yield bytes(range(KEY_BYTES))
    for name in ("", "key", "secret", "password", "changeme", *names):
        data = name.encode()
        yield data[:KEY_BYTES].ljust(KEY_BYTES, b"\0")
        yield hashlib.sha256(data).digest()
        yield hashlib.blake2b(data, digest_size=KEY_BYTES).digest()
