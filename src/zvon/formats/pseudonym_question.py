"""Questions about pseudonyms between two nodes: what is asked, and what comes back.

A question names a pseudonym that the other node made; a person there answers in words. The value
behind it is never part of an answer.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from zvon.formats.note import PeerError

MAX_TEXT = 1000
MAX_AT_ONCE = 20
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

T = TypeVar("T")
Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Token = Annotated[str, Meta(min_length=17, max_length=200, pattern=r"^[a-z0-9@.-]+\Z")]


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question as it travels."""

    id: UUID
    token: Token
    question: Annotated[str, Meta(min_length=3, max_length=MAX_TEXT)]


class Answered(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of a question; `answer` of a refused one may be a code or empty."""

    id: UUID
    state: Literal["answered", "refused"]
    answer: Text


def read_questions(body: bytes) -> list[Asked]:
    """Read what a partner asks. Raises `PeerError`."""
    return [msgspec.structs.replace(one, question=seen(one.question)) for one in _read(body, Asked)]


def read_answers(body: bytes) -> list[Answered]:
    """Read what a partner answers. Raises `PeerError`."""
    return [msgspec.structs.replace(one, answer=seen(one.answer)) for one in _read(body, Answered)]


def read_ids(body: bytes) -> list[UUID]:
    """Read which answers a partner asks for. Raises `PeerError`."""
    return _read(body, UUID)


def write(rows: Sequence[Asked | Answered | UUID]) -> bytes:
    """The body of a request or an answer."""
    return msgspec.json.encode(list(rows))


def seen(text: str) -> str:
    """The text without characters that nobody sees, which a person could be tricked with."""
    return _UNSEEN.sub("", text).strip()


def _read(body: bytes, kind: type[T]) -> list[T]:
    try:
        rows = msgspec.json.decode(body, type=list[kind])  # type: ignore[valid-type]
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise PeerError("the questions or answers are malformed") from None
    if len(rows) > MAX_AT_ONCE:
        raise PeerError(f"more than {MAX_AT_ONCE} questions or answers")
    return rows
