"""A spool: records come back in order with their place, torn ones do not, and what goes is counted."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.collect.spool import Spool

ID = "0" * 32


def drained(spool: Spool) -> list[tuple[int, int, int, bytes, bytes]]:
    """Everything that waits; takes it."""
    found = []
    while (record := spool.next()) is not None:
        found.append((record.n, record.before, record.count, record.place, record.body))
        spool.taken(record.n)
    return found


@given(st.lists(st.tuples(st.binary(max_size=50), st.binary(max_size=9), st.integers(0, 9))))
def test_what_was_put_in_comes_back_as_it_was_also_after_a_restart(
    tmp_path_factory: pytest.TempPathFactory, given: list[tuple[bytes, bytes, int]]
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(folder, ID, segment_bytes=120)
    for body, place, count in given:
        spool.append(body, place, count)
    spool.close()
    again = Spool(folder, "f" * 32, segment_bytes=120)
    assert again.identifier == ID
    assert again.waiting == sum(count for _, _, count in given)
    before, wanted = 0, []
    for n, (body, place, count) in enumerate(given, start=1):
        wanted.append((n, before, count, place, body))
        before += count
    assert drained(again) == wanted
    assert again.place == (given[-1][1] if given else None)
    assert again.number == len(given) + 1
    assert len(list(folder.glob("*.seg"))) == 1, "what is taken is deleted, but for the place"
    again.close()


def test_records_are_read_while_others_are_written(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ID, segment_bytes=100)
    seen = []
    for n in range(1, 60):
        spool.append(b"x" * 30, b"", 1)
        if n % 3 == 0:
            record = spool.next()
            assert record is not None
            seen.append(record.n)
            spool.taken(record.n)
    seen += [n for n, *_ in drained(spool)]
    assert seen == list(range(1, 60))
    spool.append(b"last", b"", 1)
    assert [body for *_, body in drained(spool)] == [b"last"]
    spool.close()


def test_an_empty_new_segment_still_knows_what_was_before_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ID, segment_bytes=10)
    spool.append(b"first", b"place", 3)
    spool.append(b"torn", b"later", 4)
    spool.close()
    (tmp_path / "0000000000000002.seg").write_bytes(b"\x00\x00")
    again = Spool(tmp_path, ID, segment_bytes=10)
    assert (again.place, again.number, again.end, again.waiting) == (b"place", 2, 3, 3)
    assert again.append(b"second", b"place2", 1) == 2
    assert [body for *_, body in drained(again)] == [b"first", b"second"]
    again.close()


def test_what_goes_is_counted_once_and_told_with_the_next_record(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ID, segment_bytes=100)
    for _ in range(10):
        spool.append(b"x" * 40, b"", 7)
    record = spool.next()
    assert record is not None
    spool.taken(record.n)
    lost = 0
    while spool.droppable:
        lost += spool.drop()
    assert lost == spool.dropped == 70 - 7 - spool.waiting
    spool.append(b"after", b"", 1)
    last = spool.next()
    while last is not None and last.body != b"after":
        spool.taken(last.n)
        last = spool.next()
    assert last is not None
    assert last.lost == lost
    assert last.before == 70
    assert spool.drop() == 0, "the newest segment knows the place and stays"
    spool.close()


def test_a_segment_that_rots_costs_its_own_records_and_no_others(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ID, segment_bytes=10)
    for n in range(1, 5):
        spool.append(b"body %d" % n, b"", 1)
    spool.close()
    rotten = tmp_path / "0000000000000002.seg"
    octets = bytearray(rotten.read_bytes())
    octets[-1] ^= 1
    rotten.write_bytes(octets)
    again = Spool(tmp_path, ID, segment_bytes=10)
    assert [n for n, *_ in drained(again)] == [1, 3, 4]
    again.close()


def test_a_full_disk_leaves_no_half_record_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, ID)
    spool.append(b"one", b"1", 1)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            spool.append(b"two", b"2", 1)
    assert spool.place == b"1"
    spool.append(b"three", b"3", 1)
    spool.close()
    again = Spool(tmp_path, ID)
    assert [body for *_, body in drained(again)] == [b"one", b"three"]
    again.close()
