"""Who is looking: the value that every read and every decision is made for."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission, StepUpNeeded, require
from zvon.model.marking import Tlp


class Viewer(Struct, frozen=True, kw_only=True):
    """A signed-in person, a key, or the machine account of a peer.

    `party_own` is true for the node's own organisation; `tlp_ceiling` is the strictest marking
    that the person may read without being named on the record. What `withheld` lists wants a
    passkey first: a request that changes something comes without these permissions.
    """

    person_id: int
    login: str
    name: str
    party_id: int
    party_own: bool
    country: str
    roles: tuple[str, ...]
    permissions: frozenset[Permission]
    tlp_ceiling: Tlp
    lang: str = "en"
    theme: str = "system"
    keys_on: bool = True
    key_map: dict[str, str] = {}
    csrf: str = ""
    session: UUID | None = None
    signed_in_at: datetime | None = None
    strong_at: datetime | None = None
    withheld: frozenset[Permission] = frozenset()

    def require(self, permission: Permission) -> None:
        """Raise `Denied` unless this viewer has `permission`; `StepUpNeeded` until a passkey says so."""
        if permission in self.withheld and permission not in self.permissions:
            raise StepUpNeeded(permission)
        require(self.permissions, permission)

    def may(self, permission: Permission) -> bool:
        """True when this viewer has `permission`."""
        return permission in self.permissions
