"""The takedown archive: complete, provable, and without a word of the reporter."""

import hashlib
import json
from datetime import UTC, datetime
from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

from zvon.formats.xarf import Content, Desk, Item
from zvon.model.verdict import Reason
from zvon.respond.takedown_package import MANIFEST, Package, build
from zvon.store.takedown import Contact

AT = datetime(2026, 12, 8, 7, 2, tzinfo=UTC)
ID = UUID("0b8f4f7e-52c3-4c4f-9d0b-6b3b8a2d7a11")
PACKAGE = Package(
    number="I-26-000001",
    content=Content(
        category="phishing", url="https://posta-si.carina.example/i",
        source="posta-si.carina.example", seen_at=AT, description="phishing",
    ),
    contacts=(Contact("registrar", "abuse@registrar.example", "rdap"),),
    reasons=(
        Reason(code="DOMAIN_NEW", params={"n": 2}, weight=2.0, source="rdap"),
        Reason(code="SENDER_CLAIM", params={"brand": "X", "addr": "a@victim.example"}, weight=1.8,
               source="mail"),
        Reason(code="DOMAIN_OLD", params={"n": 5}, weight=-1.4, source="rdap"),
    ),
    node="Node North", base="https://north.example", made_at=AT,
)  # fmt: skip
DESK = Desk("Node North", "abuse@north.example")
PICTURE = Item("a.png", "image/png", "phone", b"picture")


def opened(body: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_file_has_its_hash_in_the_manifest() -> None:
    files = opened(build(PACKAGE, DESK, [PICTURE], report_id=ID))
    listed = dict(line.split("  ")[::-1] for line in files.pop(MANIFEST).decode().splitlines())
    assert {name: hashlib.sha256(body).hexdigest() for name, body in files.items()} == listed
    assert files["evidence/a.png"] == b"picture"
    assert json.loads(files["report.xarf.json"])["report_id"] == str(ID)


def test_the_same_package_gives_the_same_bytes() -> None:
    assert build(PACKAGE, DESK, [PICTURE], report_id=ID) == build(
        PACKAGE, DESK, [PICTURE], report_id=ID
    )


def test_letters_in_three_languages_say_what_is_wrong_with_the_page_and_nothing_of_the_message() -> (
    None
):
    files = opened(build(PACKAGE, DESK, [], report_id=ID))
    letters = {lang: files[f"letter.{lang}.txt"].decode() for lang in ("sl", "hr", "en")}
    for text in letters.values():
        assert "hxxps://posta-si.carina[.]example/i" in text
        assert "https://posta-si" not in text
        assert "I-26-000001" in text
        assert "abuse@north.example" in text
        assert "victim" not in text
    assert "pred 2 dnevoma" in letters["sl"]
    assert "5" not in letters["en"].split("What we found:")[1].split("The address")[0]
