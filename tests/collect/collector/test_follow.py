"""Files that grow, are rotated, copied, cut or deleted: each line once, also over restarts."""

import gzip
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from zvon.collect.collector.follow import MAX_LINE, PIECE, Follow
from zvon.collect.collector.piece import Piece


def lines(piece: Piece) -> list[bytes]:
    return b"".join(piece.chunks).splitlines()


class Reader:
    """Follows, and remembers what is safe, as the spool does."""

    def __init__(self, pattern: Path, begin: str = "start") -> None:
        self.pattern, self.begin = str(pattern), begin
        self.place: bytes | None = None
        self.follow = Follow(self.pattern, None, begin)
        self.bad = 0

    def read(self) -> list[bytes]:
        found = []
        for piece in self.follow.pieces():
            found += lines(piece)
            self.bad += piece.bad is not None
            self.place = piece.place(None)
        self.place = self.follow.place
        return found

    def restart(self) -> None:
        self.follow.close()
        self.follow = Follow(self.pattern, self.place, self.begin)


def write(path: Path, text: str) -> None:
    with path.open("a") as out:
        out.write(text)


def test_whole_lines_are_read_as_they_come_and_once(tmp_path: Path) -> None:
    log = tmp_path / "eve.json"
    write(log, "one\ntwo\nthr")
    reader = Reader(log)
    assert reader.read() == [b"one", b"two"]
    assert reader.read() == []
    write(log, "ee\n")
    reader.restart()
    assert reader.read() == [b"three"]
    reader.restart()
    assert reader.read() == []
    reader.follow.close()


def test_a_file_renamed_while_nobody_read_is_read_to_its_end_and_so_is_the_one_between(
    tmp_path: Path,
) -> None:
    log = tmp_path / "eve.json"
    write(log, "1\n")
    reader = Reader(log)
    assert reader.read() == [b"1"]
    reader.follow.close()
    write(log, "2\n")
    log.rename(tmp_path / "eve.json.2")
    write(log, "3\n")
    log.rename(tmp_path / "eve.json.1")
    write(log, "4\n")
    (tmp_path / "eve.json.3.gz").write_bytes(gzip.compress(b"old\n"))
    for n, name in enumerate(("eve.json.2", "eve.json.1", "eve.json")):
        stat = (tmp_path / name).stat()
        os.utime(tmp_path / name, ns=(stat.st_atime_ns, stat.st_mtime_ns + n * 1000))
    reader.restart()
    assert reader.read() == [b"2", b"3", b"4"]
    reader.restart()
    assert reader.read() == []
    reader.follow.close()


def test_old_rotated_files_are_left_alone_the_first_time(tmp_path: Path) -> None:
    write(tmp_path / "eve.json.1", "before our time\n")
    write(tmp_path / "eve.json", "now\n")
    reader = Reader(tmp_path / "eve.json")
    assert reader.read() == [b"now"]
    assert reader.read() == []
    reader.follow.close()


def test_copy_and_cut_gives_each_line_once(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    write(log, "".join(f"line {n}\n" for n in range(50)))
    reader = Reader(log)
    assert len(reader.read()) == 50
    write(log, "late\n")
    (tmp_path / "app.log.1").write_bytes(log.read_bytes())
    os.truncate(log, 0)
    write(log, "fresh\n")
    assert sorted(reader.read()) == [b"fresh", b"late"]
    reader.restart()
    assert reader.read() == []
    reader.follow.close()


def test_a_deleted_file_is_read_to_its_end_and_the_new_one_from_its_begin(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    write(log, "1\n")
    reader = Reader(log)
    assert reader.read() == [b"1"]
    write(log, "2\nwithout an end")
    log.unlink()
    assert reader.read() == [b"2", b"without an end"]
    write(log, "3\n")
    assert reader.read() == [b"3"]
    reader.follow.close()


def test_another_file_with_the_number_of_the_old_one_is_read_whole(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    write(log, "old line one\n")
    reader = Reader(log)
    assert reader.read() == [b"old line one"]
    reader.follow.close()
    with log.open("r+b") as out:
        out.write(b"new line one, longer than before\n")
    reader.restart()
    assert reader.read() == [b"new line one, longer than before"]
    reader.follow.close()


def test_several_files_and_their_end_when_asked_to_begin_there(tmp_path: Path) -> None:
    for name in ("a.log", "b.log"):
        write(tmp_path / name, "before\n")
    reader = Reader(tmp_path / "*.log", "end")
    assert reader.read() == []
    for name in ("a.log", "b.log", "c.log"):
        write(tmp_path / name, f"{name}\n")
    assert sorted(reader.read()) == [b"a.log", b"b.log", b"c.log"]
    reader.follow.close()


def test_a_line_without_end_is_one_bad_piece_and_the_next_line_is_read(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"x" * (3 * MAX_LINE) + b"\n" + b"y" * (PIECE + 5) + b"\nlast\n")
    reader = Reader(log)
    found = reader.read()
    assert [len(each) for each in found] == [PIECE + 5, 4]
    assert reader.bad == 1
    reader.follow.close()


def test_columns_named_in_a_files_head_go_before_each_later_piece(tmp_path: Path) -> None:
    log = tmp_path / "conn.log"
    write(log, "#separator \\x09\n#fields\tts\tuid\n1\tA\n")
    reader = Reader(log)
    reader.read()
    write(log, "2\tB\n")
    piece = next(reader.follow.pieces())
    assert lines(piece) == [b"#separator \\x09", b"#fields\tts\tuid", b"2\tB"]
    piece.place(None)
    reader.follow.close()


def test_things_kept_before_a_crash_are_skipped_and_the_rest_is_given_again(
    tmp_path: Path,
) -> None:
    log = tmp_path / "a.log"
    write(log, "1\n2\n3\n")
    follow = Follow(str(log), None)
    first = next(follow.pieces())
    place = first.place(2)
    follow.close()
    write(log, "4\n")
    again = Follow(str(log), place)
    piece = next(again.pieces())
    assert lines(piece)[piece.skip :] == [b"3", b"4"]
    again.close()


@given(st.lists(st.sampled_from(["write", "rename", "restart", "read", "copy"]), max_size=25))
def test_whatever_is_done_to_a_file_each_line_comes_once(
    tmp_path_factory: object, steps: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("log")  # type: ignore[attr-defined]
    log: Path = folder / "x.log"
    write(log, "0 begins\n")
    reader, wrote, found, moved = Reader(log), 1, [], 0
    found += reader.read()
    for step in steps:
        match step:
            case "write":
                write(log, f"{wrote} is a line\n")
                wrote += 1
            case "rename":
                # Rotation that nobody could notice in time is another test: here it is.
                found += reader.read()
                if log.exists():
                    log.rename(folder / f"x.log.{moved}")
                    moved += 1
            case "copy":
                found += reader.read()
                if log.exists():
                    (folder / f"x.log.{moved}").write_bytes(log.read_bytes())
                    moved += 1
                    os.truncate(log, 0)
            case "restart":
                reader.restart()
            case _:
                found += reader.read()
    found += reader.read()
    reader.follow.close()
    assert sorted(int(each.split()[0]) for each in found) == list(range(wrote))
