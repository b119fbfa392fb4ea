"""Every kind of rule at every brand, from the kit, with validation on (T1, T19, zone order).

What a brand cannot do stands in the table and in docs/isp-guide.md, and nowhere else.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.dns.internet import BAD, BAD6, GOOD, HIDDEN, Internet, can_be_had, internet
from tests.dns.publisher import Publisher, publisher, subscriber
from tests.dns.resolving import Resolver, resolving
from tests.programs import program, required
from zvon.cli.demo.resolvers import free_port
from zvon.dns.kit import KitFile
from zvon.formats.rpz import trigger_owner

LANDING, GOOD6 = "192.0.2.99", "2001:db8:600d::1"
ZONES = {
    "allow.t2.zvon": {"mine.lab": "rpz-passthru."},
    "hot.si.zvon": {
        "nx.lab": ".", "*.nx.lab": ".", "ok.nx.lab": "rpz-passthru.",
        "nodata.lab": "*.", "walled.lab": "landing.lab.", "*.wall.lab": "landing.lab.",
        "mine.lab": ".", "lifted.lab": "rpz-passthru.", "both.lab": ".",
    },
    "cold.si.zvon": {"lifted.lab": ".", "both.lab": "*.", "cold.lab": "."},
    "ip.si.zvon": {
        trigger_owner("ip", f"{BAD}/32"): ".", trigger_owner("ip", f"{BAD6}/128"): ".",
        trigger_owner("nsdname", "ns.evilhosting.lab"): ".",
        trigger_owner("nsip", f"{HIDDEN}/32"): ".",
    },
}  # fmt: skip
# What is asked, and what must come out.
CASES = {
    "nxdomain": ("nx.lab", "A", "NXDOMAIN"),
    "wildcard": ("a.b.nx.lab", "A", "NXDOMAIN"),
    "wildcard, any type": ("a.nx.lab", "TXT", "NXDOMAIN"),
    "passthru under a wildcard": ("ok.nx.lab", "A", GOOD),
    "nodata": ("nodata.lab", "A", "NODATA"),
    "landing": ("walled.lab", "A", LANDING),
    "landing, wildcard": ("x.wall.lab", "A", LANDING),
    "address": ("badip.lab", "A", "NXDOMAIN"),
    "address, IPv6": ("badip6.lab", "AAAA", "NXDOMAIN"),
    "name of a name server": ("www.evildns.lab", "A", "NXDOMAIN"),
    "address of a name server": ("www.hiddendns.lab", "A", "NXDOMAIN"),
    "allow before hot": ("mine.lab", "A", GOOD),
    "hot before cold": ("lifted.lab", "A", GOOD),
    "hot action before cold": ("both.lab", "A", "NXDOMAIN"),
    "cold": ("cold.lab", "A", "NXDOMAIN"),
    "marker": ("serial-hot.si.zvon.example", "TXT", '"serial=1"'),
    "allow marker": ("serial-allow.t2.zvon.example", "TXT", '"serial=1"'),
    "allow zone first": ("allow-first.zvon.example", "TXT", '"allow"'),
    "hot zone first": ("hot-first.si.zvon.example", "TXT", '"hot"'),
    "no rule": ("www.lab", "A", GOOD),
}
# Documented differences (docs/isp-guide.md).
DIFFERENT = {
    ("kresd", "allow marker"): "NXDOMAIN",
    ("kresd", "allow zone first"): "NXDOMAIN",
    ("kresd", "hot zone first"): "NXDOMAIN",
    ("kresd", "landing"): "NXDOMAIN",
    ("kresd", "landing, wildcard"): "NXDOMAIN",
    ("kresd", "address"): BAD,
    ("kresd", "address, IPv6"): BAD6,
    ("kresd", "name of a name server"): "192.0.2.20",
    ("kresd", "address of a name server"): "192.0.2.20",
}
BRANDS = {"bind": "named", "unbound": "unbound", "pdns": "pdns_recursor", "kresd": "kresd"}


def export(zones: dict[str, dict[str, str]]) -> str:
    """The file that Knot Resolver gets: hot before cold, names only, no landing page."""
    rules = {**zones["cold.si.zvon"], **zones["hot.si.zvon"]}
    lines = [
        f"{owner} CNAME {'.' if rdata.endswith('lab.') else rdata}"
        for owner, rdata in rules.items()
    ]
    head = "$ORIGIN si.zvon.\n$TTL 60\n@ SOA localhost. h.localhost. 1 60 30 604800 60\n@ NS localhost.\n"
    return head + "\n".join([*lines, 'serial-hot.si.zvon.example TXT "serial=1"', ""])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def net() -> AsyncIterator[Internet]:
    """The small internet."""
    if not can_be_had():
        pytest.skip("takes port 53 of a loopback address, and NSD")
    async with internet() as made:
        yield made


async def start(
    brand: str, folder: Path, net: Internet, pub: Publisher, mode: str
) -> AbstractAsyncContextManager[Resolver]:
    """A resolver of `brand` with its kit."""
    if program(BRANDS[brand]) is None:
        (pytest.fail if required() else pytest.skip)(f"needs {BRANDS[brand]}")
    port = free_port()
    one = subscriber(brand, mode=mode, notify=f"127.0.0.1:{port}", probe=f"127.0.0.1:{port}")
    pub.subscribe(one)
    files = pub.kit(one)
    if brand == "kresd":
        files = [file for file in files if file.path != "allow.rpz"]
        head = "$ORIGIN allow.zvon.\n$TTL 60\n@ SOA . . 1 60 30 604800 60\n@ NS .\n"
        files += [KitFile("si.rpz", export(ZONES), ""),
                  KitFile("allow.rpz", head + "mine.lab CNAME rpz-passthru.\n", "")]  # fmt: skip
    return resolving(brand, folder, port, net, files)


async def settled(resolver: Resolver, mode: str) -> None:
    """Wait until every zone acts."""
    if mode == "enforce":
        for name in ("nx.lab", "cold.lab", *(["badip.lab"] if resolver.brand != "kresd" else [])):
            assert await resolver.becomes(name, "NXDOMAIN") == "NXDOMAIN", resolver.log()[-3000:]
    if resolver.brand != "kresd":
        # With `nsip-wait-recurse no` BIND learns addresses of name servers beside its first answers.
        assert await resolver.becomes("first.hiddendns.lab", "NXDOMAIN") == "NXDOMAIN"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("brand", BRANDS)
async def test_every_rule_does_what_it_says(brand: str, net: Internet, tmp_path: Path) -> None:
    async with publisher(ZONES) as pub, await start(brand, tmp_path, net, pub, "enforce") as made:
        await settled(made, "enforce")
        seen = {case: await made.says(*asked[:2]) for case, asked in CASES.items()}
        signed = {case: await made.says(*asked[:2], do=True) for case, asked in CASES.items()}
        expected = {case: DIFFERENT.get((brand, case), CASES[case][2]) for case in CASES}
        assert seen == expected, made.log()[-4000:]
        assert signed == expected
        # The answer that passes is a validated one.
        assert (await made.ask("ok.nx.lab", do=True)).flags & 0x20


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("brand", BRANDS)
async def test_log_only_changes_no_answer(brand: str, net: Internet, tmp_path: Path) -> None:
    async with publisher(ZONES) as pub, await start(brand, tmp_path, net, pub, "log-only") as made:
        assert await made.becomes("www.lab", GOOD) == GOOD
        for _ in range(50):
            if brand == "kresd" or {one.zone.name for one in pub.asked} >= set(ZONES):
                break
            await asyncio.sleep(0.1)
        open_ = {"nx.lab": GOOD, "nodata.lab": GOOD, "walled.lab": GOOD, "cold.lab": GOOD,
                 "badip.lab": BAD, "www.evildns.lab": "192.0.2.20"}  # fmt: skip
        assert {name: await made.says(name) for name in open_} == open_, made.log()[-3000:]
