"""The places a secret can hide in: text, headers, markup, attachments, fields, files."""

import base64
import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from importlib.util import find_spec
from uuid import UUID

from zvon.privacy.leaktest.content import Content, File
from zvon.privacy.leaktest.documents import archive, paper, word, workbook
from zvon.privacy.leaktest.pictures import NEEDS, code, photo, picture

_WHEN = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)


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


def _encoded(held: Content) -> File:
    """The mail as somebody pasted it: in Base64, and once more below in clear."""
    packed = base64.b64encode(held.text.encode()).decode()
    body = f"{held.subject}\n\n{packed}\n\n{held.text}\n".encode()
    return File(name="mail.txt", kind="txt", body=body, indicators=held.indicators)


def _cards(held: Content) -> File:
    """The person's card (RFC 6350) and an appointment with them (RFC 5545), attached."""
    name, mail, phone = (held.secrets[kind] for kind in ("NAME", "EMAIL", "PHONE"))
    message = _mail(held)
    message["From"] = "prijava@csirt.example"
    message.set_content(held.text)
    card = (
        f"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:{name.text}\r\nEMAIL;TYPE=work:{mail.text}\r\n"
        f"TEL;TYPE=cell:{phone.text}\r\nEND:VCARD\r\n"
    )
    meeting = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:20261120-1\r\n"
        f"DTSTART:20261120T091500Z\r\nORGANIZER;CN={name.text}:mailto:{mail.text}\r\n"
        f"SUMMARY:{name.text}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    message.add_attachment(card, subtype="vcard", filename="kontakt.vcf")
    message.add_attachment(meeting, subtype="calendar", filename="sestanek.ics")
    message.set_boundary(f"part-{held.dice.randrange(10**9):09d}")
    return File(name="mail.eml", kind="eml", body=message.as_bytes(), indicators=held.indicators,
                secrets=(name, mail, phone))  # fmt: skip


BUILD: dict[str, Callable[[Content], File]] = {
    "text": _text, "quote": _quote, "headers": _headers, "html": _html, "attachment": _attached,
    "cards": _cards, "misp": _misp, "stix": _stix, "alert": _alert, "table": _table,
    "document": word, "workbook": workbook, "paper": paper, "archive": archive,
    "picture": picture, "encoded": _encoded,
}  # fmt: skip
if all(map(find_spec, NEEDS)):
    BUILD |= {"photo": photo, "code": code}
