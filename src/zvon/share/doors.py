"""The agreements of doors whose recipients are no sharing group: `privacy/data/doors/*.toml`."""

from collections.abc import Iterable
from functools import cache

from msgspec import structs

from zvon.model.disclosure import Door
from zvon.model.marking import Pap, Tlp
from zvon.model.policy import Agreement, Policy, compile_policy, read_agreement
from zvon.privacy.tables import DATA, read


@cache
def agreement(door: Door) -> Agreement:
    """What holds for everybody at a door. Raises `BadTable`, `BadAgreement`."""
    return read_agreement(read(DATA / "doors" / f"{door.value}.toml"))


def contact_policy(clearance: Tlp, tlp: Iterable[Tlp], pap: Iterable[Pap] = ()) -> Policy:
    """The policy of a letter to one contact, who may read up to `clearance`."""
    own = structs.replace(agreement(Door.MAIL), max_tlp=clearance.label)
    return compile_policy(own, group=f"door:{Door.MAIL.value}", tlp=tlp, pap=pap)


def webhook_policy(clearance: Tlp, tlp: Iterable[Tlp], pap: Iterable[Pap] = ()) -> Policy:
    """The policy of a call to a registered system, which may be told up to `clearance`."""
    own = structs.replace(agreement(Door.WEBHOOK), max_tlp=clearance.label)
    return compile_policy(own, group=f"door:{Door.WEBHOOK.value}", tlp=tlp, pap=pap)


def door_policy(door: Door, tlp: Iterable[Tlp], pap: Iterable[Pap] = ()) -> Policy:
    """The policy of a door for something with these markings."""
    return compile_policy(agreement(door), group=f"door:{door.value}", tlp=tlp, pap=pap)
