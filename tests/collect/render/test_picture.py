"""What a picture shows is found; what is no picture is refused."""

import zlib
from io import BytesIO
from struct import pack
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from tests.programs import program
from zvon.collect.render import picture
from zvon.collect.render.picture import BadPicture, Logo, candidates, logo_hash, reencoded, shown
from zvon.formats.dom_snapshot import Box
from zvon.model.brand import Registry, shipped

image = pytest.importorskip("PIL.Image")
draw = pytest.importorskip("PIL.ImageDraw")
font = pytest.importorskip("PIL.ImageFont")


def png(made: Any, **more: Any) -> bytes:
    body = BytesIO()
    made.save(body, format="PNG", **more)
    return body.getvalue()


def sign(seed: int, width: int = 120, height: int = 40) -> Any:
    """A made-up logo."""
    chance = np.random.default_rng(seed)
    made = image.new("RGB", (width, height), "white")
    pen = draw.Draw(made)
    for _ in range(6):
        x, y = int(chance.integers(0, width - 20)), int(chance.integers(0, height - 12))
        shade = tuple(int(c) for c in chance.integers(0, 200, 3))
        pen.ellipse((x, y, x + 20, y + 12), fill=shade)
    return made


def page(logo: Any, at: tuple[int, int] = (20, 16), height: int = 900) -> Any:
    made = image.new("RGB", (400, height), "white")
    made.paste(logo, at)
    draw.Draw(made).rectangle((20, 300, 380, 340), fill="navy")
    return made


def registry(**logos: str) -> Registry:
    """The registry that ships, with logos for some brands."""
    brands = tuple(
        structs.replace(each, logos=(logos[each.id.replace(".", "_")],))
        if each.id.replace(".", "_") in logos else each for each in shipped().brands
    )  # fmt: skip
    return Registry(brands=brands, version="test")


def hashed(made: Any) -> str:
    found = logo_hash(png(made))
    assert found is not None
    return f"{found:016x}"


async def test_a_brand_is_known_by_its_logo_in_any_size() -> None:
    known = registry(si_nlb=hashed(sign(1)), si_posta=hashed(sign(2)))
    for size in ((120, 40), (180, 60), (90, 30)):
        logo = sign(1).resize(size)
        boxes = [Box(20, 16, *size, "logo", form=False), Box(20, 300, 360, 40, "", form=False)]
        found = await shown(png(page(logo)), boxes, 400, known, aloud=False)
        assert [each.brand for each in found.logos] == ["si.nlb"]
        assert found.phash is not None
    other = [Box(20, 16, 120, 40, "", form=False)]
    assert (await shown(png(page(sign(9))), other, 400, known, aloud=False)).logos == ()


async def test_boxes_are_in_css_pixels_whatever_the_picture_has() -> None:
    known = registry(si_nlb=hashed(sign(1)))
    large = page(sign(1)).resize((800, 1800))
    found = await shown(png(large), [Box(20, 16, 120, 40, "", form=False)], 400, known, aloud=False)
    assert found.logos == (Logo("si.nlb", found.logos[0].distance),)


async def test_the_hash_of_a_page_is_that_of_its_first_screen() -> None:
    short, long = page(sign(1), height=800), page(sign(1), height=2000)
    draw.Draw(long).rectangle((0, 1500, 400, 1900), fill="black")
    one, other = [await shown(png(p), [], 400, registry(), aloud=False) for p in (short, long)]
    assert one.phash == other.phash


@pytest.mark.skipif(program("tesseract") is None, reason="needs tesseract")
async def test_letters_are_read_when_asked() -> None:
    made = image.new("RGB", (900, 300), "white")
    draw.Draw(made).text((40, 80), "Hrvatska posta", fill="black", font=font.load_default(size=64))
    assert "Hrvatska" in (await shown(png(made), [], 900, registry(), aloud=True)).read
    assert (await shown(png(made), [], 900, registry(), aloud=False)).read == ""


def test_only_signs_are_candidates() -> None:
    top, beside = Box(10, 10, 100, 40, "", form=False), Box(10, 900, 60, 60, "", form=True)
    others = [Box(10, 900, 100, 40, "", form=False), Box(10, 10, 8, 8, "", form=False),
              Box(0, 0, 1200, 20, "", form=False), Box(-50, 10, 100, 40, "", form=False)]  # fmt: skip
    assert candidates([top, *others, beside], 1000) == [top, beside]
    assert len(candidates([top] * 99, 1000)) == picture.MOST_CROPS


def test_a_picture_is_written_anew() -> None:
    note = pytest.importorskip("PIL.PngImagePlugin").PngInfo()
    note.add_text("Comment", "hidden")
    body = png(sign(1), pnginfo=note)
    clean = reencoded(body)
    assert b"hidden" in body
    assert b"hidden" not in clean
    assert list(image.open(BytesIO(clean)).getdata()) == list(sign(1).getdata())


def bomb(width: int, height: int) -> bytes:
    """A PNG that says that it is huge."""
    head = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


@pytest.mark.parametrize("body", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\n", b"GIF89a\x01\x00\x01\x00",
                                  bomb(40_000, 40_000), bomb(500, 500)])  # fmt: skip
def test_what_is_no_picture_or_too_large_is_refused(body: bytes) -> None:
    for reading in (reencoded, logo_hash):
        with pytest.raises(BadPicture):
            reading(body)


def test_an_empty_picture_is_nobodys_logo() -> None:
    assert logo_hash(png(image.new("RGB", (80, 40), "white"))) is None


async def test_a_screenshot_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(BadPicture):
        await shown(b"none", [], 400, registry(), aloud=True)
