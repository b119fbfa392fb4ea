"""One file of a mail by its hash, also where it stood under a cover that our keys open."""

from collections.abc import Iterator, Sequence

from zvon.formats import mail_letter, mail_pgp, mail_signed
from zvon.formats.limit import Undecodable
from zvon.formats.mail import File
from zvon.formats.mail_pgp import CannotOpen
from zvon.formats.mail_signed import Encrypted


def find(body: bytes, sha256: str, secrets: Sequence[bytes]) -> File | None:
    """The file whose SHA-256 is `sha256` (hex), or `None`; nothing of it is opened.

    `secrets` are our OpenPGP keys. Raises `Undecodable` for a mail that cannot be read.
    """
    for file in _files(body, secrets):
        if mail_letter.sha256(file) == sha256:
            return file
    return None


def _files(body: bytes, secrets: Sequence[bytes]) -> Iterator[File]:
    yield from mail_letter.read(body, "").files
    shut = mail_signed.unwrap(body)
    if not isinstance(shut, Encrypted) or shut.inline:
        return
    for secret in secrets:
        try:
            inner = mail_pgp.opened(shut.body, secret, []).body
        except CannotOpen:
            continue
        try:
            yield from mail_letter.read(inner, "").files
        except Undecodable:
            return
        return
