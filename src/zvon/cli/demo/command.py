"""The `demo` command: sets the stage, plays the steps, leaves nothing behind."""

import asyncio
import contextlib
import logging
import shutil
import signal
import sys
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from zvon.cli.demo.stage import Plan, Stage

app = App(name="demo", help="Play the main job in two countries, with real resolvers.")
PLACES = 4


@app.default
def demo(
    *,
    lang: Annotated[
        Literal["sl", "hr", "en"], Parameter(help="Language of what is printed.")
    ] = "en",
    once: Annotated[bool, Parameter(help="Do not wait at the end; tear everything down.")] = False,
    json_: Annotated[
        Path | None, Parameter(name="--json", help="Write the evidence of each step here.")
    ] = None,
    keep: Annotated[
        bool, Parameter(help="With --json: leave nodes and resolvers running until Ctrl-C.")
    ] = False,
    resolvers: Annotated[
        str, Parameter(help="Brands in order, of unbound,bind,pdns,proof; default: all found.")
    ] = "",
    popular: Annotated[
        Path | None, Parameter(help="Popular names for step 10, one a line.")
    ] = None,
    seed: Annotated[int, Parameter(help="Seed of the message variants.")] = 7,
    folder: Annotated[
        Path | None, Parameter(help="Work here and leave it; default: a temporary folder.")
    ] = None,
) -> int:
    """Play story S1: report, assess, decide, block, prove, share, lift, survive a crash.

    Exit code 0 when every step was verified, 1 when one was not.
    """
    from zvon.cli.demo.stage import Plan

    logging.getLogger("httpx").setLevel(logging.WARNING)
    base = folder or Path(tempfile.mkdtemp(prefix="zvon-demo-"))
    base.mkdir(parents=True, exist_ok=True)
    base.chmod(0o755)
    source = popular.read_text("utf-8") if popular else _shipped_names()
    plan = Plan(
        lang=lang,
        seed=seed,
        folder=base,
        brands=_brands(resolvers),
        popular=tuple(line.strip() for line in source.splitlines() if line.strip()),
    )
    try:
        return asyncio.run(_play(plan, wait=keep or not once, evidence=json_))
    finally:
        if folder is None:
            shutil.rmtree(base, ignore_errors=True)


def _shipped_names() -> str:
    return (resources.files(__package__) / "names.txt").read_text(encoding="utf-8")


def _brands(asked: str) -> tuple[str, ...]:
    """Four brands: those asked for, else every real one that is found, filled up with ours."""
    from zvon.cli.demo.resolvers import found

    brands = [b.strip() for b in asked.split(",") if b.strip()] or [b for b, _ in found()]
    order = {"unbound": 0, "bind": 1, "pdns": 2}
    brands = sorted(brands, key=lambda b: order.get(b, 3)) if not asked else brands
    return tuple((brands + ["proof"] * PLACES)[:PLACES])


async def _play(plan: "Plan", *, wait: bool, evidence: Path | None) -> int:
    from zvon.cli.demo.page import serve_page
    from zvon.cli.demo.show import Show
    from zvon.cli.demo.stage import Stage
    from zvon.cli.demo.steps import run
    from zvon.locale import translator

    show = Show()
    stage = Stage(plan, show, translator(plan.lang).text)
    stopped = asyncio.Event()
    playing: asyncio.Task[bool] | None = None

    def stop() -> None:
        stopped.set()
        if playing is not None:
            playing.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(_tear_down, stage)
        watch = await stack.enter_async_context(serve_page(show, plan.lang))
        show.plain(
            f"zvon demo · seed {plan.seed} · {plan.lang} · {stage.text('Ctrl-C stops and cleans up')}"
        )
        show.plain(f"   {stage.text('watch')}: {watch}")
        playing = asyncio.create_task(run(stage))
        try:
            passed = await playing
        except asyncio.CancelledError:
            passed = False
        if evidence is not None:
            show.write(evidence)
            show.plain(f"   {stage.text('evidence')}: {evidence}")
        if wait and not stopped.is_set():
            await _invite(stage)
            await stopped.wait()
    return 0 if passed else 1


async def _invite(stage: "Stage") -> None:
    """Say where to look, with one-time links, until Ctrl-C."""
    for node, login in ((stage.si, "bor"), (stage.hr, "iva")):
        if node is None or login not in node.people:
            continue
        people = (await stage.admin[node.name].get("/people"))["people"]
        person = next(p for p in people if p["login"] == login)
        link = await stage.admin[node.name].post(f"/people/{person['id']}/link")
        stage.show.plain(f"   {node.name} {login}: {link['link']}")
    stage.show.plain(f"   {stage.text('Both consoles stay up; Ctrl-C stops and cleans up.')}")


async def _tear_down(stage: "Stage") -> None:
    """Stop resolvers, nodes and the world; nothing may stay behind."""
    jobs = [r.running.stop() for r in stage.resolvers]
    jobs += [n.stop() for n in (stage.si, stage.hr) if n is not None]
    for problem in await asyncio.gather(*jobs, return_exceptions=True):
        if isinstance(problem, BaseException):
            print(f"stopping: {problem}", file=sys.stderr)
    if stage.world is not None:
        await stage.world.__aexit__(None, None, None)
