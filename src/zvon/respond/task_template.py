"""Task templates: what to do about a kind of incident, as data (`task_templates.toml`)."""

import tomllib
from functools import cache
from importlib import resources

import msgspec
from msgspec import Struct


class NoTemplate(LookupError):
    """There is no such template."""


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """One task: the message id of what to do, when it is due after it was made, what comes first."""

    id: str
    code: str
    due_minutes: int | None = None
    after: tuple[str, ...] = ()


class Template(Struct, frozen=True, forbid_unknown_fields=True, rename={"steps": "step"}):
    """Tasks that belong together; offered first for incidents of its `categories`."""

    name: str
    categories: tuple[str, ...]
    steps: tuple[Step, ...]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    template: tuple[Template, ...]


@cache
def templates() -> tuple[Template, ...]:
    """All templates, in the order of the file."""
    text = resources.files("zvon.respond").joinpath("task_templates.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _File).template


def template(name: str) -> Template:
    """The template called `name`. Raises `NoTemplate`."""
    for each in templates():
        if each.name == name:
            return each
    raise NoTemplate(f"no template is called {name!r}")


def for_category(category: str | None) -> list[Template]:
    """The templates, those made for this category first."""
    return sorted(templates(), key=lambda each: category not in each.categories)
