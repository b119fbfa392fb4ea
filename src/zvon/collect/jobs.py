"""The jobs of this package, by the names under which they are enqueued."""

from datetime import timedelta

from zvon.collect.contact import ask as ask_contact
from zvon.collect.decode import decode
from zvon.collect.enrich import enrich
from zvon.collect.index import index
from zvon.collect.intake import AT_ONCE, intake
from zvon.collect.look import look
from zvon.collect.look_page import fetch_pages
from zvon.collect.mailbox import poll, poll_messages, tell
from zvon.collect.message import look as read_message
from zvon.collect.names import read_source, tick
from zvon.collect.render_page import render_pages
from zvon.collect.source.pull import pull_one
from zvon.collect.source.pull import tick as pull
from zvon.collect.source.quality import weigh
from zvon.collect.watch import escalate
from zvon.collect.watch import look as look_at_watched
from zvon.jobs import Handler

JOBS: dict[str, Handler] = {
    "collect.contact": ask_contact,
    "collect.decode": decode,
    "collect.enrich": enrich,
    "collect.fetch": fetch_pages,
    "collect.index": index,
    "collect.intake": intake,
    "collect.look": look,
    "collect.mailbox": poll,
    "collect.mail_reply": tell,
    "collect.message": read_message,
    "collect.message_mailbox": poll_messages,
    "collect.pull": pull,
    "collect.pull_one": pull_one,
    "collect.quality": weigh,
    "collect.render": render_pages,
    "collect.sources": tick,
    "collect.source": read_source,
    "collect.watch": look_at_watched,
    "collect.escalate": escalate,
}
SCHEDULE: dict[str, timedelta] = {
    "collect.index": timedelta(seconds=5),
    "collect.intake": timedelta(seconds=15),
    "collect.mailbox": timedelta(seconds=15),
    "collect.mail_reply": timedelta(seconds=10),
    "collect.message": timedelta(minutes=5),
    "collect.message_mailbox": timedelta(seconds=15),
    "collect.pull": timedelta(seconds=5),
    "collect.quality": timedelta(days=1),
    "collect.sources": timedelta(seconds=10),
    "collect.watch": timedelta(minutes=1),
}
# How many of a kind run at the same time, so that nothing else waits for them.
LIMITS: dict[str, int] = {"collect.intake": AT_ONCE}
