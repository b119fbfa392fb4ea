"""Pages as people see them: who opens which, and a browser context that is signed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal
from uuid import uuid4

from msgspec import Struct
from playwright.async_api import Browser, BrowserContext, Page

from tests.browser.node import Served
from tests.browser.seed import Seeded

LANGS = ("sl", "hr", "en")
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")


class Screen(Struct, frozen=True):
    """A page: who opens it (nobody: signed out), where it is, and how it answers."""

    who: str | None
    name: str
    status: int = 200

    def path(self, seeded: Seeded) -> str:
        """The address on this node."""
        return self.name.format(
            incident=seeded.incident, kit=seeded.kit, receipt=seeded.receipt, link=seeded.link,
            block=seeded.block, report=seeded.report, campaign=seeded.campaign,
            appeal=seeded.appeal, source=seeded.intake.source, asks=seeded.intake.asks,
            delivery=seeded.intake.delivery, document=seeded.intake.document,
            record=seeded.intake.record, release=seeded.privacy.release,
            request=seeded.privacy.request, playbook=seeded.playbook,
            unknown=uuid4(), alerted=seeded.work.alerted, group=seeded.work.group,
            exhibit=seeded.work.exhibit, review=seeded.work.review, run=seeded.work.run,
            duty=seeded.work.duty, step=seeded.work.step, contact=seeded.work.contact,
            message=seeded.work.message, notice=seeded.work.notice, bulk=seeded.work.bulk,
        )  # fmt: skip


PUBLIC = (
    Screen(None, "/report"),
    Screen(None, "/receipt/{receipt}"),
    Screen(None, "/check"),
    Screen(None, "/check?name=www.carina-placilo.example"),
    Screen(None, "/check?name=dolgo-ime-ki-ni-blokirano-nikjer.primer-ponudnika.example"),
    Screen(None, "/check?name=127.0.0.1", 422),
    Screen(None, "/appeal?ref=B-26-000001"),
    Screen(None, "/appeal/{appeal}"),
    Screen(None, "/transparency"),
    Screen(None, "/signin"),
    Screen(None, "/link/{link}"),
    Screen(None, "/nothing-here", 404),
)
CONSOLE = (
    Screen("ana", "/"),
    Screen("ana", "/notices"),
    Screen("bor", "/message-templates"),
    Screen("bor", "/message-templates/incident_notice/sl"),
    Screen("bor", "/message-keys"),
    Screen("ana", "/queue"),
    Screen("ana", "/queue?tab=held"),
    Screen("ana", "/incidents/{incident}"),
    Screen("bor", "/incidents/{incident}"),
    Screen("ana", "/incidents/{alerted}"),
    Screen("avgust", "/incidents/{incident}"),
    Screen("ana", "/queue?tab=snoozed"),
    Screen("ana", "/tasks"),
    Screen("ana", "/exhibits/{exhibit}"),
    Screen("bor", "/reviews"),
    Screen("bor", "/reviews/{review}"),
    Screen("bor", "/bulk"),
    Screen("bor", "/bulk/{bulk}"),
    Screen("bor", "/rank"),
    Screen("ana", "/handover"),
    Screen("ana", "/mentions"),
    Screen("ana", "/reports/{report}"),
    Screen("ana", "/alerts"),
    Screen("ana", "/alerts?every=true"),
    Screen("ana", "/alerts/{group}"),
    Screen("bor", "/contacts"),
    Screen("bor", "/contacts/{contact}"),
    Screen("ana", "/contacts?value=www.dostava-paketa.example"),
    Screen("ana", "/messages"),
    Screen("ana", "/messages/{message}"),
    Screen("ana", "/notices/{notice}"),
    Screen("ana", "/runs"),
    Screen("bor", "/runs/{run}"),
    Screen("ana", "/metrics"),
    Screen("ana", "/metrics/acknowledge"),
    Screen("ana", "/campaigns"),
    Screen("ana", "/campaigns/{campaign}"),
    Screen("ana", "/watch"),
    Screen("ana", "/brands"),
    Screen("dora", "/brands/si.posta"),
    Screen("ana", "/labels"),
    Screen("ada", "/models"),
    Screen("dora", "/brands/si.nlb", 404),
    Screen("bor", "/blocks"),
    Screen("bor", "/blocks/{block}"),
    Screen("bor", "/explain?name=www.carina-placilo.example"),
    Screen("ada", "/feeds"),
    Screen("bor", "/appeals"),
    Screen("bor", "/orders"),
    Screen("bor", "/obligations"),
    Screen("bor", "/obligations/{duty}"),
    Screen("ana", "/obligations/steps/{step}"),
    Screen("ada", "/obligations/rules"),
    Screen("ada", "/obligations/justifications"),
    Screen("bor", "/sharing"),
    Screen("ada", "/sharing"),
    Screen("avgust", "/audit?after=30"),  # enough rows of each kind, and axe looks at each
    Screen("ada", "/admin"),
    Screen("ada", "/admin/roles"),
    Screen("ada", "/admin/sessions"),
    Screen("ada", "/admin/parties"),
    Screen("ana", "/access-rules"),
    Screen("ada", "/admin/kits/{kit}"),
    Screen("ana", "/search"),
    Screen("ana", "/search?q=*paketa*"),
    Screen("ana", "/search?q=type:"),
    Screen("ana", "/observables?type=domain&value=posta-si.dostava-paketa.example"),
    Screen("ana", "/records/{record}"),
    Screen("ana", "/documents/{document}"),
    Screen("ada", "/sources"),
    Screen("ada", "/sources/new?kind=folder"),
    Screen("ada", "/sources/{source}"),
    Screen("ada", "/sources/{asks}/mapping"),
    Screen("ada", "/deliveries/{delivery}"),
    Screen("ada", "/collectors"),
    Screen("pia", "/privacy"),
    Screen("ana", "/privacy/releases/{release}"),
    Screen("pia", "/privacy/disclosures"),
    Screen("ada", "/constituency"),
    Screen("pia", "/privacy/data"),
    Screen("pia", "/privacy/requests"),
    Screen("pia", "/privacy/requests/{request}"),
    Screen("pia", "/privacy/statistics"),
    Screen("ana", "/playbooks"),
    Screen("ana", "/playbooks/{playbook}"),
    Screen("bor", "/playbooks/{playbook}?number=1&than=2"),
    Screen("ana", "/playbooks/{playbook}/trials"),
    Screen("ana", "/you"),
    Screen("ana", "/incidents/{unknown}", 404),
    Screen("ana", "/audit", 403),
)


@asynccontextmanager
async def opened(
    browser: Browser, served: Served, login: str | None, **options: Any
) -> AsyncIterator[BrowserContext]:
    """A context with its own cookies, signed in as `login`."""
    options.setdefault("viewport", {"width": 1280, "height": 800})
    context = await browser.new_context(base_url=served.url, **options)
    context.set_default_timeout(15_000)
    if login is not None:
        cookie = {"name": "zvon_session", "value": await served.token(login), "url": served.url}
        await context.add_cookies([cookie])  # type: ignore[list-item]
    try:
        yield context
    finally:
        await context.close()


async def visit(page: Page, screen: Screen, seeded: Seeded, lang: str = "sl") -> None:
    """Open a screen in a language, and see that it is the one."""
    path = screen.path(seeded)
    answer = await page.goto(f"{path}{'&' if '?' in path else '?'}lang={lang}")
    assert answer is not None
    assert answer.status == screen.status, path
    assert await page.locator("html").get_attribute("lang") == lang
