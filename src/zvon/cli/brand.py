"""`zvon brand`: who is imitated, which names are theirs, and what a name looks like."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.config import Settings

app = App(
    name="brand",
    help="Protected names: who is imitated, which names are theirs.",
    help_format="plaintext",
)

ReasonFlag = Annotated[str, Parameter(help="Why; kept in the audit.")]
LISTS = ("shared", "mail", "senders", "sender_ids", "short_codes", "distinctive", "words", "abroad",
         "context", "called", "exclude", "favicons", "logos", "templates")  # fmt: skip


@app.command(name="list")
def list_all(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List the brands that you may see; `*` marks those whose names are confirmed."""
    said = call(node, key, "GET", "/brands")
    if json:
        _json(said)
        return
    for one in said["brands"]:
        mark = "*" if one["verified_by"] else " "
        print(
            f"{mark} {one['id']:<18} {one['sector']:<12} {one['name']}: {', '.join(one['official'])}"
        )


@app.command
def show(
    brand: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Show all that is known of BRAND (id), its versions, and attacks on it."""
    said = {
        "brand": call(node, key, "GET", f"/brands/{brand}"),
        **call(node, key, "GET", f"/brands/{brand}/versions"),
        **call(node, key, "GET", f"/brands/{brand}/words"),
        **call(node, key, "GET", f"/brands/{brand}/attacks"),
    }
    if json:
        _json(said)
        return
    _row(said["brand"])
    text = _text()
    for one in said["words"]:
        print(
            f"{one['name']}: {text('theirs') if one['ours'] else text('not theirs')} ({one['by']})"
        )
    for one in said["campaigns"]:
        print(text("campaign {number}: {reports} reports, {names} names", number=one["number"],
                   reports=one["reports"], names=one["names"]))  # fmt: skip
    for one in said["names"]:
        print(f"  {one['name']}  {one['reports']}  {one['block'] or '-'}")
    for one in said["versions"]:
        if one["at"]:
            print(
                f"{one['version']:>6}  {one['at'][:16].replace('T', ' ')}  {one['by']}: {one['reason']}"
            )


@app.command
def add(
    file: Annotated[Path, Parameter(help="JSON or TOML with the fields that `show --json` has.")],
    /, *, reason: ReasonFlag, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Add a brand from FILE, or put a whole new row of one."""
    row = _read(file)
    _changed(_put(node, key, row, reason), json=json)


@app.command
def edit(
    brand: str, /, *, reason: ReasonFlag,
    add_to: Annotated[list[str] | None, Parameter(name="--add", help="FIELD=VALUE to add; of a name FIELD is official or hosts.")] = None,
    remove: Annotated[list[str] | None, Parameter(help="FIELD=VALUE to take out.")] = None,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Change BRAND: `--add official=posta.example --remove words=hp`."""
    row = call(node, key, "GET", f"/brands/{brand}")
    for given, take in ((add_to, False), (remove, True)):
        for one in given or ():
            _change(row, one, take=take)
    _changed(_put(node, key, row, reason), json=json)


@app.command
def undo(
    brand: str, /, *, reason: ReasonFlag,
    version: Annotated[int | None, Parameter(help="The version to go back to; 0 is what ships.")] = None,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Go back to the version before the newest, or to the one named."""
    body = {"reason": reason} | ({} if version is None else {"version": version})
    _changed(call(node, key, "POST", f"/brands/{brand}/restoration", body), json=json)


@app.command
def verify(
    brand: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Confirm the official names of BRAND: from now on they clear a report."""
    said = call(node, key, "POST", f"/brands/{brand}/verification", {})
    if json:
        _json(said)
    else:
        _row(said)


@app.command
def say(
    brand: str, name: str, /, *,
    ours: Annotated[bool, Parameter(help="The name is the brand's own.", negative="--not-ours")],
    reason: Annotated[str, Parameter(help="Why; kept in the audit.")] = "",
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Say whether NAME is BRAND's own; its own is never proposed for a block again."""
    body = {"name": name, "ours": ours, "reason": reason}
    _changed(call(node, key, "POST", f"/brands/{brand}/words", body), json=json)


@app.command
def unsay(
    brand: str, name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Take back what was said of NAME."""
    _changed(call(node, key, "DELETE", f"/brands/{brand}/words/{name}"), json=json)


@app.command
def check(
    names: Annotated[list[str], Parameter(help="Names to look at; `-` reads them from standard input.")],
    /, *, json: JsonFlag = False,
) -> int:  # fmt: skip
    """Say whose official names NAMES are, or which brands they use. Needs no node.

    Goes by the registry that ships. Exit code 1 when a name uses a brand.
    """
    import sys

    from zvon.ml.brand import shipped
    from zvon.model.name import BadName, canonical

    given = [line.strip() for line in sys.stdin if line.strip()] if names == ["-"] else names
    hosts: list[str] = []
    for name in given:
        try:
            hosts.append(canonical(name))
        except BadName as problem:
            raise ValueError(f"{name}: {problem}") from None
    matcher = shipped()
    hits = dict(matcher.sweep(hosts))
    found: list[dict[str, Any]] = []
    for at, host in enumerate(hosts):
        owner = matcher.registry.official(host)
        found.append({
            "name": host,
            "official": owner.id if owner else None,
            "hits": [{"brand": h.brand.id, "technique": h.technique.value, "alias": h.alias,
                      "written": h.written} for h in hits.get(at, ())],
        })  # fmt: skip
    if json:
        _json({"names": found})
    else:
        text = _text()
        for one in found:
            said = ", ".join(
                f"{h['brand']} ({h['technique']}: {h['written']})" for h in one["hits"]
            )
            if one["official"]:
                said = text("official name of {brand}", brand=one["official"])
            print(f"{one['name']}: {said or '-'}")
    return 1 if hits else 0


def _put(node: str, key: str | None, row: dict[str, Any], reason: str) -> dict[str, Any]:
    brand = row.get("id")
    if not isinstance(brand, str) or not brand:
        raise ValueError("id: which brand?")
    body = {field: value for field, value in row.items() if field not in {"id", "verified_by"}}
    return call(node, key, "PUT", f"/brands/{brand}", body | {"reason": reason})


def _read(file: Path) -> dict[str, Any]:
    import tomllib

    import msgspec

    text = file.read_text(encoding="utf-8")
    try:
        row = msgspec.json.decode(text) if file.suffix == ".json" else tomllib.loads(text)
    except (msgspec.DecodeError, tomllib.TOMLDecodeError) as problem:
        raise ValueError(f"{file}: {problem}") from None
    if not isinstance(row, dict):
        raise ValueError(f"{file}: one brand with its fields")  # noqa: TRY004 -- of a file
    return row


def _change(row: dict[str, Any], given: str, *, take: bool) -> None:
    field, equals, value = given.partition("=")
    if not equals or field not in {*LISTS, "official", "hosts", "name", "sector", "country"}:
        raise ValueError(f"{given!r}: FIELD=VALUE, with a field that `show` prints")
    if field in {"name", "sector", "country"}:
        row[field] = "" if take else value
    elif field in {"official", "hosts"}:
        names = dict(row[field])
        if take:
            names.pop(value, None)
        else:
            names[value] = "b"
        row[field] = names
    else:
        new: str | int = int(value) if field == "favicons" else value
        kept = [one for one in row[field] if one != new]
        row[field] = kept if take else [*kept, new]


def _changed(said: dict[str, Any], *, json: bool) -> None:
    if json:
        _json(said)
        return
    text = _text()
    _row(said["brand"])
    for warning in said["warnings"]:
        print(text("note: {warning}", warning=warning))
    for name in said["lifted"]:
        print(text("the block of {name} ended", name=name))
    for name in said["blocked"]:
        print(text("{name} is blocked still; the operator's people lift it", name=name))


def _row(brand: dict[str, Any]) -> None:
    text = _text()
    verified = brand["verified_by"]
    print(f"{brand['id']}  {brand['name']}  {brand['country']}  {brand['sector']}")
    print(
        "  " + (text("confirmed by {who}", who=verified) if verified else text("not confirmed yet"))
    )
    for field in ("official", "hosts", *LISTS):
        values = brand[field]
        if values:
            print(f"  {field}: {', '.join(map(str, values))}")


def _text() -> Any:
    from zvon.cli.sentence import sentences

    return sentences(Settings().lang)


def _json(said: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(said).decode())
