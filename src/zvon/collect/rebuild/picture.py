"""A picture for the gate: its words and codes with their places, and its points written anew.

What the gate takes out is filled, not blurred: a blur of known letters can be undone. Letters that
nobody can be sure of are filled too. No EXIF, XMP, ICC profile or comment is copied.
"""

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from zvon.collect.open.budget import Budget, Unreadable
from zvon.collect.open.picture import LEAST, SMALL, SURE, decoded, words_of
from zvon.collect.rebuild.answer import Box, Code, Seen, Word

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_WORDS = 20_000
MAX_SAID = 500
MAX_SAYING = 10_000
CERTAIN = 80  # per cent; letters of a clean screenshot are all above
EDGE = 2  # points around a word
FILL = (32, 32, 32)
NO_CODES = "codes in pictures cannot be read here: the extra `visual` is not installed"


def see(body: bytes) -> Seen:
    """What a picture shows and says. Raises nothing: one that cannot be read has a `reason`."""
    try:
        image = decoded(body, Budget())
        said = tuple(dict.fromkeys(_said(body)))[:MAX_SAID]
        if min(image.size) < LEAST:
            return Seen(said=said)
        codes = tuple(_codes(image))
        table, scale, note = words_of(image)
        words, unread = _words(table, scale, image.size)
        turned = tuple(_turned(image)) if _unsure(table) and not note else ()
    except Unreadable as problem:
        return Seen(reason=problem.reason)
    except ImportError:
        return Seen(reason=NO_CODES)
    except (OSError, ValueError, SyntaxError, MemoryError) as problem:
        return Seen(reason=f"a damaged picture ({type(problem).__name__})")
    return Seen(words=words, turned=turned, codes=codes, unread=unread, said=said, reason=note)


def paint(body: bytes, boxes: Iterable[Box]) -> bytes:
    """The points of a picture as a PNG, with `boxes` filled. Raises `Unreadable`."""
    from PIL import ImageDraw  # noqa: PLC0415 -- optional

    image = decoded(body, Budget())
    draw = ImageDraw.Draw(image)
    for left, top, right, bottom in boxes:
        draw.rectangle((left - EDGE, top - EDGE, right + EDGE, bottom + EDGE), fill=FILL)
    clean = BytesIO()
    image.save(clean, format="PNG", pnginfo=None, icc_profile=None, exif=b"")
    return clean.getvalue()


def _turned(image: "Image") -> Iterator[Word]:
    """Words that are read when the picture stands on its head, with their places as it is.

    Tesseract reads letters that lean to the right by itself; those that lean to the left lean to
    the right then.
    """
    wide, high = image.size
    table, scale, _ = words_of(image.rotate(180))
    for word in _words(table, scale, image.size)[0]:
        left, top, right, bottom = word.box
        yield Word(word.text, (wide - right, high - bottom, wide - left, high - top), word.line)


def _unsure(table: str) -> bool:
    """True when some letters were guessed: letters on their head read as others, badly."""
    return any(
        len(cells) == 12 and cells[0] == "5" and cells[11].strip() and not _sure(cells[10])
        for cells in (row.split("\t") for row in table.split("\n")[1 : MAX_WORDS + 1])
    )


def _sure(confidence: str) -> bool:
    try:
        return float(confidence) >= CERTAIN
    except ValueError:
        return False


def _words(
    table: str, scale: float, size: tuple[int, int]
) -> tuple[tuple[Word, ...], tuple[Box, ...]]:
    """Words in reading order, and the places of those that are too unsure to be read."""
    words: list[Word] = []
    unread: list[Box] = []
    lines: dict[tuple[str, ...], int] = {}
    for row in table.split("\n")[1 : MAX_WORDS + 1]:
        cells = row.split("\t")
        if len(cells) != 12 or cells[0] != "5" or not any(map(str.isalnum, cells[11])):
            continue
        try:
            left, top, wide, high = (int(cell) for cell in cells[6:10])
            sure = float(cells[10])
        except ValueError:
            continue
        box = (
            int(left / scale), int(top / scale),
            min(size[0], int((left + wide) / scale) + 1), min(size[1], int((top + high) / scale) + 1),
        )  # fmt: skip
        if sure < SURE:
            unread.append(box)
        else:
            place = tuple(cells[1:5])
            words.append(Word(cells[11].strip(), box, lines.setdefault(place, len(lines))))
    return tuple(words), tuple(unread)


def _codes(image: "Image") -> Iterator[Code]:
    import zxingcpp  # noqa: PLC0415 -- optional

    found, scale = zxingcpp.read_barcodes(image), 1
    if not found and max(image.size) < SMALL:
        found, scale = zxingcpp.read_barcodes(image.resize((image.width * 2, image.height * 2))), 2
    for code in found:
        place = code.position
        corners = (place.top_left, place.top_right, place.bottom_left, place.bottom_right)
        xs, ys = [c.x // scale for c in corners], [c.y // scale for c in corners]
        # The quiet zone and what the reader measured short belong to it.
        rim = max(4, (max(xs) - min(xs)) // 12)
        yield Code(code.text, (min(xs) - rim, min(ys) - rim, max(xs) + rim, max(ys) + rim))


def _said(body: bytes) -> Iterator[str]:
    """Texts of the file beside its points: EXIF, XMP, comments, names of profiles."""
    from PIL import ExifTags, Image  # noqa: PLC0415 -- optional

    with Image.open(BytesIO(body)) as image:
        for value in image.info.values():
            yield from _texts(value)
        exif = image.getexif()
        for value in exif.values():
            yield from _texts(value)
        for block in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            held = exif.get_ifd(block)
            place = [
                str(value) for key, value in held.items() if block is ExifTags.IFD.GPSInfo and key
            ]
            if place:
                yield " ".join(place)[:MAX_SAYING]
            for value in held.values():
                yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, bytes):
        for coding in ("utf-8", "utf-16-le"):
            try:
                value = value.decode(coding)
                break
            except UnicodeDecodeError:
                continue
        else:
            return
    if isinstance(value, str):
        text = "".join(char if char.isprintable() else " " for char in value).strip()
        if len(text) > 2:
            yield text[:MAX_SAYING]
