"""What is attached to a letter: rows of a notice as CSV and X-ARF, or the archive of a takedown.

The rows of a notice are the recipient's own: each value lies in a network or under a name of
theirs, so it may be told to them although it is a victim's. They pass the gate all the same, with a
register that leaves out what is theirs, and a value that the gate changes does not go.
"""

import csv
from datetime import UTC, datetime
from io import StringIO
from uuid import UUID

import msgspec

from zvon.formats import xarf
from zvon.formats.mail import File
from zvon.jobs import Context
from zvon.model.disclosure import Door
from zvon.model.mail_policy import shipped
from zvon.model.marking import Pap, Tlp
from zvon.privacy.engine import Part
from zvon.privacy.facts import Facts
from zvon.share import situation_file
from zvon.share.doors import contact_policy
from zvon.share.ledger import Recipient
from zvon.share.outgoing import key_for_once, release_text
from zvon.store import notice, takedown
from zvon.store.message_send import Claim
from zvon.store.notice import Fact
from zvon.store.transaction import Tx

WHOLE = {"ipv4": "IP", "ipv6": "IP", "url": "URL", "domain": "HOST", "email": "EMAIL"}


async def files_of(tx: Tx, context: Context, it: Claim, now: datetime) -> list[File]:
    """The files of a letter. Raises `NotReleased` when the gate stops them."""
    if it.takedown is not None:
        body = await takedown.archive(tx.db, it.takedown, context.node.key)
        return [File(f"takedown-{it.incident_number or it.takedown}.zip", "application/zip", body)]
    if it.template == situation_file.TEMPLATE:
        return await situation_file.files_of(tx, context, it, now)
    facts = await notice.facts_of_message(tx.db, it.id)
    if not facts:
        return []
    rows = await _released(tx, context, it, facts, now)
    files = [File("notice.csv", "text/csv", _csv(rows))]
    if it.channel == "xarf":
        files += _xarf(rows, context)
    return files


async def _released(
    tx: Tx, context: Context, it: Claim, facts: list[Fact], now: datetime
) -> list[Fact]:
    policy = contact_policy(Tlp(it.clearance), [Tlp(it.tlp)], [Pap(it.pap)])
    own = Facts(attackers=frozenset(fact.value for fact in facts))
    said = await release_text(
        tx,
        [Part(f"row.{n}", fact.value, side="attacker", optional=True, whole=WHOLE.get(fact.type, ""))
         for n, fact in enumerate(facts)],
        Recipient(door=Door.MAIL, name=it.address.rpartition("@")[2], subject=f"notice {it.uuid}",
                  record_id=it.record_id),
        now, facts=own, policy=policy, keys=key_for_once(policy, context.random), by=it.by_login,
        random=context.random,
    )  # fmt: skip
    return [
        msgspec.structs.replace(fact, value=said.texts[f"row.{n}"])
        for n, fact in enumerate(facts)
        if f"row.{n}" in said.whole
    ]


def _csv(rows: list[Fact]) -> bytes:
    """Rows for a table program; a value that it would take for a formula is quoted as text."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["time_first", "time_last", "class", "type", "value", "count", "reference"])
    for row in rows:
        value = f"'{row.value}" if row.value[:1] in "=+-@\t" else row.value
        writer.writerow([_time(row.first_at), _time(row.last_at), row.of_class, row.type, value,
                         row.count, row.incident_number or ""])  # fmt: skip
    return out.getvalue().encode()


def _xarf(rows: list[Fact], context: Context) -> list[File]:
    """One X-ARF report for each page, as far as the format has a type for it."""
    contact = context.settings.contact
    files: list[File] = []
    for row in rows:
        if contact is None or row.of_class not in xarf.TYPES or row.type != "url":
            continue
        content = xarf.Content(
            category=row.of_class, url=row.value, source=row.value.split("/")[2],
            seen_at=row.last_at, description=f"{row.of_class}: {row.incident_number or ''}",
        )  # fmt: skip
        made = xarf.encode(
            content, xarf.Desk(context.node.name, contact), [],
            UUID(bytes=context.random(16), version=4),
        )  # fmt: skip
        files.append(File(f"report-{len(files) + 1}.xarf.json", "application/json", made))
        if len(files) == shipped().notice.most_reports:
            break
    return files


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
