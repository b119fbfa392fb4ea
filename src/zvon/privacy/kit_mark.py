"""Marks of pages as members of a group exchange them: keyed, so that only a match says anything.

Two nodes that saw pages of one kit send the same mark. Who has not seen the kit learns from a mark
no more than that there is one; who is no member cannot even try.
"""

import hashlib
import re

MARK = re.compile(r"[0-9]{1,9}:[0-9a-f]{32}")


def key_of(membership: bytes) -> bytes:
    """The key of one version of a group: only members were ever sent the signed document.

    Its Ed25519 signatures make it unguessable; a member that left knows no later version.
    """
    return hashlib.blake2b(membership, digest_size=32, person=b"zvon.kit-key").digest()


def mark(key: bytes, version: int, kind: str, value: str) -> str:
    """The mark of a value: the version of the membership, and 128 bits of a keyed hash."""
    digest = hashlib.blake2b(
        value.encode(), digest_size=16, key=key, person=kind.encode()[:16]
    ).hexdigest()
    return f"{version}:{digest}"
