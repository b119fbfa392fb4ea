"""The playbooks that come with the program, in the language of the node."""

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from zvon.formats.cacao import extension
from zvon.formats.cacao.document import read_playbook
from zvon.model.playbook import Playbook

TEXTS = "texts"


@cache
def shipped(lang: str) -> tuple[Playbook, ...]:
    """All of them, by file name. Questions and letters are in `lang` where there is such a text.

    Names of playbooks and steps stay in all languages: each reader sees their own.
    """
    folder = files("zvon.respond") / "playbooks"
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".json")),
                   key=lambda each: each.name)  # fmt: skip
    return tuple(read_playbook(_spoken(each.read_bytes(), lang))[0] for each in found)


def _spoken(raw: bytes, lang: str) -> bytes:
    """The document with the texts of one language in its arguments; the others are left out."""
    document: dict[str, Any] = msgspec.json.decode(raw)
    for step in document["workflow"].values():
        mine = step.get("step_extensions", {}).get(extension.ID, {})
        texts = mine.pop(TEXTS, {})
        if lang in texts:
            mine["args"] = {**mine["args"], **texts[lang]}
    return msgspec.json.encode(document)
