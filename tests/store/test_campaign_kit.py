"""Which confirmed domains show the same page."""

from datetime import datetime

from tests.store.campaigns import Came, came, domain
from tests.store.world import own_party, somebody
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.store import campaign, evidence, ingest
from zvon.store.campaign import Joining, Key
from zvon.store.campaign_kit import same_kit
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

T = ObservableType


async def seen(pool: Pool, now: datetime, one: Came, url: str, mark: str, nodes: int = 90) -> None:
    """The page of a report: evidence, and its key."""
    about = Observable(T.URL, url)
    async with transaction(pool, now) as tx:
        await ingest.occurrences(tx, one.record_id, [ingest.Sighted(about, 1, now)])
        row = Evidence(observable=about, code=EvidenceCode.SKELETON, value=mark, source="t",
                       seen_at=now, stage=3, params={"nodes": nodes})  # fmt: skip
        await evidence.put(tx, one.record_id, [row])
        key = Key(Observable(T.SKELETON, mark), True, "SAME_PAGE", url)
        joining = Joining(record_id=one.record_id, keys=(key,), at=now, uuid=one.uuid)
        await campaign.note_keys(tx, [joining])
        await campaign.join_all(tx, [joining], now)


async def test_only_other_domains_that_a_person_confirmed_count(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    bad = [await came(pool, now, home, domain(f"{n}.example")) for n in "abc"]
    for n, one in zip("abc", bad, strict=True):
        await seen(pool, now, one, f"https://{n}.example/x", f"kit-{n == 'c'}")
    new = await came(pool, now, home, domain("a.example"), domain("z.example"))
    await seen(pool, now, new, "https://z.example/", "kit-False")
    async with read(pool, SYSTEM) as db:
        assert await same_kit(db, [new.record_id]) == {}
    async with transaction(pool, now) as tx:
        await tx.execute(
            "update incident set verdict = 'malicious', verdict_by = %s", (ana.person_id,)
        )
    async with read(pool, SYSTEM) as db:
        assert await same_kit(db, [new.record_id]) == {
            new.record_id: {"https://z.example/": 2},
        }
    async with transaction(pool, now) as tx:
        await campaign.note_common(tx, {new.record_id: [Observable(T.SKELETON, "kit-False")]}, now)
    async with read(pool, SYSTEM) as db:
        assert await same_kit(db, [new.record_id]) == {}


async def test_a_small_page_is_no_kit(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    one = await came(pool, now, home, domain("a.example"))
    await seen(pool, now, one, "https://a.example/x", "kit")
    new = await came(pool, now, home, domain("b.example"))
    await seen(pool, now, new, "https://b.example/x", "kit", nodes=12)
    async with transaction(pool, now) as tx:
        await tx.execute(
            "update incident set verdict = 'malicious', verdict_by = %s", (ana.person_id,)
        )
    async with read(pool, SYSTEM) as db:
        assert await same_kit(db, [new.record_id]) == {}
        assert await same_kit(db, [one.record_id]) == {
            one.record_id: {"https://a.example/x": 1},
        }
