"""What a field asks for, by its type, its `autocomplete` and the words around it."""

import re
from collections.abc import Mapping

from zvon.formats.page.words import folded, pattern
from zvon.model.page import Asked

MAX_CLUE = 160

_COMPLETE = {
    "one-time-code": Asked.CODE,
    "username": Asked.LOGIN, "email": Asked.LOGIN,
    "current-password": Asked.PASSWORD, "new-password": Asked.PASSWORD,
    "street-address": Asked.ADDRESS, "postal-code": Asked.ADDRESS,
    "bday": Asked.IDENTITY, "bday-day": Asked.IDENTITY, "bday-month": Asked.IDENTITY,
    "bday-year": Asked.IDENTITY,
}  # fmt: skip
_TYPES = {"password": Asked.PASSWORD, "email": Asked.LOGIN, "tel": Asked.PHONE,
          "search": Asked.SEARCH}  # fmt: skip
# Fields that nobody types into.
_SILENT = frozenset({"hidden", "submit", "button", "reset", "image", "checkbox", "radio", "color",
                     "range"})  # fmt: skip
# The first list that a clue is in decides: a card's number is also "a number", its code a code.
_ORDER = (Asked.CARD, Asked.CODE, Asked.IDENTITY, Asked.BANK, Asked.PASSWORD, Asked.LOGIN,
          Asked.PHONE, Asked.ADDRESS, Asked.SEARCH)  # fmt: skip
# A type that says more than a word does, unless the word names a secret of its own.
_STRONG = frozenset({Asked.CARD, Asked.CODE, Asked.IDENTITY, Asked.BANK})


def asked(tag: str, attributes: Mapping[str, str | None], label: str = "") -> Asked | None:
    """What this `input`, `select` or `textarea` asks for; `None` when nobody types there.

    `label` is the text that stands beside it. What the page's maker wrote into names and hints
    weighs less than what the browser is told, and more than nothing.
    """
    kind = (attributes.get("type") or "text").strip().lower() if tag == "input" else tag
    if kind in _SILENT:
        return None
    told = _completed(attributes.get("autocomplete") or "")
    if told is not None:
        return told
    said = _said(attributes, label)
    typed = _TYPES.get(kind)
    if typed is Asked.PASSWORD:
        return said if said in _STRONG else typed
    if kind == "file" and said is not Asked.IDENTITY:
        return Asked.OTHER
    return said or typed or Asked.OTHER


def single_digit(attributes: Mapping[str, str | None]) -> bool:
    """True for one box of a row of boxes, each of which takes one digit of a code."""
    return attributes.get("maxlength") == "1" and (attributes.get("type") or "text") in {
        "text", "tel", "number", "password"}  # fmt: skip


def _completed(autocomplete: str) -> Asked | None:
    words = autocomplete.lower().split()
    if not words:
        return None
    last = words[-1]
    if last.startswith("cc-"):
        return Asked.CARD
    if last.startswith("tel"):
        return Asked.PHONE
    if last.startswith("address-"):
        return Asked.ADDRESS
    return _COMPLETE.get(last)


_SEARCHES = frozenset({"q", "s", "query"})
_ATTRIBUTES = ("name", "id", "placeholder", "aria-label", "title", "data-label")


def _said(attributes: Mapping[str, str | None], label: str) -> Asked | None:
    clues = [attributes.get(each) for each in _ATTRIBUTES]
    text = " | ".join(folded(clue[:MAX_CLUE]) for clue in (*clues, label) if clue)
    if not text:
        return None
    if pattern("asked", "none").search(text):
        return Asked.OTHER
    if {attributes.get("name"), attributes.get("id")} & _SEARCHES:
        return Asked.SEARCH
    for kind in _ORDER:
        if pattern("asked", kind.value).search(text):
            return kind
    return Asked.CARD if re.search(r"\bcard\b", text) else None
