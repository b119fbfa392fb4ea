"""Anything that is to leave, opened: texts for the gate, and what may leave put together from them.

`pass_item` is the same for every kind: through the gate, rebuilt, and the final bytes of each file
searched for what may not be in them. A hit stops the item.
"""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from zvon.model.policy import Policy
from zvon.privacy.carrier.final import readings
from zvon.privacy.carrier.mail_out import rebuilt
from zvon.privacy.decision import joined
from zvon.privacy.engine import Outcome, Part, Status, share_text
from zvon.privacy.facts import Facts
from zvon.privacy.mail import Opened
from zvon.privacy.pseudonym import Domain
from zvon.privacy.residue import Residue, scan
from zvon.privacy.structured.item import decode, encode, open_item

READ = "shared.txt"
"""Holds the very text that `share_text` has searched."""
_LABEL = re.compile(r"(?i)\b(TLP|PAP)\s*:\s*([A-Z]+(?:\+STRICT)?)")
Write = Callable[[Outcome, Domain], dict[str, bytes]]


class BadItem(ValueError):
    """The item cannot be read, or is beyond the limits; the message holds nothing of it."""


class Item(Struct, frozen=True, kw_only=True):
    """An item of a `kind`, opened. `write` gives the files that may leave, and is also asked for a
    preview, with `Outcome.shared` empty. `withheld` names what never leaves. `attackers` and
    `reporters` are values whose side the format tells; `markings` those that the format carries.
    """

    kind: str
    parts: tuple[Part, ...]
    write: Write
    attackers: frozenset[str] = frozenset()
    reporters: frozenset[str] = frozenset()
    withheld: tuple[str, ...] = ()
    markings: tuple[str, ...] = ()


class Passed(Struct, frozen=True, kw_only=True):
    """What the gate made of an item: the outcome, and the files that leave (none unless released)."""

    outcome: Outcome
    files: dict[str, bytes]
    preview: str


def text_item(raw: bytes) -> Item:
    """A text in UTF-8. Raises `BadItem`."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise BadItem(f"the input is not UTF-8 (byte {problem.start})") from None
    return Item(kind="txt", parts=(Part("text", text),), write=_text)


def mail_item(
    opened: Opened, beside: tuple[Part, ...] = (), stays: tuple[str, ...] | None = None
) -> Item:
    """A mail. `beside` are the parts of its files and `stays` what was not read of them; without
    both its files stay unopened.
    """
    closed = tuple(f"{file.part}: {file.media_type}" for file in opened.files)
    return Item(
        kind="eml", parts=(*opened.parts, *beside, *opened.known), write=_mail,
        attackers=opened.attackers, reporters=opened.reporters,
        withheld=(*opened.withheld, *(closed if stays is None else stays)),
    )  # fmt: skip


def structured_item(raw: bytes, kind: str) -> Item:
    """MISP, STIX, EVE, alerts, other JSON, or a table. Raises `BadStructure`."""
    found = open_item(decode(raw, kind), kind)
    name = "shared.csv" if kind == "csv" else "shared.json"

    def write(outcome: Outcome, keys: Domain) -> dict[str, bytes]:
        return {name: encode(found.build(outcome, keys))}

    return Item(kind=kind, parts=tuple(found.parts), write=write, withheld=tuple(found.dropped),
                markings=tuple(found.markings))  # fmt: skip


def pass_item(
    item: Item, *, facts: Facts, policy: Policy, keys: Domain,
    overrides: Mapping[int, str] | None = None,
) -> Passed:  # fmt: skip
    """Send an item through the gate and put together what may leave. Raises `BadOverride`."""
    facts = replace(
        facts,
        attackers=facts.attackers | (item.attackers - item.reporters),
        reporters=facts.reporters | item.reporters,
    )
    outcome = share_text(item.parts, facts=facts, policy=policy, keys=keys, overrides=overrides)
    if outcome.status is Status.RELEASED:
        return checked(outcome, item.write(outcome, keys))
    return Passed(outcome=outcome, files={}, preview=_preview(item, outcome, keys))


def checked(outcome: Outcome, files: dict[str, bytes]) -> Passed:
    """The files as they may leave, when nothing that may not is found in their bytes."""
    hits = tuple(
        dict.fromkeys(
            hit
            for name, body in files.items()
            if name != READ
            for hit in scan("\n\x00\n".join(readings(name, body)), outcome.originals).hits
        )
    )
    if hits:
        residue = Residue(outcome.residue.transforms, hits)
        outcome = replace(outcome, status=Status.RESIDUE, residue=residue, shared={}, vault={})
        return Passed(outcome=outcome, files={}, preview=joined(outcome.preview))
    first = next(iter(files.values()), b"")
    return Passed(outcome=outcome, files=files, preview=first.decode("utf-8", "surrogatepass"))


def _preview(item: Item, outcome: Outcome, keys: Domain) -> str:
    """What people look at while an item is held: questions show their type only."""
    if item.kind in {"txt", "eml"}:
        return joined(outcome.preview)
    files = item.write(outcome, keys)
    return next(iter(files.values()), b"").decode("utf-8", "replace")


def _text(outcome: Outcome, keys: Domain) -> dict[str, bytes]:
    text = joined(outcome.shared or outcome.preview)
    return {READ: text.encode("utf-8", "surrogatepass")}


def _mail(outcome: Outcome, keys: Domain) -> dict[str, bytes]:
    texts = outcome.shared or outcome.preview
    return {**_text(outcome, keys), "shared.eml": rebuilt(texts)}


def markings(item: Item) -> dict[str, list[str]]:
    """The labels that stand in an item's texts, by system (`TLP`, `PAP`), and those of its format."""
    labels: dict[str, list[str]] = {"TLP": list(item.markings), "PAP": []}
    for part in item.parts:
        for found in _LABEL.finditer(part.text):
            labels[found[1].upper()].append(found[2])
    return labels
