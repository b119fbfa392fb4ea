"""`zvon source`: where a node gets its data from, set up and watched through its API."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, NodeRefused, call
from zvon.config import Settings

app = App(
    name="source", help="Sources: set up, list, pause, read, remove.", help_format="plaintext"
)

# What the address on the command line is called among the settings of a kind.
MAIN = {"http": "url", "taxii": "url", "misp-feed": "url", "folder": "path", "imap": "mailbox",
        "s3": "endpoint", "amqp": "server", "nats": "servers", "kafka": "servers",
        "lmtp": "addresses", "syslog": "peers"}  # fmt: skip
STATE = {"good": "works", "paused": "paused", "failing": "fails", "waiting": "nothing yet"}
MANY = frozenset({"servers", "addresses", "peers", "topics"})

SetFlag = Annotated[
    list[str] | None,
    Parameter(name="--set", help="A setting of its kind, name=value; again for more.", negative=()),
]
SecretFlag = Annotated[
    str | None,
    Parameter(
        name="--secret",
        help="File with password, key or token (- for standard input).",
        allow_leading_hyphen=True,
    ),
]
Every = Annotated[int | None, Parameter(help="Seconds from one reading to the next.")]
Tlp = Annotated[
    Literal["clear", "green", "amber", "amber+strict", "red"] | None,
    Parameter(help="Marking of what says none itself."),
]
Format = Annotated[str | None, Parameter(help="How it is read; without: by content.")]
Zone = Annotated[str | None, Parameter(help="Of times that say none: Europe/Ljubljana.")]
About = Annotated[str | None, Parameter(help="What it is, for people.")]


@app.command(name="list")
def list_all(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """Show every source: how it does, when something last came, what came in seven days."""
    said = call(node, key, "GET", "/sources")
    if json:
        _json(said)
        return
    text = _sentences()
    head = [text(word) for word in
            ("SOURCE", "KIND", "STATE", "LAST DELIVERY", "RECORDS", "QUARANTINED")]  # fmt: skip
    rows = [
        [row["source"]["name"], row["source"]["kind"], text(STATE[row["source"]["state"]]),
         _moment(row["source"]["delivered_at"]), str(row["lately"].get("records", 0)),
         str(row["lately"].get("quarantined", 0))]
        for row in said["sources"]
    ]  # fmt: skip
    _table([head, *rows])
    for row in said["sources"]:
        if row["source"]["problem"]:
            print(f"  {row['source']['name']}: {row['source']['problem']}")


@app.command
def show(
    name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Show the source NAME (or identifier): its settings, its days, its last week."""
    said = call(node, key, "GET", f"/sources/{_id(node, key, name)}")
    if json:
        _json(said)
        return
    _show(said["source"])
    text = _sentences()
    if said["days"]:
        print()
        head = [text(word) for word in
                ("DAY", "DELIVERIES", "RECORDS", "NEW VALUES", "QUARANTINED", "FAILURES")]  # fmt: skip
        _table([head, *([d["day"], *(str(d[k]) for k in (
            "deliveries", "records", "fresh", "quarantined", "failures"))] for d in said["days"])])  # fmt: skip
    if said["weeks"]:
        print()
        _weeks(said["weeks"][:4])


@app.command
def kinds(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """Show the kinds of sources with their settings, and the formats that are read."""
    said = call(node, key, "GET", "/sources/kinds")
    if json:
        _json(said)
        return
    for kind in said["kinds"]:
        needed = set(kind["settings"].get("required", ()))
        names = [n if n in needed else f"[{n}]" for n in kind["settings"].get("properties", {})]
        secret = {"needed": " secret", "optional": " [secret]", "none": ""}[kind["secret"]]
        print(f"{kind['name']}: {' '.join(names)}{secret}\n    {kind['about']}")
    print(_sentences()("Formats: {names}", names=", ".join(said["formats"])))


@app.command
def add(
    name: str, address: str = "", /, *,
    kind: Annotated[str, Parameter(help="What it is; `zvon source kinds` lists them.")],
    set_: SetFlag = None, secret: SecretFlag = None, format: Format = None, every: Every = None,
    tlp: Tlp = None, zone: Zone = None,
    region: Annotated[str | None, Parameter(help="Of telephone numbers without a prefix.")] = None,
    party: Annotated[str | None, Parameter(help="Identifier of the organisation it is of.")] = None,
    about: About = None, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Set up the source NAME; ADDRESS is its URL, folder, mailbox or server.

    A webhook is given a secret when you bring none; it is printed once.
    """
    settings = _settings(set_ or [])
    if address:
        if kind not in MAIN:
            raise NodeRefused(f"a source of the kind {kind} has no address; use --set name=value")
        main = MAIN[kind]
        settings.setdefault(main, [address] if main in MANY else address)
    body = {"name": name, "kind": kind, "settings": settings,
            **_given(secret=_secret(secret), format=format, every_s=every, tlp=tlp, zone=zone,
                     region=region, party=party, about=about)}  # fmt: skip
    said = call(node, key, "POST", "/sources", body)
    if json:
        _json(said)
        return
    _show(said["source"])
    if said["secret"]:
        print(_sentences()("Secret, shown only now: {secret}", secret=said["secret"]))


@app.command
def change(
    name: str, /, *, set_: SetFlag = None, secret: SecretFlag = None, format: Format = None,
    every: Every = None, tlp: Tlp = None, zone: Zone = None, about: About = None,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Change the source NAME (or identifier); what you leave out stays."""
    path = f"/sources/{_id(node, key, name)}"
    body = _given(secret=_secret(secret), format=format, every_s=every, tlp=tlp, zone=zone,
                  about=about)  # fmt: skip
    if set_:
        before = call(node, key, "GET", path)["source"]["settings"]
        body["settings"] = {**before, **_settings(set_)}
    _one(call(node, key, "PATCH", path, body), json=json)


@app.command
def pause(
    name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Take nothing from the source NAME (or identifier) until it is resumed."""
    _one(call(node, key, "POST", f"/sources/{_id(node, key, name)}/pause", {}), json=json)


@app.command
def resume(
    name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Take from the source NAME (or identifier) again, from where it was read."""
    _one(call(node, key, "POST", f"/sources/{_id(node, key, name)}/resume", {}), json=json)


@app.command
def read(
    name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Have the source NAME (or identifier) fetched now."""
    _one(call(node, key, "POST", f"/sources/{_id(node, key, name)}/read", {}), json=json)


@app.command
def remove(name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None) -> None:
    """Take from the source NAME (or identifier) no longer; what it gave stays."""
    call(node, key, "DELETE", f"/sources/{_id(node, key, name)}")


@app.command
def quality(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """Show what every source was worth in its last week, beside the others."""
    said = call(node, key, "GET", "/sources/quality")
    if json:
        _json(said)
        return
    _weeks(said["weeks"])


def _weeks(weeks: list[dict[str, Any]]) -> None:
    text = _sentences()
    head = [text(word) for word in
            ("SOURCE", "WEEK", "NEW VALUES", "ONLY HERE", "BEFORE OTHERS", "DELAY", "RIGHT", "OF")]  # fmt: skip
    _table([head, *(
        [w["source"], w["week"], ("~" if w["sample"] < 1 else "") + str(w["volume"]),
         _share(w["exclusive"]), _share(w["first"]), _span(w["delay_s"]), _share(w["accuracy"]),
         f"{w['good'] + w['bad']:.1f}"]
        for w in weeks
    )])  # fmt: skip


def _one(said: dict[str, Any], *, json: bool) -> None:
    if json:
        _json(said)
    else:
        _show(said)


def _show(one: dict[str, Any]) -> None:
    text = _sentences()
    print(f"{one['name']}  {one['kind']}  {text(STATE[one['state']])}  {one['id']}")
    if one["problem"]:
        print(f"  {one['problem']}")
    for name, value in one["settings"].items():
        print(f"  {name} = {value if isinstance(value, str) else _text(value)}")
    if one["address"]:
        print(text("  sends to {address}", address=one["address"]))
    if one["every_s"]:
        print(text("  fetched every {span}, next {at}", span=_span(one["every_s"]),
                   at=_moment(one["next_at"])))  # fmt: skip
    print(text("  last answer {read}, last delivery {delivered}, lag {lag}",
               read=_moment(one["read_at"]), delivered=_moment(one["delivered_at"]),
               lag=_span(one["lag_s"])))  # fmt: skip


def _id(node: str, key: str | None, name: str) -> str:
    for row in call(node, key, "GET", "/sources")["sources"]:
        if name in {row["source"]["name"], row["source"]["id"]}:
            return str(row["source"]["id"])
    raise NodeRefused(f"there is no source {name!r}")


def _settings(given: list[str]) -> dict[str, Any]:
    """`name=value` pairs; a value that is JSON is one, and a name given twice is a list."""
    import msgspec

    found: dict[str, Any] = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals or not name:
            raise NodeRefused(f"--set {each!r}: expected name=value")
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError:
            value = text
        if name in MANY and not isinstance(value, list):
            value = [*found.get(name, []), str(text)]
        found[name] = value
    return found


def _secret(file: str | None) -> str | None:
    if file is None:
        return None
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    return text.strip()


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _table(rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip())


def _moment(at: str | None) -> str:
    return "-" if at is None else at[:16].replace("T", " ")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _span(seconds: float | None) -> str:
    """A length of time in its largest fitting unit, which all three languages write alike."""
    if seconds is None:
        return "-"
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _sentences() -> Any:
    from zvon.cli.sentence import sentences

    return sentences(Settings().lang)


def _text(value: Any) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()


def _json(said: dict[str, Any]) -> None:
    print(_text(said))
