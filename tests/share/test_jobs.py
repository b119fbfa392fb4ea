"""Two nodes over real HTTPS: what one releases becomes an incident and proposals at the other."""

from tests.share.two import NAMES, Two


async def test_a_released_event_becomes_an_incident_and_waiting_blocks(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    uuid = await si.share(await si.group())
    assert await si.work() == ["share.hint", "share.hint"]
    done = await hr.work()
    assert done.count("share.pull") == 1
    (record,) = await hr.rows("select * from record where uuid = %s", uuid)
    assert (record["kind"], record["tlp"], record["pap"], record["deleted"]) == (
        "event",
        2,
        1,
        False,
    )
    (incident,) = await hr.rows("select * from incident")
    assert (incident["origin"], incident["verdict"], incident["brand"]) == (
        "peer", "malicious", "si.posta",
    )  # fmt: skip
    blocks = await hr.rows("select name, state, proposer_id from block order by name")
    assert [(b["name"], b["state"]) for b in blocks] == [(n, "validated") for n in sorted(NAMES)]
    partner = await hr.peer(si)
    assert {b["proposer_id"] for b in blocks} == {partner.person_id}
    assert partner.error is None
    (ack,) = await si.rows("select * from ack")
    assert (ack["state"], ack["peer"]) == ("applied", hr.context.node.uuid)
