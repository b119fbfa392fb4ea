"""What the pages of intake show: sources that work, fail and ask, deliveries, a document, a collector."""

import json
import os
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from tests.browser.node import Served
from zvon.access import node as identity
from zvon.access.seal import NONCE_BYTES
from zvon.collect.index import index
from zvon.collect.intake import intake
from zvon.collect.take import take
from zvon.model.collector import NextLoss, SourceStatus, Status
from zvon.model.ids import RANDOM_BYTES
from zvon.model.marking import Tlp
from zvon.store import collector, source_change, source_reading
from zvon.store.source_change import NewSource
from zvon.store.transaction import transaction

NAME = "posta-si.dostava-paketa.example"
EVE = "".join(
    json.dumps({
        "timestamp": f"2026-11-22T08:5{n}:00.000000+0100", "flow_id": 1000 + n, "event_type": "alert",
        "src_ip": f"192.0.2.{n}", "src_port": 49152 + n, "dest_ip": "198.51.100.9", "dest_port": 443,
        "proto": "TCP", "tls": {"sni": NAME},
        "alert": {"signature_id": 2026000 + n, "signature": "Lažna stran za plačilo dostave",
                  "category": "Credential Theft", "severity": 1},
    }, ensure_ascii=False) + "\n"
    for n in range(4)
) + '{"timestamp": "2026-11-22T08:59:00", "event_type": "alert", "src_ip": \n'  # fmt: skip
LIST = f"# imena iz prijav\n{NAME}\nnlb-prijava-klik.example\nfurs-vracilo.example\n"
TABLE = (
    "Naslov IP;Prvič viden;Opis\n192.0.2.77;2026-11-20 10:15;skenira\n"
    "192.0.2.78;2026-11-20 11:02;skenira\n198.51.100.4;2026-11-21 07:40;ugiba gesla\n"
)
PROSE = f"""\
Opozorilo o lažnih sporočilih Pošte Slovenije

Od 20. novembra beležimo sporočila SMS, ki prejemnike vabijo na hxxps://{NAME.replace(".", "[.]")}/placilo.
Prava stran je posta.si. Napadalec zahteva podatke o plačilni kartici (T1566.002).

Kazalniki
{NAME.replace(".", "[.]")}
192.0.2[.]44
44d88612fea8a8f36de82e1278abb02f
"""


class Intake(Struct, frozen=True, kw_only=True):
    """Where the pages of intake are."""

    source: UUID
    asks: UUID
    delivery: UUID
    document: UUID
    record: UUID


async def seed_intake(served: Served) -> Intake:
    """Set up sources, let each deliver, and read what came."""
    context, ada = served.context, served.people["ada"]
    key = identity.node_key(context.settings.key_file, os.urandom)

    async def source(
        name: str, kind: str, about: str, every: int | None = None
    ) -> tuple[UUID, int]:
        async with transaction(context.pool, served.now) as tx:
            made = await source_change.create(
                tx, ada, NewSource(name=name, kind=kind, about=about, every_s=every, tlp=Tlp.GREEN),
                key, served.now, os.urandom(RANDOM_BYTES), os.urandom(NONCE_BYTES),
            )  # fmt: skip
        return made.uuid, made.id

    async def deliver(number: int, body: str, name: str) -> UUID:
        made = await take(context, number, body.encode(), name=name)
        [delivery] = await served.column("select id from delivery where uuid = %s", made)
        await intake(context, {"delivery_id": int(delivery)})
        return made

    eve, eve_id = await source("Suricata v Ljubljani", "syslog", "senzor na robu")
    came = await deliver(eve_id, EVE, "eve.json")
    _, list_id = await source("Imena iz prijav", "http", "seznam partnerja", 3600)
    await deliver(list_id, LIST, "names.txt")
    asks, asks_id = await source("Tabele ponudnika", "imap", "", 300)
    await deliver(asks_id, TABLE, "naslovi.csv")
    _, prose_id = await source("Opozorila partnerjev", "folder", "", 60)
    await deliver(prose_id, PROSE, "opozorilo.txt")
    _, away_id = await source("Zunanji tok", "taxii", "", 600)
    async with transaction(context.pool, served.now) as tx:
        await source_reading.failed(tx, away_id, "the server answered 503", served.now, 0.5)
        _, token = await collector.create(
            tx, ada, "SOC Maribor", of=None, applies="", fingerprint="0" * 32, now=served.now,
            random=os.urandom,
        )  # fmt: skip
        there = await collector.enrol(tx, token, os.urandom(32), served.now)
        assert there is not None
        reads = SourceStatus(name="suricata", kind="file", spool=UUID(int=1), n=12, waiting=3400,
                             bytes=812_000, lost=7, problem="no such file")  # fmt: skip
        said = Status(
            nonce="0" * 32, at=served.now + timedelta(hours=2), started_at=served.now,
            version="0.1.0", used=3_900_000_000, most=4 << 30, free=9_000_000_000, level=90,
            next_loss=NextLoss(source="suricata", at=served.now + timedelta(hours=5)),
            sources=(reads,), problems=("the clock is two hours ahead",),
        )  # fmt: skip
        await collector.note_status(tx, there, said, served.now)
    await index(context, {})
    [document] = await served.column("select uuid from record where kind = 'document'")
    [record] = await served.column("select min(uuid::text) from record where kind = 'alert'")
    return Intake(source=eve, asks=asks, delivery=came, document=UUID(str(document)),
                  record=UUID(str(record)))  # fmt: skip
