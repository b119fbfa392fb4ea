"""The signature of one HTTP request between nodes.

Four headers: `Zvon-Node`, `Zvon-Time` (epoch seconds), `Zvon-Nonce` (32 hex digits) and
`Zvon-Signature` (base64). Signed are the method, the path with its query, the node that is
asked, and the hash of the body, so that nothing can be sent again, elsewhere or altered.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from zvon.formats.note import SIGNATURE_BYTES, PeerError, verify

FORMAT = "zvon.peer/request/1"
MAX_SKEW_S = 300
NONCE_BYTES = 16

_NONCE = re.compile(r"[0-9a-f]{32}", re.ASCII)
_TIME = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_NODE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Claim(Struct, frozen=True, kw_only=True):
    """Who says that they sent the request, and when; true only after `check`."""

    node: UUID
    time: int
    nonce: bytes
    signature: bytes


def _text(method: str, target: str, asked: UUID, body: bytes, node: UUID, time: int,
          nonce: bytes) -> bytes:  # fmt: skip
    return (
        f"{FORMAT}\n{method}\n{target}\nnode {node}\nasked {asked}\ntime {time}\n"
        f"nonce {nonce.hex()}\nbody {sha256(body).hexdigest()}\n"
    ).encode()


def sign(
    method: str,
    target: str,
    body: bytes,
    *,
    node: UUID,
    key: Ed25519PrivateKey,
    asked: UUID,
    now: datetime,
    nonce: bytes,
) -> dict[str, str]:
    """The headers for a request to `target` (path and query) at the node `asked`."""
    time = int(now.timestamp())
    signature = key.sign(_text(method, target, asked, body, node, time, nonce))
    return {
        "Zvon-Node": str(node),
        "Zvon-Time": str(time),
        "Zvon-Nonce": nonce.hex(),
        "Zvon-Signature": base64.b64encode(signature).decode(),
    }


def claim(headers: Mapping[str, str]) -> Claim:
    """Read the four headers. Raises `PeerError`."""
    node, time, nonce, signature = (
        headers.get(name, "") for name in ("zvon-node", "zvon-time", "zvon-nonce", "zvon-signature")
    )
    if not (_NODE.fullmatch(node) and _TIME.fullmatch(time) and _NONCE.fullmatch(nonce)):
        raise PeerError("the request is not signed")
    try:
        value = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        raise PeerError("the request's signature is not base64") from None
    if len(value) != SIGNATURE_BYTES:
        raise PeerError("the request's signature is not 64 bytes")
    return Claim(node=UUID(node), time=int(time), nonce=bytes.fromhex(nonce), signature=value)


def check(
    who: Claim, method: str, target: str, body: bytes, *, key: bytes, asked: UUID, now: datetime
) -> None:
    """Raise `PeerError` unless `who` signed this request to us within ±300 s of `now`.

    That the nonce is new is for the caller to establish.
    """
    if abs(now.timestamp() - who.time) > MAX_SKEW_S:
        raise PeerError("the request's time is more than 300 s from ours")
    text = _text(method, target, asked, body, who.node, who.time, who.nonce)
    if not verify(key, text, who.signature):
        raise PeerError("the request's signature is wrong")
