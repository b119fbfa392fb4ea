"""Sessions, roles, organisations, keys and limits: who may change them, and what ends at once."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.store.world import new_uuid
from tests.web.house import PASSWORD, House
from zvon.access import session as access
from zvon.access.permission import Permission
from zvon.cli.audit import check
from zvon.model.ids import uuid7
from zvon.store import passkey, person
from zvon.store.session import NOWHERE
from zvon.store.transaction import transaction

PAGE = {"Accept": "text/html"}
ROLE = {"name": "night_shift", "reason": "nights are ours"}


async def bank(house: House, name: str = "Banka", parent: str | None = None) -> str:
    """An organisation of its own."""
    made = await house.post("ada", "/api/v1/parties", {
        "name": name, "kind": "bank", "country": "SI", "parent": parent})  # fmt: skip
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def of_bank(house: House, login: str, roles: list[str], party: str) -> str:
    """Somebody of that organisation, with a key; their identifier."""
    made = await house.post("ada", "/api/v1/people", {
        "login": login, "name": login.title(), "roles": roles, "party": party})  # fmt: skip
    assert made.status_code == 201, made.text
    uuid = str(made.json()["id"])
    key = await house.post("ada", f"/api/v1/people/{uuid}/keys", {"name": "test"})
    house.keys[login] = key.json()["key"]
    return uuid


async def test_one_sees_ones_sessions_and_ends_them(house: House) -> None:
    here, csrf = await house.session("ana")
    there, _ = await house.session("ana")
    his, _ = await house.session("bor")
    rows = (await house.get(None, "/api/v1/sessions", headers=here)).json()["sessions"]
    assert [(r["login"], r["method"]) for r in rows] == [("ana", "password")] * 2
    assert sum(r["here"] for r in rows) == 1
    other = next(r["id"] for r in rows if not r["here"])
    token = {**here, "X-CSRF-Token": csrf}
    bors = (await house.get(None, "/api/v1/sessions", headers=his)).json()["sessions"][0]["id"]
    door = "/api/v1/sessions"
    assert (await house.ask(None, "DELETE", f"{door}/{bors}", headers=token)).status_code == 404
    assert (await house.ask(None, "DELETE", f"{door}/{other}", headers=token)).status_code == 204
    assert (await house.get(None, door, headers=there)).status_code == 401
    assert (await house.get(None, door, headers=here)).status_code == 200
    third, _ = await house.session("ana")
    ended = await house.post(None, f"{door}/end", {}, headers=token)
    assert ended.json() == {"ended": 1}
    assert (await house.get(None, door, headers=third)).status_code == 401


async def test_administrators_end_sessions_of_others_and_a_closed_account_has_none(
    house: House,
) -> None:
    hers, _ = await house.session("ana")
    ana = house.ids["ana"]
    assert (await house.get("ana", "/api/v1/sessions/all")).status_code == 403
    every = (await house.get("ada", "/api/v1/sessions/all")).json()["sessions"]
    assert [r["login"] for r in every] == ["ana"]
    ended = await house.post("ada", f"/api/v1/people/{ana}/sessions/end", {})
    assert ended.json() == {"ended": 1}
    assert (await house.get(None, "/api/v1/sessions", headers=hers)).status_code == 401
    hers, _ = await house.session("ana")
    door = f"/api/v1/people/{ana}/account"
    assert (await house.ask("ada", "PUT", door, json={"disabled": True})).status_code == 204
    assert (await house.get(None, "/api/v1/sessions", headers=hers)).status_code == 401
    assert (await house.get("ana", "/api/v1/incidents")).status_code == 401
    again = await house.client.post("/api/v1/session", json={"login": "ana", "password": PASSWORD})
    assert again.status_code == 401
    assert (await house.ask("ada", "PUT", door, json={"disabled": False})).status_code == 204
    assert (await house.get("ana", "/api/v1/incidents")).status_code == 200


async def test_an_idle_session_ends_and_the_limit_holds_at_once(house: House) -> None:
    idle, _ = await house.session("ana")
    used, _ = await house.session("bor")
    put = await house.ask("ada", "PUT", "/api/v1/session-limits", json={
        "idle_minutes": 30, "absolute_hours": 2, "reason": "the office is open to visitors"})  # fmt: skip
    assert put.json()["state"] == "in_force"
    for _ in range(3):
        house.clock.forward(timedelta(minutes=20))
        assert (await house.get(None, "/api/v1/sessions", headers=used)).status_code == 200
    assert (await house.get(None, "/api/v1/sessions", headers=idle)).status_code == 401
    for _ in range(4):
        house.clock.forward(timedelta(minutes=20))
        last = await house.get(None, "/api/v1/sessions", headers=used)
    assert last.status_code == 401


async def test_a_role_that_reads_is_added_at_once_and_one_that_approves_by_two(
    house: House,
) -> None:
    reads = {**ROLE, "permissions": ["incident:read", "key:own"]}
    assert (await house.ask("ana", "PUT", "/api/v1/roles", json=reads)).status_code == 403
    added = await house.ask("ada", "PUT", "/api/v1/roles", json=reads)
    assert added.json()["state"] == "in_force"
    approves = {**ROLE, "permissions": ["incident:read", "block:approve"]}
    asked = (await house.ask("ada", "PUT", "/api/v1/roles", json=approves)).json()
    assert (asked["state"], asked["second"]) == ("waiting", True)
    twice = await house.ask("ada", "PUT", "/api/v1/roles", json=approves)
    assert twice.status_code == 409
    door = f"/api/v1/access-changes/{asked['id']}/decision"
    assert (await house.post("ada", door, {"agrees": True})).status_code == 403
    assert ("ada", "role:decide", "role:night_shift", "four_eyes") in await house.refusals()
    granted = {r["name"]: r["permissions"]
               for r in (await house.get("ana", "/api/v1/roles")).json()["roles"]}  # fmt: skip
    assert granted["night_shift"] == ["incident:read", "key:own"]
    await house.newcomer("eva", "administrator")
    assert (await house.post("eva", door, {"agrees": True})).json()["state"] == "in_force"
    assert (await house.post("eva", door, {"agrees": True})).status_code == 409
    ana = house.ids["ana"]
    given = await house.ask("ada", "PUT", f"/api/v1/people/{ana}/roles",
                            json={"roles": ["night_shift"]})  # fmt: skip
    assert given.json()["roles"] == ["night_shift"]
    assert (await house.get("ana", "/api/v1/blocks")).status_code == 403
    gone = {**ROLE, "permissions": []}
    assert (await house.ask("ada", "PUT", "/api/v1/roles", json=gone)).status_code == 409


async def test_the_table_itself_wants_two_people(house: House) -> None:
    asked = (await house.ask("ada", "PUT", "/api/v1/roles", json={
        **ROLE, "permissions": ["block:approve"]})).json()  # fmt: skip
    ada = house.viewers["ada"].person_id
    with pytest.raises(Exception, match="access_change"):
        async with transaction(house.pool, house.clock()) as tx:
            await tx.execute(
                "update access_change set state = 'in_force', decided_by = %s, decided_at = now()"
                " where uuid = %s",
                (ada, asked["id"]),
            )


@pytest.mark.parametrize("given", [
    {"name": "analyst"}, {"name": "Night"}, {"name": "x"}, {"name": "a" * 41}, {"name": "a b"},
    {"permissions": []}, {"reason": "    "},
])  # fmt: skip
async def test_a_role_that_does_not_fit_is_refused(house: House, given: dict[str, Any]) -> None:
    body = {**ROLE, "permissions": ["incident:read"], **given}
    assert (await house.ask("ada", "PUT", "/api/v1/roles", json=body)).status_code == 422


async def test_a_refusal_says_what_is_needed_and_which_roles_have_it(house: House) -> None:
    api = await house.post("ana", f"/api/v1/blocks/{new_uuid(house.clock())}/approval", {})
    said = (await house.ask("ana", "PUT", "/api/v1/roles", json={})).json()
    assert api.status_code in {403, 404, 405}
    assert "role:manage" in said["detail"]
    assert "administrator" in said["detail"]
    assert said["errors"] == [
        {"rule": "permission", "name": "role:manage", "roles": "administrator"}
    ]
    cookie, _ = await house.session("ana")
    page = await house.get(None, "/audit", headers={**cookie, **PAGE})
    assert page.status_code == 403
    assert "read the audit" in page.text
    assert "auditor" in page.text
    assert "/access-rules" in page.text


@pytest.mark.parametrize(("who", "path", "status"), [
    ("ana", "/access-rules", 200), ("ana", "/you", 200), ("ana", "/admin/roles", 403),
    ("aud", "/admin/roles", 200), ("ada", "/admin/roles", 200), ("ada", "/admin/sessions", 200),
    ("aud", "/admin/sessions", 403), ("ada", "/admin/parties", 200), ("ada", "/admin", 200),
    ("aud", "/audit?oldest=true", 200),
])  # fmt: skip
async def test_the_pages_are_for_whom_they_are_meant(
    house: House, who: str, path: str, status: int
) -> None:
    cookie, _ = await house.session(who)
    for lang in ("sl", "hr", "en"):
        mark = "&" if "?" in path else "?"
        page = await house.get(None, f"{path}{mark}lang={lang}", headers={**cookie, **PAGE})
        assert page.status_code == status, page.text[:500]
        assert "PERMISSION_" not in page.text


async def test_the_rules_page_says_what_the_reader_sees(house: House) -> None:
    cookie, _ = await house.session("rita")
    page = (await house.get(None, "/access-rules", headers={**cookie, **PAGE})).text
    assert "TLP:AMBER+STRICT" in page
    assert "approve a block" in page.split('id="maynot"')[1]
    assert "have API keys" in page.split('id="may"')[1].split('id="maynot"')[0]


async def test_an_administrator_of_a_bank_manages_the_banks_people_only(house: House) -> None:
    top = await bank(house)
    branch = await bank(house, "Branch", top)
    other = await bank(house, "Other bank")
    await of_bank(house, "vodja", ["party_administrator"], top)
    teller = await of_bank(house, "teller", ["desk"], branch)
    stranger = await of_bank(house, "stranger", ["desk"], other)
    strong = await of_bank(house, "strong", ["analyst"], top)
    seen = (await house.get("vodja", "/api/v1/people")).json()["people"]
    assert {p["login"] for p in seen} == {"vodja", "teller", "strong"}
    tree = (await house.get("vodja", "/api/v1/parties/tree")).json()["parties"]
    assert [(p["name"], p["depth"]) for p in tree] == [("Banka", 0), ("Branch", 1)]
    for uuid, status in ((teller, 204), (stranger, 404), (str(house.ids["ana"]), 404),
                         (strong, 403)):  # fmt: skip
        door = f"/api/v1/people/{uuid}/account"
        answer = await house.ask("vodja", "PUT", door, json={"disabled": True})
        assert answer.status_code == status, uuid
        link = await house.post("vodja", f"/api/v1/people/{uuid}/link", {})
        assert link.status_code == (201 if status == 204 else status)
        key = await house.post("vodja", f"/api/v1/people/{uuid}/keys", {"name": "mine"})
        assert key.status_code in ({201, 403} if status == 204 else {status})
    made = await house.post("vodja", "/api/v1/people", {
        "login": "new.desk", "name": "New", "roles": ["desk"]})  # fmt: skip
    assert made.json()["party"] == "Banka"
    for roles, party, status in ((["analyst"], None, 403), (["desk"], other, 404)):
        body = {"login": "x.y", "name": "X", "roles": roles, "party": party}
        assert (await house.post("vodja", "/api/v1/people", body)).status_code == status
    put = await house.ask("vodja", "PUT", f"/api/v1/people/{teller}/roles",
                          json={"roles": ["administrator"]})  # fmt: skip
    assert put.status_code == 403


async def test_the_tree_has_no_loops_and_the_operator_stays_at_the_top(house: House) -> None:
    top = await bank(house)
    branch = await bank(house, "Branch", top)
    own = str(house.home.uuid)
    for child, parent, status in (
        (top, branch, 422), (top, top, 422), (own, top, 422), (str(new_uuid(house.clock())), top, 404),
        (branch, None, 204), (top, branch, 204),
    ):  # fmt: skip
        answer = await house.ask("ada", "PUT", f"/api/v1/parties/{child}/parent",
                                 json={"parent": parent})  # fmt: skip
        assert answer.status_code == status, answer.text
    assert (await house.post("ana", "/api/v1/parties", {
        "name": "N", "kind": "isp", "country": "SI"})).status_code == 403  # fmt: skip
    assert (await house.post("ada", "/api/v1/parties", {
        "name": "N", "kind": "peer", "country": "SI"})).status_code == 422  # fmt: skip


async def test_a_key_shows_when_it_was_used_and_is_revoked_by_its_owner(house: House) -> None:
    made = await house.post("ana", f"/api/v1/people/{house.ids['ana']}/keys", {
        "name": "only lists", "permissions": ["export:read"]})  # fmt: skip
    house.keys["narrow"] = made.json()["key"]
    assert (await house.get("narrow", "/api/v1/incidents")).status_code == 403
    rows = {k["name"]: k for k in (await house.get("ana", "/api/v1/keys")).json()["keys"]}
    assert rows["only lists"]["permissions"] == ["export:read"]
    assert rows["only lists"]["used_at"] is not None
    door = f"/api/v1/keys/{rows['only lists']['id']}"
    assert (await house.ask("bor", "DELETE", door)).status_code == 404
    assert (await house.ask("ana", "DELETE", door)).status_code == 204
    assert (await house.get("narrow", "/api/v1/incidents")).status_code == 401


async def test_what_asks_for_a_passkey_is_not_done_without_one_by_page_or_key(
    house: House,
) -> None:
    limits = {"idle_minutes": 720, "absolute_hours": 12, "step_up": ["role:manage"],
              "reason": "roles are given by who sits there"}  # fmt: skip
    none_yet = await house.ask("ada", "PUT", "/api/v1/session-limits", json=limits)
    assert none_yet.status_code == 422
    now = house.clock()
    async with transaction(house.pool, now) as tx:
        await passkey.add(
            tx, uuid=uuid7(now, b"0" * 10), person_id=house.viewers["ada"].person_id,
            credential=b"c", public_key=b"k", sign_count=0, backed_up=False, name="key", now=now,
        )  # fmt: skip
    set_on = await house.ask("ada", "PUT", "/api/v1/session-limits", json=limits)
    assert set_on.json()["state"] == "in_force"
    body = {**ROLE, "permissions": ["incident:read"]}
    cookie, csrf = await house.session("ada")
    token = {**cookie, "X-CSRF-Token": csrf}
    weak = await house.ask(None, "PUT", "/api/v1/roles", json=body, headers=token)
    assert weak.status_code == 403
    assert weak.json()["errors"] == [{"rule": "step_up", "name": "role:manage"}]
    assert (await house.ask("ada", "PUT", "/api/v1/roles", json=body)).status_code == 403
    page = await house.get(None, "/admin/roles", headers={**cookie, **PAGE})
    assert page.status_code == 200
    async with transaction(house.pool, now) as tx:
        await tx.execute("update session set strong_at = %s", (now,))
    strong = await house.ask(None, "PUT", "/api/v1/roles", json=body, headers=token)
    assert strong.status_code == 200
    house.clock.forward(timedelta(minutes=6))
    late = await house.ask(None, "PUT", "/api/v1/roles", json=body, headers=token)
    assert late.status_code == 403
    less = await house.ask("ada", "PUT", "/api/v1/session-limits", json={**limits, "step_up": []})
    assert less.json()["state"] == "waiting"
    assert ("ada", "role:manage", "/api/v1/roles", "step_up") in await house.refusals()


async def test_the_store_itself_withholds_what_asks_for_a_passkey(house: House) -> None:
    from msgspec.structs import replace

    ada = house.viewers["ada"]
    weak = replace(ada, withheld=frozenset({Permission.ROLE_MANAGE}),
                   permissions=ada.permissions - {Permission.ROLE_MANAGE})  # fmt: skip
    with pytest.raises(PermissionError, match="passkey"):
        weak.require(Permission.ROLE_MANAGE)
    with pytest.raises(PermissionError, match="administrator can grant"):
        weak.require(Permission.BLOCK_APPROVE)


async def test_the_audit_is_read_from_its_beginning(house: House) -> None:
    first = (await house.get("aud", "/api/v1/audit?oldest=true&limit=2")).json()
    assert [r["seq"] for r in first["rows"]] == [1, 2]
    then = (
        await house.get("aud", f"/api/v1/audit?oldest=true&limit=2&after={first['next']}")
    ).json()
    assert [r["seq"] for r in then["rows"]] == [3, 4]


async def test_an_exported_audit_is_proved_elsewhere_and_a_changed_row_is_named(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = await house.get("aud", "/api/v1/audit/export")
    assert "attachment" in given.headers["content-disposition"]
    lines = given.text.splitlines()
    assert len(lines) > 5
    file = tmp_path / "audit.jsonl"
    file.write_text(given.text)
    assert check(file, json_=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["rows"], said["first"], said["problems"]) == (len(lines), 1, [])
    forged = json.loads(lines[3]) | {"actor": "nobody"}
    file.write_text("\n".join([*lines[:3], json.dumps(forged), *lines[4:]]))
    assert check(file) == 1
    assert "row 4 was changed" in capsys.readouterr().out
    file.write_text("\n".join([*lines[:3], *lines[4:]]))
    assert check(file) == 1
    assert "row 5 follows row 3" in capsys.readouterr().out
    for bad in ("{", "[]", '{"seq": 1}', lines[0].replace('"hash":"', '"hash":"zz')):
        file.write_text(bad)
        assert check(file) == 2
    table = (await house.get("aud", "/api/v1/audit/export?format=csv")).text
    assert table.startswith("seq,at,actor,action,object,outcome,rule,detail,prev,hash")
    assert len(table.splitlines()) == len(lines) + 2  # a head, and the first export's own row
    assert (await house.get("ana", "/api/v1/audit/export")).status_code == 403
    assert (await house.get("aud", "/api/v1/audit/export?since=2026-01-01T00:00:00")).status_code in {
        400, 422,
    }  # fmt: skip


async def test_a_period_of_the_audit_is_exported_without_gaps(house: House) -> None:
    middle = house.clock()
    house.clock.forward(timedelta(hours=1))
    since = house.clock().isoformat().replace("+00:00", "Z")
    await house.get("ana", "/api/v1/audit")  # a refusal leaves a row
    part = await house.get("aud", f"/api/v1/audit/export?since={since}")
    rows = [json.loads(line) for line in part.text.splitlines()]
    assert rows
    assert all(row["at"] >= middle.isoformat() for row in rows)
    assert [row["seq"] for row in rows] == list(range(rows[0]["seq"], rows[0]["seq"] + len(rows)))


async def test_people_of_a_password_and_of_a_link_are_told_apart(house: House) -> None:
    async with transaction(house.pool, house.clock()) as tx:
        found = await person.get(tx.db, UUID(str(house.ids["ana"])))
        token, _ = await access.open_for(
            tx, found.id, "link", house.clock(), house.context.random, NOWHERE
        )
    kept = {"Cookie": f"zvon_session={token}"}
    rows = (await house.get(None, "/api/v1/sessions", headers=kept)).json()["sessions"]
    assert [r["method"] for r in rows] == ["link"]
