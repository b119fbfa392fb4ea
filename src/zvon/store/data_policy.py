"""The data policies of the countries as they were loaded, and whom they let read what.

Every version stays. `data_rule` repeats of the newest versions what row security asks for, so that
a row is refused in the database too and not only in the code that remembered to ask.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import SHIPPED_ROLES, Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.data_policy import DataPolicy
from zvon.model.data_policy_file import MOST_BYTES, BadPolicy, parse, parse_all
from zvon.privacy.policies import shipped
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx


class NoDataPolicy(LookupError):
    """No policy of this country is loaded."""

    def __init__(self, country: str) -> None:
        super().__init__(
            f"no data policy for {country}: write {country}.toml, name its folder in"
            " ZVON_DATA_POLICIES, or load it with `zvon dmp load`"
        )


class NoFiles(ValueError):
    """The folder has no policy in it."""


class Version(Struct, frozen=True, kw_only=True):
    """One loading of a country's policy; `body` is the file as written, `sha256` its hash."""

    country: str
    version: int
    sha256: str
    body: str
    at: datetime
    by_login: str


def read_folder(folder: Path) -> dict[str, str]:
    """Names and contents of the policies in `folder`. Raises `BadPolicy`, `NoFiles`, `OSError`."""
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.toml")):
        if file.stat().st_size > MOST_BYTES:
            raise BadPolicy(file.name, "", f"is larger than {MOST_BYTES} bytes")
        try:
            found[file.name] = file.read_text("utf-8")
        except UnicodeDecodeError:
            raise BadPolicy(file.name, "", "is not UTF-8") from None
    if not found:
        raise NoFiles(f"{folder}: no file ends in .toml")
    return found


async def put(
    tx: Tx, files: Mapping[str, str], now: datetime, *, by: Viewer | None = None
) -> list[Version]:
    """Load `files` (names and contents) and return what changed; the same again changes nothing.

    All of them or none. `by` is who asked and needs the permission; without one it is the machine
    itself. Raises `BadPolicy`, `Denied`.
    """
    if by is not None:
        by.require(Permission.DATA_POLICY_MANAGE)
    await tx.execute("lock table data_policy in share row exclusive mode")
    before = {each.country: each for each in await newest_versions(tx.db)}
    changed: list[Version] = []
    for country, policy in (await read_texts(tx.db, files)).items():
        last = before.get(country)
        if last is not None and last.sha256 == policy.sha256:
            continue
        made = Version(
            country=country, version=1 if last is None else last.version + 1, sha256=policy.sha256,
            body=policy.body, at=now, by_login="system" if by is None else by.login,
        )  # fmt: skip
        await _write(tx, made, policy)
        changed.append(made)
    return changed


def configured(folder: Path | None) -> dict[str, str]:
    """Names and contents of the files that the operator chose; those that ship without a folder.

    Raises `BadPolicy`, `NoFiles`, `OSError`.
    """
    return shipped() if folder is None else read_folder(folder)


async def ensure(tx: Tx, country: str, files: Mapping[str, str], now: datetime) -> None:
    """Load the policy of `country` from `files` unless one is loaded, and check those that are.

    Raises `NoDataPolicy` where none is there, and `BadPolicy` where a loaded one no longer says
    all that this version of the store asks.
    """
    if country in await newest(tx.db):
        return
    mine = (await read_texts(tx.db, files)).get(country)
    if mine is None:
        raise NoDataPolicy(country)
    await put(tx, {f"{country}.toml": mine.body}, now)


async def read_texts(db: Db, files: Mapping[str, str]) -> dict[str, DataPolicy]:
    """Policies by country from names and contents of files. Raises `BadPolicy`."""
    return parse_all(files, roles=await _roles(db))


async def newest(db: Db) -> dict[str, DataPolicy]:
    """The policies that hold now, by country. Raises `BadPolicy` for one that no longer fits."""
    roles = await _roles(db)
    return {
        each.country: parse(
            each.body, file=f"data policy {each.country} version {each.version}", roles=roles
        )
        for each in await newest_versions(db)
    }


async def of_country(db: Db, country: str) -> DataPolicy:
    """The policy that holds in `country`. Raises `NoDataPolicy`, `BadPolicy`."""
    found = (await newest(db)).get(country)
    if found is None:
        raise NoDataPolicy(country)
    return found


async def newest_versions(db: Db) -> list[Version]:
    """The newest version of each country, by country."""
    async with db.cursor(row_factory=class_row(Version)) as cursor:
        await cursor.execute(
            """
            select distinct on (country) country, version, sha256, body, at, by_login
            from data_policy order by country, version desc
            """
        )
        return await cursor.fetchall()


async def versions(db: Db, viewer: Viewer, country: str) -> list[Version]:
    """Every version of a country's policy, newest first. Raises `NoDataPolicy`, `Denied`."""
    viewer.require(Permission.DATA_POLICY_READ)
    async with db.cursor(row_factory=class_row(Version)) as cursor:
        await cursor.execute(
            """
            select country, version, sha256, body, at, by_login from data_policy
            where country = %s order by version desc
            """,
            (country,),
        )
        found = await cursor.fetchall()
    if not found:
        raise NoDataPolicy(country)
    return found


async def require_reader(db: Db, viewer: Viewer, class_id: str, country: str | None) -> None:
    """Raise `Refused` unless the policy lets `viewer` read data of a class that `country` made.

    `None` is the node's own country. Called inside `read` or `transaction` of that viewer; the
    database answers by the same function that its row security asks.
    """
    row = await (await db.execute("select zvon_may_read(%s, %s)", (class_id, country))).fetchone()
    if row is None or not row[0]:
        raise Refused(
            f"the data policy keeps {class_id} from readers of {viewer.country} "
            f"with the roles {', '.join(viewer.roles) or 'none'}",
            AuditEntry(
                actor=viewer.login, action="data_policy:read_class", object=class_id,
                outcome="refused", rule="data policy",
                detail={"country": country or "", "reader": viewer.country},
            ),
        )  # fmt: skip


async def _write(tx: Tx, made: Version, policy: DataPolicy) -> None:
    await tx.execute(
        """
        insert into data_policy (country, version, sha256, body, at, by_login)
        values (%s, %s, %s, %s, %s, %s)
        """,
        (made.country, made.version, made.sha256, made.body, made.at, made.by_login),
    )
    await tx.execute("delete from data_rule where country = %s", (made.country,))
    for rule in policy.classes:
        await tx.execute(
            "insert into data_rule (country, class, residency, readers) values (%s, %s, %s, %s)",
            (made.country, rule.id, list(rule.residency), list(rule.readers)),
        )
    tx.audit(
        AuditEntry(
            actor=made.by_login, action=Permission.DATA_POLICY_MANAGE, object=made.country,
            detail={"version": made.version, "sha256": made.sha256},
        )
    )  # fmt: skip


async def _roles(db: Db) -> frozenset[str]:
    """The roles that exist here, and those that ship."""
    rows = await (await db.execute("select name from role")).fetchall()
    return frozenset(name for (name,) in rows) | frozenset(SHIPPED_ROLES)
