"""What the isolated process of `collect.rebuild` is told and says."""

from msgspec import Struct

Box = tuple[int, int, int, int]
"""Left, top, right, bottom: points of the upright picture, the last two not in it."""


class Word(Struct, frozen=True):
    """One word of a picture: its letters, where it stands, and the number of its line."""

    text: str
    box: Box
    line: int


class Code(Struct, frozen=True):
    """One printed code: what it holds and where it stands."""

    text: str
    box: Box


class Seen(Struct, frozen=True, kw_only=True):
    """A picture, looked at. `turned` are words that stand on their head or their side, `unread`
    places with letters that nobody can be sure of.

    `said` is what stands in the file beside its points. Without a `reason` all readers worked.
    """

    words: tuple[Word, ...] = ()
    turned: tuple[Word, ...] = ()
    codes: tuple[Code, ...] = ()
    unread: tuple[Box, ...] = ()
    said: tuple[str, ...] = ()
    reason: str = ""


class Margins(Struct, frozen=True, kw_only=True):
    """What a document says beside its text: who wrote it, comments, changes, what is hidden."""

    said: tuple[str, ...] = ()
    reason: str = ""


class Member(Struct, frozen=True, kw_only=True):
    """One file of an archive; `state` says why it was not opened."""

    name: str
    size: int = 0
    sha256: str = ""
    state: str = ""


class Listing(Struct, frozen=True, kw_only=True):
    """The files of an archive."""

    members: tuple[Member, ...] = ()
    reason: str = ""
