"""`python -m zvon.collect.read`: a task and pieces on the input, what they say on the output.

Each message is its length (4 bytes, big-endian) and MessagePack, or a packed piece; an empty one
ends the pieces.
"""

import gc
import sys
from collections.abc import Iterator
from typing import BinaryIO

import msgspec
import zstandard

from zvon.collect.open import limits

MEMORY = 1024 * 1024 * 1024
CPU_S = 4 * 3600
FILE = 10 * 1024**3
PIECE = 1 << 20


def main() -> None:
    """Read, answer, end."""
    limits.apply(MEMORY, CPU_S, FILE)
    # Only now: what the decoders import is loaded under the limits too.
    from zvon.collect.read.steps import read  # noqa: PLC0415
    from zvon.collect.read.words import Task  # noqa: PLC0415

    # Items live for one batch and refer to nothing in circles; looking for circles costs a third.
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
    task = msgspec.msgpack.decode(_message(sys.stdin.buffer), type=Task)
    out = sys.stdout.buffer
    for said in read(task, _pieces(sys.stdin.buffer)):
        body = msgspec.msgpack.encode(said)
        out.write(len(body).to_bytes(4))
        out.write(body)
        out.flush()


def _message(stream: BinaryIO) -> bytes:
    length = stream.read(4)
    return stream.read(int.from_bytes(length))


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while packed := _message(stream):
        yield zstandard.ZstdDecompressor().decompress(packed, max_output_size=PIECE)


if __name__ == "__main__":
    main()
