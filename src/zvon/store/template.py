"""Names for things that are alike: texts of lures, and the sets of resources of kits.

The first of its kind founds a family; what comes later and is alike enough takes its name.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from zvon.ml import template as likeness
from zvon.ml.template import Signature
from zvon.store.transaction import Tx

MOST_ALIKE = 200  # families that one is compared with


class _Kind(Struct, frozen=True):
    """How things of one kind are compared; `salt` keeps the bands of two kinds apart."""

    prefix: str
    bands: int
    alike: float
    salt: int


_TEXT = _Kind("", likeness.BANDS, likeness.ALIKE, 0)
_SET = _Kind("r", likeness.SET_BANDS, likeness.ALIKE_SET, 0x5AFE_C0DE)


async def family(tx: Tx, sketch: Signature) -> str:
    """The name of the template that a text belongs to; a text like no other founds one."""
    return (await families(tx, [sketch]))[0]


async def families(tx: Tx, sketches: Sequence[Signature]) -> list[str]:
    """Like `family`, of many. Call it before `campaign.join_all`: locks are taken in this order.

    A template that is known needs no lock; founding one does, until the caller's commit.
    """
    return await _named(tx, sketches, _TEXT)


async def kits(tx: Tx, sets: Sequence[frozenset[str]]) -> list[str | None]:
    """The name of the kit that each set of resource hashes belongs to (Jaccard >= .6).

    `None` for a set of fewer than `LEAST_SET`: it could be anybody's.
    """
    told = [n for n, each in enumerate(sets) if len(each) >= likeness.LEAST_SET]
    names = await _named(tx, [likeness.sketch(sets[n]) for n in told], _SET)
    found: list[str | None] = [None] * len(sets)
    for n, name in zip(told, names, strict=True):
        found[n] = name
    return found


async def _named(tx: Tx, sketches: Sequence[Signature], kind: _Kind) -> list[str]:
    if not sketches:
        return []
    alike = await _alike(tx, sketches, kind)
    if None in alike:
        await tx.execute("select pg_advisory_xact_lock(hashtextextended('zvon.template', 0))")
        alike = await _alike(tx, sketches, kind)
    founded: list[tuple[Signature, str]] = []
    names = []
    for sketch, name in zip(sketches, alike, strict=True):
        if name is None:
            near = [(likeness.similarity(sketch, other), -n, called)
                    for n, (other, called) in enumerate(founded)]  # fmt: skip
            if near and max(near)[0] >= kind.alike:
                name = max(near)[2]
            else:
                name = kind.prefix + likeness.name(sketch)
                founded.append((sketch, name))
        names.append(name)
    for sketch, name in founded:
        await tx.execute(
            """
            with t as (insert into template (name, signature) values (%s, %s)
                       on conflict (name) do update set name = excluded.name returning id)
            insert into template_band (band, template_id)
            select b, t.id from t, unnest(%s::bigint[]) b on conflict do nothing
            """,
            (name, sketch.astype("<u4").tobytes(), _bands(sketch, kind)),
        )
    return names


async def _alike(tx: Tx, sketches: Sequence[Signature], kind: _Kind) -> list[str | None]:
    """For each the known family that is most like it, the oldest of equals."""
    bands = [(n, band) for n, sketch in enumerate(sketches) for band in _bands(sketch, kind)]
    rows = await (
        await tx.execute(
            """
            select s.n, t.id, t.name, t.signature
            from (select distinct n from unnest(%(n)s::int[]) n) s
            join lateral (
              select distinct b.template_id from unnest(%(n)s::int[], %(band)s::bigint[]) x(n, band)
              join template_band b on b.band = x.band
              where x.n = s.n order by b.template_id limit %(most)s) f on true
            join template t on t.id = f.template_id
            """,
            {"n": [n for n, _ in bands], "band": [band for _, band in bands], "most": MOST_ALIKE},
        )
    ).fetchall()
    best: dict[int, tuple[float, int, str]] = {}
    for n, number, name, stored in rows:
        score = likeness.similarity(sketches[n], np.frombuffer(stored, dtype="<u4"))
        if score >= kind.alike:
            best[n] = max(best.get(n, (0.0, 0, "")), (score, -number, name))
    return [best[n][2] if n in best else None for n in range(len(sketches))]


def _bands(sketch: Signature, kind: _Kind) -> list[int]:
    return [band ^ kind.salt for band in likeness.bands(sketch, kind.bands)]
