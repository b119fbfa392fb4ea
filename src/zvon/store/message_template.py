"""The wordings of letters: those that ship stand in the catalogues, an operator's own are rows."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats import letter_text
from zvon.formats.letter_text import BadTemplate
from zvon.locale import LANGS, translator
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

MAX_SUBJECT = 300
MOST_VERSIONS = 100
COMMON = frozenset({"number", "sender", "contact", "recipient"})
"""What every letter can say: our number, who we are, how to reach us, whom we write to."""
PLACES: Mapping[str, frozenset[str]] = {
    "letter": frozenset({"text"}),
    "incident_notice": frozenset({"what", "values", "text"}),
    "grouped_notice": frozenset({"class", "count", "since", "until"}),
    "reminder": frozenset({"sent", "about"}),
    "takedown": frozenset({"page", "seen"}),
    "compromised_site": frozenset({"values", "text"}),
    "bank_notice": frozenset({"values", "text"}),
    "duty": frozenset({"duty", "step", "percent", "until"}),
    "situation": frozenset({"since", "until"}),
    "apology": frozenset({"name", "since", "until", "appeal"}),
}
"""The templates that there are, and what each can be filled with beside `COMMON`."""


class NoTemplate(LookupError):
    """There is no such template."""


class Template(Struct, frozen=True, kw_only=True):
    """One wording. `version` 0 is what ships."""

    code: str
    lang: str
    version: int
    subject: str
    body: str

    @property
    def name(self) -> str:
        """How a message says what it was made from."""
        return f"{self.code}.{self.lang}@{self.version}"

    def fill(self, fields: Mapping[str, str | int]) -> tuple[str, str]:
        """Subject and body. Raises `BadTemplate`."""
        return (
            letter_text.fill(self.subject, self.lang, fields),
            letter_text.fill(self.body, self.lang, fields),
        )


def shipped(code: str, lang: str) -> Template:
    """What ships. Raises `NoTemplate`."""
    if code not in PLACES or lang not in LANGS:
        raise NoTemplate(f"no template {code!r} in {lang!r}")
    speak, word = translator(lang), code.upper()
    return Template(code=code, lang=lang, version=0, subject=speak.text(f"LETTER_{word}_SUBJECT"),
                    body=speak.text(f"LETTER_{word}_BODY"))  # fmt: skip


async def current(db: Db, code: str, lang: str) -> Template:
    """The newest wording: the operator's own, else what ships. Raises `NoTemplate`."""
    row = await (
        await db.execute(
            "select version, subject, body from message_template where code = %s and lang = %s"
            " order by version desc limit 1",
            (code, lang),
        )
    ).fetchone()
    if row is None:
        return shipped(code, lang)
    return Template(code=code, lang=lang, version=row[0], subject=row[1], body=row[2])


async def list_all(db: Db, viewer: Viewer) -> list[Template]:
    """The wording in force of each template in each language. Raises `Denied`."""
    viewer.require(Permission.CONTACT_READ)
    return [await current(db, code, lang) for code in PLACES for lang in LANGS]


class Version(Struct, frozen=True, kw_only=True):
    """One version of a wording, who wrote it, and how many letters went out with it."""

    template: Template
    by: str | None
    at: datetime | None
    sent: int


async def versions(db: Db, viewer: Viewer, code: str, lang: str) -> list[Version]:
    """Every version of a wording, the newest first, what ships last. Raises `Denied`, `NoTemplate`."""
    viewer.require(Permission.CONTACT_READ)
    first = shipped(code, lang)
    rows = await (
        await db.execute(
            "select t.version, t.subject, t.body, p.login, t.at from message_template t"
            " left join person p on p.id = t.by_person"
            " where t.code = %s and t.lang = %s order by t.version desc limit %s",
            (code, lang, MOST_VERSIONS),
        )
    ).fetchall()
    made = [
        (Template(code=code, lang=lang, version=row[0], subject=row[1], body=row[2]), row[3], row[4])
        for row in rows
    ]  # fmt: skip
    known = [*made, (first, None, None)]
    counted = await (
        await db.execute(
            "select wording, count(*) from message where wording = any (%s) group by wording",
            ([each.name for each, _, _ in known],),
        )
    ).fetchall()
    sent = {row[0]: int(row[1]) for row in counted}
    return [
        Version(template=each, by=by, at=at, sent=sent.get(each.name, 0)) for each, by, at in known
    ]


def wording(code: str, lang: str, subject: str, body: str, version: int = 0) -> Template:
    """A wording that is not kept (yet), checked. Raises `NoTemplate`, `BadTemplate`."""
    shipped(code, lang)
    for field, text in (("subject", subject), ("body", body)):
        try:
            letter_text.check(text, lang, COMMON | PLACES[code])
        except BadTemplate as problem:
            raise BadTemplate(f"{field}: {problem}") from None
    if "\n" in subject or len(subject) > MAX_SUBJECT:
        raise BadTemplate(f"subject: one line of at most {MAX_SUBJECT} characters")
    return Template(code=code, lang=lang, version=version, subject=subject, body=body)


async def put(
    tx: Tx, viewer: Viewer, code: str, lang: str, subject: str, body: str, now: datetime
) -> Template:
    """A new version of a wording; earlier ones stay, and so does what was sent with them.

    Raises `Denied`, `NoTemplate`, `BadTemplate`.
    """
    viewer.require(Permission.CONTACT_MANAGE)
    # Two people at once make two versions.
    await tx.execute("select pg_advisory_xact_lock(hashtext(%s))", (f"template:{code}.{lang}",))
    old = await current(tx.db, code, lang)
    made = wording(code, lang, subject, body, old.version + 1)
    await tx.execute(
        "insert into message_template (code, lang, version, subject, body, by_person, at)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (code, lang, made.version, subject, body, viewer.person_id, now),
    )
    tx.audit(AuditEntry(actor=viewer.login, action="contact:template", object=old.name,
                        detail={"version": made.version}))  # fmt: skip
    return made
