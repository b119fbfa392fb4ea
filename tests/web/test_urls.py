"""Pages over the API: from an incident that advises against a name block to a letter."""

import os
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.pages import PAGE
from tests.store.world import reported
from tests.web.house import House
from zvon.model.advice import NameAdvice
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.ids import uuid7
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Capture, Hop, Outcome, PageFacts, Vantage
from zvon.model.scope import Scope
from zvon.respond import url_retest
from zvon.share import url_notice
from zvon.store import capture, evidence, incident_decision, observable, url_row, url_rule
from zvon.store.observable import code_of, digest
from zvon.store.transaction import Tx, transaction
from zvon.store.url_row import UrlRule

BODY: dict[str, Any] = {"reason": "phishing for the Post", "legal_ground": "terms of the feed"}


async def proposed(house: House, *urls: str, **more: Any) -> list[dict[str, Any]]:
    answer = await house.post("ana", "/api/v1/urls", {**BODY, "urls": list(urls), **more})
    assert answer.status_code == 201, answer.text
    return list(answer.json()["urls"])


async def published(house: House, *urls: str, **more: Any) -> list[dict[str, Any]]:
    rows = await proposed(house, *urls, **more)
    answer = await house.post(
        "bor", "/api/v1/urls/approvals", {"urls": [r["id"] for r in rows], "reason": "seen it"}
    )
    assert answer.status_code == 201, answer.text
    return list(answer.json()["urls"])


async def incident_with(house: House, *names: tuple[str, str, str]) -> UUID:
    """An incident with names that should not be blocked: each with the reason, and its page."""
    advice = [
        NameAdvice(name=name, scope=Scope.NONE, reason=reason, url=url)
        for name, reason, url in names
    ]
    return (await reported(house.pool, house.clock(), house.home, names=advice)).incident_uuid


async def test_a_page_goes_from_a_proposal_into_the_list_of_a_proxy(house: House) -> None:
    rows = await published(house, PAGE)
    assert (rows[0]["state"], rows[0]["proposer"], rows[0]["approver"]) == (
        "published", "ana", "bor",
    )  # fmt: skip
    listed = await house.get("ana", "/api/v1/feeds/si/export/squid-urls")
    assert "hacked-bakery\\.example/wp-content/posta/" in listed.text
    names = await house.get("ana", "/api/v1/feeds/si/export/squid-domains")
    assert "hacked-bakery" not in names.text
    lifted = await house.post(
        "bor", "/api/v1/urls/lifts", {"urls": [rows[0]["id"]], "reason": "cleaned up"}
    )
    assert lifted.json()["urls"][0]["state"] == "lifted"
    after = await house.get("ana", "/api/v1/feeds/si/export/squid-urls")
    assert "hacked-bakery" not in after.text
    board = (await house.get("aud", "/api/v1/urls?state=lifted")).json()
    assert [r["number"] for r in board["urls"]] == [rows[0]["number"]]


async def test_what_is_refused_says_which_page_and_why(house: House) -> None:
    answer = await house.post(
        "ana", "/api/v1/urls", {**BODY, "urls": [PAGE, "https://nlb.si/", "https://a.example"]}
    )
    assert answer.status_code == 422
    rules = {(e["name"], e["rule"]) for e in answer.json()["errors"]}
    assert ("https://nlb.si/", "front_page") in rules
    assert ("https://a.example/", "whole_host") in rules
    assert await house.count("url_rule") == 0


async def test_the_proposer_cannot_approve_and_each_door_says_so(house: House) -> None:
    rows = await proposed(house, PAGE)
    body = {"urls": [rows[0]["id"]], "reason": "because"}
    assert (await house.post("ana", "/api/v1/urls/approvals", body)).status_code == 403
    assert (await house.post("aud", "/api/v1/urls/rejections", body)).status_code == 403
    assert (await house.post("bor", "/api/v1/urls/lifts", body)).status_code == 409
    assert (await house.post("ana", "/api/v1/urls", {**BODY, "urls": [PAGE]})).status_code == 409
    assert (await house.post("ana", "/api/v1/urls/rejections", body)).status_code == 201


async def test_an_incident_offers_the_pages_whose_names_must_not_be_blocked(house: House) -> None:
    incident = await incident_with(
        house,
        ("hacked-bakery.example", "compromised_site", PAGE),
        ("sites.google.com", "user_content", "https://sites.google.com/view/posta-si"),
        ("evil.example", "official", "https://evil.example/x"),
    )
    offered = (await house.get("ana", f"/api/v1/incidents/{incident}/urls")).json()["offers"]
    assert {o["url"]: o["reason"] for o in offered} == {
        PAGE: "compromised_site", "https://sites.google.com/view/posta-si": "user_content",
    }  # fmt: skip
    rows = await published(house, incident=str(incident))
    assert {r["url"]: r["category"] for r in rows} == {
        PAGE: "compromised_site", "https://sites.google.com/view/posta-si": "phishing",
    }  # fmt: skip
    assert {r["incident"] for r in rows} == {str(incident)}
    story = (await house.get("ana", f"/api/v1/incidents/{incident}")).json()["timeline"]
    assert {t["code"] for t in story} >= {"URL_RULE_PROPOSED", "URL_RULE_PUBLISHED"}
    assert PAGE not in str(story)  # defanged
    nothing = await incident_with_number(house)
    empty = await house.post("ana", "/api/v1/urls", {**BODY, "incident": str(nothing)})
    assert empty.status_code == 404


async def incident_with_number(house: House) -> UUID:
    """An identifier of no incident."""
    return uuid7(house.clock(), house.context.random(10))


async def fact(house: House, about: Observable, code: EvidenceCode, value: str) -> None:
    now = house.clock()
    async with transaction(house.pool, now) as tx:
        raw = about.value.encode()
        await observable.known_ids(tx, [(digest(code_of(about), raw), code_of(about), about.value)])
        row = Evidence(observable=about, code=code, value=value, source="test", seen_at=now,
                       expires_at=now + timedelta(minutes=5))  # fmt: skip
        await evidence.put(tx, None, [row])


async def test_a_letter_waits_for_a_person_and_holds_nothing_of_a_victim(house: House) -> None:
    site = Observable(ObservableType.REGISTERED, "hacked-bakery.example")
    await fact(house, site, EvidenceCode.ABUSE, "abuse@host.example")
    rows = await published(
        house, PAGE + "?id=1&email=janez.novak@example.si", reason="seen by Janez Novak"
    )
    await url_notice.prepare(house.context, {"rule": rows[0]["id"]})
    await url_notice.prepare(house.context, {"rule": rows[0]["id"]})
    path = f"/api/v1/urls/{rows[0]['id']}/notices"
    letters = (await house.get("ana", path)).json()["notices"]
    assert [one["lang"] for one in letters] == ["en", "hr", "sl"]
    for one in letters:
        assert one["recipient"] == "abuse@host.example"
        assert one["sent_at"] is None
        assert rows[0]["number"] in one["subject"]
        assert "hxxps://hacked-bakery[.]example/wp-content/posta/" in one["body"]
        assert "anez" not in one["body"] + one["subject"]
        assert "{" not in one["body"]
    sent = f"/api/v1/urls/notices/{letters[0]['id']}/sent"
    assert (await house.post("aud", sent)).status_code == 403
    assert (await house.post("ana", sent)).status_code == 204
    assert (await house.post("ana", sent)).status_code == 404
    after = (await house.get("ana", path)).json()["notices"]
    assert [one["sent_by"] for one in after] == ["ana", None, None]


async def test_an_approval_asks_for_the_letters(house: House) -> None:
    rows = await published(house, PAGE)
    async with house.pool.connection() as db:
        jobs = await (
            await db.execute(
                "select convert_from(payload, 'utf8') from pgqueuer"
                " where entrypoint = 'share.url_notice'"
            )
        ).fetchall()
    assert len(jobs) == 1
    assert rows[0]["id"] in jobs[0][0]


async def test_a_hacked_site_is_looked_at_every_ten_minutes_and_set_free_when_gone_twice(
    house: House,
) -> None:
    incident = await incident_with(house, ("hacked-bakery.example", "compromised_site", PAGE))
    rows = await published(house, incident=str(incident))
    uuid = UUID(rows[0]["id"])
    host = Observable(ObservableType.DOMAIN, "hacked-bakery.example")

    async def looked(code: EvidenceCode | None) -> str:
        house.clock.forward(timedelta(minutes=10))
        await url_retest.look_again(house.context, {})
        if code is not None:
            await fact(house, host, code, "NXDOMAIN")
        await url_retest.advise(house.context, {"blocks": [str(uuid)]})
        async with house.pool.connection() as db:
            return (await url_row.by_uuid(db, [uuid]))[0].state

    assert await looked(EvidenceCode.ABSENT) == "published"
    assert await looked(EvidenceCode.ADDRESSES) == "published"  # it was away for a moment
    assert await looked(EvidenceCode.ABSENT) == "published"
    assert await looked(None) == "published"  # silence is no answer
    assert await looked(EvidenceCode.ABSENT) == "lifted"
    async with house.pool.connection() as db:
        asked = await (
            await db.execute("select count(*) from pgqueuer where entrypoint = 'collect.look'")
        ).fetchone()
    assert asked == (5,)


async def test_a_hacked_page_that_is_gone_in_two_looks_in_a_row_ends_with_its_incident(
    house: House,
) -> None:
    incident = await incident_with(house, ("hacked-bakery.example", "compromised_site", PAGE))
    await move(house, incident, "open")
    (row,) = await published(house, incident=str(incident))
    (other,) = await published(house, PAGE + "another")

    async def looked(status: int | None, minutes: int = 10) -> str:
        house.clock.forward(timedelta(minutes=minutes))
        facts = None if status is None else PageFacts(hops=(Hop(PAGE, status),), status=status)
        look = Capture(url=PAGE, stage=3, vantage=Vantage.PLAIN, facts=facts, at=house.clock(),
                       outcome=Outcome.UNREACHABLE if facts is None else Outcome.SEEN,
                       reason="no_answer" if facts is None else "")  # fmt: skip
        async with transaction(house.pool, house.clock()) as tx:
            await capture.put(tx, None, [look], os.urandom)
        await url_retest.look_again(house.context, {})
        async with house.pool.connection() as db:
            return (await url_row.by_uuid(db, [UUID(row["id"])]))[0].state

    assert await looked(404) == "published"
    assert await looked(404, minutes=2) == "published"  # as good as the same look
    assert await looked(200) == "published"
    assert await looked(404) == "published"
    assert await looked(503) == "published"  # a server in trouble may still have the page
    assert await looked(None) == "published"
    assert await looked(None) == "published"
    assert await looked(410) == "published"
    assert await looked(410) == "lifted"
    shown = (await house.get("ana", f"/api/v1/incidents/{incident}")).json()
    assert shown["state"] == "resolved"
    left = {r["id"]: r["state"] for r in (await house.get("ana", "/api/v1/urls")).json()["urls"]}
    assert left == {row["id"]: "lifted", other["id"]: "published"}


async def test_a_page_is_looked_at_for_a_report_of_its_incident(house: House) -> None:
    incident = await incident_with(house, ("hacked-bakery.example", "compromised_site", PAGE))
    await published(house, incident=str(incident))
    house.clock.forward(timedelta(minutes=10))
    await url_retest.look_again(house.context, {})
    async with transaction(house.pool, house.clock(), viewer="system") as tx:
        rows = await (
            await tx.execute(
                "select convert_from(payload, 'utf8')::jsonb, (select record_id from report)"
                " from pgqueuer where entrypoint = 'collect.fetch'"
            )
        ).fetchall()
    ((asked, report),) = rows
    assert asked == {"record_id": report, "urls": [PAGE], "look": 7}


async def test_an_incident_with_more_to_do_stays_open_when_its_page_is_gone(house: House) -> None:
    incident = await incident_with(house, ("hacked-bakery.example", "compromised_site", PAGE))
    await published(house, incident=str(incident))
    await move(house, incident, "open")
    await proposed(house, PAGE + "two", incident=str(incident))
    async with transaction(house.pool, house.clock()) as tx:
        (rule, _) = await url_rows(tx, incident)
        assert rule.incident_id is not None
        await url_rule.end_by_system(tx, [rule], url_rule.PAGE_GONE, house.clock())
        assert await incident_decision.without_pages(tx, [rule.incident_id], house.clock()) == 0


async def move(house: House, incident: UUID, state: str) -> None:
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute("update incident set state = %s where uuid = %s", (state, incident))


async def url_rows(tx: Tx, incident: UUID) -> list[UrlRule]:
    row = await (
        await tx.execute("select id from incident where uuid = %s", (incident,))
    ).fetchone()
    assert row is not None
    return await url_row.select(tx.db, "u.incident_id = %(i)s", {"i": row[0]}, lock=True)


async def test_a_page_that_is_no_hacked_site_is_not_looked_at(house: House) -> None:
    rows = await published(house, PAGE)
    assert rows[0]["retest_at"] is None


async def test_a_harmless_incident_ends_its_pages(house: House) -> None:
    incident = await incident_with(house, ("hacked-bakery.example", "compromised_site", PAGE))
    await published(house, incident=str(incident))
    shown = (await house.get("bor", f"/api/v1/incidents/{incident}")).json()
    answer = await house.post(
        "bor", f"/api/v1/incidents/{incident}/verdict",
        {"word": "benign", "version": shown["version"], "reason": "the page is theirs"},
    )  # fmt: skip
    assert answer.status_code in {200, 201}, answer.text
    left = (await house.get("ana", "/api/v1/urls")).json()["urls"]
    assert [(r["state"], r["lift_reason"]) for r in left] == [("lifted", "the page is theirs")]


async def test_all_that_a_person_caused_ends_in_one_action(house: House) -> None:
    await published(house, PAGE, PAGE + "2")
    await proposed(house, PAGE + "3")
    path = "/api/v1/urls/undo"
    assert (await house.post("ana", path, {"reason": "stolen", "person": "ana"})).status_code == 403
    assert (await house.post("bor", path, {"reason": "stolen"})).status_code == 422
    nobody = {"reason": "stolen", "person": "rita"}
    assert (await house.post("bor", path, nobody)).status_code == 404
    done = await house.post("bor", path, {"reason": "stolen key", "person": "ana"})
    assert sorted(r["state"] for r in done.json()["urls"]) == ["lifted", "lifted", "rejected"]
    listed = await house.get("ana", "/api/v1/feeds/si/export/txt")
    assert "hacked-bakery" not in listed.text
