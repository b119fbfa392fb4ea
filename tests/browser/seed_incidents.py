"""What the pages of incidents show: alerts, tasks, exhibits, opinions, runs, duties, messages, bulk."""

from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from tests.browser.hand import Hands, deliver, newcomer, run, sensor, uuid_of, wazuh
from tests.browser.node import Served
from tests.obligations import activate
from zvon.collect import message as incoming

MAIL = """\
From: "Simon Vidic" <simon.vidic@elektro-primer.example>
Subject: =?utf-8?q?Va=C5=A1e_obvestilo?=
Message-ID: <a17@elektro-primer.example>

Hvala za obvestilo. Stran https://posta-si.dostava-paketa.example/i smo umaknili.
"""
PACKS = ("nis2-entity-si", "nis2-csirt-eu")


class Incidents(Struct, frozen=True, kw_only=True):
    """Where the pages of incidents are."""

    alerted: UUID
    group: UUID
    exhibit: UUID
    review: UUID
    run: UUID
    duty: UUID
    step: UUID
    contact: UUID
    message: UUID
    notice: UUID
    bulk: UUID


async def seed_incidents(served: Served, incident: UUID, playbook: UUID) -> Incidents:
    """Work on the incident of the parcel and on one of alerts as people would, through the API."""
    hands = Hands(served)
    await newcomer(served, "adi", "administrator")
    ada, adi = served.people["ada"], served.people["adi"]
    await activate(served.context.pool, ada, adi, served.now, *PACKS)
    alerted = await _alerts(served)
    group = await uuid_of(served, "select uuid from alert_group where incident_id is not null"
                                  " order by id limit 1")  # fmt: skip
    exhibit = await _work(served, hands, incident)
    contact, message, notice = await _letters(served, hands, incident)
    duty, step = await _duty(hands, incident)
    others = await served.column(
        "select uuid::text from incident where brand <> 'si.posta' and verdict is not null"
        " order by id"
    )
    seen = await hands.get("ana", f"/incidents/{others[0]}")
    await hands.post("ana", f"/incidents/{others[0]}/verdict",
                     {"word": "malicious", "version": seen["version"]})  # fmt: skip
    review = await hands.post("ana", f"/incidents/{others[0]}/reviews",
                              {"question": "Ali je to naša stran?"})  # fmt: skip
    await hands.post("ana", f"/incidents/{others[1]}/snooze",
                     {"until": (served.now + timedelta(days=2)).isoformat(),
                      "reason": "čakamo banko"})  # fmt: skip
    started = await hands.post("ana", "/runs", {"playbook": str(playbook), "incident": others[0],
                                                "reason": "prijavljena stran"})  # fmt: skip
    await run(served)
    bulk = await hands.post("ana", "/bulk", {"action": {"kind": "assign", "login": "ana"},
                                             "reason": "isti val", "incidents": others})  # fmt: skip
    return Incidents(
        alerted=alerted, group=group, exhibit=exhibit, review=UUID(review["id"]),
        run=UUID(started["id"]), duty=duty, step=step, contact=contact, message=message,
        notice=notice, bulk=UUID(bulk["id"]),
    )  # fmt: skip


async def _alerts(served: Served) -> UUID:
    """A guessed password, as a sensor saw it."""
    began = served.now - timedelta(minutes=20)
    lines = [
        wazuh(began + timedelta(seconds=2 * n), "5710", "Failed password for invalid user",
              actor="203.0.113.77", user=f"uporabnik{n % 9}")
        for n in range(40)
    ]  # fmt: skip
    lines.append(
        wazuh(began + timedelta(minutes=2), "40112", "Accepted password for", level=12,
              actor="203.0.113.77", user="tkralj", groups=("sshd", "authentication_success"))
    )  # fmt: skip
    await deliver(served, await sensor(served, "Wazuh v podjetju"), "".join(lines))
    return await uuid_of(served, "select uuid from incident where source_kind = 'alerts'"
                                 " order by alert_count desc limit 1")  # fmt: skip


async def _work(served: Served, hands: Hands, incident: UUID) -> UUID:
    at = f"/incidents/{incident}"
    hour = timedelta(hours=1)
    await hands.post("ana", f"{at}/times",
                     {"what": "aware", "at": (served.now - hour).isoformat()})  # fmt: skip
    for text, who, due in (("Pokliči Pošto", "ana", served.now + hour),
                           ("Preveri dnevnike <b>posrednika</b>", "bor", served.now + 3 * hour)):  # fmt: skip
        await hands.post("ana", f"{at}/tasks",
                         {"text": text, "assignee": who, "due_at": due.isoformat()})  # fmt: skip
    await hands.post("ana", f"{at}/timeline",
                     {"text": "Prvi prejemniki dobijo sporočilo", "lane": "attack",
                      "at": (served.now - 3 * hour).isoformat(), "precision": "about"})  # fmt: skip
    made = await hands.post(
        "ana",
        f"{at}/exhibits",
        params={"name": "posnetek.png", "note": "poslal prijavitelj"},
        content=b"\x89PNG\r\n\x1a\n" + bytes(64),
    )
    return UUID(made["id"])


async def _letters(served: Served, hands: Hands, incident: UUID) -> tuple[UUID, UUID, UUID]:
    contact = await hands.post("bor", "/contacts", {
        "name": "Elektro Primer", "address": "cert@elektro-primer.example", "lang": "sl",
        "country": "SI", "sector": "energy", "tlp": 2, "networks": ["203.0.113.0/24"],
        "domains": ["dostava-paketa.example"]})  # fmt: skip
    message = await hands.post("ana", "/messages", {
        "subject": "Vprašanje o strani", "text": "Ali je stran vaša? Prijavila je Maja Zupanc.",
        "lang": "sl", "contact": contact["id"], "incident": str(incident)})  # fmt: skip
    uuid = await incoming.take(served.context, MAIL.encode(), [])
    await incoming.look(served.context, {"message": str(uuid)})
    await hands.post("ana", f"/incidents/{incident}/notices", {"of_class": "phishing"})
    (notice,) = (await hands.get("ana", "/notices"))["notices"]
    return UUID(contact["id"]), UUID(message["id"]), UUID(notice["id"])


async def _duty(hands: Hands, incident: UUID) -> tuple[UUID, UUID]:
    made = await hands.post("ana", "/obligations", {
        "pack": "nis2-entity-si", "entity": "Elektro Primer", "entity_kind": "energy",
        "incident": str(incident)})  # fmt: skip
    step = next(each for each in made["steps"] if each["step"] == "early_warning")
    await hands.post("ana", f"/obligation-steps/{step['id']}/prefill", {"version": step["version"]})
    return UUID(made["id"]), UUID(step["id"])


__all__ = ["Incidents", "seed_incidents"]
