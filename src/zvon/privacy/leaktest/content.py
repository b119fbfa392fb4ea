"""What a carrier is built from, and the file that it becomes."""

from random import Random

from msgspec import Struct

from zvon.privacy.leaktest.secrets import Secret


class Content(Struct, frozen=True, kw_only=True):
    """What a carrier is built from: the mail, and the secrets that it may also hide elsewhere."""

    subject: str
    text: str
    dice: Random
    secrets: dict[str, Secret]
    lang: str
    indicators: tuple[str, ...]
    used: tuple[Secret, ...]


class File(Struct, frozen=True, kw_only=True):
    """A carrier as bytes; `secrets` are those hidden beside the text, which pictures don't hold."""

    name: str
    kind: str
    body: bytes
    indicators: tuple[str, ...]
    secrets: tuple[Secret, ...] = ()
    has_text: bool = True
