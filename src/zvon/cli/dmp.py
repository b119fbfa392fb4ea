"""`zvon dmp`: the data policy as it runs, as documents, and whether both still agree."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from datetime import datetime

    from zvon.config import Settings
    from zvon.privacy.plan import Document, Kind
    from zvon.privacy.plan.drift import Difference
    from zvon.store.data_policy import Version
    from zvon.store.transaction import Pool

app = App(name="dmp", help="Data management: how long which data lives, and the documents of it.")

Root = Annotated[Path | None, Parameter(help="Folder of the node (else ZVON_ROOT).")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print one JSON object.")]


@app.command
def render(
    *,
    out: Annotated[Path, Parameter(help="The file to write.")],
    country: Annotated[str | None, Parameter(help="Two letters; the node's own otherwise.")] = None,
    lang: Annotated[
        Literal["sl", "hr", "en"] | None, Parameter(help="The policy's first language otherwise.")
    ] = None,
    kind: Annotated[
        Literal["dmp", "processing", "dpia"],
        Parameter(
            help="The plan, the record of processing (Art. 30), or the DPIA draft (Art. 35)."
        ),
    ] = "dmp",
    format: Literal["html", "md", "pdf"] = "html",
    policies: Annotated[
        Path | None, Parameter(help="Folder of policies; no node is asked then.")
    ] = None,
    root: Root = None,
) -> int:
    """Write a document of a country's data policy; with a running node also what it holds.

    Without a node it is made from the files alone and says so. Exit 1 when there is no Chromium
    that could print the PDF.
    """
    from zvon.privacy.plan import WRITERS

    made = asyncio.run(_made(root, policies, country, lang, kind, str(out.resolve())))
    if format != "pdf":
        out.write_text(WRITERS[format](made), "utf-8")
    else:
        pdf, reason = asyncio.run(_printed(made, root))
        if pdf is None:
            print(f"dmp: no PDF: {reason}; any browser can print --format html", file=sys.stderr)
            return 1
        out.write_bytes(pdf)
    print(f"{out}: {made.title}")
    print(f"policy {made.country} {made.policy_sha256}")
    return 0


@app.command
def check(
    *documents: Annotated[Path, Parameter(help="HTML or Markdown that `render` wrote.")],
    root: Root = None,
    json_: AsJson = False,
) -> int:
    """Compare policy files, database and documents; exit 1 naming each difference.

    Without DOCUMENTS those that this node wrote last are compared.
    """
    import msgspec

    from zvon.locale import best, translator

    settings, found = asyncio.run(_checked(root, documents))
    if json_:
        print(json.dumps({"differences": msgspec.to_builtins(found)}, ensure_ascii=False))
    else:
        speak = translator(best(settings.lang))
        for each in found:
            print(f"{each.country}: {speak.text(each.code, **each.params)}")
        if not found:
            print(speak.text("DRIFT_NONE"))
    return 1 if found else 0


@app.command
def load(
    folder: Annotated[Path, Parameter(help="One TOML file a country.")],
    *,
    root: Root = None,
    json_: AsJson = False,
) -> int:
    """Load the policies of FOLDER into the running node: all of them, or none.

    What a policy no longer allows goes with the next purge. Exit 2 names file and key.
    """
    changed = asyncio.run(_loaded(root, folder))
    if json_:
        told = [{"country": v.country, "version": v.version, "sha256": v.sha256} for v in changed]
        print(json.dumps({"loaded": told}))
    else:
        for each in changed:
            print(f"{each.country}: version {each.version}, {each.sha256}")
        if not changed:
            print("dmp: the node has these policies already")
    return 0


async def _made(
    root: Path | None, policies: Path | None, country: str | None, lang: str | None, kind: str,
    out: str,
) -> "Document":  # fmt: skip
    from zvon.access.permission import SHIPPED_ROLES
    from zvon.cli.node import RUN_FILE, open_settings, running, utc_now
    from zvon.model.data_policy_file import parse_all
    from zvon.privacy.plan import Kind, document
    from zvon.store import data_policy

    settings = running(root)
    asked = (country or settings.country).upper()
    if policies is None and (settings.root / RUN_FILE).exists():
        async with open_settings(settings, size=1) as context:
            return await _of_node(context.pool, asked, Kind(kind), lang, utc_now(), out)
    files = data_policy.configured(policies or settings.data_policies)
    policy = parse_all(files, roles=SHIPPED_ROLES).get(asked)
    if policy is None:
        raise data_policy.NoDataPolicy(asked)
    return document(policy, Kind(kind), lang or policy.languages[0], utc_now())


async def _of_node(
    pool: "Pool", country: str, kind: "Kind", lang: str | None, now: "datetime", out: str
) -> "Document":
    from zvon.store import data_plan, data_policy
    from zvon.store.transaction import transaction

    async with transaction(pool, now) as tx:
        spoken = lang or (await data_policy.of_country(tx.db, country)).languages[0]
        made = await data_plan.rendered(tx.db, country, kind, spoken, now)
        data_plan.note(tx, made, "system", out)
        return made


async def _printed(made: "Document", root: Path | None) -> tuple[bytes | None, str]:
    """The PDF, or the reason why there is none."""
    from zvon.cli.node import running
    from zvon.collect.render.paper import to_pdf
    from zvon.collect.render.pipe import Gone, Said
    from zvon.collect.render.process import NoBrowser
    from zvon.privacy.plan import to_html

    why = {"missing": "Chromium is not installed", "sandbox": "Chromium's sandbox does not start"}
    try:
        foot = made.policy_line
        return await to_pdf(to_html(made), foot, chromium=running(root).chromium), ""
    except NoBrowser as problem:
        return None, why.get(problem.reason, problem.reason)
    except (Gone, Said, TimeoutError) as problem:
        return None, f"the browser failed ({type(problem).__name__})"


async def _checked(
    root: Path | None, documents: tuple[Path, ...]
) -> "tuple[Settings, list[Difference]]":
    from zvon.cli.node import open_node, utc_now
    from zvon.store import data_plan, data_policy
    from zvon.store.visibility import SYSTEM, read

    async with open_node(root, size=1) as context, read(context.pool, SYSTEM) as db:
        folder = context.settings.data_policies
        files = data_policy.configured(folder)
        return context.settings, await data_plan.drift(
            db, files, utc_now(), documents, chosen=folder is not None
        )


async def _loaded(root: Path | None, folder: Path) -> "list[Version]":
    from zvon.cli.node import open_node, utc_now
    from zvon.store import data_policy
    from zvon.store.transaction import transaction

    files = data_policy.read_folder(folder)
    async with open_node(root, size=1) as context, transaction(context.pool, utc_now()) as tx:
        return await data_policy.put(tx, files, utc_now())
