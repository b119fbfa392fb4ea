"""What is TLP:RED is for the people named on it; nobody else learns over HTTP that it is there."""

import os
import re
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec import Struct
from psycopg.types.json import Jsonb

from tests.store.world import reported
from tests.web.house import NOBODY, PROBLEM, House, filled
from zvon.formats.membership import GroupPolicy
from zvon.model.advice import NameAdvice
from zvon.model.report import Channel, Message
from zvon.model.scope import Scope
from zvon.share import group, release
from zvon.store.transaction import transaction
from zvon.store.visibility import read
from zvon.web.api.live import Bell, stream

NAME = "skrivnost.example"
ADVICE = NameAdvice(name=NAME, scope=Scope.REGISTRABLE_SUB, reason="registered_for_abuse")
PAGE = {"Accept": "text/html"}
# Asked for with an identifier of somebody or something that has no marking.
NOT_ABOUT_RECORDS = {"/admin/kits/{id}", "/api/v1/subscribers/{id}/kit", "/static/{path}"}


class Hidden(Struct, frozen=True):
    """A report, its campaign and incident, and a release of it: all TLP:RED, for `nina` alone."""

    report: UUID
    incident: UUID
    campaign: UUID
    share: UUID
    record: UUID
    words: tuple[str, ...]


async def hide(house: House) -> Hidden:
    """Make an incident that was shared and then became TLP:RED, with only `nina` named on it."""
    nina = house.viewers.get("nina") or await house.newcomer("nina", "analyst")
    now = house.clock()
    made = await reported(house.pool, now, house.home, names=(ADVICE,))
    async with transaction(house.pool, now) as tx:
        terms = group.Terms(name="csirts", policy=GroupPolicy(max_tlp="amber"))
        circle = await group.found(
            tx, terms, house.context.node, "https://si.example", now, os.urandom
        )
        share = await release.prepare(
            tx, house.viewers["bor"], made.incident_uuid, circle.group, now, house.context.node
        )
        rows = await (
            await tx.execute(
                "select i.record_id, i.number, r.uuid, c.uuid, c.number, p.number from incident i"
                " join record r on r.id = i.record_id join campaign c on c.id = i.campaign_id"
                " join report p on p.record_id = %s where i.id = %s",
                (made.record_id, made.incident_id),
            )
        ).fetchall()
        [(record, number, record_uuid, campaign, campaign_number, report_number)] = rows
        await tx.execute("update incident set tlp = 4 where id = %s", (made.incident_id,))
        message = msgspec.to_builtins(Message(channel=Channel.SMS, text=f"https://{NAME}/"))
        await tx.execute(
            "update record set payload = %s where id = %s", (Jsonb(message), made.record_id)
        )
        for each in (record, made.record_id):
            await tx.execute("update record set tlp = 4 where id = %s", (each,))
            await tx.execute(
                "insert into record_audience values (%s, %s) on conflict do nothing",
                (each, nina.person_id),
            )
        await tx.execute("update change set tlp = 4")
    return Hidden(
        made.uuid, made.incident_uuid, campaign, share.uuid, record_uuid,
        (NAME, number, campaign_number, report_number, str(made.uuid), str(made.incident_uuid),
         str(share.uuid), str(campaign), str(record_uuid)),
    )  # fmt: skip


def reading(house: House) -> list[str]:
    """The path of every GET route but the one that does not end."""
    return sorted({p for m, p, _ in house.routes() if m == "GET" and p != "/api/v1/live"})


async def test_who_is_named_sees_it(house: House) -> None:
    hidden = await hide(house)
    for path in (
        f"/api/v1/incidents/{hidden.incident}", f"/incidents/{hidden.incident}",
        f"/api/v1/reports/{hidden.report}", f"/api/v1/shares/{hidden.share}",
        f"/api/v1/campaigns/{hidden.campaign}",
    ):  # fmt: skip
        assert (await house.get("nina", path, headers=PAGE)).status_code == 200, path
    queue = (await house.get("nina", "/api/v1/incidents")).json()
    assert [i["id"] for i in queue["incidents"]] == [str(hidden.incident)]


@pytest.mark.parametrize("who", ["ana", "bor", "ada", "aud"])
async def test_asked_for_by_its_identifier_it_is_as_if_it_were_not_there(
    house: House, who: str
) -> None:
    hidden = await hide(house)
    asked = 0
    for path in reading(house):
        if "{" not in path or path in NOT_ABOUT_RECORDS:
            continue
        for uuid in (hidden.incident, hidden.report, hidden.campaign, hidden.share, hidden.record):
            for headers in ({}, PAGE):
                there = await house.get(who, filled(path, uuid), headers=headers)
                absent = await house.get(who, filled(path), headers=headers)
                assert there.status_code == absent.status_code, (path, uuid)
                assert there.text.replace(str(uuid), str(NOBODY)) == absent.text, (path, uuid)
                asked += 1
    assert asked >= 70


async def seen(house: House, who: str) -> dict[str, Any]:
    """What every list and page without an identifier says to somebody."""
    found = {}
    for path in reading(house):
        if "{" in path or path == "/api/schema":
            continue
        for kind, headers in (("", {}), (" as a page", PAGE)):
            answer = await house.get(who, path, headers=headers)
            text = re.sub(r'"took_ms":[0-9.]+', "", answer.text)
            found[path + kind] = (answer.status_code, text)
    return found


@pytest.mark.parametrize("who", ["ana", "bor", "ada"])
async def test_no_list_count_or_page_changes_when_it_comes(house: House, who: str) -> None:
    await house.newcomer("nina", "analyst")
    before = await seen(house, who)
    hidden = await hide(house)
    after = await seen(house, who)
    for path, (status, text) in after.items():
        assert not [word for word in hidden.words if word in text], path
        assert status == before[path][0], path
        # The group is no secret; everything else reads as before.
        if "peers" not in path and path.partition(" ")[0] not in {
            "/", "/sharing", "/admin", "/api/v1/groups",
        }:  # fmt: skip
            assert text == before[path][1], path


async def test_only_the_auditor_learns_that_something_is_hidden(house: House) -> None:
    hidden = await hide(house)
    for who, count in (("ana", None), ("bor", None), ("ada", None), ("aud", 1)):
        queue = (await house.get(who, "/api/v1/incidents")).json()
        assert queue["hidden"] == count, who
        assert queue["incidents"] == []
        assert set(queue["counts"].values()) == {0}, who
    audit = (await house.get("aud", "/api/v1/audit")).text
    assert NAME not in audit
    assert str(hidden.report) not in audit


async def test_the_live_stream_is_silent_about_it(house: House) -> None:
    hidden = await hide(house)
    subjects: dict[str, list[str]] = {}
    for who in ("ana", "nina"):
        events = stream(house.context, house.viewers[who], Bell(), 0)
        subjects[who] = []
        async with read(house.pool, "system") as db:
            row = await (await db.execute("select count(*) from change")).fetchone()
        assert row is not None
        try:
            for _ in range(1 + (row[0] if who == "nina" else 0)):
                event = await anext(events)
                subjects[who].append(f"{event.event} {event.data!r}")
        finally:
            await events.aclose()
    assert str(hidden.incident) in str(subjects["nina"])
    assert not any(word in str(subjects["ana"]) for word in hidden.words)


async def test_nobody_else_acts_on_it(house: House) -> None:
    hidden = await hide(house)
    bodies: dict[str, Any] = {
        "verdict": {"word": "benign", "version": 1}, "undo": {}, "notes": {"text": "seen"},
        "duplicate": {"of": str(hidden.incident), "version": 1},
        "proposals": {"reason": "phishing", "legal_ground": "terms"},
        "shares": {"group": str(NOBODY)},
    }  # fmt: skip
    who = {"proposals": "ana"}
    for what, body in bodies.items():
        path = f"/api/v1/incidents/{hidden.incident}/{what}"
        answer = await house.post(who.get(what, "bor"), path, body)
        assert answer.status_code == 404, (what, answer.text)
        assert answer.headers["content-type"] == PROBLEM
    for what, sent in (("release", {}), ("revocation", {"reason": "a mistake"})):
        there = await house.post("bor", f"/api/v1/shares/{hidden.share}/{what}", sent)
        absent = await house.post("bor", f"/api/v1/shares/{NOBODY}/{what}", sent)
        assert there.status_code == absent.status_code == 404
        assert there.text.replace(str(hidden.share), str(NOBODY)) == absent.text
    now_there = (await house.get("nina", f"/api/v1/incidents/{hidden.incident}")).json()
    assert now_there["verdict"] == "malicious"
