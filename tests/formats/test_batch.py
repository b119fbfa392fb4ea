"""Batches: what was sealed opens as it was, whoever changes a byte is found, and nothing raises."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats import batch, reply
from zvon.formats.batch import BadBatch, Head
from zvon.formats.detect import choose
from zvon.model.item import Bad, Item, ItemKind, Options, Value
from zvon.model.marking import Tlp
from zvon.model.observable import Observable, ObservableType

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
SPOOL = UUID(int=7)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)

json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
items = st.builds(
    Item,
    kind=st.sampled_from([k for k in ItemKind if k is not ItemKind.DOCUMENT]),
    position=st.text(max_size=20), payload=json, title=st.text(max_size=20),
    values=st.lists(
        st.builds(Value, st.builds(Observable, st.sampled_from(ObservableType), st.text()))
    ).map(tuple),
    at=st.none() | st.datetimes(timezones=st.just(UTC)), id=st.none() | st.uuids(),
    tags=st.lists(st.text(max_size=5), max_size=2).map(tuple),
    links=st.lists(st.tuples(st.text(max_size=5), st.uuids()), max_size=2).map(tuple),
    tlp=st.none() | st.sampled_from(Tlp),
)  # fmt: skip
bads = st.builds(Bad, st.text(max_size=9), st.text(max_size=9), st.binary(max_size=9))


def head(count: int, **changed: object) -> Head:
    fields: dict[str, object] = {
        "collector": UUID(int=1), "node": UUID(int=2), "spool": SPOOL, "source": "suricata",
        "kind": "file", "n": 3, "after": 2, "before": 10, "count": count,
    }  # fmt: skip
    return Head(**{**fields, **changed})  # type: ignore[arg-type]


def sealed(entries: list[Item | Bad], **changed: object) -> bytes:
    body = batch.body(SPOOL, 3, [batch.line(each) for each in entries])
    return batch.seal(head(len(entries), **changed), body, KEY)


@given(st.lists(items | bads, max_size=5))
def test_a_sealed_batch_opens_as_it_was(entries: list[Item | Bad]) -> None:
    try:
        octets = sealed(entries)
    except BadBatch:  # half a surrogate pair: no JSON can hold it
        return
    assert batch.head_of(octets).source == "suricata"
    body = batch.read(batch.opened(octets, PUBLIC))
    assert body.items == [each for each in entries if isinstance(each, Item)]
    assert body.bad == [each for each in entries if isinstance(each, Bad)]
    again = list(batch.FORMAT.decode(pieces(body.raw), Options(received_at=NOW)))
    assert again == entries


def pieces(raw: bytes) -> Iterator[bytes]:
    for start in range(0, len(raw), 13):
        yield raw[start : start + 13]


def test_the_bytes_of_a_document_are_bytes_again() -> None:
    item = Item(
        kind=ItemKind.DOCUMENT, position="", payload={"kind": "pdf", "body": b"%PDF\xff\x00"}
    )
    assert batch.read(batch.opened(sealed([item]), PUBLIC)).items == [item]


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_found(at: int, by: int) -> None:
    octets = bytearray(sealed([Item(kind=ItemKind.LOG, position="line 1", payload={"a": 1})]))
    octets[at % len(octets)] ^= by
    with pytest.raises(BadBatch):
        batch.read(batch.opened(bytes(octets), PUBLIC))


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_our_own_error(octets: bytes) -> None:
    with suppress(BadBatch):
        batch.read(batch.opened(octets, PUBLIC))
    for found in batch.FORMAT.decode([octets], Options(received_at=NOW)):
        assert isinstance(found, Item | Bad)
    assert batch.FORMAT.sniff(octets, "x") is None


def test_a_head_that_claims_another_count_or_number_is_refused() -> None:
    body = batch.body(SPOOL, 3, [])
    for wrong in (head(1), head(0, n=4), head(0, spool=UUID(int=8))):
        with pytest.raises(BadBatch):
            batch.read(batch.opened(batch.seal(wrong, body, KEY), PUBLIC))
    for unknown in (b"[]", b"{}", b"\xff", b"not zstd"):
        with pytest.raises(BadBatch):
            batch.read(batch.opened(batch.seal(head(0), unknown, KEY), PUBLIC))


def test_a_body_that_inflates_without_end_is_refused() -> None:
    bomb = zstandard.ZstdCompressor().compress(b"a" * (batch.MAX_INFLATED + 2))
    assert len(bomb) < 10_000
    with pytest.raises(BadBatch, match="inflates"):
        batch.read(batch.opened(batch.seal(head(0), bomb, KEY), PUBLIC))


def test_nesting_without_end_and_half_a_pair_are_refused_one_by_one() -> None:
    deep: object = 1
    for _ in range(5000):
        deep = [deep]
    for payload in (deep, "\ud800", {"x": object()}):
        with pytest.raises(BadBatch):
            batch.line(Item(kind=ItemKind.LOG, position="", payload=payload))


def test_a_kept_batch_is_recognised() -> None:
    raw = batch.inflated(batch.body(SPOOL, 3, []))
    chosen = choose(raw, "x")
    assert chosen is not None
    assert (chosen[0].name, chosen[1].why) == ("collector", "MAGIC")


def test_an_answer_is_the_nodes_only_with_its_signature_and_to_that_request() -> None:
    value = reply.sign(b"asked", b"answer", KEY)
    assert reply.check(b"asked", b"answer", value, PUBLIC)
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    for asked, answer, said, key in (
        (b"else", b"answer", value, PUBLIC), (b"asked", b"else", value, PUBLIC),
        (b"asked", b"answer", "", PUBLIC), (b"asked", b"answer", "ž", PUBLIC),
        (b"asked", b"answer", value, other),
    ):  # fmt: skip
        assert not reply.check(asked, answer, said, key)
