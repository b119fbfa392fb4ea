"""What would leave, before and after, piece by piece (`share_diff.html`)."""

import re
from collections.abc import Sequence

from msgspec import Struct

from zvon.share.release import Share


class Part(Struct, frozen=True):
    """One part of a release: pieces with the state of their span; pieces and whether they are new."""

    name: str
    before: list[tuple[str, str]]
    after: list[tuple[str, bool]]


def diff(share: Share) -> list[Part]:
    """Before and after of each text of a release, piece by piece."""
    parts = []
    after = (share.after or {}).get("parts") or share.preview
    texts: dict[str, str] = share.before.get("parts") or {}
    for name, text in sorted(texts.items(), key=lambda item: not item[0].startswith("message.")):
        spans = sorted((s for s in share.spans if s["part"] == name), key=lambda s: s["start"])
        before: list[tuple[str, str]] = []
        place = 0
        for span in spans:
            before += [(text[place : span["start"]], ""), (span["text"], span["state"])]
            place = span["end"]
        before.append((text[place:], ""))
        new = [s["replacement"] for s in spans if s.get("replacement")]
        parts.append(Part(name, before, _new_pieces(str(after.get(name, "")), new)))
    return parts


def _new_pieces(text: str, replacements: Sequence[str]) -> list[tuple[str, bool]]:
    if not replacements:
        return [(text, False)]
    pattern = "|".join(re.escape(r) for r in sorted(set(replacements), key=len, reverse=True))
    pieces = re.split(f"({pattern})", text)
    return [(p, n % 2 == 1) for n, p in enumerate(pieces) if p]


def hide_open(share: Share) -> dict[str, str]:
    """The decision "hide" for every open place of a release."""
    return {str(n): "hide" for n, s in enumerate(share.spans) if s["state"] == "ask"}
