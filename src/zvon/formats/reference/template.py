"""Object templates: which relations an object has, and what each holds (MISP's `definition.json`)."""

import msgspec
from msgspec import Struct


class BadTemplate(ValueError):
    """It is no object template."""


class _Attribute(Struct):
    type: str = msgspec.field(default="", name="misp-attribute")


class _Definition(Struct):
    name: str
    uuid: str
    version: int | str
    attributes: dict[str, _Attribute]
    meta_category: str = msgspec.field(default="", name="meta-category")


class Template(Struct, frozen=True, kw_only=True):
    """A template: `relations` maps each relation to the type of its attribute."""

    name: str
    uuid: str
    version: str
    category: str
    relations: dict[str, str]


def decode(data: bytes) -> Template:
    """One template. Raises `BadTemplate`."""
    try:
        found = msgspec.json.decode(data, type=_Definition)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise BadTemplate(str(problem)) from None
    return Template(
        name=found.name,
        uuid=found.uuid,
        version=str(found.version),
        category=found.meta_category,
        relations={relation: each.type for relation, each in found.attributes.items()},
    )
