"""Some thousand addresses in one byte buffer, so that every step after it is a few array calls.

Each address is laid out as `START host MIDDLE rest END`; the markers keep both parts non-empty and
let an n-gram say "at the beginning" or "at the end".
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

MAX_BYTES = 300  # of one address; its full length is kept as a number
START, MIDDLE, END = 1, 2, 3
_LOWER = np.arange(256, dtype=np.uint8)
_LOWER[65:91] += 32

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


class Layout(Struct, frozen=True, eq=False):
    """A laid out chunk of n addresses over a buffer of `size` bytes.

    `raw` are the bytes, `flat` in lower case; `owner` and `place` give for each byte its address
    and its offset in it; `rest` tells bytes of path, query and fragment from those of the host.
    `start`, `host`, `stop`, `end` (shape (n,)) are the offsets of the START marker, the first byte
    of the host, the MIDDLE marker, and the byte after the END marker. `length` is the number of
    bytes before anything was cut off.
    """

    raw: Bytes
    flat: Bytes
    owner: NDArray[np.int32]
    place: NDArray[np.int32]
    rest: NDArray[np.bool_]
    start: Ints
    host: Ints
    stop: Ints
    end: Ints
    length: Ints

    @property
    def count(self) -> int:
        """Number of addresses."""
        return len(self.start)

    @property
    def size(self) -> int:
        """Number of bytes with the markers."""
        return len(self.flat)


def lay_out(forms: Sequence[bytes]) -> Layout:
    """Lay out forms as `form.read_lines` gives them; at least one."""
    count = len(forms)
    length = np.fromiter(map(len, forms), np.int64, count)
    blob = np.frombuffer(b"\n".join([form[:MAX_BYTES] for form in forms]) + b"\n", np.uint8)
    kept = np.minimum(length, MAX_BYTES)
    begin = np.concatenate([[0], np.cumsum(kept + 1)[:-1]])
    # 47, 63, 35 and 10 are `/`, `?`, `#` and the separator: where a host may end.
    stops = np.flatnonzero((blob == 47) | (blob == 63) | (blob == 35) | (blob == 10))
    host_length = stops[np.searchsorted(stops, begin)] - begin
    width = kept + 3
    start = np.concatenate([[0], np.cumsum(width)[:-1]])
    size = int(width.sum())
    number = np.arange(size, dtype=np.int32)
    place = number - np.repeat(start.astype(np.int32), width)
    rest = place > np.repeat(host_length.astype(np.int32), width)
    source = np.repeat((begin - start).astype(np.int32), width) + number - 1 - rest
    raw = blob[np.clip(source, 0, len(blob) - 1, out=source)]
    raw[start] = START
    raw[start + host_length + 1] = MIDDLE
    raw[start + width - 1] = END
    return Layout(
        raw=raw,
        flat=_LOWER[raw],
        owner=np.repeat(np.arange(count, dtype=np.int32), width),
        place=place,
        rest=rest,
        start=start,
        host=start + 1,
        stop=start + host_length + 1,
        end=start + width,
        length=length,
    )
