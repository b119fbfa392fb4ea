"""Fields of JSON objects from outside, where anything may stand in place of what should."""

from typing import Any
from uuid import UUID

from msgspec import ValidationError, convert


def text(value: Any) -> str:
    """The text, or an empty one."""
    return value if isinstance(value, str) else ""


def items(value: Any) -> list[Any]:
    """The list, or an empty one."""
    return value if isinstance(value, list) else []


def members(value: Any) -> dict[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def objects_in(value: Any) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [each for each in items(value) if isinstance(each, dict)]


def texts(value: Any) -> list[str]:
    """The texts of a list, or one that stands by itself."""
    if isinstance(value, str):
        return [value]
    return [each for each in items(value) if isinstance(each, str)]


def uuid(value: Any) -> UUID | None:
    """The identifier, or none."""
    if not isinstance(value, str) or not 32 <= len(value) <= 36:
        return None
    try:
        return convert(value, UUID)
    except ValidationError:
        return None


def true(value: Any) -> bool:
    """Whether a flag is set, as JSON, number or word."""
    return value is True or (not isinstance(value, float) and value in (1, "1", "true", "True"))


def at_path(value: Any, *keys: str) -> Any:
    """What stands at `keys`, one inside the other; none when something is missing."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
