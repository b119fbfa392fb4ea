"""Ten thousand mails to the address of our letters: honest, looping, bouncing, forged, broken.

Run `python -m bench.mail [--mails N]`. Each is kept, read and put where it belongs, as the node does it.
Goals: nothing answered, nothing lost, nothing forged changes a letter; each is threaded, or kept
apart with a reason.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.ingest import server
from tests.collect.mails import Mail, Sent, hostile
from tests.share.post import desk_of
from zvon.collect import message as incoming
from zvon.store.data_key import DataKeys
from zvon.store.message import Message
from zvon.store.pool import open_pool

AT_ONCE = 4


async def measure(dsn: str, count: int, root: Path) -> bool:
    """Send `count` mails in; true when the goals are met."""
    now = datetime.now(UTC)
    async with (
        open_pool(dsn, size=8, keys=DataKeys(bytes(32), os.urandom)) as pool,
        desk_of(pool, now, root) as desk,
    ):
        made = await desk.notice(await desk.contact())
        await desk.send(made)
        letter = desk.sink.letters[0]
        sent = Sent(letter["Message-ID"], letter["Reply-To"], desk.sink.senders[0],
                    letter["Subject"], "abuse@gostitelj.example")  # fmt: skip
        mails = list(hostile(sent, count, seed=11))
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(mail: Mail) -> tuple[str, Message]:
            async with limit:
                uuid = await incoming.take(desk.context, mail.body, [mail.to])
                await incoming.look(desk.context, {"message": str(uuid)})
                return mail.kind, await desk.message(uuid)

        began = time.perf_counter()
        got = await asyncio.gather(*(one(mail) for mail in mails))
        seconds = time.perf_counter() - began
        await desk.send()
        told = _told(got, seconds)
        loops = len(desk.sink.letters) - 1
        kept = (await desk.rows("select count(*) from message where direction = 'in'"))[0][0]
        state = (await desk.message(made)).state
        silent = sum(1 for _, m in got if m.state == "quarantined" and not m.reason)
        verified = sum(1 for _, m in got if m.verified)
        print(told)
        print(f"answered by us: {loops}, lost: {count - kept}, letter: {state}, "
              f"believed: {verified}, apart without a reason: {silent}")  # fmt: skip
        return (loops, kept, state, verified, silent) == (0, count, "sent", 0, 0)


def _told(got: Sequence[tuple[str, Message]], seconds: float) -> str:
    states = Counter(m.state for _, m in got)
    return f"{len(got)} mails in {seconds:.1f} s, {len(got) / seconds:.0f}/s: " + ", ".join(
        f"{n} {state}" for state, n in states.most_common()
    )


def main() -> int:
    """Start a server of its own and measure on it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--dsn", help="a PostgreSQL of yours; else one is started")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zvon-mail-") as folder, server(given.dsn) as dsn:
        return 0 if asyncio.run(measure(dsn, given.mails, Path(folder))) else 1


if __name__ == "__main__":
    raise SystemExit(main())
