"""Signatures on requests: what is wrong is said as the RFC says it, and nothing else is told."""

import struct
from collections.abc import AsyncIterator

import dns.message
import dns.rcode
import dns.rdatatype
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from tests.dns.offline import (
    ALGORITHMS,
    COLD,
    HOT,
    OTHER,
    Offline,
    endpoint,
    error,
    key,
    offline,
    rcode,
)
from zvon.dns import wire
from zvon.dns.replay import MOST, WINDOW_S, Replays
from zvon.dns.tsig import Key, Signer, TsigFailure, verify, verify_reply
from zvon.formats.rpz import name_wire

NOTAUTH = int(dns.rcode.NOTAUTH)


@pytest_asyncio.fixture
async def lab() -> AsyncIterator[Offline]:
    async with offline() as made:
        yield made


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_each_algorithm_signs_both_ways(lab: Offline, algorithm: str) -> None:
    lab.keys.append(key("long.zvon", 1, algorithm))
    lab.subscribe()
    query = lab.query(HOT, by="long.zvon", algorithm=algorithm)
    raw = await lab.ask(query.to_wire())
    answer = dns.message.from_wire(raw, keyring=query.keyring, request_mac=query.mac)
    assert answer.had_tsig
    assert answer.answer[0].rdtype == dns.rdatatype.SOA


async def test_an_unknown_key_or_algorithm_is_a_bad_key(lab: Offline) -> None:
    for query in (
        lab.query(HOT, "AXFR", by="nobody.zvon"),
        lab.query(HOT, "AXFR", algorithm="hmac-sha512"),
        lab.query(HOT, "AXFR", algorithm="hmac-md5.sig-alg.reg.int"),
        lab.query(HOT, "AXFR", algorithm="hmac-sha1"),
    ):
        raw = await lab.ask(query.to_wire())
        assert error(raw) == (NOTAUTH, dns.rcode.BADKEY, 0)
        assert not dns.message.from_wire(raw, keyring=False).answer
    assert {what[2] for what in lab.failures} == {"BADKEY"}


async def test_the_key_of_somebody_else_with_my_name_is_a_bad_signature(lab: Offline) -> None:
    raw = await lab.ask(lab.query(HOT, "AXFR", word=b"x" * 32).to_wire())
    assert error(raw) == (NOTAUTH, dns.rcode.BADSIG, 0)
    assert lab.failures == [("t1.zvon", "127.0.0.1", "BADSIG", HOT)]


@pytest.mark.parametrize("skew", [-600, -301, 301, 600])
async def test_a_clock_that_is_off_is_told_our_time_under_the_key(lab: Offline, skew: int) -> None:
    query = lab.query(HOT, "AXFR").to_wire()
    lab.skew = skew
    raw = await lab.ask(query)
    assert error(raw) == (NOTAUTH, dns.rcode.BADTIME, 32)


@pytest.mark.parametrize("skew", [-299, 299])
async def test_a_clock_that_is_off_by_less_is_good_enough(lab: Offline, skew: int) -> None:
    query = lab.query(HOT).to_wire()
    lab.skew = skew
    assert rcode(await lab.ask(query)) == 0


async def test_a_request_cannot_make_itself_last_longer(lab: Offline) -> None:
    query = lab.query(HOT)
    assert query.keyring is not None
    query.use_tsig(query.keyring, query.keyname, fudge=0xFFFF)
    raw = query.to_wire()
    lab.skew = 400
    assert error(await lab.ask(raw)) == (NOTAUTH, dns.rcode.BADTIME, 32)


async def test_any_change_of_a_signed_request_is_a_bad_signature(lab: Offline) -> None:
    raw = bytearray(lab.query(HOT, "SOA").to_wire())
    at = raw.index(b"\x00\x06\x00\x01", 12)
    raw[at + 1] = 252
    assert error(await lab.ask(bytes(raw)))[:2] == (NOTAUTH, dns.rcode.BADSIG)


async def test_a_request_is_taken_once_over_tcp(lab: Offline) -> None:
    query = lab.query(HOT, "IXFR", serial=1).to_wire()
    assert rcode(await lab.ask(query)) == 0
    assert error(await lab.ask(query)) == (NOTAUTH, dns.rcode.BADTIME, 32)
    assert rcode(await lab.ask(lab.query(HOT, "IXFR", serial=1).to_wire())) == 0


async def test_a_datagram_may_be_repeated_and_then_asked_over_tcp(lab: Offline) -> None:
    query = lab.query(HOT, "IXFR", serial=1).to_wire()
    answers = await lab.datagram([query, query])
    assert [rcode(raw) for raw in answers] == [0, 0]
    assert rcode(await lab.ask(query)) == 0


def test_a_request_from_another_address_is_a_replay() -> None:
    replays = Replays()
    assert replays.fresh(b"a", "192.0.2.1", 0.0, stream=False)
    assert not replays.fresh(b"a", "192.0.2.2", 1.0, stream=False)
    assert not replays.fresh(b"a", "192.0.2.2", 1.0, stream=True)
    assert replays.fresh(b"a", "192.0.2.1", 1.0, stream=True)
    assert not replays.fresh(b"a", "192.0.2.1", 1.0, stream=True)


def test_digests_are_forgotten_when_they_are_no_longer_good() -> None:
    replays = Replays()
    for n in range(MOST + 10):
        replays.fresh(n.to_bytes(4), "192.0.2.1", 0.0, stream=True)
    assert len(replays._seen) == MOST
    replays.fresh(b"later", "192.0.2.1", WINDOW_S + 1.0, stream=True)
    assert len(replays._seen) == 1


async def test_both_keys_work_while_a_subscriber_changes_them(lab: Offline) -> None:
    lab.keys.append(key("t1-2.zvon", 1))
    lab.subscribe()
    for by in ("t1.zvon", "t1-2.zvon"):
        assert rcode(await lab.ask(lab.query(HOT, "AXFR", by=by).to_wire())) == 0
    lab.keys.pop(0)
    lab.subscribe()
    assert error(await lab.ask(lab.query(HOT).to_wire()))[1] == dns.rcode.BADKEY
    assert rcode(await lab.ask(lab.query(HOT, by="t1-2.zvon").to_wire())) == 0


async def test_a_zone_of_others_and_one_that_does_not_exist_are_refused_with_the_same_octets(
    lab: Offline,
) -> None:
    lab.endpoints[0] = endpoint(1, HOT, COLD, known_by="address")
    lab.subscribe()
    for opcode in (0x0000, 0x2000):
        for rtype in (b"\0\x06", b"\0\xfb", b"\0\xfc", b"\0\x01", b"\0\xff"):
            answers = set()
            for name in (OTHER, "hot.xx.zvon"):
                question = name_wire(name) + rtype + b"\0\1"
                head = struct.pack("!HHHHHH", 7, opcode, 1, 0, 0, 0)
                raw = await lab.ask(head + question)
                assert rcode(raw) == dns.rcode.REFUSED
                answers.add(raw.replace(name_wire(name), b""))
            assert len(answers) == 1
    for asked in ("SOA", "IXFR", "AXFR"):
        shapes = set()
        for name in (OTHER, "hot.xx.zvon"):
            raw = await lab.ask(lab.query(name, asked, serial=1).to_wire())
            tsig = len(raw) - raw.index(name_wire("t1.zvon"))
            shapes.add((raw[2:12], len(raw), tsig))
        assert len(shapes) == 1


secrets = st.binary(min_size=32, max_size=32)


@given(secrets, secrets, st.sampled_from(ALGORITHMS), st.integers(0, 2**33), st.integers(-400, 400))
def test_only_the_same_secret_at_about_the_same_time_verifies(
    mine: bytes, yours: bytes, algorithm: str, now: int, skew: int
) -> None:
    message = wire.HEADER.pack(5, 0, 1, 0, 0, 0) + name_wire(HOT) + b"\0\6\0\1"
    signed = wire.parse(Signer(Key("k.zvon", algorithm, yours, 1), b"").sign(message, now))
    held = {"k.zvon": Key("k.zvon", algorithm, mine, 1)}
    if mine == yours and abs(skew) <= 300:
        assert verify(signed, held, now + skew).name == "k.zvon"
        return
    with pytest.raises(TsigFailure) as caught:
        verify(signed, held, now + skew)
    assert caught.value.error == (wire.Rcode.BADSIG if mine != yours else wire.Rcode.BADTIME)


def test_an_answer_to_our_notify_must_carry_our_digest() -> None:
    mine = key("k.zvon", 1)
    asked = Signer(mine, b"")
    message = wire.HEADER.pack(5, 0x2000, 1, 0, 0, 0) + name_wire(HOT) + b"\0\6\0\1"
    asked.sign(message, 1000.0)
    for prior, good in ((asked.mac, True), (b"x" * 32, False), (b"", False)):
        reply = wire.parse(Signer(mine, prior).sign(message, 1000.0))
        assert verify_reply(reply, mine, asked.mac, 1001.0) is good
    late = wire.parse(Signer(mine, asked.mac).sign(message, 1000.0))
    assert not verify_reply(late, mine, asked.mac, 1400.0)


@given(st.binary(max_size=600))
def test_no_octets_raise_anything_but_our_own_error(raw: bytes) -> None:
    try:
        message = wire.parse(raw)
    except wire.WireError:
        return
    assert raw[12 : 12 + len(message.question)] == message.question


def test_a_dot_inside_a_label_is_no_name() -> None:
    question = b"\x0bhot.si.zvon\0\0\6\0\1"
    with pytest.raises(wire.WireError):
        wire.parse(wire.HEADER.pack(5, 0, 1, 0, 0, 0) + question)
