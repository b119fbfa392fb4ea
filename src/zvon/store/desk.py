"""The desk of a bank or a Post: which brands are its own, and what is known of attacks on them.

Numbers and names only: no report, no reporter, no text.
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db

MOST = 200


class NoSuchBrand(LookupError):
    """There is no such brand, or it is not the viewer's to see."""

    def __init__(self, brand: str) -> None:
        super().__init__(f"there is no brand {brand}")


class DeskCampaign(Struct, frozen=True, kw_only=True):
    """A campaign against a brand: how many reports and names, and from when to when."""

    uuid: UUID
    number: str
    brand: str
    first_at: datetime
    last_at: datetime
    reports: int
    names: int


class DeskName(Struct, frozen=True, kw_only=True):
    """A name that attacks a brand; `block` is the state of its newest block.

    `ours` is what the desk said of it: `None` while it said nothing.
    """

    name: str
    brand: str
    campaign: str | None
    reports: int
    first_at: datetime
    last_at: datetime
    block: str | None
    ours: bool | None


async def see(db: Db, viewer: Viewer) -> frozenset[str] | None:
    """The ids of the brands that a viewer may see; `None` is all of them, for our own people."""
    if viewer.party_own:
        return None
    row = await (
        await db.execute("select brands from party where id = %s", (viewer.party_id,))
    ).fetchone()
    return frozenset(row[0]) if row else frozenset()


async def own_brands(db: Db, viewer: Viewer) -> tuple[str, ...] | None:
    """Like `see`, in order."""
    mine = await see(db, viewer)
    return None if mine is None else tuple(sorted(mine))


async def campaigns(db: Db, viewer: Viewer, brand: str) -> list[DeskCampaign]:
    """Campaigns against a brand that the viewer may see, the last active first."""
    chosen = await _chosen(db, viewer, brand)
    async with db.cursor(row_factory=class_row(DeskCampaign)) as cursor:
        await cursor.execute(
            "select * from zvon_desk_campaigns(%s, %s, %s)",
            (chosen, int(viewer.tlp_ceiling), MOST),
        )
        return await cursor.fetchall()


async def names(db: Db, viewer: Viewer, brand: str) -> list[DeskName]:
    """Names that attack a brand that the viewer may see, the last reported first."""
    chosen = await _chosen(db, viewer, brand)
    async with db.cursor(row_factory=class_row(DeskName)) as cursor:
        await cursor.execute(
            "select n.*, w.ours from zvon_desk_names(%s, %s, %s) n"
            " left join brand_word w on w.brand = n.brand and w.name = n.name",
            (chosen, int(viewer.tlp_ceiling), MOST),
        )
        return await cursor.fetchall()


async def _chosen(db: Db, viewer: Viewer, brand: str) -> list[str]:
    viewer.require(Permission.BRAND_READ)
    mine = await see(db, viewer)
    if mine is not None and brand not in mine:
        raise NoSuchBrand(brand)
    return [brand]
