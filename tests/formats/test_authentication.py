"""Only what the recipient's own server found counts; anybody may write such a field."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.authentication import results
from zvon.formats.mail import read
from zvon.model.report import AuthResult

FIELD = (
    "mx.lipa.example; spf=fail (sender IP is 203.0.113.9) smtp.mailfrom=posta@brod.example;\r\n"
    "\tdkim=pass header.d=mailer.brod.example header.s=x; dmarc=fail (p=none) header.from=posta.si"
)
FOUND = (
    AuthResult(method="spf", result="fail", domain="brod.example"),
    AuthResult(method="dkim", result="pass", domain="mailer.brod.example"),
    AuthResult(method="dmarc", result="fail", domain="posta.si"),
)


def test_each_method_has_its_result_and_its_name() -> None:
    assert results([FIELD], [], {"lipa.example"}) == FOUND


def test_a_field_of_another_server_is_a_claim() -> None:
    forged = "mx.brod.example; spf=pass smtp.mailfrom=posta.si; dmarc=pass header.from=posta.si"
    assert results([forged, "spf=pass", ""], [], {"lipa.example"}) == ()
    assert results([forged, FIELD], [], {"lipa.example"}) == FOUND


def test_a_server_that_leaves_its_name_out_is_believed_at_the_top_only() -> None:
    nameless = FIELD.partition(";")[2]
    assert results([nameless], [], {"outlook.com"}) == FOUND
    assert results([nameless], [], {"lipa.example"}) == ()
    assert results(["x.brod.example; none", nameless], [], {"outlook.com"}) == ()


def test_the_older_field_of_spf_is_read_where_there_is_no_newer_one() -> None:
    old = "Softfail (mx) client-ip=203.0.113.9; envelope-from=<a@brod.example>; receiver=mx.lipa.example"
    spf = AuthResult(method="spf", result="softfail", domain="brod.example")
    assert results([], [old], {"lipa.example"}) == (spf,)
    assert results([FIELD], [old], {"lipa.example"}) == FOUND
    assert results([], [old], {"brod.example"}) == ()


def test_a_reported_mail_carries_what_its_recipients_server_found() -> None:
    head = (
        "Received: from out.brod.example ([203.0.113.9]) by mx.lipa.example; x\r\n"
        f"Authentication-Results: {FIELD}\r\n"
        "Authentication-Results: mx.brod.example; dmarc=pass header.from=posta.si\r\n"
        "From: posta@posta.si\r\nTo: ana@lipa.example\r\nSubject: Paket\r\n\r\nHej"
    )
    assert read(head.encode()).auth == FOUND
    elsewhere = head.replace("ana@lipa.example", "ana@bor.example").replace("mx.lipa", "mx.bor", 1)
    assert read(elsewhere.encode()).auth == ()


@given(st.lists(st.text(max_size=100), max_size=5))
def test_no_field_raises(fields: list[str]) -> None:
    results([f"mx.lipa.example; {each}" for each in fields], fields, {"lipa.example"})
