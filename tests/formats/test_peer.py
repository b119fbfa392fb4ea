"""What nodes send each other: round trips, only our error, and tampering refused."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.formats import canonical
from zvon.formats.merkle import leaf_hash
from zvon.formats.note import PeerError
from zvon.formats.peer import (
    MAX_BATCH_ENTRIES,
    MAX_ENTRY,
    Entry,
    EntryKind,
    Frame,
    Marking,
    check_chain,
    genesis,
    read_batch,
    read_entry,
    write_batch,
    write_entry,
)
from zvon.model.marking import Pap, Tlp

GROUP, ORIGIN, OBJECT = (UUID(int=n) for n in (1, 2, 3))
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
AMBER = Marking.of(Tlp.AMBER, Pap.GREEN)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts | st.floats(-1e6, 1e6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
bodies = st.dictionaries(texts, values, max_size=5)


def entry(n: int = 0, prev: bytes | None = None, body: dict[str, Any] | None = None) -> bytes:
    return write_entry(
        EntryKind.ADD,
        OBJECT,
        body or {"x": n},
        n=n,
        prev=genesis(GROUP, ORIGIN) if prev is None else prev,
        salt=bytes(16),
        at=NOW,
        policy=AMBER,
    )


def chain(length: int) -> list[Frame]:
    frames: list[Frame] = []
    prev = genesis(GROUP, ORIGIN)
    for n in range(length):
        data = entry(n, prev)
        frames.append(Frame(leaf_hash(data), data))
        prev = frames[-1].leaf
    return frames


@given(st.sampled_from(EntryKind), bodies, st.sampled_from(Tlp), st.sampled_from(Pap))
def test_a_written_entry_reads_back_the_same(
    kind: EntryKind, body: dict[str, Any], tlp: Tlp, pap: Pap
) -> None:
    data = write_entry(
        kind, OBJECT, body, n=7, prev=b"\1" * 32, salt=b"\2" * 16, at=NOW,
        policy=Marking.of(tlp, pap),
    )  # fmt: skip
    back = read_entry(data)
    assert (back.kind, back.id, back.n, back.at) == (kind, OBJECT, 7, NOW)
    assert (back.policy.tlp_level, back.policy.pap_level) == (tlp, pap)
    assert canonical.encode(back) == data


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_our_own_error(data: bytes) -> None:
    for read in (read_entry, read_batch):
        with pytest.raises(PeerError):
            read(data)


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=3))
def test_an_entry_with_changed_bytes_is_refused_or_another_leaf(place: int, patch: bytes) -> None:
    data = entry()
    place %= len(data)
    changed = data[:place] + patch + data[place + len(patch) :]
    assert changed == data or leaf_hash(changed) != leaf_hash(data)
    with suppress(PeerError):
        assert canonical.encode(read_entry(changed)) == changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"at"', b'{ "at"'),  # a space
        (b'"x":0', b'"x":0,"x":0'),  # a duplicate key
        (b'"x":0', b'"x":0.50'),
        (b'"x":0', b'"x":NaN'),
        (b'"x":0', b'"x":"\\u0000"'),
        (b'"x":0', b'"x":"\xff"'),
        (b'"x":0', b'"x":"\\ud800"'),
        (b'"x":0', b'"x":1e2'),
        (b'"n":0', b'"n":-1'),
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":1,"w":1'),
        (b'"kind":"add"', b'"kind":"append"'),
        (b"09:00:00Z", b"09:00:00"),
        (b"09:00:00Z", b"10:00:00+01:00"),
        (b'"amber"', b'"white"'),
        (b'"salt":"00', b'"salt":"0'),
    ],
)
def test_another_spelling_is_refused(old: bytes, new: bytes) -> None:
    data = entry()
    assert old in data
    with pytest.raises(PeerError):
        read_entry(data.replace(old, new))


def test_what_would_be_refused_is_not_written() -> None:
    with pytest.raises(PeerError):
        entry(body={"x": "a\0b"})
    with pytest.raises(PeerError):
        entry(body={"x": "a" * (MAX_ENTRY + 1)})
    with pytest.raises(PeerError):
        entry(body={"x": object()})
    assert read_entry(entry(body={"x": "\\u0000"})).body == {"x": "\\u0000"}


def test_a_time_outside_utc_is_written_in_utc_and_read_only_so() -> None:
    data = write_entry(
        EntryKind.ADD, OBJECT, {}, n=0, prev=bytes(32), salt=bytes(16),
        at=NOW.astimezone(timezone(timedelta(hours=1))), policy=AMBER,
    )  # fmt: skip
    assert b'"at":"2026-11-22T09:00:00Z"' in data


def test_json_a_million_deep_is_refused() -> None:
    data = entry().replace(b'"x":0', b'"x":' + b"[" * 100_000 + b"]" * 100_000)
    with pytest.raises(PeerError):
        read_entry(data)


@given(st.lists(st.booleans(), max_size=20))
@settings(max_examples=50)
def test_a_batch_reads_back_the_same_and_keeps_erased_leaves(erased: list[bool]) -> None:
    frames = [
        Frame(f.leaf, None if gone else f.data)
        for f, gone in zip(chain(len(erased)), erased, strict=True)
    ]
    back = read_batch(write_batch(frames))
    assert back == frames
    entries = check_chain(back, start=0, prev=genesis(GROUP, ORIGIN))
    assert [e is None for e in entries] == erased
    assert all(e.n == n for n, e in enumerate(entries) if isinstance(e, Entry))


def test_a_batch_of_another_place_feed_or_order_is_refused() -> None:
    frames = chain(3)
    first = genesis(GROUP, ORIGIN)
    with pytest.raises(PeerError, match="does not follow"):
        check_chain(frames, start=0, prev=genesis(ORIGIN, GROUP))
    with pytest.raises(PeerError, match="says that it is entry"):
        check_chain(frames, start=1, prev=first)
    with pytest.raises(PeerError):
        check_chain([frames[0], frames[2]], start=0, prev=first)
    with pytest.raises(PeerError):
        check_chain([frames[1], frames[0]], start=0, prev=first)


def test_a_bomb_is_refused_before_it_is_parsed() -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(64 * 1024 * 1024))
    assert len(bomb) < 10_000
    with pytest.raises(PeerError, match="too large when inflated"):
        read_batch(bomb)


def test_a_damaged_batch_is_refused() -> None:
    data = write_batch(chain(3))
    for bad in (data[:-1], data + b"x", data + data, data[:8] + b"\xff" + data[9:], b""):
        with pytest.raises(PeerError):
            read_batch(bad)
    for raw in (b"\0", b"\0\0\0\0\5abc", b"\1\0\0\0\3abc", b"\7\0\0\0\0", b"\0\xff\xff\xff\xff"):
        with pytest.raises(PeerError):
            read_batch(zstandard.ZstdCompressor().compress(raw))


def test_too_many_entries_are_refused_on_both_sides() -> None:
    bare = Frame(bytes(32), None)
    with pytest.raises(PeerError):
        write_batch([bare] * (MAX_BATCH_ENTRIES + 1))
    raw = (b"\1\0\0\0\x20" + bytes(32)) * (MAX_BATCH_ENTRIES + 1)
    with pytest.raises(PeerError, match="10,000"):
        read_batch(zstandard.ZstdCompressor().compress(raw))
