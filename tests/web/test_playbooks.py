"""Playbooks over the API: written step by step, imported, checked, tried, put in force."""

import json
from typing import Any
from uuid import uuid4

from tests.web.house import NOBODY, House
from zvon.access.permission import Permission
from zvon.store import playbook, playbook_change
from zvon.store.transaction import transaction

API = "/api/v1/playbooks"


class Writer:
    """Somebody who writes a playbook and keeps its version number."""

    def __init__(self, house: House, who: str, made: dict[str, Any]) -> None:
        self.house, self.who, self.made = house, who, made

    @property
    def path(self) -> str:
        return f"{API}/{self.made['id']}"

    async def do(self, path: str, **body: Any) -> dict[str, Any]:
        sent = {"version": self.made["version"], **body}
        answer = await self.house.post(self.who, f"{self.path}{path}", sent)
        assert answer.status_code in {200, 201}, answer.text
        self.made = answer.json()
        return self.made

    async def refused(self, path: str, **body: Any) -> Any:
        sent = {"version": self.made["version"], **body}
        return await self.house.post(self.who, f"{self.path}{path}", sent)

    async def whole(self) -> dict[str, Any]:
        answer = await self.house.get(self.who, self.path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def step(self, what: str) -> str:
        """The identifier of the one step with this action, or of this kind."""
        from zvon.formats.cacao import extension

        workflow = (await self.whole())["document"]["workflow"]
        found: list[str] = [
            name
            for name, one in workflow.items()
            if what in {one["type"],
                        one.get("step_extensions", {}).get(extension.ID, {}).get("action")}
        ]  # fmt: skip
        return found[-1]


async def begun(house: House, who: str = "ana") -> Writer:
    answer = await house.post(who, API, {"name": "Prijava lažne strani"})
    assert answer.status_code == 201, answer.text
    return Writer(house, who, answer.json())


async def story(house: House) -> Writer:
    """Enrich, propose a block, notify the bank, wait for approval, share: with no JSON of CACAO."""
    writer = await begun(house)
    after = await writer.step("start")
    for what, args in (
        ("enrich", {"ask": "everything"}),
        ("decide.block", {"reason": "lažna stran banke", "days": 14}),
        ("notify", {"to": "brand", "text": "Na __names__ je lažna stran."}),
        ("ask", {"question": "Ali delimo s partnerji?"}),
        ("share", {"audience": "partners", "tlp": "green"}),
    ):
        await writer.do("/steps", after=after, what=what)
        after = await writer.step(what)
        await writer.do(f"/steps/{after}", args=args, name=what)
    return writer


async def tried(house: House, writer: Writer) -> None:
    """What the dry run of the engine writes down."""
    now, who = house.clock(), house.viewers["ana"]
    async with transaction(house.pool, now) as tx:
        row = await playbook.known(tx.db, (await playbook.list_all(tx.db, who))[0].uuid)
        found = await playbook.of_number(tx.db, who, row)
        await playbook_change.dry_ran(tx, who, found.id, {"incidents": 3}, now)
    writer.made = (await house.get("ana", writer.path)).json()


async def test_a_playbook_is_built_step_by_step_and_published_by_another_person(
    house: House,
) -> None:
    writer = await story(house)
    whole = await writer.whole()
    assert [f for f in whole["findings"] if f["weight"] == "error"] == []
    assert await writer.do("/validation") | {"state": "validated"} == writer.made
    early = await house.post("bor", f"{writer.path}/publication",
                             {"version": writer.made["version"], "reason": "good"})  # fmt: skip
    assert early.status_code == 409
    await tried(house, writer)
    body = {"version": writer.made["version"], "reason": "tried on three incidents"}
    own = await house.post("ana", f"{writer.path}/publication", body)
    assert own.status_code == 403
    done = await house.post("bor", f"{writer.path}/publication", body)
    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["in_force"]) == ("published", 1)


async def test_who_wrote_in_it_cannot_publish_with_more_rights_either(house: House) -> None:
    writer = await story(house)
    await writer.do("/validation")
    await tried(house, writer)
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute(
            "update role set permissions = permissions || %s::text[] where name = 'analyst'",
            ([Permission.PLAYBOOK_APPROVE.value],),
        )
    answer = await writer.refused("/publication", reason="it is mine")
    assert (answer.status_code, "another person" in answer.text) == (403, True)
    assert (await house.refusals())[-1][:2] == ("ana", "playbook:publish")


async def test_an_unsound_draft_is_kept_and_says_what_is_missing(house: House) -> None:
    writer = await begun(house)
    await writer.do("/steps", after=await writer.step("start"), what="webhook")
    step = await writer.step("webhook")
    answer = await writer.refused("/validation")
    assert answer.status_code == 422
    assert {"step": step, "code": "PLAYBOOK_ARGUMENT_MISSING"}.items() <= (
        answer.json()["errors"][0].items()
    )
    finding = next(f for f in (await writer.whole())["findings"] if f["weight"] == "error")
    assert finding["step"] == step
    assert "PLAYBOOK_" not in finding["sentence"]
    await writer.do(f"/steps/{step}/removal")
    assert len((await writer.whole())["document"]["workflow"]) == 2


async def test_a_condition_is_built_of_comparisons(house: House) -> None:
    writer = await begun(house)
    await writer.do("/steps", after=await writer.step("start"), what="if")
    step = await writer.step("if-condition")
    await writer.do(f"/steps/{step}/terms", variable="__severity__", way="at_least", value="3",
                    only=True)  # fmt: skip
    await writer.do(f"/steps/{step}/terms", variable="__category__", way="among",
                    value="phishing, scam", joined="any")  # fmt: skip
    workflow = (await writer.whole())["document"]["workflow"]
    assert workflow[step]["condition"] == (
        "__severity__:value >= 3 OR __category__:value IN ('phishing', 'scam')"
    )
    await writer.do(f"/steps/{step}/terms/removal", place=1)
    answer = await writer.refused(f"/steps/{step}/terms/removal", place=1)
    assert (answer.status_code, "at least one" in answer.text) == (422, True)
    await writer.do(f"/steps/{step}", condition="NOT (__tlp__ = 'red' AND EXISTS __names__)")
    answer = await writer.refused(f"/steps/{step}/terms", variable="__tlp__", way="exists")
    assert answer.status_code == 201 or "brackets" in answer.text


async def test_an_imported_document_comes_out_as_it_went_in(house: House) -> None:
    writer = await story(house)
    document = (await house.get("ana", f"{writer.path}/export")).json()
    document["id"] = f"playbook--{uuid4()}"
    document["labels"] = ["of somebody"]
    document["workflow"][document["workflow_start"]]["owner"] = f"identity--{uuid4()}"
    sent = await house.ask("ana", "POST", f"{API}/import", content=json.dumps(document))
    assert sent.status_code == 201, sent.text
    back = await house.get("ana", f"{API}/{sent.json()['id']}/export")
    assert back.json() == document


async def test_a_broken_document_is_refused_whole_with_the_step(house: House) -> None:
    writer = await begun(house)
    for breaks, code in (
        ({"on_completion": f"end--{uuid4()}"}, "MISSING_TARGET"),
        ({"on_completion": "itself"}, "CIRCLE"),
        ({"type": "teleport"}, "BAD_STEP"),
    ):
        document = (await house.get("ana", f"{writer.path}/export")).json()
        document["id"] = f"playbook--{uuid4()}"
        start = document["workflow_start"]
        step = {key: start if value == "itself" else value for key, value in breaks.items()}
        document["workflow"][start].update(step)
        sent = await house.ask("ana", "POST", f"{API}/import", content=json.dumps(document))
        assert sent.status_code == 422, sent.text
        named = {(each["step"], each["code"]) for each in sent.json()["errors"]}
        assert (start, f"PLAYBOOK_{code}") in named
        checked = await house.ask("ana", "POST", f"{API}/check", content=json.dumps(document))
        assert (checked.status_code, checked.json()["ok"]) == (200, False)
    assert len((await house.get("ana", API)).json()["playbooks"]) == 1


async def test_what_is_no_playbook_is_refused(house: House) -> None:
    for body in (b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 50_000, b'{"type": "playbook"}'):
        sent = await house.ask("ana", "POST", f"{API}/import", content=body)
        assert sent.status_code == 422, (body[:20], sent.text)
    assert (await house.get("ana", API)).json()["playbooks"] == []


async def test_the_pages_speak_three_languages_and_show_what_may_be_done(house: House) -> None:
    writer = await story(house)
    await writer.do("/steps", after=await writer.step("start"), what="if")
    await writer.do("/steps", after=await writer.step("enrich"), what="switch")
    for lang in ("sl", "hr", "en"):
        for path in ("/playbooks", f"/playbooks/{writer.made['id']}"):
            page = await house.get("ana", f"{path}?lang={lang}")
            assert page.status_code == 200, page.text
            assert "PLAYBOOK_" not in page.text
    assert "<fieldset disabled>" not in page.text
    read_only = await house.get("bor", f"/playbooks/{writer.made['id']}")
    assert "<fieldset disabled>" in read_only.text
    assert (await house.get("rita", "/playbooks")).status_code == 403
    assert (await house.get("ana", f"/playbooks/{NOBODY}")).status_code == 404


async def test_hostile_texts_are_only_texts(house: House) -> None:
    bad = "<script>alert(1)</script>\u202e"
    writer = await begun(house)
    await writer.do("/settings", name=bad, description=bad, suits=[bad])
    await writer.do("/steps", after=await writer.step("start"), what="ask")
    await writer.do(f"/steps/{await writer.step('ask')}", name=bad, args={"question": bad})
    await writer.do("/variables", name="__bad__", value=bad, description=bad)
    for path in ("/playbooks", f"/playbooks/{writer.made['id']}"):
        page = await house.get("ana", path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
    nul = await writer.refused("/settings", name="a\x00b")
    assert nul.status_code == 400
    assert (await writer.whole())["name"] == bad


async def test_versions_can_be_compared(house: House) -> None:
    writer = await story(house)
    await writer.do("/validation")
    await tried(house, writer)
    body = {"version": writer.made["version"], "reason": "tried on three incidents"}
    writer.made = (await house.post("bor", f"{writer.path}/publication", body)).json()
    step = await writer.step("decide.block")
    await writer.do(f"/steps/{step}", args={"days": 7})
    await writer.do("/settings", name="Lažna stran, kratko")
    answer = await house.get("ana", f"{writer.path}/difference?older=1&newer=2")
    found = {(d["step"], d["field"]) for d in answer.json()["differences"]}
    assert found == {("", "name"), (step, "args")}


async def test_two_people_at_once_lose_nothing(house: House) -> None:
    writer = await begun(house)
    stale = dict(writer.made)
    await writer.do("/settings", name="Prva")
    answer = await house.post("bor", f"{writer.path}/settings",
                              {"version": stale["version"], "name": "Druga"})  # fmt: skip
    assert answer.status_code == 403
    answer = await house.post("ana", f"{writer.path}/settings",
                              {"version": stale["version"], "name": "Druga"})  # fmt: skip
    assert answer.status_code == 409
    assert (await writer.whole())["name"] == "Prva"


async def test_odd_values_are_refused_and_nothing_changes(house: House) -> None:
    writer = await story(house)
    step = await writer.step("share")
    before = await writer.whole()
    for path, body in (
        ("/steps", {"after": "x", "what": "ask"}),
        ("/steps", {"after": step, "what": "rm -rf"}),
        ("/steps", {"after": step, "what": "ask", "way": "on_true"}),
        (f"/steps/{step}", {"ways": {"on_completion": "nowhere"}}),
        (f"/steps/{step}", {"condition": "true"}),
        (f"/steps/{step}", {"rounds": 5}),
        (f"/steps/{step}", {"out": {"share": "x"}}),
        (f"/steps/{step}/terms", {"variable": "__a__", "way": "exists"}),
        (f"/steps/{before['document']['workflow_start']}/removal", {}),
        ("/variables/removal", {"name": "__nothing__"}),
        ("/settings", {"starts": [{"severity": 9}]}),
    ):  # fmt: skip
        answer = await writer.refused(path, **body)
        assert answer.status_code in {400, 404, 422}, (path, answer.text)
    assert (await writer.whole())["document"] == before["document"]
    assert (await house.get("ana", f"{API}/{NOBODY}")).status_code == 404


async def test_who_may_only_read_writes_nothing(house: House) -> None:
    writer = await begun(house)
    for who in ("bor", "aud", "ada"):
        assert (await house.get(who, API)).status_code == 200
        assert (await house.post(who, API, {"name": "Moja"})).status_code == 403
    for who in ("rita", "pia"):
        answer = await house.get(who, API)
        assert answer.status_code == (200 if who == "pia" else 403)
    answer = await house.post("bor", f"{writer.path}/retirement",
                              {"version": writer.made["version"], "reason": "not good"})  # fmt: skip
    assert answer.status_code == 403
