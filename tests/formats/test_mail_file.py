"""A file of a mail by its hash: in the open, under our cover, and nowhere else."""

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from pysequoia import Tsk

from zvon.formats import mail_compose, mail_file, mail_letter, mail_pgp
from zvon.formats.limit import Undecodable
from zvon.formats.mail import File
from zvon.formats.mail_compose import Head

A, B = (
    File("a.bin", "application/octet-stream", b"a" * 9),
    File("b.bin", "application/zip", b"PK.."),
)
OURS, OTHER = Tsk.generate("C <c@cert.example>"), Tsk.generate("O <o@other.example>")


def open_mail() -> bytes:
    mail = EmailMessage()
    mail.set_content("Priloga.")
    mail.add_attachment(A.body, maintype="application", subtype="octet-stream", filename=A.name)
    return mail.as_bytes()


def covered(inner: bytes) -> bytes:
    shut = mail_pgp.covered(inner, [bytes(OURS.extract_certificate())], None)
    head = Head(sender="x@y.example", sender_name="", to="c@cert.example", reply_to="x@y.example",
                subject="s", message_id="<1@y.example>", answers=(), machine=False, lang="sl",
                at=datetime(2026, 11, 23, tzinfo=UTC))  # fmt: skip
    return mail_compose.mail(head, mail_compose.encrypted(shut))


def test_a_file_in_the_open() -> None:
    found = mail_file.find(open_mail(), mail_letter.sha256(A), [])
    assert found is not None
    assert (found.body, found.name) == (A.body, "a.bin")
    assert mail_file.find(open_mail(), mail_letter.sha256(B), []) is None


def test_a_file_under_a_cover_opens_with_our_key_only() -> None:
    mail = covered(mail_compose.content("Priloga.", [B]))
    sha = mail_letter.sha256(B)
    assert mail_file.find(mail, sha, []) is None
    assert mail_file.find(mail, sha, [bytes(OTHER)]) is None
    found = mail_file.find(mail, sha, [bytes(OTHER), bytes(OURS)])
    assert found is not None
    assert found.body == B.body
    assert mail_file.find(mail, mail_letter.sha256(A), [bytes(OURS)]) is None


def test_a_cover_around_something_broken_has_no_files() -> None:
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="d%d"\r\n\r\n--d%d\r\n' % (i, i)
        for i in range(40)
    )
    assert mail_file.find(covered(deep + b"x"), "0" * 64, [bytes(OURS)]) is None
    with pytest.raises(Undecodable):
        mail_file.find(deep + b"x", "0" * 64, [])


def test_an_encrypted_mail_without_a_signature_says_so() -> None:
    secret, certificate = bytes(OURS), bytes(OURS.extract_certificate())
    plain = mail_pgp.opened(mail_pgp.covered(b"a", [certificate], None), secret, [])
    signed = mail_pgp.opened(mail_pgp.covered(b"a", [certificate], bytes(OTHER)), secret, [])
    known = mail_pgp.opened(mail_pgp.covered(b"a", [certificate], bytes(OTHER)), secret,
                            [bytes(OTHER.extract_certificate())])  # fmt: skip
    assert [each.checked.signature for each in (plain, signed, known)] == ["", "unknown", "good"]
    assert signed.checked.signer != ""
