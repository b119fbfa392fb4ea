"""Enrichers: offline ones always, outside ones only when asked and allowed; answers are kept."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from threading import Thread
from typing import Any, cast

import pytest

from tests.store.world import new_uuid, own_party, somebody
from zvon.access.permission import Denied
from zvon.collect.enricher import technique
from zvon.collect.enricher.enricher import Asking
from zvon.collect.enricher.network import facts as network_facts
from zvon.collect.enricher.run import MAX_ASKED, Known, enrich
from zvon.collect.enricher.suffix import host_of, of_host
from zvon.collect.reference.build import build
from zvon.collect.reference.folder import install
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.fact import Fact
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.store import party
from zvon.store.ingest import SAID, RecordIn, Sighted, ingest
from zvon.store.party import Party
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

T = ObservableType
NAME = Observable(T.DOMAIN, "dostava-paketa.example")
ADDRESS = Observable(T.IPV4, "192.0.2.7")
ROW = {"rrname": "dostava-paketa.example.", "rrtype": "A", "rdata": "192.0.2.7",
       "time_first": 1_760_000_000, "time_last": 1_763_000_000, "count": 12}  # fmt: skip


def context_of(pool: Pool, now: datetime, root: Path, **given: Any) -> Context:
    return Context(pool, Settings(root=root, **given), cast(Any, None), lambda: now, os.urandom)


@contextmanager
def passive_dns(rows: list[dict[str, Any]], status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A passive DNS service, and the paths that it was asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers.get('X-API-Key', '')}")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"".join(json.dumps(row).encode() + b"\n" for row in rows))

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/pdns", asked
    finally:
        server.shutdown()
        server.server_close()


async def seen(pool: Pool, now: datetime, home: Party, *values: Observable, **given: Any) -> None:
    """A record of a feed that names `values`."""
    async with transaction(pool, now) as tx:
        source = await party.source(tx, "Feed", "http", now)
        await ingest(
            tx,
            [RecordIn(uuid=new_uuid(now), kind="indicator", created_at=now, modified_at=now,
                      tlp=given.get("tlp", Tlp.GREEN), pap=given.get("pap", Pap.GREEN), payload={},
                      org_id=home.id, orgc_id=home.id, source_id=source,
                      observables=[Sighted(value, SAID, now) for value in values])],
            now,
        )  # fmt: skip


def by_name(known: list[Known]) -> dict[str, Known]:
    return {each.enricher: each for each in known}


async def test_offline_enrichers_say_what_they_know(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    body = {"name": "Parcels", "type": "hostname", "list": ["dostava-paketa.example"],
            "matching_attributes": ["domain"]}  # fmt: skip
    built = build([
        (PurePosixPath("lists/parcels/list.json"), json.dumps(body).encode()),
        (PurePosixPath("asn.tsv"), b"192.0.2.0\t192.0.2.255\t64500\tSI\tTest\n"),
    ])  # fmt: skip
    install(tmp_path / "reference", built, now)
    await seen(pool, now, home, NAME)
    found = await enrich(context_of(pool, now, tmp_path), ana, [NAME, ADDRESS])
    name, address = by_name(found[NAME]), by_name(found[ADDRESS])
    assert name["warning-list"].facts == (
        Fact("LISTED", "Parcels", {"list": "parcels", "about": ""}),
    )
    (sighted,) = name["sightings"].facts
    assert (sighted.value, sighted.params["records"], sighted.params["accused"]) == ("Feed", 1, 1)
    assert address["network"].facts == (
        Fact("NETWORK", "AS64500", {"name": "Test", "country": "SI", "table": "supplied"}),
    )
    assert "passive-dns" not in name


async def test_what_a_reader_may_not_see_is_no_sighting(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana", ceiling=Tlp.GREEN)
    await seen(pool, now, home, NAME, tlp=Tlp.AMBER)
    found = await enrich(context_of(pool, now, tmp_path), ana, [NAME])
    assert "sightings" not in by_name(found[NAME])


async def test_outside_is_asked_only_when_a_person_wants_it_and_once(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    await seen(pool, now, home, NAME)
    with passive_dns([ROW]) as (url, asked):
        node = context_of(pool, now, tmp_path, passive_dns_url=url, passive_dns_key="k1")
        await enrich(node, ana, [NAME])
        assert asked == []
        first = by_name((await enrich(node, ana, [NAME], ask=True))[NAME])["passive-dns"]
        again = by_name((await enrich(node, ana, [NAME], ask=True))[NAME])["passive-dns"]
        offline = by_name((await enrich(node, ana, [NAME]))[NAME])["passive-dns"]
    assert asked == ["/pdns/dostava-paketa.example k1"]
    (fact,) = first.facts
    assert (fact.code, fact.value, fact.params["first"]) == ("RESOLVED", "192.0.2.7", "2025-10-09")
    assert (first.cached, again.cached, offline.cached) == (False, True, True)
    assert again.facts == offline.facts == first.facts
    async with read(pool, SYSTEM) as db:
        rows = await (
            await db.execute("select actor, rule, detail from audit where rule <> ''")
        ).fetchall()
    assert rows == [("ana", "asked outside", {"enricher": "passive-dns"})]


async def test_an_answer_is_kept_for_its_time(pool: Pool, now: datetime, tmp_path: Path) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    await seen(pool, now, home, NAME)
    with passive_dns([ROW]) as (url, asked):
        await enrich(context_of(pool, now, tmp_path, passive_dns_url=url), ana, [NAME], ask=True)
        later = context_of(pool, now + timedelta(hours=13), tmp_path, passive_dns_url=url)
        assert "passive-dns" not in by_name((await enrich(later, ana, [NAME]))[NAME])
        await enrich(later, ana, [NAME], ask=True)
    assert len(asked) == 2


async def test_pap_red_keeps_a_value_inside(pool: Pool, now: datetime, tmp_path: Path) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    await seen(pool, now, home, NAME, pap=Pap.RED)
    with passive_dns([ROW]) as (url, asked):
        node = context_of(pool, now, tmp_path, passive_dns_url=url)
        known = by_name((await enrich(node, ana, [NAME], ask=True))[NAME])["passive-dns"]
    assert (known.facts, known.problem, asked) == ((), "PAP:RED", [])


@pytest.mark.parametrize(("rows", "status"), [([], 500), ([{"rrname": 7}], 200)])
async def test_a_service_that_fails_is_said_and_not_kept(
    rows: list[dict[str, Any]], status: int, pool: Pool, now: datetime, tmp_path: Path
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    await seen(pool, now, home, NAME)
    with passive_dns(rows, status) as (url, asked):
        node = context_of(pool, now, tmp_path, passive_dns_url=url)
        for _ in range(2):
            known = by_name((await enrich(node, ana, [NAME], ask=True))[NAME])["passive-dns"]
            assert known.facts == ()
            assert known.problem.startswith("passive DNS answered")
    assert len(asked) == 2


async def test_it_is_for_those_who_may_search_and_not_for_lists(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    home = await own_party(pool, now)
    rea = await somebody(pool, now, home, "rea", roles=["reporter"])
    ana = await somebody(pool, now, home, "ana")
    node = context_of(pool, now, tmp_path)
    with pytest.raises(Denied):
        await enrich(node, rea, [NAME])
    many = [Observable(T.DOMAIN, f"n{n}.example") for n in range(MAX_ASKED + 1)]
    with pytest.raises(ValueError, match=f"at most {MAX_ASKED}"):
        await enrich(node, ana, many, ask=True)


async def test_well_known_networks_are_built_in(pool: Pool, now: datetime, tmp_path: Path) -> None:
    asking = Asking(context_of(pool, now, tmp_path))
    arnes = Observable(T.IPV4, "193.2.1.66")
    (fact,) = (await network_facts(asking, [arnes, ADDRESS]))[arnes]
    assert (fact.value, fact.params["country"], fact.params["table"]) == (
        "AS2107",
        "SI",
        "built-in",
    )


async def test_a_revoked_technique_names_its_successor(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    def pattern(number: str, name: str, **more: Any) -> dict[str, Any]:
        return {"type": "attack-pattern", "id": f"attack-pattern--{number}", "name": name,
                "external_references": [{"source_name": "mitre-attack", "external_id": number}],
                **more}  # fmt: skip

    bundle = {"objects": [
        pattern("T1001", "Old", revoked=True), pattern("T1002", "New"),
        {"type": "relationship", "relationship_type": "revoked-by",
         "source_ref": "attack-pattern--T1001", "target_ref": "attack-pattern--T1002"},
    ]}  # fmt: skip
    path = PurePosixPath("enterprise-attack-1.0.json")
    install(tmp_path / "reference", build([(path, json.dumps(bundle).encode())]), now)
    old = Observable(T.ATTACK_ID, "T1001")
    found = await technique.facts(Asking(context_of(pool, now, tmp_path)), [old])
    assert [(fact.code, fact.value) for fact in found[old]] == [
        ("TECHNIQUE", "Old"),
        ("REPLACED", "T1002"),
    ]


def test_the_registered_name_and_its_suffix() -> None:
    assert of_host("www.posta.co.uk") == [
        Fact("REGISTERED", "posta.co.uk"),
        Fact("SUFFIX", "co.uk"),
    ]
    assert of_host("co.uk") == []


@pytest.mark.parametrize(
    ("kind", "value", "host"),
    [(T.URL, "https://www.banka.example/x", "www.banka.example"), (T.URL, "http://192.0.2.7/x", ""),
     (T.EMAIL, "ana@posta.example", "posta.example"), (T.IPV4, "192.0.2.7", "")],
)  # fmt: skip
def test_the_name_of_the_host_in_a_value(kind: ObservableType, value: str, host: str) -> None:
    assert host_of(Observable(kind, value)) == host
