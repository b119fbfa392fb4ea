"""Mails that a node gets in answer to its letters: honest ones, machines, forgeries and broken ones."""

import io
import random
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage

from msgspec import Struct

BOUNCE = """\
From: MAILER-DAEMON@posta.example
To: {to}
Subject: Undelivered Mail
Message-ID: <dsn{n}@posta.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B{n}"

--B{n}
Content-Type: text/plain

Not delivered.
--B{n}
Content-Type: message/delivery-status

Reporting-MTA: dns; posta.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {status} said the other server

--B{n}
Content-Type: text/rfc822-headers

Message-ID: {original}
Subject: x

--B{n}--
"""
COMPLAINT = """\
From: fbl@posta.example
To: {to}
Subject: complaint
Message-ID: <arf{n}@posta.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="F{n}"

--F{n}
Content-Type: text/plain

A user complained.
--F{n}
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: fbl/1
Version: 1

--F{n}
Content-Type: text/rfc822-headers

Message-ID: {original}

--F{n}--
"""


class Sent(Struct, frozen=True):
    """A letter of ours that they answer to."""

    message_id: str
    reply_to: str
    bounce_to: str
    subject: str
    recipient: str


class Mail(Struct, frozen=True):
    """One mail, what kind it is, and the envelope address that it came to."""

    kind: str
    body: bytes
    to: str


def answer(sent: Sent, n: int, *, sender: str | None = None, vouched: str = "", **said: str) -> EmailMessage:  # fmt: skip
    """An answer to a letter. `vouched` is what our own mail server says of the sender."""
    mail = EmailMessage()
    sender = sender or sent.recipient
    mail["From"] = sender
    mail["To"] = said.get("to", sent.reply_to)
    mail["Subject"] = said.get("subject", f"Re: {sent.subject}")
    mail["Message-ID"] = f"<answer{n}.{said.get('mark', 'a')}@gostitelj.example>"
    mail["Date"] = "Sun, 22 Nov 2026 10:00:00 +0100"
    if vouched:
        domain = sender.partition("@")[2]
        mail["Authentication-Results"] = f"mx.cert.example; dmarc={vouched} header.from={domain}"
    if "answers" in said:
        mail["In-Reply-To"] = said["answers"]
    mail.set_content(said.get("text", f"Odstranili smo vsebino. {n}"))
    return mail


def bounce(sent: Sent, n: int, action: str = "failed", status: str = "5.1.1", to: str | None = None) -> bytes:  # fmt: skip
    """What a mail server reports of a letter."""
    return BOUNCE.format(n=n, to=to or sent.bounce_to, recipient=sent.recipient, action=action,
                         status=status, original=sent.message_id).encode()  # fmt: skip


def complaint(sent: Sent, n: int) -> bytes:
    """What a mailbox provider reports of a letter."""
    return COMPLAINT.format(n=n, to=sent.bounce_to, original=sent.message_id).encode()


def bomb(n: int) -> bytes:
    """An archive that is small and would be large."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{n}.bin", bytes(4 << 20))
    return out.getvalue()


def hostile(sent: Sent, count: int, seed: int) -> Iterator[Mail]:
    """`count` mails of every kind, each another one."""
    draw = random.Random(seed)
    packed = bomb(1)
    for n in range(count):
        own = sent.reply_to.partition("+")[0] + "@" + sent.reply_to.partition("@")[2]
        kind = KINDS[n % len(KINDS)]
        to = sent.reply_to
        mail = answer(sent, n, sender=f"kdo{n}@tuj.example", mark=kind)
        match kind:
            case "answer":
                mail = answer(sent, n, sender=f"kdo{n}@tuj.example", answers=sent.message_id)
            case "loop":
                mail["Auto-Submitted"] = "auto-replied"
                mail["In-Reply-To"] = sent.message_id
            case "list":
                mail["List-Id"] = "<novice.tuj.example>"
            case "bulk":
                mail["Precedence"] = "bulk"
            case "silent-loop":
                mail = answer(sent, n, sender="robot@tuj.example", mark=kind, text=f"Request #{n} taken")  # fmt: skip
            case "spoofed":
                flipped = "a" if sent.reply_to[-20] != "a" else "b"
                to = own.replace("@", f"+zt-{'a' * 13}-{flipped * 16}@")
                mail.replace_header("To", to)
                mail.replace_header("Subject", "Re: [z-" + "b" * 13 + "-" + "c" * 16 + "]")
            case "by-subject-words":
                to = own
                mail.replace_header("To", own)
                mail.replace_header("Subject", "Re: " + sent.subject.partition("[")[0])
            case "forged":
                mail = answer(sent, n, vouched="fail", answers=sent.message_id, mark=kind)
            case "claimed":
                mail = answer(sent, n, answers=sent.message_id, mark=kind)
            case "zip-bomb":
                mail.add_attachment(packed, maintype="application", subtype="zip", filename="a.zip")
            case "html":
                mail.add_alternative(
                    f"<p>Pozdrav {n}<script>x()</script><img src=http://a.example/{n}></p>",
                    subtype="html",
                )
            case _:
                body = _broken(kind, n, sent, draw)
                yield Mail(kind, body, sent.bounce_to if "bounce" in kind else to)
                continue
        yield Mail(kind, mail.as_bytes(), to)


def _broken(kind: str, n: int, sent: Sent, draw: random.Random) -> bytes:
    head = f"From: x{n}@tuj.example\r\nTo: {sent.reply_to}\r\nMessage-ID: <b{n}@tuj.example>\r\n"
    match kind:
        case "forged-bounce":
            forged = Sent(f"<other{n}@cert.example>", sent.reply_to, sent.bounce_to, "", sent.recipient)  # fmt: skip
            return bounce(forged, n)
        case "bounce-elsewhere":
            return bounce(sent, n, to="cert@cert.example").replace(
                sent.message_id.encode(), b"<x@y>"
            )
        case "deep":
            levels = "".join(
                f'Content-Type: multipart/mixed; boundary="d{i}"\r\n\r\n--d{i}\r\n'
                for i in range(30)
            )
            return (head + levels + "x").encode()
        case "many-parts":
            parts = "".join(f"--m\r\nContent-Type: text/plain\r\n\r\n{i}\r\n" for i in range(250))
            return (head + 'Content-Type: multipart/mixed; boundary="m"\r\n\r\n' + parts).encode()
        case "no-boundary":
            return (head + f"Content-Type: multipart/signed; protocol=x\r\n\r\n--a\r\n{n}").encode()
        case "bad-pgp":
            return (
                head + 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";'
                f' boundary="e"\r\n\r\n--e\r\nContent-Type: application/pgp-encrypted\r\n\r\n'
                f"Version: 1\r\n--e\r\nContent-Type: application/octet-stream\r\n\r\n"
                f"-----BEGIN PGP MESSAGE-----\r\n\r\nnothing{n}\r\n-----END PGP MESSAGE-----\r\n--e--"
            ).encode()  # fmt: skip
        case "nul":
            return (head + f"Subject: a\0b{n}\r\n\r\nc\0d").encode()
        case "charset":
            return (
                head + "Content-Type: text/plain; charset=unicode_escape\r\n\r\n"
            ).encode() + bytes(draw.randrange(256) for _ in range(200))
        case "long-header":
            return (head + f"References: {'<a@b> ' * 20_000}{n}\r\n\r\nx").encode()
        case _:
            return bytes(draw.randrange(256) for _ in range(400)) + str(n).encode()


KINDS = (
    "answer", "loop", "list", "bulk", "silent-loop", "spoofed", "by-subject-words", "forged",
    "claimed", "zip-bomb", "html", "forged-bounce", "bounce-elsewhere", "deep", "many-parts",
    "no-boundary", "bad-pgp", "nul", "charset", "long-header", "garbage",
)  # fmt: skip
