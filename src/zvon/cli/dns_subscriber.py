"""`zvon dns subscriber`: who takes the feeds, in which mode, with which key and exceptions."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, NodeRefused, call
from zvon.cli.dns_kit import API_KEY, put_out, write_files
from zvon.cli.sentence import sentences
from zvon.config import Settings

app = App(name="subscriber", help="Who takes the feeds.", help_format="plaintext")
key_app = App(name="key", help="The key that signs transfers.", help_format="plaintext")
allow_app = App(name="allow", help="Names that it alone never wants blocked.",
                help_format="plaintext")  # fmt: skip
app.command(key_app)
app.command(allow_app)

LIST_KEY_DAYS = 365

OutFlag = Annotated[Path | None, Parameter(help="Folder for the files of the kit.")]
ResolverFlag = Annotated[
    str,
    Parameter(
        name=["--resolver", "--brand"],
        help="bind, unbound, pdns, kresd, knot, nsd, windows, pfsense, opnsense or proof.",
    ),
]


@app.command
def add(
    name: str,
    /,
    *,
    resolver: ResolverFlag,
    address: Annotated[str, Parameter(help="Where its transfers come from.")] = "127.0.0.1",
    feed: Annotated[
        tuple[str, ...], Parameter(help="Feeds, in the order in which it looks at them.")
    ] = (),
    notify: Annotated[str | None, Parameter(help="host:port for NOTIFY; ADDRESS:53.")] = None,
    probe: Annotated[str | None, Parameter(help="host:port that our probe may ask.")] = None,
    relay: Annotated[bool | None, Parameter(help="An Unbound behind the NSD of its kit.")] = None,
    mode: Annotated[str, Parameter(help="log-only or enforce.")] = "log-only",
    out: OutFlag = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Add a resolver and write its configuration; the secret is shown this once."""
    host = f"[{address}]" if ":" in address else address
    body = {"name": name, "brand": resolver, "address": address, "mode": mode,
            "notify_address": notify or f"{host}:53", "probe_address": probe,
            "relay": relay, "feeds": list(feed) or None}  # fmt: skip
    made = call(node, key, "POST", "/subscribers", body)
    made["kit"] = _with_list_key(node, key, made)
    if json:
        put_out(made)
        return
    write_files(made["kit"], out, made["secret"])
    text = sentences(Settings().lang)
    print(text("{name}: added in mode {mode}. Next: install the files (README.txt), then run",
               name=name, mode=made["mode"]))  # fmt: skip
    print(f"  zvon dns check {name}")


@app.command(name="list")
def list_subscribers(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List all subscribers."""
    said = call(node, key, "GET", "/subscribers")
    if json:
        put_out(said)
        return
    for one in said["subscribers"]:
        feeds = ",".join(one["feeds"])
        print(f"{one['name']:<20} {one['brand']:<8} {one['mode']:<9} {one['address']:<16}"
              f" {feeds:<12} {one['party']}")  # fmt: skip


@app.command
def show(
    name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Show a subscriber with what it holds of each zone."""
    one = find(node, key, name)
    seen = call(node, key, "GET", f"/subscribers/{one['id']}/check")
    if json:
        put_out(one | seen)
        return
    for field in ("brand", "mode", "address", "known_by", "notify_address", "probe_address"):
        print(f"{field:<15} {one[field] if one[field] is not None else '-'}")
    print(f"{'feeds':<15} {', '.join(one['feeds'])}")
    text = sentences(Settings().lang)
    for zone in seen["zones"]:
        held = zone["asked"] if zone["asked"] is not None else zone["sent"]
        print(f"{zone['zone']:<30} "
              + text("serial {shown}, ours {serial}", shown=held or "-", serial=zone["serial"]))  # fmt: skip
    for alert in seen["alerts"]:
        print(f"! {alert['cause']} {alert['zone'] or ''} {alert['opened_at'][:19]}")


@app.command
def mode(
    name: str,
    mode: str,
    /,
    *,
    out: OutFlag = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> None:
    """Switch NAME to `enforce` or back to `log-only`, and write the configuration for it."""
    one = find(node, key, name)
    said = call(node, key, "POST", f"/subscribers/{one['id']}/mode", {"mode": mode})
    write_files(said["kit"], out)
    text = sentences(Settings().lang)
    print(text("{name}: {mode}. Its resolver goes on as before until these files are installed.",
               name=name, mode=mode))  # fmt: skip


@app.command
def feeds(
    name: str,
    feeds: tuple[str, ...],
    /,
    *,
    out: OutFlag = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> None:
    """Let NAME take these feeds, in this order, and write the configuration for it."""
    one = find(node, key, name)
    said = call(node, key, "PUT", f"/subscribers/{one['id']}/feeds", {"feeds": list(feeds)})
    write_files(said["kit"], out)


@app.command
def remove(name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None) -> None:
    """Stop serving NAME; its keys end at once, its resolver keeps the last zones for a week."""
    one = find(node, key, name)
    call(node, key, "DELETE", f"/subscribers/{one['id']}")


@key_app.command
def rotate(
    name: str,
    /,
    *,
    out: OutFlag = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Give NAME a second key and write the files with it; the older key works until `key end`."""
    one = find(node, key, name)
    if one["known_by"] == "export":
        kit = call(node, key, "GET", f"/subscribers/{one['id']}/kit")["kit"]
        write_files(_with_list_key(node, key, one | {"kit": kit}), out)
        return
    made = call(node, key, "POST", f"/subscribers/{one['id']}/key")
    if json:
        put_out(made)
        return
    write_files(made["kit"], out, made["secret"])
    text = sentences(Settings().lang)
    print(text("Both keys work. When the new files are installed and the check is good, run"))
    print(f"  zvon dns subscriber key end {name}")


@key_app.command
def end(name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None) -> None:
    """End all keys of NAME but the newest."""
    one = find(node, key, name)
    said = call(node, key, "DELETE", f"/subscribers/{one['id']}/key/old")
    print(said["ended"])


@allow_app.command(name="list")
def allowed(name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None) -> None:
    """List the names that NAME never wants blocked."""
    one = find(node, key, name)
    for each in call(node, key, "GET", f"/subscribers/{one['id']}/exceptions")["exceptions"]:
        print(each)


@allow_app.command(name="add")
def allow(
    name: str, names: tuple[str, ...], /, *, node: NodeFlag = NODE, key: KeyFlag = None
) -> None:
    """Never block these names (and all below them) at NAME, whatever the feeds say."""
    _edit(node, key, name, lambda now: sorted({*now, *names}))


@allow_app.command(name="remove")
def disallow(
    name: str, names: tuple[str, ...], /, *, node: NodeFlag = NODE, key: KeyFlag = None
) -> None:
    """Take names from those that NAME never wants blocked."""
    _edit(node, key, name, lambda now: [one for one in now if one not in names])


def _with_list_key(node: str, key: str | None, made: dict[str, Any]) -> list[dict[str, str]]:
    """The kit, with a new key in it that fetches lists, for those who take lists."""
    files: list[dict[str, str]] = made["kit"]
    if made["known_by"] != "export":
        return files
    body = {"name": f"{made['name']} lists", "days": LIST_KEY_DAYS}
    new = call(node, key, "POST", f"/subscribers/{made['id']}/list-keys", body)["key"]
    return [file | {"text": file["text"].replace(API_KEY, new)} for file in files]


def _edit(node: str, key: str | None, name: str, change: Any) -> None:
    path = f"/subscribers/{find(node, key, name)['id']}/exceptions"
    now = call(node, key, "GET", path)["exceptions"]
    for each in call(node, key, "PUT", path, {"exceptions": change(now)})["exceptions"]:
        print(each)


def find(node: str, key: str | None, name: str) -> dict[str, Any]:
    """The subscriber NAME as the API shows it. Raises `NodeRefused`."""
    for one in call(node, key, "GET", "/subscribers")["subscribers"]:
        if one["name"] == name:
            return dict(one)
    raise NodeRefused(f"there is no subscriber {name!r}")
