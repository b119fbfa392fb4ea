"""Chats of every program become one document a conversation, with speakers, times and text."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.detect import choose
from zvon.formats.document import chat, mbox
from zvon.model.item import Bad, Item, ItemKind, Options

OPTIONS = Options(received_at=datetime(2026, 11, 22, tzinfo=UTC), zone="Europe/Ljubljana")

WHATSAPP_IOS = (
    "[3. 11. 2026, 14:05:09] \u200e~ Mama Nova: \u200eHej mami, to je moja nova številka\n"
    "[3. 11. 2026, 14:06:00] Ana: Kdo si?\nin zakaj?\n"
)
WHATSAPP_ANDROID = (
    "03/11/2026, 14:05 - Messages are end-to-end encrypted.\n"
    "03/11/2026, 14:05 - +386 41 000 001: hxxp://paket[.]example\n"
    "03/11/2026, 14:07 - Ana: ne\n"
)
AMERICAN = "11/3/26, 2:05\u202fPM - Bob: see evil[.]example\n11/3/26, 2:06\u202fPM - Ann: no\n"
CROATIAN = "03.11.2026. u 14:05 - Ivo: bok\n03.11.2026. u 14:06 - Ana: bok, gdje si\n"
VIBER = "[3.11.2026. 14:05:09] Ivo: prva\n[3.11.2026. 14:06:09] Ana: druga\n"
TELEGRAM_PASTED = "Boris, [3.11.2026 14:05]\nprva beseda\nAna, [3.11.2026 14:06]\ndruga\n"


def one(text: str, name: str = "chat.txt") -> Item:
    found = choose(text.encode(), name)
    assert found is not None
    assert found[0].name == "chat"
    [item] = found[0].decode([text.encode()], OPTIONS)
    assert isinstance(item, Item)
    assert item.kind is ItemKind.DOCUMENT
    return item


@pytest.mark.parametrize(
    ("text", "who", "first"),
    [
        (WHATSAPP_IOS, "Mama Nova", "Hej mami, to je moja nova številka"),
        (WHATSAPP_ANDROID, "+386 41 000 001", "hxxp://paket[.]example"),
        (AMERICAN, "Bob", "see evil[.]example"),
        (CROATIAN, "Ivo", "bok"),
        (VIBER, "Ivo", "prva"),
        (TELEGRAM_PASTED, "Boris", "prva beseda"),
    ],
)
def test_each_program_s_form_is_read(text: str, who: str, first: str) -> None:
    item = one(text)
    said = item.payload["messages"]
    assert (said[0]["who"], len(said)) == (who, 2)
    assert said[0]["at"].startswith("2026-11-03T13:05")
    assert item.text[said[0]["start"] : said[0]["end"]] == f"{who}: {first}"


def test_a_message_may_run_over_lines_and_marks_of_direction_are_gone() -> None:
    item = one(WHATSAPP_IOS)
    assert "Ana: Kdo si?\nin zakaj?" in item.text
    assert "\u200e" not in item.text
    assert item.at == datetime(2026, 11, 3, 13, 6, tzinfo=UTC)


def test_telegram_s_export_is_read_with_the_addresses_behind_its_words() -> None:
    said = {
        "name": "Skupina", "type": "private_group", "messages": [
            {"id": 1, "type": "message", "date_unixtime": "1793700000", "from": "Boris",
             "from_id": "user1",
             "text": ["klikni ", {"type": "text_link", "text": "tu", "href": "https://evil.example/"}]},
            {"id": 2, "type": "service", "date_unixtime": "x", "from_id": "user2", "text": ""},
        ],
    }  # fmt: skip
    body = json.dumps(said).encode()
    found = choose(body, "result.json")
    assert found is not None
    assert found[0].name == "telegram"
    [item] = found[0].decode([body], OPTIONS)
    assert isinstance(item, Item)
    assert item.text == "Boris: klikni tu (https://evil.example/)"
    assert item.title == "Skupina"


def test_messages_of_a_telephone_are_one_document_a_correspondent() -> None:
    body = (
        '<?xml version="1.0"?><smses count="3">'
        '<sms address="+38641000001" date="1793700000000" type="1" body="Paket &#55357;&#56832; čaka"'
        ' contact_name="(Unknown)"/>'
        '<sms address="+38641000001" date="1793700001000" type="2" body="Kdo?"/>'
        '<sms address="POSTA" date="1793700000000" type="1" body="Plačajte"/></smses>'
    ).encode()
    found = choose(body, "sms.xml")
    assert found is not None
    assert found[0].name == "sms-backup"
    items = [each for each in found[0].decode([body], OPTIONS) if isinstance(each, Item)]
    assert [item.title for item in items] == ["+38641000001", "POSTA"]
    assert items[0].text == "+38641000001: Paket \U0001f600 čaka\n\nKdo?"


def test_entities_in_a_backup_are_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><smses><sms body="&b;"/></smses>'
    [bad] = chat.FORMATS[1].decode([bomb], OPTIONS)
    assert isinstance(bad, Bad)
    assert "XML" in bad.reason


def test_mails_of_a_folder_are_documents_one_by_one() -> None:
    mail = b"From: a@b.example\nTo: c@d.example\nSubject: %d\nMessage-ID: <%d@b.example>\n\nwords\n>From me\n\n"
    body = b"".join(
        b"From a@b.example Tue Nov  3 14:05:09 2026\n" + mail % (n, n) for n in range(3)
    )
    found = choose(body, "inbox")
    assert found is not None
    assert found[0].name == "mbox"
    items = list(mbox.decode([body[n : n + 7] for n in range(0, len(body), 7)], OPTIONS))
    bodies = [each.payload["body"] for each in items if isinstance(each, Item)]
    assert len(bodies) == 3
    assert bodies[1].startswith(b"From: a@b.example\nTo: c@d.example\nSubject: 1")
    assert b"\nFrom me\n" in bodies[1]
    assert [each.position for each in items] == list(dict.fromkeys(e.position for e in items))


@pytest.mark.parametrize(
    "text", ["192.0.2.1,a,b\n192.0.2.2,c,d\n", "Dear all:\nplease: read\n", "a: b\nc: d\n"]
)
def test_what_is_no_chat_is_not_taken_for_one(text: str) -> None:
    assert all(each.sniff(text.encode(), "a.txt") is None for each in chat.FORMATS)


@given(st.binary(max_size=500))
def test_any_bytes_are_read_without_an_exception(body: bytes) -> None:
    for each in (*chat.FORMATS, mbox.FORMAT):
        each.sniff(body, "chat")
        for found in each.decode([body], OPTIONS):
            assert isinstance(found, Item | Bad)


@given(st.text(alphabet="[]0123456789:./-, apmAna\n\u200e\u202f", max_size=200))
def test_any_dates_are_read_without_an_exception(text: str) -> None:
    for found in chat.FORMATS[0].decode([text.encode()], OPTIONS):
        assert isinstance(found, Item | Bad)
