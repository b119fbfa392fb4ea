"""The built-in proof resolver: what a rule does, and why, in words that a browser can show."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import dns.edns
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataset
import dns.rdatatype
import msgspec
import pytest
import pytest_asyncio

from zvon.dns.proof import Config, ProofResolver

ZONES = ("allow.t.zvon", "hot.si.zvon", "cold.si.zvon")
RULES = {
    "allow.t.zvon": {"mine.evil.example": "rpz-passthru."},
    "hot.si.zvon": {"evil.example": ".", "*.evil.example": ".", "empty.example": "*.",
                    "walled.example": "landing.example.", "lifted.example": "rpz-passthru."},
    "cold.si.zvon": {"lifted.example": ".", "*.wide.example": "."},
}  # fmt: skip


class _Upstream(asyncio.DatagramProtocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns.message.from_wire(data)
        reply = dns.message.make_response(query)
        name = query.question[0].name
        reply.answer.append(dns.rrset.from_text(name, 30, "IN", "A", "192.0.2.80"))
        self.transport.sendto(reply.to_wire(), addr)


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[tuple[str, int]]:
    """A resolver that knows one address for every name."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        _Upstream, local_addr=("127.0.0.1", 0)
    )
    yield transport.get_extra_info("sockname")[:2]
    transport.close()


def resolver(upstream: tuple[str, int], **given: Any) -> ProofResolver:
    config = Config(primary="127.0.0.1:1", zones=ZONES, key="k.", algorithm="hmac-sha256",
                    secret="c2VjcmV0", **{"mode": "enforce", **given})  # fmt: skip
    made = ProofResolver(config, upstream)
    for zone, rules in RULES.items():
        with made.zones[zone].writer() as writer:
            for owner, target in rules.items():
                data = dns.rdata.from_text("IN", "CNAME", target)
                name = dns.name.from_text(owner, None)
                writer.add(name, dns.rdataset.from_rdata(60, data))
    return made


async def asked(
    one: ProofResolver, name: str, rdtype: str = "A", *, edns: bool = True
) -> dns.message.Message:
    query = dns.message.make_query(name, rdtype, use_edns=0 if edns else -1)
    answer = await one.answer(query.to_wire())
    assert answer is not None
    return dns.message.from_wire(answer)


def error(answer: dns.message.Message) -> tuple[int, str] | None:
    """Code and text of the extended error, if there is one."""
    found = [o for o in answer.options if isinstance(o, dns.edns.EDEOption)]
    return (int(found[0].code), found[0].text or "") if found else None


async def test_a_refusal_says_why(upstream: tuple[str, int]) -> None:
    one = resolver(upstream)
    for name, rcode, said in (
        ("evil.example", dns.rcode.NXDOMAIN, "rule evil.example of hot.si.zvon"),
        ("A.B.Evil.Example", dns.rcode.NXDOMAIN, "rule *.evil.example of hot.si.zvon"),
        ("empty.example", dns.rcode.NOERROR, "rule empty.example of hot.si.zvon"),
        ("x.wide.example", dns.rcode.NXDOMAIN, "rule *.wide.example of cold.si.zvon"),
    ):
        answer = await asked(one, name)
        assert (answer.rcode(), answer.answer) == (rcode, []), name
        assert error(answer) == (15, said)


async def test_the_reference_is_where_everybody_can_look_it_up(upstream: tuple[str, int]) -> None:
    one = resolver(upstream, check="https://zvon.example/", ede=16)
    assert error(await asked(one, "www.evil.example")) == (
        16, "https://zvon.example/check?name=www.evil.example",
    )  # fmt: skip


async def test_who_does_not_speak_edns_gets_a_plain_refusal(upstream: tuple[str, int]) -> None:
    answer = await asked(resolver(upstream), "evil.example", edns=False)
    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert answer.edns == -1


async def test_a_landing_rule_leads_to_the_page_and_says_that_it_is_forged(
    upstream: tuple[str, int],
) -> None:
    answer = await asked(resolver(upstream), "walled.example")
    assert [str(rr[0]) for rr in answer.answer] == ["landing.example.", "192.0.2.80"]
    assert error(answer) == (4, "rule walled.example of hot.si.zvon")
    text = await asked(resolver(upstream), "walled.example", "TXT")
    assert [str(rr[0]) for rr in text.answer] == ["landing.example."]


async def test_what_is_let_pass_or_only_logged_is_resolved(upstream: tuple[str, int]) -> None:
    one = resolver(upstream)
    for name in ("mine.evil.example", "lifted.example", "other.example", "wide.example"):
        answer = await asked(one, name)
        assert [str(rr[0]) for rr in answer.answer] == ["192.0.2.80"], name
        assert error(answer) is None
    logging = resolver(upstream, mode="log-only")
    assert (await asked(logging, "evil.example")).answer
    assert error(await asked(logging, "evil.example")) is None


def test_only_the_three_codes_of_a_policy_are_taken() -> None:
    told = {"primary": "127.0.0.1:1", "zones": [], "mode": "enforce", "key": "k",
            "algorithm": "hmac-sha256", "secret": ""}  # fmt: skip
    assert msgspec.convert(told, Config).ede == 15
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(told | {"ede": 4}, Config)
