"""The node's signature of what it answers to a collector.

Signed are the hash of the request and the hash of the answer, so that nobody between can say
that something was taken, name another policy, or give an old answer again.
"""

import base64
import binascii
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zvon.formats.note import verify

HEADER = "zvon-answer"


def sign(asked: bytes, answer: bytes, key: Ed25519PrivateKey) -> str:
    """The value of the header for `answer`, given to the body `asked`."""
    return base64.b64encode(key.sign(_text(asked, answer))).decode()


def check(asked: bytes, answer: bytes, value: str, key: bytes) -> bool:
    """True when the owner of `key` answered that."""
    try:
        signature = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return verify(key, _text(asked, answer), signature)


def _text(asked: bytes, answer: bytes) -> bytes:
    return (
        f"zvon.collector/answer/1\nasked {sha256(asked).hexdigest()}\n"
        f"answer {sha256(answer).hexdigest()}\n"
    ).encode()
