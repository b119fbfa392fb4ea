"""What goes around a letter: signed when we have a key, encrypted when the recipient gave one."""

from msgspec import Struct

from zvon.formats import mail_compose, mail_pgp, mail_smime
from zvon.formats.mail_compose import Wrapped
from zvon.formats.mail_pgp import CannotOpen
from zvon.store.message_key import Secrets
from zvon.store.message_send import Claim


class NoCover(ValueError):
    """The recipient is never written to in the clear, and there is no key to cover it with."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Cover(Struct, frozen=True):
    """The body in its cover; `hides` when nobody outside can read what is in it."""

    body: bytes | Wrapped
    protection: str
    hides: bool = False


def cover(content: bytes, it: Claim, keys: Secrets) -> Cover:
    """Encrypt for whoever gave a certificate; else sign with what we have. Raises `NoCover`."""
    if it.pgp_cert is not None:
        ours = [] if keys.pgp_public is None else [keys.pgp_public]
        try:
            made = mail_pgp.covered(content, [it.pgp_cert, *ours], keys.pgp)
        except CannotOpen:
            raise NoCover("BAD_KEY") from None
        protection = "pgp_encrypted" if keys.pgp is None else "pgp_both"
        return Cover(mail_compose.encrypted(made), protection, hides=True)
    if it.encrypt:
        raise NoCover("NO_KEY")
    if keys.smime is not None and keys.smime_public is not None and it.smime_cert is not None:
        made = mail_smime.signature(content, keys.smime_public, keys.smime)
        return Cover(
            mail_compose.signed(content, made, smime=True, micalg=mail_smime.MICALG), "smime_signed"
        )
    if keys.pgp is not None:
        made, micalg = mail_pgp.signature(content, keys.pgp)
        return Cover(mail_compose.signed(content, made, smime=False, micalg=micalg), "pgp_signed")
    return Cover(content, "")
