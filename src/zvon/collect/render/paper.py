"""A document of ours printed to PDF by the browser that looks at pages; no script, no network."""

import base64
from html import escape
from pathlib import Path

from zvon.collect.render.process import find, running

PRINT_S = 60.0
# Chromium fills in the two classes; its own style is tiny, so the size is said here.
_FOOT = (
    '<div style="font-size:7px;width:100%;padding:0 15mm;display:flex;justify-content:space-between">'
    '<span>{line}</span><span><span class="pageNumber"></span> / <span class="totalPages"></span>'
    "</span></div>"
)


async def to_pdf(html: str, foot: str, *, chromium: Path | None = None) -> bytes:
    """The PDF of `html` on A4, with `foot` and the page number below each page.

    Raises `NoBrowser` with the reason where there is no Chromium that starts in its sandbox, and
    the pipe's `Gone` or `Said` when it fails on the way.
    """
    async with running(find(chromium)) as browser:
        ask = browser.pipe.ask
        made = await ask("Target.createTarget", {"url": "about:blank"})
        attached = await ask(
            "Target.attachToTarget", {"targetId": made["targetId"], "flatten": True}
        )
        session = attached["sessionId"]
        await ask("Emulation.setScriptExecutionDisabled", {"value": True}, session=session)
        tree = await ask("Page.getFrameTree", session=session)
        await ask(
            "Page.setDocumentContent",
            {"frameId": tree["frameTree"]["frame"]["id"], "html": html}, session=session,
        )  # fmt: skip
        printed = await ask(
            "Page.printToPDF",
            {
                "preferCSSPageSize": True, "displayHeaderFooter": True, "headerTemplate": "<span></span>",
                "footerTemplate": _FOOT.format(line=escape(foot)), "generateTaggedPDF": True,
                "generateDocumentOutline": True,
            },
            session=session, timeout_s=PRINT_S,
        )  # fmt: skip
    return base64.b64decode(printed["data"])
