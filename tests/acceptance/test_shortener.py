"""Report R11: a shortener stands in the message, the look finds the name behind it, and that is blamed."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpcore
from msgspec import structs

from tests.assess.message import message
from tests.assess.stored import context, stored
from tests.collect.site import moved, page, server_tls, site
from tests.store.world import own_party
from zvon.assess.jobs import assess
from zvon.cli.demo.world import World
from zvon.collect.enrich import enrich
from zvon.collect.fetch.guard import Guard
from zvon.collect.look_page import fetch_pages
from zvon.model.scope import Scope
from zvon.respond.fixtures import world
from zvon.store import verdict
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read

AT = datetime(2026, 12, 11, 10, 2, tzinfo=UTC)
TEXT = ("FURS: upravičeni ste do vračila 214,60 EUR. Vlogo oddajte v 24 urah: "
        "https://bit.ly/zvonfixture7")  # fmt: skip
BEHIND = "edavki-vracilo.example"
LURE = """<html lang=sl><title>FURS - eDavki, vračilo dohodnine</title><h1>eDavki</h1><form>
<p>Za vračilo vpišite podatke kartice.<input autocomplete=cc-number><input autocomplete=cc-csc></form>"""


class Port443(Guard):
    """Leads port 443 of allowed names to a server of the test."""

    at = 0

    async def _connect(
        self, ip: str, port: int, timeout: float | None, options: Any
    ) -> httpcore.AsyncNetworkStream:
        return await super()._connect(ip, self.at, timeout, options)


async def resolve(_: str) -> tuple[str, ...]:
    return ("127.0.0.1",)


async def test_the_name_behind_a_shortener_is_the_target(pool: Pool, tmp_path: Path) -> None:
    await own_party(pool, AT)
    record_id = await stored(pool, AT, message(TEXT))
    answers = {"/zvonfixture7": moved("https://EDAVKI-Vracilo.example/Prijava"),
               "/Prijava": page(LURE)}  # fmt: skip
    async with World(world(), lambda: AT) as w, site(answers, server_tls(tmp_path, BEHIND)) as here:
        guard = Port443(resolve=resolve, allow={("bit.ly", 443), (BEHIND, 443)})
        guard.at = here.port
        job = structs.replace(
            context(pool, lambda: AT, resolver=w.resolver, rdap_url=w.rdap_url),
            node=cast(Any, SimpleNamespace(key=bytes(32))),
        )
        await enrich(job, {"record_id": record_id})
        await assess(job, {"record_id": record_id})
        async with read(pool, SYSTEM) as db:
            before = await verdict.latest(db, record_id)
        await fetch_pages(
            job, {"record_id": record_id, "urls": ["https://bit.ly/zvonfixture7"]}, guard=guard
        )
        await assess(job, {"record_id": record_id, "again": True})
        await enrich(job, {"record_id": record_id, "attempt": 1})
        await assess(job, {"record_id": record_id, "again": True})
    async with read(pool, SYSTEM) as db:
        after = await verdict.latest(db, record_id)
    assert before is not None
    assert after is not None
    assert "bit.ly" not in {line.name for line in after[1] if line.scope is not Scope.NONE}
    assert BEHIND not in {line.name for line in before[1]}
    blamed = {line.name: line.scope for line in after[1]}
    assert blamed[BEHIND] is Scope.REGISTRABLE_SUB
    assert (after[0].probability or 0) >= (before[0].probability or 0) > 0
    codes = {reason.code for reason in after[0].reasons}
    assert {"SHORTENER", "BRAND_CLAIM", "CARD_FORM"} <= codes
    assert after[0].brand == "si.furs"
