"""Every kind of source, by name; one file each."""

from functools import cache

from zvon.collect.source.amqp import AMQP
from zvon.collect.source.folder import FOLDER
from zvon.collect.source.http import HTTP
from zvon.collect.source.kafka import KAFKA
from zvon.collect.source.kind import BadSettings, Kind
from zvon.collect.source.lmtp import LMTP
from zvon.collect.source.mailbox import IMAP
from zvon.collect.source.misp_feed import MISP_FEED
from zvon.collect.source.nats import NATS
from zvon.collect.source.s3 import BUCKET
from zvon.collect.source.sent import API
from zvon.collect.source.syslog import SYSLOG
from zvon.collect.source.taxii import TAXII
from zvon.collect.source.webhook import WEBHOOK
from zvon.extend import extensions

SHIPPED = (
    HTTP,
    FOLDER,
    BUCKET,
    IMAP,
    TAXII,
    MISP_FEED,
    API,
    WEBHOOK,
    SYSLOG,
    LMTP,
    NATS,
    KAFKA,
    AMQP,
)


@cache
def kinds() -> dict[str, Kind]:
    """The shipped kinds and those of installed packages, by name; ours win."""
    return extensions("zvon.sources") | {each.name: each for each in SHIPPED}


def kind(name: str) -> Kind:
    """The kind of this name. Raises `BadSettings`, which names all of them."""
    try:
        return kinds()[name]
    except KeyError:
        raise BadSettings(f"kind: expected one of {', '.join(sorted(kinds()))}") from None
