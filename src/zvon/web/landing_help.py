"""Whom a victim calls: the telephone numbers that the operator of this node wrote down."""

import tomllib
from pathlib import Path

import msgspec
from msgspec import Struct


class BadHelpFile(ValueError):
    """The file of telephone numbers cannot be read; the message says where and why."""


class Bank(Struct, frozen=True, forbid_unknown_fields=True):
    """One number to block a card at; `phone` as people write it, with the country's prefix."""

    name: str
    phone: str

    @property
    def dial(self) -> str:
        """What a telephone dials: digits and the plus sign."""
        return "".join(c for c in self.phone if c.isdigit() or c == "+")


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    bank: tuple[Bank, ...] = ()


def read_help(path: Path | None) -> tuple[Bank, ...]:
    """The numbers in a file of `[[bank]]` tables; none without a file. Raises `BadHelpFile`."""
    if path is None:
        return ()
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(told, _File).bank
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as bad:
        raise BadHelpFile(f"{path}: {bad}") from None
