"""What of Kafka and AMQP needs no broker: offsets count once, an acknowledgement follows the commit."""

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.collect.source.sources import Desk, desk
from zvon.collect.source import amqp, kafka
from zvon.collect.source.kind import BadSettings, Failed, checked
from zvon.collect.source.kinds import kind
from zvon.store.transaction import Pool

SERVERS = {"servers": ["127.0.0.1:9"], "topics": ["alerts"], "tls": False}


@pytest.fixture
async def node(pool: Pool, now: datetime, tmp_path: Path) -> Desk:
    return await desk(pool, now, tmp_path, "127.0.0.1:9")


def records(partition: int, *offsets: int) -> dict[Any, Any]:
    place = SimpleNamespace(topic="alerts", partition=partition)
    return {_Key(place): [SimpleNamespace(offset=n, value=b'{"n":%d}' % n) for n in offsets]}


class _Key:
    """A partition as a key of a dictionary."""

    def __init__(self, place: Any) -> None:
        self.topic, self.partition = place.topic, place.partition


async def test_offsets_that_come_again_after_a_crash_are_not_taken_again(node: Desk) -> None:
    source = await node.add("kafka", SERVERS, every_s=None)
    reading = await node.reading(source)
    await kafka.take_all(reading, records(0, 0, 1, 2) | records(1, 0))
    again = await node.reading(source)  # a worker that has not committed its offsets
    await kafka.take_all(again, records(0, 1, 2, 3, 4) | records(1, 0))
    assert await node.bodies(source) == [
        b'{"n":0}\n{"n":1}\n{"n":2}\n', b'{"n":0}\n', b'{"n":3}\n{"n":4}\n',
    ]  # fmt: skip
    after = await node.get(source)
    assert after.cursor == {"offsets": {"alerts/0": 5, "alerts/1": 1}}


async def test_a_deleted_value_moves_the_offset_and_is_no_delivery(node: Desk) -> None:
    source = await node.add("kafka", SERVERS, every_s=None)
    [(place, _)] = records(0).items()
    gone = {place: [SimpleNamespace(offset=7, value=None)]}
    await kafka.take_all(await node.reading(source), gone)
    assert await node.deliveries(source) == []
    assert (await node.get(source)).cursor == {"offsets": {"alerts/0": 8}}


async def test_a_cluster_that_is_not_there_fails_with_a_reason(node: Desk) -> None:
    pytest.importorskip("aiokafka")
    source = await node.add("kafka", SERVERS, every_s=None)
    with pytest.raises(Failed, match="alerts"):
        await kafka.follow(await node.reading(source))


async def test_a_queue_that_is_not_there_fails_without_showing_the_password(node: Desk) -> None:
    pytest.importorskip("aio_pika")
    settings = {"server": "amqp://127.0.0.1:9/", "queue": "alerts", "user": "zvon"}
    source = await node.add("amqp", settings, secret="hunter2", every_s=None)
    with pytest.raises(Failed) as failed:
        await amqp.follow(await node.reading(source))
    assert "hunter2" not in str(failed.value)


async def test_a_queued_message_is_acknowledged_once_it_is_kept(node: Desk) -> None:
    settings = {"server": "amqp://127.0.0.1:9/", "queue": "alerts"}
    source = await node.add("amqp", settings, every_s=None)
    acknowledged: list[int] = []

    async def ack() -> None:
        acknowledged.append(len(await node.deliveries(source)))

    message = SimpleNamespace(body=b"{}", message_id="m1", routing_key="alerts",
                              content_type="application/json", ack=ack)  # fmt: skip
    reading = await node.reading(source)
    await amqp.take_one(reading, message)
    await amqp.take_one(reading, message)
    assert acknowledged == [1, 1]
    [came] = await node.deliveries(source)
    assert (came.external, came.again) == ("m1", 1)


@pytest.mark.parametrize(("name", "settings"), [
    ("kafka", {"servers": [], "topics": ["a"]}), ("kafka", {"servers": ["a"], "topics": ["a"]}),
    ("kafka", {"servers": ["a:99999"], "topics": ["a"]}), ("amqp", {"server": "http://a"}),
    ("amqp", {"server": "amqp://u:p@a/", "queue": "q"}), ("amqp", {"server": "amqps:///", "queue": "q"}),
    ("nats", {"servers": ["nats://"], "subject": "a"}), ("nats", {"servers": ["http://a"], "subject": "a"}),
    ("nats", {"servers": ["nats://a:x"], "subject": "a"}), ("lmtp", {"addresses": ["nobody"]}),
])  # fmt: skip
def test_settings_that_lead_nowhere_are_refused(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(BadSettings, match=f"settings of {name}"):
        checked(kind(name), settings)
