"""Values of a search on their way out: to other tools, and to people of other organisations.

A value leaves when the gate keeps it whole (an address loses only what is a victim's in it). What
was said to be bad is taken as the attacker's unless it is ours; what is only named must be known.
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

import anyio.to_thread
from msgspec.structs import replace

from zvon.access.node import Node
from zvon.access.viewer import Viewer
from zvon.model.disclosure import Door, Outcome
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Tlp
from zvon.model.observable import BadValue, Observable, ObservableType, canonical
from zvon.model.query import Role
from zvon.model.role import SpanState
from zvon.privacy.engine import Part, Status, share_text
from zvon.privacy.facts import Facts
from zvon.privacy.pseudonym import Domain
from zvon.share.doors import door_policy
from zvon.share.ledger import Recipient, counted, leaving
from zvon.share.outgoing import key_for_once
from zvon.share.passage import facts_of
from zvon.share.released import PASS, ReleasedText
from zvon.store import disclosure
from zvon.store.search import Found
from zvon.store.transaction import Tx

Random = Callable[[int], bytes]
_T = ObservableType
WHOLE: Final[Mapping[ObservableType, str]] = {
    _T.URL: "URL", _T.DOMAIN: "DOMAIN", _T.IPV4: "IP", _T.IPV6: "IP", _T.EMAIL: "EMAIL",
    _T.PHONE: "PHONE", _T.IBAN: "IBAN", _T.CIDR: "CIDR", _T.CVE: "CVE", _T.FILENAME: "FILE",
    _T.WALLET: "WALLET", _T.ASN: "ASN", _T.FILEPATH: "PATH", _T.USERNAME: "USER", _T.MAC: "MAC",
    _T.HOSTNAME: "HOST", _T.MD5: "HASH", _T.SHA1: "HASH", _T.SHA256: "HASH", _T.SHA512: "HASH",
    _T.SSDEEP: "HASH", _T.TLSH: "HASH", _T.IMPHASH: "HASH", _T.JA3: "HASH", _T.JA3S: "HASH",
    _T.JA4: "HASH", _T.JARM: "HASH", _T.FINGERPRINT: "HASH",
}  # fmt: skip
"""The gate's name of each type; any other is read as text, and leaves when nothing is found in it."""
_CUT = frozenset({_T.URL})  # half a file name is no indicator, an address without its query is


def is_outward(viewer: Viewer, format: str) -> bool:
    """Does an export leave the organisation? A table for our own people does not."""
    return not viewer.party_own or format in {"stix", "misp"}


class ValueDoor:
    """One export at the door. Its line stands in the ledger before the first value leaves."""

    def __init__(self, uuid: UUID, facts: Facts, keys: Domain, to: Recipient) -> None:
        self._uuid, self._facts, self._keys, self._to = uuid, facts, keys, to
        self._spans: dict[str, dict[str, int]] = {}
        self._risk = 0.0
        self._hash = hashlib.sha256()
        self.withheld = 0

    async def release(self, found: Sequence[Found]) -> ReleasedText:
        """The values that may leave, by the number of their row."""
        texts: dict[str, str] = {}
        for tlp in sorted({row.tlp for row in found}):
            rows = [row for row in found if row.tlp == tlp]
            texts |= await anyio.to_thread.run_sync(self._pass, rows, tlp)
        self.withheld += len(found) - len(texts)
        for value in texts.values():
            self._hash.update(value.encode("utf-8", "surrogatepass") + b"\n")
        whole = frozenset(str(r.id) for r in found if texts.get(str(r.id)) == r.observable.value)
        return ReleasedText(
            PASS, door=Door.EXPORT, recipient=self._to.name, texts=texts, whole=whole,
            policy=door_policy(Door.EXPORT, [max((r.tlp for r in found), default=Tlp.CLEAR)]),
        )  # fmt: skip

    def _pass(self, rows: Sequence[Found], tlp: Tlp) -> dict[str, str]:
        policy = door_policy(Door.EXPORT, [tlp])
        outcome = share_text(
            [_part(row) for row in rows], facts=self._facts, policy=policy, keys=self._keys
        )
        for state, types in counted(outcome).items():
            mine = self._spans.setdefault(state, {})
            for kind, n in types.items():
                mine[kind] = mine.get(kind, 0) + n
        self._risk += outcome.expected_leaks
        if outcome.status is not Status.RELEASED:
            return {}
        gone = {s.part for s in outcome.spans if s.state is not SpanState.KEEP}
        cut = {s.part for s in outcome.spans if s.inner}
        out: dict[str, str] = {}
        for row in rows:
            name, kind = str(row.id), row.observable.type
            if name in gone or (name in cut and kind not in _CUT):
                continue
            with suppress(BadValue):
                shared = outcome.shared[name]
                out[name] = canonical(kind, shared).value if name in cut else shared
        return out

    async def close(self, tx: Tx) -> None:
        """Complete the line in the ledger: what left, and how much was withheld."""
        await disclosure.finish(
            tx, self._uuid, spans=self._spans, risk=round(self._risk, 3),
            content_sha256=self._hash.digest(),
        )  # fmt: skip


async def open_door(
    tx: Tx, viewer: Viewer, format: str, now: datetime, node: Node, *, random: Random = os.urandom
) -> ValueDoor:
    """Begin an export; its line in the ledger is there when the transaction is."""
    policy = door_policy(Door.EXPORT, [Tlp.AMBER_STRICT])
    uuid = uuid7(now, random(RANDOM_BYTES))
    keys = key_for_once(policy, random)
    to = Recipient(
        door=Door.EXPORT, name="tools" if viewer.party_own else f"party {viewer.party_id}",
        subject=f"search {format}",
    )  # fmt: skip
    row = leaving(to, policy, keys.epoch, None, viewer.login)
    await disclosure.put(tx, uuid, replace(row, outcome=Outcome.RELEASED, reason=""), now)
    return ValueDoor(uuid, await facts_of(tx.db, node, now), keys, to)


def shown(found: Sequence[Found], released: ReleasedText) -> tuple[Found, ...]:
    """The rows with the values as they left; without those that did not."""
    return tuple(
        replace(row, observable=Observable(row.observable.type, released.texts[str(row.id)]))
        for row in found
        if str(row.id) in released.texts
    )


def _part(row: Found) -> Part:
    side = "attacker" if Role.SAID in row.roles else ""
    if not side and Role.REPORTER in row.roles:
        side = "reporter"
    return Part(
        str(row.id), row.observable.value, side=side, optional=True,
        whole=WHOLE.get(row.observable.type, ""),
    )  # fmt: skip
