"""The peer door: only a signed, fresh request of a current member is answered."""

import json
from typing import Any
from uuid import UUID

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.share.two import Two
from zvon.formats import checkpoint, request
from zvon.formats.merkle import check_consistency, check_inclusion
from zvon.share.client import pinned_context

pytestmark = pytest.mark.slow  # two nodes for each test


FORBIDDEN = {"type": "about:blank", "title": "Forbidden", "status": 403}
STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)


async def ask(
    asker: Two, door: Two, path: str, *, method: str = "GET", body: bytes = b"",
    headers: dict[str, str] | None = None, **sign: Any,
) -> httpx.Response:  # fmt: skip
    """Send one request; `sign` changes what is signed."""
    target = "/peer/v1" + path
    given: dict[str, Any] = {
        "node": asker.context.node.uuid, "key": asker.context.node.signing,
        "asked": door.context.node.uuid, "now": asker.now, "nonce": asker.context.random(16),
    } | sign  # fmt: skip
    signed = request.sign(
        method, given.pop("target", target), given.pop("signed_body", body), **given
    )
    context = pinned_context(door.context.node.tls_pin)
    url = f"https://{door.context.settings.peer}"
    async with httpx.AsyncClient(verify=context, base_url=url, trust_env=False) as http:
        return await http.request(
            method, target, content=body, headers=signed if headers is None else headers
        )


async def test_who_is_not_a_member_gets_one_answer_for_everything(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    group, origin = await si.group(), si.context.node.uuid
    target = f"/groups/{group}/membership?since=0"
    wrong: list[dict[str, Any]] = [
        {"headers": {}},
        {"headers": {"Zvon-Node": "x"}},
        {"key": STRANGER},
        {"node": UUID(int=5)},
        {"asked": hr.context.node.uuid},
        {"target": "/peer/v1/other"},
        {"signed_body": b"another"},
        {"now": hr.now.replace(year=2020)},
    ]
    for change in wrong:
        answer = await ask(hr, si, target, **change)
        assert (answer.status_code, answer.json()) == (403, FORBIDDEN), change
    for other in (
        f"/groups/{UUID(int=9)}/membership",
        f"/groups/{UUID(int=9)}/{origin}/checkpoint",
    ):
        answer = await ask(hr, si, other)
        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)
    good = await ask(hr, si, target)
    assert good.status_code == 200
    assert len(good.json()) == 2


async def test_a_request_is_answered_once(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    target, nonce = f"/groups/{await si.group()}/membership", bytes(16)
    assert (await ask(hr, si, target, nonce=nonce)).status_code == 200
    assert (await ask(hr, si, target, nonce=nonce)).status_code == 403


async def test_a_wrong_signature_does_not_use_up_a_nonce(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    target, nonce = f"/groups/{await si.group()}/membership", bytes(16)
    assert (await ask(hr, si, target, nonce=nonce, key=STRANGER)).status_code == 403
    assert (await ask(hr, si, target, nonce=nonce)).status_code == 200


async def test_proofs_check_against_the_checkpoint(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    group, node = await si.group(), si.context.node
    for _ in range(5):
        await si.share(group, names=("a.paket-naslov.example",))
    base = f"/groups/{group}/{node.uuid}"
    note = (await ask(hr, si, f"{base}/checkpoint")).content
    head = checkpoint.read(note, group=group, origin=node.uuid, key=node.signing_public, now=hr.now)
    assert head.size == 5
    rows = await si.rows("select size, root from checkpoint order by size")
    first = next(bytes(r["root"]) for r in rows if r["size"] == 3)
    path = (await ask(hr, si, f"{base}/proof?first=3&second=5")).json()
    steps = [bytes.fromhex(step) for step in path]
    assert check_consistency(3, 5, first, head.root, steps)
    (leaf,) = await si.rows("select leaf from feed_entry where n = 2")
    proof = (await ask(hr, si, f"{base}/inclusion?leaf={leaf['leaf'].hex()}&size=5")).json()
    path = [bytes.fromhex(step) for step in proof["path"]]
    assert proof["index"] == 2
    assert check_inclusion(leaf["leaf"], 2, 5, path, head.root)


@pytest.mark.parametrize(
    ("tail", "status"),
    [
        ("proof?first=1&second=99", 404),
        ("proof?first=0&second=1", 400),
        ("proof?first=2&second=1", 400),
        ("proof?first=-1&second=1", 400),
        ("proof", 400),
        ("inclusion?leaf=00&size=1", 404),
        ("batches?from=x", 400),
        ("batches?from=99999999999999999999", 400),
    ],
)
async def test_bad_questions_of_a_member_are_answered_with_4xx(
    partners: tuple[Two, Two], tail: str, status: int
) -> None:
    si, hr = partners
    group = await si.group()
    await si.share(group)
    answer = await ask(hr, si, f"/groups/{group}/{si.context.node.uuid}/{tail}")
    assert answer.status_code == status


async def test_feeds_of_others_are_not_passed_on(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    answer = await ask(hr, si, f"/groups/{await si.group()}/{hr.context.node.uuid}/checkpoint")
    assert answer.status_code == 404


async def test_forged_acknowledgements_are_refused(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    group = await si.group()
    await si.share(group)
    await si.work()
    await hr.work("share.pull")
    (mine,) = await hr.rows("select body from ack")
    good = mine["body"].decode()
    target = f"/groups/{group}/{si.context.node.uuid}/acks"
    bodies = [b"", b"[", b"{}", b'["x"]', json.dumps([good.replace('"n":0', '"n":1')]).encode(),
              json.dumps([good] * 201).encode()]  # fmt: skip
    for body in bodies:
        answer = await ask(hr, si, target, method="POST", body=body)
        assert answer.status_code == 400, body
    assert await si.rows("select * from ack") == []
    answer = await ask(hr, si, target, method="POST", body=json.dumps([good]).encode())
    assert answer.status_code == 202
    assert len(await si.rows("select * from ack")) == 1


async def test_a_large_body_is_refused(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    target = f"/groups/{await si.group()}/hint"
    answer = await ask(hr, si, target, method="POST", body=bytes(2 * 1024 * 1024))
    assert answer.status_code == 413


async def test_a_partner_reads_who_the_node_is(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    answer = await ask(hr, si, "/node")
    assert answer.json()["signing_key"] == si.context.node.signing_public.hex()
    assert (await ask(hr, si, "/node", key=STRANGER)).status_code == 403
