"""Exhibits: sealed as they came, never served as what they say they are, with custody to the end."""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.world import reported
from tests.web.house import House
from zvon.access.seal import BadSeal
from zvon.respond import exhibit as keep
from zvon.respond.exhibit import MAX_NAME, safe_name
from zvon.store import exhibit, retention_exhibit
from zvon.store.exhibit import Limits
from zvon.store.retention import Gone, Scope
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

EVIL = b"<html><script>alert(1)</script>" + b"MZ\x00" * 500_000  # more than one piece


async def incident(house: House) -> str:
    made = await reported(house.pool, house.clock(), house.home)
    return f"/api/v1/incidents/{made.incident_uuid}"


async def add(house: House, path: str, body: bytes = EVIL, who: str = "ana", **query: str) -> Any:
    return await house.ask(
        who, "POST", f"{path}/exhibits", content=body, params={"name": "invoice.html", **query},
        headers={"Content-Type": "text/html; charset=utf-8"},
    )  # fmt: skip


async def test_a_file_comes_back_as_it_was_and_opens_nowhere(house: House) -> None:
    path = await incident(house)
    made = (await add(house, path, note="from the mail of Friday")).json()
    assert made["sha256"] == hashlib.sha256(EVIL).hexdigest()
    assert (made["size"], made["media_type"], made["added_by"]) == (len(EVIL), "text/html", "ana")
    file = await house.get("aud", f"/api/v1/exhibits/{made['id']}/file")
    assert file.content == EVIL
    head = file.headers
    assert head["content-type"] == "application/octet-stream"
    assert head["content-disposition"].startswith("attachment; ")
    assert head["content-disposition"].endswith("invoice.html.exhibit")
    assert head["x-content-type-options"] == "nosniff"
    assert "sandbox" in head["content-security-policy"]
    custody = (await house.get("ana", f"/api/v1/exhibits/{made['id']}/custody")).json()["custody"]
    assert [(c["act"], c["by"], c["note"]) for c in custody] == [
        ("added", "ana", "from the mail of Friday"), ("opened", "aud", ""),
    ]  # fmt: skip


async def test_its_bytes_lie_sealed(house: House) -> None:
    path = await incident(house)
    made = (await add(house, path)).json()
    async with transaction(house.pool, house.clock()) as tx:
        rows = await (await tx.execute("select n, body from exhibit_piece order by n")).fetchall()
        assert len(rows) == 2
        assert not any(b"script" in bytes(body) for _, body in rows)
        await tx.execute(
            "update exhibit_piece set body = set_byte(body, 40, get_byte(body, 40) # 1) where n = 1"
        )
    async with read(house.pool, SYSTEM) as db:
        found = await exhibit.get(db, house.viewers["ana"], UUID(made["id"]))
        assert (await exhibit.piece(db, found, 0) or b"").startswith(b"<html>")
        with pytest.raises(BadSeal):
            await exhibit.piece(db, found, 1)


async def test_custody_only_grows_and_an_exhibit_stays_what_it_is(house: House) -> None:
    path = await incident(house)
    await add(house, path)
    for change in (
        "delete from custody", "update custody set person_id = null", "delete from exhibit",
        "update custody set at = now()", "update exhibit set sha256 = 'x'",
        "update exhibit set size = 1",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.DatabaseError, match="only grows"):
            async with transaction(house.pool, house.clock()) as tx:
                await tx.db.execute(change.encode())


async def test_a_hold_takes_two_people_to_end_and_keeps_the_file(house: House) -> None:
    path = await incident(house)
    made = (await add(house, path)).json()
    base = f"/api/v1/exhibits/{made['id']}"
    held = await house.post("bor", f"{base}/hold", {"reason": "the prosecutor asked"})
    assert (held.status_code, held.json()["held_by"]) == (201, "bor")
    again = await house.post("ana", f"{base}/hold", {"reason": "me too"})
    assert again.status_code == 409
    assert (await house.post("bor", f"{base}/deletion", {"reason": "too old"})).status_code == 409
    assert (await house.post("bor", f"{base}/let-go", {"reason": "over"})).status_code == 403
    assert (await house.post("ana", f"{base}/let-go", {"reason": "over"})).status_code == 403
    scope = Scope(country="SI", of_class="exhibit", cut_off=house.clock() + timedelta(days=1),
                  now=house.clock(), after="destroy")  # fmt: skip
    async with transaction(house.pool, house.clock()) as tx:
        assert await retention_exhibit.exhibits(tx, scope, Gone()) == 0
    assert (await house.post("pia", f"{base}/let-go", {"reason": "over"})).status_code == 201
    async with transaction(house.pool, house.clock()) as tx:
        gone = Gone()
        assert await retention_exhibit.exhibits(tx, scope, gone) == 1
        assert gone.rows["exhibit_piece"] == 2
    stone = (await house.get("ana", base)).json()
    assert (stone["name"], stone["sha256"]) == ("", made["sha256"])
    custody = (await house.get("ana", f"{base}/custody")).json()["custody"]
    assert [c["act"] for c in custody] == ["added", "held", "let_go", "purged"]


async def test_what_is_deleted_leaves_a_stone(house: House) -> None:
    path = await incident(house)
    made = (await add(house, path, who="bor")).json()
    base = f"/api/v1/exhibits/{made['id']}"
    own = await house.post("bor", f"{base}/deletion", {"reason": "wrong file"})
    assert own.status_code == 403
    await house.newcomer("vid", "approver")
    done = await house.post("vid", f"{base}/deletion", {"reason": "wrong file"})
    assert (done.status_code, done.json()["deleted_by"]) == (201, "vid")
    assert await house.count("exhibit_piece") == 0
    assert (await house.get("ana", f"{base}/file")).status_code == 410
    assert (await house.post("ana", f"{base}/hold", {"reason": "keep it"})).status_code == 410
    (stone,) = (await house.get("ana", f"{path}/exhibits")).json()["exhibits"]
    assert (stone["delete_reason"], stone["sha256"]) == ("wrong file", made["sha256"])


async def test_nothing_too_large_or_empty_is_kept(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await incident(house)
    assert (await add(house, path, b"")).status_code == 422
    small = Limits(file_bytes=100, incident_bytes=150, incident_files=2)
    monkeypatch.setattr(keep, "limits", lambda: small)
    assert (await add(house, path, b"x" * 101)).status_code == 413
    assert (await add(house, path, b"x" * 100)).status_code == 201
    assert (await add(house, path, b"y" * 100)).status_code == 422
    assert (await add(house, path, b"y" * 50)).status_code == 201
    assert (await add(house, path, b"z")).status_code == 422
    assert await house.count("exhibit") == 2


async def test_who_hands_a_copy_over_says_to_whom(house: House) -> None:
    path = await incident(house)
    made = (await add(house, path)).json()
    answer = await house.post(
        "ana", f"/api/v1/exhibits/{made['id']}/handover", {"to": "Police, inspector Novak"}
    )
    assert answer.json()["custody"][-1]["note"] == "Police, inspector Novak"


async def test_who_may_not_see_the_incident_knows_of_no_exhibit(house: House) -> None:
    path = await incident(house)
    made = (await add(house, path)).json()
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute("update record set tlp = 4 where kind = 'incident'")
    for part in ("", "/file", "/custody"):
        assert (await house.get("ana", f"/api/v1/exhibits/{made['id']}{part}")).status_code == 404


@pytest.mark.parametrize(
    ("said", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\Users\\ana\\a.exe", "a.exe"), ("a\x00b.pdf", "a_b.pdf"),
     ("gnp\u202eexe.doc", "gnp_exe.doc"), ("", "unnamed"), ("...", "unnamed"), ("a|b.txt", "a_b.txt"),
     ("račun.pdf", "račun.pdf")],
)  # fmt: skip
def test_a_hostile_name_is_made_harmless(said: str, kept: str) -> None:
    assert safe_name(said) == kept


@given(st.text(max_size=600))
def test_any_name_can_be_shown_and_saved(said: str) -> None:
    name = safe_name(said)
    assert 0 < len(name) <= MAX_NAME
    assert name.isprintable()
    assert not set(name) & set('/\\<>:"|?*')
    name.encode()
