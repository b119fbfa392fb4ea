"""Sending into a source over the API, following it, quarantine, replay, and tables that ask."""

import gzip
import json
import os
from datetime import timedelta
from typing import Any

import pytest

from tests.collect.intake import waiting_jobs
from tests.store.world import new_uuid, other_party
from tests.web.house import NOBODY, House
from zvon.access import key as keys
from zvon.collect.intake import intake
from zvon.model.ids import RANDOM_BYTES
from zvon.store import person, source_change
from zvon.store.party import Party
from zvon.store.source import Setup
from zvon.store.source_change import NewSource
from zvon.store.transaction import transaction

ALERT = {
    "timestamp": "2026-11-22T08:00:00.000000+0000", "event_type": "alert", "src_ip": "192.0.2.7",
    "dest_ip": "198.51.100.9", "proto": "TCP",
    "alert": {"signature": "ET MALWARE beacon", "signature_id": 2000001, "severity": 1},
}  # fmt: skip
LINE = json.dumps(ALERT).encode() + b"\n"
TABLE = b"Zgo\xc5\xa1\xc4\x8dena vrednost;Prvi\xc4\x8d viden;IP naslov\n" + b"".join(
    b"%032x;2026-11-2%d;192.0.2.%d\n" % (n * 7919, n % 3, n) for n in range(1, 20)
)


@pytest.fixture
async def sensor(house: House) -> Setup:
    return await make(house)


async def make(house: House, **new: Any) -> Setup:
    given: dict[str, Any] = {"name": "sensor", "kind": "push"} | new
    now = house.clock()
    async with transaction(house.pool, now) as tx:
        return await source_change.create(
            tx, house.viewers["ada"], NewSource(**given), house.context.node.key, now,
            os.urandom(RANDOM_BYTES), os.urandom(12),
        )  # fmt: skip


def key(house: House, who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {house.keys[who]}"}


async def machine(house: House, home: Party) -> dict[str, str]:
    """A machine account of another organisation, with its key."""
    now, uuid = house.clock(), new_uuid(house.clock())
    async with transaction(house.pool, now) as tx:
        await person.add(
            tx, uuid=uuid, party_id=home.id, login="soc-bot", name="SOC", lang="en",
            roles=("source",), password_hash=None, now=now,
        )  # fmt: skip
        token = await keys.create(
            tx, house.viewers["ada"], uuid, "bot", now, os.urandom, now + timedelta(days=30)
        )
    return {"Authorization": f"Bearer {token}"}


async def work(house: House) -> None:
    jobs = await waiting_jobs(house.pool)
    async with house.pool.connection() as db:
        await db.execute("delete from pgqueuer")
    for name, payload in jobs:
        if name == "collect.intake":
            await intake(house.context, payload)


async def send(house: House, sensor: Setup, body: bytes, **query: str) -> str:
    answer = await house.client.post(
        f"/api/v1/sources/{sensor.uuid}/deliveries", content=body, params=query,
        headers=key(house, "ana"),
    )  # fmt: skip
    assert answer.status_code == 202, answer.text
    return str(answer.json()["url"])


async def ask(house: House, url: str, who: str = "ada") -> dict[str, Any]:
    answer = await house.client.get(url, headers=key(house, who))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_was_sent_is_counted_and_comes_back_byte_for_byte(
    house: House, sensor: Setup
) -> None:
    body = gzip.compress(LINE * 3)
    url = await send(house, sensor, body, name="eve.json.gz")
    await work(house)
    told = await ask(house, url)
    assert (told["state"], told["format"], told["items"], told["name"]) == (
        "done", "eve", 3, "eve.json.gz",
    )  # fmt: skip
    raw = await house.client.get(f"{url}/raw", headers=key(house, "ana"))
    assert raw.content == body
    assert raw.headers["content-disposition"] == "attachment; filename*=UTF-8''eve.json.gz"
    page = await ask(house, f"/api/v1/deliveries?source={sensor.uuid}&state=done")
    assert [d["id"] for d in page["deliveries"]] == [told["id"]]


async def test_a_body_over_the_limit_is_refused_and_leaves_nothing(
    house: House, sensor: Setup
) -> None:
    house.context.settings.intake_most = 2048
    answer = await house.client.post(
        f"/api/v1/sources/{sensor.uuid}/deliveries", content=LINE * 40, headers=key(house, "ana")
    )
    assert answer.status_code == 413
    assert (await ask(house, "/api/v1/deliveries"))["deliveries"] == []


async def test_an_empty_body_an_unknown_format_and_an_unknown_source_are_refused(
    house: House, sensor: Setup
) -> None:
    here = f"/api/v1/sources/{sensor.uuid}/deliveries"
    for path, body, status in (
        (here, b"", 422),
        (f"{here}?format=nonsense", LINE, 422),
        (f"/api/v1/sources/{NOBODY}/deliveries", LINE, 404),
    ):
        answer = await house.client.post(path, content=body, headers=key(house, "ana"))
        assert answer.status_code == status, answer.text


async def test_a_name_of_the_senders_own_is_taken_once(house: House, sensor: Setup) -> None:
    first = await send(house, sensor, LINE, external="job-7")
    assert await send(house, sensor, LINE * 2, external="job-7") == first
    assert len((await ask(house, "/api/v1/deliveries"))["deliveries"]) == 1


async def test_a_wrong_line_is_listed_and_replayed(house: House, sensor: Setup) -> None:
    url = await send(house, sensor, LINE + b"{wrong\n" + LINE, name="eve.json")
    await work(house)
    assert (await ask(house, url))["quarantined"] == 1
    listed = (await ask(house, f"/api/v1/quarantine?source={sensor.uuid}", "ana"))["pieces"]
    assert [(p["position"], p["text"]) for p in listed] == [("line 2", "{wrong")]
    assert (await ask(house, f"/api/v1/quarantine/{listed[0]['id']}", "ana")) == listed[0]
    for who, status in (("ana", 201), ("aud", 403)):
        answer = await house.client.post(
            "/api/v1/quarantine/replays", json={"source": str(sensor.uuid)}, headers=key(house, who)
        )
        assert answer.status_code == status, answer.text
    await work(house)
    told = await ask(house, url)
    assert (told["state"], told["items"], told["quarantined"]) == ("done", 2, 1)


async def test_a_table_waits_until_a_person_has_said_how_it_is_read(
    house: House, sensor: Setup
) -> None:
    url = await send(house, sensor, TABLE, name="export.csv")
    await work(house)
    told = await ask(house, url)
    assert (told["state"], told["asks"], told["items"]) == ("waiting", True, 0)
    place = f"/api/v1/sources/{sensor.uuid}/mapping"
    proposed = await ask(house, place)
    assert (proposed["state"], proposed["waiting"]) == ("proposed", 1)
    mapping = proposed["mapping"]
    assert [c["means"] for c in mapping["columns"]] == ["value", "time", "value"]
    shown = await house.client.post(f"{place}/preview", json=mapping, headers=key(house, "ada"))
    assert shown.json()["cells"][0][2] == "IP naslov"
    assert {"type": "ipv4", "value": "192.0.2.1", "role": "said"} in shown.json()["rows"][0][
        "values"
    ]
    mapping["columns"][2]["role"] = "named"
    refused = await house.client.put(place, json=mapping, headers=key(house, "ana"))
    assert refused.status_code == 403
    done = await house.client.put(place, json=mapping, headers=key(house, "ada"))
    assert done.json() == {"started": 1}
    await work(house)
    told = await ask(house, url)
    assert (told["state"], told["items"], told["quarantined"]) == ("done", 19, 0)
    async with transaction(house.pool, house.clock()) as tx:
        roles = await (
            await tx.execute(
                "select o.value, c.role from occurrence c join observable o"
                " on o.id = c.observable_id where o.value = '192.0.2.1'"
            )
        ).fetchall()
    assert roles == [("192.0.2.1", 5)]


@pytest.mark.parametrize("change", [{"delimiter": ",\n"}, {"encoding": "hex"}, {"columns": []},
                                    {"encoding": "\0"}, {"quote": ";", "delimiter": ";"}])  # fmt: skip
async def test_a_mapping_that_reads_nothing_is_refused(
    house: House, sensor: Setup, change: dict[str, object]
) -> None:
    body = {"columns": [{"index": 0, "means": "value"}]} | change
    answer = await house.client.put(
        f"/api/v1/sources/{sensor.uuid}/mapping", json=body, headers=key(house, "ada")
    )
    assert answer.status_code in {400, 422}, answer.text


async def test_a_machine_sends_into_its_own_source_and_sees_only_that(house: House) -> None:
    theirs = await other_party(house.pool, house.clock(), "SOC")
    own = await make(house, name="soc", party=theirs.uuid)
    foreign = await make(house, name="ours")
    bot = await machine(house, theirs)
    answer = await house.client.post(
        f"/api/v1/sources/{own.uuid}/deliveries", content=LINE, headers=bot
    )
    assert answer.status_code == 202
    assert (await house.client.get(answer.json()["url"], headers=bot)).status_code == 200
    refused = await house.client.post(
        f"/api/v1/sources/{foreign.uuid}/deliveries", content=LINE, headers=bot
    )
    assert refused.status_code == 404
    hidden = await send(house, foreign, LINE)
    assert (await house.client.get(hidden, headers=bot)).status_code == 404
    assert (await house.client.get("/api/v1/deliveries", headers=bot)).status_code == 403
