"""The API of searching: what comes back, in which form, and what an export leaves out."""

import csv
import hashlib
import io
import json
from datetime import timedelta

from msgspec.structs import replace

from tests.store.findable import LIST, Node, Said, T, index, put
from tests.web.house import PROBLEM, House
from zvon.model.marking import Pap, Tlp
from zvon.privacy.register_entry import Entry
from zvon.share.values import is_outward
from zvon.store import constituency, party
from zvon.store.transaction import transaction

DAY = timedelta(days=1)
SEARCH, EXPORT, LOOKUP = "/api/v1/search", "/api/v1/search/export", "/api/v1/lookup"


async def fill(house: House, *said: Said) -> None:
    """Records of the operator of this node."""
    now = house.clock()
    async with transaction(house.pool, now) as tx:
        bank = await party.put(tx, uuid=house.home.uuid, name="SI-CERT", kind="csirt",
                               country="SI", own=True)  # fmt: skip
        row = await (
            await tx.execute(
                "insert into source (uuid, name, kind, created_at) values (gen_random_uuid(), %s,"
                " 'http', %s) returning id",
                (LIST, now),
            )
        ).fetchone()
        assert row is not None
    ana = house.viewers["ana"]
    await put(house.pool, now, Node(house.home, bank, ana, ana, {LIST: row[0]}), *said)


SAID = (
    Said(values=[(T.DOMAIN, "posta-si.example", 1), (T.IPV4, "192.0.2.7", 5)], tags=["phishing"],
         title="Lažna stran", age=DAY),
    Said(values=[(T.URL, "https://posta-si.example/i", 1), (T.CIDR, "192.0.2.0/24", 1)]),
    Said(values=[(T.FILENAME, "=cmd|'/c calc'!A1", 1), (T.EMAIL, "zrtev@banka.example", 4)]),
    Said(values=[(T.DOMAIN, "tiho.example", 1)], pap=Pap.RED),
    Said(values=[(T.DOMAIN, "posta-si.example", 1)], tlp=Tlp.AMBER, pap=Pap.RED),
    Said(values=[(T.SKELETON, "0123456789abcdef", 1)]),
)  # fmt: skip


async def test_the_api_finds_values_records_and_counts(house: House) -> None:
    await fill(house, *SAID)
    answer = (
        await house.get("ana", SEARCH, params={"q": "posta-si[.]example", "facets": "true"})
    ).json()
    (value,) = answer["values"]
    assert (value["value"], value["records"], value["sources"]) == ("posta-si.example", 2, [LIST])
    assert (value["tlp"], value["pap"], value["roles"]) == ("TLP:AMBER", "PAP:RED", ["said"])
    assert answer["facets"]["tlp"] == [
        {"text": "amber", "values": 1}, {"text": "green", "values": 1},
    ]  # fmt: skip
    assert answer["facets"]["tag"] == [{"text": "phishing", "values": 1}]
    assert answer["behind"] is None
    assert answer["reading"] == "whole"
    listed = (await house.get("ana", SEARCH, params={"q": "text:stran", "of": "records"})).json()
    (record,) = listed["records"]
    assert (record["title"], record["source"], record["count"]) == ("Lažna stran", LIST, 2)
    assert {"type": "domain", "value": "posta-si.example"} in record["values"]


async def test_pages_follow_each_other(house: House) -> None:
    await fill(house, *SAID)
    for of in ("values", "records"):
        seen: list[str] = []
        after: str | None = None
        for _ in range(20):
            given = {"q": "", "limit": 2, "of": of} | ({"after": after} if after else {})
            page = (await house.get("ana", SEARCH, params=given)).json()
            seen += [str(row.get("value") or row.get("id")) for row in page[of]]
            after = page["next"]
            if after is None:
                break
        assert len(seen) == len(set(seen)) == (8 if of == "values" else 6)


async def test_a_bad_query_says_where(house: House) -> None:
    answer = await house.get("ana", SEARCH, params={"q": "tlp:green sourc:x"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert answer.json()["errors"] == [{"code": "QUERY_FIELD", "position": 10}]
    assert (await house.get("ana", SEARCH, params={"after": "x"})).status_code == 422
    assert (await house.get("ana", f"{EXPORT}/xls")).status_code == 404


async def test_a_table_for_people_computes_nothing_and_leaves_out_what_may_not_leave(
    house: House,
) -> None:
    await fill(house, *SAID)
    answer = await house.get("ana", f"{EXPORT}/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["value"] for row in rows} == {
        "posta-si.example", "192.0.2.7", "https://posta-si.example/i", "192.0.2.0/24",
        "'=cmd|'/c calc'!A1", "zrtev@banka.example",
    }  # fmt: skip
    assert answer.headers["x-zvon-withheld"] == "2"
    (posta,) = (row for row in rows if row["value"] == "posta-si.example")
    assert (posta["records"], posta["pap"], posta["tlp"]) == ("1", "PAP:GREEN", "TLP:GREEN")
    lines = (await house.get("ana", f"{EXPORT}/json", params={"q": "192.0.2.0/24"})).text
    assert {json.loads(line)["value"] for line in lines.splitlines()} == {
        "192.0.2.7", "192.0.2.0/24",
    }  # fmt: skip
    assert await audited(house) == [
        ("ana", "search:csv", ""),
        ("ana", "search:json", "192.0.2.0/24"),
    ]


async def audited(house: House) -> list[tuple[str, str, str]]:
    """Who exported what, in which form."""
    async with house.pool.connection() as db:
        rows = await db.execute(
            "select actor, object, detail ->> 'query' from audit"
            " where action = 'search:export' order by seq"
        )
        return await rows.fetchall()


async def test_other_tools_read_what_is_accused_and_nothing_of_the_reporter(house: House) -> None:
    await fill(house, *SAID)
    bundle = (await house.get("ana", f"{EXPORT}/stix")).json()
    indicators = [o for o in bundle["objects"] if o["type"] == "indicator"]
    assert {o["name"] for o in indicators} == {
        "posta-si.example", "https://posta-si.example/i", "192.0.2.0/24",
    }  # fmt: skip
    (event,) = (await house.get("ana", f"{EXPORT}/misp")).json()["response"]
    attributes = {a["value"]: a["to_ids"] for a in event["Event"]["Attribute"]}
    assert attributes["posta-si.example"] is True
    assert "192.0.2.7" not in attributes  # only named, so nobody knows whose it is
    assert "zrtev@banka.example" not in attributes
    for name in ("csv", "json", "stix", "misp"):  # nothing found is a file too
        answer = await house.get("ana", f"{EXPORT}/{name}", params={"q": "nothing.test"})
        assert answer.status_code == 200
        if name in {"stix", "misp"}:
            answer.json()


OURS = (
    Said(values=[(T.URL, "https://posta-si.example/i?email=maja.zupanc@lipa-primer.si", 1),
                 (T.EMAIL, "maja.zupanc@lipa-primer.si", 5), (T.IPV4, "10.20.30.40", 5),
                 (T.IPV4, "46.123.240.11", 1), (T.DOMAIN, "lipa-primer.si", 1)]),
)  # fmt: skip


async def test_what_is_ours_does_not_leave_for_other_tools_and_the_ledger_says_what_did(
    house: House,
) -> None:
    await fill(house, *OURS)
    async with transaction(house.pool, house.clock()) as tx:
        await constituency.put(
            tx, [Entry(kind="domain", value="lipa-primer.si"),
                 Entry(kind="prefix", value="46.123.240.0/24")], house.clock(),
        )  # fmt: skip
    bundle = await house.get("ana", f"{EXPORT}/stix")
    (only,) = [o["name"] for o in bundle.json()["objects"] if o["type"] == "indicator"]
    assert only == "https://posta-si.example/i"
    for secret in ("zupanc", "lipa-primer", "10.20.30.40", "46.123.240"):
        assert secret not in bundle.text.lower()
    own = await house.get("ana", f"{EXPORT}/csv")
    assert "46.123.240.11" in own.text  # our own people read what they may read
    lines = (await house.get("aud", "/api/v1/disclosures")).json()
    assert lines["counts"] == {"export": {"released": 1}}
    (line,) = lines["disclosures"]
    assert (line["door"], line["by"], line["subject"]) == ("export", "ana", "search stix")
    assert sum(line["spans"]["pseudonymise"].values()) >= 4
    assert line["sha256"] == hashlib.sha256(f"{only}\n".encode()).hexdigest()


async def test_every_form_is_outward_for_somebody_of_another_organisation(house: House) -> None:
    stranger = replace(house.viewers["ana"], party_own=False)
    assert is_outward(stranger, "csv")
    assert not is_outward(house.viewers["ana"], "csv")
    assert is_outward(house.viewers["ana"], "misp")


async def test_an_export_of_many_pages_is_whole(house: House) -> None:
    hosts = [f"h{n}.example" for n in range(1203)]
    await fill(house, Said(values=[(T.DOMAIN, host, 1) for host in hosts]))
    for name in ("json", "stix"):
        answer = await house.get("ana", f"{EXPORT}/{name}", params={"q": "type:domain"})
        for host in hosts:
            assert f'"{host}"' in answer.text


async def test_many_values_are_looked_up_as_they_were_pasted(house: House) -> None:
    await fill(house, *SAID)
    text = "posta-si[.]example\n# remark\n192.0.2.7\n192.0.2.9, hxxps://posta-si[.]example/i\nPOSTA-si.example\nneznano.test\n"
    answer = await house.post("ana", LOOKUP, {"text": text})
    rows = {row["value"]: row for row in map(json.loads, answer.text.splitlines())}
    assert list(rows) == [
        "posta-si.example", "192.0.2.7", "192.0.2.9", "https://posta-si.example/i", "neznano.test",
    ]  # fmt: skip
    assert [row["known"] for row in rows.values()] == [True, True, False, True, False]
    assert rows["posta-si.example"]["records"] == 2
    assert rows["192.0.2.9"]["networks"] == ["192.0.2.0/24"]


async def test_a_column_of_a_table_is_looked_up_into_a_table(house: House) -> None:
    await fill(house, *SAID)
    text = 'n;Naslov\n1;posta-si[.]example\n2;"=1+1"\n3;\n'
    answer = await house.post("ana", LOOKUP, {"text": text, "column": "naslov", "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["given"], row["known"]) for row in rows] == [
        ("posta-si[.]example", "true"), ("'=1+1", "false"),
    ]  # fmt: skip
    gone = await house.post("ana", LOOKUP, {"text": text, "column": "ni ga"})
    assert gone.status_code == 404
    many = "\n".join(f"{n:032x}" for n in range(100_001))
    answer = await house.post("ana", LOOKUP, {"text": many})
    assert answer.status_code == 422
    assert "100000" in answer.json()["detail"]


async def test_kept_searches_are_own_or_shared(house: House) -> None:
    made = await house.post(
        "ana", f"{SEARCH}/views", {"name": " Moje ", "query": "TYPE:domain   -(tag:x)"}
    )
    assert made.status_code == 201
    view = made.json()
    assert (view["name"], view["query"], view["own"]) == ("Moje", "type:domain -tag:x", True)
    path = f"{SEARCH}/views/{view['id']}"
    assert (await house.get("bor", path)).status_code == 404
    again = await house.post("ana", f"{SEARCH}/views", {"name": "Moje", "query": ""})
    assert again.status_code == 409
    shared = {"name": "Skupno", "query": "tlp:clear", "shared": True}
    assert (await house.ask("ana", "PUT", path, json=shared)).json()["name"] == "Skupno"
    seen = (await house.get("bor", f"{SEARCH}/views")).json()["views"]
    assert [(v["name"], v["own"], v["by"]) for v in seen] == [("Skupno", False, "ana")]
    assert (await house.ask("bor", "PUT", path, json=shared)).status_code == 404
    assert (await house.ask("bor", "DELETE", path)).status_code == 404
    bad = await house.ask("ana", "PUT", path, json={**shared, "query": "tlp:pink"})
    assert bad.status_code == 422
    assert (await house.ask("ana", "DELETE", path)).status_code == 204
    assert (await house.get("ana", path)).status_code == 404


async def test_what_was_not_taken_into_the_projections_is_said(house: House) -> None:
    await fill(house)
    await house.post("rita", "/api/v1/reports", {"text": "https://nov.example/x"})
    behind = (await house.get("aud", SEARCH)).json()["behind"]
    assert behind["changes"] > 0
    await index(house.pool, house.clock())
    behind = (await house.get("aud", SEARCH)).json()["behind"]
    assert behind == {"values": 0, "changes": 0}
