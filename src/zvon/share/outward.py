"""The ways out of this node and what writes on each: the list that reviews and tests go by.

A writer takes a released value and nothing else, so that mypy stops a text that the gate has not
seen; `tests/house/test_outward.py` compares this list with the source.
"""

from typing import Final

from msgspec import Struct

from zvon.model.disclosure import Door


class Writer(Struct, frozen=True):
    """A function that writes what leaves by a door, and the released value that it takes."""

    door: Door
    module: str
    function: str
    takes: str


WRITERS: Final = (
    Writer(Door.PEER, "share/feed.py", "append", "Released"),
    Writer(Door.PEER, "share/feed.py", "_append", "Released | ReleasedText"),
    Writer(Door.QUESTION, "share/outgoing.py", "release_text", "ReleasedText"),
    Writer(Door.TAKEDOWN, "share/takedown_package.py", "build", "ReleasedText"),
    Writer(Door.NOTICE, "share/url_notice.py", "letter", "ReleasedText"),
    Writer(Door.MAIL, "share/mail_gate.py", "fill", "ReleasedText"),
    Writer(Door.WEBHOOK, "share/webhook.py", "envelope", "ReleasedText"),
    Writer(Door.EXPORT, "share/values.py", "shown", "ReleasedText"),
    Writer(Door.MISP, "share/outgoing.py", "release_item", "ReleasedFiles"),
    Writer(Door.TAXII, "share/outgoing.py", "release_item", "ReleasedFiles"),
)

OWN: Final = frozenset({Door.TAKEDOWN, Door.NOTICE, Door.MAIL, Door.WEBHOOK, Door.EXPORT})
"""Doors with an agreement of their own (`share.doors`); at the others the receiving group's holds."""

MAKERS: Final = frozenset({"share/release.py", "share/outgoing.py", "share/reason.py",
                           "share/values.py"})  # fmt: skip
"""The only files that hold the pass with which a released value is made."""

SENDERS: Final = {
    "share/client.py": "signed requests to partners: hints, acknowledgements, released questions",
    "share/mail_smtp.py": "letters to contacts: `share/mail_out.py` hands it what the gate released",
    "access/oidc_provider.py": "the sign-in provider: the node's own client, a code, no data",
    "collect/mailbox.py": "the answer to whoever reported: their own receipt",
    "collect/signed.py": "collectors and outposts to their own node",
    "collect/collector/client.py": "a collector to its own node",
    "collect/collector/program.py": "a collector to its own node",
    "collect/collector/sender.py": "a collector to its own node",
    "collect/rdap.py": "asks a registry about a name; the handling mark decides",
    "collect/enricher/passive_dns.py": "asks a service about a name; the handling mark decides",
    "dns/outpost.py": "an outpost to its own node",
}
"""The files below the entry layer that open connections of their own, and why each is no way around."""
