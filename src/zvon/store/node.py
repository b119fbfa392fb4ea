"""The one row that says which installation this is."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.store.party import Db
from zvon.store.transaction import Tx


class NodeRow(Struct, frozen=True, kw_only=True):
    """The identity of this installation; private keys are sealed."""

    uuid: UUID
    name: str
    country: str
    signing_public: bytes
    signing_sealed: bytes
    tls_certificate: str
    tls_key_sealed: bytes
    created_at: datetime


async def get(db: Db) -> NodeRow | None:
    """The row, once `create_node` has written it."""
    async with db.cursor(row_factory=class_row(NodeRow)) as cursor:
        await cursor.execute(
            "select uuid, name, country, signing_public, signing_sealed, tls_certificate,"
            " tls_key_sealed, created_at from node"
        )
        return await cursor.fetchone()


async def put(tx: Tx, node: NodeRow) -> bool:
    """Write the row; false when there already is one, which is left alone."""
    done = await tx.execute(
        """
        insert into node (uuid, name, country, signing_public, signing_sealed, tls_certificate,
                          tls_key_sealed, created_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (id) do nothing
        """,
        (node.uuid, node.name, node.country, node.signing_public, node.signing_sealed,
         node.tls_certificate, node.tls_key_sealed, node.created_at),
    )  # fmt: skip
    return done.rowcount == 1
