"""The places a secret can hide in: text, headers, markup, fields, documents, names of files."""

import base64
import csv
import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from random import Random
from uuid import UUID

from msgspec import Struct
from stdnum.iban import calc_check_digits

from zvon.privacy.leaktest.secrets import Secret

_WHEN = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
_ZIP_DATE = (2026, 11, 20, 9, 15, 0)
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Content(Struct, frozen=True, kw_only=True):
    """What a carrier is built from: the mail, and the secrets that it may also hide elsewhere."""

    subject: str
    text: str
    dice: Random
    secrets: dict[str, Secret]
    lang: str
    indicators: tuple[str, ...]
    used: tuple[Secret, ...]


class File(Struct, frozen=True, kw_only=True):
    """A carrier as bytes; `secrets` are those hidden beside the text."""

    name: str
    kind: str
    body: bytes
    indicators: tuple[str, ...]
    secrets: tuple[Secret, ...] = ()


def foreign_account(dice: Random) -> str:
    """A Lithuanian account that does not exist."""
    body = "".join(str(dice.randrange(10)) for _ in range(16))
    return f"LT{calc_check_digits('LT00' + body)}{body}"


def wallet(dice: Random) -> str:
    """A Bitcoin address (Base58Check) of a random hash."""
    payload = b"\x00" + dice.randbytes(20)
    payload += hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, out = int.from_bytes(payload), ""
    while number:
        number, rest = divmod(number, 58)
        out = _BASE58[rest] + out
    return "1" * (len(payload) - len(payload.lstrip(b"\0"))) + out


def _text(held: Content) -> File:
    body = f"{held.subject}\n\n{held.text}\n".encode()
    return File(name="mail.txt", kind="txt", body=body, indicators=held.indicators)


def _quote(held: Content) -> File:
    quoted = "\n".join(f"> {line}" for line in held.text.splitlines())
    body = f"{held.subject}\n\nOK, /SOC\n\n{quoted}\n".encode()
    return File(name="mail.txt", kind="txt", body=body, indicators=held.indicators)


def _mail(held: Content) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = held.subject
    message["Date"] = format_datetime(_WHEN)
    return message


def _headers(held: Content) -> File:
    """The mail of the person: names, hosts and addresses in every header."""
    mail, name = held.secrets["EMAIL"], held.secrets["NAME"]
    host, address, domain = (held.secrets[k] for k in ("HOST", "IP_PRIVATE", "DOMAIN"))
    message = _mail(held)
    message["From"] = f'"{name.text}" <{mail.text}>'
    message["To"] = "prijava@csirt.example"
    message["Cc"] = mail.text
    message["Received"] = f"from {host.text} ({host.text} [{address.text}]) by mx.csirt.example"
    message["Message-ID"] = f"<20261120.{held.dice.randrange(10**6)}@{domain.text}>"
    message["References"] = f"<1.{held.dice.randrange(10**6)}@{host.text}>"
    message["X-Originating-IP"] = f"[{address.text}]"
    message["Return-Path"] = f"<{mail.text}>"
    message["List-Unsubscribe"] = f"<mailto:out@{domain.text}?subject={mail.text}>"
    message.set_content(held.text)
    return File(name="mail.eml", kind="eml", body=message.as_bytes(), indicators=held.indicators,
                secrets=(mail, name, host, address, domain))  # fmt: skip


def _html(held: Content) -> File:
    """Names in visible markup, in what is hidden, in comments and alternative texts."""
    name, phone = held.secrets["NAME"], held.secrets["PHONE"]
    message = _mail(held)
    message["From"] = "prijava@csirt.example"
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in held.text.splitlines() if line)
    message.set_content(
        f"<html><body>{paragraphs}<!-- {escape(name.text)} -->"
        f'<img alt="{escape(name.text)}" src="cid:x"><div style="display:none">{escape(phone.text)}</div>'
        "</body></html>",
        subtype="html",
    )
    return File(name="mail.eml", kind="eml", body=message.as_bytes(), indicators=held.indicators,
                secrets=(name, phone))  # fmt: skip


def _attached(held: Content) -> File:
    """An attachment with a telling name, and a forwarded mail of the person inside."""
    name, mail = held.secrets["NAME"], held.secrets["EMAIL"]
    message = _mail(held)
    message["From"] = "prijava@csirt.example"
    message.set_content(held.text)
    message.add_attachment(
        f"{name.text};{mail.text}\n".encode(), maintype="text", subtype="plain",
        filename=f"{name.text.replace(' ', '_')}_izjava.txt",
    )  # fmt: skip
    inner = _mail(held)
    inner["From"] = f"{name.text} <{mail.text}>"
    inner.set_content(f"{name.text}\n")
    message.add_attachment(inner)
    message.set_boundary(f"part-{held.dice.randrange(10**9):09d}")
    return File(name="mail.eml", kind="eml", body=message.as_bytes(), indicators=held.indicators,
                secrets=(name, mail))  # fmt: skip


def _misp(held: Content) -> File:
    mail = held.secrets["EMAIL"]
    rows = [
        ("External analysis", "comment", held.text, ""), ("Targeting data", "target-email", mail.text, ""),
        *(("Network activity", _misp_type(each), each, held.secrets["NAME"].text)
          for each in held.indicators if _misp_type(each)),
    ]  # fmt: skip
    event = {
        "uuid": str(UUID(bytes=held.dice.randbytes(16), version=4)), "info": held.subject,
        "date": "2026-11-20", "threat_level_id": "2", "analysis": "0", "distribution": "1",
        "Attribute": [
            {"uuid": str(UUID(bytes=held.dice.randbytes(16), version=4)), "category": category,
             "type": kind, "value": value, "comment": comment, "to_ids": kind != "comment"}
            for category, kind, value, comment in rows
        ],
    }  # fmt: skip
    body = json.dumps({"Event": event}, ensure_ascii=False).encode()
    return File(name="event.json", kind="misp", body=body, indicators=held.indicators,
                secrets=(mail, held.secrets["NAME"]))  # fmt: skip


def _misp_type(value: str) -> str:
    if value.startswith("https://"):
        return "url"
    if "@" in value:
        return "email-src"
    if value.replace(".", "").isdigit():
        return "ip-dst"
    return "domain" if value.endswith(".test") else ""


def _stix(held: Content) -> File:
    def made(kind: str) -> dict[str, object]:
        stamp = "2026-11-20T09:15:00.000Z"
        return {"type": kind, "spec_version": "2.1", "created": stamp, "modified": stamp,
                "id": f"{kind}--{UUID(bytes=held.dice.randbytes(16), version=4)}"}  # fmt: skip

    name, mail = held.secrets["NAME"], held.secrets["EMAIL"]
    person = {**made("identity"), "name": name.text, "identity_class": "individual",
              "contact_information": mail.text}  # fmt: skip
    note = {**made("note"), "abstract": held.subject, "content": held.text,
            "object_refs": [person["id"]]}  # fmt: skip
    bundle = {"type": "bundle", "id": f"bundle--{UUID(bytes=held.dice.randbytes(16), version=4)}",
              "objects": [person, note]}  # fmt: skip
    body = json.dumps(bundle, ensure_ascii=False).encode()
    return File(name="bundle.json", kind="stix", body=body, indicators=held.indicators,
                secrets=(name, mail))  # fmt: skip


def _alert(held: Content) -> File:
    """An alert of a sensor with the mail's text in a field, and hosts of ours beside it."""
    host, user, address = (held.secrets[k] for k in ("HOST", "USER", "IP_PRIVATE"))
    row = {
        "timestamp": "2026-11-20T09:15:00.000000+0100", "event_type": "alert",
        "src_ip": address.text, "src_port": 49152, "dest_ip": "198.51.100.77", "dest_port": 443,
        "proto": "TCP", "hostname": host.text, "username": user.text,
        "alert": {"signature": "Credential theft", "signature_id": 2026001, "severity": 1},
        "email": {"subject": held.subject, "body": held.text},
    }  # fmt: skip
    body = json.dumps(row, ensure_ascii=False).encode() + b"\n"
    return File(name="eve.json", kind="eve", body=body, indicators=held.indicators,
                secrets=(host, user, address))  # fmt: skip


def _table(held: Content) -> File:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["time", "name", "email", "description"])
    name, mail = held.secrets["NAME"], held.secrets["EMAIL"]
    writer.writerow(["2026-11-20T09:15:00Z", name.text, mail.text, f"{held.subject}. {held.text}"])
    return File(name="table.csv", kind="csv", body=out.getvalue().encode(),
                indicators=held.indicators, secrets=(name, mail))  # fmt: skip


def zipped(members: dict[str, bytes]) -> bytes:
    """An archive whose bytes depend on nothing but its members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), body)
    return out.getvalue()


def _word(held: Content) -> File:
    """A document with an author, a comment, a deleted name and an alternative text."""
    name, user = held.secrets["NAME"], held.secrets["USER"]
    runs = "".join(
        f'<w:p><w:r><w:t xml:space="preserve">{escape(line)}</w:t></w:r></w:p>'
        for line in (held.subject, *held.text.splitlines())
    )
    hidden = escape(name.text)
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = (
        f'<w:document {space}><w:body>{runs}<w:p><w:del w:author="{escape(user.text)}"><w:r>'
        f"<w:delText>{hidden}</w:delText></w:r></w:del></w:p></w:body></w:document>"
    )
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>{hidden}</dc:creator></cp:coreProperties>'
    )
    comment = (
        f'<w:comments {space}><w:comment w:author="{hidden}"><w:p><w:r><w:t>{hidden}</w:t></w:r></w:p>'
        "</w:comment></w:comments>"
    )
    archive = zipped({
        "[Content_Types].xml": b"<Types/>", "word/document.xml": body.encode(),
        "docProps/core.xml": core.encode(), "word/comments.xml": comment.encode(),
    })  # fmt: skip
    return File(name="report.docx", kind="docx", body=archive, indicators=held.indicators,
                secrets=(name, user))  # fmt: skip


def _archive(held: Content) -> File:
    name = held.secrets["NAME"]
    members = {f"{name.text.replace(' ', '_')}/izjava.txt": held.text.encode(), "log.txt": b"ok\n"}
    return File(name="files.zip", kind="archive", body=zipped(members), indicators=(),
                secrets=(name,))  # fmt: skip


def _picture(held: Content) -> File:
    """An empty picture with a name and a place in its texts."""
    name, place = held.secrets["NAME"], held.secrets["COORDINATES"]

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    side = 64
    rows = zlib.compress((b"\0" + b"\xff" * side) * side)
    said = f"Author\0{name.text}".encode("latin-1", "replace")
    where = f"Comment\0{place.text}".encode("latin-1", "replace")
    body = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
        + chunk(b"tEXt", said) + chunk(b"tEXt", where) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )  # fmt: skip
    return File(name="photo.png", kind="image", body=body, indicators=(), secrets=(name, place))


def _encoded(held: Content) -> File:
    """The mail as somebody pasted it: in Base64, and once more below in clear."""
    packed = base64.b64encode(held.text.encode()).decode()
    body = f"{held.subject}\n\n{packed}\n\n{held.text}\n".encode()
    return File(name="mail.txt", kind="txt", body=body, indicators=held.indicators)


BUILD: dict[str, Callable[[Content], File]] = {
    "text": _text, "quote": _quote, "headers": _headers, "html": _html, "attachment": _attached,
    "misp": _misp, "stix": _stix, "alert": _alert, "table": _table, "document": _word,
    "archive": _archive, "picture": _picture, "encoded": _encoded,
}  # fmt: skip
