"""`python -m zvon.collect.rebuild see|margins|list|paint`: a file on the input, an answer on the
output; for `paint` the boxes stand before the picture, behind their length in four bytes.
"""

import sys

import msgspec

from zvon.collect.open import limits

MAX_BYTES = 50 * 1024 * 1024
MAX_BOXES = 4 * 1024 * 1024


def main(what: str) -> None:
    """Read, do, answer."""
    limits.apply()
    # Only now: what the readers import is loaded under the limits too.
    from zvon.collect.rebuild import listing, margins, picture  # noqa: PLC0415
    from zvon.collect.rebuild.answer import Box  # noqa: PLC0415

    body = sys.stdin.buffer.read(MAX_BYTES + MAX_BOXES + 4)
    match what:
        case "see":
            said = msgspec.json.encode(picture.see(body))
        case "margins":
            said = msgspec.json.encode(margins.read(body))
        case "list":
            said = msgspec.json.encode(listing.read(body))
        case "paint":
            size = int.from_bytes(body[:4])
            boxes = msgspec.json.decode(body[4 : 4 + size], type=list[Box])
            said = picture.paint(body[4 + size :], boxes)
        case _:
            raise SystemExit(2)
    sys.stdout.buffer.write(said)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1])
