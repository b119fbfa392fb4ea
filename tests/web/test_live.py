"""Following the changes of the node: none is missed, none is told twice."""

import json

from litestar.response import ServerSentEventMessage

from tests.store.world import reported
from tests.web.house import House
from zvon.web.api.live import Bell, stream


async def events(house: House, after: int | None, count: int) -> list[ServerSentEventMessage]:
    """The first `count` events for an analyst."""
    flow = stream(house.context, house.viewers["ana"], Bell(), after)
    try:
        return [await anext(flow) for _ in range(count)]
    finally:
        await flow.aclose()


async def test_a_stream_begins_with_its_place_and_tells_each_change_once(house: House) -> None:
    made = await reported(house.pool, house.clock(), house.home)
    [here] = await events(house, None, 1)
    assert here.event == "here"
    count = int(str(here.data))
    assert count >= 2
    told = await events(house, 0, 1 + count)
    assert [int(str(e.id)) for e in told] == list(range(count + 1))
    changes = [json.loads(str(e.data)) for e in told[1:]]
    assert str(made.incident_uuid) in {c["id"] for c in changes}
    assert {e.event for e in told[1:]} == {"change"}


async def test_who_comes_back_with_the_last_place_gets_only_what_followed(house: House) -> None:
    await reported(house.pool, house.clock(), house.home)
    [here] = await events(house, None, 1)
    place = int(str(here.data))
    await reported(house.pool, house.clock(), house.home)
    told = await events(house, place, 2)
    assert int(str(told[1].id)) == place + 1


async def test_a_bell_that_rings_wakes_who_waits(house: House) -> None:
    bell = Bell()
    flow = stream(house.context, house.viewers["ana"], bell, None)
    bell.start(house.context)
    try:
        assert (await anext(flow)).event == "here"
        made = await reported(house.pool, house.clock(), house.home)
        told = await anext(flow)
        assert told.event == "change"
        assert json.loads(str(told.data))["id"] in {str(made.uuid), str(made.incident_uuid)}
    finally:
        await flow.aclose()
        await bell.stop()
