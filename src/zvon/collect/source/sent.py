"""Sources that send to us through the API, with a key of their own; nothing is set beside that."""

from msgspec import Struct

from zvon.collect.source.kind import Kind


class Sent(Struct, frozen=True, forbid_unknown_fields=True):
    """There is nothing to set."""


API = Kind(name="api", how="push", settings=Sent)
