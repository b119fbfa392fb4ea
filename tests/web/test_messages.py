"""Contacts, messages and notices through the API: who may, what is refused, what leaves."""

import os
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.assess.sensors import alert, arrive
from tests.assess.sensors import context as sensing
from tests.store.world import Reported, reported
from tests.web.house import NOBODY, House
from zvon.assess.alerts import assess
from zvon.collect import message as incoming
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.observable import Observable, ObservableType
from zvon.share import event
from zvon.store import ingest, message_in
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

API = "/api/v1"
CONTACT = {
    "name": "Elektro Primer", "address": "cert@elektro.example", "lang": "sl", "country": "SI",
    "sector": "energy", "tlp": 2, "networks": ["203.0.113.0/24"], "domains": ["elektro.example"],
}  # fmt: skip


async def added(house: House, **said: Any) -> dict[str, Any]:
    made = await house.post("bor", f"{API}/contacts", {**CONTACT, **said})
    assert made.status_code == 201, made.text
    return dict(made.json())


async def incident(house: House) -> Reported:
    found = await reported(house.pool, house.clock(), house.home)
    seen = [ingest.Sighted(Observable(kind, value), 1, house.clock()) for kind, value in (
        (ObservableType.IPV4, "203.0.113.7"), (ObservableType.DOMAIN, "www.elektro.example"),
        (ObservableType.IPV4, "198.51.100.9"))]  # fmt: skip
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute(
            "update record set payload = %s where id = %s",
            (Jsonb({"text": "nujno", "channel": "sms", "lang": "sl"}), found.record_id),
        )
        await ingest.occurrences(tx, found.record_id, seen)
    return found


async def test_a_contact_is_kept_changed_and_ended(house: House) -> None:
    made = await added(house)
    seen = (await house.get("ana", f"{API}/contacts/{made['id']}")).json()
    assert (seen["networks"], seen["domains"]) == (["203.0.113.0/24"], ["elektro.example"])
    changed = {**CONTACT, "tlp": 1, "unwanted": ["infected_host"], "version": made["version"]}
    done = await house.ask("bor", "PUT", f"{API}/contacts/{made['id']}", json=changed)
    again = await house.ask("bor", "PUT", f"{API}/contacts/{made['id']}", json=changed)
    assert (done.status_code, done.json()["unwanted"]) == (200, ["infected_host"])
    assert again.status_code == 409
    assert (await house.post("bor", f"{API}/contacts", CONTACT)).status_code == 409
    gone = await house.ask("bor", "DELETE", f"{API}/contacts/{made['id']}")
    left = (await house.get("ana", f"{API}/contacts")).json()["contacts"]
    assert (gone.status_code, left) == (204, [])


@pytest.mark.parametrize(
    "said",
    [{"address": "not one"}, {"address": "a@b.example\r\nBcc: x@y.example"}, {"networks": ["300.1.1.1"]},
     {"domains": ["-"]}, {"tlp": 4}, {"pgp": "no key"}, {"smime": "-----BEGIN CERTIFICATE-----"},
     {"unwanted": ["nothing"]}, {"lang": "de"}, {"name": "\u0000"}],
)  # fmt: skip
async def test_a_contact_that_cannot_be_is_refused_whole(house: House, said: Any) -> None:
    answer = await house.post("bor", f"{API}/contacts", {**CONTACT, **said})
    assert answer.status_code in {400, 422}, answer.text
    assert await house.count("contact") == 0


async def test_who_may(house: House) -> None:
    made = await added(house)
    for who, method, path, wanted in (
        ("ana", "POST", f"{API}/contacts", 403),
        ("rita", "GET", f"{API}/contacts", 403),
        ("aud", "GET", f"{API}/messages", 200),
        ("aud", "POST", f"{API}/messages", 403),
        ("ada", "POST", f"{API}/messages", 403),
        ("ana", "PUT", f"{API}/message-templates/letter/sl", 403),
        ("rita", "GET", f"{API}/contacts/{made['id']}", 403),
    ):
        text = (
            {"subject": "a", "body": "b"} if "templates" in path else {"subject": "a", "text": "b"}
        )
        sent: Any = None if method == "GET" else CONTACT if path.endswith("/contacts") else text
        answer = await house.ask(who, method, path, json=sent)
        assert answer.status_code == wanted, (who, method, path, answer.text)


async def test_a_file_of_contacts_is_taken_whole_or_not_at_all(house: House) -> None:
    good = "name,address,networks,domains,tlp\nA,a@a.example,192.0.2.0/24;2001:db8::/32,a.example,AMBER\n"
    bad = good + "B,b@b.example,nonsense,,GREEN\n"
    headers = {"Content-Type": "text/csv"}
    refused = await house.ask("bor", "POST", f"{API}/contacts/file", content=bad, headers=headers)
    assert refused.status_code == 422
    assert "line 3" in refused.json()["detail"]
    assert await house.count("contact") == 0
    taken = await house.ask("bor", "POST", f"{API}/contacts/file", content=good, headers=headers)
    assert taken.json() == {"added": 1}


async def test_the_narrowest_owner_is_found_first_and_without_the_network(house: House) -> None:
    await added(house)
    await added(house, name="Oddelek", address="it@elektro.example", networks=["203.0.113.0/28"],
                domains=["mreza.elektro.example"])  # fmt: skip
    await added(
        house, name="CERT", address="cert@cert.example", kind="cert", networks=[], domains=[]
    )
    await added(house, name="Register", address="register@reg.example", kind="registry", networks=[],
                domains=["example"])  # fmt: skip
    for value, wanted in (
        ("203.0.113.7", ["it@elektro.example", "cert@elektro.example", "cert@cert.example"]),
        ("203.0.113.200", ["cert@elektro.example", "cert@cert.example"]),
        ("https://a.mreza.elektro.example/x",
         ["it@elektro.example", "cert@elektro.example", "register@reg.example", "cert@cert.example"]),
        ("tuj.example", ["register@reg.example", "cert@cert.example"]),
    ):  # fmt: skip
        found = await house.get("ana", f"{API}/contacts/lookup", params={"value": value})
        assert [each["address"] for each in found.json()["found"]] == wanted, value
        assert found.json()["asked"] is False, "no service is set up"
    assert (
        await house.get("ana", f"{API}/contacts/lookup", params={"value": "//"})
    ).status_code == 422


async def test_a_draft_is_looked_at_before_it_is_sent(house: House) -> None:
    to, about = await added(house), await incident(house)
    text = "Poglejte 203.0.113.7. Prijavila je Maja Zupanc, maja.zupanc@primer.example."
    made = await house.post("ana", f"{API}/messages", {
        "subject": "Vprašanje", "text": text, "lang": "sl", "contact": to["id"],
        "incident": str(about.incident_uuid)})  # fmt: skip
    assert made.status_code == 201, made.text
    seen = (await house.get("ana", f"{API}/messages/{made.json()['id']}/preview")).json()
    assert "Zupanc" in seen["before"]
    assert "Zupanc" not in seen["text"]
    assert any(span["type"] == "NAME" for span in seen["spans"])
    changed = await house.ask("ana", "PATCH", f"{API}/messages/{made.json()['id']}",
                              json={"version": 1, "text": "Poglejte 203.0.113.7."})  # fmt: skip
    queued = await house.post("ana", f"{API}/messages/{made.json()['id']}/state",
                              {"version": changed.json()["version"], "to": "queued"})  # fmt: skip
    assert (queued.status_code, queued.json()["state"]) == (200, "queued")
    stale = await house.post("ana", f"{API}/messages/{made.json()['id']}/state",
                             {"version": 1, "to": "cancelled"})  # fmt: skip
    assert stale.status_code == 409
    threads = (await house.get("ana", f"{API}/incidents/{about.incident_uuid}/threads")).json()
    assert [len(t["messages"]) for t in threads["threads"]] == [1]


@pytest.mark.parametrize(
    "said",
    [{"contact": str(NOBODY)}, {"incident": str(NOBODY)}, {"thread": str(NOBODY)}, {"address": "x"},
     {}, {"template": "none"}, {"template": "grouped_notice"}, {"subject": "a\nBcc: b@c.example"}],
)  # fmt: skip
async def test_a_draft_that_cannot_be_is_refused(house: House, said: dict[str, str]) -> None:
    given = {"subject": "a", "text": "b", **said}
    if not {"contact", "address"} & set(said) and said:
        given["address"] = "a@b.example"
    assert (await house.post("ana", f"{API}/messages", given)).status_code in {404, 422}
    assert await house.count("message") == 0


async def test_owners_are_told_once_after_somebody_looked(house: House) -> None:
    await added(house)
    about = await incident(house)
    path = f"{API}/incidents/{about.incident_uuid}/notices"
    told = (await house.post("ana", path, {})).json()
    again = (await house.post("ana", path, {})).json()
    assert (told["owners"], told["facts"], again["facts"]) == (1, 2, 0)
    assert "198.51.100.9" in told["unknown"]
    (waits,) = (await house.get("ana", f"{API}/notices")).json()["notices"]
    tells = (await house.get("ana", f"{API}/notices/{waits['id']}")).json()["tells"]
    assert [t["value"] for t in tells] == ["203.0.113.7", "www.elektro.example"]
    sent = await house.post("ana", f"{API}/notices/{waits['id']}/confirmation")
    twice = await house.post("ana", f"{API}/notices/{waits['id']}/confirmation")
    assert (sent.json()["state"], sent.json()["message_state"]) == ("sent", "queued")
    assert twice.status_code == 409
    assert (await house.get("ana", f"{API}/notices")).json()["notices"] == []


async def test_who_does_not_want_a_class_is_not_told(house: House) -> None:
    await added(house, unwanted=["phishing"])
    about = await incident(house)
    told = await house.post("ana", f"{API}/incidents/{about.incident_uuid}/notices", {})
    assert told.json()["facts"] == 0
    assert (await house.get("ana", f"{API}/notices")).json()["notices"] == []


async def test_a_mail_that_nobody_placed_is_attached_by_a_person(house: House) -> None:
    about = await incident(house)
    settings = house.context.settings.model_copy(update={"message_address": "cert@cert.example"})
    assert isinstance(settings, Settings)
    context = Context(house.pool, settings, house.context.node, house.clock, os.urandom)
    body = b"From: x@tuj.example\r\nSubject: Vprasanje\r\nMessage-ID: <a@tuj.example>\r\n\r\nKdo?"
    uuid = await incoming.take(context, body, [])
    await incoming.look(context, {"message": str(uuid)})
    (waits,) = (await house.get("ana", f"{API}/messages", params={"waiting": "true"})).json()["messages"]  # fmt: skip
    assert (waits["state"], waits["verified"]) == ("unthreaded", False)
    done = await house.post("ana", f"{API}/messages/{waits['id']}/incident",
                            {"version": waits["version"], "incident": str(about.incident_uuid)})  # fmt: skip
    assert (done.json()["state"], done.json()["found_by"]) == ("threaded", "person")
    raw = await house.get("aud", f"{API}/messages/{waits['id']}/raw")
    assert raw.content == body
    assert raw.headers["content-type"].startswith("application/octet-stream")
    async with transaction(house.pool, house.clock()) as tx:
        assert await message_in.raw_of(tx.db, UUID(waits["id"])) == body


async def test_a_wording_of_ones_own_has_its_places_checked(house: House) -> None:
    path = f"{API}/message-templates/reminder/sl"
    bad = await house.ask("bor", "PUT", path, json={"subject": "Opomnik", "body": "{nothing}"})
    forms = await house.ask("bor", "PUT", f"{API}/message-templates/grouped_notice/sl",
                            json={"subject": "{count:naslov|naslova}", "body": "x"})  # fmt: skip
    good = await house.ask(
        "bor", "PUT", path, json={"subject": "Opomnik", "body": "Pisali smo {sent}."}
    )
    assert (bad.status_code, forms.status_code, good.status_code) == (422, 422, 200)
    assert good.json()["version"] == 1
    listed = (await house.get("ana", f"{API}/message-templates")).json()["templates"]
    assert {t["version"] for t in listed if (t["code"], t["lang"]) == ("reminder", "sl")} == {1}


async def test_keys_of_ours_are_made_by_who_may_and_never_shown(house: House) -> None:
    without = await house.post("bor", f"{API}/message-keys/pgp")
    settings = house.context.settings.model_copy(update={"message_address": "cert@cert.example"})
    house.app.state.context = Context(house.pool, settings, house.context.node, house.clock, os.urandom)  # fmt: skip
    refused = await house.post("ana", f"{API}/message-keys/pgp")
    made = await house.post("bor", f"{API}/message-keys/pgp")
    bad = await house.post("bor", f"{API}/message-keys/smime", {"certificate": "a", "key": "b"})
    (seen,) = (await house.get("ana", f"{API}/message-keys")).json()["keys"]
    assert (without.status_code, refused.status_code, made.status_code, bad.status_code) == (422, 403, 201, 422)  # fmt: skip
    assert "PUBLIC KEY" in seen["public"]
    assert "PRIVATE" not in made.text + seen["public"]


async def test_whom_alerts_accuse_is_told_and_shared_and_the_machine_they_are_about_is_not(
    house: House,
) -> None:
    await added(house)
    now = house.clock()
    await arrive(house.pool, now, [
        alert(house.home, now, rule, "198.51.100.20", actor="203.0.113.9") for rule in ("1", "2")
    ])  # fmt: skip
    await assess(sensing(house.pool, now), {})
    async with read(house.pool, SYSTEM) as db:
        row = await (await db.execute("select uuid from incident")).fetchone()
        assert row is not None
        built = await event.build(db, row[0])
    assert [(o["type"], o["value"], o["side"]) for o in built["observables"]] == [
        ("ipv4", "203.0.113.9", "attacker")
    ]
    told = await house.post("ana", f"{API}/incidents/{row[0]}/notices", {})
    assert (told.json()["owners"], told.json()["facts"]) == (1, 1)
    (waits,) = (await house.get("ana", f"{API}/notices")).json()["notices"]
    tells = (await house.get("ana", f"{API}/notices/{waits['id']}")).json()["tells"]
    assert [one["value"] for one in tells] == ["203.0.113.9"]
