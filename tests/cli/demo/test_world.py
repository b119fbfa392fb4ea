"""The small world answers real questions over real sockets, and only from its file."""

from datetime import UTC, datetime, timedelta

import dns.asyncquery
import dns.message
import dns.rcode
import httpx
import pytest

from zvon.cli.demo.world import World
from zvon.respond.fixtures import world

AT = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


async def ask(w: World, name: str, kind: str = "A", *, tcp: bool = False) -> dns.message.Message:
    host, _, port = w.resolver.rpartition(":")
    query = dns.message.make_query(name, kind)
    send = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
    return await send(query, host, port=int(port), timeout=3)


@pytest.mark.parametrize("tcp", [False, True])
async def test_names_resolve_over_udp_and_tcp(tcp: bool) -> None:
    async with World(world(), lambda: AT) as w:
        reply = await ask(w, "dostava-paketa.example", tcp=tcp)
        assert reply.answer[0].to_text().endswith("192.0.2.10")
        assert 1 <= reply.answer[0].ttl <= 5


async def test_what_the_file_does_not_have_does_not_exist() -> None:
    async with World(world(), lambda: AT) as w:
        assert (await ask(w, "nikjer.example")).rcode() == dns.rcode.NXDOMAIN
        assert (await ask(w, "posta.si")).rcode() == dns.rcode.REFUSED
        empty = await ask(w, "dostava-paketa.example", "MX")
        assert empty.rcode() == dns.rcode.NOERROR
        assert empty.answer == []


async def test_rdap_counts_the_age_back_from_the_clock() -> None:
    async with World(world(), lambda: AT) as w, httpx.AsyncClient(trust_env=False) as http:
        new = (await http.get(f"{w.rdap_url}/domain/dostava-paketa.example")).json()
        at = datetime.fromisoformat(new["events"][0]["eventDate"])
        assert AT - at == timedelta(days=1)
        missing = await http.get(f"{w.rdap_url}/domain/nikjer.example")
        assert missing.status_code == 404


async def test_a_kit_plays_every_name_and_the_same_for_one_seed() -> None:
    one, two = World(world(), lambda: AT), World(world(), lambda: AT)
    first = list(one.kit_reports("parcels", 40, 7))
    assert first == list(two.kit_reports("parcels", 40, 7))
    assert first != list(two.kit_reports("parcels", 40, 8))
    names = one.kits["parcels"]["names"]
    assert all(any(name in text for text in first) for name in names)
