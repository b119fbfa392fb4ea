"""Secrets planted in one incident, and the bytes of every door that is written from it."""

import json
from base64 import b64encode
from datetime import timedelta

from tests.share.world import TEXT, World
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.model.query import Role
from zvon.share import export, release, review, values
from zvon.store.search import Found
from zvon.store.transaction import transaction

SECRETS = (
    "maja.zupanc@lipa-primer.si", "Maja Zupanc", "Zupančeva", "040 000 111", "0101006500006",
    "SI56 0201 0001 2345 695", "10.20.30.40", "srv-erp02", "AnyDesk 123 456 789",
)  # fmt: skip
PLANTED = (
    f"{TEXT}&email=maja.zupanc@lipa-primer.si\n"
    "Pozdravljeni, sem Maja Zupanc (maja.zupanc@lipa-primer.si), EMŠO 0101006500006,"
    " moj IBAN SI56 0201 0001 2345 695. Računalnik srv-erp02 ima naslov 10.20.30.40."
    " Pokličite me na 040 000 111. Napadalec je prišel z AnyDesk 123 456 789."
)
REMARK = "Gospa Zupančeva je kliknila. Maja Zupanc, 040 000 111"


def leaked(body: bytes | str) -> list[str]:
    """The secrets in what left, as they are, without blanks, and in base64."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    low = text.lower()
    return [
        secret
        for secret in SECRETS
        if secret.lower() in low
        or secret.replace(" ", "").lower() in low
        or b64encode(secret.encode())[:-4].decode() in text
    ]


async def test_no_secret_comes_out_of_the_peer_door_nor_of_what_follows_it(world: World) -> None:
    await world.say(PLANTED, REMARK)
    share = await world.prepare()
    while share.open_spans:
        number = next(i for i, span in enumerate(share.spans) if span["state"] == "ask")
        async with transaction(world.pool, world.now) as tx:
            share = await review.decide(
                tx, world.analyst, share.uuid, {number: "hide"}, world.now, world.node
            )
    released = await world.release(share)
    async with transaction(world.pool, world.now) as tx:
        misp = await export.misp(tx.db, world.analyst, share.uuid)
        await release.revoke(tx, world.approver, share.uuid, REMARK, world.now, world.node)
    entries = await world.column(
        "select convert_from(body, 'UTF8') from feed_entry where body is not null"
    )
    lines = await world.column("select to_jsonb(d) from disclosure d")
    audit = await world.column("select detail from audit")
    out: dict[str, bytes | str] = {
        "event": json.dumps(released.event, ensure_ascii=False), "misp": misp,
        "feed": "\n".join(map(str, entries)), "ledger": json.dumps(lines, ensure_ascii=False),
    }  # fmt: skip
    assert {door: leaked(body) for door, body in out.items()} == {door: [] for door in out}
    assert "dostava-paketa.example" in str(out["event"])
    assert leaked(json.dumps(audit, ensure_ascii=False)) == []


async def test_no_value_of_a_victim_comes_out_of_an_export(world: World) -> None:
    kinds = ((ObservableType.URL, "https://a.example/i?email=maja.zupanc@lipa-primer.si", Role.SAID),
             (ObservableType.EMAIL, "maja.zupanc@lipa-primer.si", Role.REPORTER),
             (ObservableType.IPV4, "10.20.30.40", Role.SAID),
             (ObservableType.HOSTNAME, "srv-erp02", Role.NAMED),
             (ObservableType.DOMAIN, "dostava-paketa.example", Role.SAID))  # fmt: skip
    found = tuple(
        Found(id=n, observable=Observable(kind, value), records=1, more=False, sources=(),
              first_at=world.now, last_at=world.now + timedelta(0), tlp=Tlp.AMBER, pap=Pap.GREEN,
              roles=(role,))
        for n, (kind, value, role) in enumerate(kinds)
    )  # fmt: skip
    async with transaction(world.pool, world.now) as tx:
        door = await values.open_door(tx, world.analyst, "stix", world.now, world.node)
    said = await door.release(found)
    left = [row.observable.value for row in values.shown(found, said)]
    assert "dostava-paketa.example" in left
    assert leaked("\n".join(left)) == []
    assert door.withheld >= 3
    async with transaction(world.pool, world.now) as tx:
        await door.close(tx)
    (spans,) = await world.column("select spans from disclosure")
    assert leaked(json.dumps(spans)) == []
    assert "keep" in spans  # type: ignore[operator]
