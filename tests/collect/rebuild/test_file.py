"""Whole files through the gate: what leaves, what stays, and what is refused."""

import asyncio
import hashlib

import pytest

from tests.collect.open.papers import locked, packed, qr
from tests.collect.rebuild.papers import annotated, document, photo
from tests.privacy.carrier.mails import mail
from tests.privacy.conftest import demo, key
from zvon.collect.rebuild.file import Read, item_of, painted, read_beside, read_file
from zvon.collect.rebuild.picture import see
from zvon.privacy.carrier.item import BadItem, Passed, pass_item
from zvon.privacy.engine import Part
from zvon.privacy.facts import Facts, with_brands
from zvon.privacy.mail import read_mail

GOOD = "hxxps://evil-fixture[.]top/a"


def read(body: bytes, name: str = "", **more: str) -> Read:
    return asyncio.run(read_file(body, name, **more))


def through(body: bytes, name: str = "") -> Passed:
    async def run() -> Passed:
        found = await read_file(body, name)
        passed = pass_item(item_of(found), facts=with_brands(Facts()), policy=demo(), keys=key())
        return await painted(body, found.seen, passed) if found.seen else passed

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (document(f"Kontakt: Igor Kos. Povezava {GOOD}"), "a.docx"),
        (annotated("Kontakt: Igor Kos."), "a.pdf"),
        (rb"{\rtf1{\info{\author Maja Hribar}}Kontakt: Igor Kos, Janez Krajnc}", "a.rtf"),
    ],
)  # fmt: skip
def test_a_document_leaves_as_its_gated_text(body: bytes, name: str) -> None:
    found = through(body, name)
    assert set(found.files) == {"shared.txt"}, found.outcome.spans
    left = found.files["shared.txt"].decode()
    assert "person-" in left
    for victim in ("Igor", "Kos", "Hribar", "Krajnc", "Zajc"):
        assert victim not in left


def test_a_name_in_the_margin_is_known_in_the_text() -> None:
    body = document("Poslal je krajnc, glej.")
    left = through(body, "a.docx").files["shared.txt"].decode()
    assert "krajnc" not in left


def test_a_picture_leaves_as_new_points_with_what_was_found_filled() -> None:
    body = photo(["Pozdravljeni", "Kontakt: Igor Kos"])
    found = through(body, "a.jpg")
    assert set(found.files) == {"shared.txt", "shared.png"}
    again = see(found.files["shared.png"])
    words = {word.text for word in again.words}
    assert "Pozdravljeni" in words
    assert not {"Igor", "Kos"} & words
    assert again.said == ()


def test_a_code_with_a_victim_in_it_goes() -> None:
    goes = through(qr("https://evil-fixture.top/a?e=igor.kos@lipa-primer.si"))
    assert see(goes.files["shared.png"]).codes == ()


def test_an_archive_leaves_as_a_list_and_its_texts_tell_who_the_victim_is() -> None:
    found = through(packed({"racun krajnc.txt": b"Kontakt: Janez Krajnc", "b.exe": b"MZ\0"}))
    left = found.files["shared.txt"].decode()
    assert "b.exe" in left
    assert "krajnc" not in left.lower()
    assert "Kontakt" not in left


def test_the_hash_of_a_file_leaves_only_when_the_attacker_made_it() -> None:
    body = document("x y z")
    digest = hashlib.sha256(body).hexdigest()
    assert digest in {part.text for part in read(body, "a.docx", side="attacker").parts}
    assert digest not in {part.text for part in read(body, "a.docx").parts}


@pytest.mark.parametrize(
    ("body", "name"),
    [(b"%PDF-1.7 nothing", "a.pdf"), (b"\x89PNG\r\n\x1a\n", "a.png"), (b"PK\x03\x04" + bytes(40), "a.zip")],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(body: bytes, name: str) -> None:
    with pytest.raises(BadItem):
        read(body, name)


def test_what_is_said_of_a_locked_archive_holds_no_name() -> None:
    assert "skrivno" not in str(read(locked("skrivno.txt", b"x"), "a.zip").withheld)


def test_files_of_a_mail_are_read_beside_it() -> None:
    async def run() -> tuple[tuple[Part, ...], tuple[str, ...]]:
        raw = mail().replace(b"--outer--", b"--outer\nContent-Type: application/rtf\n\n{\\rtf1 Kontakt: Igor Kos}\n--outer\nContent-Type: application/pdf\n\n%PDF-\n--outer--")  # fmt: skip
        return await read_beside(read_mail(raw))

    parts, stays = asyncio.run(run())
    assert [part.text.strip() for part in parts if part.leaves] == ["Kontakt: Igor Kos"]
    assert len(stays) == 1
