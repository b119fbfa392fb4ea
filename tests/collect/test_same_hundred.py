"""The same hundred indicators in eight formats and three languages are a hundred values, each seen
eight times: however they are written, and whatever they stand in.
"""

import json
import os
from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid5

import pytest

from tests.collect.deliveries import World, a_source, found, rows, send, work, world
from tests.collect.open.papers import pdf, word
from zvon.store import mapping
from zvon.store.transaction import Pool, transaction

SPACE = UUID("01940000-0000-7000-8000-000000000001")


def hundred() -> list[tuple[str, str]]:
    """(MISP type, value) of a hundred indicators; no host stands in two of them."""
    return [
        *(("domain", f"prevzem-{n:02d}.paketi-{n:02d}.example") for n in range(30)),
        *(("ip-dst", f"198.51.100.{n}") for n in range(1, 21)),
        *(("ip-dst", f"2001:db8::{n:x}") for n in range(1, 6)),
        *(("url", f"http://pay-{n:02d}.example/si/{n}/Login?id={n}") for n in range(20)),
        *(("sha256", f"{n * 0x9E3779B97F4A7C15:064x}"[-64:]) for n in range(1, 16)),
        *(("md5", f"{n * 0x9E3779B97F4A7C15F39CC060:032x}"[-32:]) for n in range(1, 6)),
        *(("sha1", f"{n * 0x9E3779B97F4A7C15F39CC0605CED:040x}"[-40:]) for n in range(1, 6)),
    ]


VALUES = hundred()
KIND = {"domain": "domain-name:value", "url": "url:value", "md5": "file:hashes.MD5",
        "sha1": "file:hashes.'SHA-1'", "sha256": "file:hashes.'SHA-256'"}  # fmt: skip


def brackets(value: str) -> str:
    return value.replace(".", "[.]").replace("http://", "hxxp://").replace("2001:", "2001[:]")


def round_ones(value: str) -> str:
    return value.replace(".", "(.)").replace("http://", "hxxp[://]")


def words(value: str) -> str:
    return value.replace(".", "[dot]").replace("http://", "h**p://")


def plain() -> bytes:
    return "\n".join(value for _, value in VALUES).encode()


def table() -> bytes:
    head = "Indikator;Prvič viden;Opomba\n"
    return (head + "".join(f"{v};2026-11-21;val 7\n" for _, v in VALUES)).encode()


def misp() -> bytes:
    attributes = [
        {"uuid": str(uuid5(SPACE, v)), "type": t, "category": "Network activity", "value": v,
         "to_ids": True, "timestamp": "1795000000"}
        for t, v in VALUES
    ]  # fmt: skip
    event = {"uuid": str(uuid5(SPACE, "event")), "info": "paketi", "date": "2026-11-21",
             "timestamp": "1795000000", "Attribute": attributes}  # fmt: skip
    return json.dumps({"Event": event}).encode()


def stix() -> bytes:
    objects = []
    for kind, value in VALUES:
        path = KIND.get(kind) or ("ipv6-addr:value" if ":" in value else "ipv4-addr:value")
        objects.append({
            "type": "indicator", "spec_version": "2.1",
            "id": f"indicator--{uuid5(SPACE, value)}", "created": "2026-11-21T08:00:00.000Z",
            "modified": "2026-11-21T08:00:00.000Z", "valid_from": "2026-11-21T08:00:00Z",
            "pattern_type": "stix", "pattern": f"[{path} = '{value}']",
        })  # fmt: skip
    return json.dumps({"type": "bundle", "id": f"bundle--{SPACE}", "objects": objects}).encode()


def slovenian() -> bytes:
    lines = [f"Napadalci uporabljajo {brackets(v)} za krajo podatkov." for _, v in VALUES]
    return ("Opozorilo pred lažnimi obvestili o paketih.\n\n" + "\n".join(lines) + "\n").encode()


def croatian() -> bytes:
    items = "".join(f"<li>zlonamjerno: {round_ones(v)}</li>" for _, v in VALUES)
    return (
        "<!doctype html><html lang='hr'><head><title>Upozorenje</title></head><body>"
        f"<h1>Pokazatelji ugroženosti</h1><p>Napadači koriste:</p><ul>{items}</ul></body></html>"
    ).encode()


def document() -> bytes:
    lines = [f"The attackers control {words(v)} as malware server." for _, v in VALUES]
    return word("Indicators of compromise\n" + "\n".join(lines))


def paper() -> bytes:
    # The page has one line; the operators between begin the next ones.
    return pdf(
        "Indicators of compromise) Tj /F1 6 Tf ("
        + ") Tj 0 -7 Td (".join(f"malicious: {brackets(v)}" for _, v in VALUES)
    )


FORMS: dict[str, Callable[[], bytes]] = {
    "list.txt": plain, "export.csv": table, "event.json": misp, "bundle.json": stix,
    "opozorilo.txt": slovenian, "upozorenje.html": croatian, "report.docx": document,
    "report.pdf": paper,
}  # fmt: skip


@pytest.fixture
async def node(pool: Pool, now: datetime) -> World:
    return await world(pool, now)


async def test_a_hundred_indicators_in_eight_formats_are_a_hundred_values_seen_eight_times(
    node: World,
) -> None:
    assert len({v for _, v in VALUES}) == 100
    read_by = {}
    for name, make in FORMS.items():
        source = await a_source(node.pool, node.now, node.ada, name=name)
        uuid = await send(node, make(), source, name=name)
        await work(node)
        told = await found(node, uuid)
        if told.state == "waiting":
            async with transaction(node.pool, node.now) as tx:
                version = await mapping.wanted(tx.db, node.ada, source.uuid)
                await mapping.confirm(
                    tx, node.ada, source.uuid, version.body, node.now, os.urandom(10)
                )
            async with node.pool.connection() as db:
                await db.execute(
                    "insert into pgqueuer (priority, status, entrypoint, payload) values"
                    " (0, 'queued', 'collect.intake', %s)",
                    (json.dumps({"delivery_id": told.id}).encode(),),
                )
            await work(node)
            told = await found(node, uuid)
        assert told.state == "done", told
        read_by[name] = told.format
    counts = await rows(
        node,
        "select o.value, count(distinct r.source_id)::int, count(distinct c.record_id)::int"
        " from observable o"
        " left join occurrence c on c.observable_id = o.id left join record r on r.id = c.record_id"
        " group by o.value order by 1",
    )
    wanted = {v.lower() if "://" not in v else v for _, v in VALUES}
    assert {read_by["event.json"], read_by["bundle.json"]} == {"misp", "stix"}
    strange = [row for row in counts if row[0] not in wanted]
    missing = wanted - {row[0] for row in counts}
    wrong = [row for row in counts if row[0] in wanted and row[1:] != (8, 8)]
    assert (strange, missing, wrong) == ([], set(), [])
    assert len(counts) == 100
