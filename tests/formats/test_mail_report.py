"""Reports of mail servers: what became of a letter, as RFC 3464 and RFC 5965 write it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.collect.mails import BOUNCE, COMPLAINT
from zvon.formats import mail_letter, mail_report, mail_signed
from zvon.formats.limit import Undecodable


@pytest.mark.parametrize(
    ("action", "status", "lasting"),
    [("failed", "5.1.1", True), ("failed", "4.2.2", False), ("delayed", "4.4.1", False),
     ("delivered", "2.0.0", False)],
)  # fmt: skip
def test_a_report_of_delivery_is_read(action: str, status: str, lasting: bool) -> None:
    body = BOUNCE.format(n=1, to="a@b.example", recipient="x@y.example", action=action,
                         status=status, original="<m@cert.example>")  # fmt: skip
    found = mail_report.read(body.encode())
    assert found is not None
    (one,) = found.deliveries
    assert (found.kind, found.original_id) == ("delivery", "<m@cert.example>")
    assert (one.recipient, one.action, one.status, one.lasting) == ("x@y.example", action, status, lasting)  # fmt: skip
    assert "said the other server" in one.reason


def test_a_complaint_is_read() -> None:
    found = mail_report.read(
        COMPLAINT.format(n=1, to="a@b.example", original="<m@c.example>").encode()
    )
    assert found is not None
    assert (found.kind, found.feedback, found.original_id) == (
        "complaint",
        "abuse",
        "<m@c.example>",
    )


@given(st.binary(max_size=2000))
def test_no_bytes_raise_anything_but_our_own_error(body: bytes) -> None:
    prefix = b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n'
    for each in (body, prefix + body, prefix.replace(b"report", b"signed") + body):
        read = None
        with suppress(Undecodable):
            read = mail_report.read(each)
            mail_letter.read(each, "cert@cert.example")
            mail_signed.unwrap(each)
        assert read is None or read.kind in {"delivery", "complaint"}
