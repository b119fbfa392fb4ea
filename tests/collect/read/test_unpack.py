"""Layers and archives are taken off within bounds; whatever the bytes, nothing is raised."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterable

import py7zr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.collect.read import unpack
from zvon.collect.read.unpack import Member, members
from zvon.formats.inflate import Bounds
from zvon.model.item import Bad

TEXT = b"".join(b"line %d of a log\n" % n for n in range(5000))


def pieces(body: bytes, size: int = 1000) -> Iterable[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def opened(body: bytes, name: str = "file") -> list[tuple[str, bytes | str]]:
    """Name and content of each file, or place and reason of what is wrong."""
    found: list[tuple[str, bytes | str]] = []
    for each in members(pieces(body), name):
        if isinstance(each, Bad):
            found.append((each.position, each.reason))
        else:
            found.append((each.name, b"".join(each.chunks)))
    return found


def tar(files: dict[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()


def seven(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        for name, body in files.items():
            archive.writestr(body, name)
    return out.getvalue()


FILES = {"a/first.log": TEXT, "second.log": TEXT[:100]}


@pytest.mark.parametrize("pack", [tar, zipped, seven, lambda files: tar(files, "w:xz")])
def test_the_files_of_an_archive_come_out_whole(pack: object) -> None:
    assert callable(pack)
    assert opened(pack(FILES)) == list(FILES.items())


def test_layers_are_named_from_the_outside_and_endings_are_taken_off() -> None:
    body = zipped({"day.log.gz": gzip.compress(TEXT), "plain.log": b"x"})
    found = list(members([bz2.compress(body)], "all.zip.bz2"))
    assert all(isinstance(each, Member) for each in found)
    assert [(m.name, m.packed, m.inside) for m in found if isinstance(m, Member)] == [
        ("day.log", ("bzip2", "zip", "gzip"), True), ("plain.log", ("bzip2", "zip"), True),
    ]  # fmt: skip


def test_a_broken_file_does_not_hide_the_next_one() -> None:
    body = tar({"broken.gz": gzip.compress(TEXT)[:300], "good.log": b"good\n"})
    found = dict(opened(body))
    assert found["good.log"] == b"good\n"
    assert "too early" in str(found["broken.gz: byte 0"])


def test_what_is_packed_again_and_again_ends() -> None:
    body = TEXT
    for _ in range(20):
        body = gzip.compress(body)
    [(place, reason)] = opened(body)
    assert (place, reason) == ("byte 0", "it is packed more than 4 times")


@pytest.mark.parametrize("pack", [tar, zipped, seven])
def test_an_archive_that_expands_too_far_ends_at_its_bound(
    pack: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(pack)
    monkeypatch.setattr(unpack, "BOUNDS", Bounds(floor=100_000, ratio=3))
    body = pack({"zeros": bytes(4_000_000)})
    if pack is tar:
        body = gzip.compress(body)
    found = opened(body)
    out = sum(len(content) for _, content in found if isinstance(content, bytes))
    assert out <= 4 * 100_000
    assert any("expands" in str(reason) for _, reason in found)


def test_an_encrypted_file_and_an_archive_we_do_not_open_are_named() -> None:
    body = bytearray(zipped({"secret.txt": b"x"}))
    body[6] |= 1
    body[body.index(b"PK\x01\x02") + 8] |= 1
    assert opened(bytes(body)) == [("secret.txt: byte 0", "it is encrypted")]
    assert opened(b"Rar!\x1a\x07\x01\x00" + bytes(20)) == [
        ("byte 0", "archives of the kind rar are not opened")
    ]


BEGINNINGS = (b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"\xfd7zXZ\x00", b"BZh9", b"\x28\xb5\x2f\xfd",
              b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", bytes(257) + b"ustar")  # fmt: skip


@given(st.sampled_from(BEGINNINGS), st.binary(max_size=400))
def test_any_bytes_raise_nothing(beginning: bytes, rest: bytes) -> None:
    assert all(name and content is not None for name, content in opened(beginning + rest))


@given(st.data())
def test_a_cut_or_changed_archive_raises_nothing(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from([SMALL_TAR, SMALL_ZIP, SMALL_SEVEN, SMALL_XZ])))
    for _ in range(data.draw(st.integers(0, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(body[: data.draw(st.integers(0, len(body)))])
    assert all(name and content is not None for name, content in opened(cut))


SMALL_TAR, SMALL_ZIP = tar({"a": b"x" * 2000}), zipped({"a": b"x" * 2000, "b": b"y"})
SMALL_SEVEN, SMALL_XZ = seven({"a": b"x" * 2000}), lzma.compress(SMALL_ZIP)
