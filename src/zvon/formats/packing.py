"""Layers around what is read: compressed streams and archives, by their first bytes."""

from enum import StrEnum

from zvon.formats.kind import SAMPLE


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
