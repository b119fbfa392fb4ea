"""What a picture of a page shows: its hash, the brands of its logos, its letters.

Pillow decodes; a picture comes from a browser that a hostile page has used, so its size is judged
first. Without Pillow these facts are missing, nothing else.
"""

import asyncio
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.collect.open.picture import letters
from zvon.formats.dom_snapshot import Box
from zvon.ml import phash
from zvon.model.brand import Registry

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 16_000_000
MOST_CROPS = 24
MOST_LOGOS = 8
TOP = 0.3  # a site's own sign stands in the upper part, or beside a form
LEAST_WIDE, LEAST_HIGH = 24, 16
MOST_SLENDER = 12
# Of 64 bits; two unrelated pictures differ in about 32, give or take 4.
LOGO_FAR = 6
FORMATS = ("PNG", "JPEG", "WEBP")


class NoPictures(RuntimeError):
    """Pillow (extra `visual`) is not installed."""


class BadPicture(ValueError):
    """Not a picture that we decode, or too large."""


class Logo(Struct, frozen=True, order=True):
    """A brand's logo on the page, `distance` of 64 bits away from the one we know."""

    brand: str
    distance: int


class Shown(Struct, frozen=True):
    """What a screenshot shows."""

    phash: int | None
    logos: tuple[Logo, ...]
    read: str


async def shown(
    body: bytes, boxes: Sequence[Box], wide: int, registry: Registry, *, aloud: bool
) -> Shown:
    """Hash, logos and, with `aloud`, letters of a screenshot `wide` CSS pixels across.

    Raises `NoPictures` and `BadPicture`.
    """
    image, looks, logos = await asyncio.to_thread(_seen, body, boxes, wide, registry)
    text = (await asyncio.to_thread(letters, image))[0] if aloud else ""
    return Shown(looks, logos, text)


def _seen(
    body: bytes, boxes: Sequence[Box], wide: int, registry: Registry
) -> tuple["Image", int | None, tuple[Logo, ...]]:
    image = decoded(body)
    grey = _grey(image)
    logos = _logos(grey, boxes, image.width / wide if wide else 1.0, registry)
    # Kits are told by their first screen; what lies below grows with the text.
    return image, phash.dct_hash(grey[: image.width * 2]), logos


def logo_hash(body: bytes) -> int | None:
    """The hash by which a logo is found again, `None` when there is nothing on the picture.

    Raises `NoPictures` and `BadPicture`.
    """
    return phash.dct_hash(phash.trimmed(_grey(decoded(body))))


def reencoded(body: bytes) -> bytes:
    """The points of a picture as a new PNG, without anything that came along with them.

    Raises `NoPictures` and `BadPicture`.
    """
    clean = BytesIO()
    decoded(body).save(clean, format="PNG")
    return clean.getvalue()


def decoded(body: bytes) -> "Image":
    """The first frame, on white. Raises `NoPictures` and `BadPicture`."""
    try:
        from PIL import Image  # noqa: PLC0415 -- optional
    except ImportError:
        raise NoPictures from None
    try:
        image: Image.Image = Image.open(BytesIO(body), formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise BadPicture(f"{image.width} by {image.height} points")
        clear = image.convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise BadPicture(str(problem)[:200]) from None
    white = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(white, clear).convert("RGB")


def candidates(boxes: Sequence[Box], height: float) -> list[Box]:
    """The pictures of a page that may be its owner's sign, from the top."""
    able = [
        box
        for box in boxes
        if box.width >= LEAST_WIDE and box.height >= LEAST_HIGH and box.x >= 0 and box.y >= 0
        and box.width <= MOST_SLENDER * box.height and box.height <= MOST_SLENDER * box.width
        and (box.y < TOP * height or box.form)
    ]  # fmt: skip
    return able[:MOST_CROPS]


def _logos(
    grey: NDArray[Any], boxes: Sequence[Box], scale: float, registry: Registry
) -> tuple[Logo, ...]:
    known = [(brand.id, int(each, 16)) for brand in registry.brands for each in brand.logos]
    if not known:
        return ()
    table = phash.hashes([value for _, value in known])
    best: dict[str, int] = {}
    for box in candidates(boxes, grey.shape[0] / scale):
        left, top = round(box.x * scale), round(box.y * scale)
        right, bottom = round((box.x + box.width) * scale), round((box.y + box.height) * scale)
        wanted = phash.dct_hash(phash.trimmed(grey[top:bottom, left:right]))
        if wanted is None:
            continue
        for at, far in phash.nearest(wanted, table, LOGO_FAR):
            brand = known[at][0]
            best[brand] = min(far, best.get(brand, far))
    return tuple(sorted(Logo(brand, far) for brand, far in best.items()))[:MOST_LOGOS]


def _grey(image: "Image") -> NDArray[np.float64]:
    return np.asarray(image.convert("L"), dtype=np.float64)
