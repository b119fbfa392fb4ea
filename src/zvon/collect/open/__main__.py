"""`python -m zvon.collect.open MEDIA_TYPE CHANNEL TO_US`: a report on the input, JSON on the output.

With `--parts MEDIA_TYPE NAME`: a document on the input, its parts on the output.
"""

import sys

import msgspec

from zvon.collect.open import limits
from zvon.collect.open.answer import Answer
from zvon.formats.limit import MAX_BYTES, Undecodable
from zvon.model.report import Channel


def apart(media_type: str, name: str) -> None:
    """Read a document, take it apart, answer."""
    limits.apply()
    from zvon.collect.open.parts import MAX_BYTES as MOST  # noqa: PLC0415 -- under the limits too
    from zvon.collect.open.parts import parts  # noqa: PLC0415

    _say(parts(sys.stdin.buffer.read(MOST + 1), media_type, name))


def main(media_type: str, channel: str, to_us: str) -> None:
    """Read, open, answer."""
    limits.apply()
    # Only now: what the readers import is loaded under the limits too.
    from zvon.collect.open.document import read  # noqa: PLC0415

    body = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        answer = Answer(message=read(body, media_type, Channel(channel), to_us=to_us == "1"))
    except Undecodable as problem:
        answer = Answer(position=problem.position, reason=problem.reason)
    except MemoryError:
        answer = Answer(position="byte 0", reason="it needs more memory than a report may take")
    _say(answer)


def _say(answer: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    if sys.argv[1] == "--parts":
        apart(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
