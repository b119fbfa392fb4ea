"""`zvon incident class`: of what kind incidents are, and taxonomies of countries."""

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.cli.incident_ref import Number, as_json, place, told

app = App(name="class", help="Of what kind an incident is.", help_format="plaintext")
Taxonomy = Annotated[str, Parameter(help="rsit, attack, or one that was loaded.")]


@app.command
def show(number: Number, /, *, node: NodeFlag = NODE, key: KeyFlag = None,
         json: JsonFlag = False) -> None:  # fmt: skip
    """Show who says what about its kind, what is suggested, and what resembles it."""
    found = call(node, key, "GET", f"{place(number, node, key)}/classes")
    if json:
        as_json(found)
        return
    _print(found)


@app.command
def say(
    number: Number,
    terms: Annotated[list[str], Parameter(help="Terms, the main one first, as in fraud/phishing.")],
    /,
    *,
    taxonomy: Taxonomy = "rsit",
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Say of what kind it is; a person's word beats every rule. No term takes it back."""
    body = {"taxonomy": taxonomy, "terms": terms}
    found = call(node, key, "POST", f"{place(number, node, key)}/classes", body)
    if json:
        as_json(found)
        return
    _print(found)


@app.command
def load(
    file: Annotated[Path, Parameter(help="TOML: name, version, country, and [[terms]].")],
    /,
    *,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> int:
    """Take a taxonomy of a country or sector into use, each term with its types of RSIT."""
    import tomllib

    try:
        body = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        print(f"{file}: {problem}", file=sys.stderr)
        return 2
    made = call(node, key, "POST", "/taxonomies", body)
    print(f"{made['name']}: {made['terms']} terms in use")
    return 0


def _print(found: dict[str, Any]) -> None:
    for one in found["classes"]:
        why = told(one["reason"]["code"], one["reason"]["params"]) if one["reason"] else ""
        print(
            f"  {one['taxonomy']}:{one['term']:<48} {one['login'] or 'a rule':<12} {why}".rstrip()
        )
    for name, terms in found["national"].items():
        if terms:
            print(f"  {name}: {', '.join(terms)}")
    for one in found["suggestions"]:
        print(
            f"  suggested: {one['what']} {one['value']} (p {one['probability']:.2f}, {one['model']})"
        )
    for one in found["similar"]:
        was = one["alert_verdict"] or one["verdict"] or "not decided"
        print(f"  like {one['number']}: {was}; both have {', '.join(one['shared'])}")
    if not any(found.values()):
        print("no rule knows its kind yet")
