"""The token that leads an answer back to its thread: in our address, and in the subject.

It is a reference and a code over it (HMAC-SHA256, RFC 2104) that only this node can make. Whoever
was sent one may pass it on, so a right token says where a mail belongs and not who wrote it.
"""

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

REF_BYTES = 8
_CODE_LENGTH = 16  # 80 bits

Kind = Literal["thread", "bounce"]
_LETTER: dict[Kind, str] = {"thread": "t", "bounce": "b"}
_KIND: dict[str, Kind] = {letter: kind for kind, letter in _LETTER.items()}
_ADDRESS = re.compile(r"\+z([tb])-([a-z2-7]{13})-([a-z2-7]{16})@", re.IGNORECASE)
_SUBJECT = re.compile(r"\[z-([a-z2-7]{13})-([a-z2-7]{16})\]", re.IGNORECASE)
_MOST = 50


class Token(Struct, frozen=True):
    """A token with a right code: what it is for, and the reference."""

    kind: Kind
    ref: str


def reference(random: bytes) -> str:
    """A new reference of `REF_BYTES` random bytes. Raises `ValueError` for another length."""
    if len(random) != REF_BYTES:
        raise ValueError(f"expected {REF_BYTES} random bytes")
    return b32encode(random).decode().rstrip("=").lower()


def address(own: str, key: bytes, token: Token) -> str:
    """Our address with the token in it (subaddressing, RFC 5233): `cert+zt-…-…@cert.example`."""
    local, _, domain = own.rpartition("@")
    code = _code(key, token)
    return f"{local}+z{_LETTER[token.kind]}-{token.ref}-{code}@{domain}"


def subject_mark(key: bytes, ref: str) -> str:
    """The token as it stands in a subject, for those who answer to another address."""
    return f"[z-{ref}-{_code(key, Token('thread', ref))}]"


def in_addresses(addresses: Iterable[str], key: bytes) -> Token | None:
    """The first token with a right code in any of these addresses."""
    for text in list(addresses)[:_MOST]:
        for letter, ref, code in _ADDRESS.findall(text[:1000]):
            token = Token(_KIND[letter.lower()], ref.lower())
            if hmac.compare_digest(_code(key, token), code.lower()):
                return token
    return None


def in_subject(subject: str, key: bytes) -> Token | None:
    """The first token with a right code in a subject; the words around it do not matter."""
    for ref, code in _SUBJECT.findall(subject[:4000]):
        token = Token("thread", ref.lower())
        if hmac.compare_digest(_code(key, token), code.lower()):
            return token
    return None


def is_own(address: str, own: str) -> bool:
    """True for our address, with or without something behind a plus."""
    local, _, domain = address.strip().lower().rpartition("@")
    ours, _, here = own.lower().rpartition("@")
    return domain == here and local.partition("+")[0] == ours


def without_mark(subject: str) -> str:
    """A subject without tokens, right or wrong ones."""
    return " ".join(_SUBJECT.sub(" ", subject).split())


def _code(key: bytes, token: Token) -> str:
    made = hmac.digest(key, f"mail {token.kind} {token.ref}".encode(), hashlib.sha256)
    return b32encode(made).decode().lower()[:_CODE_LENGTH]
