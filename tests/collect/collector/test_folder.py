"""A drop folder: finished files once, whole, put away; packed ones opened, archives refused."""

import gzip
import os
import zipfile
from pathlib import Path

from tests.collect.collector.post import clock
from zvon.collect.collector.folder import Folder


def folder_of(path: Path, place: bytes | None = None, *, delete: bool = False) -> Folder:
    return Folder(path, place, clock, settle_s=0, delete=delete)


def read(folder: Folder) -> list[tuple[str, bytes]]:
    found = []
    for piece in folder.pieces():
        found.append((piece.name, b"".join(piece.chunks) if piece.bad is None else b"!"))
        piece.place(None)
        if piece.done is not None:
            piece.done()
    return found


def test_finished_files_are_read_oldest_first_and_put_away(tmp_path: Path) -> None:
    for n, name in enumerate(("b.json", "a.json", ".hidden", "c.json.part")):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, ns=(n, n))
    folder = folder_of(tmp_path)
    assert read(folder) == [("b.json", b"b.json"), ("a.json", b"a.json")]
    assert read(folder) == []
    assert sorted(p.name for p in (tmp_path / "done").iterdir()) == ["a.json", "b.json"]
    (tmp_path / "a.json").write_text("again")
    assert read(folder) == [("a.json", b"again")]
    assert len(list((tmp_path / "done").iterdir())) == 3, "what has the same name is kept beside"


def test_a_file_that_is_still_written_to_waits(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("half")
    folder = Folder(tmp_path, None, clock, settle_s=3600, delete=True)
    assert read(folder) == []
    os.utime(tmp_path / "a.csv", (0, 0))
    assert read(folder) == [("a.csv", b"half")]
    assert not (tmp_path / "a.csv").exists()


def test_after_a_crash_a_file_goes_on_where_it_was_and_a_whole_one_is_only_put_away(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.csv").write_text("1\n2\n3\n")
    (piece,) = folder_of(tmp_path).pieces()
    (again,) = folder_of(tmp_path, piece.place(2)).pieces()
    assert again.skip == 2
    whole = again.place(None)
    assert list(folder_of(tmp_path, whole).pieces()) == []
    assert (tmp_path / "done" / "a.csv").exists()


def test_a_packed_file_is_opened_and_an_archive_is_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b'{"a": 1}'))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as made:
        made.writestr("x.txt", "x")
    folder = folder_of(tmp_path)
    (first,) = [p for p in folder.pieces() if p.name == "a.json.gz"]
    assert b"".join(first.chunks) == b'{"a": 1}'
    (second,) = [p for p in folder.pieces() if p.name == "b.zip"]
    assert second.bad is not None
    assert "archives" in second.bad.reason
