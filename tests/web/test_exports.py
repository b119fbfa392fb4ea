"""Lists over HTTP: who gets them, what a poll costs, and that a script can trust what it got."""

import base64
import gzip
import hashlib
from datetime import timedelta
from typing import Any

import pytest

from tests.blocks import publish
from tests.web.house import House
from zvon.formats import list_manifest
from zvon.formats.blocklist import FORMATS
from zvon.formats.note import PeerError
from zvon.model.scope import Scope
from zvon.store import block, list_account, subscriber, usage, zone
from zvon.store.transaction import transaction

LIST = "/api/v1/feeds/si/export/"


async def filled(house: House, *names: str, scope: Scope = Scope.HOST) -> list[block.BlockRow]:
    house.clock.forward(timedelta(minutes=11))  # past the brake on what one person does at once
    return await publish(house.pool, house.viewers, house.clock(), *names, scope=scope)


async def lifted(house: House, rows: list[block.BlockRow]) -> None:
    async with transaction(house.pool, house.clock()) as tx:
        await block.lift(tx, house.viewers["bor"], [r.uuid for r in rows], "wrong", house.clock())


async def test_a_block_is_in_every_list_that_can_say_it(house: House) -> None:
    await filled(house, "lure.example", scope=Scope.HOST_SUB)
    for name, chosen in FORMATS.items():
        answer = await house.get("ana", LIST + name)
        assert answer.status_code == 200, name
        assert answer.headers["content-type"].startswith(chosen.media_type.split(";")[0])
        assert answer.headers["x-checksum-sha256"] == hashlib.sha256(answer.content).hexdigest()
        encoded = base64.b64encode(b"lure.example").decode()
        there = "lure.example" in answer.text or encoded in answer.text
        squared = "lure|2e|example" in answer.text
        wanted = "name" in {kind.value for kind in chosen.kinds}
        assert (there or squared) is wanted, name


async def test_a_lifted_block_leaves_the_list(house: House) -> None:
    rows = await filled(house, "lure.example")
    assert "lure.example" in (await house.get("ana", LIST + "txt")).text
    await lifted(house, rows)
    assert "lure.example" not in (await house.get("ana", LIST + "txt")).text


async def test_a_poll_costs_nothing_while_nothing_changes(house: House) -> None:
    await filled(house, "lure.example")
    first = await house.get("ana", LIST + "txt", headers={"Accept-Encoding": "identity"})
    tag = first.headers["etag"]
    assert not tag.startswith("W/")
    for sent in (tag, f'"x", {tag}', f"W/{tag}"):
        again = await house.get("ana", LIST + "txt", headers={"If-None-Match": sent})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["last-modified"] == first.headers["last-modified"]
    await filled(house, "other.example")
    after = await house.get("ana", LIST + "txt", headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert after.headers["etag"] != tag


async def test_what_changes_elsewhere_changes_no_list(house: House) -> None:
    await filled(house, "lure.example")
    tag = (await house.get("ana", LIST + "json")).headers["etag"]
    async with transaction(house.pool, house.clock()) as tx:
        await zone.ensure_feed(tx, "hr", "HR")
    again = await house.get("ana", LIST + "json", headers={"If-None-Match": tag})
    assert again.status_code == 304


async def test_a_packed_list_is_the_same_list_with_another_tag(house: House) -> None:
    await filled(house, "lure.example")
    plain = await house.get("ana", LIST + "txt", headers={"Accept-Encoding": "identity"})
    packed = await house.get("ana", LIST + "txt", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content  # the client has unpacked it
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]
    assert len(gzip.compress(plain.content)) > 0


async def test_a_difference_brings_an_old_copy_up_to_date(house: House) -> None:
    old = await filled(house, "old.example")
    await filled(house, "stays.example")
    first = await house.get("ana", LIST + "json")
    since = first.headers["x-zvon-change"]
    copy = {e["value"] for e in first.json()["entries"]}
    await lifted(house, old)
    await filled(house, "new.example")
    answer = await house.get("ana", f"{LIST}json?since={since}")
    said = answer.json()
    assert said["removed"] == ["old.example"]
    assert [e["value"] for e in said["added"]] == ["new.example"]
    whole = {e["value"] for e in (await house.get("ana", LIST + "json")).json()["entries"]}
    assert copy - set(said["removed"]) | {e["value"] for e in said["added"]} == whole
    rest = await house.get("ana", f"{LIST}csv?since={answer.headers['x-zvon-change']}")
    assert rest.text.count("\r\n") == 1


@pytest.mark.parametrize(("query", "status"), [
    ("json?since=999999999", 410), ("hosts?since=0", 422), ("json?since=-1", 400),
    ("json?since=x", 400), ("json?since=99999999999999999999999", 400), ("nothing", 404),
    ("json?since=4611686018427387904", 410),
])  # fmt: skip
async def test_what_cannot_be_answered_is_said(house: House, query: str, status: int) -> None:
    assert (await house.get("ana", LIST + query)).status_code == status


async def test_a_difference_over_a_trimmed_journal_is_refused(house: House) -> None:
    await filled(house, "one.example")
    since = (await house.get("ana", LIST + "txt")).headers["x-zvon-change"]
    await filled(house, "two.example")
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute("delete from zone_change where change_seq <= %s", (int(since),))
    assert (await house.get("ana", f"{LIST}txt?since={int(since) - 1}")).status_code == 410


async def test_the_manifest_is_signed_and_names_what_was_served(house: House) -> None:
    await filled(house, "lure.example")
    assert (await house.get("ana", "/api/v1/feeds/si/manifest")).status_code == 422
    served = await house.get("ana", LIST + "kresd", headers={"Accept-Encoding": "identity"})
    answer = await house.get("ana", "/api/v1/feeds/si/manifest")
    key = house.context.node.signing_public
    manifest = list_manifest.read(answer.content, key)
    assert (manifest.feed, manifest.node) == ("si", house.context.node.uuid)
    one = manifest.lists[0]
    assert (one.format, one.sha256) == ("kresd", hashlib.sha256(served.content).hexdigest())
    assert one.size == len(served.content)
    for bad in (answer.content.replace(b"feed si", b"feed hr"),
                answer.content.replace(one.sha256[:8].encode(), b"00000000"), b"", b"x\n\n"):  # fmt: skip
        with pytest.raises(PeerError):
            list_manifest.read(bad, key)
    with pytest.raises(PeerError):
        list_manifest.read(answer.content, bytes(32))
    more = await house.get("ana", "/api/v1/feeds/si/manifest?format=rpz&format=txt")
    assert {one.format for one in list_manifest.read(more.content, key).lists} == {"rpz", "txt"}
    assert (await house.get("ana", "/api/v1/feeds/si/manifest?format=no")).status_code == 404


async def subscribed(house: House, name: str = "t2", feed: str = "si") -> subscriber.Subscriber:
    now = house.clock()
    async with transaction(house.pool, now) as tx:
        made, _ = await subscriber.add(
            tx, house.viewers["ada"], name=name, brand="bind", address="192.0.2.7", feeds=(feed,),
            notify_address="192.0.2.7:53", now=now, random=house.context.random,
            key=house.context.node.key,
        )  # fmt: skip
    return made


async def key_of(house: House, made: subscriber.Subscriber) -> dict[str, Any]:
    answer = await house.post("ada", f"/api/v1/subscribers/{made.id and made.uuid}/list-keys", {})
    assert answer.status_code == 201
    return dict(answer.json())


async def test_the_key_of_a_subscriber_opens_its_lists_and_nothing_else(house: House) -> None:
    async with transaction(house.pool, house.clock()) as tx:
        await zone.ensure_feed(tx, "hr", "HR")
    given = await key_of(house, await subscribed(house))
    house.keys["t2"] = given["key"]
    assert set(given["urls"]) == {"si"}
    assert (await house.get("t2", LIST + "txt")).status_code == 200
    assert (await house.get("t2", "/api/v1/feeds/hr/export/txt")).status_code == 404
    assert (await house.get("t2", "/api/v1/feeds/hr/manifest?format=txt")).status_code == 404
    assert (await house.get("t2", "/api/v1/feeds/no/export/txt")).status_code == 404
    for path in ("/api/v1/blocks", "/api/v1/subscribers", "/api/v1/incidents", "/api/v1/urls"):
        assert (await house.get("t2", path)).status_code == 403, path
    assert (await house.get("rita", LIST + "txt")).status_code == 403


async def test_a_second_key_is_of_the_same_account_and_a_removed_one_opens_nothing(
    house: House,
) -> None:
    made = await subscribed(house)
    house.keys["one"] = (await key_of(house, made))["key"]
    house.keys["two"] = (await key_of(house, made))["key"]
    assert await house.count("subscriber_account") == 1
    assert (await house.get("one", LIST + "txt")).status_code == 200
    async with transaction(house.pool, house.clock()) as tx:
        await subscriber.remove(tx, house.viewers["ada"], made.uuid, house.clock())
    assert (await house.get("two", LIST + "txt")).status_code == 404
    again = await house.post("ada", f"/api/v1/subscribers/{made.uuid}/list-keys", {})
    assert again.status_code == 404


async def test_appliances_without_headers_send_the_key_as_they_can(house: House) -> None:
    given = await key_of(house, await subscribed(house))
    basic = base64.b64encode(f"t2:{given['key']}".encode()).decode()
    answer = await house.get(None, LIST + "txt", headers={"Authorization": f"Basic {basic}"})
    assert answer.status_code == 200
    path = given["token_urls"]["si"].replace("FORMAT", "txt").partition("/api")[2]
    assert (await house.get(None, "/api" + path)).status_code == 200
    assert (await house.get(None, f"{LIST}txt?token=")).status_code == 401
    assert (await house.get(None, f"{LIST}txt?token=zvon_0_0")).status_code == 401
    for bad in ("Basic", "Basic !!!", "Basic YTpi", "Basic " + base64.b64encode(b"x").decode()):
        refused = await house.get(None, LIST + "txt", headers={"Authorization": bad})
        assert refused.status_code == 401, bad


async def test_a_key_that_can_do_more_opens_nothing_from_an_address(house: House) -> None:
    """Addresses stand in logs of proxies; the key of a person must not work from there."""
    assert (await house.get(None, f"{LIST}txt?token={house.keys['ana']}")).status_code == 401
    given = await key_of(house, await subscribed(house))
    for path in ("/api/v1/blocks", "/api/v1/incidents"):
        assert (await house.get(None, f"{path}?token={given['key']}")).status_code == 401


async def test_what_a_subscriber_fetches_is_counted(house: House) -> None:
    made = await subscribed(house)
    house.keys["t2"] = (await key_of(house, made))["key"]
    first = await house.get("t2", LIST + "txt", headers={"Accept-Encoding": "identity"})
    await house.get("t2", LIST + "txt", headers={"If-None-Match": first.headers["etag"]})
    await house.get("ana", LIST + "txt")
    async with house.pool.connection() as db:
        days = await usage.of(db, made.id, house.clock().date())
    assert [(d.exports, d.octets) for d in days] == [(1, len(first.content))]


async def test_only_an_administrator_gives_such_a_key(house: House) -> None:
    made = await subscribed(house)
    path = f"/api/v1/subscribers/{made.uuid}/list-keys"
    for who in ("ana", "bor", "rita", "aud"):
        assert (await house.post(who, path, {})).status_code == 403
    assert (await house.post("ada", path, {"days": 0})).status_code == 400
    assert list_account.ROLE == "subscriber"
