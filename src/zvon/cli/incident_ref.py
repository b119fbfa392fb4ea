"""Incidents as people name them on the command line: by number, as in I-26-000012, or identifier."""

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from cyclopts import Parameter

from zvon.cli.api import call

Number = Annotated[str, Parameter(help="The incident, as in I-26-000012.")]


def place(number: str, node: str, key: str | None) -> str:
    """The path of an incident in the API."""
    try:
        return f"/incidents/{UUID(number)}"
    except ValueError:
        found = call(node, key, "GET", f"/incidents/numbered/{quote(number, safe='')}")
        return f"/incidents/{found['id']}"


def version(path: str, node: str, key: str | None) -> int:
    """The version that a change is made on: how the incident stands now."""
    return int(call(node, key, "GET", f"{path}/life")["version"])


def told(code: str, params: dict[str, Any]) -> str:
    """The sentence of a code in the language of the node; unlike `sentences`, in English too."""
    from zvon.config import Settings
    from zvon.locale import translator
    from zvon.locale.sentence import sentence

    return sentence(translator(Settings().lang), code, params)


def as_json(found: dict[str, Any]) -> None:
    """Print an answer of the API as one line of JSON."""
    import msgspec

    print(msgspec.json.encode(found).decode())
