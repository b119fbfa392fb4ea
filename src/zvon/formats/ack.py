"""The acknowledgement: a receiver's signed statement of what it did with an entry."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta, Struct

from zvon.formats import canonical, note
from zvon.formats.membership import Hex32
from zvon.formats.note import Note, PeerError

FORMAT = "zvon.peer/ack/1"
MAX_ACK = 4096

AckState = Literal["applied", "erased", "partial"]
Count = Annotated[int, Meta(ge=0, le=10**6)]


class Ack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`by` did with entry `n` (its hash: `leaf`) of a feed what `state` says.

    `outputs` counts by kind: `proposed`, `refused`, `lifted`, `erased`. `partial` means that
    some of it was refused or waits; `note` says why.
    """

    group: UUID
    origin: UUID
    n: Annotated[int, Meta(ge=0, le=2**53)]
    leaf: Hex32
    by: UUID
    state: AckState
    outputs: dict[str, Count] = {}
    note: Annotated[str, Meta(max_length=300)] = ""
    at: Annotated[datetime, Meta(tz=True)]


def write(ack: Ack, key: Ed25519PrivateKey) -> bytes:
    """Sign `ack` with its sender's key."""
    text = f"{FORMAT}\n{canonical.encode(ack).decode()}\n"
    return note.encode(Note(text, (note.sign(text, "member", ack.by, key),)))


def read(data: bytes, *, by: UUID, key: bytes) -> Ack:
    """Read and verify an acknowledgement of the node `by`. Raises `PeerError`."""
    if len(data) > MAX_ACK:
        raise PeerError("the acknowledgement is too long")
    signed = note.decode(data)
    first, _, rest = signed.text.partition("\n")
    if first != FORMAT or not rest.endswith("\n"):
        raise PeerError("the note is not an acknowledgement")
    ack = canonical.decode(rest[:-1].encode(), Ack, limit=MAX_ACK, what="the acknowledgement")
    if ack.by != by or not note.signers(signed, "member", {by: key}):
        raise PeerError("the acknowledgement is not signed by its sender")
    return ack
