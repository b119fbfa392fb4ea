"""What the foot of a document carries, so that a later check knows what it was made from.

The foot is one line: kind, country, language, the policy's hash, the hash of what follows from the
policy alone, and the hash of the file before the foot. Whoever edits a document by hand is seen.
"""

import hashlib
import re

import msgspec
from msgspec import Struct

from zvon.privacy.plan.document import Document

_LINE = re.compile(
    r"zvon\.plan/1 kind=(\w+) country=([A-Z]{2}) lang=([a-z]{2})"
    r" policy=([0-9a-f]{64}) content=([0-9a-f]{64}) file=([0-9a-f]{64})"
)


class Foot(Struct, frozen=True, kw_only=True):
    """What a document says of itself. `whole` is false when it was changed after it was made."""

    kind: str
    country: str
    lang: str
    policy_sha256: str
    content_sha256: str
    whole: bool


class NoFoot(ValueError):
    """The file is no document of ours, or its foot was cut off."""


def content_sha256(document: Document) -> str:
    """Hash of all that follows from the policy: equal for equal policies, whatever a node holds."""
    fixed = [b for n, b in enumerate(document.blocks) if n not in document.live]
    return hashlib.sha256(msgspec.json.encode([document.title, fixed])).hexdigest()


def sealed(document: Document, before: str, opening: str, closing: str) -> str:
    """`before` with the foot between the marks of a comment."""
    file = hashlib.sha256(before.encode()).hexdigest()
    line = (
        f"zvon.plan/1 kind={document.kind.value} country={document.country} lang={document.lang}"
        f" policy={document.policy_sha256} content={content_sha256(document)} file={file}"
    )
    return f"{before}{opening}{line}{closing}"


def read_foot(text: str) -> Foot:
    """The foot of a document that was written as HTML or Markdown. Raises `NoFoot`."""
    found = list(_LINE.finditer(text))
    if not found:
        raise NoFoot("no foot of a plan is in this file")
    last = found[-1]
    kind, country, lang, policy, content, file = last.groups()
    before = text[: text.rindex("<!-- ", 0, last.start())] if "<!-- " in text else ""
    return Foot(
        kind=kind, country=country, lang=lang, policy_sha256=policy, content_sha256=content,
        whole=hashlib.sha256(before.encode()).hexdigest() == file,
    )  # fmt: skip
