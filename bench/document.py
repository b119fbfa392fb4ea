"""Documents: what it costs to read one, from bytes to its card.

Run `python -m bench.document [--mails N] [--pages N]`: documents a second of processor time, for mails and
prose (opened, compared, values with roles, names), pages a second of a PDF (with the process that
opens it), and the seconds of the largest page that is read. No database.
"""

import argparse
import asyncio
import os
from collections.abc import Callable

from tests.collect.test_document_card import FORMS, pdf_of, prose
from zvon.collect.document_card import Known, card_of, scanned, text_of, values_of
from zvon.collect.open import opener
from zvon.collect.open.parts import parts
from zvon.ml import dedup

MAIL = (
    "From: Posta <obvestila@paket{n}.example>\nTo: ana@podjetje.example\nSubject: Paket {n}\n"
    "Message-ID: <{n}@paket.example>\nMIME-Version: 1.0\n"
    "Content-Type: text/html; charset=utf-8\n\n"
    "<p>Spoštovani, vaš paket {n} čaka na dostavo. Pošta Slovenije (posta.si) prosi za doplačilo"
    " carine v višini 1,{n} EUR v 24 urah, sicer bo pošiljka vrnjena pošiljatelju.</p>"
    '<p><a href="https://paket{n}.example/si/pay?id={n}">https://www.posta.si/placilo</a></p>'
)


def read(body: bytes) -> int:
    """A document as intake reads it, without the database: how many values it is stored with."""
    opened = parts(body)
    dedup.marks(text_of(opened))
    return len(values_of(card_of(scanned(opened), "mail", "", Known())))


def per_second(count: int, one: Callable[[int], object]) -> float:
    """How many a second of processor time, after one that is not counted."""
    one(0)
    start = spent()
    for n in range(1, count + 1):
        one(n)
    return count / (spent() - start)


def spent() -> float:
    """Seconds of processor time of this process and its ended children; other load adds none."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def main() -> None:
    """Print a line for each measurement."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--mails", type=int, default=200)
    asked.add_argument("--pages", type=int, default=400)
    given = asked.parse_args()
    rate = per_second(given.mails, lambda n: read(MAIL.format(n=n).encode()))
    print(f"mails with a lure: {rate:.0f}/s")
    for name in ("plain", "html", "docx", "pdf"):
        rate = per_second(5, lambda _n, body=FORMS[name]: read(body))  # type: ignore[misc]
        print(f"reports with 100 indicators, {name}: {rate:.1f}/s")
    lines = (prose() * (given.pages * 40 // 100 + 1))[: given.pages * 40]
    body = pdf_of(lines)
    start = spent()
    opened = asyncio.run(opener.parts(body))
    took = spent() - start
    print(
        f"PDF, {len(opened.parts)} pages, process included: {len(opened.parts) / took:.0f} pages/s"
    )
    page = b"<html><body>" + b'<p>x <a href="https://evil.example/a">here</a></p>' * 100_000
    start = spent()
    opened = parts(page)
    links = sum(len(part.links) for part in opened.parts)
    print(f"a page with 100,000 links: {spent() - start:.1f} s, {links:,} kept")


if __name__ == "__main__":
    main()
