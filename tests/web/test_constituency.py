"""The register of what is ours over the API: who may see it, whole files, and silence elsewhere."""

import json

import pytest

from tests.web.house import House
from zvon.store.transaction import transaction

WHERE = "/api/v1/constituency"
ROWS = {
    "entries": [
        {"kind": "domain", "value": "Bolnica-Lipa.example", "sector": "health"},
        {"kind": "prefix", "value": "203.0.113.0/24", "weak": True},
        {"kind": "person", "value": "Marija Kovačič"},
    ],
    "source": "by hand",
}
DELEGATED = (
    "2|ripencc|20261122|3|19830705|20261121|+0100\n"
    "ripencc|SI|ipv4|203.0.113.0|256|19900101|allocated|aa-1\n"
    "ripencc|SI|ipv6|2001:db8::|32|20010101|allocated|aa-1\n"
    "ripencc|HR|asn|64500|2|20010101|allocated|bb-2\n"
)


async def test_those_who_keep_it_add_look_and_take_out(house: House) -> None:
    assert (await house.post("ada", WHERE, ROWS)).json() == {"changed": 3}
    assert (await house.post("ada", WHERE, ROWS)).json() == {"changed": 0}
    said = (await house.get("ada", WHERE)).json()
    assert [row["value"] for row in said["entries"]] == [
        "bolnica-lipa.example", "203.0.113.0/24", "Marija Kovačič",
    ]  # fmt: skip
    assert said["counts"] == {"domain": 1, "person": 1, "prefix": 1}
    look = (await house.get("ada", f"{WHERE}/look?kind=address&value=203.0.113.9")).json()
    assert look == {"kind": "prefix", "weak": True, "sector": "", "country": None}
    out = {"entries": [{"kind": "prefix", "value": "203.0.113.0/24"}]}
    assert (await house.post("ada", f"{WHERE}/removals", out)).json() == {"changed": 1}
    look = (await house.get("ada", f"{WHERE}/look?kind=address&value=203.0.113.9")).json()
    assert look["kind"] is None


async def test_a_file_is_taken_whole_or_not_at_all(house: House) -> None:
    broken = b"kind,value\ndomain,lipa.example\ndomain,this is none\n"
    refused = await house.ask("ada", "POST", f"{WHERE}/file", content=broken)
    assert refused.status_code == 422
    assert "line 3" in refused.json()["detail"]
    assert "this is none" not in refused.text
    assert (await house.get("ada", WHERE)).json()["entries"] == []
    taken = await house.ask("ada", "POST", f"{WHERE}/file?country=SI", content=DELEGATED.encode())
    assert taken.json() == {"changed": 2}
    assert (await house.get("ada", WHERE)).json()["counts"] == {"prefix": 2}


@pytest.mark.parametrize("who", ["ana", "bor", "aud"])
async def test_others_see_nothing_of_it_at_any_door(house: House, who: str) -> None:
    await house.post("ada", WHERE, ROWS)
    assert (await house.get(who, WHERE)).status_code == 403
    assert (await house.get(who, f"{WHERE}/look?kind=name&value=a.example")).status_code == 403
    assert (await house.post(who, WHERE, ROWS)).status_code == 403
    for door in ("/api/v1/search?q=*lipa*", "/api/v1/changes", "/api/v1/audit"):
        answer = await house.get(who, door)
        assert "bolnica-lipa" not in answer.text
        assert "203.0.113.0/24" not in answer.text
        assert "Kovačič" not in answer.text


async def test_the_audit_counts_and_names_nobody(house: House) -> None:
    await house.post("ada", WHERE, ROWS)
    async with transaction(house.pool, house.clock()) as tx:
        rows = await (
            await tx.execute("select detail from audit where action = 'constituency:add'")
        ).fetchall()
    assert [row[0]["kinds"] for row in rows] == [{"domain": 1, "prefix": 1, "person": 1}]
    assert "lipa" not in json.dumps([row[0] for row in rows])


@pytest.mark.parametrize(
    "entry",
    [{"kind": "domain", "value": "a b"}, {"kind": "nothing", "value": "x"},
     {"kind": "prefix", "value": "203.0.113.0/99"}, {"kind": "person", "value": ""}],
)  # fmt: skip
async def test_what_is_no_entry_is_refused(house: House, entry: dict[str, str]) -> None:
    assert (await house.post("ada", WHERE, {"entries": [entry]})).status_code in {400, 422}
