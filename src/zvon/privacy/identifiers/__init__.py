"""Machine identifiers in a text: addresses, names of hosts, numbers of people, secrets.

One file for each family. More certain shapes come first and keep their place.
"""

from zvon.privacy.identifiers.address import addresses, is_private
from zvon.privacy.identifiers.beside import machines
from zvon.privacy.identifiers.blob import blobs, hides_identifier
from zvon.privacy.identifiers.by_word import by_word
from zvon.privacy.identifiers.digest import digests
from zvon.privacy.identifiers.forged import tokens
from zvon.privacy.identifiers.host import domains, files, fold_host, owner
from zvon.privacy.identifiers.log import lines
from zvon.privacy.identifiers.mail import handles, mails, spaced
from zvon.privacy.identifiers.number import certain, likely
from zvon.privacy.identifiers.path import accounts, paths
from zvon.privacy.identifiers.phone import international, is_home
from zvon.privacy.identifiers.secret import blocks, secrets
from zvon.privacy.identifiers.shape import refang
from zvon.privacy.identifiers.url import host_range, url_host, urls
from zvon.privacy.identifiers.zones import Zones
from zvon.privacy.mentions import Reading
from zvon.privacy.pseudonym import Domain

__all__ = ["detect", "fold_host", "hides_identifier", "host_range", "international", "is_home",
           "is_private",
           "owner", "refang", "url_host"]  # fmt: skip


def detect(reading: Reading, keys: Domain | None = None) -> None:
    """Find every identifier in `reading`.

    With `keys`, a pseudonym that was not made with them is a value of the text like any other;
    without, every text in the form of one is left alone.
    """
    zones = Zones(reading.text)
    tokens(reading, zones, keys)
    blocks(reading)
    if zones.colon or zones.slash or zones.dot:
        urls(reading, zones)
    if zones.at:
        mails(reading, zones)
    if zones.dash:
        spaced(reading)
    if zones.long or zones.colon:
        secrets(reading, zones)
    digests(reading, zones)
    addresses(reading, zones)
    accounts(reading, zones)
    paths(reading, zones)
    files(reading, zones)
    domains(reading, zones)
    certain(reading, zones)
    by_word(reading, zones)
    likely(reading, zones)
    machines(reading)
    lines(reading)
    handles(reading, zones)
    blobs(reading, zones)
