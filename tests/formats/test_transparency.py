"""Entries and checkpoints of the public record: one way to write each, and nothing else is read."""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.merkle import leaf_hash, root
from zvon.formats.note import PeerError
from zvon.formats.transparency import (
    Checkpoint,
    Entry,
    Kind,
    decode,
    encode,
    flaws,
    name_hash,
    read_checkpoint,
    write_checkpoint,
)

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NODE = UUID("01a20298-1acc-7342-bd29-b9ac4434946a")
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
entries = st.builds(
    Entry, seq=st.integers(1, 2**53), kind=st.sampled_from(Kind), block=words, name_sha256=words,
    trigger=words, scope=words, category=words, country=words, feed=words, ground=words,
    at=st.datetimes(timezones=st.just(UTC)), until=st.datetimes(timezones=st.just(UTC)),
)  # fmt: skip


def entry(seq: int) -> bytes:
    return encode(Entry(
        seq=seq, kind=Kind.PUBLISHED, block=f"B-26-{seq:06}", name_sha256=name_hash("a.example"),
        trigger="qname", scope="host", category="phishing", country="SI", feed="si",
        ground="terms", at=AT, until=AT,
    ))  # fmt: skip


def record(size: int) -> list[tuple[bytes, bytes]]:
    return [(entry(seq), leaf_hash(entry(seq))) for seq in range(1, size + 1)]


def over(rows: list[tuple[bytes, bytes]]) -> Checkpoint:
    return Checkpoint(node=NODE, size=len(rows), root=root(leaf for _, leaf in rows), at=AT)


@given(entries)
def test_a_written_entry_reads_back_the_same(one: Entry) -> None:
    assert decode(encode(one)) == one


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_our_own_error(data: bytes) -> None:
    with suppress(PeerError):
        assert encode(decode(data))


@given(st.text(max_size=300))
def test_no_note_raises_anything_but_our_own_error(text: str) -> None:
    with suppress(PeerError, UnicodeEncodeError):
        read_checkpoint(text, PUBLIC)


@given(st.integers(0, 2**53), st.binary(min_size=32, max_size=32))
def test_a_signed_checkpoint_reads_back_the_same(size: int, top: bytes) -> None:
    made = Checkpoint(node=NODE, size=size, root=top, at=AT)
    assert read_checkpoint(write_checkpoint(made, KEY), PUBLIC) == made


def test_a_changed_checkpoint_is_not_signed() -> None:
    note = write_checkpoint(over(record(3)), KEY)
    for wrong in (note.replace("size 3", "size 4"), note.replace("09:00", "09:01"),
                  note.replace("/1\n", "/2\n"), note.partition("\n\n")[0]):  # fmt: skip
        with pytest.raises(PeerError):
            read_checkpoint(wrong, PUBLIC)


def test_an_unchanged_record_has_no_flaw() -> None:
    assert flaws(record(9), over(record(9))) == []
    assert flaws([], over([])) == []


def test_each_way_to_change_a_record_is_a_flaw_of_its_row() -> None:
    rows, signed = record(9), over(record(9))
    assert [
        f.seq for f in flaws([*rows[:3], (rows[3][0] + b" ", rows[3][1]), *rows[4:]], signed)
    ] == [4]
    assert [f.seq for f in flaws([*rows[:3], rows[4], rows[3], *rows[5:]], signed)] == [4, 5]
    assert [f.seq for f in flaws(rows[:8], signed)] == [0]
    other = entry(4).replace(b'"si"', b'"hr"')
    assert [f.seq for f in flaws([*rows[:3], (other, leaf_hash(other)), *rows[4:]], signed)] == [0]
    junk = b"{}"
    assert [f.seq for f in flaws([*rows[:3], (junk, leaf_hash(junk)), *rows[4:]], signed)] == [4]
