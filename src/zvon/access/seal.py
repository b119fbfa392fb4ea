"""Secrets at rest: sealed with the node key, a file beside the data folder, never in the database."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

KEY_BYTES = 32
NONCE_BYTES = 12


class BadSeal(ValueError):
    """The sealed value was made with another key or for another purpose, or was changed."""


def seal(key: bytes, purpose: str, secret: bytes, nonce: bytes) -> bytes:
    """Encrypt `secret` (ChaCha20-Poly1305, RFC 8439); `purpose` is bound to it.

    `nonce` is 12 random bytes, never used twice with one key.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"expected {NONCE_BYTES} nonce bytes")
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, secret, purpose.encode())


def unseal(key: bytes, purpose: str, sealed: bytes) -> bytes:
    """Give back what `seal` took. Raises `BadSeal`."""
    try:
        return ChaCha20Poly1305(key).decrypt(
            sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode()
        )
    except (InvalidTag, ValueError):
        raise BadSeal(purpose) from None
