"""OpenPGP in mail (RFC 9580, RFC 3156): signing and covering ours, checking and opening theirs.

The library raises whatever its parser meets, with words that may hold what was parsed; none of
that goes further than this file.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from pysequoia import Cert, Sig, SignatureMode, Tsk, decrypt, encrypt, sign, verify
from pysequoia.packet import PacketPile, Tag

MAX_BODY = 30 * 1024 * 1024
_KEYS = (Tag.PublicKey, Tag.PublicSubkey)
Signature = Literal["", "good", "unknown", "bad"]


class CannotOpen(ValueError):
    """The message is not for a key of ours, or broken."""


class Checked(Struct, frozen=True):
    """What a signature says: `good` by a known certificate, `unknown`, or `bad`."""

    signature: Signature
    signer: str = ""


class Opened(Struct, frozen=True):
    """An opened message and what its signature says."""

    body: bytes
    checked: Checked


def signature(body: bytes, secret: bytes) -> tuple[bytes, str]:
    """A detached signature in armour, and its `micalg`."""
    made = sign(Tsk.from_bytes(secret).signer(), body, mode=SignatureMode.DETACHED)
    name = str(Sig.from_bytes(made).hash_algorithm).rpartition(".")[2].lower()
    return made, f"pgp-{name.replace('_', '')}"


def covered(body: bytes, certificates: Sequence[bytes], secret: bytes | None) -> bytes:
    """`body` encrypted for each certificate, signed when there is a key. Raises `CannotOpen`."""
    signer = None if secret is None else Tsk.from_bytes(secret).signer()
    try:
        return encrypt(
            recipients=[Cert.from_bytes(each) for each in certificates], signer=signer, bytes=body
        )
    except Exception:  # noqa: BLE001 -- see above
        raise CannotOpen("a certificate cannot be encrypted for") from None


def check(body: bytes, detached: bytes, known: Sequence[bytes]) -> Checked:
    """What a detached signature over `body` says, with the certificates that we know."""
    if len(body) > MAX_BODY or len(detached) > MAX_BODY:
        return Checked("bad")
    try:
        seen = Sig.from_bytes(detached)
    except Exception:  # noqa: BLE001 -- see above
        return Checked("bad")
    certificates = _certificates(known)
    issuer = (seen.issuer_fingerprint or "").lower()
    try:
        valid = verify(bytes=body, store=lambda _ids: certificates, signature=seen).valid_sigs
    except Exception:  # noqa: BLE001 -- see above
        return Checked("bad" if _knows(known, issuer) else "unknown", issuer)
    return Checked("good", str(valid[0].certificate)) if valid else Checked("unknown", issuer)


def opened(body: bytes, secret: bytes, known: Sequence[bytes]) -> Opened:
    """Open an encrypted message; a signature that nobody known made does not keep it shut.

    Raises `CannotOpen`.
    """
    if len(body) > MAX_BODY:
        raise CannotOpen("too large")
    certificates, signers = _certificates(known), list[str]()

    def certified(issuers: list[str]) -> list[Cert]:
        signers.extend(issuers)  # nobody is asked for when nobody signed
        return certificates

    decryptor = Tsk.from_bytes(secret).decryptor
    try:
        found = decrypt(body, decryptor=decryptor(), store=certified)
        good = found.valid_sigs
        said = Checked("good", str(good[0].certificate)) if good else Checked("")
    except Exception:  # noqa: BLE001 -- see above
        try:
            found = decrypt(body, decryptor=decryptor())
        except Exception:  # noqa: BLE001 -- see above
            raise CannotOpen("not for a key of ours, or broken") from None
        said = Checked("unknown", signers[0].lower()) if signers else Checked("")
    if found.bytes is None or len(found.bytes) > MAX_BODY:
        raise CannotOpen("too large")
    return Opened(found.bytes, said)


def _certificates(known: Sequence[bytes]) -> list[Cert]:
    return [Cert.from_bytes(each) for each in known]


def _knows(known: Sequence[bytes], issuer: str) -> bool:
    """True when a key in one of these certificates is the one that the signature names."""
    return issuer != "" and any(
        issuer == (packet.fingerprint or "").lower()
        for each in known
        for packet in PacketPile.from_bytes(each)
        if packet.tag in _KEYS
    )
