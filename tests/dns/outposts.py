"""An outpost of the laboratory: enrolled through the application, without a network between."""

import base64
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from httpx import ASGITransport, AsyncClient

from tests.dns.conftest import Lab, clock
from zvon.access.node import node
from zvon.collect.signed import proof_of_key
from zvon.dns.outpost import Client, Identity
from zvon.jobs import Context
from zvon.store import outpost
from zvon.store.subscriber import Subscriber
from zvon.store.transaction import transaction
from zvon.web.app import create_app

URL = "http://node.example"


class Post:
    """One outpost, and the application that it speaks to."""

    def __init__(self, client: Client, http: AsyncClient) -> None:
        self.client, self.http = client, http


@asynccontextmanager
async def outpost_of(
    lab: Lab, of: Subscriber, folder: Path, at: Callable[[], datetime] = clock
) -> AsyncIterator[Post]:
    """Create and enrol an outpost for `of`; `at` is the clock on its machine."""
    async with lab.pool.connection() as db:
        me = await node(db, lab.settings.key_file.read_bytes())
    app = create_app(Context(lab.pool, lab.settings, me, clock, os.urandom))
    transport = ASGITransport(app=app)  # type: ignore[arg-type]
    async with transaction(lab.pool, clock()) as tx:
        made, token = await outpost.create(
            tx, lab.people["ada"], of.uuid, "test", clock(), os.urandom
        )
    key = Ed25519PrivateKey.generate()
    async with AsyncClient(transport=transport, base_url=URL) as http:
        body = {"token": token,
                "public_key": base64.b64encode(key.public_key().public_bytes_raw()).decode(),
                "signature": base64.b64encode(key.sign(proof_of_key(token))).decode()}  # fmt: skip
        said = await http.post("/api/v1/outposts/enrolment", json=body)
        assert said.status_code == 201, said.text
        again = await http.post("/api/v1/outposts/enrolment", json=body)
        assert again.status_code == 403, "a token works once"
        identity = Identity(url=URL, node=me.uuid, outpost=made.uuid, subscriber=of.name)
        client = Client(identity, key, at, os.urandom, transport)
        try:
            yield Post(client, http)
        finally:
            await client.close()
