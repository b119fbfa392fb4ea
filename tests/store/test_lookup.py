"""Many values at once: each answered for what the viewer may know of it, in the order given."""

from datetime import datetime, timedelta

import pytest

from tests.store.findable import LIST, SENSOR, Said, T, node, put
from tests.store.world import reported
from zvon.access.viewer import Viewer
from zvon.formats.pasted import pasted
from zvon.model.marking import Tlp
from zvon.model.observable import Observable
from zvon.model.verdict import VerdictWord
from zvon.store.ingest import REPORTER, SAID, Sighted, occurrences
from zvon.store.lookup import Known, Listed, distinct, lookup
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import read

DAY = timedelta(days=1)
MD5 = "d41d8cd98f00b204e9800998ecf8427e"
POSTA = Observable(T.DOMAIN, "posta-si.example")


async def known(
    pool: Pool, who: Viewer, now: datetime, text: str, listed: Listed | None = None
) -> list[Known]:
    async with read(pool, who) as db:
        return await lookup(db, who, distinct(pasted(text), 1000), now, listed=listed)


async def test_values_are_answered_in_order(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    await put(
        pool, now, world,
        Said(values=[(T.DOMAIN, POSTA.value, 1)], age=DAY),
        Said(values=[(T.DOMAIN, POSTA.value, 1)], source=SENSOR, tlp=Tlp.AMBER),
        Said(values=[(T.JA3, MD5, 1)]),
        Said(values=[(T.CIDR, "192.0.2.0/24", 1), (T.CIDR, "2001:db8::/32", 1)]),
        Said(values=[(T.CIDR, "192.0.0.0/16", 1)], tlp=Tlp.AMBER),
    )  # fmt: skip
    text = f"neznano.test\nposta-si[.]example\n{MD5}\n192.0.2.9\n2001:db8::1"
    none, posta, ja3, v4, v6 = await known(pool, world.ana, now, text)
    assert (none.records, none.observable) == (0, Observable(T.DOMAIN, "neznano.test"))
    assert (posta.text, posta.records, posta.sources) == ("posta-si[.]example", 2, (LIST, SENSOR))
    assert (posta.first_at, posta.last_at, posta.tlp) == (now - DAY, now, Tlp.AMBER)
    assert ja3.observable == Observable(T.JA3, MD5)
    assert (v4.records, set(v4.networks)) == (0, {"192.0.2.0/24", "192.0.0.0/16"})
    assert v6.networks == ("2001:db8::/32",)
    _, posta, _, v4, _ = await known(pool, world.bine, now, text)
    assert (posta.records, posta.sources, posta.tlp) == (1, (LIST,), Tlp.GREEN)
    assert v4.networks == ("192.0.2.0/24",)


async def test_the_verdict_is_the_gravest_of_incidents_that_accuse_it(
    pool: Pool, now: datetime
) -> None:
    world = await node(pool, now)
    one = await reported(pool, now, world.home)
    two = await reported(pool, now, world.home)
    async with transaction(pool, now) as tx:
        for made, word in ((one, VerdictWord.BENIGN), (two, VerdictWord.MALICIOUS)):
            await tx.execute(
                "update report set incident_id = %s where record_id = %s",
                (made.incident_id, made.record_id),
            )
            await tx.execute(
                "update incident set verdict = %s where id = %s", (word.value, made.incident_id)
            )
        sighted = [Sighted(POSTA, SAID, now),
                   Sighted(Observable(T.EMAIL, "ana@banka.example"), REPORTER, now)]  # fmt: skip
        await occurrences(tx, one.record_id, sighted)
        await occurrences(tx, two.record_id, sighted)
    posta, mail = await known(pool, world.ana, now, "posta-si.example\nana@banka.example")
    assert (posta.verdict, len(posta.incidents)) == ("malicious", 2)
    assert (mail.records, mail.verdict, mail.incidents) == (2, None, ())
    (posta,) = await known(pool, world.bine, now, "posta-si.example")
    assert (posta.records, posta.verdict, posta.incidents) == (0, None, ())


async def test_warning_lists_are_asked_once_for_all(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    calls: list[int] = []

    def listed(values: object) -> list[list[str]]:
        assert isinstance(values, list)
        calls.append(len(values))
        return [["Public resolvers"] if v.value == "192.0.2.53" else [] for v in values]

    first, second = await known(pool, world.ana, now, "192.0.2.53\nx.test", listed)
    assert (first.warning_lists, second.warning_lists) == (("Public resolvers",), ())
    assert calls == [2]


def test_each_value_counts_once_and_too_many_are_refused() -> None:
    text = "posta-si[.]example\nPOSTA-si.example\nhxxp://x[.]example/a\n"
    assert [one.text for one in distinct(pasted(text), 2)] == [
        "posta-si[.]example", "hxxp://x[.]example/a",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="at most 1 "):
        distinct(pasted(text), 1)
