"""The twelve reports of citizens, from the door to the answer and to the sharing gate.

Everything is real: the store, the decoder, DNS, RDAP and the pages on loopback, the jobs one after
the other as the queue holds them, and the gate. Only the clock is the fixture's.
"""

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from tests.acceptance.site import Site
from tests.store.world import somebody
from zvon.access import node as identity
from zvon.access.permission import SHIPPED_ROLES
from zvon.assess.jobs import JOBS as ASSESS
from zvon.cli.demo.world import World
from zvon.collect.jobs import JOBS as COLLECT
from zvon.collect.look_page import fetch_pages
from zvon.collect.submit import submit
from zvon.config import Settings
from zvon.formats.membership import GroupPolicy
from zvon.jobs import Context, Handler
from zvon.model.advice import NameAdvice
from zvon.model.link import links
from zvon.model.report import Channel, Door, Lang, Message, ReportIn
from zvon.model.rsit import rsit
from zvon.model.verdict import Verdict, VerdictWord
from zvon.respond.fixtures import IDS, Fixture, fixture, world
from zvon.share import group, release
from zvon.store import brand, party, person, verdict
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read


class Outcome(Struct, frozen=True):
    """What came out of one report, as plain values."""

    record_id: int
    verdict: Verdict
    names: tuple[NameAdvice, ...]
    message: Message
    answer: str
    addons: list[str]
    incident: Any
    stored: str
    shared: str | None


@pytest.mark.parametrize("name", IDS)
async def test_a_report_comes_out_as_its_fixture_says(
    name: str, pool: Pool, tmp_path: Path
) -> None:
    given = fixture(name)
    async with (
        World(world(), lambda: given.received) as small,
        Site(world(), tmp_path) as site,
    ):
        context = await node(pool, given, small, tmp_path)
        outcome = await played(context, given, site)
    failed = {key for key, expected in given.expect.items() if not holds(key, expected, outcome)}
    assert not failed, outcome


async def test_the_same_report_twice_gives_the_same_verdict(pool: Pool, tmp_path: Path) -> None:
    given = fixture("R01")
    async with (
        World(world(), lambda: given.received) as small,
        Site(world(), tmp_path) as site,
    ):
        context = await node(pool, given, small, tmp_path)
        first, second = await played(context, given, site), await played(context, given, site)
    assert first.record_id != second.record_id
    assert msgspec.json.encode(first.verdict) == msgspec.json.encode(second.verdict)
    assert first.names == second.names
    assert first.incident == second.incident  # one campaign, one incident


async def node(pool: Pool, given: Fixture, small: World, folder: Path) -> Context:
    """A node of the fixture's country, with the brands that the fixture says are verified."""
    settings = Settings(root=folder, country=given.node.upper(), lang=given.lang,
                        resolver=small.resolver, rdap_url=small.rdap_url,
                        render=False)  # fmt: skip
    async with transaction(pool, given.received) as tx:
        await identity.create_node(tx, settings, given.received, os.urandom)
        await person.put_roles(tx, SHIPPED_ROLES)
        for each in given.brands_verified:
            await brand.verify(tx, each, "desk", given.received)
    async with transaction(pool, given.received) as tx:
        me = await identity.node(tx.db, identity.node_key(settings.key_file, os.urandom))
    return Context(pool, settings, me, lambda: given.received, os.urandom)


async def played(context: Context, given: Fixture, site: Site) -> Outcome:
    """Hand the report in, run the jobs that follow from it, and prepare to share it."""
    receipt = await submit(
        context.pool,
        ReportIn(body=given.body, media_type=given.media_type, channel=Channel(given.channel),
                 door=Door.FORM, lang=Lang(given.lang), received_at=given.received),
        now=given.received,
        random=os.urandom,
    )  # fmt: skip
    jobs: dict[str, Handler] = {
        **COLLECT,
        **ASSESS,
        "collect.fetch": partial(fetch_pages, guard=site.guard),
    }
    while waiting := await next_job(context.pool):
        name, payload = waiting
        await jobs[name](context, payload)
    async with read(context.pool, SYSTEM) as db:
        row = await (
            await db.execute(
                """
                select r.record_id, r.answer, r.answer_addons, c.payload, i.uuid,
                       (select json_agg(o.value) from occurrence n join observable o
                        on o.id = n.observable_id where n.record_id = r.record_id)
                from report r join record c on c.id = r.record_id
                left join incident i on i.id = r.incident_id where c.uuid = %s
                """,
                (receipt.uuid,),
            )
        ).fetchone()
        assert row is not None
        found = await verdict.latest(db, row[0])
    assert found is not None
    shared = None
    if row[4] is not None and found[0].word in {VerdictWord.MALICIOUS, VerdictWord.SUSPICIOUS}:
        shared = await prepared(context, given, row[4])
    return Outcome(
        record_id=row[0],
        verdict=found[0],
        names=found[1],
        message=msgspec.convert(row[3], Message),
        answer=row[1],
        addons=row[2],
        incident=row[4],
        stored=json.dumps([row[3], row[5]], ensure_ascii=False),
        shared=shared,
    )


async def next_job(pool: Pool) -> tuple[str, dict[str, Any]] | None:
    """Take the oldest waiting job out of the queue."""
    async with pool.connection() as db:
        row = await (
            await db.execute(
                "delete from pgqueuer where id = (select min(id) from pgqueuer)"
                " returning entrypoint, payload"
            )
        ).fetchone()
    return None if row is None else (row[0], json.loads(row[1]))


async def prepared(context: Context, given: Fixture, incident: Any) -> str:
    """What the gate would let out to a group of CSIRTs, as text."""
    now = given.received
    async with transaction(context.pool, now) as tx:
        home = await party.own(tx.db)
        terms = group.Terms(name="csirts", policy=GroupPolicy(max_tlp="amber"))
        made = await group.found(tx, terms, context.node, "https://si.example", now, os.urandom)
    who = await somebody(context.pool, now, home, f"sharer-{os.urandom(4).hex()}",
                         roles=("analyst", "approver"))  # fmt: skip
    async with transaction(context.pool, now) as tx:
        share = await release.prepare(tx, who, incident, made.group, now, context.node)
    text = json.dumps(share.after if share.after is not None else share.preview,
                      ensure_ascii=False)  # fmt: skip
    return text.replace("[.]", ".").replace("hxxp", "http")


def holds(key: str, expected: Any, outcome: Outcome) -> object:
    """Something true when one line of `expect.toml` came true."""
    found, names = outcome.verdict, outcome.names
    main = names[0] if names else None
    codes = {reason.code for reason in found.reasons}
    match key:
        case "verdict":
            return found.word in (expected if isinstance(expected, list) else [expected])
        case "category":
            return found.category == expected
        case "rsit":
            return list(rsit(found.category)) == expected
        case "brand":
            return found.brand == expected
        case "min_probability":
            return (found.probability or 0.0) >= expected
        case "max_probability":
            return (found.probability or 0.0) <= expected
        case "reasons_any":
            return not codes.isdisjoint(expected)
        case "reasons_all":
            return codes.issuperset(expected)
        case "url_clean":
            return expected.rstrip("/") in [x.url.rstrip("/") for x in links(outcome.message)]
        case "scope":
            return (main.scope if main else "none") == expected
        case "name":
            return main is not None and main.name == expected
        case "never_name":
            return not {line.name for line in names if line.scope != "none"} & set(expected)
        case "action":
            return (main.action if main else "none") == expected
        case "answer":
            return outcome.answer == expected
        case "addons":
            return outcome.addons == expected
        case "shared":
            return (outcome.shared is not None) is expected
        case "leak_forbidden":
            return not any(word in (outcome.shared or "") for word in expected)
        case "keep_required":
            return all(word in (outcome.shared or "") for word in expected)
        case "never_stored":
            return not any(word in outcome.stored for word in expected)
        case "obligations" | "levels":
            return True  # incident rules and service levels come with their own issue
    raise AssertionError(f"unknown expectation {key}")
