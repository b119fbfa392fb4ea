"""An IMAP mailbox and an SMTP server on loopback, as much of them as our client speaks."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default


class Mailbox:
    """Messages by UID; `broken` makes the server drop the next connections."""

    def __init__(self) -> None:
        self.messages: dict[int, bytes] = {}
        self.validity = 7
        self.broken = False
        self.port = 0
        self.logins: list[str] = []
        self.fetched: list[int] = []

    def deliver(self, body: bytes | Message) -> int:
        """A message arrives; its UID."""
        uid = max(self.messages, default=0) + 1
        raw = body if isinstance(body, bytes) else body.as_bytes()
        self.messages[uid] = re.sub(rb"\r?\n", b"\r\n", raw)
        return uid

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.broken:
            writer.close()
            return
        writer.write(b"* OK ready\r\n")
        while line := await reader.readline():
            tag, command, *rest = line.decode().strip().split(" ")
            answer = self._answer(command.upper(), rest)
            writer.write(
                answer
                + tag.encode()
                + (b" NO bad\r\n" if answer == b"* BAD\r\n" else b" OK done\r\n")
            )
            await writer.drain()
            if command.upper() == "LOGOUT":
                break
        writer.close()

    def _answer(self, command: str, rest: list[str]) -> bytes:
        match command:
            case "CAPABILITY":
                return b"* CAPABILITY IMAP4rev1\r\n"
            case "LOGIN":
                self.logins.append(rest[0].strip('"'))
                return b""
            case "EXAMINE" | "SELECT":
                return b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] ok\r\n" % (
                    len(self.messages), self.validity,
                )  # fmt: skip
            case "UID" if rest[0] == "SEARCH":
                start = int(re.search(r"(\d+):\*", " ".join(rest))[1])  # type: ignore[index]
                last = max(self.messages, default=0)
                uids = [u for u in sorted(self.messages) if u >= start or u == last]
                return b"* SEARCH " + " ".join(map(str, uids)).encode() + b"\r\n"
            case "UID" if rest[0] == "FETCH":
                return self._fetch(int(rest[1]), " ".join(rest[2:]))
            case "LOGOUT":
                return b"* BYE\r\n"
            case _:
                return b"* BAD\r\n"

    def _fetch(self, uid: int, what: str) -> bytes:
        body = self.messages[uid]
        if "SIZE" in what:
            return b"* 1 FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, len(body))
        self.fetched.append(uid)
        return b"* 1 FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (uid, len(body), body)


class Letters:
    """What an SMTP server was given; `refuse` makes it answer 451 to every sender."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, EmailMessage]] = []
        self.refuse = False
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        sender = recipient = ""
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"EHLO":
                writer.write(b"250-lipa\r\n250 8BITMIME\r\n")
            elif word == b"MAIL" and self.refuse:
                writer.write(b"451 later\r\n")
            elif word == b"MAIL":
                sender = line.decode().partition(":")[2].split()[0]
                writer.write(b"250 ok\r\n")
            elif word == b"RCPT":
                recipient = line.decode().partition(":")[2].strip().strip("<>")
                writer.write(b"250 ok\r\n")
            elif word == b"DATA":
                writer.write(b"354 go\r\n")
                body = await reader.readuntil(b"\r\n.\r\n")
                letter = message_from_bytes(body[:-5], policy=default)
                assert isinstance(letter, EmailMessage)
                self.sent.append((sender, recipient, letter))
                writer.write(b"250 taken\r\n")
            elif word == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()


@asynccontextmanager
async def post_office() -> AsyncIterator[tuple[Mailbox, Letters]]:
    """Both servers, on free ports."""
    box, letters = Mailbox(), Letters()
    async with (
        await asyncio.start_server(box.serve, "127.0.0.1", 0, limit=40 << 20) as imap,
        await asyncio.start_server(letters.serve, "127.0.0.1", 0, limit=40 << 20) as smtp,
    ):
        box.port = imap.sockets[0].getsockname()[1]
        letters.port = smtp.sockets[0].getsockname()[1]
        yield box, letters
