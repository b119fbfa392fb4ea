"""Wordings, keys and notices as people see and change them."""

import os
from typing import Any

import pytest

from tests.web.house import House
from tests.web.test_messages import API, added, incident
from zvon.jobs import Context

HTML = {"Accept": "text/html"}
OWN = {"subject": "Opomnik ({number})", "body": "Pisali smo {sent} o {about}."}


async def own(house: House, code: str = "reminder", **said: str) -> None:
    done = await house.ask("bor", "PUT", f"{API}/message-templates/{code}/sl", json={**OWN, **said})
    assert done.status_code == 200, done.text


@pytest.mark.parametrize("path", ["/message-keys", "/notices"])
async def test_an_empty_page_says_so(house: House, path: str) -> None:
    page = await house.get("ana", path, headers=HTML)
    assert page.status_code == 200
    assert 'class="empty"' in page.text


@pytest.mark.parametrize("path", ["/message-templates", "/message-templates/reminder/sl", "/message-keys", "/notices"])  # fmt: skip
async def test_who_may_not_read_contacts_is_told(house: House, path: str) -> None:
    assert (await house.get("rita", path, headers=HTML)).status_code == 403


@pytest.mark.parametrize("path", ["/contacts", "/messages"])
async def test_the_pages_behind_mail_are_linked(house: House, path: str) -> None:
    page = await house.get("ana", path, headers=HTML)
    for link in ("/notices", "/message-templates", "/message-keys"):
        assert f'href="{link}"' in page.text, link


async def test_every_version_stays_and_the_newest_is_in_force(house: House) -> None:
    await own(house)
    await own(house, body="Pisali smo vam {sent}.")
    found = (await house.get("ana", f"{API}/message-templates/reminder/sl/versions")).json()
    assert [(v["version"], v["by"]) for v in found["versions"]] == [
        (2, "bor"),
        (1, "bor"),
        (0, None),
    ]
    page = await house.get("bor", "/message-templates/reminder/sl", headers=HTML)
    seen = await house.get("ana", "/message-templates/reminder/sl", headers=HTML)
    assert "Pisali smo vam {sent}." in page.text
    assert "Use it again…" in page.text
    assert "Use it again…" not in seen.text, "who may not change it sees no button"
    missing = await house.get("ana", f"{API}/message-templates/nothing/sl/versions")
    assert missing.status_code == 404
    assert (
        await house.get("ana", "/message-templates/nothing/xx", headers=HTML)
    ).status_code == 404


async def test_a_wording_is_tried_on_a_real_incident_and_not_sent(house: House) -> None:
    about = await incident(house)
    path = f"{API}/message-templates/incident_notice/sl"
    body = {"subject": "Za vas: {number}", "body": "{what}\n{values}\n{text}\n{recipient}"}
    tried = await house.post(
        "ana", f"{path}/preview", {"incident": str(about.incident_uuid), **body}
    )
    assert tried.status_code == 200, tried.text
    said = tried.json()
    assert said["subject"].startswith("Za vas: I-")
    assert "{text}" in said["text"], "what a person writes is not known yet"
    assert "{recipient}" in said["text"]
    assert "{what}" not in said["text"]
    assert await house.count("message") == 0
    assert await house.count("message_template") == 0
    bad = await house.post(
        "ana", f"{path}/preview", {"incident": str(about.incident_uuid), "body": "{x}"}
    )
    nobody = await house.post(
        "ana", f"{path}/preview", {"incident": "01940000-0000-7000-8000-000000000000"}
    )
    assert (bad.status_code, nobody.status_code) == (422, 404)


async def test_the_page_shows_it_on_the_incident_asked_for(house: House) -> None:
    about = await incident(house)
    found = (await house.get("ana", f"{API}/incidents/{about.incident_uuid}")).json()
    path = "/message-templates/incident_notice/sl"
    page = await house.get("bor", path, params={"number": found["number"]}, headers=HTML)
    none = await house.get("bor", path, params={"number": "I-99-000001"}, headers=HTML)
    assert found["number"] in page.text
    assert "data-try=" in page.text
    assert "There is no incident with this number" in none.text


async def test_our_public_keys_are_exported_and_the_secret_never(house: House) -> None:
    settings = house.context.settings.model_copy(update={"message_address": "cert@cert.example"})
    house.app.state.context = Context(house.pool, settings, house.context.node, house.clock, os.urandom)  # fmt: skip
    for _ in range(2):
        assert (await house.post("bor", f"{API}/message-keys/pgp")).status_code == 201
    page = await house.get("ana", "/message-keys", headers=HTML)
    file = await house.get("ana", f"{API}/message-keys/pgp/public")
    assert "BEGIN PGP PUBLIC KEY" in file.text
    assert file.headers["content-disposition"].endswith('.asc"')
    assert "PRIVATE" not in page.text + file.text
    assert "Former keys" in page.text
    assert (await house.get("ana", f"{API}/message-keys/smime/public")).status_code == 404
    assert "data-form=" not in page.text, "an analyst makes no key"


async def test_notices_are_listed_by_what_they_wait_for(house: House) -> None:
    await added(house)
    about = await incident(house)
    told = await house.post("ana", f"{API}/incidents/{about.incident_uuid}/notices", {})
    assert told.json()["facts"] > 0
    (waits,) = (await house.get("ana", f"{API}/notices")).json()["notices"]
    before = await house.get("ana", "/notices", headers=HTML)
    sent = await house.post("ana", f"{API}/notices/{waits['id']}/confirmation")
    after = await house.get("ana", "/notices", headers=HTML)
    assert sent.status_code == 200
    assert ("Being gathered" in before.text, "Told, or not sent" in before.text) == (True, False)
    assert ("Being gathered" in after.text, "Told, or not sent" in after.text) == (False, True)


async def test_a_wording_that_is_hostile_is_shown_as_text(house: House) -> None:
    await own(house, body="<script>alert(1)</script> https://zlo.example/x {sent}")
    page = await house.get("bor", "/message-templates/reminder/sl", headers=HTML)
    assert "<script>alert(1)" not in page.text
    quoted: Any = page.text.partition("<textarea")[0]
    assert "https://zlo" not in quoted
