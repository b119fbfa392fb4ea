"""What resolvers write of applied rules: real lines, and anything else."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.dnstap import BadStream, TapStream
from zvon.formats.pdns_message import PdnsStream
from zvon.formats.resolver_log import READERS, bind, unbound

# Lines of BIND 9.18.49 and Unbound 1.17.1, as they were written in the laboratory.
BIND = "22-Nov-2026 08:58:05.812 client @0x7fba9e301098 127.0.0.1#44524 (www.evil.example): rpz QNAME NXDOMAIN rewrite www.evil.example/A/IN via www.evil.example.hot.si.zvon"
UNBOUND = "[1795337890] unbound[14986:0] info: rpz: applied [hot.si.zvon] *.evil.example. rpz-nxdomain 127.0.0.1@35055 www.evil.example. A IN"
# A `PBDNSMessage` of PowerDNS Recursor 4.8.8 for evil.example.
PDNS = bytes.fromhex("0092") + (
    b"\x08\x02b\x13\n\revil.example.\x10\x01\x18\x01\x1a\x02vm@\x1e\x12\x10?\x8d\x14JH\xbfF\xda\x99"
    b"\xea\xdaN\xa0\x9d>\x98(\x01 \x012\x04\x7f\x00\x00\x01\xa0\x01\xdc\xe6\x02:\x04\x7f\x00\x00\x01X"
    b"\x81\x8f\x01H\xa7\xdd\x8a\xd8\x06P\xa9\x861\xa8\x01\x9f\xc5\x03j9\x08\x03\x1a\x03hot8\x02B\r"
    b'evil.example.J\x0cevil.exampleP\x03X\x01"\x03hot(\xa7\xdd\x8a\xd8\x060\xe9\x841'
)
# The handshake and a frame of BIND 9.18.49.
TAP_READY = (
    bytes.fromhex("00000000 00000022 00000004 00000001 00000016") + b"protobuf:dnstap.Dnstap"
)
TAP = (
    b"\x00\x00\x00\xb0\n\x02vm\x12\x1dBIND 9.18.49-1~deb12u3-Debianr\x88\x01\x08\x06\x10\x01\x18\x01"
    b'"\x04\x7f\x00\x00\x01*\x04\x7f\x00\x00\x010\xad\xd9\x038\x98\x95\x02`\x9d\xdd\x8a\xd8\x06m\x13'
    b"\xd5w*raTv\x81\x83\x00\x01\x00\x00\x00\x00\x00\x01\x04evil\x07example\x00\x00\x01\x00\x01\x03hot"
    b"\x02si\x04zvon\x00\x00\x06\x00\x01\x00\x00\x00<\x00,\tlocalhost\x00\nhostmaster\xc05\x00\x00\x00"
    b"\x03\x00\x00\x00<\x00\x00\x00\x1e\x00\t:\x80\x00\x00\x00<x\x01"
)


def test_the_lines_of_real_servers_read() -> None:
    hit = bind(BIND)
    assert hit is not None
    assert (hit.zone, hit.owner, hit.action, hit.client, hit.at) == (
        "hot.si.zvon", "www.evil.example", "nxdomain", "127.0.0.1", None,
    )  # fmt: skip
    hit = unbound(UNBOUND)
    assert hit is not None
    assert (hit.zone, hit.owner, hit.action, hit.client) == (
        "hot.si.zvon", "*.evil.example", "nxdomain", "127.0.0.1",
    )  # fmt: skip
    assert hit.at == datetime.fromtimestamp(1795337890, UTC)


@pytest.mark.parametrize(
    ("reader", "line", "owner", "action"),
    [
        ("bind", ("client @0x7f 127.0.0.1#41226 (badip.test): rpz IP NXDOMAIN rewrite badip.test/A/IN"
         " via 32.66.2.0.192.rpz-ip.ip.si.zvon"), "32.66.2.0.192.rpz-ip", "nxdomain"),
        ("bind", ("client @0x7f 2001:db8::1#5 (b.test): view inside: disabled rpz QNAME NODATA"
         " rewrite b.test/AAAA/IN via b.test.cold.hr.zvon"), "b.test", "disabled"),
        ("bind", ("client 127.0.0.1#5 (b.test): rpz QNAME PASSTHRU rewrite b.test/A/IN"
         " via b.test.allow.t2.zvon"), "b.test", "passthru"),
        ("bind", ("client @0x7f 127.0.0.1#5 (B.Test): rpz QNAME Local-Data rewrite B.Test/A/IN"
         " via B.Test.hot.si.zvon"), "b.test", "landing"),
        ("unbound", ("info: rpz: applied [ip.si.zvon] 192.0.2.66/32 rpz-nxdomain 127.0.0.1@38366"
         " badip.test. A IN"), "32.66.2.0.192.rpz-ip", "nxdomain"),
        ("unbound", ("info: rpz: applied [hot] mark.example. rpz-local-data 127.0.0.1@37294"
         " mark.example. TXT IN"), "mark.example", "landing"),
    ],
)  # fmt: skip
def test_every_trigger_and_action_has_one_word(
    reader: str, line: str, owner: str, action: str
) -> None:
    hit = READERS[reader](line)
    assert hit is not None
    assert (hit.owner, hit.action) == (owner, action)


@pytest.mark.parametrize(
    "line",
    [
        "", "client", BIND.replace("hot.si.zvon", "rpz.other"),
        BIND.replace("via www.evil.example.hot.si.zvon", "via hot.si.zvon"),
        BIND.replace("NXDOMAIN", "TCP-ONLY"), UNBOUND.replace("hot.si.zvon", "other-rpz"),
        UNBOUND.replace("[hot.si.zvon] ", ""), UNBOUND.replace("nxdomain", "drop"),
        BIND.replace("www.evil.example.hot", "a" * 64 + ".hot"),
        # A name that tries to be a second line, or another client.
        BIND.replace("via www.evil.example", "via www.e\x00vil.example"),
    ],
)  # fmt: skip
def test_what_is_no_rule_of_ours_is_no_hit(line: str) -> None:
    assert bind(line) is None
    assert unbound(line) is None


def test_a_name_cannot_forge_another_clients_line() -> None:
    name = "x):rpz"
    line = BIND.replace("(www.evil.example)", f"({name})")
    hit = bind(line)
    assert hit is None or hit.client == "127.0.0.1"


def test_the_streams_of_real_servers_read_also_octet_by_octet() -> None:
    for step in (1, 7, 1000):
        pdns, tap = PdnsStream(), TapStream()
        hits = [h for at in range(0, len(PDNS), step) for h in pdns.feed(PDNS[at : at + step])]
        assert [(h.zone, h.owner, h.action, h.client) for h in hits] == [
            ("hot", "evil.example", "nxdomain", "127.0.0.1")
        ]
        stream = TAP_READY + TAP
        hits = [h for at in range(0, len(stream), step) for h in tap.feed(stream[at : at + step])]
        assert [(h.zone, h.owner, h.action, h.client) for h in hits] == [
            ("hot.si.zvon", "evil.example", "nxdomain", "127.0.0.1")
        ]
        assert b"protobuf:dnstap.Dnstap" in tap.reply()
        assert (pdns.bad, tap.bad) == (0, 0)


def test_a_stream_of_something_else_is_ended() -> None:
    with pytest.raises(BadStream):
        list(TapStream().feed(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    other = TAP_READY.replace(b"dnstap.Dnstap", b"other.Message")
    with pytest.raises(BadStream):
        list(TapStream().feed(other))


@given(
    st.one_of(
        st.text(max_size=400), st.binary(max_size=400).map(lambda b: b.decode("utf-8", "replace"))
    )
)
def test_no_line_breaks_a_reader(text: str) -> None:
    for reader in READERS.values():
        for line in (text, *(real.replace("www.evil.example", text) for real in (BIND, UNBOUND))):
            hit = reader(line)
            assert hit is None or not set(hit.zone + hit.owner) & set(" \t\r\n\0")


@given(st.binary(max_size=300), st.integers(0, 175), st.binary(min_size=1, max_size=4))
def test_no_octets_break_a_stream_in_another_way_than_its_own(
    tail: bytes, at: int, noise: bytes
) -> None:
    for stream, real in ((PdnsStream(), PDNS), (TapStream(), TAP)):
        with contextlib.suppress(BadStream):
            hits = list(stream.feed(real[:at] + noise + real[at + len(noise) :] + tail))
            assert len(hits) <= 1 + len(tail)
