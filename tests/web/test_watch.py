"""Watched names over the API: the list, what people do with it, sources, rules and names by hand."""

import base64
import os
from datetime import timedelta
from typing import Any

import pytest

from tests.store.world import new_uuid, somebody
from tests.web.house import NOBODY, House
from zvon.access import key as keys
from zvon.ml.brand import shipped
from zvon.ml.lookalike import find
from zvon.store import party, watch
from zvon.store.transaction import transaction

WATCH = "/api/v1/watch"
NLB, PACK = "nlb-klik.top", "posta-si-pack.lat"
WHY = {"reason": "a test of it"}
LIST = {"name": "new names", "kind": "list", "url": "https://names.example/new/", "format": "csv"}
RULE = {"brand": "si.posta", "pattern": "Posta-{#}", "tlds": ["top"], "reason": "seen twice"}


async def put(house: House, *names: str) -> dict[str, dict[str, Any]]:
    """Watch names; what the API says of each."""
    now = house.clock()
    async with transaction(house.pool, now) as tx:
        found = list(find(shipped(), names))
        await watch.put_all(tx, found, "list:x", now, os.urandom, certificate=True)
    said = (await house.get("ana", WATCH)).json()
    return {one["name"]: one for one in said["names"]}


async def desk(house: House) -> str:
    """Somebody at the desk of NLB, with a key."""
    now = house.clock()
    async with transaction(house.pool, now) as tx:
        bank = await party.put(tx, uuid=new_uuid(now), name="NLB", kind="bank", country="SI")
        await tx.execute("update party set brands = %s where id = %s", (["si.nlb"], bank.id))
    viewer = await somebody(house.pool, now, bank, "dora", roles=("desk",))
    async with transaction(house.pool, now) as tx:
        row = await (await tx.execute("select uuid from person where login = 'dora'")).fetchone()
        assert row is not None
        house.keys["dora"] = await keys.create(
            tx, viewer, row[0], "test", now, os.urandom, now + timedelta(days=9)
        )
    return "dora"


async def test_the_list_has_reasons_and_pages(house: House) -> None:
    every = await put(house, NLB, PACK)
    one = every[PACK]
    assert (one["brand"], one["technique"], one["state"]) == ("si.posta", "token", "watching")
    assert "WATCH_LURE" in {reason["code"] for reason in one["reasons"]}
    assert one["seen"] == {"certificate": house.clock().isoformat()}
    first = (await house.get("ana", f"{WATCH}?limit=1")).json()
    rest = (await house.get("ana", f"{WATCH}?limit=1&after={first['next']}")).json()
    assert [n["name"] for n in (*first["names"], *rest["names"])] == [PACK, NLB]
    assert (await house.get("ana", f"{WATCH}/{one['id']}")).json() == one
    assert (await house.get("ana", f"{WATCH}/{NOBODY}")).status_code == 404


async def test_a_name_is_dismissed_once_and_by_those_who_may(house: House) -> None:
    one = (await put(house, PACK))[PACK]
    path = f"{WATCH}/{one['id']}/dismissal"
    assert (await house.post("aud", path, WHY)).status_code == 403
    assert (await house.post("ana", path, WHY)).json()["state"] == "dismissed"
    assert (await house.post("ana", path, WHY)).status_code == 409
    assert (await house.get("ana", f"{WATCH}?state=watching")).json()["names"] == []


async def test_an_escalation_leaves_a_job_that_makes_the_report(house: House) -> None:
    one = (await put(house, PACK))[PACK]
    said = await house.post("ana", f"{WATCH}/{one['id']}/escalation", WHY)
    assert said.json()["state"] == "escalated"
    async with house.pool.connection() as db:
        rows = await (await db.execute("select entrypoint from pgqueuer")).fetchall()
    assert rows == [("collect.escalate",)]


async def test_a_desk_sees_its_brand_says_ours_and_may_do_nothing_else(house: House) -> None:
    every = await put(house, NLB, PACK)
    who = await desk(house)
    assert [n["name"] for n in (await house.get(who, WATCH)).json()["names"]] == [NLB]
    theirs, mine = (f"{WATCH}/{every[name]['id']}" for name in (PACK, NLB))
    assert (await house.get(who, theirs)).status_code == 404
    assert (await house.post(who, f"{theirs}/word", {"ours": True, **WHY})).status_code == 404
    assert (await house.post(who, f"{mine}/dismissal", WHY)).status_code == 403
    assert (await house.post(who, f"{mine}/escalation", WHY)).status_code == 403
    for path in ("sources", "names", "rules"):
        assert (await house.post(who, f"{WATCH}/{path}", {})).status_code == 403
    assert (await house.get(who, f"{WATCH}/sources")).status_code == 403
    assert (await house.get(who, f"{WATCH}/rules")).json() == {"rules": []}
    said = await house.post(who, f"{mine}/word", {"ours": True, **WHY})
    assert said.json()["state"] == "dismissed"


async def test_names_by_hand_are_matched_and_watched(house: House) -> None:
    body = {"names": [PACK, "example.org", "no name", "https://www.nlb-klik.top/x"]}
    said = (await house.post("ana", f"{WATCH}/names", body)).json()
    assert (said["names"], said["bad"], said["new"]) == (3, 1, 2)
    assert [one["name"] for one in said["found"]] == [PACK, NLB]
    again = (await house.post("ana", f"{WATCH}/names", body)).json()
    assert again["new"] == 0
    [one] = (await house.get("ana", f"{WATCH}?source=person:ana&brand=si.nlb")).json()["names"]
    assert one["name"] == NLB


async def test_a_source_is_added_read_stopped_and_forgotten(house: House) -> None:
    made = (await house.post("ana", f"{WATCH}/sources", LIST)).json()
    assert (made["url"], made["enabled"], made["lag"]) == ("https://names.example/new", True, None)
    assert (await house.post("ana", f"{WATCH}/sources", LIST)).status_code == 409
    path = f"{WATCH}/sources/{made['id']}"
    assert (await house.post("ana", f"{path}/state", {"enabled": False})).json()["enabled"] is False
    assert (await house.post("ana", f"{path}/reading")).json()["enabled"] is True
    assert len((await house.get("aud", f"{WATCH}/sources")).json()["sources"]) == 1
    assert (await house.ask("aud", "DELETE", path)).status_code == 403
    assert (await house.ask("ana", "DELETE", path)).status_code == 204
    assert (await house.ask("ana", "DELETE", path)).status_code == 404


@pytest.mark.parametrize(
    "changed",
    [{"format": ""}, {"format": "pdf"}, {"kind": "rfc6962"}, {"url": "file:///etc/passwd"},
     {"url": "https://a@b.example/x"}, {"url": "https://x.example:99999/"}, {"key": "%"}],
)  # fmt: skip
async def test_a_source_that_makes_no_sense_is_refused(
    house: House, changed: dict[str, str]
) -> None:
    assert (await house.post("ana", f"{WATCH}/sources", LIST | changed)).status_code == 422


async def test_a_published_list_of_logs_adds_the_live_and_stops_the_retired(house: House) -> None:
    log = {"name": "Primer 2026h2", "kind": "static-ct", "url": "https://log.example/mon/",
           "operator": "Primer", "key": base64.b64encode(b"key").decode(), "live": True}  # fmt: skip
    dead = log | {"name": "Primer 2025h1", "url": "https://old.example", "live": False}
    said = (await house.post("ana", f"{WATCH}/sources/logs", {"logs": [log, dead]})).json()
    assert said == {"added": ["Primer 2026h2"], "retired": []}
    over = [log | {"live": False}]
    said = (await house.post("ana", f"{WATCH}/sources/logs", {"logs": over})).json()
    assert said == {"added": [], "retired": ["Primer 2026h2"]}
    [one] = (await house.get("ana", f"{WATCH}/sources")).json()["sources"]
    assert (one["enabled"], one["signed"]) == (False, True)


async def test_rules_are_made_shown_and_ended(house: House) -> None:
    made = (await house.post("ana", f"{WATCH}/rules", RULE)).json()
    assert (made["pattern"], made["by"], made["found"]) == ("posta-{#}", "ana", 0)
    assert [r["id"] for r in (await house.get("ana", f"{WATCH}/rules")).json()["rules"]] == [
        made["id"]
    ]
    assert (await house.post("ana", f"{WATCH}/rules/{made['id']}/end")).status_code == 204
    assert (await house.get("ana", f"{WATCH}/rules")).json() == {"rules": []}
    house.clock.forward(timedelta(seconds=1))
    assert len((await house.get("ana", f"{WATCH}/rules?expired=true")).json()["rules"]) == 1
    assert (
        await house.post("ana", f"{WATCH}/rules", RULE | {"pattern": "a-{}"})
    ).status_code == 422
