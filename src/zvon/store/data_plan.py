"""Documents of the data policy with the state of this node, and whether all still agree."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.privacy.plan import Document, Kind, document
from zvon.privacy.plan.drift import Difference, Rendered, State, differences
from zvon.privacy.plan.seal import NoFoot, content_sha256, read_foot
from zvon.store import data_facts, data_policy
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

RENDERED = "data_policy:render"
MOST_BYTES = 20 << 20


async def rendered(
    db: Db, country: str, kind: Kind, lang: str, now: datetime, *, viewer: Viewer | None = None
) -> Document:
    """The document of `country` with the state of this node; `db` sees as `system`.

    Raises `Denied` for a viewer without `data_policy:read`, `NoDataPolicy`, `BadPolicy`.
    """
    if viewer is not None:
        viewer.require(Permission.DATA_POLICY_READ)
    policy = await data_policy.of_country(db, country)
    version = {each.country: each.version for each in await data_policy.newest_versions(db)}
    state = await data_facts.facts(db, country, version[country], now)
    return document(policy, kind, lang, now, state)


def note(tx: Tx, made: Document, actor: str, where: str) -> None:
    """Leave in the audit that a document was made, from which policy, and where it was written."""
    tx.audit(
        AuditEntry(
            actor=actor, action=RENDERED, object=f"{made.country}:{made.kind.value}:{made.lang}",
            detail={"policy": made.policy_sha256, "content": content_sha256(made), "file": where},
        )
    )  # fmt: skip


async def drift(
    db: Db,
    texts: Mapping[str, str],
    now: datetime,
    documents: Sequence[Path] = (),
    *,
    chosen: bool,
) -> list[Difference]:
    """Every disagreement of configuration, database and documents, country by country.

    `texts` are the policy files by name; `chosen` says that the operator chose them, so that one
    which is not loaded counts too. `documents` are compared; without any, those that this node
    made last. `db` sees as `system`. Raises `BadPolicy`.
    """
    configured = await data_policy.read_texts(db, texts)
    found: list[Difference] = []
    tables = await data_facts.unknown_tables(db)
    opened = await data_facts.reading(db)
    lying = {path: _foot(path) for path in documents} if documents else await _last(db)
    loaded = await data_policy.newest(db)
    for country, policy in loaded.items():
        state = State(
            facts=await data_facts.facts(db, country, 0, now),
            rules=await data_facts.rules(db, country), reading=opened, tables=tables,
        )  # fmt: skip
        mine = [
            each for each in lying.values()
            if each.foot is None or each.foot.country == country
        ]  # fmt: skip
        fresh = {
            (each.foot.kind, each.foot.lang): document(
                policy, Kind(each.foot.kind), each.foot.lang, now
            )
            for each in mine
            if each.foot is not None and each.foot.kind in set(Kind)
        }
        found += differences(policy, configured.get(country), state, mine, fresh, now)
    found += [
        Difference(code="DRIFT_NOT_LOADED", country=country, params={})
        for country in configured
        if chosen and country not in loaded
    ]
    return found


async def _last(db: Db) -> dict[Path, Rendered]:
    """The newest text of each kind, country and language that this node wrote and noted.

    A PDF is printed from the HTML and has no foot that a program reads.
    """
    cursor = await db.execute(
        """
        select distinct on (object) detail->>'file' from audit
        where action = %s and outcome = 'done' and detail->>'file' ~ '[.](html|md)$'
        order by object, seq desc
        """,
        (RENDERED,),
    )
    return {Path(where): _foot(Path(where)) for (where,) in await cursor.fetchall()}


def _foot(path: Path) -> Rendered:
    """The foot of a document; none where the file is gone, is a PDF, or is none of ours."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return Rendered(where=str(path), foot=None)
        return Rendered(where=str(path), foot=read_foot(path.read_text("utf-8")))
    except (NoFoot, OSError, UnicodeDecodeError):
        return Rendered(where=str(path), foot=None)
