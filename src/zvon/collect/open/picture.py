"""Pictures: what their printed codes hold (QR, PDF417, Data Matrix …) and what their letters say.

Pillow decodes, zxing-cpp reads codes, Tesseract reads letters in the three languages. Each may
be missing; what then stays unread is said.
"""

import os
import subprocess
from io import BytesIO
from typing import TYPE_CHECKING

from msgspec import Struct

from zvon.collect.open.budget import MAX_PIXELS, Budget, Unreadable
from zvon.formats.ocr_text import Line, joined
from zvon.model.report import PartOutcome

if TYPE_CHECKING:
    from PIL.Image import Image

LANGUAGES = "slv+hrv+eng"
OCR_TIMEOUT_S = 15
MAX_CODES = 20
MAX_OCR_TEXT = 100_000
SURE = 25  # per cent; words below are noise of icons and borders

# Tesseract wants letters about 30 points high; telephones' screenshots have that, small ones not.
SMALL, LARGE = 900, 2_400
LEAST = 60  # a picture this narrow is a line or a counting pixel
DARK = 110  # of 255: white letters on black are turned around

NO_LETTERS = "tesseract is not installed, so letters in pictures were not read"
NO_PICTURES = "pictures cannot be read here: the extra `visual` is not installed"


class Seen(Struct, frozen=True):
    """The codes and the text of one picture, and a note when one of the readers is missing."""

    codes: tuple[str, ...]
    text: str
    note: str = ""


def see(body: bytes, budget: Budget) -> Seen:
    """Read a picture's codes and letters. Raises `Unreadable`."""
    return look(decoded(body, budget), budget)


def look(image: "Image", budget: Budget) -> Seen:
    """Codes and letters of a picture in memory; of a counting pixel neither."""
    if min(image.size) < LEAST:
        return Seen((), "")
    codes = codes_of(image)
    if not budget.aloud():
        return Seen(codes, "", "more pictures than those whose letters are read")
    text, note = letters(image)
    return Seen(codes, text, note)


def codes_of(image: "Image") -> tuple[str, ...]:
    """The contents of all printed codes, in the order in which they are found."""
    try:
        import zxingcpp  # noqa: PLC0415 -- optional
    except ImportError:
        return ()
    found = [code.text for code in zxingcpp.read_barcodes(image) if code.text]
    if not found and max(image.size) < SMALL:
        double = image.resize((image.width * 2, image.height * 2))
        found = [code.text for code in zxingcpp.read_barcodes(double) if code.text]
    return tuple(dict.fromkeys(found))[:MAX_CODES]


def letters(image: "Image") -> tuple[str, str]:
    """The text in a picture, and a note when it could not be read."""
    table, _, note = words_of(image)
    return joined(_lines(table))[:MAX_OCR_TEXT], note


def words_of(image: "Image") -> tuple[str, float, str]:
    """Tesseract's table of words, the scale of its places, and a note when it could not be read.

    A place divided by the scale is one in `image`.
    """
    from PIL import ImageOps, ImageStat  # noqa: PLC0415 -- optional

    grey = image.convert("L")
    if ImageStat.Stat(grey).mean[0] < DARK:
        grey = ImageOps.invert(grey)
    grey = ImageOps.autocontrast(grey, cutoff=1)
    widest = max(grey.size)
    if widest < SMALL:
        grey = grey.resize((grey.width * 2, grey.height * 2))
    elif widest > LARGE:
        grey.thumbnail((LARGE, LARGE))
    scale = grey.width / image.width
    page = b"P5\n%d %d\n255\n" % grey.size + grey.tobytes()
    try:
        done = subprocess.run(
            ["tesseract", "stdin", "stdout", "-l", LANGUAGES, "--dpi", "150", "tsv"],
            input=page, capture_output=True, timeout=OCR_TIMEOUT_S, check=False,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )  # fmt: skip
    except FileNotFoundError:
        return "", scale, NO_LETTERS
    except subprocess.TimeoutExpired:
        return "", scale, f"its letters were not read within {OCR_TIMEOUT_S} s"
    if done.returncode != 0:
        return "", scale, f"tesseract failed ({done.returncode}); are slv, hrv and eng installed?"
    return done.stdout.decode("utf-8", "replace"), scale, ""


def decoded(body: bytes, budget: Budget) -> "Image":
    """The first frame, upright, on white. Its size is judged before a single point is decoded."""
    try:
        from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError  # noqa: PLC0415 -- optional
    except ImportError:
        raise Unreadable(PartOutcome.UNAVAILABLE, NO_PICTURES) from None
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        image: Image.Image = Image.open(
            BytesIO(body), formats=("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
        )
        budget.image(*image.size)
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
            clear = image.convert("RGBA")
            white = Image.new("RGBA", clear.size, "white")
            image = Image.alpha_composite(white, clear)
        return image.convert("RGB")
    except Unreadable:
        raise
    except Image.DecompressionBombError:
        raise Unreadable(
            PartOutcome.REFUSED, f"a picture of more than {MAX_PIXELS // 10**6} million points"
        ) from None
    except UnidentifiedImageError:
        raise Unreadable(PartOutcome.LISTED, "a kind of picture that is not read") from None


def _lines(table: str) -> list[Line]:
    """Lines out of Tesseract's table of words (level, page, block, paragraph, line, word, …)."""
    words: dict[tuple[int, ...], list[tuple[int, int, str]]] = {}
    for row in table.split("\n")[1:20_000]:
        cells = row.split("\t")
        if len(cells) != 12 or cells[0] != "5" or not cells[11].strip():
            continue
        try:
            place = tuple(int(cell) for cell in cells[1:5])
            left, width, sure = int(cells[6]), int(cells[8]), float(cells[10])
        except ValueError:
            continue
        if sure >= SURE:
            words.setdefault(place, []).append((left, left + width, cells[11].strip()))
    lines: list[Line] = []
    paragraph: tuple[int, ...] | None = None
    for place, found in words.items():
        if paragraph is not None and place[:3] != paragraph:
            lines.append(Line(""))
        paragraph = place[:3]
        text = " ".join(word for _, _, word in found)
        lines.append(Line(text, found[0][0], found[-1][1], place[0] * 1000 + place[1]))
    return lines
