"""What a reader of a local source gives: bytes, and the places in the source around them."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from zvon.model.item import Bad


class Piece(Struct, frozen=True, kw_only=True):
    """A stretch of a source that is decoded by itself.

    `name` is the file it is from. `label` goes before the positions of its items, so that they
    are told apart. The first `skip` things of it were kept before a crash. `place(n)` is the
    place in the whole source once `n` things of this piece are kept, `place(None)` once all are.
    `bad` is there instead of bytes that nobody should decode.
    """

    chunks: Iterable[bytes]
    name: str
    label: str
    skip: int
    place: Callable[[int | None], bytes]
    bad: Bad | None = None
    done: Callable[[], None] | None = None
    """Called once all of it is on the disk."""
