"""What people see of contacts, messages and notices: defanged, marked as unverified, nothing hidden."""

import os

import pytest

from tests.store.world import reported
from tests.web.house import House
from tests.web.test_messages import API, added, incident
from zvon.collect import message as incoming
from zvon.jobs import Context
from zvon.model.marking import Tlp

MAIL = b"""\
From: "<b>x</b>" <x@tuj.example>
Subject: <script>alert(1)</script>
Message-ID: <a@tuj.example>

Poglejte https://zlo.example/x \xe2\x80\xae
"""


@pytest.mark.parametrize("path", ["/contacts", "/messages"])
async def test_an_empty_page_says_so(house: House, path: str) -> None:
    page = await house.get("ana", path, headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "empty" in page.text


async def test_a_contact_is_shown_and_changed_by_who_may(house: House) -> None:
    made = await added(house)
    for who, sees in (("ana", False), ("bor", True)):
        page = await house.get(who, f"/contacts/{made['id']}", headers={"Accept": "text/html"})
        assert "203.0.113.0/24" in page.text
        assert ('data-method="PUT"' in page.text) is sees
    found = await house.get("ana", "/contacts", params={"value": "www.elektro.example"})
    assert "cert@elektro.example" in found.text
    nothing = await house.get("ana", "/contacts", params={"value": "//"})
    assert nothing.status_code == 200


async def test_a_strangers_mail_is_quoted_and_marked(house: House) -> None:
    settings = house.context.settings.model_copy(update={"message_address": "cert@cert.example"})
    context = Context(house.pool, settings, house.context.node, house.clock, os.urandom)
    uuid = await incoming.take(context, MAIL, [])
    await incoming.look(context, {"message": str(uuid)})
    for path in ("/messages", f"/messages/{uuid}"):
        page = await house.get("ana", path, headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "https://zlo" not in page.text
        assert "Unverified sender" in page.text
    assert "hxxps://zlo.example/x" in page.text


async def test_a_draft_shows_what_would_leave(house: House) -> None:
    to, about = await added(house), await incident(house)
    made = await house.post("ana", f"{API}/messages", {
        "subject": "Vprašanje", "text": "Prijavila je Maja Zupanc.", "lang": "sl",
        "contact": to["id"], "incident": str(about.incident_uuid)})  # fmt: skip
    page = await house.get("ana", f"/messages/{made.json()['id']}", headers={"Accept": "text/html"})
    part = await house.get(
        "ana", f"/incidents/{about.incident_uuid}", headers={"Accept": "text/html"}
    )
    assert (page.status_code, part.status_code) == (200, 200)
    assert "What would leave" in page.text
    assert "Send it" in page.text
    assert "Elektro Primer" in part.text
    assert 'id="messages"' in part.text


async def test_a_notice_shows_what_it_tells(house: House) -> None:
    await added(house)
    about = await incident(house)
    await house.post("ana", f"{API}/incidents/{about.incident_uuid}/notices", {})
    (waits,) = (await house.get("ana", f"{API}/notices")).json()["notices"]
    page = await house.get("ana", f"/notices/{waits['id']}", headers={"Accept": "text/html"})
    seen = await house.get("aud", f"/notices/{waits['id']}", headers={"Accept": "text/html"})
    assert "203.0.113[.]7" in page.text
    assert "/confirmation" in page.text
    assert "/confirmation" not in seen.text


async def test_messages_of_a_red_incident_are_for_those_who_see_it(house: House) -> None:
    to = await added(house)
    ana = house.viewers["ana"]
    red = await reported(
        house.pool, house.clock(), house.home, tlp=Tlp.RED, audience=[ana.person_id]
    )
    made = await house.post("ana", f"{API}/messages", {
        "subject": "Skrivnost", "text": "a", "contact": to["id"], "incident": str(red.incident_uuid)})  # fmt: skip
    assert made.status_code == 201, made.text
    assert (await house.get("bor", f"{API}/messages/{made.json()['id']}")).status_code == 404
    assert "Skrivnost" not in (await house.get("bor", f"{API}/messages")).text
    assert "Skrivnost" in (await house.get("ana", f"{API}/messages")).text
