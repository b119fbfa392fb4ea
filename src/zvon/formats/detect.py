"""Which format reads these bytes, and why: by what they are, hardly by what they are called."""

from enum import StrEnum

from zvon.formats.kind import SAMPLE
from zvon.formats.registry import formats
from zvon.model.item import Format, Guess

# Of two formats that are equally sure, the one with the stronger kind of reason reads.
_STRENGTH = {"MAGIC": 4, "KEYS": 3, "HEADER": 3, "LINES": 2, "NAME": 1}


class Packing(StrEnum):
    """A layer around what is read: compressed bytes, or an archive of several files."""

    GZIP = "gzip"
    XZ = "xz"
    BZIP2 = "bzip2"
    ZSTD = "zstd"
    ZIP = "zip"
    SEVEN_ZIP = "7z"
    TAR = "tar"
    RAR = "rar"

    @property
    def holds_files(self) -> bool:
        """True for an archive; the others hold one stream of bytes."""
        return self in {Packing.ZIP, Packing.SEVEN_ZIP, Packing.TAR, Packing.RAR}


_PACKED = (
    (b"\x1f\x8b\x08", Packing.GZIP),
    (b"\xfd7zXZ\x00", Packing.XZ),
    (b"BZh", Packing.BZIP2),
    (b"\x28\xb5\x2f\xfd", Packing.ZSTD),
    (b"PK\x03\x04", Packing.ZIP),
    (b"PK\x05\x06", Packing.ZIP),
    (b"7z\xbc\xaf\x27\x1c", Packing.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Packing.RAR),
)
# Office documents (ISO/IEC 29500, OpenDocument) are ZIP archives that are read as one document.
_OFFICE = (b"[Content_Types].xml", b"_rels/.rels", b"mimetypeapplication/vnd.oasis.opendocument")


def packing(sample: bytes) -> Packing | None:
    """The layer that these first bytes begin, or `None` when they are what is read."""
    for beginning, found in _PACKED:
        if sample.startswith(beginning):
            if found is Packing.BZIP2 and not sample[3:4].isdigit():
                continue
            if found is Packing.ZIP and any(mark in sample[:SAMPLE] for mark in _OFFICE):
                return None
            return found
    return Packing.TAR if sample[257:262] == b"ustar" else None


def candidates(sample: bytes, name: str = "", media_type: str = "") -> list[tuple[Format, Guess]]:
    """All formats that could read what begins like `sample`, the surest first.

    Of equals the one goes first whose reason is the stronger, then the one of that `media_type`,
    then the one that comes first in the alphabet, so that the same bytes always go the same way.
    """
    said = media_type.partition(";")[0].strip().lower()
    found: list[tuple[Format, Guess]] = []
    for each in formats().values():
        try:
            guess = each.sniff(sample[:SAMPLE], name)
        except Exception:  # noqa: BLE001, S112  a stranger's format; ours raise nothing
            continue
        if guess is not None and guess.score > 0:
            found.append((each, guess))
    found.sort(
        key=lambda pair: (
            -pair[1].score,
            -_STRENGTH.get(pair[1].why, 0),
            pair[0].media_type != said or not said,
            pair[0].name,
        )
    )
    return found


def choose(sample: bytes, name: str = "", media_type: str = "") -> tuple[Format, Guess] | None:
    """The format that reads what begins like `sample` (64 KiB are looked at), and why that one.

    `None` when none does. A layer around it (`packing`) must be taken off before.
    """
    return next(iter(candidates(sample, name, media_type)), None)
