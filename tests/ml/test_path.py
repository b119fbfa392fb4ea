"""What stays the same of a path when each victim has an address of their own."""

import pytest

from zvon.ml.path import MAX_PATH, shape


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/dostava/8f3a9c1e/potrdi.php?id=77", "/dostava/*/potrdi.php?id"),
        ("/Dostava/korak2/x?b=1&a=2", "/dostava/korak#/x?a&b"),
        ("/paket/potrditev/aZ93kd02mQx7Lp11", "/paket/potrditev/*"),
        ("/login", None),
        ("/wp-content/plugins/index.php", None),
        ("/", None),
        ("", None),
        ("/8f3a9c1e", None),
        ("/a/b/c", None),
        ("/" + "dostava/" * 9, None),
        ("/dostava/paket" + "x" * MAX_PATH, None),
    ],
)
def test_shapes(path: str, expected: str | None) -> None:
    assert shape(path) == expected


def test_two_victims_of_one_kit_share_a_shape_and_another_kit_does_not() -> None:
    one = shape("/sledenje/paket/0a1b2c3d4e?t=1")
    assert one == shape("/sledenje/paket/ffeeddccbb?t=9")
    assert one != shape("/sledenje/carina/0a1b2c3d4e?t=1")
