"""`zvon dns check`: what it says of resolvers that are well, and of each thing that can be wrong."""

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.dns.conftest import Lab, clock
from zvon.cli.demo.resolvers import Running, Wanted, start_resolver
from zvon.config import host_port
from zvon.dns.ask import Asker
from zvon.dns.check import Checked, CheckReport, Code, Finding, Node, check
from zvon.dns.kit import kit
from zvon.store import dns_check
from zvon.store.dns_check import Moved, Open, ZoneState
from zvon.store.subscriber import Subscriber
from zvon.store.transaction import transaction


def node_of(lab: Lab, one: Subscriber) -> Node:
    """The node's two doors, without HTTP."""

    async def seen() -> tuple[Sequence[ZoneState], Sequence[Open]]:
        await asyncio.sleep(0.5)  # the primary writes what it saw three times a second
        async with lab.pool.connection() as db:
            return await dns_check.zones(db, one.uuid), await dns_check.alerts(db, one.uuid)

    async def move() -> Moved:
        now = clock()
        async with transaction(lab.pool, now) as tx:
            return await dns_check.move(tx, lab.people["ada"], one.uuid, now)

    return Node(seen, move)


async def checked(lab: Lab, one: Subscriber, patience: float = 10.0) -> CheckReport:
    """The report on a subscriber as the command makes it."""
    who = Checked(name=one.name, brand=one.brand, mode=one.mode, known_by=one.known_by,
                  notify_address=one.notify_address, probe_address=one.probe_address,
                  feeds=one.feeds)  # fmt: skip
    asker = await Asker.to(*host_port(one.probe_address)) if one.probe_address else None
    try:
        return await check(who, node_of(lab, one), asker, patience=patience)
    finally:
        if asker is not None:
            asker.close()


def codes(report: CheckReport, ok: bool | None) -> set[Code]:
    return {one.code for one in report.findings if one.ok is ok}


async def wrong(
    lab: Lab, brand: str, folder: Path, change: Callable[[str], str], **more: object
) -> tuple[Subscriber, Running]:
    """A resolver whose operator changed the kit."""
    wanted = await Wanted.plan(brand, brand, folder, lab.upstream, relay=False)
    made = await lab.subscribe(brand, brand, wanted, **more)
    files = kit(made, lab.settings.dns, lab.secrets[brand])
    running = await start_resolver(
        wanted, [{"path": f.path, "text": change(f.text)} for f in files]
    )
    lab.resolvers.append(running)
    asker = await Asker.to("127.0.0.1", running.port)
    for _ in range(100):
        if await asker.serial("serial-allow." + made.name + ".zvon.example") is not None:
            break
        await asyncio.sleep(0.1)
    asker.close()
    return made, running


@pytest.mark.parametrize("brand", ["bind", "unbound", "pdns"])
@pytest.mark.server("named", "unbound", "pdns_recursor")
async def test_nothing_is_wrong_with_a_resolver_that_uses_its_kit(
    lab: Lab, brand: str, tmp_path: Path
) -> None:
    known = {"known_by": "address"} if brand == "unbound" else {}
    made, _ = await wrong(lab, brand, tmp_path, str, **known)
    report = await checked(lab, made)
    assert codes(report, False) == set(), report.findings
    assert codes(report, True) >= {Code.REACHABLE, Code.KEY_OK, Code.ENFORCES, Code.ORDER_OK,
                                   Code.SPEED_OK}  # fmt: skip
    assert report.ok


@pytest.mark.server("named")
async def test_a_bind_with_its_default_of_a_minute_is_told_so_by_name(
    lab: Lab, tmp_path: Path
) -> None:
    made, _ = await wrong(lab, "bind", tmp_path,
                          lambda text: re.sub(r" min-update-interval \d+", "", text))  # fmt: skip
    report = await checked(lab, made, patience=4.0)
    assert codes(report, False) == {Code.MIN_UPDATE_INTERVAL}, report.findings


@pytest.mark.server("named")
async def test_the_minute_is_found_in_the_log_only_week_already(lab: Lab, tmp_path: Path) -> None:
    made, _ = await wrong(lab, "bind", tmp_path, mode="log-only",
                          change=lambda text: re.sub(r" min-update-interval \d+", "", text))  # fmt: skip
    report = await checked(lab, made, patience=4.0)
    assert codes(report, False) == {Code.MIN_UPDATE_INTERVAL}, report.findings
    assert codes(report, True) >= {Code.LOGS_ONLY}


@pytest.mark.server("named")
async def test_a_wrong_order_of_zones_is_told(lab: Lab, tmp_path: Path) -> None:
    def cold_first(text: str) -> str:
        lines = text.split("\n")
        at = {kind: n for n, line in enumerate(lines) for kind in ("hot", "cold")
              if line.startswith(f'    zone "{kind}.si')}  # fmt: skip
        if at:
            lines[at["hot"]], lines[at["cold"]] = lines[at["cold"]], lines[at["hot"]]
        return "\n".join(lines)

    made, _ = await wrong(lab, "bind", tmp_path, cold_first)
    report = await checked(lab, made)
    (found,) = [one for one in report.findings if one.ok is False]
    assert (found.code, found.detail["expected"]) == (Code.ORDER_WRONG, "hot.si.zvon")


@pytest.mark.server("pdns_recursor")
async def test_the_packet_cache_of_powerdns_is_told(lab: Lab, tmp_path: Path) -> None:
    made, _ = await wrong(lab, "pdns", tmp_path,
                          lambda text: text.replace("disable-packetcache=yes", ""))  # fmt: skip
    report = await checked(lab, made)
    assert codes(report, False) == {Code.PACKET_CACHE}, report.findings


@pytest.mark.server("unbound")
async def test_a_log_only_configuration_is_told_when_it_should_enforce(
    lab: Lab, tmp_path: Path
) -> None:
    made, _ = await wrong(
        lab, "unbound", tmp_path, known_by="address",
        change=lambda text: text.replace('log-name: "hot', 'log: yes\n  rpz-action-override: disabled\n  rpz-log-name: "hot'),
    )  # fmt: skip
    report = await checked(lab, made)
    assert Code.NOT_ENFORCING in codes(report, False), report.findings


async def test_a_resolver_that_is_away_and_never_asked_is_told(lab: Lab, tmp_path: Path) -> None:
    wanted = await Wanted.plan("bind", "bind", tmp_path, lab.upstream)
    made = await lab.subscribe("bind", "bind", wanted)
    report = await checked(lab, made)
    assert codes(report, False) == {Code.UNREACHABLE, Code.NEVER_ASKED}


async def test_who_takes_lists_is_not_measured(lab: Lab) -> None:
    made = await lab.subscribe("win", "windows")
    report = await checked(lab, made)
    assert report.ok
    assert report.findings[0] == Finding(code=Code.TAKES_LISTS, ok=None)
