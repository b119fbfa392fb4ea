"""Campaigns over the API: what each sees, and what people change."""

from typing import Any

from tests.store.campaigns import Came, came, domain, page, sender, text
from tests.store.world import other_party
from tests.web.house import NOBODY, House
from zvon.model.marking import Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.store import ingest
from zvon.store.campaign import Key
from zvon.store.ingest import RecordIn, Sighted
from zvon.store.transaction import transaction

T = ObservableType


def batch(value: str) -> Key:
    """A medium key: registered in one go."""
    return Key(Observable(T.REGISTRATION, value), False, "SAME_REGISTRATION")


async def wave(house: House) -> list[Came]:
    """Three reports of two names of one kit, and a fourth that another row of names ties."""
    now = house.clock()
    rows: list[tuple[str, list[Key]]] = [
        ("posta-si-01.example", [page("kit", "t"), text("t"), batch("b")]),
        ("posta-si-02.example", [page("kit", "t"), text("t"), batch("b")]),
        ("posta-si-02.example", [sender("+44")]),
        ("posta-si-09.example", [batch("b")]),
    ]
    return [
        await came(house.pool, now, house.home, domain(name), *keys, name=name)
        for name, keys in rows
    ]


async def shown(house: House, one: Came, who: str = "ana") -> dict[str, Any]:
    answer = await house.get(who, f"/api/v1/campaigns/{one.joined.uuid}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_the_page_says_what_holds_it_together_and_what_may_come(house: House) -> None:
    first, *_, other = await wave(house)
    seen = await shown(house, first)
    assert (seen["reports"], seen["hidden"]) == (3, None)
    assert [(n["name"], n["reports"]) for n in seen["names"]] == [
        ("posta-si-01.example", 1), ("posta-si-02.example", 2),
    ]  # fmt: skip
    keys = {k["code"]: k for k in seen["keys"]}
    assert keys["SAME_PAGE"]["strong"] is True
    assert (keys["SAME_PAGE"]["reports"], keys["SAME_PAGE"]["campaigns"]) == (2, 1)
    assert keys["SAME_REGISTRATION"]["campaigns"] == 2
    assert keys["SAME_PAGE"]["suppressed"] is False
    assert [(d["channel"], d["reports"]) for d in seen["days"]] == [("sms", 3)]
    assert [(c["country"], c["reports"]) for c in seen["countries"]] == [("SI", 3)]
    assert [(s["name"], s["code"], s["campaign"]) for s in seen["siblings"]] == [
        ("posta-si-09.example", "SAME_REGISTRATION", str(other.joined.uuid)),
    ]  # fmt: skip
    assert "posta-si-03.example" in [n["name"] for n in seen["predicted"]]
    assert len(seen["members"]) == 3
    assert any(link["code"] == "SAME_PAGE" for m in seen["members"] for link in m["links"])
    assert len(seen["incidents"]) == 1
    assert (await shown(house, first, "aud"))["hidden"] == 0


async def test_partners_events_are_counted_in_their_country(house: House) -> None:
    first, *_ = await wave(house)
    now = house.clock()
    abroad = await other_party(house.pool, now, "CERT.hr")
    value = Observable(T.DOMAIN, "posta-si-01.example")
    async with transaction(house.pool, now) as tx:
        await ingest.occurrences(tx, first.record_id, [Sighted(value, ingest.SAID, now)])
        event = RecordIn(
            uuid=NOBODY, kind="event", created_at=now, modified_at=now, tlp=Tlp.GREEN, pap=1,  # type: ignore[arg-type]
            payload={"countries": ["HR"], "counts": {"reports": 12}}, org_id=house.home.id,
            orgc_id=abroad.id, observables=[Sighted(value, ingest.SAID, now)],
        )  # fmt: skip
        await ingest.ingest(tx, [event], now)
    seen = await shown(house, first)
    assert [(c["country"], c["reports"], c["events"]) for c in seen["countries"]] == [
        ("HR", 12, 1), ("SI", 3, 0),
    ]  # fmt: skip


async def test_the_graph_ties_reports_to_what_they_share(house: House) -> None:
    first, *_ = await wave(house)
    answer = await house.get("ana", f"/api/v1/campaigns/{first.joined.uuid}/graph")
    drawn = answer.json()
    nodes = {n["id"]: n for n in drawn["nodes"]}
    kit = next(n for n in drawn["nodes"] if n["kind"] == "kit")
    assert (kit["label"], kit["reports"]) == ("kit", 2)
    tied = [nodes[e["source"]]["kind"] for e in drawn["edges"] if e["target"] == kit["id"]]
    assert tied == ["reports", "reports"]
    assert {e["source"] for e in drawn["edges"]} | {e["target"] for e in drawn["edges"]} <= set(
        nodes
    )
    assert drawn["left_out"] == 0


async def test_the_list_shows_living_campaigns_newest_first(house: House) -> None:
    first, *_, other = await wave(house)
    answer = (await house.get("ana", "/api/v1/campaigns")).json()["campaigns"]
    assert [(c["id"], c["reports"], c["names"]) for c in answer] == [
        (str(other.joined.uuid), 1, 1), (str(first.joined.uuid), 3, 2),
    ]  # fmt: skip
    after = await house.get("ana", f"/api/v1/campaigns?before={other.joined.uuid}&limit=5")
    assert [c["id"] for c in after.json()["campaigns"]] == [str(first.joined.uuid)]
    none = await house.get("ana", "/api/v1/campaigns?brand=si.nlb")
    assert none.json()["campaigns"] == []


async def test_part_split_merge_and_undo_over_the_api(house: House) -> None:
    first, _, third, other = await wave(house)
    path = f"/api/v1/campaigns/{first.joined.uuid}"
    parted = await house.post(
        "ana", f"{path}/part", {"reports": [str(third.uuid)], "reason": "another sender"}
    )
    assert parted.status_code == 201, parted.text
    assert parted.json()["reports"] == 1
    [step] = (await shown(house, first))["history"]
    assert (step["kind"], step["person"], step["reason"]) == ("part", "ana", "another sender")
    key = next(k for k in (await shown(house, first))["keys"] if k["value"] == second_name())
    split = await house.post("bor", f"{path}/split", {"key": key["id"], "reason": "by name"})
    assert split.json()["reports"] == 1
    merged = await house.post(
        "ana", f"{path}/merge", {"other": str(other.joined.uuid), "reason": "one row of names"}
    )
    assert merged.json()["reports"] == 2
    gone = await house.get("ana", f"/api/v1/campaigns/{other.joined.uuid}")
    assert gone.json()["id"] == str(first.joined.uuid)
    for step in (await shown(house, first))["history"]:
        done = await house.post("ana", f"/api/v1/campaigns/steps/{step['uuid']}/undo")
        assert done.status_code == 201, done.text
    assert (await shown(house, first))["reports"] == 3
    assert (await shown(house, other))["reports"] == 1
    twice = await house.post("ana", f"/api/v1/campaigns/steps/{step['uuid']}/undo")
    assert twice.status_code == 422
    async with house.pool.connection() as db:
        rows = await db.execute(
            "select action from audit where action like 'campaign:%' order by seq"
        )
        assert [r[0] for r in await rows.fetchall()] == [
            "campaign:part", "campaign:split", "campaign:merge", *["campaign:undo"] * 3,
        ]  # fmt: skip


def second_name() -> str:
    """The name of the second report."""
    return "posta-si-02.example"


async def test_an_earlier_step_of_the_same_reports_waits(house: House) -> None:
    first, second, third, other = await wave(house)
    path = f"/api/v1/campaigns/{other.joined.uuid}"
    await house.post("ana", f"{path}/merge", {"other": str(first.joined.uuid), "reason": "one"})
    [merge] = (await shown(house, other))["history"]
    await house.post("ana", f"{path}/part", {"reports": [str(third.uuid)], "reason": "two"})
    early = await house.post("ana", f"/api/v1/campaigns/steps/{merge['uuid']}/undo")
    assert early.status_code == 409
    assert second.joined.campaign_id == first.joined.campaign_id


async def test_who_may_not_and_what_is_not_there(house: House) -> None:
    first, *_ = await wave(house)
    path = f"/api/v1/campaigns/{first.joined.uuid}"
    body = {"reports": [str(first.uuid)], "reason": "not theirs"}
    for who in ("rita", "ada", "aud"):
        assert (await house.post(who, f"{path}/part", body)).status_code == 403
    assert (await house.get("rita", path)).status_code == 403
    assert (await house.get("ana", f"/api/v1/campaigns/{NOBODY}")).status_code == 404
    assert (await house.get("ana", f"/api/v1/campaigns/{NOBODY}/graph")).status_code == 404
    missing = await house.post("ana", f"{path}/part", {"reports": [str(NOBODY)], "reason": "none"})
    assert missing.status_code == 404
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute("update record set tlp = 4 where kind = 'report'")
    assert (await house.get("ana", path)).status_code == 404
    hidden = await house.post("ana", f"{path}/part", body)
    assert hidden.status_code == 404
