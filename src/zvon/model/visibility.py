"""Who may know of a record: one rule, in words here and as a predicate of the database.

`store.visibility` and the row security hold the same rule as SQL; tests compare both, and try
every door with generated records and people.
"""

from msgspec import Struct

from zvon.model.marking import Tlp


class Marked(Struct, frozen=True, kw_only=True):
    """What of a record decides: its marking, who holds and who made it, and who is named on it.

    `group` is true when it belongs to one sharing group and not to everybody.
    """

    tlp: Tlp
    holder: int
    maker: int
    group: bool = False
    named: frozenset[int] = frozenset()


class Looker(Struct, frozen=True, kw_only=True):
    """A person: who they are, for whom they work, and how strict a marking they may read."""

    person: int
    party: int
    own: bool
    ceiling: Tlp


def may_see(record: Marked, who: Looker) -> bool:
    """True when the person may know that the record exists (TLP 2.0).

    Who is named on a record sees it. TLP:RED is for them alone. Else the marking must be within
    the person's ceiling, and: the operator's people see all; others see what their organisation
    holds or made, and what is for everybody (GREEN and CLEAR outside of groups).
    """
    if who.person in record.named:
        return True
    if record.tlp is Tlp.RED or record.tlp > who.ceiling:
        return False
    if who.own or who.party in {record.holder, record.maker}:
        return True
    return record.tlp <= Tlp.GREEN and not record.group
