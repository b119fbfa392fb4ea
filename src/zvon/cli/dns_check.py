"""`zvon dns check`: the resolver of a subscriber, asked from this machine."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.cli.dns_kit import put_out
from zvon.cli.dns_subscriber import find
from zvon.cli.sentence import Sentence
from zvon.config import Settings, host_port

if TYPE_CHECKING:
    from zvon.dns.check import CheckReport, Finding, Node

WRONG, UNREACHABLE = 1, 3
_SIGN = {True: "ok  ", False: "BAD ", None: "-   "}


def check(
    name: str,
    /,
    *,
    at: Annotated[
        str | None, Parameter(help="Ask here (host:port), not at its probe address.")
    ] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:
    """Ask the resolver of subscriber NAME whether it does what its kit says, from this machine.

    Moves a serial twice and measures how soon it acts; changes no answer of anybody's. Exit code 0
    when all is well, 1 when something is wrong, 3 when the resolver does not answer.
    """
    one = find(node, key, name)
    one["probe_address"] = at or one["probe_address"]
    report = asyncio.run(_check(one, _node(one, node, key)))
    if json:
        put_out({
            "subscriber": name, "ok": report.ok,
            "findings": [{"code": f.code, "ok": f.ok, "detail": dict(f.detail)}
                         for f in report.findings],
        })  # fmt: skip
    else:
        from zvon.locale import translator

        text = translator(Settings().lang).text
        print(f"{name} ({one['brand']}, {one['mode']}, {one['probe_address'] or '-'})")
        for finding in report.findings:
            _show(finding, text)
    if any(finding.code == "unreachable" for finding in report.findings):
        return UNREACHABLE
    return 0 if report.ok else WRONG


def _show(finding: "Finding", text: Sentence) -> None:
    """One line for what was found, one for what to do when it is bad."""
    name = finding.code.upper()
    print(_SIGN[finding.ok] + text(f"CHECK_{name}", **finding.detail))
    if finding.ok is False:
        print("     -> " + text(f"CHECK_DO_{name}", **finding.detail))


def _node(one: dict[str, Any], node: str, key: str | None) -> "Node":
    import msgspec

    from zvon.dns.check import Node
    from zvon.store.dns_check import Moved, Open, ZoneState

    path = f"/subscribers/{one['id']}/check"

    async def seen() -> tuple[Sequence[ZoneState], Sequence[Open]]:
        await asyncio.sleep(0.5)  # the primary writes what it saw three times a second
        said = await asyncio.to_thread(call, node, key, "GET", path)
        return (msgspec.convert(said["zones"], list[ZoneState]),
                msgspec.convert(said["alerts"], list[Open]))  # fmt: skip

    async def move() -> Moved:
        return msgspec.convert(await asyncio.to_thread(call, node, key, "POST", path), Moved)

    return Node(seen, move)


async def _check(one: dict[str, Any], node: "Node") -> "CheckReport":
    from zvon.dns.ask import Asker
    from zvon.dns.check import Checked
    from zvon.dns.check import check as look

    who = Checked(name=one["name"], brand=one["brand"], mode=one["mode"],
                  known_by=one["known_by"], notify_address=one["notify_address"],
                  probe_address=one["probe_address"], feeds=one["feeds"])  # fmt: skip
    if who.probe_address is None:
        return await look(who, node, None)
    asker = await Asker.to(*host_port(who.probe_address), one["probe_via"])
    try:
        return await look(who, node, asker)
    finally:
        asker.close()
