"""Documents whose values a person labelled: `{a domain|evil[.]example}` is one of the attacker's.

`python -m tests.privacy.roles` prints them as the gold file of `zvon text eval`.
"""

import re
import sys
from hashlib import md5, sha1, sha256
from pathlib import Path

import msgspec

from zvon.cli.text_eval import GoldMention, GoldText
from zvon.formats.defang import refang
from zvon.model.observable import ObservableType, canonical
from zvon.model.role import Role

DOCUMENTS = Path(__file__).parent / "documents"
_MARK = re.compile(r"\{([abfnruvy]) ([a-z0-9_]+)\|([^{}]*)\}")
_ROLE = {
    "a": Role.ATTACKER, "v": Role.VICTIM, "r": Role.REPORTER, "y": Role.BYSTANDER,
    "n": Role.INFRASTRUCTURE, "b": Role.BRAND, "f": Role.REFERENCE, "u": Role.UNSURE,
}  # fmt: skip
_DIGEST = {"md5": md5, "ja3": md5, "imphash": md5, "sha1": sha1, "sha256": sha256}
_TYPE = {"btc": "wallet", "onion": "domain"}


def read() -> list[GoldText]:
    """Every labelled document; `#7` stands for a digest nobody has to write out."""
    texts = []
    for path in sorted(DOCUMENTS.glob("*.txt")):
        blocks = re.split(r"^== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        for block in blocks:
            head, _, body = block.partition("\n")
            name, lang = head.split()
            texts.append(labelled(name, lang, body.rstrip("\n")))
    return texts


def labelled(name: str, lang: str, marked: str) -> GoldText:
    """One document from its marked text."""
    text, at, mentions = "", 0, []
    for found in _MARK.finditer(marked):
        text += marked[at : found.start()]
        role, kind, raw = found.groups()
        if raw.startswith("#"):
            raw = _DIGEST[kind](raw.encode()).hexdigest()
        whole = ObservableType(_TYPE.get(kind, kind))
        live = refang(raw) if whole.value in {"url", "domain", "email", "ipv4", "ipv6"} else raw
        region = "HR" if lang == "hr" else "SI"
        value = canonical(whole, live, region=region).value
        mentions.append(GoldMention(len(text), len(text) + len(raw), kind, value, _ROLE[role]))
        text += raw
        at = found.end()
    return GoldText(text=text + marked[at:], mentions=tuple(mentions), id=name, lang=lang)


if __name__ == "__main__":
    for text in read():
        sys.stdout.buffer.write(msgspec.json.encode(text) + b"\n")
