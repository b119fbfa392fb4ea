"""The takedown archive: complete, provable, and without a word of the reporter."""

import hashlib
import json
from datetime import UTC, datetime
from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

import pytest
from msgspec.structs import replace

from zvon.formats.xarf import Content, Desk
from zvon.model.disclosure import Door
from zvon.model.marking import Tlp
from zvon.model.verdict import Reason
from zvon.share.doors import door_policy
from zvon.share.released import PASS, ReleasedFiles, ReleasedText
from zvon.share.takedown_package import MANIFEST, Package, Seen, build, parts
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
POLICY = door_policy(Door.TAKEDOWN, [Tlp.AMBER])
PICTURE = Seen(
    name="a.png", media_type="image/png", description="phone",
    body=ReleasedFiles(PASS, door=Door.TAKEDOWN, recipient="r", policy=POLICY,
                       files={"shared.png": b"picture"}),
)  # fmt: skip


def said(package: Package = PACKAGE, **changed: str) -> ReleasedText:
    """The parts of a package as the gate let them out; `changed` ones not as they came."""
    texts = {part.id: part.text for part in parts(package)}
    return ReleasedText(
        PASS, door=Door.TAKEDOWN, recipient="r", policy=POLICY, texts={**texts, **changed},
        whole=frozenset(texts) - frozenset(changed),
    )  # fmt: skip


def opened(body: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_file_has_its_hash_in_the_manifest() -> None:
    files = opened(build(PACKAGE, DESK, said(), [PICTURE], report_id=ID))
    listed = dict(line.split("  ")[::-1] for line in files.pop(MANIFEST).decode().splitlines())
    assert {name: hashlib.sha256(body).hexdigest() for name, body in files.items()} == listed
    assert files["evidence/a.png"] == b"picture"
    assert json.loads(files["report.xarf.json"])["report_id"] == str(ID)


def test_the_same_package_gives_the_same_bytes() -> None:
    assert build(PACKAGE, DESK, said(), [PICTURE], report_id=ID) == build(
        PACKAGE, DESK, said(), [PICTURE], report_id=ID
    )


def test_letters_in_three_languages_say_what_is_wrong_with_the_page_and_nothing_of_the_message() -> (
    None
):
    files = opened(build(PACKAGE, DESK, said(), [], report_id=ID))
    letters = {lang: files[f"letter.{lang}.txt"].decode() for lang in ("sl", "hr", "en")}
    for text in letters.values():
        assert "hxxps://posta-si.carina[.]example/i" in text
        assert "https://posta-si" not in text
        assert "I-26-000001" in text
        assert "abuse@north.example" in text
        assert "victim" not in text
    assert "pred 2 dnevoma" in letters["sl"]
    assert "5" not in letters["en"].split("What we found:")[1].split("The address")[0]


def test_the_package_says_what_the_gate_let_out_and_no_reason_that_it_changed() -> None:
    brand = Reason(code="BRAND_NAME", params={"brand": "Pošta"}, weight=1.0, source="brand")
    package = replace(PACKAGE, reasons=(*PACKAGE.reasons, brand))
    shared = said(package, page="https://posta-si.carina.example/", **{"reason.3.brand": "org-x"})
    files = opened(build(package, DESK, shared, [], report_id=ID))
    assert json.loads(files["report.xarf.json"])["url"] == "https://posta-si.carina.example/"
    whole = b"".join(files.values())
    assert b"carina.example/i" not in whole
    assert b"carina[.]example/i" not in whole
    assert b"org-x" not in whole
    assert "Pošta".encode() not in whole


def test_nobody_but_the_gate_makes_what_the_package_is_written_from() -> None:
    with pytest.raises(TypeError):
        ReleasedText(
            object(),  # type: ignore[arg-type]
            door=Door.TAKEDOWN, recipient="r", policy=POLICY, texts={}, whole=frozenset(),
        )  # fmt: skip
    with pytest.raises(AttributeError):
        said().texts = {}
    with pytest.raises(TypeError):
        said().texts["page"] = "x"  # type: ignore[index]
    assert "carina" not in repr(said())
