"""What the pages of phishing intelligence show: looks at pages, watched names, labels, models."""

import os
from datetime import timedelta
from io import BytesIO
from uuid import UUID

from PIL import Image, ImageDraw

from tests.browser.node import Served
from tests.store.world import new_uuid, somebody
from zvon.access import node as identity
from zvon.assess.model import current
from zvon.ml import brand as brands
from zvon.ml import lookalike
from zvon.ml.drift import BINS
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Asked, Capture, Form, Hop, Outcome, PageFacts, Vantage
from zvon.store import capture, evidence, evidence_file, label, model_day, party, watch
from zvon.store.transaction import transaction

URL = "https://posta-si.dostava-paketa.example/i"
NAMES = ("posta-si-carina.example", "nlb-prijava-klik.example", "xn--pota-h6a-si.example",
         "furs-vracilo-davka.example", "www.narocilo.example")  # fmt: skip


def picture() -> bytes:
    """A page that asks for a card, as a phone shows it."""
    drawn = Image.new("RGB", (390, 844), "#ffd200")
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((0, 0, 390, 70), fill="#1a1a1a")
    pen.text((16, 26), "Posta: dostava paketa", fill="white")
    for n, words in enumerate(("Stevilka kartice", "Velja do", "CVV")):
        pen.rectangle((16, 120 + n * 80, 374, 164 + n * 80), fill="white", outline="#888")
        pen.text((24, 134 + n * 80), words, fill="#555")
    out = BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()


async def seed_phishing(served: Served) -> UUID:
    """Fill the node; gives the report of the parcel."""
    context, now = served.context, served.now
    key = identity.node_key(context.settings.key_file, os.urandom)
    [record] = await served.column("select min(record_id) from report")
    [uuid] = await served.column("select uuid from record where id = %s", record)
    record_id, url = int(record), Observable(ObservableType.URL, URL)
    form = Form(asks=(Asked.CARD, Asked.CODE), target="zbiralnik.example",
                target_url="https://zbiralnik.example/in")  # fmt: skip
    facts = PageFacts(hops=(Hop(URL, 302), Hop("https://posta-si.dostava-paketa.example/si", 200,
                                               "http")),
                      status=200, title="Pošta Slovenije – dostava", lang="sl", forms=(form,),
                      text="Vpišite podatke o kartici. Strošek 0,27 EUR.", nodes=120,
                      skeleton="9f2c" * 8)  # fmt: skip
    async with transaction(context.pool, now) as tx:
        shot = await evidence_file.put(tx, key, os.urandom, kind="screenshot", media_type="image/png",
                                  body=picture(), now=now)  # fmt: skip
        looks = [
            Capture(url=URL, stage=3, vantage=Vantage.PLAIN, outcome=Outcome.SEEN, took_ms=210,
                    at=now, facts=PageFacts(hops=(Hop(URL, 200),), status=200, title="Prazno")),
            Capture(url=URL, stage=4, vantage=Vantage.DESKTOP, outcome=Outcome.REFUSED,
                    reason="private", took_ms=12, at=now),
            Capture(url=URL, stage=4, vantage=Vantage.PHONE, outcome=Outcome.SEEN, took_ms=1840,
                    at=now, facts=facts, screenshot=shot.hex(), read="POŠTA dostava paketa"),
        ]  # fmt: skip
        await capture.put(tx, record_id, looks, os.urandom)
        rows = [
            Evidence(observable=url, code=code, value=value, source=source, seen_at=now,
                     stage=stage)
            for stage, code, value, source in (
                (3, EvidenceCode.TITLE, "Prazno", "page"),
                (4, EvidenceCode.FORM, "card", "visual"),
                (4, EvidenceCode.FORM_TARGET, "zbiralnik.example", "visual"),
                (4, EvidenceCode.CLOAK, "form", "visual"),
                (4, EvidenceCode.SKELETON, "9f2c" * 8, "visual"),
            )
        ]  # fmt: skip
        await evidence.put(tx, record_id, rows)
        found = list(lookalike.find(brands.shipped(), NAMES))
        await watch.put_all(tx, found, "list:novi.txt", now, os.urandom)
        said = label.Said(word="malicious", category="phishing", source=label.VERDICT)
        about = [label.Subject(url=f"https://{n}.example/a", score=0.9) for n in range(12)]
        await label.put(tx, said, about, now)
        decides = await current(tx.db)
        model = decides.name if decides else ""
        for days in range(30):
            bins = [0] * BINS
            bins[1], bins[3 if days > 7 else 12] = 30, 12
            await model_day.add(tx, model, (now - timedelta(days=days)).date(),
                                {"deep": bins, "home": [2] * BINS})  # fmt: skip
        await tx.execute(
            "insert into label_task (uuid, observable_id, record_id, cluster, picked, score,"
            " made_at) select %s, id, %s, 'K-26-000001', 'uncertain', 0.9, %s from observable"
            " where value = %s",
            (new_uuid(now), record_id, now, URL),
        )
        bank = await party.put(tx, uuid=new_uuid(now), name="Pošta", kind="post", country="SI")
        await tx.execute("update party set brands = '{si.posta}' where id = %s", (bank.id,))
    served.people["dora"] = await somebody(context.pool, now, bank, "dora", ["desk"])
    return UUID(str(uuid))
