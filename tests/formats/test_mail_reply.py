"""Whom a machine may answer, and what its answer looks like (RFC 3834)."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.mail_reply import answers_us, asker, compose, head

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OWN = frozenset({"prijava@cert.example"})


def mail(sender: str = "Ana <ana@lipa.example>", at: datetime = NOW, **fields: str) -> bytes:
    lines = [f"From: {sender}", f"Date: {format_datetime(at)}", "Message-ID: <1.x@lipa.example>"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\nAuto-Submitted: auto-replied").encode()


def test_a_person_is_answered() -> None:
    wanted = ("ana@lipa.example", "<1.x@lipa.example>")
    assert asker(head(mail()), OWN, NOW) == wanted
    assert asker(head(mail(Auto_Submitted="no", Precedence="normal")), OWN, NOW) == wanted
    passed = "mx.cert.example; dmarc=pass header.from=lipa.example"
    assert asker(head(mail(Authentication_Results=passed)), OWN, NOW) == wanted


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto_Submitted": "auto-replied"}, {"Auto_Submitted": "auto-generated; x=y"},
        {"List_Id": "<a.lipa.example>"}, {"List_Unsubscribe": "<https://a.lipa.example>"},
        {"Precedence": "bulk"}, {"X_Auto_Response_Suppress": "DR, All"}, {"Return_Path": "<>"},
        {"Content_Type": "multipart/report; boundary=x"}, {"X_Loop": "a"},
        {"sender": "no-reply@lipa.example"}, {"sender": "MAILER-DAEMON@lipa.example"},
        {"sender": "ne-odgovarjaj@lipa.example"}, {"sender": "prijava@cert.example"},
        {"sender": "a@lipa.example, b@lipa.example"}, {"sender": "nobody"},
        {"Authentication_Results": "mx.cert.example; dmarc=fail header.from=lipa.example"},
    ],
)  # fmt: skip
def test_machines_lists_and_borrowed_names_are_not_answered(fields: dict[str, str]) -> None:
    given = dict(fields)
    body = mail(given.pop("sender", "Ana <ana@lipa.example>"), NOW, **given)
    assert asker(head(body), OWN, NOW) is None


@pytest.mark.parametrize("days", [-4, 4])
def test_a_mail_of_another_time_is_not_answered(days: int) -> None:
    assert asker(head(mail(at=NOW + timedelta(days=days))), OWN, NOW) is None


def test_a_finding_of_a_foreign_server_disowns_nobody() -> None:
    forged = "mx.brod.example; dmarc=fail header.from=lipa.example"
    assert asker(head(mail(Authentication_Results=forged)), OWN, NOW) is not None


def test_an_answer_says_that_a_machine_wrote_it_and_is_known_when_it_comes_back() -> None:
    raw = compose(
        sender="prijava@cert.example", to="ana@lipa.example", subject="Prijava Z-26-1: odgovor",
        sentences=["Čakamo.", "Številka: Z-26-1."], answered="<1.x@lipa.example>",
        identifier="abc", now=NOW,
    )  # fmt: skip
    made = message_from_bytes(raw, policy=default)
    assert made["In-Reply-To"] == made["References"] == "<1.x@lipa.example>"
    assert made["Message-ID"] == "<zvon-answer.abc@cert.example>"
    assert made["X-Auto-Response-Suppress"] == "All"
    assert made.get_content() == "Čakamo.\n\nŠtevilka: Z-26-1.\n"
    assert asker(head(raw), frozenset(), NOW) is None
    back = mail(Auto_Submitted="auto-replied", In_Reply_To="<zvon-answer.abc@cert.example>")
    assert answers_us(head(back))
    assert not answers_us(head(mail(In_Reply_To="<zvon-answer.abc@cert.example>")))


@given(st.binary(max_size=400))
def test_no_mail_raises(body: bytes) -> None:
    found = asker(head(body), OWN, NOW)
    assert found is None or "@" in found[0]
    answers_us(head(body))
