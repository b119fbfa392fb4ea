"""`zvon phish look`: one page, fetched without a node, behind the same guard, never run."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from zvon.cli.api import JsonFlag
from zvon.config import Settings

if TYPE_CHECKING:
    from zvon.collect.fetch.page import Seen
    from zvon.locale import Translator
    from zvon.ml.look import Difference
    from zvon.model.page import Capture, Hop, PageFacts

NOT_SEEN = 1
app = App(name="look", help="Look at one page without running it.", help_format="plaintext")


@app.default
def look(
    url: str,
    /,
    *,
    keep_token: Annotated[
        bool, Parameter(help="Leave the victim's token in the address.", negative=())
    ] = False,
    parts: Annotated[bool, Parameter(help="Fetch its icon, scripts and styles too.")] = True,
    browser: Annotated[
        bool, Parameter(help="Open it in Chromium too, as a phone and a computer.", negative=())
    ] = False,
    json: JsonFlag = False,
) -> int:
    """Fetch URL and say where it leads, what its forms ask for, and what it is built of.

    No script runs unless --browser, nothing is sent that a form asks for, and internal addresses stay shut. The
    victim's token is taken off the address. Exit code 1 when there was no page to be seen.
    """
    from zvon.model.page import Outcome
    from zvon.model.url import BadUrl, parse

    try:
        parse(url)
    except BadUrl as problem:
        print(str(problem), file=sys.stderr)
        return 2
    seen = asyncio.run(_look(url, keep_token=keep_token, parts=parts))
    captures: tuple[Capture, ...] = (seen.capture,)
    found: tuple[Difference, ...] = ()
    if browser:
        from zvon.cli.phish_look_browser import browse, hidden, sentences

        captures = (seen.capture, *asyncio.run(browse(url, keep_token=keep_token)))
        found = hidden(captures)
    if json:
        import msgspec

        told = {"looks": captures, "hidden": found} if browser else seen.capture
        print(msgspec.json.encode(told).decode())
    else:
        from zvon.locale import translator

        words = translator(Settings().lang)
        for capture in captures:
            _show(capture, words)
        for line in sentences(found, words) if browser else ():
            print(line)
    ended = {Outcome.SEEN, Outcome.LIMITED}
    return 0 if any(each.outcome in ended for each in captures) else NOT_SEEN


async def _look(url: str, *, keep_token: bool, parts: bool) -> "Seen":
    from datetime import UTC, datetime

    from zvon.collect.fetch.client import Client
    from zvon.collect.fetch.guard import guard_of
    from zvon.collect.fetch.page import look_at

    settings = Settings()
    async with Client(guard_of(settings), country=settings.country) as client:
        return await look_at(client, url, datetime.now(UTC), keep_token=keep_token, parts=parts,
                             probe=settings.probe_kits)  # fmt: skip


def _show(capture: "Capture", words: "Translator") -> None:
    reason = capture.reason
    why = words.text(f"PAGE_REASON_{reason.upper()}") if reason else ""
    print(
        words.text(f"PAGE_OUTCOME_{capture.outcome.upper()}", reason=why), f"{capture.took_ms} ms"
    )
    facts = capture.facts
    if facts is None:
        return
    for number, hop in enumerate(facts.hops, start=1):
        print(f"  {number}  {hop.status or '-':>3}  {_safe(hop)}")
        if hop.via:
            print(f"          {words.text(f'PAGE_VIA_{hop.via.upper()}')}")
    if facts.status >= 400:
        print(words.text("PAGE_REASON_HTTP", status=facts.status))
    for code, value in _lines(facts, words):
        if value:
            print(f"{words.text(code)}: {value}")


def _lines(facts: "PageFacts", words: "Translator") -> list[tuple[str, str]]:
    lines = [("PAGE_TITLE", facts.title), ("PAGE_LANG", facts.lang or "")]
    for form in facts.forms:
        asks = ", ".join(words.text(f"ASKED_{kind.upper()}") for kind in form.asks)
        lines.append(("PAGE_ASKS", f"{asks} -> {_dots(form.target)}" if form.target else asks))
    return [
        *lines,
        ("PAGE_SENDS", " ".join(_dots(host) for host in facts.sends)),
        ("PAGE_SECRETS", str(len(facts.secrets)) if facts.secrets else ""),
        ("PAGE_ICON", "" if facts.favicon is None else str(facts.favicon)),
        ("PAGE_BONES", f"{facts.skeleton} ({facts.nodes})" if facts.skeleton else ""),
        ("PAGE_TYPE", facts.media_type),
        ("PAGE_CERTIFICATE", " ".join(facts.certificate[:10])),
        ("PAGE_BUSINESS", " ".join(facts.business)),
        ("PAGE_ARCHIVES", " ".join(facts.kit_archives)),
        ("PAGE_PARKED", "+" if facts.parked else ""),
        ("PAGE_HINTS", " ".join((*facts.hints, *facts.warnings))),
    ]


def _safe(hop: "Hop") -> str:
    """The address in a form that no terminal makes a link of."""
    from zvon.model.url import BadUrl, defang

    try:
        return defang(hop.url)
    except BadUrl:
        return repr(hop.url)


def _dots(host: str) -> str:
    return host.replace(".", "[.]")
