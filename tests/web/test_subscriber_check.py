"""What the check asks of a node, and the files of a secondary, over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from tests.justifications import justified
from tests.web.house import House
from tests.web.test_feeds import subscribed


async def path_of(house: House, **more: Any) -> str:
    return f"/api/v1/subscribers/{(await subscribed(house, **more))['id']}"


async def test_a_check_moves_a_serial_with_a_name_that_is_new_in_it(house: House) -> None:
    await justified(house.pool, house.viewers["ada"], house.viewers["bor"], house.clock())
    path = await path_of(house, mode="enforce")
    first = await house.post("ada", f"{path}/check", json={})
    again = await house.post("ada", f"{path}/check", json={})
    assert (first.status_code, again.status_code) == (200, 200), first.text
    assert first.json()["zone"] == again.json()["zone"] == "hot.si.zvon"
    assert again.json()["serial"] == first.json()["serial"] + 1
    assert again.json()["name"] != first.json()["name"]
    seen = (await house.get("ada", f"{path}/check")).json()
    serials = {zone["zone"]: zone["serial"] for zone in seen["zones"]}
    assert serials["hot.si.zvon"] == again.json()["serial"]
    assert set(serials) == {"allow.t2.zvon", "hot.si.zvon", "cold.si.zvon", "ip.si.zvon"}
    # No exception of the subscriber, whichever zone moved.
    assert (await house.get("ada", f"{path}/exceptions")).json()["exceptions"] == []


async def test_while_it_only_logs_its_own_zone_moves(house: House) -> None:
    path = await path_of(house, mode="log-only")
    moved = (await house.post("ada", f"{path}/check", json={})).json()
    assert moved["zone"] == "allow.t2.zvon"
    assert (await house.get("ada", f"{path}/exceptions")).json()["exceptions"] == []


async def test_who_may_only_look_moves_nothing(house: House) -> None:
    path = await path_of(house)
    assert (await house.get("ana", f"{path}/check")).status_code == 200
    assert (await house.post("ana", f"{path}/check", json={})).status_code == 403
    assert (await house.get("ada", f"/api/v1/subscribers/{uuid4()}/check")).status_code == 404


async def test_a_secondary_gets_its_clients_and_bad_lines_are_named(house: House) -> None:
    path = await path_of(house, brand="knot")
    lines = {"clients": "isp-a,198.51.100.1,si\nisp-b,198.51.100.2:5353,si"}
    said = await house.post("ada", f"{path}/fanout", json=lines)
    assert said.status_code == 200, said.text
    files = {file["path"]: file["text"] for file in said.json()["kit"]}
    assert "acl: [ zvon, isp-a, isp-b ]" in files["knot-clients.conf"]
    assert "@SECRET@" in files["knot-clients.conf"]
    again = await house.post("ada", f"{path}/fanout", json={"clients": files["clients.csv"]})
    assert {f["path"]: f["text"] for f in again.json()["kit"]} == files
    bad = await house.post("ada", f"{path}/fanout", json={"clients": "isp-a,198.51.100.1,hr"})
    assert (bad.status_code, "line 1" in bad.text) == (422, True)


@pytest.mark.parametrize("secret", ['x"; include "/etc/passwd', "a b", "ä"])
async def test_a_secret_cannot_carry_configuration(house: House, secret: str) -> None:
    path = await path_of(house, brand="nsd")
    lines = {"clients": f"isp-a,198.51.100.1,si,{secret}"}
    assert (await house.post("ada", f"{path}/fanout", json=lines)).status_code == 422
