"""Texts in the form of our pseudonyms: ours are left alone, imitations are values of the text."""

from zvon.privacy.identifiers.shape import put
from zvon.privacy.identifiers.zones import Zones
from zvon.privacy.mentions import Reading
from zvon.privacy.pseudonym import REDACTION, TOKEN, Domain


def tokens(reading: Reading, zones: Zones, keys: Domain | None) -> None:
    """Claim the place of what this gate made; take what only looks like it.

    Who could write a pseudonym of a victim into a text would put the victim into the incident.
    """
    for start, end in zones.dash:
        for found in TOKEN.finditer(reading.text, start, end):
            if keys is None or keys.genuine(found[0]):
                reading.claim(found.start(), found.end())
            else:
                put(reading, found.start(), found.end(), "TOKEN", found[0], fixed="remove")
        for found in REDACTION.finditer(reading.text, start, end):
            reading.claim(found.start(), found.end())
