"""Reports by mail: each once, answered to the person who wrote, and to nobody else."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from tests.collect.intake import decode_all
from tests.collect.post_office import Letters, Mailbox, post_office
from zvon.access import node as identity
from zvon.collect.mailbox import poll, tell
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.mailbox import BadAddress, server
from zvon.store.transaction import Pool, transaction

LURE = "Pošta Slovenije: vaš paket čaka na plačilo carine, uredite dostavo: https://paket.lipa.example/p"


class Office:
    """A node with a mailbox, and a clock that a test moves."""

    def __init__(
        self, context: Context, box: Mailbox, letters: Letters, clock: list[datetime]
    ) -> None:
        self.context, self.box, self.letters, self._clock = context, box, letters, clock

    @property
    def now(self) -> datetime:
        return self._clock[0]

    def later(self, **span: float) -> None:
        self._clock[0] += timedelta(**span)

    async def poll(self) -> None:
        await poll(self.context, {})

    async def tell(self) -> None:
        await tell(self.context, {})

    async def rows(self, query: Any, *values: Any) -> list[tuple[Any, ...]]:
        async with self.context.pool.connection() as db, db.transaction():
            await db.execute("select set_config('zvon.viewer', 'system', true)")
            return list(await (await db.execute(query, values)).fetchall())

    async def answer(self, kind: str, number: str | None = None) -> None:
        """Give every report, or one, this answer now."""
        async with transaction(self.context.pool, self.now) as tx:
            await tx.execute(
                "update report set changed_at = case when answered_at is null then null else %s::timestamptz end,"
                " answered_at = coalesce(answered_at, %s), status = 'answered', answer = %s"
                " where number = coalesce(%s, number) and answer is distinct from %s",
                (self.now, self.now, kind, number, kind),
            )
        self.later(seconds=20)


@pytest_asyncio.fixture
async def office(pool: Pool, now: datetime, tmp_path: Path) -> AsyncIterator[Office]:
    async with post_office() as (box, letters):
        settings = Settings(
            root=tmp_path, lang="sl", mailbox=f"imap://prijava%40cert.example@127.0.0.1:{box.port}",
            mailbox_password=SecretStr("skrivnost"), mailbox_address="prijava@cert.example",
            smtp=f"smtp://127.0.0.1:{letters.port}", public_url="https://zvon.example",
        )  # fmt: skip
        async with transaction(pool, now) as tx:
            await identity.create_node(tx, settings, now, os.urandom)
        async with transaction(pool, now) as tx:
            me = await identity.node(tx.db, identity.node_key(settings.key_file, os.urandom))
        clock = [now]
        context = Context(pool, settings, me, lambda: clock[0], os.urandom)
        yield Office(context, box, letters, clock)


def letter(office: Office, sender: str = "Ana Kos <ana@lipa.example>", text: str = LURE,
           **fields: str) -> EmailMessage:  # fmt: skip
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "prijava@cert.example", "Je to prav?"
    mail["Date"] = format_datetime(office.now)
    mail["Message-ID"] = f"<{len(office.box.messages)}.x@lipa.example>"
    for name, value in fields.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def forwarded(office: Office) -> EmailMessage:
    lure = EmailMessage()
    lure["From"], lure["To"] = "Pošta <posta@brod.example>", "ana@lipa.example"
    lure["Subject"] = "Vaša pošiljka"
    lure.set_content(LURE)
    outer = letter(office, text="Prosim, preverite to sporočilo, ker se mi zdi čudno.")
    outer.add_attachment(lure)
    return outer


async def payloads(office: Office) -> list[dict[str, Any]]:
    return [row[0] for row in await office.rows("select payload from record order by id")]


async def test_a_forwarded_mail_is_a_report_about_what_it_carries(office: Office) -> None:
    office.box.deliver(forwarded(office))
    await office.poll()
    await decode_all(office.context.pool, office.now)
    [payload] = await payloads(office)
    assert payload["sender"] == "posta@brod.example"
    assert payload["remark"].startswith("Prosim, preverite")
    sides = {m["observable"]["value"]: m["side"] for m in payload["mentions"]}
    assert sides["https://paket.lipa.example/p"] == "attacker"
    assert sides["ana@lipa.example"] == "reporter"
    assert await office.rows("select door, channel, lang from report") == [("mail", "email", "sl")]


async def test_who_pastes_a_message_into_a_mail_is_its_reporter_and_not_its_sender(
    office: Office,
) -> None:
    office.box.deliver(letter(office))
    await office.poll()
    await decode_all(office.context.pool, office.now)
    [payload] = await payloads(office)
    sides = {m["observable"]["value"]: m["side"] for m in payload["mentions"]}
    assert payload["sender"] is None
    assert sides == {"https://paket.lipa.example/p": "attacker", "ana@lipa.example": "reporter",
                     "prijava@cert.example": "reporter"}  # fmt: skip


async def test_each_message_is_taken_in_once(office: Office) -> None:
    for _ in range(3):
        office.box.deliver(letter(office))
    await office.poll()
    await office.poll()
    assert await office.rows("select count(*) from report") == [(3,)]
    assert office.box.fetched == [1, 2, 3]
    office.box.deliver(letter(office))
    await office.poll()
    assert office.box.fetched == [1, 2, 3, 4]
    assert await office.rows("select name, validity, uid, taken from mailbox") == [
        ("prijava@cert.example@127.0.0.1/INBOX", 7, 4, 4)
    ]


async def test_a_mailbox_that_was_made_anew_is_read_again_without_doubles(office: Office) -> None:
    office.box.deliver(letter(office))
    await office.poll()
    office.box.validity = 8
    office.box.deliver(letter(office))
    await office.poll()
    assert office.box.fetched == [1, 1, 2]
    assert await office.rows("select count(*) from report") == [(2,)]


async def test_more_messages_than_one_round_takes_are_all_taken_in(office: Office) -> None:
    for n in range(45):
        office.box.deliver(letter(office, text=f"{LURE}{n}"))
    await office.poll()
    assert await office.rows("select count(*) from report") == [(45,)]


async def test_a_mailbox_that_does_not_answer_is_noted_and_read_when_it_is_back(
    office: Office,
) -> None:
    office.box.deliver(letter(office))
    office.box.broken = True
    await office.poll()
    [(problem,)] = await office.rows("select problem from mailbox")
    assert "127.0.0.1" in problem
    assert "skrivnost" not in problem
    office.box.broken = False
    await office.poll()
    assert await office.rows("select problem, taken from mailbox") == [("", 1)]


async def test_the_sender_gets_the_answer_in_their_language_once_it_stands(office: Office) -> None:
    office.box.deliver(forwarded(office))
    await office.poll()
    await office.tell()
    assert office.letters.sent == []
    await office.answer("dangerous")
    await office.tell()
    await office.tell()
    [(sender, to, mail)] = office.letters.sent
    assert (sender, to) == ("<>", "ana@lipa.example")
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["In-Reply-To"] == "<0.x@lipa.example>"
    assert mail["Subject"].startswith("Prijava Z-26-")
    text = mail.get_content()
    assert "To, kar ste prijavili, je goljufija." in text
    assert "https://zvon.example/receipt/" in text
    assert "paket.lipa.example" not in text


async def test_a_changed_answer_is_told_once_and_not_twice(office: Office) -> None:
    office.box.deliver(letter(office))
    await office.poll()
    await office.answer("looking")
    await office.tell()
    await office.answer("dangerous")
    await office.tell()
    assert len(office.letters.sent) == 1  # not within the hour
    office.later(hours=1)
    await office.tell()
    assert len(office.letters.sent) == 2
    changed = office.letters.sent[1][2]
    assert "spremenil" in changed["Subject"]
    assert "Naš odgovor na prijavo" in changed.get_content()
    await office.answer("no_sign")
    office.later(hours=2)
    await office.tell()
    assert len(office.letters.sent) == 2
    assert await office.rows("select count(*) from mail_reply") == [(0,)]


async def test_who_writes_often_gets_one_mail_an_hour_with_all_answers(office: Office) -> None:
    for n in range(4):
        office.box.deliver(letter(office, text=f"{LURE}{n}"))
    office.box.deliver(letter(office, "Bor <bor@brod.example>"))
    await office.poll()
    numbers = [row[0] for row in await office.rows("select number from report order by record_id")]
    await office.answer("dangerous", numbers[0])
    await office.tell()
    await office.answer("dangerous")
    await office.tell()
    assert [to for _, to, _ in office.letters.sent] == ["ana@lipa.example", "bor@brod.example"]
    office.later(hours=1)
    await office.tell()
    assert len(office.letters.sent) == 3
    told = office.letters.sent[2][2].get_content()
    assert all(number in told for number in numbers[1:4])
    assert numbers[0] not in told


async def test_what_a_machine_sent_is_taken_in_and_not_answered(office: Office) -> None:
    office.box.deliver(letter(office, Auto_Submitted="auto-generated"))
    await office.poll()
    assert await office.rows("select count(*) from report") == [(1,)]
    await office.answer("dangerous")
    await office.tell()
    assert office.letters.sent == []


async def test_a_machines_answer_to_our_answer_is_no_report(office: Office) -> None:
    office.box.deliver(letter(office))
    await office.poll()
    await office.answer("dangerous")
    await office.tell()
    ours = office.letters.sent[0][2]["Message-ID"]
    office.box.deliver(letter(office, text="Nisem v pisarni.", Auto_Submitted="auto-replied",
                              In_Reply_To=ours))  # fmt: skip
    await office.poll()
    assert await office.rows("select count(*) from report") == [(1,)]


async def test_an_answer_that_was_not_taken_is_sent_with_the_next_run(office: Office) -> None:
    office.box.deliver(letter(office))
    await office.poll()
    await office.answer("dangerous")
    office.letters.refuse = True
    await office.tell()
    assert office.letters.sent == []
    office.letters.refuse = False
    await office.tell()
    assert len(office.letters.sent) == 1


async def test_the_address_of_the_sender_is_kept_sealed(office: Office) -> None:
    office.box.deliver(letter(office))
    await office.poll()
    [(sealed, sender)] = await office.rows("select sealed, sender_hash from mail_reply")
    assert b"ana@lipa" not in bytes(sealed) + bytes(sender)


async def test_without_a_mailbox_nothing_happens(now: datetime) -> None:
    from typing import cast

    context = Context(cast(Any, None), Settings(), cast(Any, None), lambda: now, os.urandom)
    for job in (poll, tell):  # neither touches the store, which is not there
        await asyncio.wait_for(job(context, {}), 5)
    assert context.settings.mailbox is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("imaps://ana%40lipa.example@mail.lipa.example/Prijave", ("mail.lipa.example", 993, "ana@lipa.example", "Prijave", "tls")),
        ("imap://ana@mail.lipa.example:1143", ("mail.lipa.example", 1143, "ana", "INBOX", "starttls")),
        ("imap://ana@127.0.0.1", ("127.0.0.1", 143, "ana", "INBOX", "plain")),
    ],
)  # fmt: skip
def test_an_address_says_how_the_server_is_spoken_to(
    address: str, expected: tuple[Any, ...]
) -> None:
    found = server(address, "imap")
    assert (found.host, found.port, found.user, found.folder, found.security) == expected


@pytest.mark.parametrize(
    "address", ["https://a.example", "imaps://", "imaps://a:b@c.example", "imaps://a.example:x"]
)
def test_an_address_with_a_password_or_of_something_else_is_refused(address: str) -> None:
    with pytest.raises(BadAddress, match="expected imaps"):
        server(address, "imap")
