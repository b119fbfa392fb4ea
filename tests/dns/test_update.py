"""A feed in somebody else's BIND and Knot by signed updates: compared, followed, and taken up again."""

import asyncio
import base64
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.blocks import publish
from tests.dns.conftest import Lab, clock
from tests.programs import program
from zvon.cli.demo.resolvers import _end, _spawn, free_port
from zvon.dns.update import MESSAGE, Edit, Exporter, Target, Unwilling, batches, difference
from zvon.store import block
from zvon.store.transaction import transaction

SECRET = base64.b64encode(b"the key of those who run a primary").decode()
ZONE = "blocked.isp.example"
EMPTY = (
    f"$ORIGIN {ZONE}.\n$TTL 60\n@ SOA localhost. h.localhost. 1 60 30 604800 60\n@ NS localhost.\n"
)
TEST = {"test.si.zvon.example": "."}


@asynccontextmanager
async def primary(brand: str, folder: Path, port: int) -> AsyncIterator[Target]:
    """Their primary, with a zone that our key may change and transfer."""
    zone = folder / "blocked.zone"
    if not zone.exists():
        zone.write_text(EMPTY, encoding="utf-8")
    conf = folder / f"{brand}.conf"
    if brand == "bind":
        conf.write_text(
            f'key "feed" {{ algorithm hmac-sha256; secret "{SECRET}"; }};\n'
            f'options {{ directory "{folder}"; pid-file "named.pid"; session-keyfile "s.key";\n'
            f"  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; }};\n"
            f'controls {{ }};\nzone "{ZONE}" {{ type primary; file "{zone}";\n'
            '  allow-update { key "feed"; }; allow-transfer { key "feed"; }; };\n', encoding="utf-8",
        )  # fmt: skip
        command = [program("named") or "named", "-g", "-n", "1", "-c", str(conf)]
    else:
        conf.write_text(
            f"server:\n    listen: 127.0.0.1@{port}\n    rundir: {folder}\n"
            f"database:\n    storage: {folder}\n"
            f"key:\n  - id: feed\n    algorithm: hmac-sha256\n    secret: {SECRET}\n"
            "acl:\n  - id: feed\n    key: feed\n    action: [ update, transfer ]\n"
            f"zone:\n  - domain: {ZONE}\n    file: {zone}\n    acl: feed\n", encoding="utf-8",
        )  # fmt: skip
        command = [program("knotd") or "knotd", "-c", str(conf)]
    process = await _spawn(command, folder, brand)
    target = Target(server=f"127.0.0.1:{port}", zone=ZONE, key="feed", secret=SECRET)
    try:
        await until(lambda: held(target) is not None, folder / f"{brand}.log")
        yield target
    finally:
        await _end([process])


def held(target: Target) -> dict[str, str] | None:
    """What stands in the zone, asked by somebody else's client."""
    host, _, port = target.server.partition(":")
    said = subprocess.run(
        [program("dig") or "dig", "-y", f"hmac-sha256:feed:{SECRET}", f"@{host}", "-p", port,
         "+noall", "+answer", "+time=1", "+tries=1", ZONE, "AXFR"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [line.split() for line in said.stdout.splitlines() if not line.startswith(";")]
    if not any(len(line) > 3 and line[3] == "SOA" for line in lines):
        return None
    return {line[0].removesuffix(f".{ZONE}."): line[4] for line in lines if line[3] == "CNAME"}


async def until(true: Callable[[], bool], log: Path) -> None:
    for _ in range(100):
        if await asyncio.to_thread(true):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8")[-2000:])


@pytest.mark.parametrize("brand", ["bind", "knot"])
@pytest.mark.server("named", "knotd", "dig")
async def test_a_feed_is_compared_followed_and_taken_up_again(
    lab: Lab, brand: str, tmp_path: Path
) -> None:
    port, log = free_port(), tmp_path / f"{brand}.log"
    async with primary(brand, tmp_path, port) as target:
        exporter = Exporter(lab.pool, "si", target)
        assert await exporter.reconcile() == 1
        assert held(target) == TEST
        following = asyncio.create_task(exporter.run())
        try:
            await asyncio.sleep(0.3)
            (row,) = await publish(lab.pool, lab.people, clock(), "evil.example")
            await until(lambda: "evil.example" in (held(target) or {}), log)
            assert held(target) == TEST | {"evil.example": "."}
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    # While it is away a block ends and another comes; a stranger's record stands there too.
    async with transaction(lab.pool, clock()) as tx:
        await block.lift(tx, lab.people["bor"], [row.uuid], "wrong", clock())
    await publish(lab.pool, lab.people, clock(), "other.example")
    async with primary(brand, tmp_path, port) as target:
        again = Exporter(lab.pool, "si", target)
        await again.reconcile()
        assert held(target) == TEST | {"other.example": "."}
        assert await again.reconcile() == 0


@pytest.mark.server("named", "dig")
async def test_a_wrong_key_is_one_clear_error(lab: Lab, tmp_path: Path) -> None:
    async with primary("bind", tmp_path, free_port()) as target:
        wrong = Target(server=target.server, zone="other.example", key="feed", secret=SECRET)
        with pytest.raises(Unwilling, match=r"other\.example"):
            await Exporter(lab.pool, "si", wrong).reconcile()


names = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.sampled_from([".", "*."]))


@given(names, names)
def test_a_difference_makes_one_zone_of_the_other(
    theirs: dict[str, str], ours: dict[str, str]
) -> None:
    now = dict(theirs)
    edits = list(difference(theirs, ours))
    for edit in edits:
        if edit.target is None:
            del now[edit.owner]
        else:
            now[edit.owner] = edit.target
    assert now == ours
    gone = [edit.target is None for edit in edits]
    assert gone == sorted(gone)


def test_messages_stay_below_the_limit() -> None:
    edits = [Edit(f"{n}." + "a" * 220, ".") for n in range(2_000)]
    made = list(batches(edits))
    assert [edit for batch in made for edit in batch] == edits
    assert all(sum(2 * len(e.owner) + 41 for e in batch) <= MESSAGE for batch in made)
