"""Where else the page of a report's address was seen: domains that a person confirmed as false."""

from collections.abc import Sequence

from zvon.model import suffix, url
from zvon.model.evidence import EvidenceCode
from zvon.model.observable import CODE, Observable, ObservableType
from zvon.store import observable
from zvon.store.campaign_board import SUPPRESSED
from zvon.store.party import Db

LEAST_NODES = 40  # as for keys: a smaller skeleton is anybody's
MOST_REPORTS = 2_000  # of one mark that are looked at
_TYPE = {
    EvidenceCode.SKELETON: ObservableType.SKELETON,
    EvidenceCode.FORM_TARGET: ObservableType.FORM_TARGET,
    EvidenceCode.SECRET: ObservableType.BOT,
}


async def same_kit(db: Db, record_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """For each report and address with marks of a kit, how many other confirmed domains share one.

    Counted are the names of reports whose incident a person judged malicious. Marks that good
    pages show, or that too many unrelated pages share, tell nothing. The set of resources counts
    as soon as the report has its campaign.
    """
    marks = await _marks(db, record_ids)
    known = await observable.ids(db, list({mark for _, _, mark in marks}))
    asked = [(record, address, known[mark]) for record, address, mark in marks if mark in known]
    if not asked:
        return {}
    rows = await db.execute(
        """
        select distinct x.record, x.address, n.value
        from unnest(%(records)s::bigint[], %(urls)s::text[], %(marks)s::bigint[])
          x(record, address, mark)
        join lateral (select record_id from report_key k where k.observable_id = x.mark
                      order by record_id desc limit %(reports)s) k on k.record_id <> x.record
        join report r on r.record_id = k.record_id
        join incident i on i.id = r.incident_id and i.verdict = 'malicious'
          and i.verdict_by is not null
        join report_key d on d.record_id = k.record_id and d.code in ('SAME_DOMAIN', 'SAME_HOST')
        join observable n on n.id = d.observable_id
        where not exists (select from campaign_key_common c where c.observable_id = x.mark)
          and (select count(*) from (select from campaign_key_seen s
               where s.observable_id = x.mark limit %(most)s) s) < %(most)s
        """,
        {
            "records": [record for record, _, _ in asked],
            "urls": [address for _, address, _ in asked],
            "marks": [mark for _, _, mark in asked],
            "reports": MOST_REPORTS,
            "most": SUPPRESSED + 1,
        },
    )
    found: dict[int, dict[str, set[str]]] = {}
    for record, address, name in await rows.fetchall():
        domain = suffix.registered(name) or name
        if domain != _domain(address):
            found.setdefault(record, {}).setdefault(address, set()).add(domain)
    return {
        record: {address: len(names) for address, names in by_url.items()}
        for record, by_url in found.items()
    }


async def _marks(db: Db, record_ids: Sequence[int]) -> list[tuple[int, str, Observable]]:
    rows = await db.execute(
        """
        select e.record_id, o.value, e.code, e.value, coalesce((e.params->>'nodes')::int, 0)
        from evidence e join observable o on o.id = e.observable_id and o.type = %(url)s
        where e.record_id = any(%(records)s) and e.code = any(%(codes)s)
        union
        select e.record_id, o.value, 'page.resources', k.value, 0
        from evidence e join observable o on o.id = e.observable_id and o.type = %(url)s
        join report_key m on m.record_id = e.record_id and m.code = 'SAME_RESOURCES'
        join observable k on k.id = m.observable_id
        where e.record_id = any(%(records)s) and e.code = 'page.resources'
        """,
        {"records": list(record_ids), "codes": [code.value for code in _TYPE],
         "url": CODE[ObservableType.URL]},
    )  # fmt: skip
    found = []
    for record, address, code, value, nodes in await rows.fetchall():
        if code == EvidenceCode.SKELETON and nodes < LEAST_NODES:
            continue
        kind = _TYPE.get(EvidenceCode(code), ObservableType.RESOURCES)
        found.append((record, address, Observable(kind, value)))
    return found


def _domain(address: str) -> str | None:
    try:
        host = url.parse(address).host
    except ValueError:
        return None
    return suffix.registered(host) or host
