"""BIND, Knot DNS and NSD hold what we hold, whatever happens to the zone."""

import asyncio
import subprocess
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import dns.exception
import dns.message
import dns.query
import pytest

from tests.dns.offline import COLD, Offline, endpoint, offline, secret
from tests.programs import program
from zvon.cli.demo.resolvers import free_port
from zvon.dns.ram import RamZone

SECRET = b64encode(secret("t1.zvon")).decode()


def named(folder: Path, port: int, primary: int) -> list[str]:
    (folder / "named.conf").write_text(f"""
options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  pid-file none; session-keyfile none; recursion no; min-refresh-time 1; dnssec-validation no; }};
controls {{ }};
key "t1.zvon" {{ algorithm hmac-sha256; secret "{SECRET}"; }};
zone "{COLD}" {{ type secondary; file "cold.sec"; primaries {{ 127.0.0.1 port {primary} key "t1.zvon"; }};
  allow-notify {{ 127.0.0.1; }}; allow-transfer {{ 127.0.0.1; }}; notify no; }};
""")
    return ["named", "-g", "-c", str(folder / "named.conf")]


def knotd(folder: Path, port: int, primary: int) -> list[str]:
    (folder / "knot.conf").write_text(f"""
server:
  listen: 127.0.0.1@{port}
  rundir: {folder}
  background-workers: 1
  udp-workers: 1
  tcp-workers: 1
database:
  storage: {folder}
  journal-db-max-size: 100M
key:
  - id: t1.zvon
    algorithm: hmac-sha256
    secret: {SECRET}
remote:
  - id: zvon
    address: 127.0.0.1@{primary}
    key: t1.zvon
acl:
  - id: notify
    key: t1.zvon
    action: notify
  - id: everybody
    address: 127.0.0.1
    action: transfer
zone:
  - domain: {COLD}
    storage: {folder}
    master: zvon
    acl: [notify, everybody]
    zonefile-sync: -1
    zonefile-load: none
    journal-content: all
""")
    return ["knotd", "-c", str(folder / "knot.conf")]


def nsd(folder: Path, port: int, primary: int) -> list[str]:
    (folder / "nsd.conf").write_text(f"""
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: ""
  xfrdir: "{folder}"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  server-count: 1
remote-control:
  control-enable: no
key:
  name: "t1.zvon"
  algorithm: hmac-sha256
  secret: "{SECRET}"
zone:
  name: "{COLD}"
  zonefile: "cold.zone"
  allow-notify: 127.0.0.1 t1.zvon
  request-xfr: 127.0.0.1@{primary} t1.zvon
  provide-xfr: 127.0.0.1 NOKEY
  min-refresh-time: 1
""")
    return ["nsd", "-d", "-c", str(folder / "nsd.conf")]


Plan = Callable[[Path, int, int], list[str]]
SERVERS = [
    pytest.param(plan, marks=pytest.mark.server(plan.__name__, "dig"), id=plan.__name__)
    for plan in (named, knotd, nsd)
]


@asynccontextmanager
async def secondary(plan: Plan, folder: Path, lab: Offline) -> AsyncIterator[int]:
    """A server that takes COLD from `lab`; gives its port."""
    port = free_port()
    lab.endpoints[0] = endpoint(1, COLD, notify=f"127.0.0.1:{port}")
    lab.subscribe()
    command = plan(folder, port, lab.where[1])
    command[0] = program(command[0]) or command[0]
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=log, stderr=subprocess.STDOUT, cwd=folder
        )
        try:
            yield port
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            async with asyncio.timeout(10):
                await process.wait()


def dumped(port: int) -> tuple[set[int], dict[str, str]]:
    """The serials of the SOA records and the rules of COLD, as `dig` gets them."""
    done = subprocess.run(
        [program("dig") or "dig", "@127.0.0.1", "-p", str(port), "+noall", "+answer", COLD, "AXFR"],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    return read(done.stdout)


def read(text: str) -> tuple[set[int], dict[str, str]]:
    """Serials and rules in the text of a transfer."""
    lines = [line.split() for line in text.splitlines() if line and line[0] != ";"]
    rules = {words[0].removesuffix(f".{COLD}."): words[4] for words in lines if words[3] == "CNAME"}
    return {int(words[6]) for words in lines if words[3] == "SOA"}, rules


def serial_at(port: int) -> int:
    """The serial that a server has; -1 when it has none."""
    try:
        answer = dns.query.udp(dns.message.make_query(COLD, "SOA"), "127.0.0.1", 1.0, port=port)
    except (dns.exception.DNSException, OSError):
        return -1
    return int(answer.answer[0][0].serial) if answer.answer else -1


async def equal(port: int, lab: Offline, log: Path) -> dict[str, str]:
    """Wait until the server has our serial; then it has our rules, which are returned."""
    zone = lab.registry.zones[COLD]
    serial = -1
    with suppress(TimeoutError):
        async with asyncio.timeout(15):
            while serial != zone.serial:
                serial = await asyncio.to_thread(serial_at, port)
                await asyncio.sleep(0.03)
    assert serial == zone.serial, log.read_text(errors="replace")[-2000:]
    rules = dict(zone.snapshot().rules())
    assert await asyncio.to_thread(dumped, port) == ({serial}, rules)
    return rules


def other(zone: RamZone, serial: int) -> RamZone:
    """The same rules under another serial, without a past."""
    return RamZone(zone.name, zone_id=1, ttl=60, serial=serial, marker=zone.marker,
                   rules=zone.snapshot().rules())  # fmt: skip


@pytest.mark.parametrize("plan", SERVERS)
async def test_a_secondary_follows_changes_jumps_and_the_wrap(plan: Plan, tmp_path: Path) -> None:
    random = Random(5)
    async with offline(size=5_000) as lab, secondary(plan, tmp_path, lab) as port:
        first = lab.registry.zones[COLD]
        mixed = [("add", f"{wild}h{n}.evil{n % 40}.example", random.choice(["*.", "landing.example."]))
                 for n in range(200) for wild in ("", "*.")]  # fmt: skip
        first.apply(2, mixed)
        log = tmp_path / "log"
        await equal(port, lab, log)
        for n in range(5):
            ops = [("add", f"x{random.randrange(50)}.example", random.choice([".", "rpz-passthru."]))
                   for _ in range(30)]  # fmt: skip
            lab.change(COLD, *ops, ("del", f"d{n:06d}.bulk.example", "."))
        await equal(port, lab, log)
        assert {kind for _, _, kind, _ in lab.used} == {"full", "difference"}
        for serial in (first.serial + 2**31 - 2, 2**32 - 1):
            lab.registry.zones[COLD] = other(lab.registry.zones[COLD], serial)
            lab.change(COLD, ("add", f"j{serial}.example", "."))
            await equal(port, lab, log)
        assert lab.registry.zones[COLD].serial == 1
        assert lab.answered


@pytest.mark.parametrize("plan", SERVERS)
async def test_what_changes_during_a_full_transfer_comes_after_it(
    plan: Plan, tmp_path: Path
) -> None:
    async with offline(size=60_000) as lab, secondary(plan, tmp_path, lab) as port:
        for n in range(60):
            lab.change(COLD, ("add", f"n{n}.example", "."), ("del", f"d{n:06d}.bulk.example", "."))
            await asyncio.sleep(0.01)
        rules = await equal(port, lab, tmp_path / "log")
        assert {f"n{n}.example" for n in range(60)} <= set(rules)
        assert not {f"d{n:06d}.bulk.example" for n in range(60)} & set(rules)


@pytest.mark.parametrize(
    "tool", [pytest.param(t, marks=pytest.mark.server(t)) for t in ("dig", "kdig")]
)
async def test_a_transfer_during_updates_has_one_serial_and_its_rules(tool: str) -> None:
    found = program(tool)
    assert found is not None
    async with offline(size=60_000) as lab:
        zone, states = lab.registry.zones[COLD], {}
        argv = [found, "@127.0.0.1", "-p", str(lab.where[1]), "-y", f"hmac-sha256:t1.zvon:{SECRET}",
                "+noall", "+answer", COLD, "AXFR"]  # fmt: skip
        run = asyncio.create_task(
            asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, timeout=30,
                              check=True)
        )  # fmt: skip
        n = 0
        while not run.done():
            n += 1
            states[zone.serial] = zone.snapshot()
            lab.change(COLD, ("add", f"n{n}.example", "."), ("del", f"d{n:06d}.bulk.example", "."))
            await asyncio.sleep(0.005)
        serials, told = read((await run).stdout)
        assert len(serials) == 1
        assert told == dict(states[serials.pop()].rules())
        assert n > 3
