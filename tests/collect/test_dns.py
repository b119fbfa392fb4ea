"""DNS facts through a real authority; silence is missing and not empty."""

import socket
from datetime import UTC, datetime

from zvon.cli.demo.world import World
from zvon.collect import dns
from zvon.respond.fixtures import world

AT = datetime(2026, 5, 4, tzinfo=UTC)


async def test_addresses_and_servers_are_read() -> None:
    async with World(world(), lambda: AT) as w:
        asking = dns.resolver(w.resolver, 2.0)
        facts = await dns.ask(asking, "www.lipa.example", "lipa.example")
    assert facts.addresses == ("198.51.100.20",)
    assert facts.mail_servers == ("mx1.lipa.example",)
    assert facts.name_servers == ("ns1.svet.example", "ns2.svet.example")
    assert facts.ttl is not None
    assert not facts.absent


async def test_a_name_that_does_not_exist_is_a_fact() -> None:
    async with World(world(), lambda: AT) as w:
        facts = await dns.ask(dns.resolver(w.resolver, 2.0), "nikjer.example", "nikjer.example")
    assert facts.absent
    assert facts.addresses == ()


async def test_a_silent_resolver_leaves_everything_missing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        facts = await dns.ask(dns.resolver(address, 0.2), "a.example", "a.example")
    assert facts == dns.Facts()
