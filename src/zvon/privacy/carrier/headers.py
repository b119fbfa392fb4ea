"""The headers of a message on its way to the gate, by the table `data/carrier.toml`.

Of the attacker's message the sender, the way it came and what was proved of it leave; of every
other message only the subject. What names the victim is read and stays.
"""

import re
from email.message import Message
from functools import cache

import msgspec
from msgspec import Struct

from zvon.formats import header, mail
from zvon.model.observable import ObservableType
from zvon.privacy.engine import Part
from zvon.privacy.tables import DATA, read

_RECIPIENTS = frozenset({"to", "cc", "bcc", "delivered-to", "x-original-to", "envelope-to"})
MAX_KNOWN = 2_000
MAX_ROUTE = 20
MAX_SIGNATURES = 5
_SIGNED = re.compile(r"(?i)(?:^|;)d=([a-z0-9.-]{3,253})(?:;|$)")  # RFC 6376, section 3.5
_WHOLE = {
    ObservableType.IPV4: ("sending-ip", "IP"),
    ObservableType.IPV6: ("sending-ip", "IP"),
    ObservableType.DOMAIN: ("sending-host", "HOST"),
}


class Carrier(Struct, frozen=True, forbid_unknown_fields=True):
    """The file `data/carrier.toml`."""

    gate: tuple[str, ...]
    attacker: tuple[str, ...]
    proven: tuple[str, ...]
    known: tuple[str, ...]
    strip: tuple[str, ...]
    text: frozenset[str]
    read: frozenset[str]
    closed: frozenset[str]

    def action(self, name: str) -> str:
        """The name of the list that a header is on; one that nobody listed is `known`."""
        for action in ("gate", "attacker", "proven", "strip"):
            for each in getattr(self, action):
                if name == each or (each[-1] == "*" and name.startswith(each[:-1])):
                    return action
        return "known"


@cache
def carrier() -> Carrier:
    """The shipped table."""
    return msgspec.convert(read(DATA / "carrier.toml"), Carrier)


@cache
def _action(name: str) -> str:
    return carrier().action(name)


class Head(Struct, frozen=True, kw_only=True):
    """A message's headers: what may leave, what is only read, and whose values are known."""

    parts: list[Part]
    known: list[Part]
    attackers: frozenset[str]
    reporters: frozenset[str]


def read_head(message: Message, outer: list[Message], where: str, side: str) -> Head:
    """The headers of `message`, whose parts are named beginning with `where`.

    `side` is `attacker`, `reporter`, or empty when nobody knows whose message it is.
    """
    parts: list[Part] = []
    known: dict[str, list[str]] = {}
    numbers: dict[str, int] = {}
    for name, value in header.fields(message):
        low = name.strip().lower()
        action = _action(low)
        if action == "strip" or not value:
            continue
        leaves = {"gate": True, "attacker": side != "reporter", "proven": side == "attacker"}
        if leaves.get(action, False):
            number = numbers[low] = numbers.get(low, 0) + 1
            own = f"{where}{low}" if number == 1 else f"{where}{low}.{number}"
            parts.append(Part(own, value, "header", side=side if action != "gate" else ""))
        else:
            theirs = "reporter" if low in _RECIPIENTS or side == "reporter" else ""
            known.setdefault(theirs, []).append(value[:MAX_KNOWN])
    attackers: set[str] = set()
    reporters: set[str] = set()
    for mention in mail.header_mentions(message, outer):
        value = mention.observable.value
        if mention.side == "reporter":
            reporters.add(value)
        elif side == "attacker" and mention.observable.type is not ObservableType.EMAIL:
            attackers.add(value)  # of an address the sender is one sign, and may be a victim's own
    if side == "attacker":
        parts += _way(message, outer, where, reporters)
        parts += _proof(message, outer, where)
    # Read together: a header is a line, and what stands in one says who stands in another.
    read_only = [
        Part(
            f"known.{where}{theirs or 'header'}",
            "\n".join(lines),
            "header",
            side=theirs,
            leaves=False,
        )
        for theirs, lines in known.items()
    ]
    return Head(parts=parts, known=read_only, attackers=frozenset(attackers - reporters),
                reporters=frozenset(reporters))  # fmt: skip


def _way(message: Message, outer: list[Message], where: str, ours: set[str]) -> list[Part]:
    """The hosts and addresses that delivered the attacker's mail; ours on the way stay here."""
    parts: dict[str, Part] = {}
    for mention in mail.header_mentions(message, outer):
        value, name = mention.observable.value, _WHOLE.get(mention.observable.type)
        if mention.side == "attacker" and name and value not in ours and value not in parts:
            own = f"{where}{name[0]}.{len(parts) + 1}"
            parts[value] = Part(own, value, "header", side="attacker", whole=name[1])
    return list(parts.values())[:MAX_ROUTE]


def _proof(message: Message, outer: list[Message], where: str) -> list[Part]:
    """What the recipient's server proved of the sender (RFC 8601), and when the mail was sent.

    In UTC: the zone says where the sender's clock stands, and a victim's mail program writes it.
    """
    parts: list[Part] = []
    for i, found in enumerate(mail.authenticity(message, outer), 1):
        parts.append(Part(f"{where}{found.method}.{i}", found.result, "header"))
        if found.domain:
            parts.append(Part(f"{where}{found.method}.{i}.domain", found.domain, "header",
                              side="attacker", whole="DOMAIN"))  # fmt: skip
    for i, field in enumerate(header.all_of(message, "dkim-signature")[:MAX_SIGNATURES], 1):
        signed = _SIGNED.search("".join(field.split()))
        if signed:
            parts.append(Part(f"{where}dkim-domain.{i}", signed[1].lower(), "header",
                              side="attacker", whole="DOMAIN"))  # fmt: skip
    at = header.date(header.one(message, "date"))
    if at is not None:
        parts.append(Part(f"{where}date", f"{at:%Y-%m-%dT%H:%M:%SZ}", "header"))
    return parts
