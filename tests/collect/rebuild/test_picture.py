"""Pictures: what is seen with its place, and what is left after it was filled."""

from io import BytesIO

import pytest
from PIL import Image

from tests.collect.open.papers import png, qr, saved, screenshot
from tests.collect.rebuild.papers import photo
from zvon.collect.rebuild.box import lines_of
from zvon.collect.rebuild.picture import FILL, paint, see
from zvon.privacy.carrier.final import readings


def test_words_stand_where_they_are_drawn() -> None:
    body = screenshot(["Pozdravljeni vsi", "Igor Kos"])
    seen = see(body)
    assert lines_of(seen.words)[-1] == "Igor Kos"
    (word,) = [w for w in seen.words if w.text == "Igor"]
    left, top, right, bottom = word.box
    assert 50 <= left < right <= 200
    assert 110 <= top < bottom <= 180


def test_a_filled_word_cannot_be_read_any_more_and_the_others_can() -> None:
    body = screenshot(["Pozdravljeni vsi", "Igor Kos"])
    boxes = [w.box for w in see(body).words if w.text in {"Igor", "Kos"}]
    again = " ".join(lines_of(see(paint(body, boxes)).words))
    assert "Pozdravljeni" in again
    assert "Igor" not in again
    image = Image.open(BytesIO(paint(body, boxes)))
    assert image.getpixel((boxes[0][0] + 3, boxes[0][1] + 3)) == FILL


def test_a_code_is_found_with_its_place_and_is_gone_when_filled() -> None:
    body = qr("https://evil-fixture.top/a")
    (code,) = see(body).codes
    assert code.text == "https://evil-fixture.top/a"
    assert see(paint(body, [code.box])).codes == ()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_a_file_says_beside_its_points_is_read_and_does_not_come_along(kind: str) -> None:
    body = photo(["Pozdravljeni"], kind)
    said = " ".join(see(body).said)
    assert "Maja Hribar" in said
    assert "Igor Kos" in said
    assert "46.0" in said
    clean = paint(body, [])
    image = Image.open(BytesIO(clean))
    image.load()
    assert not image.info
    assert not image.getexif()
    for reading in readings("shared.png", clean):
        assert "Hribar" not in reading


def test_a_text_in_a_picture_file_is_found_by_the_last_search_even_when_packed() -> None:
    assert any("Igor Kos" in each for each in readings("shared.png", photo(["x"], "PNG")))


@pytest.mark.parametrize(
    "body", [b"", b"\x89PNG\r\n\x1a\n", png(60_000, 60_000), b"GIF89a" + bytes(50)]
)
def test_what_is_no_picture_or_too_large_has_a_reason(body: bytes) -> None:
    assert see(body).reason


def test_a_counting_pixel_shows_nothing() -> None:
    seen = see(saved(Image.new("RGB", (1, 1))))
    assert (seen.words, seen.codes, seen.reason) == ((), (), "")


@pytest.mark.parametrize("angle", [90, 180])
def test_letters_on_their_head_or_side_are_found_where_they_stand(angle: int) -> None:
    upright = Image.open(BytesIO(screenshot(["Kontakt Katarina Jereb"])))
    body = saved(upright.rotate(angle, expand=True))
    seen = see(body)
    boxes = [w.box for w in (*seen.words, *seen.turned) if w.text in {"Katarina", "Jereb"}]
    assert len(boxes) == 2
    again = see(paint(body, boxes))
    left = {w.text for w in (*again.words, *again.turned)}
    assert not {"Katarina", "Jereb"} & left
    assert "Kontakt" in left
