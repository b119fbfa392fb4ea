"""Texts in the form of our pseudonyms: ours stay, imitations are values of the text."""

from zvon.privacy.identifiers.shape import put
from zvon.privacy.identifiers.zones import Zones
from zvon.privacy.mentions import Reading
from zvon.privacy.pseudonym import REDACTION, TOKEN, Domain

# What a pseudonym stood for. Its neighbours are judged as they were beside the value itself.
_STANDS_FOR = {"person": "NAME", "org": "ORG", "user": "USER", "host": "HOST", "phone": "PHONE"}


def tokens(reading: Reading, zones: Zones, keys: Domain | None) -> None:
    """Keep what this gate made; take what only looks like it.

    Who could write a pseudonym of a victim into a text would put the victim into the incident.
    """
    for start, end in zones.dash:
        for found in TOKEN.finditer(reading.text, start, end):
            low, high = found.span()
            if keys is not None and not keys.genuine(found[0]):
                put(reading, low, high, "TOKEN", found[0], fixed="remove")
                continue
            kind, owner = _stood_for(found[0])
            if not (kind and put(reading, low, high, kind, found[0], owner=owner, fixed="keep")):
                reading.claim(low, high)
        for found in REDACTION.finditer(reading.text, start, end):
            reading.claim(found.start(), found.end())


def _stood_for(pseudonym: str) -> tuple[str, str]:
    """Type and owner of the value that a pseudonym stands for; no type when nobody asks."""
    _, org, code = pseudonym.rpartition("org-")
    if pseudonym.endswith(".invalid") and org:
        return "EMAIL" if "@" in pseudonym else "HOST", org + code
    return _STANDS_FOR.get(pseudonym.partition("-")[0], ""), ""
