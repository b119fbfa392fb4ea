"""Secondaries that hand zones on: NSD before Unbound, Knot and NSD with a key for each client (T17)."""

import asyncio
import base64
from pathlib import Path

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.xfr
import dns.zone
import pytest

from tests.authority import authority
from tests.dns.publisher import SECRET, publisher, subscriber, texts
from tests.programs import program
from zvon.cli.demo.resolvers import Wanted, _end, _spawn, free_port, in_folder, start_resolver
from zvon.config import host_port
from zvon.dns.ask import Asker
from zvon.dns.kit import fanout, knot, nsd
from zvon.dns.kit.layout import Layout
from zvon.store.subscriber import Subscriber

ZONES = {
    "allow.t2.zvon": {}, "allow.relay.zvon": {},
    "hot.si.zvon": {"old.example": "."}, "cold.si.zvon": {"cold.example": "."}, "ip.si.zvon": {},
    "hot.hr.zvon": {"hr.example": "."}, "cold.hr.zvon": {}, "ip.hr.zvon": {},
}  # fmt: skip
SI, HR = fanout.Client(
    name="isp-si", address="127.0.0.1:1", feeds=("si",), key="isp-si.fanout.zvon",
    algorithm="hmac-sha256", secret=base64.b64encode(b"secret of the first client").decode(),
), fanout.Client(
    name="isp-hr", address="127.0.0.1:1", feeds=("hr",), key="isp-hr.fanout.zvon",
    algorithm="hmac-sha256", secret=base64.b64encode(b"secret of the second one").decode(),
)  # fmt: skip


async def until_blocked(port: int, name: str, seconds: float = 20.0) -> bool:
    """True when the resolver blocks `name` in time."""
    asker = await Asker.to("127.0.0.1", port)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    try:
        while loop.time() < end:
            answer = await asker.ask(name, timeout=0.5)
            if answer is not None and answer.rcode == dns.rcode.NXDOMAIN:
                return True
            await asyncio.sleep(0.02)
    finally:
        asker.close()
    return False


async def taken(port: int, zone: str, client: fanout.Client | None) -> set[str] | None:
    """The owners that a client is given, or `None` when it is refused."""
    made = dns.zone.Zone(zone)
    query, _ = dns.xfr.make_query(made, serial=None)
    if client is not None:
        ring = dns.tsigkeyring.from_text({client.key: client.secret})
        query.use_tsig(ring, dns.name.from_text(client.key), algorithm=client.algorithm)
    try:
        await dns.asyncquery.inbound_xfr("127.0.0.1", made, query, port=port, timeout=3,
                                         udp_mode=dns.query.UDPMode.NEVER)  # fmt: skip
    except (dns.exception.DNSException, EOFError, OSError):
        return None
    return {str(name) for name in made.nodes}


@pytest.mark.server("unbound", "nsd")
async def test_a_block_comes_through_the_signing_relay_to_unbound(tmp_path: Path) -> None:
    async with publisher(ZONES) as pub, authority() as forward:
        wanted = await Wanted.plan("t2", "unbound", tmp_path, forward, relay=True)
        one = subscriber("unbound", relay=True, notify=wanted.notify_address,
                         probe=wanted.probe_address)  # fmt: skip
        pub.subscribe(one)
        running = await start_resolver(wanted, texts(pub.kit(one)))
        try:
            assert await until_blocked(wanted.port, "old.example")
            pub.change("hot.si.zvon", ("add", "new.example", "."))
            assert await until_blocked(wanted.port, "new.example")
        finally:
            await running.stop()


async def fan_out(
    brand: str, folder: Path, layout: Layout, clients: list[fanout.Client]
) -> list[str]:
    """Write the secondary's files as the kit and the command do; gives the command to start it."""
    write = {"knot": knot, "nsd": nsd}[brand]
    for file in write.files(layout):
        (folder / file.path).write_text(in_folder(file.text), encoding="utf-8")
    (folder / f"{brand}-clients.conf").write_text(
        in_folder(write.clients(layout, clients)), encoding="utf-8"
    )
    lab = {
        "knot": f"server:\n    rundir: {folder}\ndatabase:\n    storage: {folder}\n"
                f"template:\n  - id: default\n    storage: {folder}\n",
        "nsd": f'server:\n  username: ""\n  chroot: ""\n  zonesdir: "{folder}"\n  xfrdir: "{folder}"\n'
               f'  xfrdfile: "{folder}/x"\n  zonelistfile: "{folder}/z"\n  pidfile: "{folder}/p"\n'
               "  server-count: 1\nremote-control:\n  control-enable: no\n",
    }[brand]  # fmt: skip
    kit = (folder / f"{brand}-zvon.conf").read_text(encoding="utf-8")
    conf = folder / f"{brand}.conf"
    conf.write_text(lab + kit.replace("include: knot", f"include: {folder}/knot")
                    .replace('include: "nsd', f'include: "{folder}/nsd'), encoding="utf-8")  # fmt: skip
    return ([program("knotd") or "knotd", "-c", str(conf)] if brand == "knot"
            else [program("nsd") or "nsd", "-d", "-c", str(conf)])  # fmt: skip


@pytest.mark.parametrize("brand", ["knot", "nsd"])
@pytest.mark.server("named", "knotd", "nsd")
async def test_a_secondary_gives_each_client_its_own_zones_and_tells_a_bind_behind_it(
    tmp_path: Path, brand: str
) -> None:
    port = free_port()
    one: Subscriber = subscriber(brand, name="relay", notify=f"127.0.0.1:{port}", probe=None,
                                 feeds=("si", "hr"))  # fmt: skip
    folder = tmp_path / brand
    folder.mkdir()
    async with publisher(ZONES) as pub, authority() as forward:
        pub.subscribe(one)
        wanted = await Wanted.plan("t2", "bind", tmp_path / "bind", forward)
        behind = fanout.Client(name="t2", address=wanted.notify_address, feeds=("si",),
                               key="t2-00000001.zvon", algorithm="hmac-sha256", secret=SECRET)  # fmt: skip
        layout = Layout(subscriber=one, primaries=(host_port(pub.address),), secret=SECRET, url="")
        command = await fan_out(brand, folder, layout, [SI, HR, behind])
        process = await _spawn(command, folder, brand)
        running = None
        try:
            for _ in range(100):
                if await taken(port, "hot.hr.zvon", HR) and await taken(port, "hot.si.zvon", SI):
                    break
                await asyncio.sleep(0.1)
            log = (folder / f"{brand}.log").read_text(encoding="utf-8")
            assert "old.example" in (await taken(port, "hot.si.zvon", SI) or ()), log
            assert await taken(port, "hot.hr.zvon", SI) is None
            assert await taken(port, "hot.si.zvon", HR) is None
            assert await taken(port, "hot.si.zvon", None) is None
            # A BIND behind it: its kit with the secondary in our place.
            files = pub.kit(subscriber("bind"))
            moved = [
                {"path": file.path,
                 "text": file.text.replace(f"port {host_port(pub.address)[1]} ", f"port {port} ")}
                for file in files
            ]  # fmt: skip
            running = await start_resolver(wanted, moved)
            assert await until_blocked(wanted.port, "old.example"), log
            pub.change("hot.si.zvon", ("add", "new.example", "."))
            assert await until_blocked(wanted.port, "new.example")
            assert await until_blocked(wanted.port, "cold.example")
        finally:
            if running is not None:
                await running.stop()
            await _end([process])


def test_the_list_of_clients_is_read_written_and_refused() -> None:
    text = ["# name,address,feeds", "a,192.0.2.1,si", "b,[2001:db8::1]:5353,si hr,c2VjcmV0"]
    made = fanout.read_clients(text, ("si", "hr"), lambda n: b"x" * n)
    assert [(one.name, one.address, one.feeds) for one in made] == [
        ("a", "192.0.2.1:53", ("si",)), ("b", "[2001:db8::1]:5353", ("si", "hr"))]  # fmt: skip
    assert made[1].secret == "c2VjcmV0"
    assert len(base64.b64decode(made[0].secret)) == 32
    assert fanout.read_clients(fanout.written(made).splitlines(), ("si", "hr"), bytes) == made
    for bad in (["a,192.0.2.1,de"], ["a,192.0.2.1"], ["a,192.0.2.1,si", "a,192.0.2.2,si"],
                ["a;,192.0.2.1,si"], ["a,192.0.2.1:x,si"], ["a,192.0.2.1,"]):  # fmt: skip
        with pytest.raises(fanout.BadClient, match=r"line [12]"):
            fanout.read_clients(bad, ("si",), bytes)
