"""The rule packs and forms that ship with the product, as they are written."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from zvon.model.obligation_form import Form, parse_form
from zvon.model.rule_pack import Pack
from zvon.model.rule_pack_file import parse


@cache
def pack_texts() -> dict[str, str]:
    """File names and contents of the packs."""
    return _texts(files("zvon.model") / "rules")


@cache
def form_texts() -> dict[str, str]:
    """File names and contents of the forms."""
    return _texts(files("zvon.model") / "rules" / "forms")


@cache
def forms() -> dict[str, Form]:
    """The forms by `id@version`."""
    made = [parse_form(text, file=name) for name, text in form_texts().items()]
    return {each.key: each for each in made}


@cache
def packs() -> dict[str, Pack]:
    """The packs by their id."""
    made = [parse(text, file=name, forms=forms()) for name, text in pack_texts().items()]
    return {each.id: each for each in made}


def _texts(folder: Traversable) -> dict[str, str]:
    return {each.name: each.read_text("utf-8")
            for each in sorted(folder.iterdir(), key=lambda entry: entry.name)
            if each.name.endswith(".toml")}  # fmt: skip
